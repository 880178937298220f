"""How the engine's tests ask: cases by their names alone, and what a fake answers to them."""

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
    """Poolings by a window of one element, each of the one before, of these names."""
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
    """What a fake answers, as outcomes and faults. It is one of ``tests.fakes`` unless it says where it is."""
    sink = Sink()
    with Pool(case_limit=limit, memory=memory) as pool:
        (ready,) = pool.probe([resolve(fake if ":" in fake else f"tests.fakes:{fake}", python)])
        assert isinstance(ready, Ready), ready
        pool.start({Target(adapter=ready.name, mode="eager", device="cpu"): cases}, sink)
        assert pool.wait(60)
    assert [answer.case for answer in sink.answers] == [asked.id for asked in cases]
    return [answer if isinstance(answer, Fault) else answer.outcome for answer in sink.answers]


def plain(outcome: Any) -> Any:
    """An outcome that == compares: arrays as lists."""
    return (
        {name: array.tolist() for name, array in outcome.arrays.items()} if isinstance(outcome, Returned) else outcome
    )
