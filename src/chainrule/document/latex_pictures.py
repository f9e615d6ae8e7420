"""Arrays as pictures in LaTeX: rules in a picture environment, which every installation can draw.

What is positive is solid, what is negative is striped, so that both can be told apart in black and white.
"""

from itertools import groupby

from chainrule.document.numbers import Numbers, heat

_SHADES = 10
_WIDTH = 440.0  # points: a little less than a line


def heat_map(matrix: Numbers, rows: int = 24, columns: int = 56) -> str:
    """Draw a matrix, shrunk to so many rows and columns; cells are as large as the line allows.

    Parameters
    ----------
    matrix : array of shape (m, n)
    rows, columns : int
    """
    levels = heat(matrix, rows, columns)
    return _grid(levels, min(7.0, _WIDTH / levels.shape[1]))


def picture(pixels: Numbers, scale: float) -> str:
    """Draw one of several pictures that share a scale: the magnitude that is darkest.

    Parameters
    ----------
    pixels : array of shape (height, width)
    scale : float
    """
    levels = heat(pixels, 28, 28, scale)
    return _grid(levels, 72.0 / max(levels.shape))


def _grid(levels: Numbers, cell: float) -> str:
    height, width = levels.shape
    size = f"{width * cell:.2f},{height * cell:.2f}"
    drawn = [f"\\put(0,0){{\\color{{paper}}\\rule{{{width * cell:.2f}pt}}{{{height * cell:.2f}pt}}}}"]
    for i, row in enumerate(levels.tolist()):
        j = 0
        for shade, run in groupby(row, key=_shade):
            length = len(list(run))
            if shade != 0:
                drawn += _run(shade, j * cell, (height - 1 - i) * cell, length * cell, cell)
            j += length
    body = "%\n".join(drawn)
    return f"{{\\setlength{{\\unitlength}}{{1pt}}\\begin{{picture}}({size})\n{body}%\n\\end{{picture}}}}"


def _shade(level: float) -> int | None:
    """Round a level to a shade with its sign, 0 for none; None where it is not finite."""
    return None if level != level else round(level * _SHADES)


def _run(shade: int | None, x: float, y: float, width: float, height: float) -> list[str]:
    color = "black" if shade is None else f"{'up' if shade > 0 else 'down'}!{100 * abs(shade) // _SHADES}!paper"
    drawn = [f"\\put({x:.2f},{y:.2f}){{\\color{{{color}}}\\rule{{{width:.2f}pt}}{{{height:.2f}pt}}}}"]
    if shade is not None and shade < 0:
        stripe = height / 4
        drawn.append(
            f"\\put({x:.2f},{y + 1.5 * stripe:.2f}){{\\color{{paper}}\\rule{{{width:.2f}pt}}{{{stripe:.2f}pt}}}}"
        )
    return drawn
