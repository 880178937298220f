"""What counts as a change of an answer, and of which kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.oracle import Oracle
from adapters.outcome import Crashed, Outcome, Raised, Returned, TimedOut, Unsupported
from cases.loading.lookup import SHIPPED, lookup
from cases.model.case import Case
from cases.model.fill import fill
from reports.comparing.changes import Change, compared
from reports.judging import behaviours
from reports.judging.behaviours import Accepted
from reports.judging.judge import begin
from reports.recording.run import Run
from reports.recording.targets import ORACLE
from tests.reports.making import JAX, TORCH, Answer, fact, make, oracle, record, right

CASE = make("conv_transpose")
OTHER = make("conv_transpose", "other", strides=3)
ROUNDED = make("conv", "rounded", data="normal")
WRONG = make("conv", "wrong", strides=0, invalid={"rule": "stride", "reason": "a stride is at least one"})
OPEN = make("conv", "open", behaviour="nobody says what comes back")
RIGHT = Returned(arrays=right(CASE))
ONES, TWOS = (Returned(arrays={"output": np.full_like(right(CASE)["output"], value)}) for value in (1, 2))
RAISED = Raised(type="ValueError", message="one wording of 7", stage="calling")
CRASHED = Crashed(signal="SIGABRT", stderr="some")


def _runs(folder: Path, case: Case, old: Outcome, new: Outcome) -> tuple[Run, Run]:
    definition: list[Answer] = [] if case.invalid or case.behaviour else [oracle(case)]
    old_run, new_run = ([*definition, (case, TORCH, outcome)] for outcome in (old, new))
    return record(folder / "old", old_run), record(folder / "new", new_run)


def _changes(runs: tuple[Run, Run], **accepted: Any) -> list[Change]:
    for run in runs:
        begin(run, Accepted(**accepted))
    found = compared(*runs)
    assert found.targets == {TORCH}
    return found.changes


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (RIGHT, RIGHT, None),
        (RIGHT, RAISED, "worse"),
        (RAISED, RIGHT, "better"),
        (RAISED, ONES, "worse"),  # a wrong value is worse than a clear refusal
        (ONES, CRASHED, "worse"),
        (TimedOut(seconds=1), RAISED, "better"),
        (ONES, TWOS, "value"),
        (ONES, ONES, None),
        (RAISED, Raised(type="ValueError", message="another wording", stage="calling"), "words"),
        (RAISED, Raised(type="TypeError", message="one wording of 7", stage="calling"), "words"),
        (RAISED, Raised(type="ValueError", message="one wording of 7", stage="reading"), "words"),
        (RAISED, Raised(type="ValueError", message="one wording of 7 at 0x7f31c8a0", stage="calling"), "words"),
        (RAISED, Unsupported(reason="no such layout"), "words"),
        (CRASHED, Crashed(signal="SIGSEGV", stderr="some"), "value"),
        (CRASHED, TimedOut(seconds=1), "value"),
        (CRASHED, Crashed(signal="SIGABRT", stderr="other"), None),
        (CRASHED, Crashed(signal="SIGABRT after hanging", stderr="some"), None),  # that depends on the machine
    ],
)
def test_an_answer_gets_worse_or_better_or_changes(
    tmp_path: Path, old: Outcome, new: Outcome, kind: str | None
) -> None:
    changes = _changes(_runs(tmp_path, CASE, old, new))
    assert [change.kind for change in changes] == ([] if kind is None else [kind])


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [(RAISED, ONES, "worse"), (ONES, RAISED, "better"), (RAISED, CRASHED, "worse"), (ONES, TWOS, "value")],
)
def test_a_wrong_call_is_right_where_it_is_refused(tmp_path: Path, old: Outcome, new: Outcome, kind: str) -> None:
    [change] = _changes(_runs(tmp_path, WRONG, old, new))
    assert change.kind == kind
    assert kind == "worse" or "accepted a call that breaks the rule 'stride'" in f"{change.before} {change.after}"


@pytest.mark.parametrize(
    ("old", "new", "kind"), [(RAISED, ONES, "value"), (ONES, TWOS, "value"), (ONES, CRASHED, "worse")]
)
def test_of_a_call_without_a_right_answer_only_its_end_is_worse(
    tmp_path: Path, old: Outcome, new: Outcome, kind: str
) -> None:
    assert [change.kind for change in _changes(_runs(tmp_path, OPEN, old, new))] == [kind]


def test_rounding_within_the_bound_is_a_figure_and_no_change(tmp_path: Path) -> None:
    answer = right(ROUNDED)["output"]
    near, far = (answer * np.float32(1 + share) for share in (2.0**-23, 0.5))
    runs = _runs(tmp_path, ROUNDED, *(Returned(arrays={"output": array}) for array in (answer, near)))
    found = compared(*runs)
    assert (found.changes, found.other_bits) == ([], 1)
    runs = _runs(tmp_path / "far", ROUNDED, *(Returned(arrays={"output": array}) for array in (near, far)))
    assert [change.kind for change in _changes(runs)] == ["worse"]


def test_rounding_within_one_diagnosis_is_a_figure_too(tmp_path: Path) -> None:
    inputs = fill(ROUNDED)
    turned = Oracle().run(ROUNDED, inputs | {"filter": np.ascontiguousarray(inputs["filter"][::-1, ::-1])})["output"]
    near, other = turned * np.float32(1 + 2.0**-23), turned + np.float32(1)
    wrong = [Returned(arrays={"output": array}) for array in (turned, near, other)]
    found = compared(*_runs(tmp_path, ROUNDED, wrong[0], wrong[1]))
    assert (found.changes, found.other_bits) == ([], 1)
    assert [change.kind for change in _changes(_runs(tmp_path / "other", ROUNDED, wrong[0], wrong[2]))] == ["value"]


def test_other_bits_are_no_change_only_where_they_are_known_to_vary(tmp_path: Path) -> None:
    runs = _runs(tmp_path, CASE, ONES, TWOS)
    vary, differ = ({"torch": [fact(fact="it returns what it finds", **more)]} for more in ({"varies": True}, {}))
    assert _changes(runs, facts=vary) == []
    [change] = _changes(runs, facts=differ)
    assert (change.before.startswith("wrong, output differs in "), change.before != change.after) == (True, True)
    assert change.known == "known: it returns what it finds"


def test_another_end_is_a_change_also_where_bits_vary(tmp_path: Path) -> None:
    known = fact(fact="it returns what it finds", varies=True)
    [change] = _changes(_runs(tmp_path, CASE, ONES, CRASHED), facts={"torch": [known]})
    assert (change.kind, change.after) == ("worse", "crashed: SIGABRT")


def test_a_shipped_fact_says_that_bits_vary() -> None:
    """TensorFlow's convolution with a kernel larger than the image: memory that nobody wrote."""
    varying = [fact for fact in behaviours.load().facts["tensorflow"] if fact.varies]
    case = lookup(SHIPPED, "cases/conv/invalid.yaml::kernel-larger-than-image")
    assert sum(bool(fact.steps(case, {"mode": "eager"})) for fact in varying) == 1


def test_what_has_no_answer_or_no_verdict_is_named_and_not_compared(tmp_path: Path) -> None:
    old = record(tmp_path / "old", [oracle(CASE), (CASE, TORCH, RIGHT), (OTHER, TORCH, ONES)])
    new = record(tmp_path / "new", [oracle(CASE), (OTHER, TORCH, ONES)])
    new.faults[CASE.id, TORCH] = "our own mistake"
    found = compared(old, new)
    assert found.unanswered == {(CASE.id, TORCH), (OTHER.id, TORCH)}  # the definition answered none of the second
    assert found.targets == set()


def test_what_was_asked_in_neither_run_is_nothing(tmp_path: Path) -> None:
    old, new = (record(tmp_path / name, [oracle(CASE), (OTHER, TORCH, ONES)]) for name in ("old", "new"))
    for run in (old, new):
        run.unasked[CASE.id, TORCH] = "it would not survive"
    assert compared(old, new).unanswered == {(OTHER.id, TORCH)}


def test_bits_that_vary_may_be_right_by_chance(tmp_path: Path) -> None:
    vary = {"torch": [fact(fact="it returns what it finds", varies=True)]}
    for number, (old, new) in enumerate([(RIGHT, ONES), (ONES, RIGHT)]):
        assert _changes(_runs(tmp_path / str(number), CASE, old, new), facts=vary) == []


def test_a_repeat_that_ended_worse_counts(tmp_path: Path) -> None:
    twice: list[Answer] = [(CASE, TORCH, RIGHT), (CASE, TORCH, CRASHED)]
    old, new = record(tmp_path / "old", [oracle(CASE), twice[0]]), record(tmp_path / "new", [oracle(CASE), *twice])
    assert [change.kind for change in _changes((old, new))] == ["worse"]
    several: list[Answer] = [(CASE, TORCH, ONES), (CASE, TORCH, TWOS)]
    old, new = (record(tmp_path / name, [oracle(CASE), *some]) for name, some in (("x", several), ("y", several[::-1])))
    assert _changes((old, new)) == []


def test_a_case_for_which_the_definition_answers_otherwise_is_not_compared(tmp_path: Path) -> None:
    old = record(tmp_path / "old", [oracle(CASE), (CASE, TORCH, RIGHT)])
    new = record(tmp_path / "new", [(CASE, ORACLE, ONES), (CASE, TORCH, RIGHT)])
    found = compared(old, new)
    assert (found.other_cases, found.count) == ([CASE.id], 0)


def test_other_texts_about_a_case_are_no_other_case(tmp_path: Path) -> None:
    told = replace(WRONG, about="said otherwise", source="https://example.com", invalid="for another reason")
    old, new = (record(tmp_path / case.about[-4:], [(case, TORCH, RAISED)]) for case in (WRONG, told))
    assert compared(old, new).count == 1


def test_a_fact_from_which_an_answer_departs_is_said_to_have_been_known(tmp_path: Path) -> None:
    known = fact(fact="it refuses", raises="ValueError")
    [change] = _changes(_runs(tmp_path, CASE, RAISED, CRASHED), facts={"torch": [known]})
    assert (change.kind, change.known) == ("worse", "was known: it refuses")


def test_numbers_do_not_part_what_is_alike_and_names_do() -> None:
    texts = ("conv2d wants float32 and not 7 of 12", "conv2d wants float32 and not 8 of 3", "conv2d wants float64")
    one, two, three = (Change(kind="words", case=CASE, target=TORCH, before=text, after="x") for text in texts)
    assert one.alike == two.alike == ("conv2d wants float32 and not # of #", "x")
    assert three.alike != one.alike


def test_what_one_run_lacks_is_named_and_not_compared(tmp_path: Path) -> None:
    old = record(tmp_path / "old", [oracle(CASE), (CASE, TORCH, RIGHT), (OTHER, TORCH, ONES)])
    new = record(tmp_path / "new", [oracle(CASE), (CASE, TORCH, RIGHT), (CASE, JAX, TWOS)])
    found = compared(old, new)
    assert (found.added, found.removed, found.changes) == ({(CASE.id, JAX)}, {(OTHER.id, TORCH)}, [])


def test_a_case_that_means_another_call_now_is_not_compared(tmp_path: Path) -> None:
    old = record(tmp_path / "old", [oracle(CASE), (CASE, TORCH, RIGHT), (OTHER, TORCH, ONES)])
    changed = make("conv_transpose", "other", strides=2)
    new = record(tmp_path / "new", [oracle(CASE), (CASE, TORCH, RIGHT), (changed, TORCH, CRASHED)])
    found = compared(old, new)
    assert (found.other_cases, found.changes) == ([OTHER.id], [])


def test_a_target_can_be_compared_with_one_of_another_name(tmp_path: Path) -> None:
    old = record(tmp_path / "old", [oracle(CASE), (CASE, TORCH, RIGHT), (CASE, JAX, RIGHT)])
    new = record(tmp_path / "new", [oracle(CASE), (CASE, JAX, ONES)])
    [change] = compared(old, new, {JAX: TORCH}).changes
    assert (change.kind, change.target, change.before) == ("worse", JAX, "right")
