"""An adapter's declaration of itself; each wrong one has a line that tells what to do."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.base import ModeOptions
from adapters.engine.handle import Ready
from adapters.engine.launch import resolve
from adapters.engine.pool import Pool
from adapters.worker.declare import declare, offer
from tests.fakes import Right

KEYS = "environment, devices, dtypes, operators, spatial_axes, one_in, cost, by_name, sizes_only, whole, missing"


def _ask(fake: Any) -> dict[str, Any]:
    """Return all that a worker says of an adapter before it answers."""
    declared = declare(fake)
    return declared | offer(fake, declared["options"])


def adapter(mode_options: Any) -> Any:
    fake = Right()
    fake.mode_options = mode_options  # type: ignore[attr-defined]
    return fake


def test_the_parent_has_options_for_every_mode() -> None:
    with Pool() as pool:
        limited, plain = pool.probe([resolve("tests.fakes:Limited"), resolve("tests.fakes:NoCall")])
    assert isinstance(limited, Ready), limited
    assert isinstance(plain, Ready), plain
    assert limited.options == {
        "plain": ModeOptions(),
        "variable": ModeOptions(environment={"FAKE_VARIABLE": "set"}),
        "double": ModeOptions(dtypes=("float64",), devices=("cpu",)),
        "nowhere": ModeOptions(missing="no compiler: install one"),
        "thin": ModeOptions(one_in=40, cost=2.5),
    }
    assert plain.options == {"eager": ModeOptions()}


def test_all_keys_are_those_that_the_parent_knows() -> None:
    assert ", ".join(field for field in ModeOptions.__slots__) == KEYS
    assert declare(adapter({}))["options"] == {}


def test_a_mode_may_be_limited_to_what_is_not_here_and_to_a_device_of_its_own() -> None:
    fake = adapter({"jit": {"devices": ("cuda",)}, "eager": {"devices": ("tpu",)}})
    fake.devices = lambda: ("cpu", "tpu")
    assert _ask(fake)["devices"] == ["cpu", "tpu"]


@pytest.mark.parametrize(
    ("mode_options", "line"),
    [
        (["jit"], "mode_options is ['jit']; it must be a dict from a mode's name to a dict of its options"),
        ({"xla": {}}, "mode_options has 'xla', which is not one of the modes: eager, jit"),
        ({"jit": 3}, f"mode_options['jit'] is 3; it must be a dict with any of: {KEYS}"),
        ({"jit": {"env": {}}}, f"mode_options['jit'] has 'env', which is not one of: {KEYS}"),
        ({"jit": {"environment": {"A": 1}}}, "['environment'] is {'A': 1}; it must be a dict of strings"),
        ({"jit": {"environment": {"A=B": "1"}}}, "['environment'] is {'A=B': '1'}; it must be a dict of strings"),
        (
            {"jit": {"operators": ("conv", "deconv")}},
            "['jit']['operators'] has 'deconv', which is not one of: conv, conv_",
        ),
        (
            {"jit": {"dtypes": ("float23",)}},
            "mode_options['jit']['dtypes'] has 'float23', which is not one of: float64, ",
        ),
        ({"jit": {"devices": ("gpu",)}}, "mode_options['jit']['devices'] has 'gpu', which is not one of: cpu, cuda"),
        ({"jit": {"spatial_axes": (2, 4)}}, "['jit']['spatial_axes'] has 4, which is not one of: 1, 2, 3"),
        ({"jit": {"spatial_axes": (0,)}}, "['spatial_axes'] is (0,); it must be a tuple of one or more whole numbers"),
        ({"jit": {"devices": "cpu"}}, "['devices'] is 'cpu'; it must be a tuple of one or more words"),
        ({"jit": {"dtypes": ()}}, "['dtypes'] is (); it must be a tuple of one or more words"),
        ({"jit": {"one_in": 0}}, "['one_in'] is 0; it must be a whole number of at least 1"),
        ({"jit": {"one_in": True}}, "['one_in'] is True; it must be a whole number of at least 1"),
        ({"jit": {"by_name": 1}}, "['by_name'] is 1; it must be True or False"),
        ({"jit": {"cost": float("nan")}}, "['cost'] is nan; it must be a finite number above 0"),
        ({"jit": {"missing": ""}}, "['missing'] is ''; it must be a line that says why, and what to do"),
    ],
)
def test_what_is_wrong_is_told(mode_options: Any, line: str) -> None:
    with pytest.raises(TypeError) as caught:
        _ask(adapter(mode_options))
    assert line in str(caught.value)
