"""Programs: recorded functions, compiled to native code and run by it, or by NumPy where that cannot be."""
