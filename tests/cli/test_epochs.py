import pytest

from chainrule.cli import epochs, show
from chainrule.descent import History


def table(history, width, glyphs=show.UNICODE):
    """The table as it has grown after the history's last epoch."""
    lines = [epochs.heading().plain]
    for end in range(1, len(history.epochs) + 1):
        so_far = History(
            history.epochs[:end], history.cost[:end], history.accuracy[:end], history.examples_per_second[:end]
        )
        lines.append(epochs.row(so_far, width, glyphs).plain)
    return lines


@pytest.fixture
def history():
    return History(
        epochs=[1, 2, 3, 29, 1000],
        cost=[0.19694, 0.0811, 0.0614, 0.0000712, 0.25],
        accuracy=[0.883, 0.911, 0.917, 1.0, 0.09],
        examples_per_second=[162_345.6, 1_234_567.0, 987.6, 54_000.0, 3.2],
    )


@pytest.mark.parametrize(("name", "glyphs"), [("unicode", show.UNICODE), ("ascii", show.ASCII)])
def test_table(golden, history, name, glyphs):
    lines = table(history, 80, glyphs)
    golden(f"epochs-{name}", "".join(line.rstrip() + "\n" for line in lines))
    assert max(map(len, lines)) <= 80


def test_a_narrow_table_has_no_drawing(history):
    assert all("█" not in line for line in table(history, 40))


def test_a_cost_of_zero_is_drawn_as_nothing():
    assert "█" not in epochs.row(History([1], [0.0], [1.0], [10.0]), 80).plain
