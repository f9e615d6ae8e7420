"""What mkdocs does to every page: no line is broken within a fraction such as ∂C/∂y."""

import re
from typing import Any

WORD_JOINER = "\u2060"


def on_page_content(html: str, **_: Any) -> str:
    """Join what is to stay together, but for code, which readers copy."""
    parts = re.split(r"(<(?:pre|code)\b.*?</(?:pre|code)>)", html, flags=re.DOTALL)
    return "".join(
        part if part.startswith(("<pre", "<code")) else part.replace("/∂", f"/{WORD_JOINER}∂") for part in parts
    )
