"""How far networks drift apart: what is measured is what was put there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adapters.oracle import Oracle
from adapters.outcome import Raised, Returned
from adapters.worker import pipeline
from cases.loading.load import load
from cases.model.case import Case
from cases.model.fill import fill
from reports.judging.behaviours import Accepted
from reports.pages import render
from reports.pages.rounding import drift
from reports.recording.targets import ORACLE
from tests.reports.making import JAX, TORCH, record

CASES = Path(__file__).parents[3] / "cases" / "pipelines"


def _case(file: str, name: str) -> Case:
    return next(case for case in load(CASES / f"{file}.yaml") if case.id.endswith(f"::{name}"))


def test_the_deviation_is_that_of_the_last_tensor_and_maxima_are_counted(tmp_path: Path) -> None:
    network, plain = _case("vgg", "narrow-i32x32"), _case("conv_and_back", "groups")
    right = pipeline.run(Oracle(), network, fill(network), lambda _: None)
    off = dict(right)
    off["back1_1"] = right["back1_1"].copy()
    off["back1_1"][0, 1, 2, 1] += np.float32(0.5)
    off["pool2_indices"] = right["pool2_indices"].copy()
    off["pool2_indices"][0, 0, :3, 0] += 16
    run = record(
        tmp_path,
        [
            (network, ORACLE, Returned(arrays=right)),
            (network, TORCH, Returned(arrays=off)),
            (network, JAX, Raised(type="ValueError", message="step conv1_1: no", stage="calling")),
            (plain, ORACLE, Returned(arrays=pipeline.run(Oracle(), plain, fill(plain), lambda _: None))),
        ],
    )
    [row] = drift(run, [JAX, TORCH]).to_dict("records")
    largest = float(np.abs(right["back1_1"]).max())
    assert row["pipeline"] == "vgg.yaml::narrow-i32x32"
    assert (row["target"], row["steps"]) == (TORCH, 62)
    assert abs(row["deviation at the end"] - 0.5) < 1e-6 * largest
    assert abs(row["of its largest"] - 0.5 / largest) < 1e-6
    assert row["maxima elsewhere"] == "3 of 3904"  # 16 * 16 * 8 + 8 * 8 * 16 + 4 * 4 * 32 + 2 * 2 * 64 + 64
    assert "| vgg.yaml::narrow-i32x32 | torch-eager-cpu |" in render.published(run, Accepted())["rounding.md"]


@pytest.mark.parametrize("name", ["decoded", "encoded"])
def test_another_shape_is_said_and_spoils_no_page(tmp_path: Path, name: str) -> None:
    case = _case("autoencoder", "wide-same-i16x16")
    right = pipeline.run(Oracle(), case, fill(case), lambda _: None)
    longer = right | {name: np.concatenate([right[name], right[name][:, :1]], axis=1)}
    run = record(tmp_path, [(case, ORACLE, Returned(arrays=right)), (case, TORCH, Returned(arrays=longer))])
    assert drift(run, [TORCH])["maxima elsewhere"].tolist() == ["another shape"]
    assert "another shape" in render.published(run, Accepted())["rounding.md"]
