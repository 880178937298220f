"""Cases, and runs of them, made by hand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from adapters.oracle import Oracle
from adapters.outcome import Outcome, Result, Returned
from adapters.worker import pipeline
from cases.loading.build import build
from cases.loading.pipeline.calls import build_pipeline
from cases.loading.pipeline.entries import PipelineEntry
from cases.loading.schema import FILE
from cases.model.case import Case
from cases.model.fill import fill
from reports.judging.behaviours import Accepted, Recorded, behaviour
from reports.judging.facts import Fact
from reports.recording.run import Run, read
from reports.recording.targets import ORACLE

TORCH = "torch-eager-cpu"
JAX = "jax-eager-cpu"
Answer = tuple[Case, str, Outcome]


def make(operator: str, name: str = "plain", **fields: Any) -> Case:
    """A case as a case file's entry would give it."""
    entry = {"name": name, "image": [6, 7], "strides": 2, **fields}
    entry |= {} if "filter" in fields or "pool" in operator else {"kernel": fields.get("kernel", [3, 3])}
    entry |= {"ksize": fields.get("ksize", 2)} if "pool" in operator else {}
    about = "a case that a test made"
    file = FILE.validate_python(
        {"operator": operator, "about": about, "source": "https://example.org", "cases": [entry]}
    )
    (made,) = file.cases
    assert not isinstance(made, PipelineEntry)
    return build(made, operator, f"cases/made/{operator}.yaml::{name}", about, "https://example.org")


def make_pipeline(*steps: dict[str, Any], **fields: Any) -> Case:
    """A pipeline as a case file's entry would give it."""
    about, entry = "a case that a test made", {"name": "plain", "image": [6, 7], **fields, "steps": list(steps)}
    file = FILE.validate_python(
        {"operator": "pipeline", "about": about, "source": "https://example.org", "cases": [entry]}
    )
    (made,) = file.cases
    assert isinstance(made, PipelineEntry)
    return build_pipeline(made, "cases/made/pipeline.yaml::plain", about, "https://example.org")


def fact(**fields: Any) -> Fact:
    """A fact about torch and every valid call, unless the fields say otherwise: its values differ."""
    ends = {"raises", "accepts", "ends"} & fields.keys()
    plain = {"fact": "it is known to differ", "targets": ["torch-*"], "versions": ">=2", "where": "batch >= 0"}
    return Fact.model_validate(
        {**plain, **({} if ends else {"differs": "value"}), "link": "not reported yet", **fields}
    )


def right(case: Case) -> dict[str, Any]:
    """What the definition gives."""
    if case.steps:
        return pipeline.run(Oracle(), case, fill(case), begin=lambda _step: None)
    return Oracle().run(case, fill(case))


def oracle(case: Case) -> Answer:
    return case, ORACLE, Returned(arrays=right(case))


def result(case: Case, target: str, outcome: Outcome, call: str = "") -> Result:
    calls = [Oracle().call(step.case) for step in case.steps]
    text = call or (pipeline.text(case.steps, calls, case.inputs) if calls else Oracle().call(case))
    return Result(case=case.id, target=target, outcome=outcome, call=text, seconds=0.25)


def record(path: Path, answers: Iterable[Answer], *, finished: bool = True, version: str = "2.13.0") -> Run:
    """A run on disk with these answers, read again."""
    found = list(answers)
    run = Run(path / "run.jsonl")
    targets = sorted({target for _, target, _ in found} | {ORACLE})
    facts = {t: {"versions": {t.partition("-")[0]: version}, "python": "3.11.1", "settings": {}} for t in targets}
    run.begin({"targets": facts, "missing": {"jax": "not installed (No module named 'jax'): pip install jax"}})
    for case, target, outcome in found:
        run.ask(case)
        run.record(result(case, target, outcome))
    if finished:
        run.end()
    run.close()
    return read(run.path)


def as_recorded(run: Run) -> Accepted:
    """What accepts all that a run's targets did with calls that have no right answer."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for (case_id, target), record in run.records.items():
        case = run.cases[case_id]
        if not case.has_answer:
            found.setdefault(target, {}).setdefault(case.file, {})[case.name] = behaviour(record.outcome)
    return Accepted(behaviours={name: Recorded(versions={}, behaviours=lines) for name, lines in found.items()})
