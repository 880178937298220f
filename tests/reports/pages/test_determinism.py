"""``--determinism N``: what varies from call to call is found, told, written down, and nothing else is."""

from __future__ import annotations

import io
import json
import math
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import adapters
from adapters.base import Target
from adapters.outcome import Crashed, Outcome, Raised, Returned, TimedOut
from cases.model.case import Case
from reports.judging.behaviours import Accepted
from reports.judging.judge import begin, judge
from reports.pages import determinism, render
from reports.plugin import progress
from reports.recording.options import Options, UsageError
from reports.recording.resume import calls
from reports.recording.run import Run, read
from reports.recording.session import Session
from tests.reports.making import TORCH, fact, make, oracle, record, result, right

ROOT = Path(__file__).parents[3]
FAKES = "tests.reports.fakes"
CASE = make("conv_transpose")
WRONG_CALL = make("conv_transpose", "wrong", given={"strides": [0, 0]},
                  invalid={"rule": "stride", "reason": "a stride of 0 stays where it is"})  # fmt: skip
Ask = Callable[..., pytest.RunResult]


def _file(folder: Path, *names: str) -> None:
    path = folder / "cases" / "topic.yaml"
    path.parent.mkdir(exist_ok=True)
    head = "operator: conv_transpose\nabout: a file that a test wrote\nsource: https://example.org\ncases:\n"
    wrong = ', given: {strides: [0, 0]}, invalid: {rule: stride, reason: "a stride of 0 stays where it is"}'
    entries = (
        f"  - {{name: {name}, image: [5, 6], kernel: [3, 3]{wrong if 'words' in name else ', strides: 2'}}}\n"
        for name in names
    )
    path.write_text(head + "".join(entries), encoding="utf-8")


@pytest.fixture
def ask(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Asks a fake, Drifts if none is named, with pytest in this process; the report goes to a folder beside."""
    monkeypatch.chdir(ROOT)
    base = ("-c", ROOT / "pyproject.toml", "--rootdir", ROOT, "-p", "conftest", "-p", "no:cacheprovider")

    def run(*arguments: str, fake: str = "Drifts", to: str = "report") -> pytest.RunResult:
        more = ("--adapter", f"{FAKES}:{fake}", "--target", f"{fake.lower()}-*", "--report", pytester.path / to)
        where = pytester.path / "cases"
        return pytester.runpytest_inprocess(*base, "-p", "no:hypothesispytest", *more, *arguments, where)

    return run


def _written(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "determinism.csv", keep_default_na=False)


@pytest.mark.parametrize(
    ("name", "answers", "varies"),
    [
        ("state", "3 returned (the same bits in 1 + 1 + 1)", "output"),
        ("dies", "2 returned, 1 crashed: SIGABRT", "how it ends"),
        ("refuses", "2 raised ValueError while calling, 1 returned", "how it ends"),
    ],
)
def test_an_answer_that_varies_fails_and_is_written_down(
    pytester: pytest.Pytester, ask: Ask, name: str, answers: str, varies: str
) -> None:
    _file(pytester.path, name, "steady")
    result = ask("--determinism", "3")
    result.assert_outcomes(failed=1, passed=1)
    [row] = _written(pytester.path / "report").to_dict("records")
    assert (row["answers"], row["varies"], row["times"]) == (answers, varies, 3)
    result.stdout.fnmatch_lines([f"asked 3 times, drifts-eager-cpu answered: {answers.replace('[', '[[]')}"])
    result.stdout.fnmatch_lines(
        ["4 answers, each given 3 times: 1 vary, and 0 as known", f"*::{name}[[]drifts-eager-cpu]: *"]
    )
    assert "| drifts-eager-cpu | 2         | 1      |" in (pytester.path / "report" / "determinism.md").read_text()


def test_a_single_case_is_asked_twice_in_one_process(pytester: pytest.Pytester, ask: Ask) -> None:
    _file(pytester.path, "state")
    ask("--determinism", "2").assert_outcomes(failed=1)


def test_what_does_not_vary_passes_also_if_words_do(pytester: pytest.Pytester, ask: Ask) -> None:
    _file(pytester.path, "steady", "words")
    result = ask("--determinism", "3")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["4 answers, each given 3 times: 0 vary, and 0 as known"])
    assert _written(pytester.path / "report").empty
    records = (pytester.path / "report" / "run.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["record"] for line in records].count("repeat") == 8


def test_other_reports_are_of_the_first_answers_alone(pytester: pytest.Pytester, ask: Ask) -> None:
    _file(pytester.path, "steady", "state", "refuses", "dies", "words")
    ask("--determinism", "3", to="often")
    ask(to="once")
    once, often = (
        {path.name: path.read_bytes() for path in (pytester.path / name).iterdir()} for name in ("once", "often")
    )
    assert often.keys() - once.keys() == {"determinism.md", "determinism.csv"}
    fails = re.compile(r"THIS RUN FAILS: of its answers are \d new; differences\.md has each of them\.")
    others = {name for name in once if name.endswith(".md")} - {"differences.md"}
    assert all(fails.search(often[name].decode()) for name in others)
    one, other = ({name: fails.sub("", pages[name].decode()) for name in others} for pages in (once, often))
    assert one == other


def test_a_definition_that_varies_is_our_fault(
    pytester: pytest.Pytester, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(adapters.ADAPTERS, "oracle", f"{FAKES}:UnsteadyOracle")
    _file(pytester.path, "state", "steady")
    result = ask("--determinism", "2", fake="Right")
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["*the definition's own answer to *::state varies"])


@pytest.mark.parametrize(("number", "line"), [
    ("1", "*--determinism 1: give a number of at least 2, since one answer can't vary"),
    ("-3", "*--determinism -3: give a number of at least 2, *"),
    ("often", "*argument --determinism: invalid int value: 'often'"),
    ("2.5", "*argument --determinism: invalid int value: '2.5'"),
])  # fmt: skip
def test_a_number_that_shows_nothing_is_one_line(pytester: pytest.Pytester, ask: Ask, number: str, line: str) -> None:
    _file(pytester.path, "steady")
    result = ask("--determinism", number)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([line])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_the_help_shows_it() -> None:
    command = (sys.executable, "-m", "pytest", "--help")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    words = " ".join(done.stdout.split())
    assert "--determinism=N ask every case N times and report those whose answers vary" in words


def _cut(path: Path, repeats: int) -> None:
    """Cut a run short behind so many repeats."""
    kept, left = [], repeats
    for line in path.read_bytes().splitlines(keepends=True):
        left -= b'"record":"repeat"' in line
        if left < 0:
            break
        kept.append(line)
    path.write_bytes(b"".join(kept))


def test_a_run_that_was_cut_short_goes_on_with_the_repeats_that_lack(pytester: pytest.Pytester, ask: Ask) -> None:
    _file(pytester.path, "steady", "words", "dies")
    path = pytester.path / "report" / "run.jsonl"
    ask("--determinism", "4")
    whole = read(path).repeats
    _cut(path, 5)
    assert read(path).repeats.total() == 5
    ask("--determinism", "4", "--resume").assert_outcomes(passed=2, failed=1)
    assert read(path).repeats == whole == Counter(dict.fromkeys(whole, 3))


@pytest.mark.parametrize("number", [(), ("--determinism", "3")])
def test_a_run_goes_on_only_as_often_as_it_was_begun(
    pytester: pytest.Pytester, ask: Ask, number: tuple[str, ...]
) -> None:
    _file(pytester.path, "steady")
    ask("--determinism", "2")
    result = ask(*number, "--resume")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --resume: * was begun with other targets, versions, options or code; *"])


def test_cases_are_asked_in_order_and_then_backwards() -> None:
    first, second = make("conv"), make("conv", "second")
    target = Target(adapter="torch", mode="eager", device="cpu")
    assert calls([first, second], target, None, 1) == [first, second]
    assert calls([first, second], target, None, 3) == [first, second, second, second, first, first]


def test_what_an_older_run_has_is_not_asked_again(tmp_path: Path) -> None:
    first, second, third = (make("conv", name) for name in ("first", "second", "third"))
    gone = Raised(type="ValueError", message="", stage="calling")
    old = record(tmp_path, [(first, TORCH, gone), (first, TORCH, gone), (second, TORCH, gone)], finished=False)
    target = Target(adapter="torch", mode="eager", device="cpu")
    assert calls([first, second, third], target, old, 3) == [third, third, third, second, second, first]


def _repeated(folder: Path, case: Case, *outcomes: Outcome, times: int | None = None) -> Run:
    """A run in which one target answered a case in these ways, one after another."""
    run = Run(folder / "run.jsonl")
    facts = {"versions": {"torch": "2.13.0"}, "python": "3.11.1", "settings": {}}
    run.begin({"targets": {TORCH: facts, "oracle-eager-cpu": facts}, "determinism": times or len(outcomes)})
    run.ask(case)
    answers = [] if case.invalid else [oracle(case)]
    for asked, target, outcome in [*answers, *((case, TORCH, outcome) for outcome in outcomes)]:
        run.record(result(asked, target, outcome))
    run.end()
    run.close()
    return read(run.path)


def _row(run: Run, accepted: Accepted | None = None) -> dict[str, Any]:
    begin(run, accepted or Accepted())
    [row] = determinism.table(run).to_dict("records")
    return {str(name): value for name, value in row.items()}


def _arrays(output: Any, **more: Any) -> Returned:
    return Returned(arrays={"output": np.array(output), **{name: np.array(value) for name, value in more.items()}})


NAN = np.array([0x7FC00000, 0x7FC00001], "uint32").view("float32")


@pytest.mark.parametrize(("outcomes", "answers", "varies", "worst"), [
    ([_arrays([1.0, 2.0]), _arrays([1.0, 2.5]), _arrays([1.0, 2.0])],
     "3 returned (the same bits in 2 + 1)", "output", 0.5),
    ([_arrays([1.0, 2.0]), _arrays([1.0, 2.5]), _arrays([1.0, 1.0])],
     "3 returned (the same bits in 1 + 1 + 1)", "output", 1.0),
    ([_arrays([0.0]), _arrays([-0.0])], "2 returned (the same bits in 1 + 1)", "output", 0.0),
    ([_arrays(NAN[:1]), _arrays(NAN[1:])], "2 returned (the same bits in 1 + 1)", "output", 0.0),
    ([_arrays([1.0]), _arrays([np.nan])], "2 returned (the same bits in 1 + 1)", "output", math.inf),
    ([_arrays([1.0]), _arrays([1.0, 2.0])], "2 returned (the same bits in 1 + 1)", "output", math.inf),
    ([_arrays([1.0]), _arrays([1])], "2 returned (the same bits in 1 + 1)", "output", math.inf),
    ([_arrays([1.0], native_indices=[7]), _arrays([1.0], native_indices=[9])],
     "2 returned (the same bits in 1 + 1)", "native_indices", 2.0),
    ([_arrays([1.0]), _arrays([2.0]), _arrays([2.0])], "3 returned (the same bits in 2 + 1)", "output", 1.0),
    ([_arrays([1.0]), _arrays([1.0], indices=[3])], "2 returned (the same bits in 1 + 1)", "indices", math.inf),
    ([_arrays([1.0]), TimedOut(seconds=2.0)], "1 returned, 1 timed out", "how it ends", math.inf),
    ([TimedOut(seconds=2.0), Crashed(signal="SIGSEGV", stderr="")],
     "1 timed out, 1 crashed: SIGSEGV", "how it ends", math.inf),
    ([Raised(type="OSError", message="", stage="calling"), Raised(type="KeyError", message="", stage="calling")],
     "1 raised OSError while calling, 1 raised KeyError while calling", "how it ends", math.inf),
])  # fmt: skip
def test_what_varies_and_by_how_much(
    tmp_path: Path, outcomes: list[Outcome], answers: str, varies: str, worst: float
) -> None:
    row = _row(_repeated(tmp_path, WRONG_CALL, *outcomes))
    assert (row["answers"], row["varies"], row["worst"]) == (answers, varies, worst)


def test_many_kinds_of_bits_are_not_all_counted(tmp_path: Path) -> None:
    row = _row(_repeated(tmp_path, WRONG_CALL, *(_arrays([float(number)]) for number in range(9))))
    assert row["answers"] == "9 returned (the same bits in 1 + 1 + 1 + 1 + 1 + ...)"


@pytest.mark.parametrize(("one", "other"), [
    (Crashed(signal="SIGABRT", stderr="some"), Crashed(signal="SIGABRT after hanging", stderr="other")),
    (Raised(type="ValueError", message="at 0x7f01", stage="calling"),
     Raised(type="ValueError", message="at 0x7f02", stage="calling")),
    (TimedOut(seconds=2.0), TimedOut(seconds=3.0)),
])  # fmt: skip
def test_wording_and_time_are_no_part_of_an_answer(tmp_path: Path, one: Outcome, other: Outcome) -> None:
    run = _repeated(tmp_path, WRONG_CALL, one, other)
    assert run.repeats.total() == 1
    assert determinism.varying(run) == []


def test_whether_each_answer_would_pass_is_said(tmp_path: Path) -> None:
    """A rounded sum may be another each time and within its bound."""
    case = make("conv_transpose", "rounds", data="normal", in_channels=64)
    expected = right(case)["output"]
    near = np.where(expected == 0, expected, np.nextafter(expected, np.float32(np.inf)))
    passes = _row(_repeated(tmp_path / "near", case, _arrays(expected), _arrays(near)))
    fails = _row(_repeated(tmp_path / "far", case, _arrays(expected), _arrays(expected + 1)))
    assert (passes["pass"], fails["pass"]) == ("yes", "no")
    assert 0 < passes["worst"] < 1e-4


def _known(**more: Any) -> Accepted:
    text = "it returns what it finds in memory"
    return Accepted(facts={"torch": [fact(fact=text, where='rule == "stride"', accepts=True, **more)]})


def test_a_known_difference_accepts_what_varies_only_if_it_says_so(tmp_path: Path) -> None:
    run = _repeated(tmp_path, WRONG_CALL, _arrays([1.0]), _arrays([2.0]))
    assert _row(run, _known(varies=True))["known"] == "it returns what it finds in memory"
    assert judge(run, WRONG_CALL, TORCH).follows == "known"
    assert _row(run, _known())["known"] == ""
    assert judge(run, WRONG_CALL, TORCH).follows == "new"
    assert determinism.explain(run, WRONG_CALL, TORCH).startswith(f"asked 2 times, {TORCH} answered: 2 ret")
    begin(run, _known(varies=True))
    [total] = determinism.lines(run)
    assert total == "1 answers, each given 2 times: 0 vary, and 1 as known"


def test_a_known_difference_accepts_no_other_end(tmp_path: Path) -> None:
    run = _repeated(tmp_path, WRONG_CALL, _arrays([1.0]), Crashed(signal="SIGSEGV", stderr=""))
    begin(run, _known(varies=True))
    assert judge(run, WRONG_CALL, TORCH).follows == "new"
    assert "1 crashed: SIGSEGV" in determinism.lines(run)[1]


def test_the_terminal_names_only_some(tmp_path: Path) -> None:
    run = Run(tmp_path / "run.jsonl")
    facts = {"versions": {"torch": "2.13.0"}, "python": "3.11.1", "settings": {}}
    run.begin({"targets": {TORCH: facts}, "determinism": 2})
    for number in range(7):
        case = replace(WRONG_CALL, id=f"{WRONG_CALL.id}-{number}")
        run.ask(case)
        for value in (1.0, 2.0):
            run.record(result(case, TORCH, _arrays([value])))
    run.end()
    run.close()
    lines = determinism.lines(run)
    assert len(lines) == 1 + 5 + 1
    assert lines[-1] == "and 2 more that vary: see determinism.md"


def test_a_run_without_repeats_has_no_page(tmp_path: Path) -> None:
    run = record(tmp_path, [oracle(CASE), (CASE, TORCH, Returned(arrays=right(CASE)))])
    assert determinism.lines(run) == []
    assert "determinism.md" not in render.pages(run, Accepted())


def test_a_repeat_that_is_the_same_takes_one_short_line(tmp_path: Path) -> None:
    run = _repeated(tmp_path, CASE, *[Returned(arrays=right(CASE))] * 3)
    last = run.path.read_text(encoding="utf-8").splitlines()[-2]
    assert json.loads(last) == {"record": "repeat", "case": CASE.id, "target": TORCH}
    assert (run.repeats, run.others) == (Counter({(CASE.id, TORCH): 2}), {})


def test_a_repeat_that_departs_is_kept_and_the_first_answer_counts(tmp_path: Path) -> None:
    crashed = Crashed(signal="SIGABRT", stderr="last words")
    run = _repeated(tmp_path, CASE, Returned(arrays=right(CASE)), crashed)
    assert run.records[CASE.id, TORCH].outcome.end == "returned"
    [other] = run.others[CASE.id, TORCH]
    assert (other.outcome, other.outcome.end) == (crashed, "crashed: SIGABRT")


@pytest.mark.parametrize("number", [1, 0, -2])
def test_an_option_that_is_out_of_range_is_refused_before_anything_starts(tmp_path: Path, number: int) -> None:
    with pytest.raises(UsageError, match=f"--determinism {number}: "):
        Options(report=tmp_path / "report", determinism=number).check()
    assert not os.path.lexists(tmp_path / "report")


def _incomplete(folder: Path) -> Session:
    """A session that asks for three answers and has two to a call and one to another."""
    session = Session(Options(report=folder, determinism=3))
    other = replace(CASE, id=f"{CASE.id}-2")
    answer = Returned(arrays=right(CASE))
    session.run = record(folder / "run", [(CASE, TORCH, answer), (CASE, TORCH, answer), (other, TORCH, answer)])
    session.asked = set(session.run.records)
    return session


def test_repeats_that_never_came_are_lost_answers(tmp_path: Path) -> None:
    session = _incomplete(tmp_path)
    assert session.run is not None
    assert session.lost() == [
        f"{case}[{TORCH}] was asked and answered less than 3 times" for case, _ in sorted(session.run.records)
    ]
    session.run.repeats.update(dict.fromkeys(session.run.records, 2))
    assert session.lost() == []


def test_progress_counts_every_answer(tmp_path: Path) -> None:
    stream = io.StringIO()
    shown = progress.Progress(_incomplete(tmp_path), stream)
    shown._shown = -math.inf
    shown.show()
    assert stream.getvalue() == f"deconform: 3/6 · {TORCH} 3/6\n"
