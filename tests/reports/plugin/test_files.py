"""Ids on the command line, and case files with faults, as a user meets them."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from adapters.base import ModeOptions, Target
from cases.loading.load import Loaded, load_each
from reports.recording.options import Options
from reports.recording.session import Session
from tests.reports.plugin.asking import PLUGINS, ROOT, Ask, case_file, records

MANY: Final = 300
"""Ids in the tests of what ids cost."""
TARGETS: Final = {
    Target(adapter="right", mode="eager", device="cpu"): ModeOptions(),
    Target(adapter="many", mode="thin", device="cpu"): ModeOptions(one_in=4),
    Target(adapter="many", mode="double", device="cpu"): ModeOptions(dtypes=("float64",)),
}
Collect = Callable[..., pytest.RunResult]


@pytest.fixture
def collect(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Collect:
    """Return a function that runs ``pytest --collect-only -q`` in the test's folder, and starts no target's process."""

    def choose(_config: pytest.Config) -> Session:
        session = Session(Options(report=pytester.path / "report"))
        session.targets = dict(TARGETS)
        return session

    monkeypatch.setattr("reports.plugin.hooks._choose", choose)
    monkeypatch.syspath_prepend(ROOT)
    base = ("-c", ROOT / "pyproject.toml", "--rootdir", pytester.path, "-o", f"cache_dir={pytester.path / '.cache'}")
    return functools.partial(pytester.runpytest_inprocess, *base, *PLUGINS, "--collect-only", "-q")


def _listed(result: pytest.RunResult) -> list[str]:
    """Return the ids that were collected, in order, shortened to a file's name, a case's name and an adapter."""
    ids = (line for line in result.outlines if ".yaml::" in line)
    return [id_.removeprefix("cases/").replace(".yaml::", " ").partition("-")[0] + "]" for id_ in ids]


@pytest.fixture
def _files(pytester: pytest.Pytester) -> None:
    """Two case files, a.yaml and b.yaml, with the cases one, two and three each: many-thin is asked number two."""
    for topic in "ab":
        case_file(pytester.path, "one", "two", "three", topic=topic)


TWO: Final = ["a two[right]", "a two[many]"]
WHOLE: Final = ["a one[right]", *TWO, "a three[right]"]


@pytest.mark.usefixtures("_files")
@pytest.mark.parametrize(
    ("ids", "collected"),
    [
        (["a.yaml::one"], ["a one[right]"]),
        (["a.yaml::two"], TWO),
        (["a.yaml::two", "a.yaml::two"], TWO),
        (["a.yaml::two[many-thin-cpu]"], TWO[1:]),
        (["a.yaml::two[many-thin-cpu]", "a.yaml::two[right-eager-cpu]"], TWO[::-1]),
        (["a.yaml::two[many-thin-cpu]", "a.yaml::one", "a.yaml::two"], ["a one[right]", *TWO]),
        (["b.yaml::three", "a.yaml::one", "b.yaml::one"], ["b three[right]", "a one[right]", "b one[right]"]),
        (["a.yaml::three", "a.yaml", "a.yaml::two[many-thin-cpu]"], WHOLE),
        (["b.yaml::three", "a.yaml", "b.yaml::one"], ["b three[right]", *WHOLE, "b one[right]"]),
        (["b.yaml::three", "."], [*WHOLE, *(id_.replace("a ", "b ") for id_ in WHOLE)]),
        (["../cases/a.yaml::three", "./a.yaml::one"], ["a three[right]", "a one[right]"]),
    ],
)
def test_ids_are_collected_as_pytest_collects_its_own(collect: Collect, ids: list[str], collected: list[str]) -> None:
    """In the order of the command line, once each; an id without a target stands for all of its case's targets."""
    result = collect(*(f"cases/{id_}" for id_ in ids))
    assert result.ret == 0
    assert _listed(result) == collected


@pytest.mark.usefixtures("_files")
def test_paths_of_ids_start_in_the_current_folder(
    pytester: pytest.Pytester, collect: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pytester.path / "cases")
    result = collect("b.yaml::one", f"{pytester.path}/cases/a.yaml::one", "../cases/b.yaml::three")
    assert _listed(result) == ["b one[right]", "a one[right]", "b three[right]"]


@pytest.mark.usefixtures("_files")
def test_ids_go_with_k_and_deselect_and_lf(pytester: pytest.Pytester, collect: Collect) -> None:
    ids = [f"cases/{file}.yaml::{name}" for file in "ba" for name in ("one", "three")]
    assert _listed(collect(*ids, "-k", "one")) == ["b one[right]", "a one[right]"]
    assert _listed(collect(*ids, "--deselect", ids[0])) == ["b three[right]", "a one[right]", "a three[right]"]
    failed = pytester.path / ".cache" / "v" / "cache" / "lastfailed"
    failed.parent.mkdir(parents=True, exist_ok=True)
    names = [f"cases/{name}[right-eager-cpu]" for name in ("a.yaml::three", "a.yaml::two", "b.yaml::one")]
    failed.write_text(json.dumps(dict.fromkeys(names, True)), encoding="utf-8")
    assert _listed(collect(*ids, "--lf")) == ["b one[right]", "a three[right]"]


@pytest.mark.usefixtures("_files")
def test_a_list_of_ids_is_read_from_a_file(pytester: pytest.Pytester, collect: Collect) -> None:
    ids = pytester.path / "ids.txt"
    ids.write_text("cases/b.yaml::two[right-eager-cpu]\ncases/a.yaml::one\n", encoding="utf-8")
    assert _listed(collect("@ids.txt")) == ["b two[right]", "a one[right]"]


def test_a_file_is_read_once_however_many_ids_name_its_cases(
    pytester: pytest.Pytester, collect: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And pytest, which compares each argument with all items of its file, is given each file once."""
    read, given = [], []

    def counted(path: Path) -> Loaded:
        read.append(path.name)
        return load_each(path)

    def arguments(config: pytest.Config, *_: object) -> None:
        given.append(len(config.args))

    monkeypatch.setattr("reports.plugin.contents.load_each", counted)
    monkeypatch.setattr("reports.plugin.hooks.start", arguments)
    names = [f"case-{number}" for number in range(MANY)]
    files = [case_file(pytester.path, *names, topic=topic) for topic in "ab"]
    ids = [f"{file}::{name}" for name in reversed(names) for file in files]
    assert collect(*(f"{id_}[right-eager-cpu]" for id_ in ids)).ret == 0
    assert (sorted(read), given) == (["a.yaml", "b.yaml"], [2])
    read.clear()
    result = collect(*(f"{id_}-x" for id_ in ids), *ids)
    assert sum("no case has this name" in line for line in result.errlines) == 2 * MANY
    assert sorted(read) == ["a.yaml", "b.yaml"]


@pytest.mark.usefixtures("_files")
@pytest.mark.parametrize(
    ("id_", "why"),
    [
        ("three[many-thin-cpu]", "asked of many-thin-cpu only with --slow"),
        ("one[many-double-cpu]", "many-double-cpu is asked values of float64 only"),
        ("four[right-eager-cpu]", "no case has this name"),
        ("tree", "no case has this name; close: three"),
        ("one[two]", "no target [two] takes part; there are: right-eager-cpu, many-thin-cpu, many-double-cpu"),
        ("one[right-eager-cpu", "no target [right-eager-cpu takes part; there are: *"),
        ("one::two", "no case has this name*"),
        ("", "no case has this name"),
    ],
)
def test_an_id_that_has_no_item_is_one_line(collect: Collect, id_: str, why: str) -> None:
    result = collect(f"cases/a.yaml::{id_}", "cases/a.yaml::two", f"cases/a.yaml::{id_}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    line = f"ERROR: cases/a.yaml::{id_}: {why}".replace("[", "[[]")
    result.stderr.fnmatch_lines([line])
    assert len(list(filter(None, result.errlines))) == 1


def test_an_id_that_is_asked_runs(pytester: pytest.Pytester, ask: Ask) -> None:
    path = case_file(pytester.path, "one", "two", "three")
    for slow, name in ((), "two"), (("--slow",), "three"):
        result = ask(f"{path}::{name}[many-thin-cpu]", *slow, fake="Many", target="many-thin-*")
        result.assert_outcomes(passed=1)


FAULTY: Final = ("good", "bad, kernle: 3", "turned", "worse, dilations: 0")
"""Entries of a file, of which the second and the fourth are wrong."""


def test_the_faults_of_a_file_are_an_error_beside_its_good_cases(pytester: pytest.Pytester, ask: Ask) -> None:
    """They are collected, run, judged and rendered, and so are those of other files."""
    case_file(pytester.path, "other", topic="other")
    path = case_file(pytester.path, *FAULTY, topic="faulty")
    result = ask(fake="Mixed")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=2, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR collecting *faulty.yaml*",
            f"{path}:6:*'kernle' is not a key of this place; did you mean 'kernel'?",
            f"{path}:8:*dilations*",
            "3 cases, 6 answers: 6 returned; 0 faults of ours",
            "reports: *",
            "ERROR *faulty.yaml*",
        ]
    )
    assert [record["id"].partition("::")[2] for record in records(pytester.path, "case")] == ["good", "turned", "other"]
    assert "turned" in (pytester.path / "report" / "differences.md").read_text(encoding="utf-8")


def test_ids_of_a_faulty_file_run_and_its_faults_are_told(pytester: pytest.Pytester, ask: Ask) -> None:
    """An id that such a file lacks may be one of its faults."""
    path = case_file(pytester.path, *FAULTY)
    for name, passed in (("good", 1), ("bad", 0)):
        result = ask(f"{path}::{name}")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.assert_outcomes(passed=passed, errors=1)


def test_lf_goes_on_until_a_file_is_mended(pytester: pytest.Pytester, collect: Collect) -> None:
    failed = pytester.path / ".cache" / "v" / "cache" / "lastfailed"
    case_file(pytester.path, "one", "bad, kernle: 3", topic="a")
    assert collect("cases").ret != 0
    assert json.loads(failed.read_text(encoding="utf-8"))["cases/a.yaml"]
    case_file(pytester.path, "one", "bad", topic="a")
    assert collect("cases", "--lf").ret == 0
    assert "cases/a.yaml" not in json.loads(failed.read_text(encoding="utf-8"))


@pytest.mark.usefixtures("_files")
def test_quick_asks_the_listed_cases_of_what_is_named(
    collect: Collect, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = pytester.path / "quick.txt"
    quick.write_text("cases/b.yaml::two\ncases/a.yaml::three\n", "utf-8")
    monkeypatch.setattr("cases.loading.lookup.QUICK", quick)
    monkeypatch.setattr("reports.plugin.named.SHIPPED", pytester.path / "cases")
    assert _listed(collect("--quick", "cases")) == ["b two[right]", "b two[many]", "a three[right]"]
    assert _listed(collect("--quick", "cases/a.yaml")) == ["a three[right]"]


@pytest.mark.usefixtures("_files")
def test_quick_asks_a_target_what_its_mode_takes(
    collect: Collect, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids that the user names are told if no target is asked them; of quick ones it was not the user's choice."""
    (pytester.path / "quick.txt").write_text("cases/b.yaml::one\ncases/b.yaml::two\n", "utf-8")
    monkeypatch.setattr("cases.loading.lookup.QUICK", pytester.path / "quick.txt")
    monkeypatch.setattr("reports.plugin.named.SHIPPED", pytester.path / "cases")
    for target in [target for target in TARGETS if target.mode != "thin"]:
        monkeypatch.delitem(TARGETS, target)
    assert _listed(collect("--quick", "cases")) == ["b two[many]"]
    assert collect("cases/b.yaml::one").ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize(
    ("arguments", "listed", "message"),
    [
        (["cases/a.yaml"], "cases/b.yaml::two\n", "--quick: none of the quick cases stands in cases/a.yaml; name *"),
        (["cases", "other"], "cases/b.yaml::two\n", "--quick: none of the quick cases stands in other; name *"),
        (["cases/b.yaml::two"], "cases/b.yaml::two\n", "--quick: none of the quick cases stands in *::two; name *"),
        (["--fuzz", "2", "cases"], "", "--quick chooses among the suite's own cases, and --fuzz draws others: *"),
        (["cases"], "cases/b.yaml::gone\n", "*b.yaml::gone: no case has this name*"),
        (["cases"], None, "*quick.txt: cannot be read (No such file or directory); `tox -e power * writes it"),
    ],
)
@pytest.mark.usefixtures("_files")
def test_what_quick_can_not_choose_is_told(  # noqa: PLR0913, PLR0917 - parametrized
    collect: Collect,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    listed: str | None,
    message: str,
) -> None:
    monkeypatch.setattr("cases.loading.lookup.QUICK", pytester.path / "quick.txt")
    monkeypatch.setattr("reports.plugin.named.SHIPPED", pytester.path / "cases")
    if listed is not None:
        (pytester.path / "quick.txt").write_text(listed, "utf-8")
    result = collect("--quick", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])
