"""The means by which the engine's tests ask: cases by their names, and a fake's answers to them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from adapters.base import Target
from adapters.engine.handle import Ready
from adapters.engine.launch import resolve
from adapters.engine.pool import Pool
from adapters.outcome import Fault, Result, Returned
from adapters.worker.memory import GIB
from cases.model.case import PIPELINE, Case, Step, TensorSpec
from tests.adapters.processes import PATIENCE

EAGER = Target(adapter="right", mode="eager", device="cpu")


def case(name: str, **more: Any) -> Case:
    value = TensorSpec(shape=(1, 4, 6, 2), dtype="float32", fill="integers")
    plain = Case(
        id=f"cases/x.yaml::{name}",
        operator="max_pool",
        inputs={"value": value},
        strides=(2, 2),
        padding="VALID",
        ksize=(2, 2),
    )
    return replace(plain, **more)


def pipeline(name: str, *steps: str) -> Case:
    """Return a chain of poolings with these names and windows of one element; each takes the one before it."""
    one = case(name, ksize=(1, 1), strides=(1, 1))
    names = ("image", *steps)
    calls = tuple(
        Step(name=step, takes={"value": taken}, case=replace(one, id=f"{one.id}#{step}"))
        for taken, step in zip(names, steps, strict=False)
    )
    return replace(one, operator=PIPELINE, inputs={"image": one.inputs["value"]}, ksize=None, steps=calls)


@dataclass
class Sink:
    answers: list[Any] = field(default_factory=list)

    def __call__(self, answer: Result | Fault) -> None:
        self.answers.append(answer)


def run(
    fake: str, cases: list[Case], *, limit: float = 20.0, python: str | None = None, memory: int = 4 * GIB
) -> list[Any]:
    """Return a fake's outcomes and faults. A ``fake`` without a module is one of ``tests.fakes``."""
    sink = Sink()
    with Pool(case_limit=limit, memory=memory) as pool:
        (ready,) = pool.probe([resolve(fake if ":" in fake else f"tests.fakes:{fake}", python)])
        assert isinstance(ready, Ready), ready
        pool.start({Target(adapter=ready.name, mode="eager", device="cpu"): cases}, sink)
        assert pool.wait(5 * PATIENCE)
    assert [answer.case for answer in sink.answers] == [asked.id for asked in cases]
    return [answer if isinstance(answer, Fault) else answer.outcome for answer in sink.answers]


def plain(outcome: Any) -> Any:
    """Return an outcome in a form that == compares: arrays as lists."""
    return (
        {name: array.tolist() for name, array in outcome.arrays.items()} if isinstance(outcome, Returned) else outcome
    )
