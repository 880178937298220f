"""Known differences: what an entry accepts, and one line for each fault of a file."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from reports.judging import known
from reports.judging.acceptance import explains, find
from reports.judging.behaviours import FOLDER as KNOWN
from reports.judging.compare import Difference, Kind
from reports.judging.known import Known
from reports.judging.verdict import Status, Verdict
from reports.recording.known_files import KnownError

ENTRY = {
    "cases": ["cases/conv/*.yaml::same-*"],
    "targets": "torch-*",
    "versions": ">=2.13,<2.14",
    "kind": "value",
    "reason": "pads at the other end",
    "link": "https://example.org/1",
}
CASE = "cases/conv/strides.yaml::same-i5x6"


def _entry(**changes: Any) -> Known:
    return Known.model_validate(ENTRY | changes)


def _verdict(kind: Kind, diagnosis: str | None = None) -> Verdict:
    return Verdict(status="differing", difference=Difference(kind=kind, summary="it"), diagnosis=diagnosis)


@pytest.mark.parametrize(
    ("case", "target", "version", "covered"),
    [
        (CASE, "torch-eager-cpu", "2.13.0", True),
        (CASE, "torch-eager-cpu", "2.13.0+cpu", True),
        (CASE, "torch-eager-cpu", "2.13.1+cu126", True),
        (CASE, "torch-eager-cpu", "2.14.0", False),
        (CASE, "torch-eager-cpu", "2.14.0.dev20260101+cpu", False),
        (CASE, "torch-eager-cpu", "2.13.1rc1", True),
        (CASE, "torch-eager-cpu", "2.12.9", False),
        (CASE, "jax-jit-cpu", "2.13.0", False),
        ("cases/conv/strides.yaml::valid-i5x6", "torch-eager-cpu", "2.13.0", False),
        ("cases/conv_transpose/strides.yaml::same-i5x6", "torch-eager-cpu", "2.13.0", False),
    ],
)
def test_an_entry_covers_its_cases_targets_and_versions(case: str, target: str, version: str, *, covered: bool) -> None:
    assert _entry().covers(case, target, version) is covered


def test_an_exact_version_means_its_local_builds_too() -> None:
    assert _entry(versions="==2.13.0").covers(CASE, "torch-eager-cpu", "2.13.0+cpu")


def test_the_first_entry_that_covers_is_found() -> None:
    entries = [_entry(targets="jax-*"), _entry(reason="the first of two"), _entry(reason="the second of two")]
    found = find([entry for entry in entries if entry.covers(CASE, "torch-eager-cpu", "2.13.0")], _verdict("value"))
    assert found is not None
    assert found.reason == "the first of two"


def test_an_entry_explains_its_own_kind_and_diagnosis_alone() -> None:
    assert explains(_entry(), _verdict("value"))
    assert explains(_entry(), _verdict("value", "filter not rotated"))
    assert not explains(_entry(), _verdict("shape"))
    assert not explains(_entry(), Verdict(status="passed"))
    strict = _entry(diagnosis="filter not rotated")
    assert explains(strict, _verdict("value", "filter not rotated"))
    assert not explains(strict, _verdict("value", "window shifted by (1, 1)"))
    assert not explains(strict, _verdict("value"))


def test_a_diagnosis_may_be_a_glob_over_its_likes() -> None:
    family = _entry(diagnosis="window * instead of *")
    assert explains(family, _verdict("value", "window (0, 7) x (1, 6) instead of (0, 7) x (0, 6)"))
    assert explains(family, _verdict("value", "filter not rotated or window (1, 6) instead of (0, 6)"))
    assert not explains(family, _verdict("value", "filter not rotated"))
    assert not explains(family, _verdict("value"))


def test_where_an_entry_that_some_cases_show_does_not_explain_one_a_later_entry_may() -> None:
    some, other = _entry(shown_by="some", kind="shape"), _entry(shown_by="some", reason="a second reason")
    entries = [some, other]
    assert _find(entries, "shape") == some
    assert _find(entries, "value") == other
    assert _find(entries, "index") == some  # nobody explains it: the first is told to have changed


def test_an_entry_that_all_its_cases_show_leaves_none_of_them_to_others() -> None:
    strict, other = _entry(kind="shape"), _entry(reason="a second reason")
    assert _find([strict, other], "value") == strict
    assert _find([_entry(shown_by="some", kind="index"), strict, other], "value") == strict


def _find(entries: list[Known], kind: Kind) -> Known | None:
    return find(entries, _verdict(kind))


@pytest.mark.parametrize("link", ["https://example.org/1", "not reported yet", "document: step 3"])
def test_a_link_may_be_a_place_in_the_tutorial(link: str) -> None:
    assert _entry(link=link).link == link


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
def test_an_accepted_refusal_is_no_other_one(raised: str, *, explained: bool) -> None:
    entry = _entry(kind="outcome", status="raised", message="^RuntimeError: .*non-empty .*weight tensor")
    difference = Difference(kind="outcome", summary=f"raised {raised}")
    assert explains(entry, Verdict(status="raised", difference=difference)) is explained


GOOD = """\
- cases: [a]
  targets: torch-*
  versions: ">=2"
  kind: value
  reason: long enough a reason
  link: not reported yet
"""
ONLY_RAISED = "an entry has a message if its status is raised, and only then"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('">=2"', "two", "entry 0.versions: Value error, 'two' is no version specifier"),
        ("value", "values", "entry 0.kind: Input should be 'outcome', 'shape', 'dtype', 'value' or 'index'"),
        ("long enough a reason", "short", "entry 0.reason: String should have at least 10 characters"),
        ("not reported yet", "soon", "entry 0.link: String should match pattern"),
        ("[a]", "[]", "entry 0.cases: List should have at least 1 item"),
        ("  kind: value\n", "", "entry 0.kind: Field required"),
        ("kind:", "kinds: x\n  kind:", "entry 0.kinds: Extra inputs are not permitted"),
        ("  reason", "  status: raised\n  reason", f"entry 0: Value error, {ONLY_RAISED}"),
        ("  reason", "  message: x\n  reason", f"entry 0: Value error, {ONLY_RAISED}"),
        ("  reason", "  message: (a\n  reason", "entry 0.message: Value error, '(a' is no regular expression: m"),
        ("  reason", "  message: a|.*\n  reason", "entry 0.message: Value error, 'a|.*' is found in every m"),
        ("[a]", "[a", "not YAML:"),
        ("- cases", "  cases", "entry : Input should be a valid list"),
    ],
)
def test_a_fault_of_a_file_is_one_line(tmp_path: Path, before: str, after: str, message: str) -> None:
    path = tmp_path / "torch.yaml"
    path.write_text(GOOD.replace(before, after), encoding="utf-8")
    with pytest.raises(KnownError) as caught:
        known.load(tmp_path)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{path}: {message}")


def test_every_fault_has_its_line(tmp_path: Path) -> None:
    faulty = GOOD.replace("value", "x").replace("not reported yet", "x")
    (tmp_path / "torch.yaml").write_text(faulty, encoding="utf-8")
    with pytest.raises(KnownError) as caught:
        known.load(tmp_path)
    assert len(str(caught.value).splitlines()) == 2


def test_files_are_named_by_adapter_and_may_be_empty(tmp_path: Path) -> None:
    (tmp_path / "torch.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "jax.yaml").write_text("# nothing\n", encoding="utf-8")
    assert {name: len(entries) for name, entries in known.load(tmp_path).items()} == {"jax": 0, "torch": 1}


def test_the_shipped_files_load_and_speak_of_their_own_adapter() -> None:
    shipped = known.load(KNOWN)
    assert set(shipped) == {"document", "jax", "tensorflow", "torch"}
    for adapter, entries in shipped.items():
        assert all(entry.targets.startswith(f"{adapter}-") for entry in entries)


def test_what_shipped_entries_say_of_an_exception_is_more_than_its_type() -> None:
    raised = [entry for entries in known.load(KNOWN).values() for entry in entries if entry.status == "raised"]
    assert raised
    for entry, name in itertools.product(raised, TYPES):
        another = Difference(kind=entry.kind, summary=f"raised {name}: another message")
        assert not explains(entry, Verdict(status="raised", difference=another))


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


@pytest.mark.parametrize("status", ["crashed", "timed out", "raised"])
def test_an_accepted_call_that_now_ends_otherwise_is_not_explained(status: Status) -> None:
    difference = Difference(kind="outcome", summary="another end")
    entry = _entry(kind="outcome")
    assert explains(entry, Verdict(status="differing", difference=difference))
    assert not explains(entry, Verdict(status=status, difference=difference))
