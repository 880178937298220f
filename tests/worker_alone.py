"""A program: import all that a worker imports, and answer a case, with the standard library and NumPy alone.

``python tests/worker_alone.py`` does so in the interpreter that runs it; Python 3.10 is the oldest one. It prints a
line if all went well. Every other distribution is hidden, so that the interpreter may have more.
"""

# ruff: noqa: ARG002, T201 - a fake keeps the protocol's parameters; a program prints

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (
    "cases/model",
    "adapters",
    "adapters/worker",
    "adapters/writing",
    "adapters/oracle",
    "adapters/document",
)
FRAMEWORKS = ("tensorflow", "torch", "jax", "flax", "keras", "onnx")
CASE = "cases/made/avg_pool.yaml::alone"


class Hidden(MetaPathFinder):
    """Hide what is neither NumPy, ours nor the standard library's."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        top = name.partition(".")[0]
        if top in {*sys.stdlib_module_names, "numpy", "cases", "adapters"} or top.startswith("_sysconfigdata_"):
            return None
        msg = f"No module named {name!r}: a worker has the standard library and NumPy alone"
        raise ModuleNotFoundError(msg, name=name)


class Fake:
    """An adapter of no framework, which imports nothing of ours."""

    name = "fake"
    modes = ("eager",)

    def devices(self) -> tuple[str, ...]:
        return ("cpu",)

    def versions(self) -> dict[str, str]:
        return {"fake": "1"}

    def configure(self, mode: str, device: str) -> dict[str, str]:
        return {}

    def run(self, case: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        return {"output": inputs["value"][:, ::2, ::2] + 0}


class Pipe:
    """A channel that asks one case, and keeps what comes back."""

    def __init__(self, *messages: Any) -> None:
        self.messages = messages
        self.sent: list[Any] = []

    def send(self, item: object, /) -> None:
        self.sent.append(item)

    def __iter__(self) -> Iterator[Any]:
        yield from self.messages


def modules() -> list[str]:
    folders = [*FOLDERS, *(f"adapters/{name}" for name in FRAMEWORKS)]
    paths = [path.relative_to(ROOT) for folder in folders for path in sorted((ROOT / folder).glob("*.py"))]
    return [".".join(path.with_suffix("").parts) for path in paths if path.stem not in {"__init__", "__main__"}]


def answered(locator: str) -> str:
    """Return the kind of the last message with which an adapter's worker answers a case."""
    from adapters.wire import pack, unpack  # noqa: PLC0415 - only now is everything else hidden
    from adapters.worker.serve import serve  # noqa: PLC0415
    from cases.model.case import Case, TensorSpec, question  # noqa: PLC0415

    value = TensorSpec(shape=(1, 4, 6, 2), dtype="float32", fill="integers")
    case = Case(id=CASE, operator="avg_pool", inputs={"value": value}, strides=(2, 2), padding="VALID", ksize=(2, 2))
    settings = {"mode": "eager", "device": "cpu", "memory": 2**30}
    pipe = Pipe(pack("configure", settings), pack("case", question(case)))
    serve(pipe, locator)
    messages = [unpack(wire) for wire in pipe.sent]
    assert messages[-1].arrays, messages[-1]
    return messages[-1].kind


def main() -> None:
    sys.path.insert(0, str(ROOT))
    sys.meta_path.insert(0, Hidden())
    names = modules()
    for name in names:
        importlib.import_module(name)
    kinds = [answered("__main__:Fake"), answered("adapters.oracle:Oracle")]
    print(f"Python 3.{sys.version_info.minor}: {len(names)} modules imported, answers {' '.join(kinds)}")


if __name__ == "__main__":
    main()
