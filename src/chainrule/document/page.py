"""A document as one HTML file: it works offline, fetches nothing, and runs no script but its own."""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from importlib.resources import files

from chainrule.document.arrays import values
from chainrule.document.blocks import (
    Blank,
    Block,
    Document,
    Formula,
    Heading,
    Listing,
    Paragraph,
    Part,
    Picture,
    Table,
    Values,
    Verdict,
)
from chainrule.document.expressions import Expression, Symbol
from chainrule.document.markup import element, escaped
from chainrule.document.mathml import Keys, mathml


def asset(name: str, package: str = "chainrule.document") -> str:
    """Read a style sheet or script that lies beside the code."""
    return (files(package) / name).read_text(encoding="utf-8")


STYLES = (asset("page.css"), asset("values.css"))
"""How a document looks, for whoever writes a `page`."""


def html(document: Document) -> str:
    """Write a document as a page.

    A formula's symbol shows its numbers to whoever points at it, where the document has them in a `Values` block.

    Examples
    --------
    >>> from chainrule.document import Document, Paragraph
    >>> html(Document("Less < more", (Paragraph(("`f` is",)),)))[:15]
    '<!DOCTYPE html>'
    """
    title = element("header", element("h1", in_line(document.title)))
    body = title + element("main", blocks_html(document.blocks, value_keys(document.blocks)))
    return page(document.title, body, styles=STYLES, scripts=[asset("values.js")])


def fragment(document: Document) -> str:
    """Write a document as a part of another's page, such as a notebook: with its own look, and no script.

    Examples
    --------
    >>> from chainrule.document import Document, Paragraph
    >>> fragment(Document("Less < more", ()))[:23]
    '<div class="chainrule">'
    """
    style = "".join(STYLES).replace(":root", ":scope")
    title = element("h1", in_line(document.title))
    return element(
        "div",
        f"<style>@scope (.chainrule) {{\n{style}}}</style>",
        title,
        blocks_html(document.blocks, None),
        class_="chainrule",
    )


def page(title: str, body: str, styles: Sequence[str], scripts: Sequence[str]) -> str:
    """Put a page around a body.

    A policy within the page forbids every request and every script or style but those given here, known by their
    hashes, so that nothing that stands in the body can become active.
    """
    policy = "; ".join(
        [
            "default-src 'none'",
            "img-src data:",
            "style-src " + " ".join(map(_hash, styles)),
            "script-src " + (" ".join(map(_hash, scripts)) or "'none'"),
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        element("title", escaped(title.replace("`", ""))),
        *(f"<style>{style}</style>" for style in styles),
    ]
    after = [f"<script>{script}</script>" for script in scripts]
    lines = ["<!DOCTYPE html>", '<html lang="en">', "<head>", *head, "</head>", "<body>", body, *after, "</body>"]
    return "\n".join([*lines, "</html>", ""])


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") + "'"


def value_keys(blocks: Iterable[Block]) -> dict[Expression, str]:
    """Give each expression whose numbers the blocks show a key, by which it is found again wherever it is mentioned."""
    keys: dict[Expression, str] = {}
    for block in blocks:
        if isinstance(block, Values):
            own = block.symbol.key if isinstance(block.symbol, Symbol) else ""
            keys.setdefault(block.symbol, own or f"value-{len(keys)}")
    return keys


def blocks_html(blocks: Iterable[Block], keys: Keys | None) -> str:
    """Write blocks, one after another, with the keys of `value_keys`, or `None` where no script will look for them."""
    return "\n".join(_block(block, keys) for block in blocks)


def _block(block: Block, keys: Keys | None) -> str:
    match block:
        case Heading(text, level):
            return element(f"h{min(level + 1, 6)}", in_line(text))
        case Paragraph(parts):
            return element("p", *sentence(parts, keys))
        case Formula(expression, note):
            beside = element("span", in_line(note), class_="note") if note else ""
            return element("div", mathml(expression, keys, block=True), beside, class_="formula")
        case Values(symbol):
            return values(block, keys, None if keys is None else keys.get(symbol))
        case Table():
            return _table(block, keys)
        case Listing(code, language):
            return element("pre", element("code", escaped(code), class_=f"language-{language}"))
        case Verdict(ok, parts):
            word, name = {True: ("✓ right", "right"), False: ("✗ wrong", "wrong"), None: ("? open", "open")}[ok]
            return element("p", element("strong", word), " ", *sentence(parts, keys), class_=f"verdict {name}")
        case Picture(svg, alt):
            # As an image it can neither run a script nor fetch anything.
            address = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")
            return element("figure", f'<img src="{address}" alt="{escaped(alt)}">', class_="picture")
        case Blank():
            return _blank(block, keys)


def sentence(parts: Iterable[Part], keys: Keys | None) -> list[str]:
    """Write words and formulas in one flow."""
    return [in_line(part) if isinstance(part, str) else mathml(part, keys) for part in parts]


def in_line(text: str) -> str:
    """Write words, in which `backticks` set code."""
    pieces = re.split(r"`([^`]+)`", escaped(text))
    pieces[::2] = (_EXPONENT.sub(r"\1e−\2", words) for words in pieces[::2])
    pieces[1::2] = (element("code", code) for code in pieces[1::2])
    return "".join(pieces)


# A true minus sign, after which no line breaks.
_EXPONENT = re.compile(r"(\d)e-0?(\d)")


def _table(table: Table, keys: Keys | None) -> str:
    caption = element("caption", in_line(table.caption)) if table.caption else ""
    head = element("tr", *(element("th", in_line(text), scope="col") for text in table.header))
    rows = [element("tr", *(element("td", *sentence(cell, keys)) for cell in row)) for row in table.rows]
    return element("div", element("table", caption, element("thead", head), element("tbody", *rows)), class_="scrolls")


def _blank(blank: Blank, keys: Keys | None) -> str:
    """Draw a field for each entry of the answer: a row for each row, one column for a vector."""
    rows = blank.shape[0] if blank.shape else 1
    columns = blank.shape[1] if len(blank.shape) > 1 else 1
    cells = []
    for i in range(rows):
        fields = []
        for j in range(columns):
            index = {0: "", 1: f"[{i}]"}.get(len(blank.shape), f"[{i},{j}]")
            name = escaped(blank.label + index)
            field = f'<input name="{name}" aria-label="{name}" inputmode="decimal" autocomplete="off" size="8">'
            fields.append(element("td", field))
        cells.append(element("tr", *fields))
    return element("div", mathml(blank.symbol, keys), element("span", "="), element("table", *cells), class_="blank")
