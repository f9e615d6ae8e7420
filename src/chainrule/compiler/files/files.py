"""Program files: a zip archive of one text, ``program.json``, and of arrays in NumPy's own format.

The text says what the program does: its plan, its arguments and results, its graph. No code is in a file, neither
Python's nor a machine's: what is read is data, and is checked before it is used (`check_plan`). Native code is made
from the plan where the program is to run, or is taken from that user's own cache.

==============  ======================================================================================================
``format``      "chainrule-program"
``version``     of the format: 1
``chainrule``   the version of chainrule that wrote the file
``name``        of the function
``names``       what the arrays and numbers in its arguments are called
``plan``        the fields of a `Plan`, as `chainrule.compiler.files.values` writes them
``arguments``   the positional and the named ones, with ``like`` in the place of arrays and numbers
``returned``    what is returned, with ``result`` in the place of results
``graph``       the recorded function; null where it has a step whose rule is a user's own
``arrays``      how many arrays there are: ``arrays/0.npy``, …
==============  ======================================================================================================
"""

import importlib.metadata
import io
import json
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chainrule import disk
from chainrule.compiler.arguments import Result, filled, take_apart, typed
from chainrule.compiler.files import graphs
from chainrule.compiler.files.checking import PlanError, check_plan
from chainrule.compiler.files.values import Reader, Writer
from chainrule.compiler.plan import Plan
from chainrule.disk import PathLike
from chainrule.errors import InputError, ProgramFileError
from chainrule.graph.graph import Graph
from chainrule.graph.structure import flatten

FORMAT = "chainrule-program"
VERSION = 1

_TEXT = "program.json"
_BAD_ZIP = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error, KeyError, ValueError)
_BAD_DATA = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, MemoryError)


class Contents(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    name : str
        The function's name.
    plan : Plan
        What is done.
    arguments : tuple
        The positional arguments and the named ones, with stand-ins for arrays.
    returned : nested structure
        What the function returns, with a `Result` for each of the plan's outputs.
    graph : Graph or None
        The function as it was recorded.
    names : list of str
        What the arrays and numbers in its arguments are called.
    """

    name: str
    plan: Plan
    arguments: tuple[tuple[Any, ...], dict[str, Any]]
    returned: Any
    graph: Graph | None
    names: list[str]


def write(path: PathLike, contents: Contents) -> None:
    """Write a program file in one step: readers see the old file or the new one, never a part of it.

    Parameters
    ----------
    path : str or path
        Where to write; an existing file is replaced.
    contents : Contents
        The program.

    Raises
    ------
    InputError
        The program has something in it that a file cannot hold.
    ProgramFileError
        The file cannot be written. What was there before is then still there.
    """
    writer = Writer()
    leaves: list[Any] = []
    take_apart(contents.arguments, [], leaves)
    text = {
        "format": FORMAT,
        "version": VERSION,
        "chainrule": _version(),
        "name": contents.name,
        "names": contents.names,
        "plan": writer.write(contents.plan),
        "arguments": writer.write(filled(contents.arguments, [graphs.like(x) for x in leaves])),
        "returned": writer.write(contents.returned),
        "graph": _graph(writer, contents.graph),
    }
    text["arrays"] = len(writer.arrays)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_member(_TEXT), json.dumps(text))
        for k, array in enumerate(writer.arrays):
            with archive.open(_member(_array(k)), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)
    disk.write_whole(path, data.getvalue(), ProgramFileError)


def _version() -> str:
    try:
        return importlib.metadata.version("chainrule")
    except importlib.metadata.PackageNotFoundError:  # run from its source, uninstalled
        return "unknown"


def _graph(writer: Writer, graph: Graph | None) -> Any:
    """Write a graph down; one with a user's own primitive, that became native code, has no names for its rules."""
    try:
        return writer.write(graph)
    except InputError:
        return None


def _member(name: str) -> zipfile.ZipInfo:
    """Name a part of the archive, with the same date in every file: equal programs have equal files."""
    return zipfile.ZipInfo(name)


def _array(k: int) -> str:
    return f"arrays/{k}.npy"


def read(path: PathLike, classes: Iterable[type] = ()) -> Contents:
    """Read a program file, and make sure that what it holds may be run.

    Parameters
    ----------
    path : str or path
        A file that `write` has written.
    classes : iterable of type
        The user's named tuples and dataclasses among the arguments and results.

    Returns
    -------
    Contents

    Raises
    ------
    ProgramFileError
        The file is missing, unreadable, damaged, not a program of chainrule's, or of another version.
    """
    text, arrays = _read_archive(path)
    if text.get("format") != FORMAT:
        raise ProgramFileError(f"{path} is not a program of chainrule's; give a file written by Program.save.")
    if text.get("version") != VERSION:
        raise ProgramFileError(
            f"{path} is of version {text.get('version')} of the format and this chainrule reads {VERSION}; "
            "compile the function again, and save that."
        )
    try:
        contents = _contents(Reader(arrays, classes), text)
        _check(contents)
    except InputError as error:
        raise ProgramFileError(f"{path} cannot be loaded: {error}") from None
    except LookupError as error:
        raise ProgramFileError(
            f"{path} was written by chainrule {text.get('chainrule')} and cannot be read by this one ({error}); "
            "compile the function again, and save that."
        ) from None
    except PlanError as error:
        raise ProgramFileError(f"{path} is damaged: in its plan, {error}; write the file anew.") from None
    except _BAD_DATA as error:
        raise ProgramFileError(f"{path} is damaged ({error}); write the file anew.") from None
    return contents


def _read_archive(path: PathLike) -> tuple[dict[str, Any], list[Any]]:
    try:
        with Path(path).open("rb") as file:
            data = file.read()
    except IsADirectoryError:
        raise ProgramFileError(f"{path} is a folder; give the name of a file in it.") from None
    except (OSError, ValueError) as error:
        raise ProgramFileError(f"{path} cannot be read: {disk.reason(error)}; check the path.") from None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > len(data):
                raise zipfile.BadZipFile("its parts are larger than the whole")
            text = json.loads(archive.read(_TEXT), parse_constant=_refuse_constant)
            if not isinstance(text, dict):
                raise zipfile.BadZipFile("its text is something else")
            return text, [_read_array(archive.read(_array(k))) for k in range(_count(text.get("arrays", 0)))]
    except (*_BAD_ZIP, *_BAD_DATA) as error:
        raise ProgramFileError(
            f"{path} is not a program file, or is damaged ({error}); give a file written by Program.save."
        ) from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"its text has a {name}")


def _count(n: Any) -> int:
    if type(n) is not int or n < 0:
        raise ValueError("it does not say how many arrays it holds")
    return n


def _read_array(data: bytes) -> Any:
    file = io.BytesIO(data)
    array = np.lib.format.read_array(file, allow_pickle=False)
    if file.read(1):
        raise ValueError("an array is larger than it says")
    return array


def _contents(reader: Reader, text: dict[str, Any]) -> Contents:
    positional, named = graphs.alike_within(reader.read(text["arguments"]))
    contents = Contents(
        text["name"],
        reader.read(text["plan"]),
        (positional, named),
        reader.read(text["returned"]),
        reader.read(text["graph"]),
        list(text["names"]),
    )
    words = [contents.name, *contents.names]
    if not all(isinstance(word, str) for word in words) or type(positional) is not tuple or type(named) is not dict:
        raise TypeError("its names or arguments are something else")
    return contents


def _check(contents: Contents) -> None:
    """Make sure that a plan may be run, and that its inputs and outputs are those of the function."""
    if not isinstance(contents.plan, Plan):
        raise PlanError("there is none")
    check_plan(contents.plan)
    leaves: list[Any] = []
    take_apart(contents.arguments, [], leaves)
    given = [(np.shape(x), x.dtype) for x in typed(leaves)]
    if given != [(view.shape, view.dtype) for view in contents.plan.inputs]:
        raise PlanError("the inputs are not the arguments")
    numbers = [x.number for x in flatten(contents.returned)[0] if type(x) is Result]
    if numbers != list(range(len(contents.plan.outputs))):
        raise PlanError("the outputs are not the results")
    if len(contents.names) != len(leaves) or not (contents.graph is None or isinstance(contents.graph, Graph)):
        raise PlanError("the names are not those of the arguments")
