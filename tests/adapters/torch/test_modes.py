"""What PyTorch's modes are not asked, which needs no PyTorch to say."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.base import NotSupported
from adapters.torch.modes import refuse
from tests.reports.making import make

BYTES: dict[str, Any] = {"image": [6, 6], "data": "small", "dtype": "int8", "padding": [[0, 0], [1, 1]]}
POINT: dict[str, Any] = {"image": [6, 6], "kernel": 1, "strides": 2, "gradients": True}


@pytest.mark.parametrize(
    ("operator", "fields", "mode"), [("avg_pool", BYTES, "compile"), ("conv", POINT, "channels_last")]
)
def test_what_the_process_does_not_survive_is_not_asked(operator: str, fields: dict[str, Any], mode: str) -> None:
    with pytest.raises(NotSupported, match="does not survive this call"):
        refuse(make(operator, **fields), mode)


@pytest.mark.parametrize("change", [{"padding": "VALID"}, {"dtype": "int16"}])
def test_averages_that_it_survives_are_asked(change: dict[str, Any]) -> None:
    refuse(make("avg_pool", **{**BYTES, **change}), "compile")


def test_a_wrong_average_is_asked() -> None:
    wrong = make(
        "avg_pool", **BYTES, given={"ksize": None}, invalid={"rule": "type", "reason": "so that it should fail"}
    )
    refuse(wrong, "compile")


def test_other_modes_are_asked_all_averages() -> None:
    refuse(make("avg_pool", **BYTES), "eager")
