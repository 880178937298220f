"""How a call is made: by its text, by the adapter's own ``execute`` around it, or by the adapter's ``run``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adapters import program
from adapters.engine.in_process import ask
from adapters.outcome import Returned
from adapters.program import literal
from adapters.worker.declare import declare, offer
from cases.model.case import Case, question
from tests.fakes import CALL, NoCall
from tests.reports.making import make

SHAPE = (1, 1)


class Written:
    """Has a text and nothing else, and counts how often it is written."""

    name = "written"
    modes = ("eager",)

    def __init__(self) -> None:
        self.written = 0

    def devices(self) -> Any:
        return ("cpu",)

    def versions(self) -> Any:
        return {}

    def configure(self, mode: str, device: str) -> Any:  # noqa: ARG002 - the protocol's
        return {}

    def call(self, case: Case) -> str:  # noqa: ARG002
        self.written += 1
        return "import numpy as np\n" + CALL.format(shape=SHAPE)


class Around(Written):
    """Does something around each text."""

    def execute(self, text: str, inputs: dict[str, Any]) -> Any:
        outputs = program.execute(text, inputs)
        return {name: array + 1 for name, array in outputs.items()}


class Own(Around):
    """Makes its calls itself."""

    def run(self, case: Case, inputs: dict[str, Any]) -> Any:
        return {"output": program.execute(self.call(case), inputs)["output"] * 0}


def _asked(adapter: Any) -> Any:
    outcome = ask(adapter, question(make("max_pool", image=[5, 6])))
    assert isinstance(outcome, Returned), outcome
    return outcome.arrays["output"]


def test_a_text_is_written_once_and_executed() -> None:
    adapter = Written()
    assert _asked(adapter).shape == SHAPE
    assert adapter.written == 1


def test_an_adapter_may_do_something_around_its_text() -> None:
    adapter = Around()
    assert np.array_equal(_asked(adapter), _asked(Written()) + 1)
    assert adapter.written == 1


def test_an_adapter_s_own_run_comes_before_all() -> None:
    assert not _asked(Own()).any()


@pytest.mark.parametrize("adapter", [Written(), Around(), Own(), NoCall()])
def test_each_of_them_keeps_the_protocol(adapter: Any) -> None:
    declared = declare(adapter)
    assert declared["modes"] == ["eager"]
    assert offer(adapter, declared["options"])["devices"] == ["cpu"]


def test_an_adapter_that_makes_no_call_does_not() -> None:
    class Nothing(Written):
        call = None  # type: ignore[assignment]

    with pytest.raises(TypeError, match="Nothing has no method `call`"):
        declare(Nothing())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [(), (1,), (1.5, "a"), [1, [2, (3,)]], None, "x", True, 2**70, (float("nan"), float("-inf"), [float("inf")])],
)
def test_a_literal_is_the_value_again(value: object) -> None:
    text = literal(value)
    assert repr(eval(text)) == repr(value)  # noqa: S307 - a text of our own
    if "nan" not in text:
        assert text == repr(value)
