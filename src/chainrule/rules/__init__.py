"""The table of derivatives: a file for each family of primitives. Importing this package fills the table.

The rules of libraries that take long to load are entered when a function of theirs first meets a tracer.
"""

from chainrule.graph.table import LATE
from chainrule.rules import (  # noqa: F401  (each enters its family)
    calculus,
    choosing,
    complex_numbers,
    creating,
    einsum,
    elementwise,
    fourier,
    histograms,
    indexing,
    joining,
    linear_algebra,
    matrix_products,
    nan_reductions,
    norms,
    order_statistics,
    padding,
    parts,
    polynomials,
    products,
    putting,
    rearranging,
    reductions,
    refused,
    series,
    shapes,
    sorting,
    statistics,
    steps,
    ufuncs,
    writing,
)
from chainrule.rules.declaring import primitive

__all__ = ["primitive"]

LATE["scipy.special"] = "chainrule.rules.special"
LATE["scipy.sparse"] = "chainrule.rules.sparse"
