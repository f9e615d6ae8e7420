"""Running someone's function in a process of its own, with limits: only data goes in, only data comes out."""

from chainrule.teaching.sandbox.process import Limits, Student

__all__ = ["Limits", "Student"]
