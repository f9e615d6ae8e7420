"""Formulas in MathML, as browsers draw it themselves (MathML Core), without a script or a font from elsewhere."""

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from chainrule.document.expressions import (
    Absolute,
    Call,
    Cases,
    Derivative,
    Equation,
    Expression,
    Fraction,
    Indexed,
    Infix,
    Matrix,
    Norm,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Total,
    Transposed,
    Words,
)
from chainrule.document.markup import element, escaped
from chainrule.document.names import Name, parts
from chainrule.document.numbers import written
from chainrule.document.precedence import enclosed, operands, sign_between

Keys = Mapping[Expression, str]
NO_KEYS: Keys = MappingProxyType({})

_APPLIED = element("mo", "&#x2061;")
_THIN = element("mspace", width="0.17em")
_COMMA = element("mo", ",", separator="true")
_MINUS = element("mo", "−", form="prefix")
_PARTIAL = element("mo", "∂", lspace="0", rspace="0")
_SUM = element("mo", "∑")
_ABOVE = {"hat": "^", "bar": "¯", "tilde": "~", "dot": "˙", "vec": "→"}


def mathml(expression: Expression, keys: Keys | None = NO_KEYS, *, block: bool = False) -> str:
    """Write a formula as a ``<math>`` element.

    Parameters
    ----------
    expression
        The formula.
    keys
        Which value belongs to a whole expression, as to ∂C/∂z; a `Symbol`'s own ``key`` needs no entry. What has a
        key is written with ``data-key``, and takes the keyboard's focus, so that a page can show its value. `None`
        if nothing is to.
    block
        Whether it stands on a line of its own.

    Examples
    --------
    >>> from chainrule.document import Symbol
    >>> mathml(Symbol("delta_2"))
    '<math><msub><mi>δ</mi><mn>2</mn></msub></math>'
    """
    return element("math", _Writer(keys).write(expression), display="block" if block else None)


class _Writer:
    def __init__(self, keys: Keys | None) -> None:
        self.keys = keys

    def write(self, expression: Expression) -> str:
        # Where the whole has a value, its parts do not offer theirs.
        key = self.key(expression)
        return _offering(_Writer(None).plain(expression), key) if key else self.plain(expression)

    def key(self, expression: Expression) -> str:
        return "" if self.keys is None else self.keys.get(expression, getattr(expression, "key", ""))

    def plain(self, expression: Expression) -> str:
        return _WRITTEN[type(expression)](self, expression)

    def operands(self, expression: Expression) -> list[str]:
        """Write all that an expression is made of, between parentheses where they are needed there."""
        written = map(self.write, operands(expression))
        return [_fence(inside) if enclosed(expression, i) else inside for i, inside in enumerate(written)]

    def symbol(self, s: Symbol) -> str:
        return _symbol(parts(s.name), s.above)

    def number(self, n: Number) -> str:
        return numeral(written(n.value))

    def words(self, w: Words) -> str:
        return element("mtext", escaped(w.text))

    def call(self, c: Call) -> str:
        if c.function == "sqrt" and len(c.arguments) == 1 and not c.options:
            return element("msqrt", *self.operands(c))
        options = [element("mtext", escaped(f"{name} = {value}")) for name, value in c.options]
        return _row(_symbol(parts(c.function)), _APPLIED, _fence(_COMMA.join([*self.operands(c), *options])))

    def product(self, p: Product) -> str:
        first, *others = self.operands(p)
        written = [first]
        for i, factor in enumerate(others):
            sign = sign_between(p, i)
            written += [element("mo", escaped(sign)) if sign else _THIN, factor]
        return _row(*written)

    def total(self, t: Total) -> str:
        written = []
        for i, (term, minus) in enumerate(zip(self.operands(t), t.minus, strict=True)):
            if minus or i:
                written.append(element("mo", "−" if minus else "+", form="infix" if i else "prefix"))
            written.append(term)
        return _row(*written)

    def fraction(self, f: Fraction) -> str:
        return element("mfrac", *map(_row, self.operands(f)))

    def power(self, p: Power) -> str:
        return element("msup", *map(_row, self.operands(p)))

    def transposed(self, t: Transposed) -> str:
        return element("msup", _row(*self.operands(t)), element("mi", "T", mathvariant="normal"))

    def derivative(self, d: Derivative) -> str:
        return element("mfrac", *(_row(_PARTIAL, x) for x in self.operands(d)))

    def sum(self, s: Sum) -> str:
        sign = element("munder", _SUM, _index(s.index)) if s.index else _SUM
        return _row(sign, *self.operands(s))

    def norm(self, n: Norm) -> str:
        inside = _fence(*self.operands(n), signs="‖‖")
        return element("msub", inside, _name(n.order)) if n.order else inside

    def absolute(self, a: Absolute) -> str:
        return _fence(*self.operands(a), signs="||")

    def indexed(self, x: Indexed) -> str:
        if isinstance(x.of, Symbol) and x.of.above and not parts(x.of.name).below:
            both = _symbol(parts(x.of.name), x.of.above, below=_index(x.index))
            return _offering(both, key) if (key := self.key(x.of)) else both
        return element("msub", _row(*self.operands(x)), _index(x.index))

    def infix(self, x: Infix) -> str:
        return _row(element("mo", escaped(x.sign)).join(self.operands(x)))

    def cases(self, c: Cases) -> str:
        cells = [element("mtd", cell, class_="left") for cell in self.operands(c)]
        rows = [element("mtr", *pair) for pair in zip(cells[::2], cells[1::2], strict=True)]
        return _row(_fencing("{", "prefix", stretchy=True), element("mtable", *rows))

    def matrix(self, m: Matrix) -> str:
        return bracketed([[self.write(entry) for entry in row] for row in m.rows])

    def equation(self, e: Equation) -> str:
        first, *others = self.operands(e)
        return _row(first, *(element("mo", escaped(sign)) + side for sign, side in zip(e.signs, others, strict=True)))


_WRITTEN: dict[type, Callable[[_Writer, Any], str]] = {
    Symbol: _Writer.symbol,
    Number: _Writer.number,
    Words: _Writer.words,
    Call: _Writer.call,
    Product: _Writer.product,
    Total: _Writer.total,
    Fraction: _Writer.fraction,
    Power: _Writer.power,
    Transposed: _Writer.transposed,
    Derivative: _Writer.derivative,
    Sum: _Writer.sum,
    Norm: _Writer.norm,
    Absolute: _Writer.absolute,
    Indexed: _Writer.indexed,
    Infix: _Writer.infix,
    Cases: _Writer.cases,
    Matrix: _Writer.matrix,
    Equation: _Writer.equation,
}


def bracketed(rows: Iterable[Iterable[str]]) -> str:
    """Put entries that are written already into a matrix between square brackets."""
    written = [element("mtr", *(element("mtd", entry) for entry in row)) for row in rows]
    return _fence(element("mtable", *written), signs="[]")


def _offering(inside: str, key: str) -> str:
    return element("mrow", inside, data_key=key, tabindex="0", role="button")


def _row(*inside: str) -> str:
    return element("mrow", *inside)


def _fencing(sign: str, form: str, *, stretchy: bool) -> str:
    return element("mo", sign, fence="true", stretchy="true" if stretchy else "false", form=form)


def _fence(inside: str, *, signs: str = "()") -> str:
    # A sign that may grow is given more room at its sides, even where it does not.
    stretchy = any(tall in inside for tall in ("<mfrac", "<mtable", "<munder"))
    return _row(
        _fencing(signs[0], "prefix", stretchy=stretchy), inside, _fencing(signs[1], "postfix", stretchy=stretchy)
    )


def _symbol(name: Name, above: str = "", below: str = "") -> str:
    base = _name(name.base)
    if name.accent:
        base = element("mover", base, element("mo", _ABOVE[name.accent], stretchy="false"), accent="true")
    raised = [_name(above)] if above else []
    if name.primes:
        raised.insert(0, element("mo", "′" * name.primes, lspace="0", rspace="0"))
    below = below or (_name(name.below) if name.below else "")
    tag = {(1, 0): "msub", (0, 1): "msup", (1, 1): "msubsup"}.get((bool(below), bool(raised)))
    return element(tag, base, below, _row(*raised) if raised else "") if tag else base


def _name(text: str) -> str:
    """Write a name, or what is set above or below one; more than one letter is set upright."""
    if text.isdecimal():
        return element("mn", text)
    return element("mi" if len(text) == 1 else "mtext", escaped(text.replace("-", "−")))


def _index(text: str) -> str:
    """Write an index: letters as names, the rest as it stands in the source."""
    pieces = re.findall(r"\w+|,\s*|[^\w,]+", text)
    return _row(
        *(
            _COMMA if piece[0] == "," else _name(piece) if piece[0].isalnum() else element("mtext", escaped(piece))
            for piece in pieces
        )
    )


def numeral(text: str) -> str:
    """Set a number as `chainrule.document.numbers` writes it ("-1.5e-07", "nan", "1+2j").

    Examples
    --------
    >>> numeral("-1.5")
    '<mrow><mo form="prefix">−</mo><mn>1.5</mn></mrow>'
    >>> numeral("1e+07")
    '<msup><mn>10</mn><mn>7</mn></msup>'
    """
    match = _WRITTEN_NUMBER.fullmatch(text)
    if match is None:
        return _complex_numeral(text)
    sign, digits, exponent = match.groups()
    inside = _NOT_FINITE.get(digits) or element("mn", digits)
    if exponent:
        power = element("msup", element("mn", "10"), numeral(str(int(exponent))))
        inside = power if digits == "1" else inside + element("mo", "·") + power
    return _row(_MINUS, inside) if sign else inside if not exponent or digits == "1" else _row(inside)


_WRITTEN_NUMBER = re.compile(r"([-]?)(\d[\d.]*|inf|nan)(?:e([-+]\d+))?")
_COMPLEX_NUMBER = re.compile(r"(.*[\dfn])([-+])(.+)j")
_NOT_FINITE = {"inf": element("mi", "∞"), "nan": element("mi", "NaN")}


def _complex_numeral(text: str) -> str:
    match = _COMPLEX_NUMBER.fullmatch(text)
    if match is None:
        return element("mtext", escaped(text))
    real, sign, imaginary = match.groups()
    between = element("mo", "−" if sign == "-" else "+", form="infix")
    return _row(numeral(real), between, numeral(imaginary), _THIN, element("mi", "i"))
