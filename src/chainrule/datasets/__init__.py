"""Digits to learn from, and pictures of digits to recognise.

`digits` and `mnist` give a `Dataset`: `Examples` to train on, for validation and to test on. Pixels are in 0..1,
ink bright on 0, one image of 28 x 28 a row of 784. `load` takes either's name or a folder of files.
"""

from chainrule.datasets.embedded_digits import digits
from chainrule.datasets.examples import Dataset, Examples, one_hot
from chainrule.datasets.idx import read_idx
from chainrule.datasets.loading import load
from chainrule.datasets.pictures import read_picture
from chainrule.datasets.whole_mnist import mnist

__all__ = ["Dataset", "Examples", "digits", "load", "mnist", "one_hot", "read_idx", "read_picture"]
