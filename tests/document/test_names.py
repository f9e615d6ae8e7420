import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.document.names import GREEK, Name, parts


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Delta", Name("Δ")),
        ("lambda_", Name("λ")),
        ("eta2", Name("η", "2")),
        ("theta_hat_1", Name("θ", "1", "hat")),
        ("w_hat_bar", Name("w", "bar", "hat")),
        ("z_prime", Name("z", primes=1)),
        ("f''", Name("f", primes=2)),
        ("_x", Name("x")),
        ("_", Name("_")),
        ("x_train", Name("x", "train")),
        ("cost_2", Name("cost", "2")),
        ("grad_W", Name("grad", "W")),
        ("cost_hat", Name("cost_hat")),
        ("W_sigma_1", Name("W", "σ,1")),
        ("σ_2", Name("σ", "2")),
        ("dW", Name("dW")),
        ("expm1", Name("expm1")),
        ("log1p", Name("log1p")),
        ("self.W1", Name("self.W1")),
        ("params['W']", Name("params['W']")),
        ("", Name("")),
    ],
)
def test_names(name, wanted):
    assert parts(name) == wanted


@given(st.text(max_size=8))
def test_every_name_has_parts(name):
    assert parts(name).primes >= len(name) - len(name.rstrip("'"))


def test_all_greek_letters():
    assert len(GREEK) == 48
    assert not any(keyword.iskeyword(name) and name != "lambda" for name in GREEK)
    assert {parts(name).base for name in GREEK} == set(GREEK.values())
