"""The house: which folder may import which. Imports point one way only (the order of docs/design.md)."""

import ast
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import chainrule

SOURCE = Path(chainrule.__file__).parent

# Each may import those before it. Rooms in one line are neighbours that do not know each other.
FLOORS = [
    ["errors"],
    ["disk"],
    ["datasets", "document", "graph"],
    ["rules"],
    ["scipy"],
    ["differentiation"],
    ["compiler", "derivation"],
    ["descent"],
    ["networks"],
    ["teaching"],
    ["interop"],
    ["cli"],
]


def imported_rooms(path):
    """Every chainrule folder or file that a source file imports, lazily or not."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names] if node.level == 0 else ["chainrule.RELATIVE"]
            )
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("chainrule."))


def test_every_folder_has_its_floor():
    rooms = {path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms - {"__init__", "__main__"} == {room for floor in FLOORS for room in floor}


def test_imports_point_one_way():
    below: set[str] = set()
    wrong = []
    for floor in FLOORS:
        for room in floor:
            files = sorted((SOURCE / room).rglob("*.py")) or [SOURCE / f"{room}.py"]
            allowed = below | {room} - ({"descent", "networks", "graph"} if room == "datasets" else set())
            wrong += [
                f"{file.relative_to(SOURCE)} imports {other}"
                for file in files
                for other in imported_rooms(file)
                if other not in allowed and other != "__version__"
            ]
        below |= set(floor)
    assert not wrong


def test_networks_know_nothing_of_data_sets():
    for room in ("graph", "rules", "differentiation", "descent", "networks"):
        for file in (SOURCE / room).rglob("*.py"):
            assert "datasets" not in set(imported_rooms(file)), file


def packages():
    """Every package of the house, with the names of the modules in it."""
    found = [chainrule.__name__, *(m.name for m in pkgutil.walk_packages(chainrule.__path__, "chainrule.") if m.ispkg)]
    for name in found:
        package = importlib.import_module(name)
        yield package, {module.name for module in pkgutil.iter_modules(package.__path__)}


def given_names(package):
    """The names that a package takes from modules or makes itself, but for modules that it hands out as such."""
    for node in ast.parse(Path(package.__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module != package.__name__:
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name


def test_no_module_hides_a_public_name():
    """Whichever is imported last would be found under the name: the module, or what it is named after."""
    hidden = [
        f"{package.__name__}.{name}" for package, modules in packages() for name in modules & {*given_names(package)}
    ]
    assert not hidden


def test_no_module_takes_the_name_of_a_function_of_scipy():
    hidden = []
    for package, modules in packages():
        if package.__name__.startswith("chainrule.scipy"):
            theirs = importlib.import_module(package.__name__.removeprefix("chainrule."))
            names = {name for name in modules if not isinstance(getattr(theirs, name, package), ModuleType)}
            hidden += [f"{package.__name__}.{name}" for name in names]
    assert not hidden
