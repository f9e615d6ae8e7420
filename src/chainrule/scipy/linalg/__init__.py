"""Functions of `scipy.linalg` for traced arrays as well as plain ones.

Norms, eigenvalues, singular values and QR are not among them: `numpy.linalg` has these, and its own functions are
followed. The flags ``overwrite_a`` and ``overwrite_b`` are taken and not heeded, since the derivative needs the values.
"""

from chainrule.scipy.linalg.cholesky_factors import cho_factor, cho_solve, cholesky
from chainrule.scipy.linalg.equations import solve_continuous_lyapunov, solve_discrete_lyapunov, solve_sylvester
from chainrule.scipy.linalg.lu_factors import lu_factor, lu_solve
from chainrule.scipy.linalg.matrix_functions import coshm, cosm, expm, logm, sinhm, sinm, sqrtm, tanhm, tanm
from chainrule.scipy.linalg.patterned import block_diag, circulant, hankel, toeplitz
from chainrule.scipy.linalg.solving import det, inv, solve, solve_triangular

__all__ = [
    "block_diag",
    "cho_factor",
    "cho_solve",
    "cholesky",
    "circulant",
    "coshm",
    "cosm",
    "det",
    "expm",
    "hankel",
    "inv",
    "logm",
    "lu_factor",
    "lu_solve",
    "sinhm",
    "sinm",
    "solve",
    "solve_continuous_lyapunov",
    "solve_discrete_lyapunov",
    "solve_sylvester",
    "solve_triangular",
    "sqrtm",
    "tanhm",
    "tanm",
    "toeplitz",
]
