"""Elements of HTML, MathML and SVG as text. Whatever is not an element already must go through `escaped`."""

import re
from html import escape

_NO_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def escaped(text: str) -> str:
    """Make any text harmless within markup, as content or as an attribute's value.

    What no markup may hold, such as control characters, is replaced by a sign that says so.
    """
    return escape(_NO_CHARACTERS.sub("\ufffd", text), quote=True)


def element(name: str, *inside: str, **attributes: str | float | None) -> str:
    """Write an element.

    Parameters
    ----------
    name
        The tag.
    *inside
        Markup that stands within it.
    **attributes
        Plain text or numbers; `None` leaves one out. ``data_key`` is written ``data-key``, and ``class_`` ``class``.

    Examples
    --------
    >>> element("p", "a &lt; b", class_="note", data_key='"')
    '<p class="note" data-key="&quot;">a &lt; b</p>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(_plain(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{''.join(inside)}</{name}>"


def _plain(value: str | float) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
