"""``python -m cases``: what it prints, where, and its exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import cases
from cases.__main__ import main

CASES = Path(cases.__file__).parent
ID = "cases/conv_transpose/strides.yaml::same-i5x6-k3-s2"
FOLDER = ["--folder", str(CASES / "conv_transpose")]
Captured = pytest.CaptureFixture[str]


def test_list_a_glob(capsys: Captured) -> None:
    assert main([*FOLDER, "list", "cases/conv_transpose/strides.yaml::same-i5x6-k3-*"]) == 0
    prefix = "cases/conv_transpose/strides.yaml::same-i5x6-k3-s"
    assert capsys.readouterr().out.splitlines() == [f"{prefix}{stride}" for stride in range(1, 6)]


def test_list_a_part_of_an_id(capsys: Captured) -> None:
    assert main([*FOLDER, "list", "conv_transpose/strides.yaml::same-i5x6-k3-s2"]) == 0
    assert capsys.readouterr().out == f"{ID}\n"


def test_list_all(capsys: Captured) -> None:
    assert main(["list"]) == 0
    assert ID in capsys.readouterr().out.splitlines()


def test_list_nothing(capsys: Captured) -> None:
    assert main([*FOLDER, "list", "deconv"]) == 1
    assert capsys.readouterr() == ("", "no case matches 'deconv'\n")


def test_show_a_case(capsys: Captured) -> None:
    assert main([*FOLDER, "show", ID]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f'id: "{ID}"' in lines
    assert "strides: [2, 2]" in lines
    assert {"value =", "filter ="} <= set(lines)


def test_show_no_case(capsys: Captured) -> None:
    assert main([*FOLDER, "show", "deconv"]) == 1
    output, error = capsys.readouterr()
    assert output == ""
    assert error == "no case has the id 'deconv'; `python -m cases list GLOB` finds it\n"


def test_schema_is_what_the_editors_read(capsys: Captured) -> None:
    assert main(["schema"]) == 0
    output = capsys.readouterr().out
    assert output == (CASES / "schema.json").read_text(encoding="utf-8")
    assert json.loads(output)["title"] == "Deconform case file"


def test_a_faulty_file_is_a_message_and_status_1(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_text("operator: conv\n")
    assert main(["--folder", str(tmp_path), "list"]) == 1
    output, error = capsys.readouterr()
    assert output == ""
    assert error.startswith(f"{path}:1:1: the file lacks the key")


HALF_GOOD = """\
operator: conv
about: a file that a test wrote
source: https://example.org
cases:
  - {name: first, image: [5, 5], kernel: 3}
  - {name: wrong, image: [2, 2], kernel: 3}
  - {name: odd, imaeg: [5, 5], kernel: 3}
  - {name: last, image: [5, 5], kernel: 2}
"""
HALF_GOOD_FAULTS = [":6:19: wrong: impossible (size)", ":7:17: 'imaeg' is not a key of this place"]


def _half_good(folder: Path) -> list[str]:
    (folder / "mine.yaml").write_text(HALF_GOOD, encoding="utf-8")
    (folder / "other.yaml").write_text("operator: conv\n", encoding="utf-8")
    return ["--folder", str(folder)]


def _starts(path: Path, faults: list[str], lines: list[str]) -> bool:
    whole = [f"{path}{fault}" for fault in faults]
    return len(whole) == len(lines) and all(line.startswith(fault) for line, fault in zip(lines, whole, strict=True))


def test_the_good_cases_of_a_faulty_file_are_listed(tmp_path: Path, capsys: Captured) -> None:
    assert main([*_half_good(tmp_path), "list"]) == 1
    output, error = capsys.readouterr()
    assert output.splitlines() == ["mine.yaml::first", "mine.yaml::last"]
    assert _starts(tmp_path / "mine.yaml", HALF_GOOD_FAULTS, error.splitlines()[:2])
    assert all(line.startswith(f"{tmp_path / 'other.yaml'}:1:1: the file lacks") for line in error.splitlines()[2:])
    assert len(error.splitlines()) > 2


def test_a_glob_that_matches_nothing_does_not_hide_the_faults(tmp_path: Path, capsys: Captured) -> None:
    assert main([*_half_good(tmp_path), "list", "middle"]) == 1
    output, error = capsys.readouterr()
    assert output == ""
    assert "mine.yaml:7:17: " in error
    assert error.splitlines()[-1] == "no case matches 'middle'"


@pytest.mark.parametrize("command", ["show", "explain"])
def test_a_good_case_of_a_faulty_file_is_shown(tmp_path: Path, capsys: Captured, command: str) -> None:
    assert main([*_half_good(tmp_path), command, "mine.yaml::last"]) == 0
    output, error = capsys.readouterr()
    assert "mine.yaml::last" in output
    assert error == ""


@pytest.mark.parametrize("name", ["wrong", "absent"])
def test_a_case_that_is_missing_from_a_faulty_file(tmp_path: Path, capsys: Captured, name: str) -> None:
    assert main([*_half_good(tmp_path), "show", f"mine.yaml::{name}"]) == 1
    output, error = capsys.readouterr()
    first, *faults = error.splitlines()
    assert output == ""
    assert first == f"no case has the id 'mine.yaml::{name}'; its file has faults, so mend them first:"
    assert _starts(tmp_path / "mine.yaml", HALF_GOOD_FAULTS, faults)


def test_an_unknown_id_comes_close_to_the_good_cases(tmp_path: Path, capsys: Captured) -> None:
    assert main([*_half_good(tmp_path), "show", "mime.yaml::last"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "no case has the id 'mime.yaml::last'; `python -m cases list GLOB` finds it"
    assert lines[1] == "  close: mine.yaml::last"


def test_a_reader_that_has_enough_ends_it_quietly() -> None:
    command = f"{sys.executable} -m cases list | head -1"
    done = subprocess.run(["/bin/sh", "-c", command], cwd=CASES.parent, capture_output=True, text=True, check=True)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


@pytest.mark.parametrize("arguments", [[], ["deconvolve"], ["show"]])
def test_a_wrong_command_line(arguments: list[str], capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: python -m cases" in capsys.readouterr().err


def test_a_pipeline_shows_its_steps_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "cases/pipelines/autoencoder.yaml::pooled-i11x14"]) == 0
    lines = capsys.readouterr().out.splitlines()
    steps = [line.removeprefix("step ") for line in lines if line.startswith("step ")]
    assert len(steps) == 8
    assert steps[1] == "active_whole = relu(encoded_whole): (1, 11, 14, 2) -> (1, 11, 14, 2)"
    assert steps[2] == (
        "pooled, pooled_indices = max_pool_argmax(active_whole): (1, 11, 14, 2) -> (1, 6, 7, 2); "
        "ksize (2, 2), strides (2, 2), padding SAME"
    )
    assert steps[6].startswith("unpooled = max_unpool(decoded_half, pooled_indices): (1, 6, 7, 2) -> (1, 11, 14, 2); ")
    assert not [line for line in lines if line.startswith("steps:")]
