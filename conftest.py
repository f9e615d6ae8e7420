"""The examples of README and docs, run as tests: each page is one test, whose blocks run in order in one folder.

What a block's language says of it:

- ``python``, ``pycon``: runs; where it has prompts, its output is compared.
- ``console``: lines that begin with ``$`` are commands; where output follows, it is compared. A command whose output
  is shown to begin with ``Error:`` must fail so, and one that is shown to find something wrong must say so by its code.
- ``sh``, ``bash``: every line is a command.
- ``text``: is not run. Any other language, or none, fails the page, so that no block is passed over.

``chainrule`` is really run. Of a command that would build or install something, it is checked that what it names
exists. ``mnist/`` stands for the folder of MNIST's four files; it is there where CHAINRULE_MNIST names one.
Docstrings are run by pytest itself (``--doctest-modules``).
"""

import contextlib
import doctest
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from sybil import Document, Example, Region, Sybil
from sybil.evaluators.doctest import NUMBER, DocTestEvaluator, OutputChecker
from sybil.evaluators.python import PythonEvaluator
from sybil.example import SybilFailure
from sybil.parsers.abstract.doctest import DocTestStringParser
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

ROOT = Path(__file__).parent
# Programs that were compiled in tests are kept apart from the user's own, and only as long as the tests run.
CACHE = tempfile.TemporaryDirectory(prefix="chainrule-")
os.environ["CHAINRULE_CACHE"] = CACHE.name
# No test is timed: on a busy machine an example of hypothesis's may take long.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
# "..." stands for what differs from machine to machine; numbers are compared to the digits that are written; a long
# line of output may be broken.
COMPARISON = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | NUMBER
FENCES = RawFencedCodeBlockLexer(
    re.compile(r"(?P<language>[^\n]*)\n"), mapping={"language": "language", "source": "source"}
)
DOCTESTS = DocTestStringParser(DocTestEvaluator(COMPARISON))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take Markdown pages as tests."""
    return Page.from_parent(parent, path=file_path) if file_path.suffix == ".md" else None


class Page(pytest.File):
    """A Markdown page."""

    def collect(self) -> Iterator[pytest.Item]:
        """Give one test for the whole page: its blocks share names and files, and so cannot be parted."""
        yield Blocks.from_parent(self, name="blocks")


class Blocks(pytest.Item):
    """All blocks of a page, in order."""

    def runtest(self) -> None:
        """Run them in an empty folder; at the end, skip aloud if some could not run."""
        document = Sybil([blocks]).parse(self.path)
        mnist = os.environ.get("CHAINRULE_MNIST")
        left_out = []
        # What a page tells NumPy to print, and how, is forgotten after it.
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), np.printoptions():
            if mnist:
                Path("mnist").symlink_to(ROOT / mnist)
            for example in document.examples():
                if needs_mnist(example) and not mnist:
                    left_out.append(str(example.line))
                else:
                    example.evaluate()
        if left_out:
            reason = f"CHAINRULE_MNIST is not set: all of {self.path.name} ran but line {', '.join(left_out)}"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show where an example fails its page, without the machinery's own traceback."""
        return str(excinfo.value) if isinstance(excinfo.value, SybilFailure) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name the page."""
        return self.path, 0, self.nodeid.partition("::")[0]


def blocks(document: Document) -> Iterable[Region]:
    """Find every fenced block of a page, and give it the evaluator of its language."""
    for region in FENCES(document):
        language, source = region.lexemes["language"].partition(" ")[0], region.lexemes["source"]
        if language in ("python", "pycon") and source.startswith(">>>"):
            for example in DOCTESTS(source, document.path):
                example.adjust(region, source)
                yield example
        else:
            region.parsed, region.evaluator = source, EVALUATORS.get(language, unaccounted)
            yield region


def needs_mnist(example: Example) -> bool:
    """Say whether an example names the folder of MNIST's files."""
    return "mnist/" in getattr(example.parsed, "source", example.parsed)


def unaccounted(example: Example) -> str:
    """Fail: nobody would notice if this block were wrong."""
    return f"blocks of the language {example.region.lexemes['language']!r} are not run; see conftest.py."


def console(example: Example) -> str:
    """Run commands after a ``$`` each, and compare what they print with what the page shows."""
    for part in re.split(r"^\$ ", example.parsed, flags=re.MULTILINE)[1:]:
        line, _, expected = part.partition("\n")
        printed = command(line, code=2 if expected.startswith("Error: ") else int("✗ wrong" in expected))
        if expected.strip() and not OutputChecker().check_output(expected, printed, COMPARISON):
            return f"$ {line}\nshould print\n{expected}\nand printed\n{printed}"
    return ""


def shell(example: Example) -> None:
    """Run commands, one a line."""
    for line in example.parsed.splitlines():
        if shlex.split(line, comments=True):
            command(line)


def command(line: str, *, code: int = 0) -> str:
    """Run a line of a page if it is ours, and check that it could be run if it is another's; return its output."""
    program, *arguments = shlex.split(line, comments=True)
    program = program.removeprefix(".venv/bin/")
    if program == "chainrule":
        environment = os.environ | {"COLUMNS": "80", "NO_COLOR": "1"}
        done = subprocess.run(  # noqa: S603  (our own program, with what our own pages say)
            [sys.executable, "-m", "chainrule", *arguments], capture_output=True, text=True, env=environment
        )
        assert done.returncode == code, f"{line}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stderr if code == 2 else done.stdout
    match [program, *arguments]:
        case ["make", *targets]:
            missing = [target for target in targets if not re.search(rf"^{re.escape(target)}:", MAKEFILE, re.MULTILINE)]
            assert targets, f"{line}: name a target"
            assert not missing, f"{line}: the Makefile has no {', '.join(missing)}"
        case ["python" | "python3", "-m", module, *_]:
            assert importlib.util.find_spec(module), f"{line}: there is no module {module}"
        case ["pip", "install", "-e", target]:
            extras = re.fullmatch(r"\.(?:\[([a-z,]+)\])?", target)
            assert extras, f"{line}: {target} is not this project"
            assert set((extras[1] or "all").split(",")) <= set(PROJECT["optional-dependencies"]), line
        case ["ruff" | "mypy" | "mkdocs", *_]:
            assert shutil.which(program, path=Path(sys.executable).parent), f"{line}: {program} is not installed"
        case _:
            pytest.fail(f"{line}: no test knows what to make of this command; see conftest.py")
    return ""


EVALUATORS: dict[str, Any] = {
    "python": PythonEvaluator(),
    "console": console,
    "sh": shell,
    "bash": shell,
    "text": None,
}
