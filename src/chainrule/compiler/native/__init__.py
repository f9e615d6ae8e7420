<<<<<<< HEAD
"""Native code for the steps of a plan, made by LLVM."""
=======
"""Native code: what a program computes, as LLVM IR."""
>>>>>>> h-c
