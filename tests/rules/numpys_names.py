"""All public names of NumPy's array functions, and what becomes of a traced array in each."""

import types

import numpy as np

from chainrule.graph.table import TABLE
from chainrule.rules import decompositions, einsum, linear_algebra, matrix_products, norms
from chainrule.rules.creating import CONSTANT
from chainrule.rules.kinds import Flat
from chainrule.rules.refused import REFUSED, UNSEEN
from chainrule.rules.steps import LOOKS, STEPS

MODULES = {"np.": np, "np.linalg.": np.linalg, "np.fft.": np.fft, "np.emath.": np.emath}
assert all((decompositions, einsum, linear_algebra, matrix_products, norms))  # imported for what they enter

# What takes no array of numbers that a derivative could be taken by.
NO_ARRAYS = {
    "settings": "errstate geterr geterrcall seterr seterrcall getbufsize setbufsize get_printoptions printoptions "
    "set_printoptions get_include info show_config show_runtime test __array_namespace_info__",
    "types of numbers": "dtype finfo iinfo isdtype issubdtype promote_types mintypecode typename busdaycalendar "
    "datetime_data isscalar iterable ufunc ndarray",
    "shapes and places": "broadcast_shapes diag_indices indices mask_indices ndindex tril_indices triu_indices",
    "windows and frequencies": "bartlett blackman hamming hanning fft.fftfreq fft.rfftfreq",
    "files and text": "load fromregex base_repr binary_repr",
}
# What is made of functions that have rules, and so has none of its own.
MADE_OF_OTHERS = {"poly1d", "row_stack"}
# Headings of the page, and what is said under each.
SORTS = {
    "differentiated": ("Differentiated", "In reverse and forward mode, to any order."),
    "flat": (
        "Followed, with derivative zero",
        "Searches, counts, comparisons and steps. Their values flow on, and no cotangent returns through them.",
    ),
    "looks": ("Answered", "They ask about an array, print or save it; they get its value."),
    "constant": ("New arrays", "They make constants: with `like=x` ones that traced values may be written into."),
    "plain": ("Without arrays", "They take no numbers that a derivative could be taken by."),
    "refused": ("Refused", "The error names your line, and says what this table says."),
}
# What is said of single functions, after the names of their sort.
NOTES = {
    "differentiated": [
        ("What a matrix does not determine", "has no derivative, and is refused where that can be known, or NaN:"),
        (
            "`eigh`, `svd`",
            "the phase of complex vectors. Backward, a result that depends on it is refused; forward, the phase is "
            "taken to stay.",
        ),
        (
            "`eigh`, `eig`, `svd`",
            "the vectors of equal eigenvalues or singular values: NaN, but where nothing depends on them. Equal values "
            "share their derivative, so that sums over them are right.",
        ),
        ("`eig`, `eigvals`", "eigenvalues and vectors of a matrix without a basis of eigenvectors: NaN."),
        ("`qr`", "the factors of a matrix without full rank: NaN."),
        (
            "`eig`, `qr`",
            "their phases are NumPy's, and followed: the largest entry of a vector, R's diagonal, are real.",
        ),
    ],
}


def public_names():
    """Every public function, ufunc and class of NumPy, by name; neither types of numbers, nor constants or modules."""
    for prefix, module in MODULES.items():
        for name in sorted(module.__all__):
            thing = getattr(module, name)
            scalar = isinstance(thing, type) and issubclass(thing, (np.generic, BaseException))
            index = name in ("r_", "c_")
            if (callable(thing) and not scalar and not isinstance(thing, types.ModuleType)) or index:
                yield prefix + name, thing


def sort_of(name, thing):
    """What becomes of a traced array in a function: a key of SORTS, or None, where nobody has said."""
    plain = {one for names in NO_ARRAYS.values() for one in names.split()}
    short = name.removeprefix("np.")
    known = thing.__hash__ is not None and thing in TABLE
    said = [
        *(["refused"] if short in UNSEEN or (known and thing in REFUSED) else []),
        *(["plain"] if short in plain else []),
        *(["constant"] if known and thing in {*CONSTANT, np.zeros_like, np.ones_like, np.empty_like} else []),
        *(["looks"] if known and thing in {*LOOKS, np.einsum_path} else []),
        *(["flat"] if known and (thing in STEPS or isinstance(TABLE[thing], Flat)) else []),
        *(["differentiated"] if known or short in MADE_OF_OTHERS else []),
    ]
    if known and len(said) > 1:
        said.remove("differentiated")
    return said[0] if len(said) == 1 else None


def page():
    """The tables of docs/numpy.md."""
    lines = []
    names = list(public_names())
    for sort, (heading, what) in SORTS.items():
        lines += ["", f"## {heading}", "", what, ""]
        mine = [(name, thing) for name, thing in names if sort_of(name, thing) == sort]
        if sort == "refused":
            lines += ["| function | why | write instead |", "| --- | --- | --- |"]
            for name, thing in mine:
                short = name.removeprefix("np.")
                why, instead = UNSEEN.get(short) or REFUSED[thing]
                lines.append(f"| `{name}` | {why} | {instead} |")
        else:
            for prefix in MODULES:
                short = [name.removeprefix(prefix) for name, _ in mine if name[: name.rindex(".") + 1] == prefix]
                if short:
                    lines += [f"**{prefix.rstrip('.')}:** " + ", ".join(f"`{name}`" for name in short), ""]
            lines.pop()
        if sort in NOTES:
            (title, said), *notes = NOTES[sort]
            lines += ["", f"**{title}** {said}", "", *(f"- {functions}: {what}" for functions, what in notes)]
    return "\n".join(lines).strip() + "\n"
