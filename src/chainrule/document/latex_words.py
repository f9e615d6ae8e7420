"""Words, names' letters and source code as LaTeX that pdflatex sets, whatever characters they hold."""

import re
import unicodedata

from chainrule.document.names import ACCENTS, GREEK
from chainrule.document.text import SUBSCRIPTS, SUPERSCRIPTS

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
}

# Greek capitals that look like Latin ones have no name in LaTeX.
_LATIN = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEZHIKMNOPTYXo", strict=True)) | {"Υ": r"\Upsilon"}
LETTERS = {letter: _LATIN.get(letter, "\\" + name) for name, letter in GREEK.items()} | {"ς": r"\varsigma"}
LETTERS |= {"ϵ": r"\epsilon", "ϑ": r"\vartheta", "ϕ": r"\phi", "ϱ": r"\varrho", "ε": r"\varepsilon", "φ": r"\varphi"}
LETTERS |= {"ℓ": r"\ell", "∇": r"\nabla", "∂": r"\partial", "∞": r"\infty", "ℝ": r"\mathbb{R}", "ℂ": r"\mathbb{C}"}
"""Letters of mathematics, as they are written in a formula."""

SIGNS = {
    "−": "-",
    "±": r"\pm",
    "·": r"\cdot",
    "⋅": r"\cdot",
    "×": r"\times",
    "÷": r"\div",
    "⊙": r"\odot",
    "⊗": r"\otimes",
    "⊕": r"\oplus",
    "∘": r"\circ",
    "∗": r"\ast",
    "≤": r"\le",
    "≥": r"\ge",
    "≠": r"\ne",
    "≈": r"\approx",
    "≡": r"\equiv",
    "∼": r"\sim",
    "∝": r"\propto",
    "≪": r"\ll",
    "≫": r"\gg",
    "∈": r"\in",
    "∉": r"\notin",
    "⊂": r"\subset",
    "∪": r"\cup",
    "∩": r"\cap",
    "∧": r"\wedge",
    "∨": r"\vee",
    "¬": r"\neg",
    "∀": r"\forall",
    "∃": r"\exists",
    "∅": r"\emptyset",
    "←": r"\leftarrow",
    "→": r"\rightarrow",
    "↔": r"\leftrightarrow",
    "⇒": r"\Rightarrow",
    "⇔": r"\Leftrightarrow",
    "↦": r"\mapsto",
    "↑": r"\uparrow",
    "↓": r"\downarrow",
    "<": "<",
    ">": ">",
    "=": "=",
}
"""Signs of mathematics, as they are written in a formula."""

_OTHERS = {
    "Σ": r"\Sigma",
    "∑": r"\sum",
    "∏": r"\prod",
    "∫": r"\int",
    "√": r"\surd",
    "‖": r"\Vert",
    "∥": r"\Vert",
    "ᵀ": r"^{\top}",
    "⊤": r"\top",
    "✓": r"\checkmark",
    "✗": r"\times",
    "…": r"\ldots",
    "⋯": r"\cdots",
    "⋮": r"\vdots",
    "′": r"'",
    "½": r"\tfrac{1}{2}",
    "⅓": r"\tfrac{1}{3}",
    "¼": r"\tfrac{1}{4}",
    "⅔": r"\tfrac{2}{3}",
    "¾": r"\tfrac{3}{4}",
    "█": r"\blacksquare",
    "■": r"\blacksquare",
    "□": r"\square",
    "●": r"\bullet",
    "•": r"\bullet",
    "▶": r"\blacktriangleright",
    "◀": r"\blacktriangleleft",
    "⎡": "[",
    "⎢": r"\vert",
    "⎣": "[",
    "⎤": "]",
    "⎥": r"\vert",
    "⎦": "]",
}
_PLAIN = {
    "–": "--",
    "—": "---",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "\u2010": "-",
    "\u2011": "-",
    "\u00a0": "~",
    "\u202f": "~",
    "\u2009": "~",
    "\u00ad": r"\-",
    "€": r"\texteuro{}",
    "Ĳ": "IJ",
    "ĳ": "ij",
    "─": "-",
    "│": r"\textbar{}",
}
_ACCENTS = {ACCENTS["hat"]: r"\^", ACCENTS["bar"]: r"\=", ACCENTS["tilde"]: r"\~", ACCENTS["dot"]: r"\."}
_MATHEMATICS = SIGNS | LETTERS | _OTHERS
_MATHEMATICS |= {raised: f"^{{{plain}}}" for plain, raised in SUPERSCRIPTS.items() if plain != "−"}
_MATHEMATICS |= {lowered: f"_{{{LETTERS.get(plain, plain)}}}" for plain, lowered in SUBSCRIPTS.items() if plain != "−"}
# What T1 fonts hold of Latin-1 and Latin Extended-A.
_ACCENTED = frozenset(map(chr, range(0xA1, 0x180))) - frozenset("¨¬­¯°²³´¸¹¼½¾ĦħĸĿŀŉŦŧſĲĳ\u00ad")


def latex_words(words: str) -> str:
    r"""Escape words so that they are set as they stand; a character that no font has is named by its code.

    Examples
    --------
    >>> print(latex_words("50 % of W_1's δ² & more"))
    50 \% of W\_1's \ensuremath{\delta}\ensuremath{^{2}} \& more
    >>> print(latex_words("naïve 😀"))
    naïve U+1F600
    """
    composed = unicodedata.normalize("NFC", words)
    result: list[str] = []
    for character in composed:
        if character in _ACCENTS and result:
            result[-1] = _ACCENTS[character] + "{" + result[-1] + "}"
        else:
            result.append(_set(character))
    return "".join(result)


def _set(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isascii():
        return character if character.isprintable() else " "
    if character in _MATHEMATICS:
        return rf"\ensuremath{{{_MATHEMATICS[character]}}}"
    if character in _ACCENTED:
        return character
    return _PLAIN.get(character, f"U+{ord(character):04X}")


def latex_sentence(words: str) -> str:
    r"""Set words, in which `backticks` mark code; code may be broken after its punctuation.

    Examples
    --------
    >>> print(latex_sentence("see `a_b`, --, `--out`"))
    see \texttt{a\_\allowbreak{}b}, --, \texttt{-{}-{}out}
    >>> print(latex_sentence("about 3.2e-05"))
    about 3.2\ensuremath{\cdot 10^{-5}}
    """
    pieces = words.split("`")
    if len(pieces) % 2 == 0:  # a backtick without its fellow
        pieces[-2:] = ["`".join(pieces[-2:])]
    return "".join(
        rf"\texttt{{{_breakable(piece)}}}" if i % 2 else _with_powers(piece) for i, piece in enumerate(pieces)
    )


def _with_powers(words: str) -> str:
    """Set words, in which numbers have their powers of ten: a line would be broken at the hyphen of 1e-05."""
    pieces = re.split(r"(?<=\d)e([+-]\d+)\b", words)
    pieces[::2] = map(latex_words, pieces[::2])
    pieces[1::2] = (rf"\ensuremath{{\cdot 10^{{{int(power)}}}}}" for power in pieces[1::2])
    return "".join(pieces)


def _breakable(code: str) -> str:
    tokens = re.split(r"(?<=[_.,(/=\[])", code)
    return r"\allowbreak{}".join("".join(map(_code, token)) for token in tokens)


def latex_code(line: str) -> str:
    r"""Set a line of source code in which every blank counts.

    Examples
    --------
    >>> print(latex_code("  x = {1}"))
    ~~x~=~\{1\}
    """
    return "".join("~" if character == " " else _code(character) for character in line.expandtabs(4))


def _code(character: str) -> str:
    # -- and ' would become a dash and a curly quote.
    return {"-": "-{}", "'": r"\textquotesingle{}", ",": ",{}"}.get(character) or latex_words(character)
