"""Points, part by part, and the file in which Gradescope's autograder wants them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.disk import PathLike, write_whole
from chainrule.errors import InputError


@dataclass(frozen=True)
class Part:
    """A part of what is graded.

    Attributes
    ----------
    name : str
    share : float
        Which share of its points it has earned, from 0 to 1.
    words : str
        Why, for the student.
    """

    name: str
    share: float
    words: str


def gradescope(parts: Sequence[Part], output: str, points: float = 10.0) -> dict[str, Any]:
    """Say in the form of Gradescope's autograder what each part has earned; all parts weigh the same.

    Parameters
    ----------
    parts : sequence of Part
    output : str
        What is told above them.
    points : float
        In all.

    Returns
    -------
    dict
        To be written as ``results.json``: https://gradescope-autograders.readthedocs.io/en/latest/specs/

    Examples
    --------
    >>> found = gradescope([Part("δ", 1.0, "Right."), Part("∂C/∂W", 0.0, "σ' is missing.")], "Half.", points=4)
    >>> found["score"], [test["status"] for test in found["tests"]]
    (2.0, ['passed', 'failed'])
    """
    each = points / max(len(parts), 1)
    tests = [
        {
            "name": part.name,
            "score": round(each * part.share, 6),
            "max_score": round(each, 6),
            "status": "passed" if part.share == 1 else "failed",
            "output": part.words,
            "visibility": "visible",
        }
        for part in parts
    ]
    score = round(sum(each * part.share for part in parts), 6)
    return {
        "score": score,
        "output": output,
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def write_gradescope(path: PathLike, parts: Sequence[Part], output: str, points: float = 10.0) -> None:
    """Write what each part has earned as Gradescope's ``results.json``, whole or not at all.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    found = gradescope(parts, output, points)
    write_whole(path, (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode(), InputError)
