"""pytest as the front door: statuses, messages and exit codes, as a user meets them."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cases.loading.claims import load as load_claims
from cases.loading.vgg_weights import LAYERS
from reports.pages.render import PAGES
from reports.recording.session import held
from tests.reports.plugin.asking import FAKES, ROOT, Ask, case_file, records

WIDTHS = (1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 8, 8, 8)
"""How many times the first layer's channels each layer of VGG16 has, in the order of ``LAYERS``."""


def test_a_right_target_passes_and_the_run_is_whole(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "one", "two")
    result = ask()
    assert result.ret == 0
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["right-eager-cpu: right 1.0, Python *", "2 cases, 4 answers: 4 returned; 0 faults*"])
    assert len(records(pytester.path, "footer")) == 1
    assert (pytester.path / "report" / "conformance.md").is_file()


def test_no_file_is_named_for_each_of_its_items(pytester: pytest.Pytester, ask: Ask) -> None:
    """Items come in the order of their answers, so one file follows another: only what fails names its file."""
    for topic in "ab":
        case_file(pytester.path, "one", "two", topic=topic)
    result = ask("--adapter", f"{FAKES}:Mixed", "--target", "mixed-*")
    result.assert_outcomes(passed=8)
    assert not [line for line in result.outlines if line.startswith(("a.yaml", "b.yaml"))]


def test_each_way_to_go_wrong_has_its_status_and_the_rest_goes_on(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "turned", "crash", "unsupported", "hang", "good")
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
    assert len(records(pytester.path, "result")) == 10
    assert len(records(pytester.path, "footer")) == 1


def test_our_own_fault_is_an_error_and_no_failure(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "fault", "good")
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
            "*--target absent-* matches no target*Absent: not installed (No module named*",
        ),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_status_4(
    pytester: pytest.Pytester, ask: Ask, arguments: list[str], message: str
) -> None:
    case_file(pytester.path, "one")
    result = ask(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


OWN = """\
- fact: It rotates no filter.
  targets: [mixed-*]
  versions: "==99"
  where: operator == "conv_transpose"
  differs: value
  diagnosis: filter not rotated
  link: not reported yet
"""


def test_facts_of_the_user_explain_and_are_kept_with_the_run(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "turned")
    file = pytester.path / "mine.yaml"
    file.write_text(OWN, encoding="utf-8")
    result = ask("--known", str(file), "--strict-versions", fake="Mixed")
    assert result.ret == 0
    result.assert_outcomes(xfailed=1)
    (header, *_) = records(pytester.path, "header")
    assert [fact["fact"] for fact in header["known"]] == ["It rotates no filter."]
    assert header["strict_versions"] is True


def _package(folder: Path, known: str) -> str:
    """Make a package with an adapter and a file of facts, and return the adapter's locator."""
    package = folder / "shipped"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "backend.py").write_text("from tests.reports.fakes import Mixed as Backend\n", encoding="utf-8")
    (package / "deconform.yaml").write_text(known, encoding="utf-8")
    return "shipped.backend:Backend"


def test_facts_that_a_package_ships_explain_its_answers(
    pytester: pytest.Pytester, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_file(pytester.path, "turned")
    locator = _package(pytester.path, OWN)
    monkeypatch.chdir(pytester.path)
    result = ask("--adapter", locator, "--target", "mixed-*", "--strict-versions", fake="")
    result.assert_outcomes(xfailed=1)
    assert result.ret == 0
    (header, *_) = records(pytester.path, "header")
    assert [fact["fact"] for fact in header["known"]] == ["It rotates no filter."]


@pytest.mark.parametrize("glob", ["jax-*", "*", "j*-eager-cpu", "*-cpu"])
def test_a_package_has_no_facts_about_others(
    pytester: pytest.Pytester, ask: Ask, monkeypatch: pytest.MonkeyPatch, glob: str
) -> None:
    case_file(pytester.path, "turned")
    locator = _package(pytester.path, OWN.replace("[mixed-*]", f"['{glob}']"))
    monkeypatch.chdir(pytester.path)
    result = ask("--adapter", locator, fake="")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *deconform.yaml: fact 0.targets: '{glob.replace('*', '[*]')}' also means *"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "*mine.yaml: cannot be read as UTF-8 text: *"),
        (
            OWN.replace("operator ==", "operatr =="),
            "*mine.yaml:*: where: no property is called 'operatr'; did you mean 'operator'?",
        ),
    ],
)
def test_a_file_of_facts_that_is_none_is_one_line(
    pytester: pytest.Pytester, ask: Ask, text: str | None, message: str
) -> None:
    case_file(pytester.path, "one")
    if text is not None:
        (pytester.path / "mine.yaml").write_text(text, encoding="utf-8")
    result = ask("--known", str(pytester.path / "mine.yaml"))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


def test_claims_beside_the_cases_are_not_asked(pytester: pytest.Pytester, ask: Ask) -> None:
    folder = case_file(pytester.path, "one").parent
    (folder / "claims.yaml").write_text("claims: []\n", encoding="utf-8")
    result = ask()
    assert result.ret == 0
    result.assert_outcomes(passed=1)


def test_an_empty_selection_says_so(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "one")
    result = ask("-k", "nothing")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["*1 deselected*"])


def test_resume_asks_only_what_is_missing(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "one", "two", "three")
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
    added = [json.loads(line)["record"] for line in resumed[len(kept) :].splitlines()]
    assert [kind for kind in added if kind != "judging"] == ["result", "footer"]  # judging stands before or after


def test_resume_asks_our_own_faults_again(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "one", "two")
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
        ('{"record": "header", "format": 2, "targets": {}, "missing": {}}\n', "*was begun with other targets*"),
    ],
)
def test_what_cannot_be_resumed_is_one_line(pytester: pytest.Pytester, ask: Ask, text: str, message: str) -> None:
    case_file(pytester.path, "one")
    (pytester.path / "report").mkdir()
    (pytester.path / "report" / "run.jsonl").write_text(text, encoding="utf-8")
    result = ask("--resume")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


def test_a_case_that_changed_is_not_resumed(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "one")
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
        ("--memory=0", "--memory 0: give a number of GiB above 0"),
        ("--memory=-1.5", "--memory -1.5: give a number of GiB above 0"),
        ("--memory=inf", "--memory inf: give a number of GiB above 0"),
        ("--workers=0", "--workers 0: give a number of at least 1"),
        ("--report=/proc/nowhere", "--report /proc/nowhere: cannot write there (*); give a folder *"),
    ],
)
def test_an_option_that_cannot_be_is_one_line(pytester: pytest.Pytester, ask: Ask, option: str, message: str) -> None:
    case_file(pytester.path, "one")
    result = ask(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


def test_the_memory_of_calls_is_limited_and_a_run_goes_on_under_the_same_limit_alone(
    pytester: pytest.Pytester, ask: Ask
) -> None:
    case_file(pytester.path, "bad-500", "good")
    arguments = ("--adapter", "tests.adapters.fakes:Greedy", "--target", "right-eager-*", "--memory", "0.25")
    ask(*arguments, fake="")
    assert {facts["memory"] for facts in records(pytester.path, "header")[-1]["targets"].values()} == {"0.25 GiB"}
    answers = [r for r in records(pytester.path, "result") if r["target"] == "right-eager-cpu"]
    assert [(r["kind"], r["fields"].get("type")) for r in answers] == [("raised", "MemoryError"), ("returned", None)]
    assert ask(*arguments, "--resume", fake="").ret == pytest.ExitCode.TESTS_FAILED
    refused = ask(*arguments, "--resume", "--memory", "0.5", fake="")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(["ERROR: --resume: *was begun with other targets, versions, options or code; *"])


def test_a_run_that_was_cut_short_has_no_footer(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "turned", "good")
    result = ask("-x", fake="Mixed")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["no reports: the run was cut short"])
    assert records(pytester.path, "footer") == []


def _asked(folder: Path) -> list[str]:
    results = records(folder, "result") + records(folder, "fault")
    return sorted(f"{r['case'].partition('::')[2]} {r['target']}" for r in results if "oracle" not in r["target"])


def test_modes_are_asked_what_they_are_limited_to_whatever_is_selected(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, *(f"case-{letter}" for letter in "abcde"))
    result = ask("--workers", "1", "-k", "not case-a", fake="Many", target="many-[!r]*")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "many-thin-cpu: many 1.0, Python *, mode thin, place here",
            "many-thin-cpu: every 4th case of a topic, of joint draws more, *(all with --slow)",
            "many-double-cpu: values of float64 only",
            "many-nowhere: no compiler: install one",
        ]
    )
    eager = [f"case-{letter} many-eager-cpu" for letter in "bcde"]
    assert _asked(pytester.path) == sorted([*eager, "case-b many-thin-cpu", "case-d many-thin-cpu"])
    header = records(pytester.path, "header")[-1]
    assert header["targets"]["many-thin-cpu"]["one_in"] == 4
    assert header["targets"]["many-thin-cpu"]["settings"] == {"mode": "thin", "place": "here"}
    assert header["missing"]["many-nowhere"] == "no compiler: install one"


def test_progress_shows_while_a_target_waits_for_its_turn(
    pytester: pytest.Pytester, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in an item's set-up, where pytest captures what is written."""
    monkeypatch.setattr("reports.plugin.progress._EVERY", 0.0)
    case_file(pytester.path, "one", "two")
    result = ask("--workers", "1", "--adapter", "tests.fakes:Slow", "--target", "slow-[abc]-*", fake="")
    result.stderr.fnmatch_lines(["deconform: */8 * to come"])


def test_slow_asks_every_case(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "one", "two", "three")
    result = ask("--slow", fake="Many", target="many-thin-*")
    result.assert_outcomes(passed=3)
    assert "one_in" not in records(pytester.path, "header")[-1]["targets"]["many-thin-cpu"]


def _break(*_: object, **__: object) -> list[str]:
    msg = "a mistake\nof ours"
    raise ZeroDivisionError(msg)


@pytest.mark.parametrize("step", ["reports.pages.render.pages", "reports.judging.stale.entries"])
def test_our_own_mistake_at_the_end_loses_no_answer(
    pytester: pytest.Pytester, ask: Ask, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    case_file(pytester.path, "one", "two")
    monkeypatch.setattr(step, _break)
    result = ask()
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    run = pytester.path / "report" / "run.jsonl"
    line = (
        f"a fault of ours: ZeroDivisionError: a mistake of ours; the answers are kept: python -m reports render {run}"
    )
    result.stdout.fnmatch_lines(["2 cases, 4 answers: 4 returned; 0 faults*", line, f"reports: {run}*"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert len(records(pytester.path, "footer")) == 1
    assert (pytester.path / "report" / "conformance.md").is_file() == ("stale" in step)


def test_a_target_that_cannot_be_configured_is_one_line_and_the_old_run_is_kept(
    pytester: pytest.Pytester, ask: Ask
) -> None:
    case_file(pytester.path, "one")
    assert ask(fake="Many", target="many-eager-*").ret == 0
    before = (pytester.path / "report" / "run.jsonl").read_bytes()
    result = ask(fake="Many", target="many-refused-*")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *fakes:Many: cannot configure refused on cpu in *: RuntimeError: no license"])
    assert (pytester.path / "report" / "run.jsonl").read_bytes() == before


def test_a_target_that_cannot_be_configured_when_its_turn_comes_loses_no_answer(
    pytester: pytest.Pytester, ask: Ask
) -> None:
    case_file(pytester.path, "one", "two")
    result = ask("--workers", "1", "--target", "many-refused-*", fake="Many", target="many-eager-*")
    assert result.ret == 1
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(
        ["many-refused-cpu: 2 times: *cannot configure refused on cpu in *: RuntimeError: no license"]
    )
    assert len(_asked(pytester.path)) == 4


def test_resume_refuses_other_settings_and_completes_with_the_same(
    pytester: pytest.Pytester, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_file(pytester.path, "one", "two")
    arguments = {"fake": "Many", "target": "many-[et]*"}
    assert ask("--workers", "1", **arguments).ret == 0
    path = pytester.path / "report" / "run.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if b'"result"' not in line[:20] or b'::two","target":"many' not in line]
    path.write_bytes(b"".join(line for line in kept if not line.startswith(b'{"record":"footer"')))
    monkeypatch.setenv("FAKE_PLACE", "elsewhere")
    refused = ask("--workers", "1", "--resume", **arguments)
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(["ERROR: many-eager-cpu: the settings are *elsewhere* and were *; run without *"])
    monkeypatch.delenv("FAKE_PLACE")
    assert ask("--workers", "1", "--resume", **arguments).ret == 0
    assert len(_asked(pytester.path)) == 3


def _type(folder: Path, *more: str, most: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run the suite as a user does; no file may have more than ``most`` bytes."""
    words = ["-m", "pytest", "-c", "pyproject.toml", "-p", "conftest", "-p", "no:cacheprovider", *more]
    places = ["--target", "oracle-matrix*", "--report", str(folder / "report"), str(folder / "cases")]
    limit = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))) if most else None
    return subprocess.run(
        [sys.executable, *words, *places],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=limit,
    )


def test_the_whole_command_as_a_user_types_it(tmp_path: Path) -> None:
    case_file(tmp_path, "one")
    done = _type(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert done.stderr == ""


def test_a_full_disk_ends_the_run_in_a_line_and_it_goes_on_later(tmp_path: Path) -> None:
    case_file(tmp_path, *(f"c{number}" for number in range(60)))
    done = _type(tmp_path, most=60_000)
    said = done.stdout + done.stderr
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert "run.jsonl: cannot be written (File too large); mend that, then run the same again with --resume" in said
    assert "Traceback" not in said
    assert len(said) < 5_000
    again = _type(tmp_path, "--resume")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "60 passed" in again.stdout


def _pipelines(folder: Path) -> None:
    """The case file of VGG16's network, as small as it gets."""
    steps = "".join(
        f"      - {{operator: conv, name: {layer}, out_channels: {width}, bias: true}}\n"
        for layer, width in zip(LAYERS, WIDTHS, strict=True)
    )
    text = (
        "operator: pipeline\nabout: a file that a test wrote\nsource: https://example.org\ncases:\n"
        f"  - name: thin\n    image: [4, 5]\n    kernel: 3\n    padding: SAME\n    data: normal\n    steps:\n{steps}"
    )
    path = folder / "cases" / "net.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _weights(folder: Path, width: int) -> Path:
    arrays: dict[str, Any] = {}
    channels = 3
    for layer, factor in zip(LAYERS, WIDTHS, strict=True):
        arrays[f"{layer}_W"] = np.full((3, 3, channels, factor * width), 0.5, np.float32)
        arrays[f"{layer}_b"] = np.full(factor * width, 0.25, np.float32)
        channels = factor * width
    path = folder / "vgg16_weights.npz"
    np.savez(path, **arrays)
    return path


def test_real_filters_go_to_the_network_that_they_fit(pytester: pytest.Pytester, ask: Ask) -> None:
    _pipelines(pytester.path)
    result = ask("--weights", str(_weights(pytester.path, 1)))
    result.assert_outcomes(passed=1)
    [header] = records(pytester.path, "header")
    assert header["weights"]["file"] == "vgg16_weights.npz"
    [case] = records(pytester.path, "case")
    assert case["inputs"]["conv1_1_filter"]["fill"] == "file"
    assert case["inputs"]["image"]["fill"] == "normal"


def test_real_filters_that_nothing_takes_are_told_in_a_line(pytester: pytest.Pytester, ask: Ask) -> None:
    _pipelines(pytester.path)
    result = ask("--weights", str(_weights(pytester.path, 2)))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --weights vgg16_weights.npz: no selected case takes these; *"])


def test_a_file_of_filters_that_is_none_is_told_in_a_line(pytester: pytest.Pytester, ask: Ask) -> None:
    _pipelines(pytester.path)
    result = ask("--weights", str(pytester.path / "none.npz"))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --weights *none.npz: cannot be read: *"])


def test_other_filters_leave_those_of_an_earlier_run_alone(pytester: pytest.Pytester, ask: Ask) -> None:
    """A run is judged again from the filters that it was made with, whatever was refused since."""
    _pipelines(pytester.path)
    first = _weights(pytester.path, 1)
    ask("--weights", str(first)).assert_outcomes(passed=1)
    arrays: dict[str, Any] = dict(np.load(first))
    other = pytester.path / "other.npz"
    np.savez(other, **{name: array * 2 for name, array in arrays.items()})
    before = {path: path.read_bytes() for path in (pytester.path / "report").glob("weights-*.npz")}
    result = ask("--weights", str(other), "--resume")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert len(before) == 1
    assert all(path.read_bytes() == content for path, content in before.items())


def test_one_adapter_in_several_interpreters_has_targets_for_each(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "turned")
    known = pytester.path / "known.yaml"
    known.write_text(OWN, encoding="utf-8")
    more = ("--adapter", f"{FAKES}:Mixed", "--target", "mixed*", "--known", str(known))
    result = ask(*more, "--python", f"{FAKES}:Mixed@old.1={sys.executable}", fake="")
    result.assert_outcomes(xfailed=2)  # what is known of the adapter is known of both
    assert result.ret == 0
    (header,) = records(pytester.path, "header")
    assert {"mixed-eager-cpu", "mixed@old.1-eager-cpu"} <= header["targets"].keys()
    assert {record["target"] for record in records(pytester.path, "result")} >= {"mixed@old.1-eager-cpu"}


def test_an_adapter_without_a_label_is_left_out_where_no_target_names_it(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "plain")
    more = ("--adapter", f"{FAKES}:Right", "--python", f"{FAKES}:Right@old={sys.executable}")
    ask(*more, "--target", "right@old-*", fake="").assert_outcomes(passed=1)
    (header,) = records(pytester.path, "header")
    assert header["targets"].keys() == {"oracle-eager-cpu", "right@old-eager-cpu"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("torch@=x", "--python torch@=x: give NAME=PATH or NAME@LABEL=PATH*"),
        ("torch@a-b=x", "--python torch@a-b=x: give NAME=PATH or NAME@LABEL=PATH*"),
        ("trch@a=x", "*--python trch@a=...: no adapter 'trch' takes part; there are: oracle, *"),
        ("oracle@a=x", "*--python oracle@a=...: oracle is the same in every interpreter; label a framework*"),
    ],
)
def test_a_label_that_can_not_be_is_one_line(pytester: pytest.Pytester, ask: Ask, given: str, said: str) -> None:
    case_file(pytester.path, "plain")
    result = ask("--python", given)
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*{said}"])


def test_parts_of_a_run_are_merged_to_the_whole(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, *(f"case-{number}" for number in range(5)))
    parts = []
    for number in (1, 2):
        result = ask("--shard", f"{number}/2")
        assert result.ret == 0
        parts.append((pytester.path / "report").rename(pytester.path / f"part-{number}") / "run.jsonl")
    ask().assert_outcomes(passed=5)
    merged = pytester.path / "merged.jsonl"
    done = subprocess.run(
        [sys.executable, "-m", "reports", "merge", *map(str, parts), "--to", str(merged)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{merged}: 5 cases, 10 answers of oracle, right: 5 pass\n")


def test_a_part_that_is_none_is_one_line(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "one")
    result = ask("--shard", "3/2")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--shard 3/2: give the number of the part and how many there are, such as 2/5"])


def test_a_second_run_in_one_folder_is_refused(ask: Ask, pytester: pytest.Pytester) -> None:
    case_file(pytester.path, "a")
    with held(pytester.path / "report"):
        result = ask()
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["*another run writes there; wait for its end, or give another folder"])
    assert ask().ret == 0


def test_processes_of_pytest_xdist_are_refused(ask: Ask, pytester: pytest.Pytester) -> None:
    case_file(pytester.path, "a")
    result = ask("-p", "xdist", "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*cases have workers of their own: --workers"])


def test_of_faults_that_are_alike_the_first_one_alone_is_shown_in_full(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, *(f"fault-{number}" for number in range(20)))
    result = ask(fake="Broken")
    result.assert_outcomes(errors=20)
    text = result.stdout.str().partition("short test summary")[0]  # where CI is set, pytest repeats them there
    assert text.count("Traceback (most recent call last)") == 1
    assert text.count("(as above)") == 19
    assert "During handling" not in text
    assert len(text) < 10_000


def test_a_run_that_is_cut_short_leaves_no_page_of_the_run_before(pytester: pytest.Pytester, ask: Ask) -> None:
    case_file(pytester.path, "one", "two")
    assert ask().ret == 0
    written = {path.name for path in (pytester.path / "report").iterdir() if path.suffix in {".md", ".csv", ".html"}}
    assert written
    assert written <= {*PAGES}
    (pytester.path / "report" / "notes.md").write_text("mine", encoding="utf-8")
    case_file(pytester.path, "turned", "turned-too", "turned-again")
    result = ask("-x", fake="Mixed")
    result.stdout.fnmatch_lines(["no reports: the run was cut short*"])
    left = {path.name for path in (pytester.path / "report").iterdir()}
    assert left - {".lock"} == {"run.jsonl", "notes.md"}


def test_a_slip_in_the_claims_is_found_before_the_run(
    pytester: pytest.Pytester, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_file(pytester.path, "one")
    claims = pytester.path / "claims.yaml"
    claims.write_text("about: none\n", encoding="utf-8")
    monkeypatch.setattr("reports.pages.render.load_claims", partial(load_claims, claims))
    result = ask()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert not (pytester.path / "report").exists()
