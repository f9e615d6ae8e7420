"""Random formulas and documents, and one document that has everything in it."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule.document import (
    Absolute,
    Blank,
    Call,
    Cases,
    Derivative,
    Document,
    Equation,
    Formula,
    Fraction,
    Heading,
    Indexed,
    Infix,
    Listing,
    Matrix,
    Norm,
    Number,
    Paragraph,
    Picture,
    Power,
    Product,
    Sum,
    Symbol,
    Table,
    Total,
    Transposed,
    Values,
    Verdict,
    Words,
)

NAMES = ["W", "W1", "delta_2", "sigma'", "y_hat", "learning_rate", "lambda_", "dW", "x_i_j", "Omicron", "_", "z_prime"]
NAMES += ["é", "变量", "ß_ö", "self.W", "params['W']", "a$b", "theta_hat_10", "x_Delta", "σ2"]
INDICES = ["0", "i", "0, :", "::-1, ..., None", "mask_1", "'key'", "i_1, j"]
# No parentheses or braces, so that those of a rendering can be counted.
WORDS = st.text("abz ABC_#$%&^~<>|\"'`\\*-+=@!?.,;:/é½δΣ∂⊙→ᵀ²ₓ‖漢😀\u0302", max_size=12)


def joined(inner, of, signs):
    """Several expressions, with a sign between each two."""
    return (
        st.lists(inner, min_size=1, max_size=4)
        .flatmap(
            lambda parts: st.tuples(st.just(tuple(parts)), st.tuples(*[st.sampled_from(signs)] * (len(parts) - 1)))
        )
        .map(lambda pair: of(*pair))
    )


def larger(inner):
    """Expressions made of others."""
    some = st.lists(inner, min_size=1, max_size=3).map(tuple)
    names = st.sampled_from([*NAMES, "exp", "sqrt", "sum", "log10", "arctan2"])
    return st.one_of(
        st.builds(Call, names, st.lists(inner, max_size=2).map(tuple), st.sampled_from([(), (("axis", "(0, 1)"),)])),
        st.builds(Product, some, st.sampled_from(["", "⊙", "·", "⊗", "×"])),
        st.lists(st.tuples(inner, st.booleans()), min_size=1, max_size=4).map(
            lambda pairs: Total(*(tuple(part) for part in zip(*pairs, strict=True)))
        ),
        st.builds(Fraction, inner, inner),
        st.builds(Power, inner, inner),
        st.builds(Transposed, inner),
        st.builds(Derivative, inner, inner),
        st.builds(Sum, inner, st.sampled_from(["", "i", "i,j", "i=1"])),
        st.builds(Norm, inner, st.sampled_from(["", "2", "∞", "fro"])),
        st.builds(Absolute, inner),
        st.builds(Indexed, inner, st.sampled_from(INDICES)),
        st.builds(Infix, inner, st.sampled_from(["≤", "∈", "<", "mod", "@", "//"]), inner),
        st.lists(st.tuples(inner, inner), min_size=1, max_size=3).map(lambda cases: Cases(tuple(cases))),
        st.integers(1, 12)
        .flatmap(lambda n: st.lists(st.lists(inner, min_size=n, max_size=n).map(tuple), min_size=1, max_size=3))
        .map(lambda rows: Matrix(tuple(rows))),
        joined(inner, Equation, ["=", "≈", "≠", "←", "≡"]),
    )


SYMBOLS = st.builds(Symbol, st.sampled_from(NAMES), st.sampled_from(["", "2", "l+1", "l−1", "(3)", "T", "sigma"]))
NUMBERS = st.builds(Number, st.one_of(st.integers(-5, 100), st.floats(), st.complex_numbers()))
EXPRESSIONS = st.recursive(st.one_of(SYMBOLS, NUMBERS, st.builds(Words, WORDS)), larger, max_leaves=12)

ARRAYS = st.one_of(
    [
        hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=20))
        for dtype in (np.float64, np.float32, np.int64, np.bool_, np.complex128)
    ]
)
SENTENCES = st.lists(st.one_of(WORDS, EXPRESSIONS), min_size=1, max_size=3).map(tuple)


def tables(columns):
    """Tables of so many columns."""
    return st.builds(
        Table,
        st.tuples(*[WORDS] * columns),
        st.lists(st.tuples(*[SENTENCES] * columns), max_size=4).map(tuple),
        WORDS,
    )


BLOCKS = st.one_of(
    st.builds(Heading, WORDS.filter(str.strip), st.integers(1, 4)),
    st.builds(Paragraph, SENTENCES),
    st.builds(Formula, EXPRESSIONS, WORDS),
    st.builds(Values, SYMBOLS, ARRAYS),
    st.integers(1, 4).flatmap(tables),
    st.builds(Listing, st.lists(WORDS).map("\n".join)),
    st.builds(Verdict, st.sampled_from([True, False, None]), SENTENCES),
    st.builds(Picture, st.just("<svg xmlns='http://www.w3.org/2000/svg'/>"), WORDS),
    st.builds(Blank, st.just("W1"), SYMBOLS, hnp.array_shapes(min_dims=0, max_dims=4, max_side=30)),
)
DOCUMENTS = st.builds(Document, WORDS, st.lists(BLOCKS, max_size=6).map(tuple))

CODE = '''def cost(W, b, x, y):
    """½‖a − y‖², with σ = 1/(1+exp(−z)): “quotes”, {braces}, $dollars$ & 100 % # `all`."""
    z = W @ x + b  # δ = ∂C/∂z
    a = 1 / (1 + np.exp(-z))
    return 0.5 * np.sum((a - y) ** 2) + 0.0 * np.linalg.norm(W, ord="fro") ** 2 * (x_long_name[0] <= y_long_name[-1])
'''


def everything() -> Document:
    """A document with every block in it, and what is hard to set."""
    rng = np.random.default_rng(0)
    symbol = {name: Symbol(name) for name in ("C", "x", "y", "b", "cost")}
    w2, w3, z2, a1 = Symbol("W", "2"), Symbol("W", "3"), Symbol("z", "2"), Symbol("a", "1")
    delta2, delta3 = Symbol("delta", "2"), Symbol("delta", "3")
    back = Product((Product((Transposed(w3), delta3)), Call("sigma'", (z2,))), "⊙")
    one = Number(1)
    sigmoid = Fraction(one, Total((one, Call("exp", (Total((z2,), (True,)),))), (False, False)))
    long = Total(tuple(Product((Symbol(f"w_{i}"), Symbol(f"x_{i}"))) for i in range(20)), (False, True) * 10)
    digit = np.hypot(*np.mgrid[-14:14, -14:14])
    rows = np.stack([np.cos(digit / (2 + i)) * np.exp(-digit / 9) for i in range(30)]).reshape(30, 784)
    matrix = Matrix(((Symbol("a"), Number(-0.5)), (Number(0), Fraction(one, Symbol("n")))))
    return Document(
        "The chain rule for `cost`, written out",
        (
            Heading("Forward"),
            Paragraph(
                ("Each quantity of `cost(W, b, x, y)` in turn: ", symbol["C"], " is a number, ", w2, " a matrix.")
            ),
            Formula(Equation((Symbol("a", "2"), Call("sigma", (z2,)), sigmoid), ("=", "=")), "line 3: `a = 1 / …`"),
            Values(z2, np.array([0.5, -1.25, 3.0])),
            Values(w2, rng.normal(size=(3, 4))),
            Values(symbol["C"], np.array(0.0721)),
            Values(symbol["b"], rng.normal(size=(2, 2, 3))),
            Values(Symbol("k"), np.arange(144).reshape(12, 12) - 70),
            Heading("Backward"),
            Heading("The hidden layer", 2),
            Formula(Equation((delta2, Derivative(symbol["C"], z2), back), ("=", "="))),
            Formula(
                Equation((Derivative(symbol["C"], w2), Product((delta2, Transposed(a1)))), ("=",)), "outer product"
            ),
            Formula(Equation((symbol["cost"], long), ("=",))),
            Formula(Equation((Symbol("A"), matrix, Transposed(Symbol("A"))), ("=", "≠"))),
            Formula(
                Equation(
                    (
                        Symbol("y_hat"),
                        Cases(((symbol["x"], Infix(symbol["x"], "≥", Number(0))), (Number(0), Words("otherwise")))),
                    ),
                    ("=",),
                )
            ),
            Formula(
                Equation(
                    (
                        symbol["C"],
                        Product(
                            (
                                Fraction(one, Number(2)),
                                Power(Norm(Total((symbol["x"], symbol["y"]), (False, True))), Number(2)),
                            )
                        ),
                        Product((Fraction(one, Number(2)), Sum(Power(Indexed(symbol["x"], "i"), Number(2)), "i"))),
                    ),
                    ("=", "≈"),
                )
            ),
            Values(Derivative(symbol["C"], w2), rng.normal(size=(30, 100)) * rng.random((30, 1))),
            Values(Symbol("a", "0"), np.maximum(np.sin(np.arange(784) / 9), 0)),
            Values(Derivative(symbol["C"], Symbol("W", "1")), rows, as_pictures=(28, 28)),
            Verdict(True, ("all 12 entries agree with central differences to ", Number(3.2e-9), ".")),
            Verdict(False, ("layer 2: ", delta2, " lacks ", Call("sigma'", (z2,)), ".")),
            Verdict(None, ("there is a kink at ", Equation((symbol["x"], Number(0)), ("=",)), ".")),
            Table(
                ("quantity", "kind of the local derivative", "shape", "structure"),
                (
                    ((z2,), ("Jacobian",), ("(30, 30)",), ("diagonal; 96.7 % zeros",)),
                    ((w2,), ("rank-3 tensor",), ("(30, 30, 784)",), ("block",)),
                    (
                        (Derivative(symbol["C"], w2),),
                        ("a | b",),
                        ("[1, 2]",),
                        ("so many words that they cannot stand in one line of a page, or of a terminal",),
                    ),
                ),
                "What each step is.",
            ),
            Listing(CODE),
            Picture(
                '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "The graph of `cost`: x → z → a → C."
            ),
            Heading("Your turn"),
            Blank("delta_2", delta2, (3,)),
            Blank("W_2", Derivative(symbol["C"], w2), (3, 4)),
            Blank("C", symbol["C"], ()),
        ),
    )
