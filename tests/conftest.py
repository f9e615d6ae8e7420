"""What tests of several folders share: a real browser, and a real pdflatex."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

Open = Callable[..., Page]
Compile = Callable[..., str]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium; where there is none, skip aloud, and under CI fail."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        reason = "Chromium is not installed: pages are not tested in a real browser (apt install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=flags)
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open HTML as a file; at the end, hold that it asked for nothing else and that nothing went wrong in it."""
    asked: list[str] = []
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def opened(html: str, fragment: str = "", width: int = 1280, height: int = 900, **options: Any) -> Page:
        file = tmp_path / f"page-{len(contexts)}.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.goto(file.as_uri() + fragment)
        return page

    yield opened
    for context in contexts:
        context.close()
    beyond = [
        url for url in asked if not url.startswith("data:") and Path(url.partition("#")[0]).parent.name != tmp_path.name
    ]
    assert not beyond
    assert not complaints


@pytest.fixture
def pdflatex(tmp_path: Path) -> Compile:
    """Compile the source of a LaTeX document; return its log. Where there is no pdflatex, skip aloud, under CI fail."""
    if shutil.which("pdflatex") is None:
        reason = "pdflatex is missing (Debian: texlive-latex-recommended, lmodern): no LaTeX document was compiled"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)

    def compiled(source: str, runs: int = 1) -> str:
        (tmp_path / "it.tex").write_text(source, encoding="utf-8")
        for _ in range(runs):
            subprocess.run(
                ["pdflatex", "-interaction=nonstopmode", "-file-line-error", "it.tex"],
                cwd=tmp_path,
                capture_output=True,
            )
        assert (tmp_path / "it.pdf").exists()
        return (tmp_path / "it.log").read_text(encoding="utf-8", errors="replace")

    return compiled


def complaints(log: str) -> list[str]:
    """What pdflatex complains of: errors, warnings, and characters that its fonts lack."""
    return re.findall(r"^\./it\.tex:\d+:.*|.*Warning.*|Missing character.*", log, re.MULTILINE)


def too_wide(log: str, points: float) -> list[float]:
    """By how many points lines stick out of the page, where it is more than so many."""
    found = re.findall(r"Overfull \\hbox \((\d+\.\d+)pt too wide\)", log)
    return [float(width) for width in found if float(width) > points]
