"""Mathematics for terminals whose encoding has no Greek letters: δ² becomes delta^2."""

import re
import unicodedata

from chainrule.document.names import ACCENTS, GREEK
from chainrule.document.text import SUBSCRIPTS, SUPERSCRIPTS

_PLAIN = {letter: name for name, letter in GREEK.items()}
_PLAIN |= {mark: f"_{name}" for name, mark in ACCENTS.items()}
_PLAIN |= {
    "∂": "d",
    "Σ": "sum",
    "∑": "sum",
    "√": "sqrt",
    "∞": "inf",
    "∇": "grad ",
    "−": "-",
    "·": "*",
    "⊙": ".*",
    "⊗": "(x)",
    "×": "x",
    "‖": "||",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~=",
    "≡": "==",
    "←": "<-",
    "→": "->",
    "∈": "in",
    "½": "1/2",
    "⅓": "1/3",
    "¼": "1/4",
    "⅔": "2/3",
    "¾": "3/4",
    "✓": "+",
    "✗": "x",
    "…": "...",
    "–": "-",
    "—": "--",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "\u00a0": " ",
    "ᵀ": "^T",
}
_RAISED = {raised: plain for plain, raised in SUPERSCRIPTS.items() if plain != "−"}
_LOWERED = {lowered: plain for plain, lowered in SUBSCRIPTS.items() if plain != "−"}
_SCRIPTS = f"([{''.join(_RAISED)}]+|[{''.join(_LOWERED)}]+)"


def writable(words: str, encoding: str) -> str:
    """Say words in the characters that an encoding has.

    Parameters
    ----------
    words : str
    encoding : str
        A codec's name; one that Python does not know is taken for ASCII.

    Returns
    -------
    str
        The words themselves where they can be written.

    Examples
    --------
    >>> print(writable("∂C/∂W¹ = δ¹⁰ (aᵢ)ᵀ, ‖ŷ‖ ≤ ½", "ascii"))
    dC/dW^1 = delta^(10) (a_i)^T, ||y_hat|| <= 1/2
    >>> print(writable("½ x²", "latin-1"), writable("δ ≤ ½", "latin-1"))
    ½ x² delta <= ½
    """
    if _can_write(words, encoding):
        return words
    pieces = re.split(_SCRIPTS, words)
    return "".join(
        _script(piece, encoding) if i % 2 else "".join(_character(character, encoding) for character in piece)
        for i, piece in enumerate(pieces)
    )


def _can_write(words: str, encoding: str) -> bool:
    try:
        words.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _script(run: str, encoding: str) -> str:
    if _can_write(run, encoding):
        return run
    mark, table = ("^", _RAISED) if run[0] in _RAISED else ("_", _LOWERED)
    plain = "".join(table[character] for character in run)
    return mark + (plain if len(plain) == 1 else f"({plain})")


def _character(character: str, encoding: str) -> str:
    if _can_write(character, encoding):
        return character
    if character in _PLAIN:
        return _PLAIN[character]
    parted = unicodedata.normalize("NFD", character)
    if len(parted) > 1:
        return "".join(_character(part, encoding) for part in parted)
    return character.encode("ascii", "backslashreplace").decode()
