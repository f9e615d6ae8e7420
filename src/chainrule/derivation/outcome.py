"""What the checks of a derivation came to, in a sentence."""

from typing import TYPE_CHECKING

from chainrule.document import Verdict

if TYPE_CHECKING:
    from chainrule.derivation.derivation import Derivation


def outcome(derivation: "Derivation") -> Verdict:
    """Count the steps back that were checked, and say what was found.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import derive
    >>> outcome(derive(np.sin)(0.5)).parts
    ('1 step was checked against numerical derivatives: it is right.',)
    >>> outcome(derive(np.floor)(1.0)).parts
    ('No step could be checked against numerical derivatives.',)
    """
    # That the derivative of the result by itself is 1 needs no check.
    checks = [step.check.ok for step in derivation.steps if step.contributions]
    checked, wrong, unchecked = len(checks) - checks.count(None), checks.count(False), checks.count(None)
    if not checked:
        return Verdict(None, ("No step could be checked against numerical derivatives.",))
    if wrong:
        found = f"{wrong} of them {'is' if wrong == 1 else 'are'} wrong" if checked > 1 else "it is wrong"
    else:
        found = "all are right" if checked > 1 else "it is right"
    steps = "1 step was" if checked == 1 else f"{checked} steps were"
    others = f" {unchecked} could not be checked." if unchecked else ""
    return Verdict(not wrong, (f"{steps} checked against numerical derivatives: {found}.{others}",))
