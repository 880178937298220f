"""``python -m reports``: its exit statuses, and what counts as a change between two runs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from adapters.outcome import Crashed, Raised, Returned
from reports import __main__ as command
from reports.commands import publish
from reports.pages.readme import FINDINGS, WRONG_CALLS
from reports.recording.run import read
from tests.reports.making import TORCH, make, oracle, record, right

CASE = make("conv_transpose")
RETURNED = Returned(arrays={"output": np.ones(3)})
RAISED = Raised(type="ValueError", message="one wording", stage="calling")
CRASHED = Crashed(signal="SIGABRT", stderr="some")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    run = record(tmp_path / "run", [oracle(CASE), (CASE, TORCH, Returned(arrays=right(CASE)))])
    return run.path


def _wrong(tmp_path: Path) -> Path:
    return record(tmp_path / "wrong", [oracle(CASE), (CASE, TORCH, RETURNED)]).path


def test_render_writes_every_report(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["render", str(path), "--to", str(tmp_path / "to")]) == 0
    assert str(tmp_path / "to" / "conformance.md") in capsys.readouterr().out
    assert command.main(["render", str(path)]) == 0
    assert (path.parent / "differences.csv").is_file()


def test_compare_is_1_where_something_changed(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["compare", str(path), "--against", str(path)]) == 0
    assert capsys.readouterr().out == "1 answer compared, of PyTorch: nothing changed\n"
    assert command.main(["compare", str(path), "--against", str(_wrong(tmp_path))]) == 1
    assert capsys.readouterr().out.endswith("1 answer compared, of PyTorch: 1 better\n")


def test_publish_writes_and_its_check_compares(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "published"
    folder.mkdir()
    monkeypatch.setattr(publish, "_PUBLISHED", folder)
    readme = tmp_path / "README.md"
    empty = "\nold\n".join((*FINDINGS, *WRONG_CALLS))
    readme.write_text(empty, encoding="utf-8")
    monkeypatch.setattr(publish, "_README", readme)
    assert command.main(["publish", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"{path}: not a whole run (document and ")
    monkeypatch.setattr(publish, "SHIPPED", tmp_path / "none")
    monkeypatch.setattr(publish, "DEFAULT_ADAPTERS", ("torch",))
    assert command.main(["publish", str(path), "--check"]) == 1
    assert list(folder.iterdir()) == []
    assert readme.read_text(encoding="utf-8") == empty
    assert command.main(["publish", str(path)]) == 0
    assert "**PyTorch 2.13.0**" in readme.read_text(encoding="utf-8")
    assert command.main(["publish", str(path), "--check"]) == 0
    capsys.readouterr()
    assert command.main(["publish", str(_wrong(tmp_path)), "--check"]) == 1
    printed = capsys.readouterr().out
    assert "--- published/conformance.md" in printed
    readme.write_text(empty, encoding="utf-8")
    assert command.main(["publish", str(path), "--check"]) == 1
    assert "--- published/README.md" in capsys.readouterr().out
    assert "the run differs from the published tables" in printed


def test_publish_may_write_some_pages_of_a_run_in_part(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "published"
    folder.mkdir()
    monkeypatch.setattr(publish, "_PUBLISHED", folder)
    only = ["publish", str(path), "--as", "ways", "--only", "findings.md"]
    assert command.main(only) == 0
    assert [file.name for file in (folder / "ways").iterdir()] == ["findings.md"]
    assert command.main(["publish", str(path), "--only", "inference.md"]) == 2
    assert "has no page inference.md; there are: conformance.md, " in capsys.readouterr().err


def test_publish_refuses_a_run_that_ended_with_problems(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every page would say that the run fails, and a check against the next such run would not notice."""
    run = read(path)
    run.end(problems=["a fact is stale"])
    run.close()
    for more in ([], ["--check"]):
        assert command.main(["publish", str(path), *more]) == 2
        assert capsys.readouterr().err.startswith(f"{path}: the run failed when it ended (a fact is stale); mend that")


def test_a_run_that_was_cut_short_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = record(tmp_path, [oracle(CASE)], finished=False).path
    for arguments in (["render", path], ["compare", path, "--against", path], ["publish", path, "--check"]):
        assert command.main([str(argument) for argument in arguments]) == 2
        assert capsys.readouterr().err == (
            f"{path}: the run has no footer, so it was cut short; finish it with pytest cases --resume\n"
        )


def test_no_run_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["render", str(tmp_path / "none.jsonl")]) == 2
    assert "there is no run here" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        command.main([])
    assert caught.value.code == 2


@pytest.fixture
def crashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of one that returned what it should not, and one that crashed; the programs are the definition's."""
    invalid = make(
        "conv_transpose",
        "wrong",
        invalid={"rule": "stride", "reason": "so that it should fail"},
        given={"strides": [0, 0]},
    )
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    returned = Returned(arrays={"output": right(CASE)["output"].astype("float64")})
    return record(tmp_path, [(CASE, TORCH, CRASHED), (invalid, TORCH, returned)]).path


def test_reproduce_runs_programs_and_is_1_where_one_does_otherwise(
    crashed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["reproduce", str(crashed), "--kind", "crashes", "--workers", "1", "--timeout", "30"]) == 1
    line, last = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{CASE.id}[{TORCH}] OTHERWISE: accepted: output float64 (1, 6, 7, ")
    (kept,) = tmp_path.glob("temporary/reproduce-*/0000-torch-eager-cpu.py")
    assert line.endswith(f"; the run: crashed: SIGABRT; {kept}")
    assert last.startswith("programs: 1, as recorded: 0, otherwise: 1; ")


def test_reproduce_leaves_nothing_of_programs_that_do_as_recorded(
    crashed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    python = f"torch={_aborting(tmp_path)}"
    assert command.main(["reproduce", str(crashed), "--only", CASE.id, "--target", "torch-*", "--python", python]) == 0
    line, last = capsys.readouterr().out.splitlines()
    assert line == f"{CASE.id}[{TORCH}] ok: crashed: SIGABRT"
    assert last.startswith("programs: 1, as recorded: 1, otherwise: 0; ")
    assert list(tmp_path.glob("temporary/*")) == []


def _aborting(folder: Path) -> Path:
    python = folder / "python"
    python.write_text("#!/bin/sh\nkill -ABRT $$\n", encoding="utf-8")
    python.chmod(0o755)
    return python


@pytest.mark.parametrize(
    "option",
    [("--workers", "0"), ("--timeout", "0"), ("--timeout", "inf"), ("--timeout", "long"), ("--kind", "others"),
     ("--python", "torch"), ("--python", "torch=/no/python"), ("--only", "*::none"), ("--target", "none")],
)  # fmt: skip
def test_what_reproduce_refuses(crashed: Path, option: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = command.main(["reproduce", str(crashed), *option])
    except SystemExit as end:
        status = int(end.code or 0)
    assert status == 2
    assert option[1] in capsys.readouterr().err


def test_a_reader_that_has_enough_ends_it_quietly(tmp_path: Path) -> None:
    run = record(tmp_path, [oracle(CASE), (CASE, TORCH, RETURNED)]).path
    line = f"{sys.executable} -m reports compare {run} --against {run} | true"
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True)
    assert done.stderr == ""
