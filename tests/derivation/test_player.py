"""The player, in a real browser. That no page asks for anything and none complains is held by `open_page`."""

import itertools
import re

import pytest
from tests.derivation import samples
from tests.derivation.corpus import CORPUS

from chainrule import derive
from chainrule.derivation.player import player

NETWORK = player(samples.network())
GRAPH = player(samples.graph())


def current(page):
    """The number of the one step that is to be seen."""
    (found,) = page.evaluate("[...document.querySelectorAll('.step')].filter(s => s.checkVisibility()).map(s => s.id)")
    assert page.locator(".status").inner_text().startswith(f"Step {found.removeprefix('step-')} of ")
    assert page.url.endswith(f"#{found}")
    return int(found.removeprefix("step-"))


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def lit(page):
    """Which place is lit, and by which ways, as (from, to, flow)."""
    return page.evaluate(
        """[[...document.querySelectorAll(".node.lit")].map(n => n.dataset.node), [...document.querySelectorAll(
        ".edge.forward, .edge.backward")].map(e => [e.dataset.from, e.dataset.to, e.classList.contains("forward")
        ? "forward" : "backward"]).sort()]"""
    )


def test_buttons(open_page):
    page = open_page(NETWORK)
    press(page, "Step forward")
    assert current(page) == 2
    press(page, "Step forward")
    press(page, "Step back")
    assert current(page) == 2
    press(page, "Last step")
    assert current(page) == 20
    assert page.get_by_role("button", name="Step forward", exact=True).is_disabled()
    press(page, "First step")
    assert current(page) == 1
    assert page.get_by_role("button", name="Step back", exact=True).is_disabled()


def test_keys(open_page):
    page = open_page(NETWORK)
    for key, step in (("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2), ("End", 20), ("Home", 1)):
        page.keyboard.press(key)
        assert current(page) == step
    page.keyboard.press("Control+ArrowRight")
    page.keyboard.press("Shift+End")
    page.keyboard.press("ArrowRight")
    assert current(page) == 2


def test_space_plays_and_pauses_once_even_on_a_button(open_page):
    page = open_page(NETWORK)
    running = "document.documentElement.classList.contains('running')"
    page.keyboard.press("Space")
    assert page.evaluate(running)
    page.get_by_role("button", name="Pause", exact=True).focus()
    page.keyboard.press("Space")
    assert not page.evaluate(running)
    assert page.get_by_role("button", name="Play", exact=True).is_visible()


def test_playing_goes_on_to_the_end_and_stops(open_page):
    page = open_page(GRAPH, "#step-7")
    page.clock.install(time=0)
    press(page, "Play")
    page.clock.run_for(3000)
    assert current(page) == 8
    page.get_by_label("Speed").select_option("4×")
    page.clock.run_for(1600)
    assert current(page) == 10
    assert page.get_by_role("button", name="Play", exact=True).is_visible()
    press(page, "Play")  # begins anew
    page.clock.run_for(10)
    assert current(page) == 1


def test_a_step_by_hand_pauses(open_page):
    page = open_page(NETWORK)
    press(page, "Play")
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("button", name="Play", exact=True).is_visible()


def test_slider(open_page):
    page = open_page(NETWORK)
    slider = page.get_by_role("slider")
    slider.fill("12")
    assert current(page) == 12
    assert slider.get_attribute("aria-valuetext") == page.locator(".status").inner_text()
    slider.focus()
    page.keyboard.press("ArrowRight")  # the slider's own
    assert current(page) == 13
    page.keyboard.press("Home")
    assert current(page) == 1


def test_address(open_page):
    page = open_page(NETWORK, "#step-7", height=300)
    assert current(page) == 7
    assert page.evaluate("document.documentElement.scrollHeight") > 600
    assert page.evaluate("window.scrollY") == 0  # the graph is to be seen, and not the step alone
    page.evaluate("location.hash = '#step-9'")
    page.wait_for_function("document.querySelector('.status').textContent.startsWith('Step 9 ')")
    assert current(page) == 9


def test_an_unknown_address_is_the_beginning(open_page):
    page = open_page(NETWORK, "#step-700")
    assert page.locator(".status").inner_text().startswith("Step 1 of 20")


def test_forward_and_backward_are_lit_in_their_direction(open_page):
    derivation = samples.graph()
    x, y, p, s = (q.key for q in derivation.quantities[:-1])
    page = open_page(GRAPH, "#step-3")
    assert lit(page) == [[p], sorted([[x, p, "forward"], [y, p, "forward"]])]
    forward = page.locator(".edge.forward > path").first
    style = "p => [getComputedStyle(p).strokeDasharray, getComputedStyle(p).markerStart, getComputedStyle(p).markerEnd]"
    assert forward.evaluate(style) == ["none", "none", 'url("#arrow-forward")']
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")  # ∂C/∂x, from p and from s
    assert lit(page) == [[x], sorted([[x, p, "backward"], [x, s, "backward"]])]
    dashes, start, end = page.locator(".edge.backward > path").first.evaluate(style)
    assert dashes != "none"  # without colour, too
    assert (start, end) == ('url("#arrow-backward")', "none")
    assert "← backward" in page.locator(".status").inner_text()
    assert page.locator(".node.returned").count() == 4


def test_symbols_show_their_values(open_page):
    page = open_page(NETWORK, "#step-7")
    tip = page.get_by_role("tooltip")
    symbols = page.locator("#step-7 .formula [data-key]")
    for i, shape in enumerate(("3 entries", "3 × 4", "4 entries", "3 entries")):
        symbols.nth(i).hover()
        assert shape in tip.inner_text()
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    symbols.nth(1).focus()
    assert "3 × 4" in tip.inner_text()
    page.keyboard.press("ArrowRight")  # steps on, and lets go of the value
    assert current(page) == 8
    assert tip.is_hidden()


def test_places_in_the_graph_show_their_values(open_page):
    page = open_page(NETWORK)
    page.locator(".node").nth(1).focus()
    assert page.get_by_role("tooltip").is_visible()
    page.locator("[data-node] >> nth=0").hover()
    assert page.get_by_role("tooltip").is_visible()


def test_a_derivative_shows_its_value(open_page):
    page = open_page(GRAPH, "#step-8")
    whole = page.locator("#step-8 h2 [data-key]")
    assert whole.count() == 1
    whole.hover()
    assert "1 × 3" in page.get_by_role("tooltip").inner_text()


def test_all_steps_at_once(open_page):
    page = open_page(NETWORK)
    page.get_by_label("All steps").check()
    assert page.locator(".step:visible").count() == 20
    page.get_by_label("All steps").uncheck()
    assert page.locator(".step:visible").count() == 1


@pytest.mark.parametrize("width", [320, 400, 1280, 2200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_width_makes_the_page_scroll_sideways(open_page, width, scheme):
    for html in (NETWORK, GRAPH):
        page = open_page(html, width=width, color_scheme=scheme)
        page.get_by_label("All steps").check()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_script_every_step_is_readable_in_order(open_page):
    page = open_page(NETWORK, java_script_enabled=False)
    assert page.get_by_text("The player needs JavaScript.").is_visible()
    assert open_page(NETWORK).get_by_text("The player needs JavaScript.").is_hidden()
    assert page.locator(".controls").is_hidden()
    titles = page.locator(".step:visible h2 .count").all_inner_texts()
    assert titles == [f"Step {i}" for i in range(1, 21)]
    assert page.locator("svg.drawing").is_visible()


def test_on_paper_every_step_is_printed(open_page):
    page = open_page(NETWORK)
    page.emulate_media(media="print")
    assert page.locator(".step:visible").count() == 20
    assert page.locator(".controls").is_hidden()


def test_calm_where_calm_is_wanted(open_page):
    moving = "getComputedStyle(document.querySelector('.edge.backward')).animationName"
    for motion, name in (("reduce", "none"), ("no-preference", "returning")):
        page = open_page(NETWORK, "#step-14", reduced_motion=motion)
        press(page, "Play")
        assert page.evaluate(moving) == name


def test_what_is_spoken(open_page):
    page = open_page(NETWORK, "#step-7")
    status = page.get_by_role("status")
    assert status.get_attribute("aria-live") == "polite"
    assert status.inner_text() == "Step 7 of 20, forward → z₁"
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, input, select')].filter(e => !e.ariaLabel && !e.labels?.length).length"
    )
    assert unnamed == 0


def test_markup_from_source_is_text(open_page):
    html = player(samples.hostile())
    assert len(re.findall("<script", html)) == 2
    assert not re.findall(r"<[^>]*\sonerror=", html)
    page = open_page(html)
    assert "<script>alert('name')</script>" in page.locator("h1").inner_text()
    page.get_by_label("All steps").check()
    assert '# <script>alert("p")</script>' in page.locator("main").inner_text()


def test_the_papers_network_is_a_small_page():
    html = player(samples.network(784, 30, 10))
    assert len(html.encode()) < 300_000  # its arrays in numbers would be ten times as much
    assert html.count("28 × 28") >= 3


def test_every_kind_of_function_can_be_played(open_page):
    """No page scrolls sideways on a telephone, and in every drawing all places are apart."""
    page = open_page("<!DOCTYPE html>", width=400, height=800)
    for f, args in CORPUS:
        page.set_content(player(derive(f)(*args)))
        page.get_by_label("All steps").check()
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, f.__name__
        frames = page.evaluate(
            """[...document.querySelectorAll(".node")].map(node => node.getBoundingClientRect())
            .map(box => [box.left, box.top, box.right, box.bottom])"""
        )
        for (l0, t0, r0, b0), (l1, t1, r1, b1) in itertools.combinations(frames, 2):
            assert r0 <= l1 or r1 <= l0 or b0 <= t1 or b1 <= t0, f.__name__
