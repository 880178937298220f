"""The measure of the cases can be trusted: mutants are judged as any adapter is, and survivors are told."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.engine.in_process import ask
from adapters.mutants.catalogue import entries
from adapters.mutants.mutant import Mutant
from adapters.outcome import Raised, Returned
from cases.coverage import dimensions
from cases.loading import lookup
from cases.loading.load import load
from cases.model.case import Case, question
from reports import __main__ as main
from reports.judging.judge import departure, judge
from reports.power import page, quick, trial, work
from reports.power.cover import least
from reports.power.trial import Trial
from tests.reports.making import make, oracle, record, right

ROOT = Path(__file__).parents[3]
SOME = (
    "conv/filter-turned",
    "conv/sums-in-another-order",
    "conv/bias-ignored",
    "conv/unequal-strides-refused",
    "conv/filter-changed-in-place",
    "conv/channels-taken",
    "max_pool_argmax/last-maximum",
)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Return two case files, one of conv and one of max_pool_argmax; only conv's case b has a bias."""
    folder = tmp_path / "cases" / "made"
    folder.mkdir(parents=True)
    head = "about: made by a test\nsource: https://example.org\n"
    (folder / "conv.yaml").write_text(
        f"operator: conv\n{head}cases:\n"
        "  - {name: a, image: [5, 6], kernel: [2, 3], strides: 2}\n"
        "  - {name: b, image: [5, 6], kernel: [2, 3], strides: 1, bias: true}\n"
        "  - {name: c, image: [5, 6], kernel: 3, filter: {shape: [3, 3, 4, 3]}, "
        "invalid: {rule: channels, reason: it takes four channels}}\n"
        "  - {name: d, image: [5, 6], kernel: 3, behaviour: nobody knows what is right}\n",
        "utf-8",
    )
    (folder / "ties.yaml").write_text(
        f"operator: max_pool_argmax\n{head}cases:\n"
        "  - {name: ties, image: [5, 6], ksize: 2, data: ties}\n"
        "  - {name: distinct, image: [5, 6], ksize: 2}\n",
        "utf-8",
    )
    return sorted(folder.glob("*.yaml"))


def names_of(caught: Sequence[str]) -> list[str]:
    return sorted(case.partition("::")[2] for case in caught)


@pytest.fixture
def trials(files: list[Path]) -> dict[str, Trial]:
    return trial.try_all(SOME, files, workers=1)


def test_each_mutant_is_noticed_where_it_shows(trials: dict[str, Trial]) -> None:
    found = {name: (one.asked, names_of(list(one.caught)), set(one.caught.values())) for name, one in trials.items()}
    assert found == {
        "conv/filter-turned": (3, ["a", "b"], {"value"}),
        "conv/sums-in-another-order": (3, [], set()),
        "conv/bias-ignored": (3, ["b"], {"value"}),
        "conv/unequal-strides-refused": (3, [], set()),
        "conv/filter-changed-in-place": (3, ["a", "b"], {"fault"}),
        "conv/channels-taken": (3, ["c"], {"outcome"}),
        "max_pool_argmax/last-maximum": (2, ["ties"], {"index"}),
    }


def test_asking_less_changes_nothing(
    trials: dict[str, Trial], files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mutant is not asked the cases that can't show its slip; if it were, it would answer them rightly."""
    monkeypatch.setattr(Mutant, "may_show", lambda _self, _case, _meets: True)
    for name in SOME:
        found = [one for share in trial.shares([name], files) for one in trial.try_file(share)]
        assert [one.caught for one in found] == [trials[name].caught]


def test_sharing_changes_nothing(files: list[Path]) -> None:
    """All mutants of a file, asked together, are noticed as each is if a worker's code asks it by itself."""
    names = [name for name in trial.names() if name.startswith(("conv/", "max_pool_argmax/"))]
    for share in trial.shares(names, files):
        cases = trial.judged(share.file)
        expected = {name: _noticed_by_worker(name, cases) for name in share.names}
        assert {one.name: one.caught for one in trial.try_file(share)} == expected
        assert any(expected.values())


def _noticed_by_worker(name: str, cases: Sequence[Case]) -> dict[str, str]:
    adapter, caught = trial.make(name), {}
    for case in cases:
        outcome = ask(adapter, question(case))
        found = None if isinstance(outcome, str) else departure(case, {} if case.invalid else right(case), outcome)
        if isinstance(outcome, str):
            caught[case.id] = trial.FAULT
        elif found is not None:
            caught[case.id] = trial.RAISED if isinstance(outcome, Raised) else found.kind
    return caught


def test_a_mutant_remembers_its_own_earlier_calls(tmp_path: Path) -> None:
    """The first of two cases of the same shapes is answered rightly, and the second as the first."""
    file = tmp_path / "cases" / "made" / "conv.yaml"
    file.parent.mkdir(parents=True)
    same = "image: [5, 6], kernel: [2, 3], strides: 1}\n"
    head = "operator: conv\nabout: made by a test\nsource: https://example.org\ncases:\n"
    file.write_text(f"{head}  - {{name: a, {same}  - {{name: b, {same}", "utf-8")
    found = trial.try_file(trial.Share(file=file, names=("conv/remembered", "conv/filter-turned"), weight=1))
    assert [names_of(list(one.caught)) for one in found] == [["b"], ["a", "b"]]


def test_an_adapter_that_changes_its_inputs_is_noticed(files: list[Path]) -> None:
    """An adapter by its module and class has inputs of its own, as in a worker, and the next one other inputs."""
    names = ("adapters.mutants:conv__filter_changed_in_place", "conv/filter-changed-in-place", "adapters.oracle:Oracle")
    found = trial.try_file(trial.Share(file=files[0], names=names, weight=1))
    assert [set(one.caught.values()) for one in found] == [{"fault"}, {"fault"}, set()]


def test_a_mutant_is_judged_as_a_run_judges(tmp_path: Path) -> None:
    """The same answer, recorded and read again, gets the same verdict as in every report."""
    cases = [make("conv", "plain"), make("conv", "biased", bias=True), make("conv", "rounding", data="normal")]
    for name in SOME[:3]:
        adapter = trial.make(name)
        answers = [(case, ask(adapter, question(case))) for case in cases]
        recorded = [(case, "mutant-eager-cpu", outcome) for case, outcome in answers if isinstance(outcome, Returned)]
        assert len(recorded) == len(cases)
        run = record(tmp_path / name.replace("/", "-"), [*map(oracle, cases), *recorded])
        for case, _, outcome in recorded:
            assert departure(case, right(case), outcome) == judge(run, case, "mutant-eager-cpu").difference


def test_the_whole_engine_notices_what_the_measure_says() -> None:
    """``pytest cases`` takes the mutant as one more adapter, in a worker process of its own."""
    file = "cases/max_pool_argmax/equal_elements.yaml"
    name = "max_pool_argmax/last-maximum"
    caught = trial.try_all([name], [ROOT / file], workers=1)[name].caught
    words = [file, "--adapter", "adapters.mutants:max_pool_argmax__last_maximum", "--target", "max_pool*"]
    call = [sys.executable, "-m", "pytest", "-q", *words, "-p", "no:cacheprovider", "--report"]
    done = subprocess.run(
        [*call, str(ROOT / ".cache" / "power")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    failed = {
        line.partition("[")[0].partition(" ")[2] for line in done.stdout.splitlines() if line.startswith("FAILED")
    }
    assert caught
    assert failed == set(caught)


@given(
    st.dictionaries(
        st.text("mutant", min_size=1), st.sets(st.sampled_from("abcdef"), min_size=1), min_size=1, max_size=6
    )
)
@settings(max_examples=60)
def test_no_smaller_set_notices_all(caught: dict[str, set[str]]) -> None:
    """All sets with one case less are tried."""
    found = set(least(caught.values()))
    assert all(found & cases for cases in caught.values())
    smaller = itertools.combinations("abcdef", len(found) - 1)
    assert not any(all(set(some) & cases for cases in caught.values()) for some in smaller)


def test_the_smallest_set_leaves_out_a_need_that_no_case_meets() -> None:
    assert least([[], ["x", "y"]]) == ["x"]
    assert least([]) == []


def _trials(**caught: Sequence[str]) -> dict[str, Trial]:
    found = {name: Trial(name=name, asked=3) for name in SOME}
    for name, cases in caught.items():
        found[f"conv/{name.replace('_', '-')}"].caught = dict.fromkeys(cases, "value")
    return found


def test_survivors_and_wrong_proofs_are_told() -> None:
    found = _trials(filter_turned=["x"], sums_in_another_order=["y"])
    survivors, refuted = page.wrong(page.table(found))
    assert refuted == ["conv/sums-in-another-order"]
    assert "conv/bias-ignored" in survivors
    assert "conv/filter-turned" not in survivors
    text = page.text(found)
    assert "**1 of 6 are caught**; these are not:" in text
    assert "- `conv/bias-ignored`" in text
    assert "Cases notice these, so their proofs are wrong: conv/sums-in-another-order" in text


def test_a_mutant_that_only_breaks_is_told() -> None:
    """Such a mutant measures nothing: every case notices an exception."""
    found = _trials(filter_turned=["x"])
    found["conv/bias-ignored"].caught = {"x": "raised"}
    found["conv/unequal-strides-refused"].caught = {"x": "raised"}
    assert page.broken(page.table(found)) == ["conv/bias-ignored"]


def test_the_page_says_what_a_single_case_notices() -> None:
    text = page.text(_trials(filter_turned=["x", "y"], bias_ignored=["y"]))
    assert "| conv       | bias-ignored | y" in text
    assert "\n1 cases of" in text


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> dict[str, Trial]:
    """Return made-up trials, and let the command take these."""
    found = {name: Trial(name=name, asked=3, caught={"x": "value"}) for name in trial.names()}
    monkeypatch.setattr(trial, "try_all", lambda names, *_: {name: found[name] for name in names})
    equivalent = {entry.name for entry in entries() if entry.equivalent}
    for name, one in found.items():
        if name.partition("/")[2] in equivalent:
            one.caught = {}
    return found


@pytest.mark.usefixtures("stubbed")
def test_the_command_lists_and_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["power", "--list", "--only", "relu/c*"]) == 0
    assert capsys.readouterr().out == "relu/capped\n"
    assert main.main(["power", "--only", "relu/z*"]) == 2
    assert capsys.readouterr().err == "--only relu/z*: no mutant matches; --list prints their names\n"


def test_a_survivor_fails_the_command(
    stubbed: dict[str, Trial], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main.main(["power", "--to", str(tmp_path)]) == 0
    stubbed["relu/capped"].caught = {}
    assert main.main(["power", "--to", str(tmp_path)]) == 1
    assert "relu/capped: no case notices it; add cases" in capsys.readouterr().out
    assert "- `relu/capped`" in (tmp_path / "test_power.md").read_text("utf-8")


@pytest.fixture
def published(files: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the folder of the committed page. Take ``files`` for the suite's, and lists of no ids for its lists."""
    for module in (work, quick, page):
        monkeypatch.setattr(module, "find", lambda _folder: files)
    for module in (quick, lookup):
        monkeypatch.setattr(module, "QUICK", tmp_path / "quick.txt")
        monkeypatch.setattr(module, "VALUES", tmp_path / "values.txt")
    monkeypatch.setattr(work, "_PUBLISHED", tmp_path / "published")
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "test_power.md").touch()
    (tmp_path / "quick.txt").touch()
    return tmp_path / "published"


@pytest.mark.usefixtures("stubbed", "published")
def test_the_committed_page_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["power", "--to", str(tmp_path), "--check"]) == 1
    assert "differs from the new page: review the changes" in capsys.readouterr().out
    assert main.main(["power", "--to", str(tmp_path), "--publish"]) == 0
    assert main.main(["power", "--to", str(tmp_path), "--check"]) == 0


@pytest.mark.usefixtures("published")
def test_a_quick_case_notices_a_mutant_by_what_it_returns_if_one_does(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick, "_counts", lambda _case: False)  # pairs of values would have all of these few cases
    one = next(one for one in trial.try_all(SOME, files, workers=1).values() if len(one.caught) > 1)
    [chosen] = quick.choose({one.name: one})
    one.caught[chosen] = trial.RAISED
    assert quick.choose({one.name: one}) != [chosen]


@pytest.mark.usefixtures("published")
def test_the_quick_cases_notice_all_and_have_every_pair(files: list[Path]) -> None:
    """Cases a and b share no pair but those of what they have in common, and only b notices a bias that is ignored."""
    trials = trial.try_all(SOME, files, workers=1)
    chosen = quick.choose(trials)
    assert names_of(chosen) == ["a", "b", "c", "ties"]
    cases = [case for file in files for case in trial.judged(file) if dimensions.counts(case)]
    found = {case.id: {*dimensions.pairs(dimensions.values(case))} for case in cases}
    assert set().union(*(found.get(case_id, ()) for case_id in chosen)) == set().union(*found.values())
    noticed = trial.try_all(SOME, files, 1, frozenset(chosen))
    assert {name for name, one in noticed.items() if one.caught} == {name for name, one in trials.items() if one.caught}
    assert noticed["max_pool_argmax/last-maximum"].asked == 1


@pytest.mark.usefixtures("stubbed")
def test_a_page_of_other_cases_or_mutants_is_told(
    published: Path, files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``power --quick`` asks a few cases, so it can't make the page; it tells whether the page can have changed."""
    assert main.main(["power", "--to", str(tmp_path), "--publish"]) == 0
    capsys.readouterr()
    assert main.main(["power", "--quick"]) == 0
    files[0].write_text(files[0].read_text("utf-8").replace("bias: true", "bias: false"), "utf-8")
    assert main.main(["power", "--quick"]) == 1
    assert f"{published / 'test_power.md'} is of other cases or mutants" in capsys.readouterr().out


def test_an_implementation_of_one_s_own(
    files: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(work, "find", lambda _folder: files)
    assert main.main(["power", "--adapter", "adapters.mutants:conv__bias_ignored"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "cases/made/conv.yaml::b: value",
        "adapters.mutants:conv__bias_ignored: noticed by 1 of 5 cases",
    ]
    assert main.main(["power", "--adapter", "adapters.oracle:Oracle"]) == 1


def test_each_implementation_that_a_module_defines(
    files: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(work, "find", lambda _folder: files)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "strangers.py").write_text(
        "from adapters.oracle import Oracle\n"
        "class Right(Oracle):\n    pass\n"
        "class NoBias(Oracle):\n    def add_bias(self, output, bias):\n        return output\n"
    )
    assert main.main(["power", "--adapter", "strangers", "--workers", "1"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "strangers:NoBias: noticed by 1 of 5 cases",
        "strangers:Right: noticed by 0 of 5 cases",
        "implementations: 2, noticed: 1",
    ]


WRONG = [
    (["--adapter", "nowhere:Adapter"], "nowhere:Adapter: cannot start in .*: No module named 'nowhere'"),
    (["--adapter", "adapters.oracle:Nobody"], "adapters.oracle:Nobody: cannot start in .* has no attribute 'Nobody'"),
    (["--adapter", "os:path"], "os:path: cannot start in .*: TypeError: 'module' object is not callable"),
    (["--adapter", "no.such.module"], "--adapter no.such.module: No module named 'no'; give a module, or module:Class"),
    (["--adapter", "json"], "--adapter json: the module defines no class with run; give module:Class"),
    (["--adapter", ""], "there is no adapter ''; known are .*, or give module:Class"),
    (["--adapter", "conv/filter-turned"], "there is no adapter 'conv/filter-turned'"),
    (["--only", "conv/*", "--check"], "leave out --only, --adapter, --list, --quick"),
    (["--quick", "--publish"], "leave out --only, --adapter, --list, --quick"),
    (["--to", __file__], "cannot write there .*; give a folder that you can write to"),
]


@pytest.mark.parametrize(("options", "message"), WRONG, ids=[" ".join(options)[-24:] for options, _ in WRONG])
def test_what_can_not_be_done_is_said_in_one_line(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["power", *options]) == 2
    printed = capsys.readouterr().err
    assert re.search(message, printed)
    assert printed.count("\n") == 1


def test_an_interruption_is_said_in_a_word(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(trial, "try_all", interrupted)
    assert main.main(["power", "--to", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_slow_cases_and_behaviours_are_not_asked(files: list[Path]) -> None:
    assert names_of([case.id for case in trial.judged(files[0])]) == ["a", "b", "c"]
    vgg = trial.judged(ROOT / "cases" / "pipelines" / "vgg.yaml")
    assert vgg
    assert not any(case.slow for case in vgg)


def test_relu_is_asked_the_pipelines_that_have_it() -> None:
    cases = [case for name in ("conv", "pool") for case in load(ROOT / "cases" / "pipelines" / f"{name}_and_back.yaml")]
    asked = [case for case in cases if trial.concerns("relu/capped", case)]
    assert asked == [case for case in cases if "relu" in {step.case.operator for step in case.steps}]
    assert 0 < len(asked) < len(cases)
    assert not trial.concerns("relu/capped", make("conv"))


def test_a_case_without_an_exact_answer_is_named(
    files: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = files[0].read_text("utf-8")
    files[0].write_text(text.replace("name: a,", "name: a, dtype: bfloat16,"), "utf-8")
    monkeypatch.setattr(work, "find", lambda _folder: files)
    assert main.main(["power", "--adapter", "adapters.mutants:conv__bias_ignored"]) == 2
    assert "cases/made/conv.yaml::a" in capsys.readouterr().err
