"""Compile: a recorded function becomes a program that runs without Python between its steps."""
