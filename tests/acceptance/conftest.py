"""The product from outside: every command in a process of its own, as a user runs it.

Some of it needs data that are not in the repository: ``CHAINRULE_MNIST`` names the folder of MNIST's four IDX files,
``CHAINRULE_PAPER_NETWORK`` the pickle of the paper's own trained network. Without them these tests are skipped;
where ``CI`` is set they fail.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Chainrule = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def chainrule() -> Chainrule:
    """Run a command in a folder, and give what it printed; by default it must succeed."""

    def run(*arguments: object, folder: Path, code: int = 0) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [sys.executable, "-m", "chainrule", *map(str, arguments)],
            cwd=folder,
            env=os.environ | {"PYTHONIOENCODING": "utf-8", "COLUMNS": "80"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def accuracy() -> Callable[[str], float]:
    """Read the accuracy on the test images, in percent, out of what a command printed."""

    def read(printed: str) -> float:
        found = re.findall(r"^ *(\d+\.\d\d) % of the test images are read right", printed, re.MULTILINE)
        assert len(found) == 1, printed
        return float(found[0])

    return read


def needed(variable: str, what: str) -> Path:
    value = os.environ.get(variable)
    if value:
        return Path(value).resolve()
    reason = f"{variable} is not set: it must name {what}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def mnist() -> Path:
    return needed("CHAINRULE_MNIST", "the folder of MNIST's four IDX files")


@pytest.fixture(scope="session")
def paper_network() -> Path:
    return needed("CHAINRULE_PAPER_NETWORK", "the pickle of the paper's trained network")
