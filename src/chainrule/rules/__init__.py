"""The table of derivatives: a file for each family of primitives. Importing this package fills the table."""

from chainrule.rules import complex_numbers, elementwise, indexing, products, reductions, shapes, ufuncs, writing
from chainrule.rules.primitive import primitive

__all__ = [
    "complex_numbers",
    "elementwise",
    "indexing",
    "primitive",
    "products",
    "reductions",
    "shapes",
    "ufuncs",
    "writing",
]
