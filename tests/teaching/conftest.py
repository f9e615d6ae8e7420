"""What the tests of teaching share: golden files.

After a wanted change, renew them and read the difference:

    CHAINRULE_RENEW_GOLDEN=1 python -m pytest tests/teaching && git diff tests/teaching/golden
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
RENEW = "CHAINRULE_RENEW_GOLDEN"


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a text with its golden file, or write that file anew."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get(RENEW):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"if the change is wanted: {RENEW}=1, and read the difference"

    return compare
