"""Every shipped claim can be borne out and can be refuted by answers that a target might give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.outcome import Outcome, Raised, Result, Returned
from cases.loading import claims
from cases.loading.claims import Claim
from cases.model.case import PIPELINE, Case
from cases.model.fill import fill
from reports.pages.tutorial.answer import CaseInRun
from reports.recording.run import Run, read
from reports.recording.targets import ORACLE
from tests.cases.shipped import loaded
from tests.reports.making import right

Arrays = dict[str, Any]
RAISED = Raised(type="ValueError", message="no", stage="calling")
TARGETS = ("tensorflow-eager-cpu", "document-after-cpu")
CALLS = (
    "result = tf.nn.conv2d_transpose(value, filter, output_shape=(1, 2, 2, 1))",
    "result = tf.nn.max_unpool(value, data_format='NHWC')",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """An outcome and a call that a target might answer a case with, beside the right arrays."""

    case: Case
    right: Arrays | None
    outcome: Outcome
    call: str


@pytest.fixture(scope="module")
def shipped() -> list[Case]:
    return list(loaded())


@pytest.mark.parametrize("claim", claims.load().claims, ids=lambda claim: claim.name)
def test_an_answer_can_bear_a_claim_out_and_one_can_refute_it(
    tmp_path: Path, claim: Claim, shipped: list[Case]
) -> None:
    spoken_of = [case for case in shipped if claim.speaks_of(case)]
    target = next(name for name in TARGETS if claim.concerns(name))
    said = set()
    for number, possible in enumerate(_possible(spoken_of)):
        run = _run(tmp_path / f"{number}.jsonl", target, possible)
        said.add(CaseInRun(run, possible.case).holds(claim.expression, target))
        if {True, False} <= said:
            return
    pytest.fail(f"of all answers it says {said}")


def _possible(cases: list[Case]) -> Iterator[Possible]:
    """Yield answers to a few of the cases, and to the same calls with tensors of ones."""
    for case in (*cases[:2], *cases[len(cases) // 2 :: 40], *cases[-2:]):
        yield from _answers(case)
        if case.operator != PIPELINE and "indices" not in case.inputs:
            ones = {name: replace(spec, fill="ones", values=None) for name, spec in case.inputs.items()}
            yield from _answers(replace(case, inputs=ones))


def _answers(case: Case) -> Iterator[Possible]:
    """Yield the right answer, answers that are wrong in several ways, and an error."""
    expected = None if case.invalid or case.behaviour else right(case)
    returned = _returned(case, expected or {"output": np.zeros((1, 2, 3, 1), np.float32)})
    outcomes: list[Outcome] = [RAISED, *(Returned(arrays=arrays) for arrays in returned)]
    for outcome in outcomes:
        yield from (Possible(case=case, right=expected, outcome=outcome, call=call) for call in CALLS)


def _returned(case: Case, arrays: Arrays) -> Iterator[Arrays]:
    image = next(iter(fill(case).values()))
    native = arrays.get("indices", np.zeros((1, 2, 3, 1), np.int64))
    images = np.arange(len(native)).reshape(-1, *(1,) * (native.ndim - 1))
    first = next(iter(arrays))
    yield arrays | {"native_indices": native + images * image[0].size}
    yield {name: -array for name, array in arrays.items()} | {"native_indices": native[..., :0]}
    yield {name: np.zeros_like(array) for name, array in arrays.items()}
    yield arrays | {"output": image, "native_indices": native.astype(np.float32)}
    yield {name: image if array.shape == image.shape else array for name, array in arrays.items()}
    yield arrays | {first: -arrays[first]}
    yield {name: array[:, :0] for name, array in arrays.items()}


def _run(path: Path, target: str, possible: Possible) -> Run:
    """Make a run of one case: this answer, the oracle's, and the recipes', which are right too."""
    case, run = possible.case, Run(path)
    recipes = {ORACLE, "document-after-cpu", "document-between-cpu"} - {target}
    run.begin({"targets": {name: {"versions": {}, "settings": {}} for name in (target, *recipes)}})
    run.ask(case)
    for name in recipes if possible.right is not None else ():
        outcome = Returned(arrays=possible.right or {})
        run.record(Result(case=case.id, target=name, outcome=outcome, call="", seconds=0.0))
    run.record(Result(case=case.id, target=target, outcome=possible.outcome, call=possible.call, seconds=0.0))
    run.end()
    run.close()
    return read(path)
