"""Deriving: a recorded function's chain rule written out, step by step, with its numbers and their proof."""
