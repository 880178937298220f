"""The engine delivers every case's answer once and in order, whatever other cases do to their worker."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest

from adapters.engine.launch import resolve
from adapters.engine.pool import Pool
from adapters.engine.process import Process
from adapters.outcome import Fault, Raised, Result, Returned, TimedOut, Unsupported
from cases.model.case import Case, TensorSpec
from tests.adapters.asking import EAGER, Sink, case, run
from tests.adapters.processes import PATIENCE


def large(name: str) -> Case:
    """Return a case whose text is larger than a pipe."""
    values = tuple(float(number) for number in range(20_000))
    spec = TensorSpec(shape=(1, 100, 100, 2), dtype="float32", fill="literal", values=values)
    return case(name, inputs={"value": spec})


def test_a_crash_comes_with_the_end_of_its_own_process_stderr() -> None:
    first, second = run("Crashes", [case("bad-abort"), case("bad-kill")])
    assert first.stderr.startswith("last words\nFatal Python error: Aborted")
    assert second.stderr == "last words\n"


def test_a_result_tells_the_call_and_the_time_also_of_calls_that_did_not_end() -> None:
    sink, limit, started = Sink(), 3.0, time.monotonic()
    with Pool(case_limit=limit) as pool:
        pool.probe([resolve("tests.fakes:Hangs")])
        pool.start({EAGER: [case("fine"), case("bad-hang"), case("bad-abort")]}, sink)
        assert pool.wait(PATIENCE)
    elapsed = time.monotonic() - started
    fine, hung, crashed = sink.answers
    assert isinstance(fine, Result)
    assert isinstance(hung, Result)
    assert isinstance(crashed, Result)
    assert fine.target == "right-eager-cpu"
    assert fine.call == hung.call == crashed.call
    assert "\nresult = np.full((1, 2, 3, 2)" in fine.call
    assert 0 < fine.seconds < limit <= hung.seconds
    assert crashed.seconds > 0
    assert fine.seconds + hung.seconds + crashed.seconds < elapsed


def test_stages_are_read_from_the_text_of_the_call() -> None:
    outcomes = run("Raises", [case("preparing"), case("calling"), case("reading"), case("fine")])
    assert outcomes[:3] == [
        Raised(type="ValueError", message="could not convert string to float: 'x'", stage="preparing"),
        Raised(type="KeyError", message="'deep'", stage="calling"),
        Raised(type="AttributeError", message="'int' object has no attribute 'shape'", stage="reading"),
    ]
    assert isinstance(outcomes[3], Returned)


def test_an_adapter_says_how_far_a_call_had_come_that_raised() -> None:
    """The adapter tells it only of the call itself; the text tells what is before it and after it."""
    words = ("tracing", "building", "running", "calling")
    names = [f"calling-{word}" for word in words] + ["preparing-tracing", "reading-running"]
    outcomes = run("tests.adapters.fakes:Stages", [case(name) for name in names])
    assert [outcome.stage for outcome in outcomes] == [*words, "preparing", "reading"]
    assert {outcome.type for outcome in outcomes[:4]} == {"KeyError"}


def test_a_function_of_the_text_that_raised_was_being_traced() -> None:
    inside, after = run("tests.adapters.fakes:Traces", [case("inside"), case("after")])
    assert (inside.stage, after.stage) == ("tracing", "running")


def test_a_stage_that_is_none_is_a_fault_and_the_next_case_runs() -> None:
    fault, fine = run("tests.adapters.fakes:Stages", [case("calling-dreaming"), case("fine")])
    line = "stage() returned 'dreaming'; it must be one of tracing, building, running, calling: KeyError: 'deep'"
    assert isinstance(fault, Fault)
    assert fault.message.splitlines()[0] == line
    assert isinstance(fine, Returned)


def test_a_plug_in_needs_neither_call_nor_our_exceptions() -> None:
    raised, unsupported, returned = run("NoCall", [case("bad"), case("unsupported"), case("fine")])
    assert raised == Raised(type="ZeroDivisionError", message="told you", stage="calling")
    assert unsupported == Unsupported(reason="no such operator")
    assert returned.arrays["output"].shape == (1, 4, 6, 2)


def test_not_supported_may_also_come_from_call() -> None:
    assert run("Unsupports", [case("bad")]) == [Unsupported(reason="not here")]


@pytest.mark.parametrize(
    ("fake", "name", "line"),
    [
        ("ReturnsGarbage", "bad-list", "run() returned list, not a dict of arrays by name"),
        ("ReturnsGarbage", "bad-none", "run() returned NoneType, not a dict of arrays by name"),
        ("ReturnsGarbage", "bad-float", "run() returned output as float, not as a NumPy array"),
        (
            "ReturnsGarbage",
            "bad-object",
            "run() returned output as object, which NumPy alone does not know; convert it",
        ),
        (
            "ReturnsExtensionDtypes",
            "bad",
            "run() returned output as float8_e5m2, which NumPy alone does not know; convert it",
        ),
        ("ChangesInputs", "bad", "run() changed value: give the framework a copy"),
        (
            "BrokenTranslation",
            "bad",
            "failed outside the call's text, which run() must execute as <call>: AttributeError: our own mistake",
        ),
        ("BrokenCall", "bad", "failed before the call: ZeroDivisionError: division by zero"),
        ("DiesInCall", "bad", "the worker twice ended before it made the call: SIGABRT"),
    ],
)
def test_what_is_our_own_fault_is_no_outcome_and_the_next_case_runs(fake: str, name: str, line: str) -> None:
    fault, after = run(fake, [case(name), case("fine")])
    assert isinstance(fault, Fault)
    assert fault.message.splitlines()[0] == line
    assert isinstance(after, Returned)


def test_a_fault_has_the_traceback() -> None:
    (fault,) = run("BrokenTranslation", [case("bad")])
    assert 'fakes.py", line' in fault.message


def test_a_fill_that_fails_is_a_fault() -> None:
    spec = TensorSpec(shape=(1, 4, 6, 2), dtype="float32", fill="no-such-rule")
    (fault,) = run("Right", [case("odd", inputs={"value": spec})])
    assert "no rule fills value with 'no-such-rule'" in fault.message


def test_arrays_of_every_layout_arrive_as_they_were() -> None:
    (outcome,) = run("ReturnsOddArrays", [case("bad")])
    value = np.arange(6.0).reshape(2, 3)
    assert outcome.arrays["transposed"].tolist() == value.T.tolist()
    assert outcome.arrays["swapped"].tolist() == value.tolist()
    assert outcome.arrays["scalar"].shape == ()
    assert (outcome.arrays["empty"].shape, outcome.arrays["empty"].dtype) == ((0, 3), np.float16)
    assert outcome.arrays["truth"].dtype == np.bool_


def test_bfloat16_and_native_indices_arrive_as_they_were() -> None:
    (outcome,) = run("ReturnsExtensionDtypes", [case("fine")])
    assert {name: array.dtype.name for name, array in outcome.arrays.items()} == {
        "output": "bfloat16",
        "native_indices": "uint16",
    }
    (plain_outcome,) = run("Right", [case("fine")])
    assert outcome.arrays["output"].astype("float32").tolist() == plain_outcome.arrays["output"].tolist()


def test_an_answer_of_a_forked_child_is_no_answer() -> None:
    cases = [case(f"c{number}") for number in range(6)]
    found, right = run("ForksAndReturnsTwice", cases), run("Right", cases)
    for one, other in zip(found, right, strict=True):
        assert one.arrays["output"].tolist() == other.arrays["output"].tolist()


def test_an_adapter_may_put_other_arrays_in_place_of_its_inputs() -> None:
    (outcome,) = run("ReplacesInputs", [case("fine")])
    assert isinstance(outcome, Returned)


def test_cases_larger_than_a_pipe_pass_and_do_not_block_behind_a_hung_one() -> None:
    outcomes = run("Hangs", [large("a"), case("bad-stuck"), large("b"), large("c"), case("d")], limit=5)
    assert [type(outcome) for outcome in outcomes] == [Returned, TimedOut, Returned, Returned, Returned]


def test_what_is_expected_is_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []
    send = Process.send

    def spy(self: Process, item: Any, limit: float | None = None) -> None:
        sent.append(item)
        send(self, item, limit)

    monkeypatch.setattr(Process, "send", spy)
    secret = case(
        "secret",
        expected={"output": (12345.5,)},
        invalid="not to be told",
        behaviour="not to be told",
        about="not to be told",
        source="not to be told",
    )
    (outcome,) = run("TellsAll", [secret])
    assert isinstance(outcome, Returned), "the adapter saw more than the question"
    assert "cases/x.yaml::secret" in json.dumps(repr(sent))
    assert "12345.5" not in repr(sent)
    assert "told" not in repr(sent)


def test_a_child_that_keeps_the_pipe_open_does_not_hide_a_death() -> None:
    crashed, after = run("LeavesChild", [case("bad"), case("fine")])
    assert crashed.signal == "SIGABRT"
    assert isinstance(after, Returned)


def test_an_exception_from_deliver_reaches_whoever_waits() -> None:
    def full(_answer: Result | Fault) -> None:
        raise OSError(28, "No space left on device")

    with Pool() as pool:
        pool.probe([resolve("tests.fakes:Right")])
        pool.start({EAGER: [case("a"), case("b")]}, full)
        with pytest.raises(OSError, match="No space left"):
            pool.wait(PATIENCE)


def test_whoever_hears_an_answer_may_ask_more_of_the_same_worker() -> None:
    answers: list[Result | Fault] = []

    def hear(answer: Result | Fault) -> list[Case]:
        answers.append(answer)
        names = {"first": ["bad-abort"], "bad-abort": ["after-the-crash", "last"]}
        return [case(name) for name in names.get(answer.case.rpartition("::")[2], [])]

    with Pool() as pool:
        pool.probe([resolve("tests.fakes:Crashes")])
        pool.start({EAGER: [case("first")]}, hear)
        assert pool.wait(PATIENCE)
    assert [answer.case.rpartition("::")[2] for answer in answers] == ["first", "bad-abort", "after-the-crash", "last"]
    kinds = [answer.outcome.kind for answer in answers if isinstance(answer, Result)]
    assert kinds == ["returned", "crashed", "returned", "returned"]
