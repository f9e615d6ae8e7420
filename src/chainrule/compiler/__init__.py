"""From a recorded graph to a program that runs without Python."""
