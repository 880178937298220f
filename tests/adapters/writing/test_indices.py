"""Indices in the conventions of frameworks: the texts that convert between them give the right numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from adapters.writing.indices import Convention, canonical, channels_ahead, padded, through_batch, unpadded
from cases.model import shapes
from cases.model.case import Case
from tests.reports.making import make

IMAGES = {1: [7], 2: [5, 7], 3: [3, 5, 4]}
PADS = {1: [[1, 2]], 2: [[1, 0], [2, 1]], 3: [[1, 2], [0, 1], [2, 0]]}


def _case(axes: int) -> Case:
    return make("max_pool", image=IMAGES[axes], padding=PADS[axes], batch=2, channels=3, ksize=[3] * axes)


def _evaluated(text: str, **names: Any) -> Any:
    return eval(text, {"np": np, **names})  # noqa: S307 - the text is ours


def _whole(case: Case) -> tuple[int, ...]:
    return tuple(axis.before + axis.image + axis.after for axis in shapes.axes(case))


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    "of", [Convention(), Convention(batch=True), Convention(planes=True)], ids=["canonical", "batch", "planes"]
)
def test_an_index_goes_to_the_padded_image_and_back(axes: int, of: Convention) -> None:
    case = _case(axes)
    batch, *image, channels = case.inputs["value"].shape
    front = (batch,) if of.batch else ()
    behind = () if of.planes else (channels,)
    flat = np.arange(math.prod((*front, *image, *behind)))
    places = np.unravel_index(flat, (*front, *image, *behind))
    moved = [place + axis.before for place, axis in zip(places[len(front) :], shapes.axes(case), strict=False)]
    parts = (*places[: len(front)], *moved, *places[len(front) + len(image) :])
    expected = np.ravel_multi_index(parts, (*front, *_whole(case), *behind))
    assert np.array_equal(_evaluated(padded(case, "flat", of), flat=flat), expected)
    assert np.array_equal(_evaluated(unpadded(case, "flat", of), flat=expected), flat)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_places_in_planes_become_canonical(axes: int) -> None:
    case = _case(axes)
    batch, *image, channels = case.inputs["value"].shape
    places = np.broadcast_to(np.arange(math.prod(image)).reshape(image), (batch, channels, *image))
    whole = np.moveaxis(np.arange(batch * math.prod(image) * channels).reshape(batch, *image, channels), -1, 1)
    of = Convention(planes=True)
    indices = _evaluated(canonical(case, "places", of), places=places)
    assert np.array_equal(indices, np.broadcast_to(whole[:1], whole.shape))
    assert np.array_equal(indices + _evaluated(through_batch(case, of)), whole)


def test_canonical_indices_become_places_of_an_image_with_its_channels_ahead() -> None:
    case = make("max_unpool", image=[4, 6], channels=3)
    shape = case.output_shape
    assert shape is not None
    indices = np.arange(math.prod(shape[1:]))
    ahead = np.moveaxis(np.arange(indices.size).reshape(shape[-1], *shape[1:-1]), 0, -1).ravel()
    assert np.array_equal(_evaluated(channels_ahead(case), indices=indices), ahead)
