"""The page of inference: where a framework that infers a shape says otherwise than when it makes the call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from adapters.outcome import Outcome, Raised, Returned, Unsupported, is_native
from cases.model.case import OPERATORS, Case
from reports.pages.findings import size, title, version
from reports.pages.markdown import markdown, page_of
from reports.recording.messages import normal
from reports.recording.record import call_line
from reports.recording.run import Run
from reports.recording.sampling import SIZES_ONLY
from reports.recording.targets import adapter_of, is_near

PAGE: Final = "inference.md"


VALID: Final = "valid calls"


@dataclass(slots=True, kw_only=True)
class Disagreement:
    """What a framework's run and its inference say of calls of one operator: how each ended, and by which rule.

    ``calls`` says which calls: valid ones, those that break one rule, or those without a right answer.
    """

    operator: str
    calls: str
    run: str
    inferred: str
    cases: list[Case] = field(default_factory=list)

    @property
    def smallest(self) -> Case:
        """Return the smallest case."""
        return min(self.cases, key=size)


def targets(run: Run) -> list[tuple[str, str]]:
    """Return each target that infers sizes alone, after the first target of its framework that makes the calls."""
    facts = run.header["targets"]
    usual = [name for name in facts if not (facts[name].get(SIZES_ONLY) or is_near(run, name))]
    made = {adapter_of(name): name for name in reversed(usual)}
    inferring = [name for name in facts if facts[name].get(SIZES_ONLY)]
    return [(made[adapter_of(name)], name) for name in inferring if adapter_of(name) in made]


def disagreements(run: Run, made: str, inferring: str) -> list[Disagreement]:
    """Return where two targets disagree, by operator, then valid calls before wrong ones; most cases come first."""
    found: dict[tuple[str, ...], Disagreement] = {}
    for case, first, second in _both(run, made, inferring):
        ends = _ends(first, second)
        if ends is None:
            continue
        key = case.operator, _calls(case), *ends
        empty = Disagreement(operator=case.operator, calls=_calls(case), run=ends[0], inferred=ends[1])
        found.setdefault(key, empty).cases.append(case)

    def place(one: Disagreement) -> tuple[int, bool, int]:
        return OPERATORS.index(one.operator), one.calls != VALID, -len(one.cases)

    return sorted(found.values(), key=place)


def _calls(case: Case) -> str:
    if case.behaviour is not None:
        return "calls without a right answer"
    return VALID if case.broken is None else f"calls that break the rule `{case.broken.rule}`"


def _both(run: Run, made: str, inferring: str) -> Iterator[tuple[Case, Outcome, Outcome]]:
    for case in run.cases.values():
        first, second = run.records.get((case.id, made)), run.records.get((case.id, inferring))
        if first is not None and second is not None and not case.steps:
            yield case, first.outcome, second.outcome


def _ends(first: Outcome, second: Outcome) -> tuple[str, str] | None:
    """Return how two calls ended, in words; None if they ended alike, or if one could not be said."""
    if isinstance(first, Unsupported) or isinstance(second, Unsupported):
        return None
    words = _word(first), _word(second)
    if words[0] != words[1]:
        return words
    if not isinstance(first, Returned) or not isinstance(second, Returned):
        return None
    for what in ("shape", "dtype"):
        if _of(first, what) != _of(second, what):
            return f"a {what}", f"another {what}"
    return None


def _word(outcome: Outcome) -> str:
    return "a result" if isinstance(outcome, Returned) else "an error" if isinstance(outcome, Raised) else "no answer"


def _of(outcome: Returned, what: str) -> dict[str, Any]:
    return {name: getattr(array, what) for name, array in outcome.arrays.items() if not is_native(name)}


def page(run: Run) -> str:
    """Return the page."""
    return page_of(PAGE, run, frameworks=[_part(run, made, inferring) for made, inferring in targets(run)])


def _part(run: Run, made: str, inferring: str) -> dict[str, Any]:
    found = disagreements(run, made, inferring)
    adapter = adapter_of(inferring)
    return {
        "title": f"{title(adapter)} {version(run, adapter)}: {inferring.split('-')[1]}",
        "made": made,
        "inferring": inferring,
        "both": sum(1 for _ in _both(run, made, inferring)),
        "apart": sum(len(one.cases) for one in found),
        "counts": markdown(_counts(found)) if found else "",
        "found": [(one, *_said(run, one.smallest, made, inferring)) for one in found],
    }


def _counts(found: Sequence[Disagreement]) -> pd.DataFrame:
    """Return a row for each pair of ends, with how many calls end so, and the most frequent pair first."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for one in found:
        kind = VALID if one.calls == VALID else "other calls"
        counts.setdefault((one.run, one.inferred), Counter())[kind] += len(one.cases)
    rows = [
        {
            "the run gives": run,
            "inference gives": inferred,
            VALID: several[VALID],
            "other calls": several["other calls"],
        }
        for (run, inferred), several in sorted(counts.items(), key=lambda item: -item[1].total())
    ]
    return pd.DataFrame(rows)


def _said(run: Run, case: Case, *names: str) -> tuple[str, ...]:
    """Return the call that was made of a case, and what each target said of it."""
    records = [run.records[case.id, name] for name in names]
    return call_line(run.call(records[0])), *(_short(record.outcome) for record in records)


def _short(outcome: Outcome, most: int = 240) -> str:
    text = normal(outcome.told)
    return text if len(text) <= most else f"{text[:most]}..."
