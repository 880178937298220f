"""The pages as Markdown, CSV and HTML. Every page is a pure function of a recorded run and of what is accepted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from cases.loading.claims import load as load_claims
from cases.model.case import Case
from reports.judging.behaviours import Accepted
from reports.judging.judge import begin, judged
from reports.pages import determinism, differences, findings, tables
from reports.pages.conventions import indices
from reports.pages.conventions.choices import Choice, choices
from reports.pages.conventions.padding import last_windows, padding
from reports.pages.coverage import by_case
from reports.pages.markdown import markdown, page_of
from reports.pages.modes import inference, memory
from reports.pages.rounding import drift, rounding
from reports.pages.shape_errors import cells, page
from reports.pages.tutorial import claims, readings
from reports.pages.tutorial.evidence import review
from reports.recording.run import Run
from reports.recording.sampling import LIMITS, describe, is_asked_all, is_asked_any, options_of
from reports.recording.targets import ORACLE, adapter_of, is_framework

PAGES: Final = (
    *(f"{name}.md" for name in ("conformance", "findings", "differences", "shape_errors", "coverage", "agreement")),
    *(f"{name}.md" for name in ("rounding", "indices", "choices", "padding", "document_readings", "document_claims")),
    *(f"{name}.csv" for name in ("differences", "shape_errors", "coverage", "document_claims", "determinism")),
    *("shape_errors.html", inference.PAGE, memory.PAGE, determinism.PAGE),
)
"""Every file that ``write`` may write."""
MEASURED: Final = ("rounding.md", determinism.PAGE)
"""Pages whose numbers depend on the processor's rounding, or vary from run to run."""


@np.errstate(all="ignore")  # an answer may hold anything, and pytest makes an error of each of NumPy's warnings
def pages(run: Run, accepted: Accepted) -> dict[str, str]:
    """Return the text of every report by file name."""
    begin(run, accepted)
    frame = tables.results(run)
    targets = tables.targets_of(run)
    frameworks = [target for target in targets if is_framework(target)]
    wrong = tables.differences(frame)
    errors = cells.cells(run, frameworks)
    agreeing = _comparable(run, [target for target in targets if target in {*frameworks, ORACLE}])
    covered = by_case.of_run(run)
    return {
        "conformance.md": _conformance(run, frame, targets),
        "findings.md": findings.page(run, accepted),
        "differences.md": differences.page(run, wrong, accepted),
        "differences.csv": wrong.drop(columns=["valid", "of_failing", "of_noted"]).to_csv(index=False),
        "shape_errors.md": page.page(run, errors),
        "shape_errors.csv": errors.to_csv(index=False),
        "shape_errors.html": page.opening(run, errors),
        "coverage.md": page_of("coverage.md", run, **by_case.page(run, covered, frameworks)),
        "coverage.csv": by_case.rows(covered).to_csv(index=False),
        "agreement.md": page_of("agreement.md", run, table=markdown(tables.agreement(run, agreeing))),
        "rounding.md": _rounding(run, frame, frameworks),
        "indices.md": _indices(run, frameworks),
        "choices.md": _choices(run, frameworks),
        "padding.md": _padding(run, _first_modes(run, frameworks)),
        **_tutorial(run, targets),
        **({inference.PAGE: inference.page(run)} if inference.targets(run) else {}),
        **({memory.PAGE: memory.page(run)} if memory.targets(run) else {}),
        **determinism.pages(run),
    }


def _tutorial(run: Run, targets: list[str]) -> dict[str, str]:
    """Return the pages about the tutorial by file name."""
    text = load_claims()
    found = claims.findings(run, text.claims, [target for target in targets if target != ORACLE])
    return {
        "document_readings.md": page_of("document_readings.md", run, operators=_readings(run)),
        "document_claims.md": page_of("document_claims.md", run, **review(run, found, text.undecidable)),
        "document_claims.csv": claims.rows(found).to_csv(index=False),
    }


def check() -> None:
    """Check before a run what its pages will need.

    Raises:
        CaseFileError: if the file of the tutorial's claims has a fault. Its message has one line for each.
    """
    load_claims()


def clear(folder: Path) -> None:
    """Remove the pages of an earlier run. They would stand beside the answers of another one that was cut short."""
    for name in PAGES:
        (folder / name).unlink(missing_ok=True)


def write(run: Run, accepted: Accepted, folder: Path) -> list[Path]:
    """Write every report of a run that has something to say into a folder and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    silent = _silent(run)
    for name, text in pages(run, accepted).items():
        if name.partition(".")[0] in silent:
            continue
        paths.append(folder / name)
        paths[-1].write_text(text, encoding="utf-8")
    return paths


def _silent(run: Run) -> set[str]:
    """Return the names, without endings, of the pages about which a run has nothing."""
    cases = run.cases.values()
    calls = {call.operator for case in cases for call in (case, *(step.case for step in case.steps))}
    told = {
        "shape_errors": any(not case.has_answer for case in cases),
        "choices": any(case.behaviour for case in cases),
        "indices": "max_pool_argmax" in calls,
        "padding": "conv_transpose" in calls,
        "rounding": any(case.tier == "bounded" for case in cases),
        "coverage": any(case.topic == "drawn" for case in cases),  # the suite's own cases, not a user's few
        **dict.fromkeys(("document_readings", "document_claims"), any(map(_is_of_tutorial, cases))),
    }
    return {name for name, is_told in told.items() if not is_told}


def _is_of_tutorial(case: Case) -> bool:
    return case.file.startswith("cases/document/")


def published(run: Run, accepted: Accepted) -> dict[str, str]:
    """Return the pages that are committed. They do not depend on the time. Only ``MEASURED`` depend on the machine."""
    return {name: text for name, text in pages(run, accepted).items() if name.endswith(".md")}


def _conformance(run: Run, frame: pd.DataFrame, targets: list[str]) -> str:
    missing = [f"{name}: {why}" for name, why in sorted(run.header.get("missing", {}).items())]
    judged = [target for target in targets if target != ORACLE]
    parts = {
        "table": markdown(tables.conformance(frame, judged).reset_index()),
        "topics": [(name, markdown(table.reset_index())) for name, table in tables.topics(frame, judged)],
        "known": bool((frame["valid"] & (frame["known"] != "")).any()),
        "thinned": _thinned(run),
        "has_readings": bool(readings.targets(run)),
        "unjudged": _unjudged(run),
    }
    return page_of("conformance.md", run, missing=missing, **parts)


def _unjudged(run: Run) -> list[str]:
    """Return a line for each answer that is lacking, or that there is nothing to compare with."""
    found = judged(run)
    return [f"{case.id}[{target}]: {verdict.reason}" for case, target, verdict in found if verdict.follows == "error"]


def _rounding(run: Run, frame: pd.DataFrame, targets: list[str]) -> str:
    tables = {"table": rounding(frame[frame["target"].isin(targets)]), "networks": drift(run, targets)}
    return page_of("rounding.md", run, **{name: markdown(table, floatfmt=".3g") for name, table in tables.items()})


def _padding(run: Run, targets: list[str]) -> str:
    tables = {"table": padding(run, targets), "last_windows": last_windows(run, targets)}
    return page_of("padding.md", run, **{name: markdown(table) for name, table in tables.items()})


def _comparable(run: Run, targets: list[str]) -> list[str]:
    """Return of each framework the targets that were asked every case, or else its first one that may be asked any."""
    limits = run.header["targets"]
    whole = [target for target in targets if is_asked_all(limits[target])]
    frameworks = {adapter_of(target) for target in whole}
    others = [target for target in limits if is_asked_any(limits[target]) and adapter_of(target) not in frameworks]
    return [target for target in targets if target in {*whole, *_firsts(others)}]


def _first_modes(run: Run, targets: list[str]) -> list[str]:
    """Return each framework's first target in the run: all its modes are given the same padding."""
    firsts = _firsts(run.header["targets"])
    return [target for target in targets if target in firsts]


def _firsts(targets: Iterable[str]) -> set[str]:
    """Return the first target of each framework."""
    firsts: dict[str, str] = {}
    for target in targets:
        firsts.setdefault(adapter_of(target), target)
    return {*firsts.values()}


def _readings(run: Run) -> list[tuple[str, list[str], str]]:
    """Return for each operator that the tutorial describes step by step when its readings are right, and the table."""
    return [(name, readings.sentences(run, name), markdown(readings.table(run, name))) for name in readings.WORDS]


def _thinned(run: Run) -> list[str]:
    """Return a line for each target that is not asked every case."""
    facts = sorted(run.header["targets"].items())
    return [f"`{target}`: {describe(options_of(fact), slow=False)}." for target, fact in facts if LIMITS & fact.keys()]


def _choices(run: Run, targets: list[str]) -> str:
    found = [(operator, list(map(_choice, ones))) for operator, ones in choices(run, targets)]
    return page_of("choices.md", run, operators=found)


def _choice(choice: Choice) -> dict[str, object]:
    table = markdown(pd.DataFrame(choice.answers, columns=["answer", "targets"]))
    return {"name": choice.name, "why": choice.why, "call": choice.call, "inputs": choice.inputs, "table": table}


def _indices(run: Run, targets: list[str]) -> str:
    native = markdown(indices.native(run, targets))
    return page_of("indices.md", run, native=native, duplicates=markdown(indices.duplicates(run, targets)))
