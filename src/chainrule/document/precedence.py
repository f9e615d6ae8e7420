"""Which part of a formula needs parentheses: one answer for every rendering.

What binds looser than its place demands is enclosed. `flat` is said by a rendering that writes on one line, where a
fraction is a / b; elsewhere a fraction's bar does the work of parentheses.
"""

from enum import IntEnum

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
from chainrule.document.names import parts


class Level(IntEnum):
    """How tightly an expression holds together, loosest first."""

    EQUATION = 0
    RELATION = 1  # a ≤ b
    TOTAL = 2  # a + b, and −a
    SUM = 3  # Σ a, which reaches to the end of a product
    MULTIPLICATION = 4  # a ⊙ b
    FRACTION = 5  # a / b on one line
    JUXTAPOSITION = 6  # a b
    FACTOR = 7  # ∂C/∂a, and a fraction with a bar
    POSTFIX = 8  # a², aᵀ, a[i], and a name with a superscript of its own
    ATOM = 9


def level(expression: Expression, *, flat: bool = False) -> Level:
    """Say how tightly an expression holds together.

    Examples
    --------
    >>> level(Symbol("W")).name, level(Symbol("W", above="3")).name, level(Number(-1)).name
    ('ATOM', 'POSTFIX', 'TOTAL')
    """
    match expression:
        case Equation():
            return Level.EQUATION
        case Cases():
            return Level.ATOM if flat else Level.RELATION
        case Infix():
            return Level.RELATION
        case Total():
            return Level.TOTAL
        case Number(value):
            return _of_number(value)
        case Sum():
            return Level.SUM
        case Product(factors, sign):
            if len(factors) == 1:
                return level(factors[0], flat=flat)
            return Level.MULTIPLICATION if sign else Level.JUXTAPOSITION
        case Fraction(Number(1), Number(2)):
            return Level.ATOM if flat else Level.FACTOR  # ½
        case Fraction():
            return Level.FRACTION if flat else Level.FACTOR
        case Derivative():
            return Level.FACTOR
        case Power() | Transposed() | Indexed():
            return Level.POSTFIX
        case Symbol(_, above):
            return Level.POSTFIX if above else Level.ATOM
    return Level.ATOM


def _of_number(value: complex) -> Level:
    value = complex(value)
    if value.imag or value.real < 0:
        return Level.TOTAL
    return Level.FACTOR if "e" in f"{value.real:.5g}" else Level.ATOM  # 3 · 10⁻⁷


def enclosed(outer: Expression, i: int, *, flat: bool = False) -> bool:
    """Say whether the i-th of `operands(outer)` needs parentheses there.

    Examples
    --------
    >>> a, b = Symbol("a"), Symbol("b")
    >>> enclosed(Product((a, Total((a, b), (False, True)))), 1)
    True
    >>> enclosed(Transposed(Symbol("W", above="3")), 0)
    True
    """
    inner = _bare(operands(outer)[i])
    found = level(inner, flat=flat)
    match outer:
        case Equation():
            return found <= Level.EQUATION
        case Infix():
            return found <= Level.RELATION
        case Total(_, minus):
            return found < Level.TOTAL if i == 0 and not minus[0] else found <= Level.TOTAL
        case Sum():
            return found < Level.SUM
        case Product():
            return _in_product(outer, i, found)
        case Fraction():
            if not flat:
                return False
            return found < (Level.JUXTAPOSITION if i == 0 else Level.POSTFIX) or isinstance(inner, Derivative)
        case Power():
            return i == 0 and found < Level.ATOM and not _is_plain_entry(inner)
        case Transposed():
            return found < Level.ATOM and not _is_plain_entry(inner)
        case Indexed():
            own_subscript = (isinstance(inner, Symbol) and parts(inner.name).below) or (
                isinstance(inner, Norm) and inner.order
            )
            return (bool(own_subscript) and not flat) or (found < Level.ATOM and not isinstance(inner, Symbol))
        case Derivative():
            return found < Level.POSTFIX or isinstance(inner, Power)
    return False


def _bare(expression: Expression) -> Expression:
    """Take a product of a single factor for that factor."""
    while isinstance(expression, Product) and len(expression.factors) == 1:
        expression = expression.factors[0]
    return expression


def _is_plain_entry(expression: Expression) -> bool:
    return isinstance(expression, Indexed) and level(expression.of) == Level.ATOM and isinstance(expression.of, Symbol)


def _in_product(product: Product, i: int, found: Level) -> bool:
    if len(product.factors) == 1:
        return False
    inner, is_last = _bare(product.factors[i]), i == len(product.factors) - 1
    if isinstance(inner, Product):
        if inner.sign == product.sign:
            return i > 0 and product.sign == "×"  # the others are associative
        return not (product.sign and not inner.sign)
    if found == Level.SUM:
        return not is_last
    return found < (Level.FRACTION if product.sign else Level.JUXTAPOSITION)


def operands(expression: Expression) -> tuple[Expression, ...]:
    """List the expressions that one is made of, in the order of its attributes.

    Examples
    --------
    >>> operands(Fraction(Number(1), Symbol("n")))
    (Number(value=1), Symbol(name='n', above='', key=''))
    """
    match expression:
        case Call(_, arguments, _):
            return arguments
        case Product(factors, _):
            return factors
        case Total(terms, _):
            return terms
        case Fraction(first, second) | Power(first, second) | Derivative(first, second) | Infix(first, _, second):
            return first, second
        case Transposed(of) | Sum(of, _) | Norm(of, _) | Absolute(of) | Indexed(of, _):
            return (of,)
        case Cases(cases):
            return tuple(part for case in cases for part in case)
        case Matrix(rows):
            return tuple(entry for row in rows for entry in row)
        case Equation(sides, _):
            return sides
        case Symbol() | Number() | Words():
            return ()


def sign_between(product: Product, i: int) -> str:
    """Give the sign between factor i and the next: "·" where side by side two numbers would read as one.

    Examples
    --------
    >>> sign_between(Product((Number(2), Number(3))), 0)
    '·'
    """
    return product.sign or ("·" if _begins_with_digit(product.factors[i + 1]) else "")


def _begins_with_digit(expression: Expression) -> bool:
    match expression:
        case Number(value):
            return not isinstance(value, complex) and value >= 0
        case Fraction() | Power() | Product() | Transposed() | Indexed():
            return _begins_with_digit(operands(expression)[0])
    return False
