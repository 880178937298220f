"""Where each framework's indices point, and what its unpooling makes of duplicates: names for conventions.

Each name is a rule that computes the whole tensor; a target is called by it if the rule gives every element of every
answer. So a name is checked data, and a target that follows none of them is said to follow none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from adapters.oracle import Oracle
from adapters.outcome import Returned
from cases.model import shapes
from cases.model.case import Case
from cases.model.fill import fill
from reports.recording.run import Run

Array = npt.NDArray[Any]
Rule = Callable[[Array], Array]

NATIVE: Final = "native_indices"


def native(run: Run, targets: Iterable[str]) -> pd.DataFrame:
    """Target -> the convention of its own index tensor, without and with the batch asked for, and its dtype.

    Only cases without padding tell: others may be padded before the call, and then the index is one of that image.
    """
    rows = []
    for target in targets:
        answers = list(_pooled(run, target))
        asked, plain = ([pair for pair in answers if pair[0].include_batch_in_index is on] for on in (True, False))
        dtypes = ", ".join(sorted({actual.dtype.name for _, actual in answers}))
        rows.append((target, _convention(plain), _convention(asked), dtypes, len(answers)))
    return pd.DataFrame(rows, columns=["target", "index", "with include_batch_in_index", "dtype", "cases"])


def _convention(answers: list[tuple[Case, Array]]) -> str:
    """The conventions that give every answer; an image or a batch of one may leave several."""
    if not answers:
        return "not asked"
    fitting = [set(conventions(case, actual)) for case, actual in answers]
    return " or ".join(sorted(set.intersection(*fitting))) or "none of the known"


def _pooled(run: Run, target: str) -> Iterator[tuple[Case, Array]]:
    """A target's answers to valid cases of max pooling with indices in which nothing is padded."""
    for case in run.cases.values():
        record = run.records.get((case.id, target))
        if case.operator != "max_pool_argmax" or record is None or NATIVE not in record.digests:
            continue
        if case.tier != "exact" or not case.has_answer:
            continue
        if not any(axis.before + axis.after for axis in shapes.axes(case)):
            yield case, run.array(record.digests[NATIVE])


def conventions(case: Case, actual: Array) -> Iterator[str]:
    """The rules that give a framework's own index tensor for a case of max pooling with indices."""
    places = Oracle().run(case, fill(case))["indices"] % math.prod(case.inputs["value"].shape[1:])
    for name, rule in _rules(case).items():
        if np.array_equal(rule(places), actual):
            yield name


def _rules(case: Case) -> dict[str, Rule]:
    """Canonical index, which counts through one image with its channels -> the index by each convention."""
    _, *image, channels = case.inputs["value"].shape
    size = math.prod(image) * channels
    batch = np.arange(case.inputs["value"].shape[0]).reshape(-1, *(1,) * (len(image) + 1))
    rules: dict[str, Rule] = {
        "flat over the image, channels last": lambda places: places,
        "flat over batch and image, channels last": lambda places: places + batch * size,
        "flat over one plane": lambda places: places // channels,
    }
    return rules


def duplicates(run: Run, targets: Iterable[str]) -> pd.DataFrame:
    """Case x target: which of several values for one place stays when they are put back."""
    cases = [case for case in run.cases.values() if case.topic == "duplicates" and case.operator == "max_unpool"]
    rows = [
        {"case": case.id.partition("::")[2], **{target: _fate(run, case, target) for target in targets}}
        for case in cases
    ]
    return pd.DataFrame(rows)


def _fate(run: Run, case: Case, target: str) -> str:
    record = run.records.get((case.id, target))
    if record is None:
        return "not asked"
    if not isinstance(record.outcome, Returned):
        return record.outcome.kind
    actual = record.outcome.arrays["output"]
    names = [name for name, image in _fates(case).items() if np.array_equal(image, actual)]
    return " or ".join(names) or "neither: it varies from place to place"


def _fates(case: Case) -> dict[str, Array]:
    """What unpooling gives if of the values for one place the sum, the first or the last stays."""
    value, indices = (fill(case)[name] for name in ("value", "indices"))
    shape = case.output_shape or ()
    fates = {name: np.zeros((shape[0], math.prod(shape[1:])), value.dtype) for name in ("sum", "first", "last")}
    for n in range(shape[0]):
        values, places = value[n].ravel(), indices[n].ravel()
        np.add.at(fates["sum"][n], places, values)
        fates["first"][n][places[::-1]] = values[::-1]  # the last assignment stays, in NumPy's own documentation
        fates["last"][n][places] = values
    return {name: image.reshape(shape) for name, image in fates.items()}
