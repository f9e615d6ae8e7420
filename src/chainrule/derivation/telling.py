"""What a derivation says, in words and formulas."""

from typing import TYPE_CHECKING

from chainrule.document import Document

if TYPE_CHECKING:
    from chainrule.derivation.derivation import Derivation


def document(derivation: "Derivation") -> Document:
    """Tell a derivation, block by block."""
    return Document(f"The derivative of {derivation.name}", ())
