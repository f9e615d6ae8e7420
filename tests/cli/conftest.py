"""What the commands' tests share: a run inside this process, golden files, a small trained network, small data.

The golden files hold what the commands print. After a wanted change, renew them and read the difference:

    CHAINRULE_RENEW_GOLDEN=1 python -m pytest tests/cli && git diff tests/cli/golden
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import rich

from chainrule import datasets
from chainrule.cli import main
from chainrule.datasets import Dataset
from chainrule.networks import Network

GOLDEN = Path(__file__).parent / "golden"
RENEW = "CHAINRULE_RENEW_GOLDEN"


@dataclass(frozen=True)
class Run:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one sentence of an error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("Error: ")
        return lines[0].removeprefix("Error: ")


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Run]]:
    """Run the command line in an empty folder, 80 columns wide."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for variable in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(variable, raising=False)
    rich.reconfigure()

    def command(*arguments: object) -> Run:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Run(int(ended.value.code or 0), printed.out, printed.err)

    yield command
    monkeypatch.undo()
    rich.reconfigure()


@pytest.fixture
def golden() -> Callable[..., None]:
    """Compare a text with its golden file, or write that file anew."""

    def compare(name: str, text: str, *, words_only: bool = False) -> None:
        path = GOLDEN / f"{name}.txt"
        if os.environ.get(RENEW):
            path.write_text(text, encoding="utf-8")
        expected = path.read_text(encoding="utf-8")
        hint = f"if the change is wanted: {RENEW}=1 python -m pytest tests/cli, and read the difference"
        if words_only:
            assert text.split() == expected.split(), hint
        else:
            assert text == expected, hint

    return compare


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return datasets.digits()


@pytest.fixture(scope="session")
def model(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has learnt to read digits, a little."""
    network = Network([784, 30, 10])
    network.fit(digits.train.x, digits.train.labels, epochs=3, progress=False)
    path = tmp_path_factory.mktemp("model") / "network.safetensors"
    network.save(path)
    return path


@pytest.fixture(scope="session")
def folder(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of IDX files, like MNIST's but with 600 images to train on and 100 to test on."""
    path = tmp_path_factory.mktemp("few")
    for part, examples in (("train", digits.train[:600]), ("t10k", digits.test[:100])):
        pixels = np.round(255 * examples.x).astype(np.uint8).reshape(-1, 28, 28)
        for kind, array in (("images-idx3", pixels), ("labels-idx1", examples.labels.astype(np.uint8))):
            header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
            (path / f"{part}-{kind}-ubyte").write_bytes(header + array.tobytes())
    return path
