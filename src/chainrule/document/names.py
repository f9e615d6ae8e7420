"""What a name in someone's source is drawn as: its letter, and what hangs on it."""

import re
from dataclasses import dataclass

_SMALL = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi"
GREEK = dict(zip((_SMALL + " chi psi omega").split(), "αβγδεζηθικλμνξοπρστυφχψω", strict=True))
GREEK |= {name.capitalize(): letter.upper() for name, letter in GREEK.items()}
"""Greek letters by their names; a name with a capital is a capital letter."""

ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307", "vec": "\u20d7"}
"""What is drawn above a letter, by the name it has in source ("y_hat"), as Unicode's combining character."""

_DIGITS_BELONG = {"arctan2", "atan2", "exp2", "expm1", "logaddexp2"}


@dataclass(frozen=True)
class Name:
    """What a name is drawn as.

    Attributes
    ----------
    base : str
        A letter ("δ", "W"), or a word ("cost"), which is set upright.
    below : str
        The subscript, "" for none; its parts are divided by commas.
    accent : str
        A key of `ACCENTS`, or "".
    primes : int
        How many.
    """

    base: str
    below: str = ""
    accent: str = ""
    primes: int = 0

    @property
    def is_word(self) -> bool:
        """Whether the base is more than one letter."""
        return len(self.base) > 1


def parts(name: str) -> Name:
    """Read a name as the source spells it: Greek letters, subscripts, accents and primes.

    Parameters
    ----------
    name : str
        An identifier, with primes at its end if any; anything else is one word.

    Examples
    --------
    >>> parts("delta_2")
    Name(base='δ', below='2', accent='', primes=0)
    >>> parts("W1").below, parts("x_i_j").below, parts("w_sigma").below
    ('1', 'i,j', 'σ')
    >>> parts("sigma'").primes, parts("y_hat").accent, parts("lambda_").base
    (1, 'hat', 'λ')
    >>> parts("learning_rate_2").base, parts("dW2").base, parts("log10").below
    ('learning_rate', 'dW', '10')
    """
    spelt = name.rstrip("'")
    primes = len(name) - len(spelt)
    if not spelt.isidentifier() or spelt in _DIGITS_BELONG:
        return Name(spelt, primes=primes)
    segments = [segment for segment in spelt.split("_") if segment]
    if not segments:
        return Name(spelt, primes=primes)
    base, digits = _split_digits(segments[0])
    base, below = GREEK.get(base, base), [digits] if digits else []
    accent = ""
    for segment in segments[1:]:
        if segment in ACCENTS and len(base) == 1 and not accent:
            accent = segment
        elif segment == "prime" and len(base) == 1:
            primes += 1
        else:
            below.append(GREEK.get(segment, segment))
    if len(base) > 1 and not all(len(part) == 1 or part.isdecimal() for part in below):
        last = segments.pop() if segments[-1].isdecimal() else ""
        base, digits = _split_digits("_".join(segments))  # words that an underscore joins
        below = [part for part in (digits, last) if part]
    return Name(base, ",".join(below), accent, primes)


def _split_digits(word: str) -> tuple[str, str]:
    """Part the digits at the end from what is before them."""
    match = re.fullmatch(r"(.*[^\W\d_])(\d+)", word)
    return (match[1], match[2]) if match else (word, "")
