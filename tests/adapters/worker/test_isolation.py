"""A call neither changes nor returns its inputs: each breach is told, and what only looks like one is not."""

from __future__ import annotations

import numpy as np

from adapters.worker.isolation import Isolation


def test_a_changed_input_is_named() -> None:
    inputs = {"value": np.ones(3), "filter": np.ones(2)}
    isolation = Isolation(inputs)
    inputs["filter"][1] = 5
    assert isolation.fault({"output": np.ones(3)}) == "run() changed filter: give the framework a copy"


def test_a_view_of_an_input_is_named() -> None:
    inputs = {"value": np.arange(6.0), "indices": np.arange(3)}
    isolation = Isolation(inputs)
    expected = "run() returned output in the memory of value: return an array of its own"
    assert isolation.fault({"output": inputs["value"][1:3]}) == expected


def test_memory_of_its_own_is_fine() -> None:
    """A copy of an input is fine, and so is a part of a larger array that is no input."""
    inputs = {"value": np.arange(6.0)}
    isolation = Isolation(inputs)
    assert isolation.fault({"output": inputs["value"].copy()}) is None
    assert isolation.fault({"output": np.arange(9.0)[3:]}) is None


def test_what_nobody_can_write_to_may_be_shared() -> None:
    inputs = {"value": np.arange(6.0)}
    isolation = Isolation(inputs)
    view = inputs["value"].view()
    view.flags.writeable = False
    assert isolation.fault({"output": view}) is None


def test_what_is_no_array_says_nothing() -> None:
    isolation = Isolation({"value": np.arange(6.0)})
    assert isolation.fault([1, 2]) is None
    assert isolation.fault({"output": [1, 2]}) is None
