"""Native code: what a program computes, as LLVM IR."""
