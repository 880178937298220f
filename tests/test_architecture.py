"""The house: which sub-room may import which, what a worker may need, and what a folder may hold.

``ARROWS`` is the table to read, and to change when a sub-room is added. Everything is read off the sources.
"""

from __future__ import annotations

import ast
import functools
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("cases", "adapters", "reports")
FRAMEWORKS = {"tensorflow", "torch", "jax", "keras", "flax", "onnx"}
RUNTIMES = {"onnxruntime"}
"""What runs the models of a framework, whose adapter may import it too."""
_REPORTED = "cases* adapters* reports.recording reports.judging reports.pages"
_FURTHER = "reports.shrinking reports.comparing reports.power reports.deconvnet reports.surfaces reports.exporting"

ARROWS = {
    # a sub-room            the sub-rooms that it may import; a module that stands in a room itself belongs to the room
    "cases": "",
    "cases.model": "",
    "cases.loading": "cases.model",
    "cases.coverage": "cases.model cases.loading",
    "cases.drawing": "cases.model cases.loading cases.coverage",
    "cases.explain": "cases.model cases.loading",
    "cases.__main__": "cases.*",
    # adapters: base, outcome, wire, program and call stand in the room itself
    "adapters": "cases.model",
    "adapters.worker": "cases.model adapters",
    "adapters.writing": "cases.model adapters",
    "adapters.engine": "cases.model adapters adapters.worker",
    "adapters.check": "cases.model adapters adapters.worker adapters.engine",
    "adapters.__main__": "adapters.engine adapters.check",
    "adapters.tensorflow": "cases.model adapters adapters.writing",
    "adapters.torch": "cases.model adapters adapters.writing",
    "adapters.jax": "cases.model adapters adapters.writing",
    "adapters.keras": "cases.model adapters adapters.writing",
    "adapters.flax": "cases.model adapters adapters.writing adapters.jax",
    "adapters.onnx": "cases.model adapters adapters.writing",
    "adapters.oracle": "cases.model adapters",
    "adapters.document": "cases.model adapters",
    "adapters.mutants": "cases.model cases.loading adapters adapters.oracle",
    # reports: all may import the other two rooms
    "reports": "",
    "reports.recording": "cases* adapters*",
    "reports.judging": "cases* adapters* reports.recording",
    "reports.pages": "cases* adapters* reports.recording reports.judging",
    "reports.plugin": f"{_REPORTED} reports.shrinking reports.comparing",
    "reports.commands": f"{_REPORTED} {_FURTHER}",
    "reports.surfaces": _REPORTED,
    "reports.comparing": _REPORTED,
    "reports.exporting": "cases* adapters* reports.recording reports.judging",
    "reports.shrinking": _REPORTED,
    "reports.power": _REPORTED,
    "reports.deconvnet": _REPORTED,
    "reports.__main__": "cases* reports.*",
}
"""A sub-room may always import itself. Nothing may import ``__main__`` or ``conftest``; tests may import the rest."""

ANY_WORKER = (
    "adapters",
    "adapters.worker",
    "adapters.writing",
    "adapters.oracle",
    "adapters.document",
    "cases.model",
)
"""What a worker imports beside its framework's adapter. It needs the standard library and NumPy."""
LATE = {"ml_dtypes", "jaxlib", *RUNTIMES}
"""What these may import inside a function beside a framework: arrays of bfloat16 need the first, JAX has the second."""
BUILT_ON = {"keras": {"tensorflow", "torch", "jax"}}
"""The frameworks that another computes with: its adapter sets them up, one in a process."""
MOST_ENTRIES = 15
"""Modules and code folders in one folder.

``__init__``, ``__main__``, README.md and folders of data do not count, nor do frameworks: there are as many as we ask.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One imported module; ``late`` if the statement stands in a function."""

    module: str
    line: int
    late: bool


def _paths(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


IN_ROOMS = _paths(*ROOMS)
SOURCES = [*IN_ROOMS, *_paths("tests", "benchmarks"), *sorted(ROOT.glob("*.py"))]
MODULES = {_module(path): path for path in SOURCES}


@functools.cache
def _imports(path: Path) -> tuple[Import, ...]:
    return tuple(_found(ast.parse(path.read_text(encoding="utf-8")), path, late=False))


def _found(node: ast.AST, path: Path, *, late: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(module=alias.name, line=child.lineno, late=late) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"{_name(path)}:{child.lineno}: a relative import; write the module in full"
            for alias in child.names:
                full = f"{child.module}.{alias.name}"
                yield Import(module=full if full in MODULES else str(child.module), line=child.lineno, late=late)
        else:
            is_function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
            yield from _found(child, path, late=late or is_function)


def _top(module: str) -> str:
    return module.partition(".")[0]


def _sub_room(module: str) -> str:
    """Return the sub-room of a module: its first two names where that is a package or ``__main__``, else the room."""
    room, *rest = module.split(".")
    folder = ROOT / room / rest[0] if rest else None
    is_own = folder is not None and ((folder / "__init__.py").exists() or rest[0] == "__main__")
    return f"{room}.{rest[0]}" if is_own else room


def _may(importing: str, imported: str) -> bool:
    return importing == imported or any(fnmatchcase(imported, allowed) for allowed in ARROWS[importing].split())


def test_the_rooms_are_there() -> None:
    assert {"cases/model/case.py", "adapters/base.py"} <= {_name(path) for path in SOURCES}


def test_each_sub_room_has_its_row() -> None:
    assert {_sub_room(_module(path)) for path in IN_ROOMS} - ARROWS.keys() == set(), "ARROWS lacks rows"


@pytest.mark.parametrize("path", IN_ROOMS, ids=_name)
def test_imports_follow_the_arrows(path: Path) -> None:
    importing = _sub_room(_module(path))
    wrong = [
        f"{_name(path)}:{found.line} imports {found.module}; "
        f"{importing} may import only: {ARROWS[importing] or 'no other sub-room'}"
        for found in _imports(path)
        if _top(found.module) in ROOMS and not _may(importing, _sub_room(found.module))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_nothing_imports_conftest(path: Path) -> None:
    assert "conftest" not in {_top(found.module) for found in _imports(path)}


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Late imports apart: they are made when both modules are there."""
    graph = {
        module: {found.module for found in _imports(path) if found.module in MODULES and not found.late} - {module}
        for module, path in MODULES.items()
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"imported in a circle: {' <- '.join(error.args[1])}")


def _is_any_worker_s(path: Path) -> bool:
    return _sub_room(_module(path)) in {*ANY_WORKER, *(f"adapters.{framework}" for framework in FRAMEWORKS)}


@pytest.mark.parametrize("path", [path for path in IN_ROOMS if _is_any_worker_s(path)], ids=_name)
def test_a_worker_needs_numpy_alone(path: Path) -> None:
    """Beside the standard library, and beside the framework, whose own test is below."""
    at_hand = {*sys.stdlib_module_names, *ROOMS, "numpy"}
    wrong = [
        f"{_name(path)}:{found.line} imports {found.module}; a worker has the standard library and NumPy alone"
        for found in _imports(path)
        if _top(found.module) not in (at_hand | LATE | FRAMEWORKS if found.late else at_hand)
    ]
    assert not wrong, "\n".join(wrong)


def _may_import_frameworks(path: Path) -> bool:
    return path.parent == ROOT / "benchmarks" or path.parent in {ROOT / "adapters" / name for name in FRAMEWORKS}


@pytest.mark.parametrize("path", [path for path in SOURCES if not _may_import_frameworks(path)], ids=_name)
def test_only_a_framework_s_adapter_imports_it(path: Path) -> None:
    assert (FRAMEWORKS | RUNTIMES).isdisjoint(_top(found.module) for found in _imports(path))


@pytest.mark.parametrize("framework", sorted(FRAMEWORKS))
def test_a_framework_s_adapter_imports_it_alone_and_late(framework: str) -> None:
    paths = _paths(f"adapters/{framework}")
    assert paths
    for path in paths:
        found = [each for each in _imports(path) if _top(each.module) in FRAMEWORKS | RUNTIMES]
        assert {_top(each.module) for each in found} - RUNTIMES <= {framework, *BUILT_ON.get(framework, ())}
        assert all(each.late for each in found), f"{_name(path)} imports {framework} at its top"


def test_the_parent_process_holds_no_framework() -> None:
    """All of the parent's modules, imported in a fresh interpreter."""
    reports = [_module(path) for path in _paths("reports") if not path.stem.startswith("__")]
    modules = ["cases.loading.load", "adapters.engine.pool", "adapters.check.check", *reports]
    program = f"import sys, {', '.join(modules)}\nprint(sorted({FRAMEWORKS | RUNTIMES!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


FOLDERS = sorted({path.parent for room in ROOMS for path in (ROOT / room).rglob("*.*")} - {ROOT})
CODE = [folder for folder in FOLDERS if any(folder.glob("*.py"))]
YAML = [folder for folder in FOLDERS if any(folder.glob("*.yaml"))]


@pytest.mark.parametrize("folder", YAML, ids=_name)
def test_a_folder_of_yaml_holds_nothing_else(folder: Path) -> None:
    """An ``__init__.py`` would make a package of it, and code among cases is not found by its name."""
    assert {path.suffix for path in folder.iterdir() if path.is_file()} == {".yaml"}


@pytest.mark.parametrize("folder", CODE, ids=_name)
def test_a_folder_of_code_says_what_it_holds(folder: Path) -> None:
    start = folder / "__init__.py"
    assert start.exists(), f"{_name(folder)} has no __init__.py, so it is in no wheel"
    assert ast.get_docstring(ast.parse(start.read_text(encoding="utf-8"))), f"{_name(start)} has no docstring"


@pytest.mark.parametrize("folder", CODE, ids=_name)
def test_a_folder_of_code_is_small(folder: Path) -> None:
    entries = [path.name for path in folder.iterdir() if _counts(path)]
    assert len(entries) <= MOST_ENTRIES, f"{_name(folder)} has {len(entries)} entries: make a sub-room"


def _counts(path: Path) -> bool:
    if path in {ROOT / "adapters" / name for name in FRAMEWORKS}:
        return False
    return path in CODE or (path.is_file() and path.name not in {"__init__.py", "__main__.py", "README.md"})
