import io
import sys

import pytest
import rich
from rich.console import Console

from chainrule.descent import History, progress


@pytest.fixture
def screen(monkeypatch):
    """Put rich's own console on a page that the test can read; returns a function that does so."""

    def open_screen(**options):
        page = io.StringIO()
        console = Console(file=page, width=100, **options)
        monkeypatch.setattr(rich, "get_console", lambda: console)
        return page

    return open_screen


def train(shown=True, first=3, last=4, **fields):
    """What the loop does with a bar: two epochs of four steps."""
    history = History(**fields)
    with progress.progress_bar(history, first=first, last=last, examples=4, shown=shown) as report:
        for epoch in range(first, last + 1):
            for done in range(1, 5):
                report(done, 0.25 * done)
            history.epochs.append(epoch)
            history.cost.append(0.125)
            history.accuracy.append(0.9512)
            history.examples_per_second.append(123456.7)


def test_a_terminal_shows_epoch_cost_accuracy_and_time_left(screen):
    page = screen(force_terminal=True)
    train()
    text = page.getvalue()
    assert "epoch 3/4" in text
    assert "cost 0.2500" in text
    last = next(line for line in reversed(text.splitlines()) if "epoch" in line)
    for part in ("epoch 4/4", "cost 0.1250", "accuracy 95.12 %", "123,457 examples/s", "left"):
        assert part in last


def test_it_says_whether_the_steps_are_compiled(screen):
    page = screen(force_terminal=True)
    train(compiled=True)
    assert "examples/s, compiled" in page.getvalue()
    page = screen(force_terminal=True)
    train()
    assert "compiled" not in page.getvalue()


def test_it_draws_a_few_times_a_second_and_not_at_every_step(screen, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress, "perf_counter", lambda: now[0])
    page = screen(force_terminal=True)
    history = History()
    with progress.progress_bar(history, first=1, last=1, examples=10_000, shown=True) as report:
        for done in range(1, 10_001):
            now[0] += 1e-4
            report(done, 1.0)
    assert 3 <= page.getvalue().count("cost") <= 6


def test_a_file_gets_one_line_without_control_characters(screen):
    page = screen()
    train()
    lines = page.getvalue().splitlines()
    assert [line for line in lines if line.strip()] == [lines[0]]
    assert lines[0].startswith("epoch 4/4")
    assert "accuracy 95.12 %" in lines[0]
    assert "\x1b" not in page.getvalue()


@pytest.mark.parametrize("options", [{"shown": False}, {"first": 5, "last": 4}])
def test_it_is_quiet_when_told_so_and_when_there_is_nothing_to_do(screen, options):
    page = screen(force_terminal=True)
    train(**options)
    assert page.getvalue() == ""


def test_an_interrupted_first_epoch_leaves_the_terminal_in_order(screen):
    page = screen(force_terminal=True)

    def broken_off():
        with progress.progress_bar(History(), first=1, last=2, examples=4, shown=True) as report:
            report(1, 1.0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert "\x1b[?25h" in page.getvalue()  # the cursor is visible again


def test_prints_of_the_callback_stand_above_the_bar(screen):
    page = screen(force_terminal=True)
    with progress.progress_bar(History(), first=1, last=1, examples=1, shown=True) as report:
        report(1, 1.0)
        print("hello from after_epoch", file=sys.stdout)
    assert "hello from after_epoch" in page.getvalue()
