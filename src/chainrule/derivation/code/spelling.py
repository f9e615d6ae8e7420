"""How each primitive is spelt in NumPy, so that a recorded graph can be written as source code.

A spelling is a piece of text with the strength of its binding, so that brackets stand only where they are needed. What
takes a statement of its own, as writing into an array does, is in `chainrule.derivation.code.statements`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from chainrule.derivation.notation.table import index_text
from chainrule.errors import InputError
from chainrule.graph.node import Node
from chainrule.rules.indexing import Slot

ATOM, POWER, UNARY, PRODUCT, SUM, COMPARISON = range(6)
"""How strongly a piece of code holds together: a name or a call the most."""


class Code(NamedTuple):
    """Source code of an expression, and how strongly it holds together."""

    text: str
    strength: int = ATOM

    def within(self, strength: int) -> str:
        """Return the text for a place that asks for this strength, in brackets where it holds together less."""
        return self.text if self.strength <= strength else f"({self.text})"


Spelling = Callable[..., Code]
"""``spelling(node, *operands)``, the operands being `Code`."""

SPELLINGS: dict[str, Spelling] = {}

F = TypeVar("F", bound=Spelling)


def spelt(*names: str) -> Callable[[F], F]:
    """Enter a function as the spelling of the primitives of these names."""

    def enter(spelling: F) -> F:
        for name in names:
            SPELLINGS[name] = spelling
        return spelling

    return enter


def spell(node: Node, *operands: Code) -> Code:
    """Write one application of a rule in NumPy.

    Raises
    ------
    InputError
        NumPy and SciPy have no name for it.
    """
    name = node.rule.name
    if (spelling := SPELLINGS.get(name)) is not None:
        return spelling(node, *operands)
    module = module_of(node)
    options = [f"{key}={literal(value)}" for key, value in node.parameters.items()]
    return Code(f"{module}.{name}({', '.join([*(x.text for x in operands), *options])})")


def module_of(node: Node) -> str:
    """Return what a primitive is reached by: np, np.linalg, np.fft or special."""
    function, name = node.rule.function, node.rule.name
    for module, text in ((np, "np"), (np.linalg, "np.linalg"), (np.fft, "np.fft")):
        theirs = getattr(module, name, None)
        if theirs is not None and (theirs is function or not isinstance(function, np.ufunc)):
            own = getattr(function, "__module__", "") or ""
            if theirs is function or own.startswith(("chainrule.rules", "numpy")):
                return text
    if _is_of_scipy(function, name):
        return "special"
    raise InputError(
        f"to_python has no NumPy spelling for the primitive {name!r}; "
        "derive a function without it, or use chainrule.grad, which needs none."
    )


def _is_of_scipy(function: Any, name: str) -> bool:
    from scipy import special

    return getattr(special, name, None) is function


def literal(value: Any) -> str:
    """Write a parameter or a small constant as Python source that gives it again."""
    if isinstance(value, np.dtype):
        return f"np.{value.name}" if value != np.bool_ else "bool"
    if isinstance(value, type) and issubclass(value, np.generic):
        return f"np.{value.__name__}"
    if isinstance(value, np.ndarray) and value.ndim:
        return array(value)
    if isinstance(value, np.ndarray | np.generic):
        return number(value)
    if isinstance(value, tuple):
        inner = ", ".join(literal(x) for x in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, list):
        return f"[{', '.join(literal(x) for x in value)}]"
    if isinstance(value, float):
        return number(value)
    return repr(value)


def number(value: Any) -> str:
    """Write a number with all its digits."""
    kind = getattr(value, "dtype", None)
    plain = value.item() if hasattr(value, "item") else value
    text = repr(plain)
    if isinstance(plain, float) and not np.isfinite(plain):
        text = "np.nan" if np.isnan(plain) else "np.inf" if plain > 0 else "-np.inf"
    elif isinstance(plain, complex) and not (np.isfinite(plain.real) and np.isfinite(plain.imag)):
        text = f"complex({plain.real!r}, {plain.imag!r})".replace("inf", "np.inf").replace("nan", "np.nan")
    return f"np.float32({text})" if kind == np.float32 else text


def array(value: Any) -> str:
    """Write an array with all its digits."""
    text = np.array2string(
        value, separator=", ", threshold=value.size + 1, floatmode="unique", max_line_width=10**9
    ).replace("\n", "")  # fmt: skip
    for bare, full in (("nan", "np.nan"), ("inf", "np.inf")):
        text = text.replace(bare, full)
    if not value.size:
        return f"np.zeros({value.shape}, {literal(value.dtype)})"
    return f"np.array({text}, {literal(value.dtype)})"


# Arithmetic


def _infix(sign: str, strength: int, *, associative: bool) -> Spelling:
    def spelling(node: Node, x: Code, y: Code) -> Code:
        right = y.within(strength if associative else strength - 1)
        return Code(f"{x.within(strength)} {sign} {right}", strength)

    return spelling


for _name, _sign, _strength, _associative in (
    ("add", "+", SUM, True),
    ("subtract", "-", SUM, False),
    ("multiply", "*", PRODUCT, False),
    ("divide", "/", PRODUCT, False),
    ("true_divide", "/", PRODUCT, False),
    ("floor_divide", "//", PRODUCT, False),
    ("remainder", "%", PRODUCT, False),
    ("matmul", "@", PRODUCT, False),
):
    SPELLINGS[_name] = _infix(_sign, _strength, associative=_associative)

for _name, _sign in (
    ("less", "<"),
    ("less_equal", "<="),
    ("greater", ">"),
    ("greater_equal", ">="),
    ("equal", "=="),
    ("not_equal", "!="),
):
    SPELLINGS[_name] = _infix(_sign, COMPARISON, associative=False)


@spelt("negative")
def _negative(node: Node, x: Code) -> Code:
    return Code(f"-{x.within(UNARY)}", UNARY)


@spelt("power")
def _power(node: Node, x: Code, n: Code) -> Code:
    return Code(f"{x.within(ATOM)}**{n.within(ATOM)}", POWER)


@spelt("square")
def _square(node: Node, x: Code) -> Code:
    return Code(f"{x.within(ATOM)}**2", POWER)


@spelt("positive", "stop_gradient")
def _itself(node: Node, x: Code) -> Code:
    return x


@spelt("quotient", "cofactors", "shares")
def _helped(node: Node, *xs: Code) -> Code:
    return Code(f"{node.rule.name}({', '.join(x.text for x in xs)})")  # see `chainrule.derivation.code.helpers`


@spelt("sigmoid")
def _sigmoid(node: Node, z: Code) -> Code:
    return Code(f"1 / (1 + np.exp(-{z.within(UNARY)}))", PRODUCT)


@spelt("relu")
def _relu(node: Node, z: Code) -> Code:
    return Code(f"np.maximum({z.text}, 0)")


@spelt("largest")
def _largest(node: Node, x: Code, *_: Code) -> Code:
    options = ", ".join(f"{key}={literal(value)}" for key, value in node.parameters.items())
    return Code(f"np.max({x.text}, {options})")


# Reductions: operands are the array, `where`, and one more


def _reduction(name: str, third: str = "initial") -> Spelling:
    def spelling(node: Node, x: Code, where: Code | None = None, another: Code | None = None) -> Code:
        options = [
            f"{key}={literal(value)}"
            for key, value in node.parameters.items()
            if not (key == "axis" and value is None) and not (key == "keepdims" and value is False)
        ]
        if where is not None and where.text != "True":
            options.append(f"where={where.text}")
        if another is not None:
            options.append(f"{third}={another.text}")
        return Code(f"np.{name}({', '.join([x.text, *options])})")

    return spelling


for _name in ("sum", "mean", "max", "min", "prod"):
    SPELLINGS[_name] = _reduction(_name)
for _name in ("var", "std"):
    SPELLINGS[_name] = _reduction(_name, "mean")


# Rearranging, taking


@spelt("reshape")
def _reshape(node: Node, x: Code) -> Code:
    return Code(f"np.reshape({x.text}, {literal(np.shape(node.value))})")


@spelt("transpose")
def _transpose(node: Node, x: Code) -> Code:
    axes = node.parameters["axes"]
    if tuple(axes) == tuple(range(len(axes)))[::-1]:
        return Code(f"{x.within(ATOM)}.T")
    return Code(f"np.transpose({x.text}, {literal(tuple(axes))})")


@spelt("broadcast_to")
def _broadcast_to(node: Node, x: Code) -> Code:
    return Code(f"np.broadcast_to({x.text}, {literal(np.shape(node.value))})")


@spelt("astype")
def _astype(node: Node, x: Code) -> Code:
    if np.asarray(node.values[0]).dtype == node.parameters["dtype"]:
        return x
    return Code(f"np.astype(np.asarray({x.text}), {literal(np.dtype(node.parameters['dtype']))})")


@spelt("copy")
def _copy(node: Node, x: Code) -> Code:
    return Code(f"np.copy({x.text})")


@spelt("concatenate")
def _concatenate(node: Node, *xs: Code) -> Code:
    options = ", ".join(f"{key}={literal(value)}" for key, value in node.parameters.items())
    return Code(f"np.concatenate([{', '.join(x.text for x in xs)}]{', ' + options if options else ''})")


@spelt("einsum")
def _einsum(node: Node, *xs: Code) -> Code:
    return Code(f"np.einsum({node.parameters['subscripts']!r}, {', '.join(x.text for x in xs)})")


@spelt("norm")
def _norm(node: Node, x: Code, *_: Code) -> Code:
    names = {"order": "ord"}
    options = [
        f"{names.get(key, key)}={literal(value)}"
        for key, value in node.parameters.items()
        if value is not None and value is not False
    ]
    return Code(f"np.linalg.norm({', '.join([x.text, *options])})")


@spelt("multi_dot")
def _multi_dot(node: Node, *xs: Code) -> Code:
    return Code(f"np.linalg.multi_dot([{', '.join(x.text for x in xs)}])")


@spelt("inverse")
def _inverse(node: Node, x: Code) -> Code:
    return Code(f"np.linalg.inv({x.text})")


@spelt("eigh", "eig", "qr", "svd", "slogdet", "lstsq", "pinv", "cholesky")
def _decomposition(node: Node, *xs: Code) -> Code:
    names = {"uplo": "UPLO"}
    options = [f"{names.get(key, key)}={literal(value)}" for key, value in node.parameters.items()]
    return Code(f"np.linalg.{node.rule.name}({', '.join([*(x.text for x in xs), *options])})")


@spelt("eigvalsh")
def _eigvalsh(node: Node, x: Code) -> Code:
    return Code(f"np.linalg.eigvalsh({x.text}, UPLO={literal(node.parameters['uplo'])})")


@spelt("svdvals")
def _svdvals(node: Node, x: Code) -> Code:
    return Code(f"np.linalg.svd({x.text}, compute_uv=False)")


@spelt("getitem")
def _getitem(node: Node, x: Code, *arrays: Code) -> Code:
    if x.text[0].isdigit():  # a number: only its axes of size 1 are asked for
        x = Code(f"np.float64({x.text})")
    return Code(f"{x.within(ATOM)}[{index_code(node.parameters['index'], arrays)}]")


def index_code(index: Any, arrays: tuple[Code, ...] | list[Code]) -> str:
    """Write an index, with arrays in their slots."""
    if isinstance(index, tuple):
        inner = ", ".join(index_code(part, arrays) for part in index)
        if len(index) == 1 and type(index[0]) is Slot:
            return inner
        return f"{inner}," if len(index) == 1 else inner or "()"
    if type(index) is Slot:
        return arrays[index].text
    if index is Ellipsis:
        return "..."
    if isinstance(index, slice):
        return index_text(index)
    return literal(index)


@spelt("gather")
def _gather(node: Node, *xs: Code) -> Code:
    return Code(f"({', '.join(x.text for x in xs)},)")


@spelt("item")
def _item(node: Node, x: Code) -> Code:
    return Code(f"{x.within(ATOM)}[{node.parameters['index']}]")


@spelt("unstack")
def _unstack(node: Node, x: Code) -> Code:
    return x  # its rows are taken by their numbers


@spelt("split")
def _split(node: Node, x: Code) -> Code:
    places = np.cumsum(node.parameters["sizes"])[:-1].tolist()
    return Code(f"np.split({x.text}, {places})")


@spelt("stack")
def _stack(node: Node, x: Code) -> Code:
    return Code(f"np.stack({x.text})")


@spelt("join")
def _join(node: Node, x: Code) -> Code:
    return Code(f"np.concatenate({x.text})")


@spelt("cumsum", "cumprod")
def _running(node: Node, x: Code) -> Code:
    return Code(f"np.{node.rule.name}({x.text}, axis={literal(node.parameters['axis'])})")


@spelt("bincount")
def _bincount(node: Node, weights: Code, x: Code) -> Code:
    return Code(f"np.bincount({x.text}, {weights.text}, {literal(node.parameters['minlength'])})")


@spelt("resize")
def _resize(node: Node, x: Code) -> Code:
    return Code(f"np.resize({x.text}, {literal(np.shape(node.value))})")
