"""The page of indices: where a framework's own index points, and what its unpooling makes of duplicates.

Each name in the tables is a rule that computes the whole tensor. A target gets a name only if the rule gives every
element of every answer of the target. A target that follows none of the rules is said to follow none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from adapters.base import NotSupported
from adapters.oracle import InvalidCall, NotExact, Oracle
from adapters.outcome import Returned
from cases.loading.claims import NATIVE
from cases.model import shapes, windows
from cases.model.case import Case
from cases.model.fill import fill
from reports.judging.judge import judge
from reports.recording.run import Run

Array = npt.NDArray[Any]
Convention = Callable[[Array], Array]
"""A function from canonical indices to the index tensor that a framework with this convention returns."""

_COLUMNS: Final = ("target", "index", "with include_batch_in_index", "dtype", "cases")


@dataclass(frozen=True, slots=True, kw_only=True)
class _NativeIndex:
    """A recorded index tensor: whether the batch was asked for, its dtype, and the conventions that give it."""

    with_batch: bool
    dtype: str
    conventions: frozenset[str]


def native(run: Run, targets: Iterable[str]) -> pd.DataFrame:
    """Return a row for each target: the convention of its own index, without and with the batch, and its dtype.

    Only answers whose maxima are right count, because other maxima stand elsewhere, and only cases whose windows lie in
    the image: a framework may pad the image before the call, and its index then points into the padded image. A window
    of several NaN has no maximum of which all agree. An answer that a fact explains is told there. A case to which the
    oracle has no answer is left out.
    """
    return pd.DataFrame([_native(run, target) for target in targets], columns=list(_COLUMNS))


def _native(run: Run, target: str) -> tuple[str, str, str, str, int]:
    answers = list(_pooled(run, target))
    plain = [answer.conventions for answer in answers if not answer.with_batch]
    with_batch = [answer.conventions for answer in answers if answer.with_batch]
    dtypes = ", ".join(sorted({answer.dtype for answer in answers}))
    return target, _common(plain), _common(with_batch), dtypes, len(answers)


def _common(fitting: list[frozenset[str]]) -> str:
    """Name the conventions that give every answer. Several fit if the cases can't tell them apart."""
    if not fitting:
        return "not asked"
    return " or ".join(sorted(frozenset.intersection(*fitting))) or "none of the known"


def _pooled(run: Run, target: str) -> Iterator[_NativeIndex]:
    """Yield a target's own indices from the valid, exact, unpadded cases of max pooling with indices."""
    for case in run.cases.values():
        record = run.records.get((case.id, target))
        if record is None or NATIVE not in record.digests or not (_counts(case) and _has_maxima(run, case, target)):
            continue
        actual = run.array(record.digests[NATIVE])
        found = conventions(case, actual)
        if found is not None:
            yield _NativeIndex(with_batch=case.include_batch_in_index, dtype=actual.dtype.name, conventions=found)


def _has_maxima(run: Run, case: Case, target: str) -> bool:
    verdict = judge(run, case, target)
    return verdict.fact is None and (verdict.difference is None or verdict.difference.kind == "index")


def _counts(case: Case) -> bool:
    if case.operator != "max_pool_argmax" or case.tier != "exact" or not case.has_answer:
        return False
    inside = not any(axis.before + axis.after + axis.overhang for axis in shapes.axes(case))
    return inside and not windows.some(windows.KINDS["has_several_nan"], case)


def conventions(case: Case, actual: Array) -> frozenset[str] | None:
    """Return the names of the conventions that give ``actual``, a framework's own index for max pooling with indices.

    Return None if the oracle has no answer to the case. Then no convention can be checked.
    """
    try:
        indices = Oracle().run(case, fill(case))["indices"]
    except (InvalidCall, NotExact, NotSupported):
        return None
    places = indices % math.prod(case.inputs["value"].shape[1:])
    return frozenset(name for name, index in _conventions(case).items() if np.array_equal(index(places), actual))


def _conventions(case: Case) -> dict[str, Convention]:
    """Return the known conventions by name. A canonical index counts through one image with its channels."""
    _, *image, channels = case.inputs["value"].shape
    plane = math.prod(image)
    size = plane * channels
    batch = np.arange(case.inputs["value"].shape[0]).reshape(-1, *(1,) * (len(image) + 1))
    planes = (batch * channels + np.arange(channels)) * plane
    return {
        "flat over the image, channels last": lambda places: places,
        "flat over batch and image, channels last": lambda places: places + batch * size,
        "flat over one plane": lambda places: places // channels,
        # MaxPool of ONNX with storage_order 0 and 1
        "flat over all planes, channels first": lambda places: planes + places // channels,
        "flat over all planes, channels first, by columns": lambda places: (
            planes + _by_columns(places // channels, image)
        ),
    }


def _by_columns(places: Array, image: list[int]) -> Array:
    """Return the places in a plane counted along its first axis first."""
    return np.ravel_multi_index(np.unravel_index(places, image), image, order="F")


def duplicates(run: Run, targets: Iterable[str]) -> pd.DataFrame:
    """Return a row for each case and a column for each target: which of several values for one place stays."""
    cases = [case for case in run.cases.values() if case.topic == "duplicates" and case.operator == "max_unpool"]
    return pd.DataFrame(
        [{"case": case.name, **{target: _fate(run, case, target) for target in targets}} for case in cases]
    )


def _fate(run: Run, case: Case, target: str) -> str:
    """Name the rule that gives a target's answer, or say how the call ended if it returned nothing."""
    record = run.records.get((case.id, target))
    if record is None:
        return "not asked"
    if not isinstance(record.outcome, Returned):
        return record.outcome.kind
    actual = record.outcome.arrays["output"]
    names = [name for name, image in _fates(case).items() if np.array_equal(image, actual)]
    return " or ".join(names) or "neither: it varies from place to place"


def _fates(case: Case) -> dict[str, Array]:
    """Return the results of unpooling if each place keeps the sum, the first or the last of its values."""
    value, indices = (fill(case)[name] for name in ("value", "indices"))
    shape = case.output_shape or ()
    fates = {name: np.zeros((shape[0], math.prod(shape[1:])), value.dtype) for name in ("sum", "first", "last")}
    for n in range(shape[0]):
        values, places = value[n].ravel(), indices[n].ravel()
        np.add.at(fates["sum"][n], places, values)
        # NumPy documents that of several assignments to one place the last stays.
        fates["first"][n][places[::-1]] = values[::-1]
        fates["last"][n][places] = values
    return {name: image.reshape(shape) for name, image in fates.items()}
