"""Every rule of SciPy's special functions against central differences, of both orders, real and complex."""

import subprocess
import sys

import numpy as np
import pytest
import scipy.special as sp
from tests.numerics import assert_derivatives

import chainrule.rules.special  # noqa: F401  (its rules would wait for the first special function of a tracer)
from chainrule import RecordingError, grad, jvp, vjp
from chainrule.graph.table import TABLE

# Arguments of each function: a list is differentiated by, a number is a constant, as the refused operands are.
P = [0.15, 0.4, 0.83]  # probabilities
X = [-1.7, -0.4, 0.3, 2.1]
POSITIVE = [0.3, 1.1, 2.6]
SAMPLES = {
    # elementary
    "expit": (X,),
    "logit": (P,),
    "log_expit": (X,),
    "xlogy": (X, [0.3, 1.1, 2.6, 0.7]),
    "xlog1py": (X, [-0.3, 1.1, 2.6, 0.7]),
    "entr": (POSITIVE,),
    "rel_entr": (POSITIVE, [0.7, 0.2, 1.9]),
    "kl_div": (POSITIVE, [0.7, 0.2, 1.9]),
    "expm1": (X,),
    "log1p": ([-0.4, 0.3, 2.1],),
    "exp2": (X,),
    "exp10": ([-1.7, -0.4, 0.3, 1.1],),
    "exprel": ([-3.0, -1e-9, 0.0, 0.4, 2.1],),
    "cbrt": ([-1.7, 0.4],),
    "powm1": (POSITIVE, [0.7, -0.2, 1.9]),
    "boxcox": (POSITIVE, [0.7, 0.0, -1.2]),
    "boxcox1p": (POSITIVE, [0.7, 0.0, -1.2]),
    "inv_boxcox": ([0.3, 0.7, 0.2], [0.7, 0.01, -1.2]),
    "inv_boxcox1p": ([0.3, 0.7, 0.2], [0.7, 0.01, -1.2]),
    "huber": ([1.0, 1.0, 0.4], [0.4, -2.6, 1.9]),
    "pseudo_huber": ([1.0, 1.3, 0.4], [0.4, -2.6, 1.9]),
    "sindg": ([-80.0, 30.0, 70.0],),
    "cosdg": ([-80.0, 30.0, 70.0],),
    "tandg": ([-70.0, 30.0],),
    "cotdg": ([-70.0, 30.0],),
    "radian": ([3.0, 4.0], [20.0, 30.0], [7.0, 8.0]),
    "cosm1": (X,),
    "_lambertw": ([-0.2, 0.0, 0.4, 2.1], 0, 1e-14),
    "wrightomega": (X,),
    # error functions and integrals
    "erf": (X,),
    "erfc": (X,),
    "erfcx": (X,),
    "erfi": (X,),
    "erfinv": ([-0.7, 0.0, 0.4],),
    "erfcinv": ([0.3, 1.0, 1.4],),
    "dawsn": (X,),
    "wofz": (X,),
    "fresnel": (X,),
    "ndtr": (X,),
    "ndtri": (P,),
    "log_ndtr": ([-8.0, -1.2, 0.4, 2.1],),
    "ndtri_exp": ([-3.0, -1.2, -0.4],),
    "owens_t": ([-1.2, 0.0, 0.7], [0.4, -1.3, 2.2]),
    "voigt_profile": ([-1.2, 0.0, 0.7], [0.4, 1.3, 2.2], [0.3, 1.1, 0.5]),
    "expi": ([-1.7, 0.4, 2.1],),
    "exp1": (POSITIVE,),
    "expn": (np.array([0, 1, 4]), POSITIVE),
    "sici": (POSITIVE,),
    "shichi": (POSITIVE,),
    # gamma and beta
    "gamma": ([-1.6, 0.4, 3.3],),
    "rgamma": ([-1.6, 0.4, 3.3],),
    "gammaln": ([0.4, 3.3],),
    "loggamma": ([0.4, 3.3],),
    "psi": ([-0.6, 0.4, 3.3],),
    "_zeta": (2.5, POSITIVE),
    "poch": ([0.4, 1.3], [1.2, 2.6]),
    "binom": ([4.4, 3.3], [1.2, 2.6]),
    "beta": ([0.4, 3.3], [1.2, 2.6]),
    "betaln": ([0.4, 3.3], [1.2, 2.6]),
    "gammainc": (1.7, POSITIVE),
    "gammaincc": (1.7, POSITIVE),
    "gammaincinv": (1.7, P),
    "gammainccinv": (1.7, P),
    "betainc": (1.7, 2.2, P),
    "betaincc": (1.7, 2.2, P),
    "betaincinv": (1.7, 2.2, P),
    "betainccinv": (1.7, 2.2, P),
    # distributions
    "gdtr": ([0.7, 1.3, 0.4], 1.7, POSITIVE),
    "gdtrc": ([0.7, 1.3, 0.4], 1.7, POSITIVE),
    "gdtrix": ([0.7, 1.3, 0.4], 1.7, P),
    "chdtr": (3.0, POSITIVE),
    "chdtrc": (3.0, POSITIVE),
    "chdtri": (3.0, P),
    "pdtr": (2.0, POSITIVE),
    "pdtrc": (2.0, POSITIVE),
    "pdtri": (2, P),
    "bdtr": (2.0, 5, P),
    "bdtrc": (2.0, 5, P),
    "bdtri": (2.0, 5, P),
    "nbdtr": (2, 5, P),
    "nbdtrc": (2, 5, P),
    "nbdtri": (2, 5, P),
    "fdtr": (3.0, 5.0, POSITIVE),
    "fdtrc": (3.0, 5.0, POSITIVE),
    "fdtri": (3.0, 5.0, P),
    "stdtr": (3.5, X),
    "stdtrit": (3.5, P),
    # Bessel and relatives
    "jv": (1.5, POSITIVE),
    "yv": (1.5, POSITIVE),
    "yn": (np.array([0, 1, 3]), POSITIVE),
    "hankel1": (1.5, POSITIVE),
    "hankel2": (1.5, POSITIVE),
    "iv": (1.5, POSITIVE),
    "kv": (1.5, POSITIVE),
    "kn": (np.array([0, 1, 3]), POSITIVE),
    "jve": (1.5, POSITIVE),
    "yve": (1.5, POSITIVE),
    "ive": (1, X),
    "kve": (1.5, POSITIVE),
    "hankel1e": (1.5, POSITIVE),
    "hankel2e": (1.5, POSITIVE),
    "j0": ([-1.7, 0.0, 0.4],),
    "j1": ([-1.7, 0.0, 0.4],),
    "y0": (POSITIVE,),
    "y1": (POSITIVE,),
    "i0": ([-1.7, 0.0, 0.4],),
    "i1": ([-1.7, 0.0, 0.4],),
    "k0": (POSITIVE,),
    "k1": (POSITIVE,),
    "i0e": (X,),
    "i1e": (X,),
    "k0e": (POSITIVE,),
    "k1e": (POSITIVE,),
    "itj0y0": (POSITIVE,),
    "iti0k0": (POSITIVE,),
    "it2j0y0": (POSITIVE,),
    "it2i0k0": (POSITIVE,),
    "itstruve0": (POSITIVE,),
    "itmodstruve0": (POSITIVE,),
    "it2struve0": (POSITIVE,),
    "struve": (1.5, POSITIVE),
    "modstruve": (1.5, POSITIVE),
    "airy": (X,),
    "airye": (POSITIVE,),
    "itairy": (POSITIVE,),
    "ber": (POSITIVE,),
    "bei": (POSITIVE,),
    "ker": (POSITIVE,),
    "kei": (POSITIVE,),
    "berp": (POSITIVE,),
    "beip": (POSITIVE,),
    "kerp": (POSITIVE,),
    "keip": (POSITIVE,),
    "kelvin": (POSITIVE,),
    "pbdv": (1.5, X),
    "pbvv": (1.5, X),
    "pbwa": (1.5, X),
    "wright_bessel": (0.7, 1.4, POSITIVE),
    "log_wright_bessel": (0.7, 1.4, POSITIVE),
    # elliptic
    "ellipk": ([-1.7, -1e-9, 0.0, 0.4, 0.9],),
    "ellipkm1": ([0.1, 0.6, 1.0, 2.7],),
    "ellipe": ([-1.7, 0.0, 0.4, 0.9],),
    "ellipkinc": ([-1.2, 0.5, 2.7, 0.8], [0.4, 0.0, 0.7, -1.1]),
    "ellipeinc": ([-1.2, 0.5, 2.7, 0.8], [0.4, 0.0, 0.7, -1.1]),
    "ellipj": ([-1.2, 0.5, 2.7], [0.4, 0.2, 0.7]),
    "agm": ([0.4, 1.5, 2.7], [1.4, 1.5, 0.7]),
    # hypergeometric functions and polynomials
    "hyp0f1": (1.4, X),
    "hyp1f1": (0.7, 1.4, X),
    "hyperu": (0.7, 1.4, POSITIVE),
    "hyp2f1": (0.7, 1.4, 2.3, [-1.7, -0.4, 0.3, 0.8]),
    "spence": ([0.2, 1.0, 1.4, 3.5],),
    "eval_jacobi": (3, 0.4, 1.2, [-0.7, 0.2]),
    "eval_legendre": (np.array([[0], [1], [4]]), [-0.7, 0.2]),
    "eval_gegenbauer": (3, 0.4, [-0.7, 0.2]),
    "eval_chebyt": (np.array([[0], [1], [4]]), [-0.7, 0.2]),
    "eval_chebyu": (np.array([[0], [1], [4]]), [-0.7, 0.2]),
    "eval_chebyc": (np.array([[0], [1], [4]]), [-0.7, 0.2]),
    "eval_chebys": (np.array([[0], [1], [4]]), [-0.7, 0.2]),
    "eval_hermite": (np.array([[0], [1], [4]]), [-0.7, 0.2]),
    "eval_hermitenorm": (np.array([[0], [1], [4]]), [-0.7, 0.2]),
    "eval_laguerre": (np.array([[0], [1], [4]]), [-0.7, 0.2]),
    "eval_genlaguerre": (3, 0.4, [-0.7, 0.2]),
    "eval_sh_legendre": (np.array([[0], [1], [4]]), [0.7, 0.2]),
    "eval_sh_chebyt": (np.array([[0], [1], [4]]), [0.7, 0.2]),
    "eval_sh_chebyu": (np.array([[0], [1], [4]]), [0.7, 0.2]),
    "eval_sh_jacobi": (3, 2.4, 1.2, [0.7, 0.2]),
    "lpmv": (1, 2.5, [-0.7, 0.2]),
}
Z = [0.4 + 0.3j, -0.6 + 1.1j]
COMPLEX = {
    **dict.fromkeys(("erf", "erfc", "erfcx", "erfi", "dawsn", "wofz", "fresnel", "ndtr", "log_ndtr"), (Z,)),
    **dict.fromkeys(("expm1", "log1p", "expi", "exp1", "sici", "shichi", "wrightomega", "spence"), (Z,)),
    **dict.fromkeys(("gamma", "rgamma", "loggamma", "airy"), (Z,)),
    **dict.fromkeys(("jv", "yv", "iv", "kv", "kve", "hankel1", "hankel2", "hankel1e", "hankel2e"), (1.5, Z)),
    "xlogy": (Z, [1.4 + 0.3j, 0.6 - 1.1j]),
    "xlog1py": (Z, [1.4 + 0.3j, 0.6 - 1.1j]),
    "_lambertw": (Z, 1, 1e-14),
    "hyp0f1": (1.4, Z),
    "hyp1f1": (0.7, 1.4, Z),
    "hyp2f1": (0.7, 1.4, 2.3, [0.4 + 0.3j, -0.2 + 0.1j]),
    "eval_legendre": (2.5, [0.4 + 0.3j, -0.2 + 0.1j]),
}
# What is not the derivative of a polynomial in psi: SciPy has no complex zeta functions of two operands.
FIRST_ORDER = {"gamma", "rgamma", "loggamma"}

RULES = {f.__name__: f for f in TABLE if isinstance(f, np.ufunc) and getattr(np, f.__name__, None) is not f}
RULES |= {"exp2": sp.exp2, "expm1": sp.expm1, "log1p": sp.log1p, "cbrt": sp.cbrt}
STEPS = {"gammasgn", "round"}


def stacked(ufunc, sample):
    """The function of the operands that are differentiated by, its several results in one array; those operands."""
    places = [i for i, x in enumerate(sample) if isinstance(x, list)]

    def f(*arrays):
        operands = list(sample)
        for i, x in zip(places, arrays, strict=True):
            operands[i] = x
        result = ufunc(*operands)
        return np.stack(result) if isinstance(result, tuple) else result

    return f, [np.array(sample[i]) for i in places]


def test_every_rule_has_a_sample():
    assert set(RULES) - STEPS == set(SAMPLES)
    assert set(COMPLEX) <= set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_real(name):
    f, arrays = stacked(RULES[name], SAMPLES[name])
    assert_derivatives(f, *arrays)


@pytest.mark.parametrize("name", COMPLEX)
def test_complex(name):
    f, arrays = stacked(RULES[name], COMPLEX[name])
    assert_derivatives(f, *arrays, order=1 if name in FIRST_ORDER else 2)


def test_loading_waits_for_the_first_special_function():
    program = """
import sys
import chainrule
assert not any(name.startswith("scipy") for name in sys.modules)
import scipy.special
assert "chainrule.rules.special" not in sys.modules
print(chainrule.grad(scipy.special.gammaln)(1.5) == scipy.special.psi(1.5))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "True\n"


def test_broadcasting_with_several_results():
    assert_derivatives(lambda u, m: np.stack(sp.ellipj(u, m)), np.array([[0.3], [1.2]]), np.array([0.1, 0.4, 0.8]))
    assert_derivatives(lambda z: np.stack(sp.airy(z)), np.float64(0.3))
    assert_derivatives(lambda z: np.stack(sp.airy(z)), np.zeros((0, 2)))


@pytest.mark.parametrize(
    ("f", "operand"),
    [
        (lambda x: sp.jv(x, 2.0), "jv by its operand v"),
        (lambda x: sp.kv(x, x), "kv by its operand v"),
        (lambda x: sp.gammainc(x, 0.5), "gammainc by its operand a"),
        (lambda x: sp.betainc(2.0, x, 0.5), "betainc by its operand b"),
        (lambda x: sp.pbdv(x, 0.5)[0], "pbdv by its operand v"),
        (lambda x: sp.zeta(x, 0.5), "zeta by its operand x"),
    ],
)
def test_orders_and_shapes_are_refused(f, operand):
    with pytest.raises(RecordingError, match=f"{operand} is not known"):
        grad(f)(1.5)
    with pytest.raises(RecordingError, match=operand):
        jvp(f, (1.5,), (1.0,))


def test_an_order_that_is_computed_from_what_is_traced_but_whole_is_a_constant():
    x = np.array([0.5, 2.0, 1.0])
    np.testing.assert_allclose(grad(lambda x: np.sum(sp.jv(np.argmax(x), x)))(x), sp.jvp(1, x))


def test_what_has_no_rule_is_named():
    with pytest.raises(RecordingError, match=r"scipy\.special\.mathieu_a has no derivative"):
        grad(lambda q: sp.mathieu_a(1, q))(1.5)


@pytest.mark.parametrize("f", [sp.jve, sp.yve, sp.ive])
def test_scaling_by_an_absolute_value_is_not_holomorphic(f):
    with pytest.raises(RecordingError, match="no complex derivative"):
        vjp(lambda z: f(1, z), 1.5 + 0.2j)[1](1.0)
    assert_derivatives(lambda x: f(1, x), np.array([0.4, 1.9]))


def test_functions_that_scipy_writes_in_python_around_a_ufunc():
    assert_derivatives(lambda x: sp.zeta(3, x), np.array(POSITIVE))
    assert_derivatives(lambda z: sp.lambertw(z, -1, 1e-14), np.array(Z))
    assert_derivatives(sp.softplus, np.array(X))
    assert_derivatives(lambda x: sp.assoc_laguerre(x, 3, 1), np.array(X))


def test_entropies_where_a_probability_is_zero():
    assert grad(lambda y: sp.xlogy(0.0, y))(0.0) == 0
    assert grad(lambda y: sp.xlog1py(0.0, y))(-1.0) == 0
    assert grad(grad(lambda y: sp.xlogy(0.0, y)))(0.5) == 0
    assert grad(lambda x: grad(lambda y: sp.xlogy(x, y))(0.5))(0.0) == 2


def test_logistic_and_normal_tails_keep_their_digits():
    x = np.array([-700.0, 700.0])
    np.testing.assert_allclose(grad(lambda x: np.sum(sp.expit(x)))(x), [np.exp(-700)] * 2, rtol=1e-12)
    np.testing.assert_allclose(grad(sp.log_ndtr)(-1e4), 1e4, rtol=1e-7)


def test_elliptic_integrals_hold_at_zero_and_far_out():
    m = np.array([-1e4, -1.0, 0.5, 1 - 1e-10])
    k, e = sp.ellipk(m), sp.ellipe(m)
    slope = (e - (1 - m) * k) / (2 * m * (1 - m))
    np.testing.assert_allclose(grad(lambda m: np.sum(sp.ellipk(m)))(m), slope, rtol=1e-9)
    assert grad(sp.ellipk)(0.0) == pytest.approx(np.pi / 8)
    assert grad(sp.ellipkm1)(1e-20) == pytest.approx(-0.5e20)
    assert grad(lambda m: sp.ellipkinc(7.0, m))(0.0) == pytest.approx((7 - np.sin(14) / 2) / 4)


def test_degrees_minutes_seconds():
    d, m, s = (grad(sp.radian, wrt=i)(3.0, 20.0, 7.0) for i in range(3))
    assert (d, m * 60, s * 3600) == pytest.approx((np.pi / 180,) * 3, rel=1e-14)


def test_steps_in_whole_numbers_of_events():
    assert grad(lambda k: sp.pdtr(k, 1.5))(2.3) == 0
    assert grad(lambda x: x * sp.round(x))(1.7) == 2


@pytest.mark.filterwarnings("ignore:non-integer arg n")  # some inverses take whole numbers in double precision only
def test_float32_stays_float32():
    for name, sample in SAMPLES.items():
        f, arrays = stacked(RULES[name], sample)
        arrays = [x.astype(np.float32) for x in arrays]
        if f(*arrays).dtype == np.float32:  # SciPy makes double precision of a plain number beside some operands
            value, pullback = vjp(f, *arrays)
            assert {g.dtype for g in pullback(np.ones_like(value))} == {np.dtype(np.float32)}, name
