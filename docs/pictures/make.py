"""Make the pictures of README and docs anew: what the commands really print, as SVG.

``make pictures`` runs this. Each picture is a run of a command in an empty folder, its output drawn by rich.
An SVG so made would load a font from elsewhere; here it takes the reader's own and fetches nothing.
"""

import os
import pty
import re
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from chainrule.datasets import digits

HERE = Path(__file__).parent
COLUMNS = 84
EPOCHS = "8"
FONTS = 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace'


def main(folder: Path = HERE) -> None:
    """Write training.svg and prediction.svg.

    Parameters
    ----------
    folder
        Where to write them.
    """
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        save_digit(work / "digit.png")
        # Through a pipe there is no progress bar, whose redrawing a still picture cannot show.
        trained = run(work, "train", "--epochs", EPOCHS, terminal=False)
        read = run(work, "predict", "network.safetensors", "digit.png", terminal=True)
    draw(f"chainrule train --epochs {EPOCHS}", trained, folder / "training.svg")
    draw("chainrule predict network.safetensors digit.png", read, folder / "prediction.svg")


def save_digit(path: Path) -> None:
    """Save one of the test's digits as a person would have it: dark ink on light paper, and larger."""
    ink = digits().test.x[9].reshape(28, 28)
    Image.fromarray(np.uint8(255 * (1 - ink))).resize((280, 280)).save(path)


def run(folder: Path, *arguments: str, terminal: bool) -> str:
    """Run ``chainrule`` with colours, in a terminal or through a pipe, and return what it printed."""
    command = [sys.executable, "-m", "chainrule", *arguments]
    colourful = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": str(COLUMNS)}
    environment = os.environ | colourful | {"PYTHONIOENCODING": "utf-8"}
    environment.pop("NO_COLOR", None)
    if not terminal:
        done = subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE)  # noqa: S603
        return done.stdout.decode()
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=theirs)  # noqa: S603
        os.close(theirs)
        printed = b"".join(iter(lambda: read(screen.fileno()), b""))
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, command, printed)
    return printed.decode().replace("\r\n", "\n")


def read(screen: int) -> bytes:
    """Read what a terminal shows next; nothing, once the program on it has ended."""
    try:
        return os.read(screen, 65536)
    except OSError:  # on Linux a terminal that nobody writes to any more is an error, not an end
        return b""


def draw(command: str, printed: str, path: Path) -> None:
    """Draw a command and what it printed as a terminal window."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), color_system="truecolor", force_terminal=True)
    console.print(Text.assemble(("$ ", "dim"), (command, "bold")), Text.from_ansi(printed.rstrip()), sep="\n")
    svg = console.export_svg(title="chainrule", theme=DIMMED_MONOKAI, unique_id=path.stem)
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("font-family: Fira Code, monospace", f"font-family: {FONTS}")
    # Stretch the letters, not the gaps between them: the blocks of a bar must touch.
    svg = svg.replace(" textLength=", ' lengthAdjust="spacingAndGlyphs" textLength=')
    path.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
