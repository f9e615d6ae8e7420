"""The error function and its relatives, in every lane at once.

erf x is x + x Q(x²) up to |x| = 1, and beyond it 1 - exp(-p(|x|)), with a polynomial p for -log erfc. erfc a of a ≥ 0
is exp(-a²) F(t) / (1 + 2a), with a polynomial F in t = (a - K)/(a + K), which is smooth from a = 0 to infinity
(M. M. Shepherd, J. G. Laframboise, "Chebyshev approximation of (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞", Mathematics of
Computation 36, 1981).

All were fitted by Remez's exchange in 50 digits for the least greatest error relative to the result, then rounded to
the format. Errors in 32 bits: Q 2^-29.3, p 2^-29.7; in 64 bits: Q 2^-56, p 2^-54.6, F 2^-53, of which most is the
rounding of the first coefficient. Everything but erf itself is computed in 64 bits.
"""

import math

from chainrule.compiler.native.exponentials import expm1_of_reduced, power_of_two, reduce, scaled
from chainrule.compiler.native.lanes import Lanes, choose, fma, polynomial
from chainrule.compiler.native.logarithms import log, log1p

Q = {
    32: (
        0.12837916612625122,
        -0.3761262595653534,
        0.11283578723669052,
        -0.026853347197175026,
        0.005187162198126316,
        -0.0007997853099368513,
        7.806903158780187e-05,
    ),
    64: (
        0.12837916709551256,
        -0.37612638903183343,
        0.1128379167093695,
        -0.02686617064195914,
        0.0052239775967227965,
        -0.0008548325482723975,
        0.00012055280345085737,
        -1.4924460526944155e-05,
        1.6444054275055342e-06,
        -1.6182964331438617e-07,
        1.3610898190956599e-08,
        -7.594313055206504e-10,
    ),
}
MINUS_LOG_ERFC = {
    32: (
        0.00032060567173175514,
        1.127171516418457,
        0.6380124688148499,
        0.10321792960166931,
        -0.021889468654990196,
        0.002960055135190487,
        -0.000187596699106507,
    ),
    64: (
        1.0054088625083637e-06,
        1.1283692295716403,
        0.6366654513714947,
        0.10264301809385067,
        -0.018874686515214414,
        -0.0005723303799739792,
        0.0020876329376040056,
        -0.0009118200294085007,
        0.00022605331685542716,
        -2.5975125223692667e-05,
        -4.302081570797987e-06,
        2.854301414389143e-06,
        -7.235550345859185e-07,
        1.1336435849792695e-07,
        -1.1410290238207915e-08,
        6.824425801682657e-10,
        -1.8558762389060638e-11,
    ),
}
K = 3.75
F = (
    1.2375126308378275,
    -0.14024059858554702,
    0.0035854154854940866,
    0.08227673849014802,
    -0.10880393014315926,
    0.09230432116033185,
    -0.05869339856337774,
    0.028362277419207122,
    -0.009746579810551232,
    0.0017556258529981682,
    0.0002937150982057304,
    -0.0002901540874663471,
    5.1643946842219e-05,
    2.238427264861268e-05,
    -1.1431949560791758e-05,
    -9.73641236194888e-07,
    1.7323755547092393e-06,
    -5.7102974888453894e-08,
    -2.3857447276356766e-07,
    2.3167013637564908e-08,
    2.538099668526391e-08,
    -3.699885175517632e-09,
    -1.2077482430370958e-10,
    3.025184682935991e-10,
    -4.152681039592055e-10,
)


def erf(x: Lanes) -> Lanes:
    """Return the error function."""
    bits = x.format.bits
    # From this end on, the result is 1.
    end = {32: 4.0, 64: 6.0}[bits]
    a = abs(x)
    a = choose(a > end, end, a)
    shifted, r = reduce(-polynomial(a, MINUS_LOG_ERFC[bits]))
    far = fma(-(expm1_of_reduced(r) + 1), power_of_two(shifted), 1)
    return choose(abs(x) < 1, fma(x, polynomial(x * x, Q[bits]), x), far.with_sign_of(x))


def _erfcx(a: Lanes) -> Lanes:
    """Return exp(a²) erfc a, for a ≥ 0, finite."""
    scale = 1 / (a + K)
    t = (a - K) * scale
    # One step towards t (a + K) = a - K, its residual by FMA: F is steep about t = -1.
    t = fma(fma(t, -a, fma(t + 1, -K, a)), scale, t)
    return polynomial(t, F) / fma(a, 2, 1)


def erfc(x: Lanes) -> Lanes:
    """Return 1 - erf x."""
    if x.format.bits == 32:
        return erfc(x.widened()).narrowed()
    # From this end on, the result is 0 or 2.
    end = 28.0
    a = abs(x)
    a = choose(a > end, end, a)
    # The square in two parts: an error in it is one in the result's digits.
    square = a * a
    shifted, r = reduce(-square)
    r = r - fma(a, a, -square)
    y = scaled((expm1_of_reduced(r) + 1) * _erfcx(a), shifted)
    return choose(a < 0.5, 1 - fma(x, polynomial(x * x, Q[64]), x), choose(x < 0, 2 - y, y))


def ndtr(x: Lanes) -> Lanes:
    """Return the standard normal distribution's function."""
    if x.format.bits == 32:
        return ndtr(x.widened()).narrowed()
    return erfc(x * -math.sqrt(0.5)) * 0.5


def log_ndtr(x: Lanes) -> Lanes:
    """Return the logarithm of the standard normal distribution's function."""
    if x.format.bits == 32:
        return log_ndtr(x.widened()).narrowed()
    t = x * math.sqrt(0.5)
    a = abs(t)
    # So far out that t² is all there is, and a itself not yet too long for a + K.
    end = 2.0**500
    left = log(_erfcx(choose(a > end, end, a)) * 0.5) - t * t
    return choose(x < -1, left, log1p(erfc(t) * -0.5))
