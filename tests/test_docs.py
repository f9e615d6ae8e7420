"""The docs' site, the pictures, and what the root's conftest.py does with the examples of README and docs."""

import importlib
import os
import pkgutil
import re
import runpy
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest

import chainrule

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PICTURES = ("training.svg", "prediction.svg")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as strictly as mkdocs can: a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    built = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stdout + built.stderr
    assert "WARNING" not in built.stderr
    return folder


FETCHING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}


class Fetched(HTMLParser):
    """Collects what a browser would fetch to show a page; a link that one may follow is none of it."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        address = dict(attrs).get(FETCHING.get(tag, ""))
        if address:
            self.found.append(address)


def is_elsewhere(address):
    return re.match(r"\s*(?:https?:|//)", address) is not None


def test_every_page_of_the_site_fetches_from_itself_only(site):
    pages = sorted(site.rglob("*.html"))
    assert {site / "index.html", site / "guide" / "first-steps" / "index.html"} <= set(pages)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        parser = Fetched()
        parser.feed(text)
        assert parser.found, page
        assert [address for address in parser.found if is_elsewhere(address)] == [], page
        assert styles_from_elsewhere(text) == [], page


def test_the_styles_of_the_site_fetch_from_itself_only(site):
    styles = sorted(site.rglob("*.css"))
    assert styles
    for style in styles:
        assert styles_from_elsewhere(style.read_text(encoding="utf-8")) == [], style


def styles_from_elsewhere(text):
    return re.findall(r"(?:url\(|@import\s)\s*['\"]?\s*(?:https?:)?//[^)'\"]*", text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<link rel="stylesheet" href="https://fonts.example/roboto.css">', True),
        ('<script src="//cdn.example/maths.js"></script>', True),
        ('<a href="https://example.org">a link</a><img src="pictures/training.svg">', False),
    ],
)
def test_what_a_page_fetches_is_told_from_what_it_links_to(text, found):
    parser = Fetched()
    parser.feed(text)
    assert any(is_elsewhere(address) for address in parser.found) is found


def test_the_site_can_be_searched_and_turned_dark(site):
    text = (site / "index.html").read_text(encoding="utf-8")
    assert 'data-md-component="search"' in text
    assert 'data-md-color-scheme="slate"' in text
    assert (site / "search" / "search_index.json").exists()


def test_the_scripts_that_make_the_docs_are_not_published(site):
    assert not list(site.rglob("*.py"))


def public_objects():
    """Every public name of chainrule and of its folders, but for modules."""
    rooms = [chainrule, *(importlib.import_module(f"chainrule.{room.name}") for room in folders())]
    for room in rooms:
        for name in getattr(room, "__all__", ()):
            found = getattr(room, name)
            if not isinstance(found, ModuleType):
                yield f"{room.__name__}.{name}", found


def folders():
    return [module for module in pkgutil.iter_modules(chainrule.__path__) if module.ispkg and module.name != "cli"]


def test_every_public_name_has_its_place_in_the_api():
    named = re.findall(r"^::: (\S+)$", "\n".join(page.read_text(encoding="utf-8") for page in api_pages()), re.M)
    documented = [pkgutil.resolve_name(name) for name in named]
    missing = [name for name, found in public_objects() if not any(found is other for other in documented)]
    assert missing == []


def api_pages():
    return sorted((DOCS / "api").glob("*.md"))


def test_the_api_has_a_page_for_every_folder():
    assert {folder.name for folder in folders()} | {"errors"} == {page.stem for page in api_pages()}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_of_the_pages_outside_the_site_lead_somewhere(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#\s]+)", text) if not is_elsewhere(target)]
    assert [target for target in targets if not (ROOT / target).exists()] == []
    if name == "README.md":
        assert "docs/pictures/training.svg" in targets


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_fetches_nothing_and_is_small(name):
    text = (DOCS / "pictures" / name).read_text(encoding="utf-8")
    assert styles_from_elsewhere(text) == []
    assert re.findall(r"(?:href|src)\s*=\s*['\"](?!#)", text) == []
    assert len(text) < 150_000


def test_the_pictures_show_the_commands_as_they_are_now(tmp_path):
    """If this fails, the commands print something new: run ``make pictures``."""
    runpy.run_path(str(DOCS / "pictures" / "make.py"))["main"](tmp_path)
    for name in PICTURES:
        assert words(DOCS / "pictures" / name) == words(tmp_path / name), "run `make pictures`"


def words(picture):
    """The words in a picture; its numbers, and short words that go with a number, may differ between machines."""
    text = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", picture.read_text(encoding="utf-8")))
    return set(re.findall(r"[A-Za-z]{6,}", text.replace("&#160;", " ")))


FENCE = "`" * 3
PAGES = {
    "right": [("pycon", ">>> 1 + 1\n2"), ("python", "x = 3"), ("pycon", ">>> x / 7\n0.43"), ("text", "=)")],
    "wrong-output": [("pycon", ">>> 1 + 1\n3")],
    "wrong-number": [("pycon", ">>> 3 / 7\n0.44")],
    "error": [("python", "1 / 0")],
    "unknown-language": [("ruby", "puts 1")],
    "no-language": [("", "x = 3")],
    "files-are-shared": [("python", "open('a', 'w').close()"), ("pycon", ">>> import os; os.listdir()\n['a']")],
    "right-command": [("console", "$ chainrule --version\nchainrule ...")],
    "wrong-command-output": [("console", "$ chainrule --version\nchainrule none")],
    "failing-command": [("sh", "chainrule test nothing.safetensors")],
    "told-failure": [("console", "$ chainrule test nothing.safetensors\nError: ...nothing.safetensors...")],
    "untold-success": [("console", "$ chainrule --version\nError: ...")],
    "right-names": [("sh", "make test  # all of it\npython -m venv .venv\n.venv/bin/pip install -e '.[digits]'")],
    "wrong-target": [("sh", "make coffee")],
    "wrong-extra": [("sh", "pip install -e '.[coffee]'")],
    "foreign-command": [("sh", "rm -r coffee")],
    "mnist": [("console", "$ chainrule test nothing.safetensors --data mnist/")],
}
PASSING = {"right", "files-are-shared", "right-command", "told-failure", "right-names"}


@pytest.mark.parametrize("under_ci", [False, True])
def test_an_example_that_is_wrong_fails_its_page(tmp_path, under_ci):
    for name, page in PAGES.items():
        text = "\n\n".join(f"{FENCE}{language}\n{source}\n{FENCE}" for language, source in page)
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "CHAINRULE_MNIST")}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    if under_ci:
        environment["CI"] = "true"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", "-c", os.devnull, "-rA", "."],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    found = re.findall(r"^(PASSED|FAILED) (\S+)\.md::blocks", run.stdout, re.M)
    outcomes = {name: outcome for outcome, name in found}
    expected = {name: "PASSED" if name in PASSING else "FAILED" for name in PAGES}
    if not under_ci:
        del expected["mnist"]
        assert "CHAINRULE_MNIST is not set: all of mnist.md ran but line 1" in run.stdout
    assert outcomes == expected, run.stdout
