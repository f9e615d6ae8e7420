"""Other people's formats, read without trusting them."""

from chainrule.interop.paper_pickle import read_paper_pickle

__all__ = ["read_paper_pickle"]
