"""The command ``deconform``, as a user meets it in a folder of his own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reports.commands import deconform, verbs

ROOT = Path(__file__).parents[3]
MINE = """\
operator: conv
about: a case of my own
source: "document: nothing"
cases:
  - {name: mine, image: [5, 6], kernel: [3, 3], strides: 2}
"""


def _run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as its console script does: the folder is not in the path in which modules are searched."""
    code = "import sys; sys.path[0] = sys.argv.pop(1); from reports.commands.deconform import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, str(ROOT), *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


@pytest.mark.parametrize(("name", "locale"), [("plain", "C.UTF-8"), ("späces and 画像", "POSIX")])
def test_one_s_own_cases_run_in_any_folder_and_locale(tmp_path: Path, name: str, locale: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "mine.yaml").write_text(MINE, encoding="utf-8")
    found = _run(folder, "run", "mine.yaml", "--target", "oracle-*", LC_ALL=locale, PYTHONUTF8="0")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "2 passed" in found.stdout  # in the oracle's two other forms
    written = {path.name for path in (folder / deconform.REPORT).iterdir()}
    assert "conformance.md" in written
    assert written.isdisjoint({"coverage.md", "document_claims.md", "shape_errors.md", "indices.md", "padding.md"})


def test_a_home_that_cannot_be_written_and_packages_of_the_same_names_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(MINE, encoding="utf-8")
    for name in ("cases", "adapters", "reports"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('not this one')\n", encoding="utf-8")
    environment = {"HOME": "/nonexistent", "XDG_CACHE_HOME": ""}
    found = _run(tmp_path, "run", "mine.yaml", "--target", "oracle-*", **environment)
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_suite_s_own_cases_are_the_default(tmp_path: Path) -> None:
    """Their ids are those of the other commands, and name them from any folder."""
    name = "cases/conv_transpose/strides.yaml::same-i5x6-k3-s2"
    found = _run(tmp_path, "run", "--collect-only", "-q", "-k", "same-i5x6-k3-s2", "--target", "oracle-matrix-*")
    assert found.returncode == 0, found.stdout + found.stderr
    assert f"{name}[oracle-matrix-cpu]" in found.stdout
    again = _run(tmp_path, "run", f"{name}[oracle-matrix-cpu]", "--target", "oracle-matrix-*")
    assert "1 passed" in again.stdout, again.stdout + again.stderr
    assert _run(tmp_path, "show", name).returncode == 0


def test_one_s_own_folder_of_cases_is_not_the_suite(tmp_path: Path) -> None:
    """No fact is stale because a few other cases do not show it; and no page of another's is removed."""
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "mine.yaml").write_text(MINE, encoding="utf-8")
    (tmp_path / "coverage.md").write_text("my own notes", encoding="utf-8")
    found = _run(tmp_path, "run", "cases", "--report", ".", "--target", "oracle-*")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "stale" not in found.stdout
    assert (tmp_path / "coverage.md").read_text(encoding="utf-8") == "my own notes"
    listed = _run(tmp_path, "list", "--folder", "cases")
    assert listed.stdout == "cases/mine.yaml::mine\n", listed.stderr


def test_the_doctor_says_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    found = _run(tmp_path, "doctor", "--adapter", "tests.fakes:NeedsMissingModule")
    lines = found.stdout.splitlines()
    assert lines[0].startswith("deconform 0.1.0, Python 3.")
    assert any(line.startswith("oracle: numpy ") for line in lines)
    assert any("tests.fakes:NeedsMissingModule: not installed (No module named" in line for line in lines)
    assert "this folder, " in found.stdout
    found = _run(tmp_path, "doctor", "--adapter", "tests.fakes:Right")
    assert "  modes: eager, jit" in found.stdout.splitlines()
    assert found.returncode == 0


@pytest.mark.parametrize(
    "arguments", [("doctor", "--adapter", "nobody"), ("nothing",), ("render", "no-such-file.jsonl")]
)
def test_what_does_not_exist_is_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    found = _run(tmp_path, *arguments)
    assert found.returncode == 2
    assert "Traceback" not in found.stderr
    assert len((found.stderr or found.stdout).splitlines()) <= 7


def test_every_command_has_a_line_of_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert deconform.main(["--help"]) == 0
    shown = capsys.readouterr().out
    for verb in ("run", "doctor", "explain", "check", *verbs.COMMANDS):
        assert f"\n  {verb} " in shown


@pytest.mark.parametrize("verb", ["list", "draw", "check", "compare"])
def test_a_verb_is_the_command_of_its_room(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        deconform.main([verb, "--help"])
    assert end.value.code == 0
    assert f" {verb} " in capsys.readouterr().out
