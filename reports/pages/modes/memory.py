"""The page of memory: in which order the elements of results lie, and where a compiled call returns another order."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from adapters.outcome import STRIDES, Returned
from cases.model.case import OPERATORS, Case
from reports.pages.findings import size, title, version
from reports.pages.markdown import markdown, page_of
from reports.recording.record import call_line
from reports.recording.run import Run
from reports.recording.targets import adapter_of

PAGE: Final = "memory.md"


@dataclass(slots=True, kw_only=True)
class Others:
    """Results of one operator that two targets return in other orders, and which orders."""

    operator: str
    result: str
    orders: tuple[str, str]
    found: list[tuple[Case, Any, Any]] = field(default_factory=list)
    """Each case, with the result's shape and strides as the two targets return it."""

    @property
    def smallest(self) -> tuple[Case, Any, Any]:
        """Return the smallest case."""
        return min(self.found, key=lambda each: size(each[0]))


def order(shape: Sequence[int], strides: Sequence[int]) -> str:
    """Return the order in which a tensor's elements lie. An axis of one element may have any stride."""
    axes = [(stride, length) for length, stride in zip(shape, strides, strict=True) if length > 1]
    if math.prod(shape) == 0:
        return "empty"
    if any(stride == 0 for stride, _ in axes):
        return "expanded"
    if 1 + sum(stride * (length - 1) for stride, length in axes) > math.prod(shape):
        return "with gaps"
    if axes == sorted(axes, reverse=True):
        return "channels first"
    behind = [(strides[at], shape[at]) for at in (0, *range(2, len(shape)), 1) if at < len(shape) and shape[at] > 1]
    return "channels last" if behind == sorted(behind, reverse=True) else "another"


def targets(run: Run) -> list[str]:
    """Return the targets whose answers say in which order results lie."""
    said = {name for (_, name), record in run.records.items() if any(map(_is_of_strides, record.digests))}
    return [name for name in run.header["targets"] if name in said]


def _is_of_strides(name: str) -> bool:
    return name.startswith(STRIDES)


def others(run: Run, first: str, second: str) -> list[Others]:
    """Return where two targets return results in other orders, by operator; most cases come first."""
    found: dict[tuple[str, ...], Others] = {}
    for case in run.cases.values():
        one, two = dict(_placed(run, case, first)), dict(_placed(run, case, second))
        for result in one.keys() & two.keys():
            orders = order(*one[result]), order(*two[result])
            if orders[0] != orders[1] and np.array_equal(one[result][0], two[result][0]):
                empty = Others(operator=case.operator, result=result, orders=orders)
                group = found.setdefault((case.operator, result, *orders), empty)
                group.found.append((case, one[result], two[result]))
    return sorted(found.values(), key=lambda group: (OPERATORS.index(group.operator), -len(group.found), group.result))


def _placed(run: Run, case: Case, target: str) -> Iterator[tuple[str, Any]]:
    """Yield each result of a call, with its shape and strides."""
    record = run.records.get((case.id, target))
    if record is not None and isinstance(record.outcome, Returned):
        for name, array in record.outcome.arrays.items():
            if _is_of_strides(name) and array.ndim == 2 and len(array) == 2:  # noqa: PLR2004 - a shape and strides
                yield name.removeprefix(STRIDES), array


def page(run: Run) -> str:
    """Return the page."""
    named = targets(run)
    pairs = [(one, two) for one, two in itertools.combinations(named, 2) if adapter_of(one) == adapter_of(two)]
    alone = [{"title": _title(run, name), "counts": markdown(_counts(run, name))} for name in named]
    return page_of(PAGE, run, targets=alone, pairs=[_pair(run, *pair) for pair in pairs])


def _title(run: Run, target: str) -> str:
    adapter = adapter_of(target)
    return f"{title(adapter)} {version(run, adapter)}: {target}"


def _counts(run: Run, target: str) -> pd.DataFrame:
    """Return a row for each result of an operator, with how many lie in each order."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for case in run.cases.values():
        for result, placed in _placed(run, case, target):
            counts.setdefault((case.operator, result), Counter())[order(*placed)] += 1
    rows = sorted(counts.items(), key=lambda item: (OPERATORS.index(item[0][0]), item[0][1] != "output", item[0][1]))
    orders = [name for name, _ in sum(counts.values(), Counter[str]()).most_common()]
    return pd.DataFrame(
        [
            {"operator": of, "result": result, **{name: several[name] for name in orders}}
            for (of, result), several in rows
        ]
    )


def _pair(run: Run, first: str, second: str) -> dict[str, Any]:
    found = others(run, first, second)
    both = sum(1 for case in run.cases.values() if dict(_placed(run, case, first)) and dict(_placed(run, case, second)))
    said = [(group, call_line(run.call(run.records[group.smallest[0].id, first])), *_said(group)) for group in found]
    return {"first": first, "second": second, "both": both, "found": said}


def _said(group: Others) -> tuple[str, str]:
    _, one, two = group.smallest
    return _words(one), _words(two)


def _words(placed: Any) -> str:
    shape, strides = (tuple(map(int, each)) for each in placed)
    return f"shape {shape}, strides {strides}"
