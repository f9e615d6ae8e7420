<<<<<<< HEAD
"""Programs: recorded functions, compiled to native code and run by it, or by NumPy where that cannot be."""
=======
"""Compile: a recorded function becomes a program that runs without Python between its steps."""
>>>>>>> h-c
