"""Native code, made with llvmlite."""
