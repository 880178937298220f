"""Facts: the cases that one is about, what it explains, and one line for each fault of a file."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.outcome import Crashed, Outcome, Raised, Returned
from cases.loading.lookup import SHIPPED, every
from cases.model.case import Case
from reports.judging import behaviours, facts, stale
from reports.judging.behaviours import FOLDER, Accepted
from reports.judging.compare import Difference, Kind
from reports.judging.facts import Fact
from reports.judging.judge import begin, judge
from reports.judging.verdict import LENIENT, NOT_REACHED, Verdict
from reports.recording.known_files import KnownError
from tests.reports.making import JAX, TORCH, fact, make, oracle, record, right

EAGER = {"mode": "eager", "device": "cpu", "avx512": False}
STRIDE = {"rule": "stride", "reason": "a stride of 0 stays where it is"}
WRONG = make("conv_transpose", "wrong", strides=0, value={"shape": [1, 2, 2, 2]}, invalid=STRIDE)


def _differing(kind: Kind, diagnosis: str | None = None) -> tuple[str, Difference, str | None]:
    return "differing", Difference(kind=kind, summary="it"), diagnosis


@pytest.mark.parametrize(
    ("where", "about"),
    [
        ('operator == "conv_transpose" and dtype == "float32"', True),
        ('operator == "conv"', False),
        ("strides | max > 1 and kernel | min == 3", True),
        ('mode == "eager" and device == "cpu"', True),
        ('mode == "graph"', False),
        ("avx512", False),
        ("window_has_nan", False),
        ("output_shape[9] == 1", False),
    ],
)
def test_a_fact_is_about_the_calls_that_meet_its_condition(where: str, *, about: bool) -> None:
    assert bool(fact(where=where).steps(make("conv_transpose"), EAGER)) is about


def test_calls_that_break_a_rule_count_only_if_the_condition_reads_the_rule() -> None:
    assert not fact(where='operator == "conv_transpose"').steps(WRONG, EAGER)
    assert fact(where='operator == "conv_transpose" and rule == "stride"').steps(WRONG, EAGER)
    assert fact(where='argument == "strides"').steps(WRONG, EAGER)


def test_no_fact_is_about_a_call_without_a_right_answer() -> None:
    case = make("max_pool", given={"strides": [2, 2]}, behaviour="nobody knows what this ought to be")
    assert not fact().steps(case, EAGER)


def test_of_a_pipeline_a_fact_is_about_steps() -> None:
    case = _shipped("cases/pipelines/pool_and_back.yaml::nan-at7")
    assert fact(where='operator == "max_pool" and window_has_nan').steps(case, EAGER) == {"pooled_without_indices"}


def _shipped(case_id: str) -> Case:
    return next(case for case in every(SHIPPED) if case.id == case_id)


@pytest.mark.parametrize(
    ("versions", "version", "known"),
    [
        (">=2.13,<2.14", "2.13.0", True),
        (">=2.13,<2.14", "2.13.0+cpu", True),
        (">=2.13,<2.14", "2.13.1rc1", True),
        ("==2.13.0", "2.13.0+cpu", True),
        (">=2.13,<2.14", "2.14.0.dev20260101+cpu", False),
        (">=2.13,<2.14", "2.12.9", False),
    ],
)
def test_a_fact_is_known_of_its_versions(versions: str, version: str, *, known: bool) -> None:
    assert fact(versions=versions).holds_in(version) is known


def test_a_fact_explains_its_own_kind_and_diagnosis_alone() -> None:
    assert fact().explains(*_differing("value"))
    assert fact().explains(*_differing("value", "filter not rotated"))
    assert not fact().explains(*_differing("shape"))
    assert not fact().explains("passed", None, None)
    strict = fact(diagnosis="filter not rotated")
    assert strict.explains(*_differing("value", "filter not rotated or window (1, 6) instead of (0, 6)"))
    assert not strict.explains(*_differing("value", "window shifted by (1, 1)"))
    assert not strict.explains(*_differing("value"))
    assert fact(diagnosis="window * instead of *").explains(*_differing("value", "window (1, 6) instead of (0, 6)"))


@pytest.mark.parametrize("end", ["crashed", "timed out"])
def test_a_fact_explains_no_other_end(end: str) -> None:
    difference = Difference(kind="outcome", summary="the process died")
    assert fact(ends=end).explains(end, difference, None)
    for status in {"crashed", "timed out", "raised", "differing"} - {end}:
        assert not fact(ends=end).explains(status, difference, None)
    accepted = fact(accepts=True, where='rule == "stride"')
    assert accepted.explains("differing", difference, None)
    assert not accepted.explains(end, difference, None)


@pytest.mark.parametrize(
    ("raised", "explained"),
    [
        ("RuntimeError: non-empty 2D or 4D weight tensor expected, but got: [3, 3, 0, 2]", True),
        ("RuntimeError: in a graph\n\nnon-empty weight tensor expected", True),
        ("TorchRuntimeError: non-empty weight tensor expected", False),
        ("ValueError: non-empty weight tensor expected", False),
        ("RuntimeError: out of memory", False),
        ("RuntimeError before the call, so it refused nothing: non-empty weight tensor expected", False),
    ],
)
def test_a_known_refusal_is_no_other_one(raised: str, *, explained: bool) -> None:
    difference = Difference(kind="outcome", summary=f"raised {raised}")
    refuses = fact(raises="^RuntimeError: .*non-empty .*weight tensor")
    assert refuses.explains("raised", difference, None) is explained


PLAIN = make("conv_transpose", in_channels=1)


def _verdict(folder: Path, *known: Fact, change: float = 1, own: bool = False, **header: Any) -> Verdict:
    """The verdict on an answer of torch 2.13.0 whose every element is off by ``change``."""
    run = record(folder, [oracle(PLAIN), (PLAIN, TORCH, _off(change))])
    run.header.update(header)
    begin(run, Accepted(own=list(known)) if own else Accepted(facts={"torch": list(known)}))
    return judge(run, PLAIN, TORCH)


def _off(change: float) -> Any:
    (_, _, outcome) = oracle(PLAIN)
    return type(outcome)(arrays={"output": right(PLAIN)["output"] + change})  # type: ignore[call-arg]


def test_a_fact_that_shows_is_known_and_one_that_does_not_has_vanished(tmp_path: Path) -> None:
    assert _verdict(tmp_path / "a", fact()).follows == "known"
    assert _verdict(tmp_path / "b", fact(), change=0).follows == "vanished"
    assert _verdict(tmp_path / "c", fact(differs="shape")).follows == "changed"
    assert _verdict(tmp_path / "d", fact(where='operator == "conv"')).follows == "new"
    assert _verdict(tmp_path / "e").follows == "new"


def test_one_of_several_facts_has_to_explain_the_answer(tmp_path: Path) -> None:
    assert _verdict(tmp_path / "a", fact(differs="shape"), fact()).follows == "known"
    assert _verdict(tmp_path / "b", fact(differs="shape"), fact(differs="index")).follows == "changed"


def test_what_more_than_the_call_decides_need_not_show(tmp_path: Path) -> None:
    loose = fact(depends_on="the data", output="output")
    assert _verdict(tmp_path / "a", loose).follows == "known"
    assert _verdict(tmp_path / "b", loose, change=0).follows == "pass"
    assert _verdict(tmp_path / "c", fact(depends_on="the data", differs="shape")).follows == "new"


def test_what_is_known_of_another_version_still_explains_and_fails_nothing(tmp_path: Path) -> None:
    older = fact(versions="<2.13")
    still = _verdict(tmp_path / "a", older)
    assert (still.follows, still.of_version) == ("known", "<2.13")
    gone = _verdict(tmp_path / "b", older, change=0)
    assert (gone.follows, gone.of_version, gone.fails) == ("gone", "<2.13", False)
    assert gone.note == "known of <2.13, and gone in 2.13.0: it is known to differ"
    assert _verdict(tmp_path / "c", fact(versions="<2.13", differs="shape")).follows == "new"


def test_with_strict_versions_only_this_version_counts(tmp_path: Path) -> None:
    older = fact(versions="<2.13")
    assert _verdict(tmp_path / "a", older, strict_versions=True).follows == "new"
    assert _verdict(tmp_path / "b", older, change=0, strict_versions=True).follows == "pass"
    assert _verdict(tmp_path / "c", fact(), strict_versions=True).follows == "known"


def test_what_is_known_of_other_versions_is_counted_at_the_end(tmp_path: Path) -> None:
    run = record(tmp_path, [oracle(PLAIN), (PLAIN, TORCH, _off(1))])
    begin(run, Accepted(facts={"torch": [fact(versions="<2.13")]}))
    [line] = stale.other_versions(run)
    assert line.startswith("torch 2.13.0: 1 answers depart as other versions do, and 0 no longer do; with --strict-v")
    run.verdicts = None
    begin(run, Accepted(facts={"torch": [fact()]}))
    assert stale.other_versions(run) == []


def test_a_user_s_own_fact_counts_whatever_the_version(tmp_path: Path) -> None:
    mine = fact(versions="==99")
    found = _verdict(tmp_path / "a", mine, own=True, strict_versions=True)
    assert (found.follows, found.of_version) == ("known", "")
    assert _verdict(tmp_path / "b", mine, own=True, change=0).follows == "vanished"


def test_the_facts_of_a_run_s_user_are_kept_in_it(tmp_path: Path) -> None:
    run = record(tmp_path, [oracle(PLAIN)])
    run.header["known"] = [fact().model_dump(mode="json", exclude_defaults=True)]
    assert behaviours.load_for(run).own == [fact()]


def test_the_processor_decides_where_the_condition_reads_it(tmp_path: Path) -> None:
    assert not _verdict(tmp_path / "a", fact()).by_processor
    assert _verdict(tmp_path / "b", fact(where="avx512 or not avx512"), change=1).by_processor is False
    lacking = fact(where="not avx512")
    assert _verdict(tmp_path / "c", lacking).by_processor
    assert _verdict(tmp_path / "c2", lacking).follows == "known"


def test_what_is_known_of_the_target_that_another_is_like_is_known_of_that_one(tmp_path: Path) -> None:
    """It has the mode of the target that it is like, its facts and its own ones."""
    native = "torch-native-cpu"

    def follows(folder: str, *known: Fact) -> str:
        run = record(tmp_path / folder, [oracle(PLAIN), (PLAIN, native, _off(1))])
        run.header["targets"][native]["settings"]["like"] = "eager"
        begin(run, Accepted(facts={"torch": list(known)}))
        return judge(run, PLAIN, native).follows

    assert follows("a", fact(targets=[TORCH], where='mode == "eager"')) == "known"
    assert follows("b", fact(targets=[native])) == "known"
    assert follows("c", fact(targets=["torch-compile-cpu"])) == "new"


def test_an_exception_of_a_step_has_its_words_behind_the_step() -> None:
    known = fact(raises="LookupError: gradient registry has no entry")
    for words in ("raised LookupError: gradient", "raised LookupError: step pooled: gradient"):
        difference = Difference(kind="outcome", summary=f"{words} registry has no entry for: MaxPool")
        assert known.explains("raised", difference, None)
    assert not known.explains("raised", Difference(kind="outcome", summary="raised KeyError: step a: gradient"), None)


def test_what_is_known_of_a_target_that_another_is_near_may_show_and_need_not(tmp_path: Path) -> None:
    """A transform of a call may run other kernels than the call. A fact that names its own mode has to show."""
    jvp = "torch-jvp-cpu"

    def follows(folder: str, known: Fact, difference: float) -> str:
        answer = oracle(PLAIN)[2] if difference == 0 else _off(difference)
        run = record(tmp_path / folder, [oracle(PLAIN), (PLAIN, jvp, answer)])
        run.header["targets"][jvp]["settings"]["near"] = "eager"
        begin(run, Accepted(facts={"torch": [known]}))
        return judge(run, PLAIN, jvp).follows

    assert follows("a", fact(targets=[TORCH], where='mode == "eager"'), 1) == "known"
    assert follows("b", fact(targets=[TORCH]), 0) == "pass"
    assert follows("c", fact(targets=["torch-*"]), 0) == "pass"
    assert follows("d", fact(targets=["torch-jvp-*"]), 0) == "vanished"


def test_of_sizes_alone_only_shapes_and_dtypes_are_judged(tmp_path: Path) -> None:
    meta = "torch-meta-cpu"
    output = oracle(PLAIN)[2].arrays["output"]  # type: ignore[union-attr]

    def verdict(folder: str, array: Any, *known: Fact) -> Verdict:
        run = record(tmp_path / folder, [oracle(PLAIN), (PLAIN, meta, Returned(arrays={"output": array}))])
        run.header["targets"][meta]["sizes_only"] = True
        begin(run, Accepted(facts={"torch": list(known)}))
        return judge(run, PLAIN, meta)

    assert verdict("a", np.zeros_like(output)).follows == "pass"
    assert verdict("b", np.zeros_like(output), fact()).follows == "pass", "a fact about values is none of these"
    assert verdict("c", np.zeros_like(output, "float64")).difference.kind == "dtype"  # type: ignore[union-attr]
    assert verdict("d", np.zeros_like(output)[:, 1:]).difference.kind == "shape"  # type: ignore[union-attr]
    wide = fact(differs="dtype", diagnosis="returned as float*")
    assert verdict("e", np.zeros_like(output, "float64"), wide).follows == "known"


@pytest.mark.parametrize(
    ("outcome", "accepted"),
    [
        (Returned(arrays={"output": np.zeros((1, 2, 2, 3))}), LENIENT),
        (Raised(type="ValueError", message="no such shape", stage="preparing"), NOT_REACHED),
    ],
    ids=["accepted", "not reached"],
)
def test_of_drawn_wrong_calls_only_an_end_of_the_process_is_new(
    tmp_path: Path, outcome: Outcome, accepted: str
) -> None:
    def verdict(folder: str, outcome: Outcome, **header: Any) -> Verdict:
        run = record(tmp_path / folder, [(WRONG, TORCH, outcome)])
        run.header.update(header)
        begin(run, Accepted())
        return judge(run, WRONG, TORCH)

    assert verdict("suite", outcome).follows == "new"
    drawn = verdict("drawn", outcome, fuzz=1)
    assert (drawn.follows, drawn.accepted) == ("known", accepted)
    assert verdict("died", Crashed(signal="SIGABRT", stderr=""), fuzz=1).follows == "new"


def test_where_targets_are_chosen_a_fact_that_need_not_show_is_not_stale(tmp_path: Path) -> None:
    run = record(tmp_path, [oracle(PLAIN), (PLAIN, TORCH, _off(0))])
    loose, strict = fact(depends_on="the data", output="output"), fact(where='operator == "conv"')
    accepted = Accepted(facts={"torch": [loose, strict]})
    begin(run, accepted)
    assert len(stale.entries(run, accepted, whole=True)) == 2
    (line,) = stale.entries(run, accepted, whole=True, chosen=True)
    assert strict.fact in line


@pytest.mark.parametrize("asked", [1, 2])
def test_of_a_sampled_target_a_fact_is_stale_if_all_its_cases_were_asked(tmp_path: Path, asked: int) -> None:
    """JAX is asked every case, and the fact is not about it."""
    cases = [PLAIN, make("conv", name="other", strides=1)]
    answers = [(case, target, Returned(arrays=right(case))) for case in cases for target in (JAX, TORCH)]
    run = record(tmp_path, [*map(oracle, cases), *answers[:2], *answers[2 : 2 + asked]])
    run.header["targets"][TORCH] |= {"sampled": True, "one_in": 4}
    accepted = Accepted(facts={"torch": [fact(depends_on="the data", output="output")]})
    begin(run, accepted)
    assert len(stale.entries(run, accepted, whole=True)) == asked - 1


GOOD = """\
- fact: It pads at the other end.
  targets: [torch-*]
  versions: ">=2"
  where: strides | max > 1
  differs: value
  link: not reported yet
"""


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('">=2"', "two", "versions: 'two' is no version specifier"),
        (
            "differs: value",
            "differs: values",
            "differs: input should be 'shape', ",
        ),
        ("It pads at the other end.", "short", "fact: string should have at least 10 characters"),
        ("not reported yet", "soon", "link: string should match pattern"),
        ("[torch-*]", "[]", "targets: list should have at least 1 item"),
        ("strides |", "stride |", "where: no property is called 'stride'; did you mean 'strides'?"),
        ("> 1", ">", "where: "),
        ("  differs: value\n", "", "this entry: a fact says one of raises, accepts, ends, differs, not none"),
        (
            "  link",
            "  raises: x\n  link",
            "this entry: a fact says one of raises, accepts, ends, differs, not",
        ),
        ("differs: value", "ends: crashed\n  diagnosis: x", "this entry: only a fact that differs has a diag"),
        ("differs: value", "raises: (a", "raises: '(a' is no regular expression: m"),
        ("differs: value", "raises: a|.*", "raises: 'a|.*' is found in every message"),
        ("  where", "  when: x\n  where", "'when' is not a key of this place"),
        ("[torch-*]", "[torch-*", "not YAML:"),
        ("- fact", "  fact", "the file: input should be a valid list"),
    ],
)
def test_a_fault_of_a_file_is_one_line(tmp_path: Path, before: str, after: str, message: str) -> None:
    path = tmp_path / "torch.yaml"
    path.write_text(GOOD.replace(before, after), encoding="utf-8")
    with pytest.raises(KnownError) as caught:
        facts.load(tmp_path)
    (line,) = str(caught.value).splitlines()
    assert re.match(rf"{re.escape(str(path))}:\d+:\d+: {re.escape(message)}", line), line


def test_every_fault_has_its_line(tmp_path: Path) -> None:
    faulty = GOOD.replace("value", "x").replace("not reported yet", "x")
    (tmp_path / "torch.yaml").write_text(faulty, encoding="utf-8")
    with pytest.raises(KnownError) as caught:
        facts.load(tmp_path)
    assert len(str(caught.value).splitlines()) == 2


def test_files_are_named_by_adapter_and_may_be_empty(tmp_path: Path) -> None:
    (tmp_path / "torch.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "jax.yaml").write_text("# nothing\n", encoding="utf-8")
    assert {name: len(found) for name, found in facts.load(tmp_path).items()} == {"jax": 0, "torch": 1}


def test_the_shipped_facts_speak_of_their_own_adapter() -> None:
    shipped = facts.load(FOLDER)
    assert set(shipped) == {
        *("document", "flax", "jax", "keras", "onnx", "onnxruntime", "tensorflow", "torch"),
    }
    for adapter, found in shipped.items():
        assert all(target.startswith(f"{adapter}-") for one in found for target in one.targets)


def test_every_shipped_fact_is_about_some_shipped_case() -> None:
    """Of facts about modes that are asked a sample, a default run may show none."""
    cases = list(every(SHIPPED))
    for found in itertools.chain.from_iterable(facts.load(FOLDER).values()):
        modes = {target.split("-")[1].replace("*", "eager") for target in found.targets}
        places = [{"mode": mode, "device": "cpu", "avx512": has} for mode in modes for has in (True, False)]
        concerned = (case for case in cases if found.may_concern(facts.quick(case)))
        assert any(found.steps(case, place) for case in concerned for place in places), found.fact


def test_what_shipped_facts_say_of_an_exception_is_more_than_its_type() -> None:
    raising = [one for found in facts.load(FOLDER).values() for one in found if one.raises]
    assert raising
    for found, name in itertools.product(raising, TYPES):
        another = Difference(kind="outcome", summary=f"raised {name}: another message")
        assert not found.explains("raised", another, None)


TYPES = [
    "AbortedError",
    "InvalidArgumentError",
    "NotFoundError",
    "NotImplementedError",
    "RuntimeError",
    "TorchRuntimeError",
    "TypeError",
    "UnimplementedError",
    "ValueError",
]
