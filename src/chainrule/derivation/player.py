"""A derivation as one HTML file, in which it can be played step by step.

Everything stands in the page in order and can be read without a script; the script adds the player. The page fetches
nothing and works offline.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chainrule.derivation.composing import composition
from chainrule.derivation.drawing import svg
from chainrule.derivation.outcome import outcome
from chainrule.derivation.scenes import Flow, Scene, scenes
from chainrule.document import Block, Equation, Formula
from chainrule.document.markup import element, escaped
from chainrule.document.mathml import Keys, mathml
from chainrule.document.page import STYLES, asset, blocks_html, in_line, page, value_keys
from chainrule.document.text import text

if TYPE_CHECKING:
    from chainrule.derivation.derivation import Derivation

_WORDS: dict[Flow, str] = {"forward": "forward →", "backward": "← backward", "update": "↻ update"}
_SPEEDS = (("0.5", "½×"), ("1", "1×"), ("2", "2×"), ("4", "4×"))
_ICONS = {
    "first": "M4 4h2.4v12H4zM16 4v12l-8.4-6z",
    "back": "M14.5 4v12L5.5 10z",
    "play": "M6 3.5v13l10.5-6.5z",
    "pause": "M5 4h3.4v12H5zM11.6 4H15v12h-3.4z",
    "forward": "M5.5 4v12l9-6z",
    "last": "M13.6 4H16v12h-2.4zM4 4v12l8.4-6z",
}


def player(derivation: "Derivation") -> str:
    """Write a derivation as a page with a player.

    Returns
    -------
    str
        The page: one HTML file, which holds all that it needs.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule
    >>> from chainrule.derivation.deriving import derive
    >>> derivation = derive(lambda x: np.sum(x * x))(np.array([1.0, 2.0]))
    >>> "<h1>" in player(derivation)
    True
    """
    told = scenes(derivation)
    keys = value_keys(block for scene in told for block in scene.blocks)
    drawing = svg(derivation)
    sections = [_section(i, scene, keys) for i, scene in enumerate(told, start=1)]
    stage = element("div", _graph(drawing), _controls(told), class_="stage")
    # A drawing that is wider than half a page stands above the steps, and not beside them.
    side = "beside" if _width(drawing) <= 680 else "above"
    title = f"The derivative of {derivation.name}, step by step"
    body = [
        element("header", element("h1", in_line(title)), _lead(derivation, keys)),
        element("p", _WITHOUT_SCRIPT, class_="unplayed"),
        element("div", stage, element("main", *sections, class_="steps"), class_=f"player {side}"),
    ]
    return page(
        title,
        "\n".join(body),
        styles=[*STYLES, asset("drawing.css", __package__), asset("player.css", __package__)],
        scripts=[asset("values.js"), asset("player.js", __package__)],
    )


_WITHOUT_SCRIPT = "The player needs JavaScript. Without it, every step stands below, in order."
_HELP = (
    "Point at a symbol, or focus it, to see its value; Escape closes it. Keys: ← and → step, space plays, "
    "Home and End go to the first and the last step."
)


def _lead(derivation: "Derivation", keys: Keys) -> str:
    """Say what is derived, and whether the checks found it right."""
    result = derivation.result.symbol
    whole = composition(derivation.quantities, derivation.result)
    blocks: list[Block] = []
    if whole != result:
        blocks.append(Formula(Equation((result, whole), ("=",))))
    blocks.append(outcome(derivation))
    return blocks_html(blocks, keys)


def _section(number: int, scene: Scene, keys: Keys) -> str:
    heading = element(
        "h2",
        element("span", f"Step {number}", class_="count"),
        " ",
        element("span", _WORDS[scene.flow], class_="flow"),
        " ",
        mathml(scene.title, keys),
        id=f"title-{number}",
    )
    return element(
        "section",
        heading,
        blocks_html(scene.blocks, keys),
        class_=f"step {scene.flow}",
        id=f"step-{number}",
        aria_labelledby=f"title-{number}",
        data_of=scene.of,
        data_others=" ".join(scene.others),
        data_flow=scene.flow,
        data_words=f"{_WORDS[scene.flow]} {text(scene.title)}",
    )


def _graph(drawing: str) -> str:
    legend = [
        element("span", element("span", class_=f"way {flow}"), f" {words}", class_="legend")
        for flow, words in (("forward", "forward: solid →"), ("backward", "backward: dashed ←"))
    ]
    frame = element("div", drawing, class_="graph", tabindex="0", role="region", aria_label="The graph")
    return element("figure", frame, element("figcaption", *legend), class_="place")


def _controls(told: Sequence[Scene]) -> str:
    buttons = [
        _button("first", "First step", "Home"),
        _button("back", "Step back", "←"),
        _button("play", "Play", "space", "pause"),
        _button("forward", "Step forward", "→"),
        _button("last", "Last step", "End"),
    ]
    turn = next((i for i, scene in enumerate(told, start=1) if scene.flow == "backward"), None)
    slider = f'<input type="range" min="1" max="{len(told)}" value="1" step="1" aria-label="Step" list="turn">'
    mark = element("datalist", element("option", value=turn, label="backward"), id="turn") if turn else ""
    speeds = [element("option", words, value=value, selected="" if value == "1" else None) for value, words in _SPEEDS]
    speed = element("label", "Speed ", element("select", *speeds))
    everything = element("label", '<input type="checkbox">', " All steps")
    return element(
        "div",
        element("p", class_="status", role="status", aria_live="polite"),
        element("div", *buttons, class_="buttons"),
        slider + mark,
        element("div", speed, everything, class_="options"),
        element("p", escaped(_HELP), class_="help"),
        class_="controls",
        role="group",
        aria_label="Player",
        hidden="",
    )


def _button(act: str, words: str, key: str, other: str = "") -> str:
    icons = [
        element(
            "svg",
            element("path", d=_ICONS[name]),
            viewBox="0 0 20 20",
            width=20,
            height=20,
            aria_hidden="true",
            class_=f"icon-{name}",
        )
        for name in (act, other)
        if name
    ]
    return element("button", *icons, type="button", data_act=act, aria_label=words, title=f"{words} ({key})")


def _width(drawing: str) -> int:
    return int(drawing.partition(' width="')[2].partition('"')[0])
