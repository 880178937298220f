"""pytest as the front door: statuses, messages and exit codes, as a user meets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FAKES = "tests.reports.fakes"
HEAD = "operator: conv_transpose\nabout: a file that a test wrote\nsource: https://example.org\ncases:\n"
Ask = Callable[..., pytest.RunResult]


def _file(folder: Path, *names: str, topic: str = "topic") -> Path:
    path = folder / "cases" / f"{topic}.yaml"
    path.parent.mkdir(exist_ok=True)
    entries = (f"  - {{name: {name}, image: [5, 6], kernel: [3, 3], strides: 2}}\n" for name in names)
    path.write_text(HEAD + "".join(entries), encoding="utf-8")
    return path


@pytest.fixture
def ask(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Runs pytest in this process on the test's own case files, from the clone's folder."""
    monkeypatch.chdir(ROOT)
    base: list[str | Path] = [
        "-c",
        ROOT / "pyproject.toml",
        "--rootdir",
        ROOT,
        "-p",
        "conftest",
        "-p",
        "no:cacheprovider",
    ]
    base += ["-p", "no:hypothesispytest"]  # its closing import takes a second

    def run(*arguments: str, fake: str = "Right", target: str | None = None) -> pytest.RunResult:
        more = () if fake == "" else ("--adapter", f"{FAKES}:{fake}", "--target", target or f"{fake.lower()}-*")
        report = ("--report", pytester.path / "report")
        return pytester.runpytest_inprocess(*base, *report, *more, *arguments, pytester.path / "cases")

    return run


def _records(folder: Path, kind: str) -> list[dict[str, Any]]:
    lines = (folder / "report" / "run.jsonl").read_text(encoding="utf-8").splitlines()
    return [record for record in map(json.loads, lines) if record["record"] == kind]


def test_a_right_target_passes_and_the_run_is_whole(pytester: pytest.Pytester, ask: Ask) -> None:
    _file(pytester.path, "one", "two")
    result = ask()
    assert result.ret == 0
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["right-eager-cpu: right 1.0, Python *", "2 cases, 4 answers: 4 returned; 0 faults*"])
    assert len(_records(pytester.path, "footer")) == 1
    assert (pytester.path / "report" / "conformance.md").is_file()


def test_each_way_to_go_wrong_has_its_status_and_the_rest_goes_on(pytester: pytest.Pytester, ask: Ask) -> None:
    _file(pytester.path, "turned", "crash", "unsupported", "hang", "good")
    result = ask("--timeout", "2", "-rs", fake="Mixed")
    assert result.ret == 1
    result.assert_outcomes(passed=1, failed=3, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "output differs in * of 90 elements, worst at *",
            "call: oracle.conv_transpose(value, filter, output_shape=(1, 5, 6, 3), *)",
            "diagnosis: filter not rotated",
            "expected output:",
            "actual output:",
            "to reproduce, paste into an interpreter:",
            "import numpy as np",
            "value = np.array(*",
            "result = oracle.conv_transpose(*",
            "the process died: SIGABRT*",
            "no answer within 2 seconds",
            "SKIPPED *no such operator here",
        ]
    )
    assert len(_records(pytester.path, "result")) == 10
    assert len(_records(pytester.path, "footer")) == 1


def test_our_own_fault_is_an_error_and_no_failure(pytester: pytest.Pytester, ask: Ask) -> None:
    _file(pytester.path, "fault", "good")
    result = ask(fake="Broken")
    assert result.ret == 1
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*our own mistake*", "*1 faults of ours"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--adapter", "trch"], "*there is no adapter 'trch'; did you mean 'torch'?*"),
        (["--python", "torch"], "*--python torch: give NAME=PATH*"),
        (["--python", "trch=/bin/x"], "*--python trch=...: no adapter 'trch' takes part; there are: oracle, *"),
        (
            ["--python", f"{FAKES}:Right=/no/such/python"],
            "*cannot run the interpreter '/no/such/python'*check its path",
        ),
        (
            ["--target", "rihgt-*"],
            "*--target rihgt-* matches no target; there are: oracle-eager-cpu*and those of *jax*",
        ),
        (["--device", "cuda"], "*--target right-* matches no target*"),
        (
            ["--adapter", f"{FAKES}:Absent", "--target", "absent-*"],
            "*--target absent-* matches no target*Absent is not installed (No module named*",
        ),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_status_4(
    pytester: pytest.Pytester, ask: Ask, arguments: list[str], message: str
) -> None:
    _file(pytester.path, "one")
    result = ask(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_a_malformed_file_is_one_line_and_the_others_run(pytester: pytest.Pytester, ask: Ask) -> None:
    _file(pytester.path, "good")
    path = _file(pytester.path, "bad, kernle: 3", topic="faulty")
    result = ask()
    assert result.ret != 0
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"{path}:5:*kernle*did you mean 'kernel'?*"])


def test_an_empty_selection_says_so(pytester: pytest.Pytester, ask: Ask) -> None:
    _file(pytester.path, "one")
    result = ask("-k", "nothing")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["*1 deselected*"])


def test_resume_asks_only_what_is_missing(pytester: pytest.Pytester, ask: Ask) -> None:
    _file(pytester.path, "one", "two", "three")
    assert ask().ret == 0
    path = pytester.path / "report" / "run.jsonl"
    whole = path.read_bytes().splitlines(keepends=True)
    results = [number for number, line in enumerate(whole) if line.startswith(b'{"record":"result"')]
    kept = b"".join(whole[: results[-1]])
    path.write_bytes(kept + whole[results[-1]][:40])
    result = ask("--resume")
    assert result.ret == 0
    result.assert_outcomes(passed=3)
    resumed = path.read_bytes()
    assert resumed.startswith(kept)
    assert [json.loads(line)["record"] for line in resumed[len(kept) :].splitlines()] == ["result", "footer"]


def test_resume_asks_our_own_faults_again(pytester: pytest.Pytester, ask: Ask) -> None:
    _file(pytester.path, "one", "two")
    assert ask().ret == 0
    path = pytester.path / "report" / "run.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    fault = {"record": "fault", "case": "", "target": "right-eager-cpu", "message": "mended since"}
    last = next(r for r in reversed(lines) if r["record"] == "result" and r["target"] == "right-eager-cpu")
    lines[lines.index(last)] = fault | {"case": last["case"]}
    path.write_text("".join(json.dumps(line) + "\n" for line in lines[:-1]), encoding="utf-8")
    result = ask("--resume")
    assert result.ret == 0
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense\n", "*--resume: *run.jsonl: not a recorded run: *"),
        ('{"record": "header", "format": 1, "targets": {}, "missing": {}}\n', "*was begun with other targets*"),
    ],
)
def test_what_cannot_be_resumed_is_one_line(pytester: pytest.Pytester, ask: Ask, text: str, message: str) -> None:
    _file(pytester.path, "one")
    (pytester.path / "report").mkdir()
    (pytester.path / "report" / "run.jsonl").write_text(text, encoding="utf-8")
    result = ask("--resume")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


def test_a_case_that_changed_is_not_resumed(pytester: pytest.Pytester, ask: Ask) -> None:
    _file(pytester.path, "one")
    assert ask().ret == 0
    file = next(pytester.path.rglob("cases/**/*.yaml"))
    file.write_text(file.read_text(encoding="utf-8").replace("kernel: [3, 3]", "kernel: [2, 3]"), encoding="utf-8")
    result = ask("--resume")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --resume: *::one is another case than the one in *"])


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--timeout=0", "--timeout 0: give a number of seconds above 0"),
        ("--timeout=nan", "--timeout nan: give a number of seconds above 0"),
        ("--report=/proc/nowhere", "--report /proc/nowhere: cannot write there (*); give a folder *"),
    ],
)
def test_an_option_that_cannot_be_is_one_line(pytester: pytest.Pytester, ask: Ask, option: str, message: str) -> None:
    _file(pytester.path, "one")
    result = ask(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


def test_a_run_that_was_cut_short_has_no_footer(pytester: pytest.Pytester, ask: Ask) -> None:
    _file(pytester.path, "turned", "good")
    result = ask("-x", fake="Mixed")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["no reports: the run was cut short"])
    assert _records(pytester.path, "footer") == []


def test_the_whole_command_as_a_user_types_it(tmp_path: Path) -> None:
    _file(tmp_path, "one")
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        "pyproject.toml",
        "-p",
        "conftest",
        tmp_path / "cases",
    ]
    options: list[str | Path] = [
        "--target",
        "oracle-matrix*",
        "--report",
        tmp_path / "report",
        "-p",
        "no:cacheprovider",
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [*command, *options, "--target", "oracle-matrix*"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert done.stderr == ""
