"""Panels, the page and the picture, of studies made by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from reports.deconvnet.choose import Activation, Box
from reports.deconvnet.page import numbers, page
from reports.deconvnet.panels import SIDE, amplification, coloured, largest, marked, rows, sized
from reports.deconvnet.picture import draw
from reports.deconvnet.study import Departure, Distance, Projection, Study, TargetAnswers, distance

Array = npt.NDArray[Any]
BOX = Box(top=2, left=1, bottom=4, right=4)
WHOLE = Box(top=0, left=0, bottom=8, right=8)
FACTS = {
    "layer": "conv1_1", "top": 1, "command": "python -m reports deconvnet", "image": "cat.png", "size": 8,
    "filters": "seeded, 8 channels", "seeded": True, "about_scaling": "unit: as it is",
}  # fmt: skip


def _pixels(value: float = 2.0) -> Array:
    pixels = np.zeros((8, 8, 3), np.float32)
    pixels[3, 2] = value, -value / 2, 0
    return pixels


def _projection(pixels: Array | None, channel: int = 5, rank: int = 1, fault: str = "") -> Projection:
    kept = Activation(channel=channel, y=3, x=2, value=1.5)
    parts: dict[str, Any] = {"pixels": pixels, "fault": fault, "departs": None, "seconds": 0.25}
    return Projection(rank=rank, activation=kept, field=BOX, view=WHOLE, **parts)


def _answer(target: str, *projections: Projection, fault: str = "") -> TargetAnswers:
    parts: dict[str, Any] = {"fault": fault, "departs": None, "seconds": 0.5, "projections": projections}
    return TargetAnswers(target=target, versions="it 1.0", **parts)


ORACLE = _answer("oracle-eager-cpu", _projection(_pixels()))


def _bytes(pixels: Array | None) -> bytes:
    return b"" if pixels is None else pixels.tobytes()


def _study(*others: TargetAnswers, **missing: str) -> Study:
    return Study(image=np.zeros((8, 8, 3), np.uint8), facts=FACTS, answers=(ORACLE, *others), missing=missing)


def _panels(*others: TargetAnswers, **missing: str) -> list[tuple[str, str, str]]:
    (row,) = rows(_study(*others, **missing))
    return [(panel.title, panel.caption, panel.text) for panel in row.panels[2:]]


def test_zero_is_mid_grey_and_the_scale_s_ends_are_black_and_white() -> None:
    values = np.array([[[0, 4, -4], [2, -2, 9]]], np.float32)
    assert coloured(values, 4.0)[0, 0].tolist() == [128, 255, 1]
    assert coloured(values, 4.0)[0, -1].tolist() == [192, 64, 255]  # 191.5 and 64.5, to even; 9 is cut


def test_what_is_no_number_stands_out() -> None:
    values = np.array([[[0, np.nan, 0], [np.inf, 0, 0], [0, 0, 0]]], np.float32)
    panel = coloured(values, 1.0)
    assert panel[0, [0, SIDE // 2, -1]].tolist() == [[255, 0, 255], [255, 0, 255], [128, 128, 128]]
    assert largest([values]) == 1.0
    assert largest([values, np.array([-3, np.inf])]) == 3.0


@pytest.mark.parametrize(
    ("shape", "size"), [((4, 4), (224, 224)), ((4, 2), (224, 112)), ((448, 896), (112, 224)), ((1, 999), (1, 224))]
)
def test_panels_are_of_one_size(shape: tuple[int, int], size: tuple[int, int]) -> None:
    assert sized(np.zeros((*shape, 3), np.uint8)).shape == (*size, 3)


def test_a_field_is_framed() -> None:
    panel = marked(np.zeros((8, 8, 3), np.uint8), BOX, WHOLE)
    rows_, columns = np.nonzero(panel.any(axis=-1))
    assert (rows_.min(), rows_.max() + 1, columns.min(), columns.max() + 1) == (56, 112, 28, 112)  # 28 a pixel
    assert not panel[60:108, 32:108].any()


@pytest.mark.parametrize(
    ("most", "factor"),
    [(1.0, 1.0), (0.6, 1.0), (0.3, 2.0), (0.11, 5.0), (1e-7, 1e7), (3e-7, 2e6), (4.0, 0.2), (np.inf, 1.0)],
)
def test_a_difference_is_amplified_as_far_as_the_scale_goes(most: float, factor: float) -> None:
    assert amplification(1.0, Distance(most=most, relative=most, same=False)) == pytest.approx(factor)


def test_a_distance_is_the_largest_difference_and_its_share() -> None:
    other = _pixels()
    other[0, 0, 1] = -0.5
    assert distance(other, _pixels()) == Distance(most=0.5, relative=0.25, same=False)
    assert distance(_pixels(), _pixels()) == Distance(most=0.0, relative=0.0, same=True)
    assert distance(-0.0 * _pixels(), 0 * _pixels()) == Distance(most=0.0, relative=0.0, same=False)
    assert distance(_pixels(), 0 * _pixels()) == Distance(most=2.0, relative=np.inf, same=False)


def test_each_target_has_a_projection_and_a_difference() -> None:
    alike, other = _answer("torch-eager-cpu", _projection(_pixels())), _pixels()
    other[3, 2, 2] = 1e-6
    assert _panels(alike, _answer("jax-jit-cpu", _projection(other))) == [
        ("torch-eager-cpu", "activation 1.5", ""),
        ("jax-jit-cpu", "activation 1.5", ""),
        ("torch-eager-cpu - oracle", "", "bits equal"),
        ("jax-jit-cpu - oracle", "times 2,000,000; at most 1e-06", ""),
    ]


def test_a_target_that_chose_otherwise_is_not_held_against_the_oracle() -> None:
    odd = _answer("torch-eager-cpu", _projection(_pixels(), channel=6))
    assert _panels(odd) == [
        ("torch-eager-cpu", "chose channel 6 at (3, 2): 1.5 instead", ""),
        ("torch-eager-cpu - oracle", "", "another activation: nothing to compare"),
    ]
    (found,) = numbers(_study(odd), odd)
    assert (found["odd"], found["most"]) == ("not among the oracle's", "nothing to compare")


def test_a_target_that_ranks_otherwise_is_compared_with_the_same_activation() -> None:
    swapped = _answer("torch-eager-cpu", _projection(_pixels(7), channel=6), _projection(_pixels(), rank=2))
    assert _panels(swapped) == [
        ("torch-eager-cpu", "activation 1.5, number 2 of this target", ""),
        ("torch-eager-cpu - oracle", "", "bits equal"),
    ]
    assert [found["odd"] for found in numbers(_study(swapped), swapped)] == [
        "not among the oracle's",
        "the oracle's number 1",
    ]


def test_who_failed_or_is_missing_has_a_panel_that_says_so() -> None:
    lost = _answer("torch-eager-cpu", fault="raised RuntimeError: no")
    half = _answer("tensorflow-eager-cpu", _projection(None, fault="the process ended (SIGABRT): help"))
    assert _panels(lost, half, jax="not installed: pip install jax") == [
        ("torch-eager-cpu", "", "raised RuntimeError: no"),
        ("tensorflow-eager-cpu", "", "the process ended (SIGABRT): help"),
        ("jax", "", "not installed: pip install jax"),
        ("torch-eager-cpu - oracle", "", "nothing to compare"),
        ("tensorflow-eager-cpu - oracle", "", "nothing to compare"),
    ]
    assert _study(lost).failed
    assert _study(half).failed
    assert not _study(jax="not installed").failed


def test_the_page_has_the_numbers() -> None:
    other = _pixels()
    other[3, 2, 2] = -0.004
    departs = Departure(step="back1_1", summary="step back1_1 (conv_transpose): output differs <here>", call="f(value)")
    wrong = _answer("torch-eager-cpu", replace(_projection(other), departs=departs))
    assert list(numbers(_study(wrong), ORACLE)) == [
        {"target": "oracle-eager-cpu", "fault": "", "rank": 1, "channel": 5, "at": "(3, 2)", "value": "1.5", "odd": "",
         "most": "", "relative": "", "steps": "the definition", "seconds": "0.50 + 0.25"},
    ]  # fmt: skip
    (found,) = numbers(_study(wrong), wrong)
    assert {name: found[name] for name in ("most", "relative", "steps")} == {
        "most": "0.004", "relative": "0.002", "steps": "departs back at back1_1",
    }  # fmt: skip
    text = page(_study(wrong), rows(_study(wrong)))
    assert "output differs &lt;here&gt;" in text
    assert "<code>f(value)</code>" in text
    assert _study(wrong).failed


def test_the_page_needs_nothing_from_elsewhere() -> None:
    study = _study(_answer("torch-eager-cpu", _projection(_pixels())), jax="not installed")
    text = page(study, rows(study))
    assert not re.search(r"https?:|//|@import|url\(|<link|<script|href=", re.sub(r'"data:[^"]*"', "", text))
    sources = re.findall(r'src="([^"]*)"', text)
    assert len(sources) == 3
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "learnt nothing" in text
    trained = replace(study, facts=FACTS | {"seeded": False})
    assert "learnt nothing" not in page(trained, rows(trained))


def test_the_picture_has_a_column_for_each_panel_unresampled(tmp_path: Path) -> None:
    study = _study(_answer("torch-eager-cpu", _projection(_pixels())), jax="costs $5 and $6")
    (row,) = rows(study)
    draw([row, row], tmp_path / "all.png")
    with Image.open(tmp_path / "all.png") as file:
        picture = np.asarray(file.convert("RGB"))
    assert picture.shape == (16 + 2 * (30 + 18 + 224 + 44), 16 + 5 * (224 + 16), 3)
    top, left = 16 + 30 + 18, 16 + 240
    assert picture[top : top + 224, left : left + 224].tobytes() == _bytes(row.panels[1].pixels)
