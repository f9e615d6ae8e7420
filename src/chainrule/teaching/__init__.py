"""Teaching: checking what was derived by hand, exercises, and their marking."""

from chainrule.teaching.backprop import check_backprop
from chainrule.teaching.reports import BackpropReport, Mistake

__all__ = ["BackpropReport", "Mistake", "check_backprop"]
