"""Native code for the steps of a plan, made by LLVM."""
