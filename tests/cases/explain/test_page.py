"""The page of an explanation: plain text through a pipe, colour on a terminal, SVG in a file, errors in one line."""

from __future__ import annotations

import argparse
import io
import re
import xml.dom.minidom
from dataclasses import replace
from pathlib import Path

import pytest

import cases
from cases.__main__ import main
from cases.explain import command, explain, page
from cases.loading.load import load
from cases.loading.lookup import lookup

CASES = Path(cases.__file__).parent
PUBLISHED = CASES.parent / "reports" / "published" / "explain.svg"
PUBLISHED_ID = "cases/conv_transpose/batch_and_channels.yaml::same-i5x6-k3-s2-n2-c1-o1"
ID = "cases/conv_transpose/strides.yaml::same-i3x4-k3-s2"
Captured = pytest.CaptureFixture[str]


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def colourful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the settings of colours and columns that a person makes for all programs."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")


def test_a_pipe_gets_plain_text(capsys: Captured) -> None:
    assert main(["explain", ID]) == 0
    output, error = capsys.readouterr()
    assert error == ""
    assert "\x1b" not in output
    assert output.startswith(f"{ID}\n")
    assert "    □  □ -3  ·  1  □" in output
    assert not any(line.endswith(" ") for line in output.splitlines())


def _on_a_terminal() -> tuple[str, list[str]]:
    """Return the text that a terminal gets, and the lines that a person sees there."""
    terminal = Terminal()
    page.show(explain(lookup(CASES, ID)), terminal)
    seen = re.sub("\x1b\\[[0-9;]*m", "", terminal.getvalue())
    return terminal.getvalue(), [line.rstrip() for line in seen.splitlines()]


def test_a_terminal_gets_colours_and_the_same_characters(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    text, lines = _on_a_terminal()
    assert "\x1b[38;2;" in text
    main(["explain", ID])
    assert lines == capsys.readouterr().out.splitlines()


def test_a_narrow_terminal_is_not_overrun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    assert 60 < max(map(len, _on_a_terminal()[1])) <= 72


def test_a_stream_without_the_signs_gets_ascii() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    page.show(explain(lookup(CASES, ID)), stream)
    stream.seek(0)
    assert "    #  # -3  .  1  #" in stream.read()


def test_the_published_picture_is_what_the_command_writes(tmp_path: Path) -> None:
    """Repair with ``python -m cases explain ID --svg reports/published/explain.svg``, and look at it."""
    assert main(["explain", PUBLISHED_ID, "--svg", str(tmp_path / "new.svg")]) == 0
    assert (tmp_path / "new.svg").read_text(encoding="utf-8") == PUBLISHED.read_text(encoding="utf-8")


def test_svg_refers_to_nothing_outside_and_is_well_formed() -> None:
    text = PUBLISHED.read_text(encoding="utf-8")
    root = xml.dom.minidom.parseString(text).documentElement  # noqa: S318 - our own file
    assert root is not None
    assert root.tagName == "svg"
    assert re.findall(r"\w+://[^\"'\s)]+", text) == ["http://www.w3.org/2000/svg"]
    assert set(re.findall(r"url\((.)", text)) == {"#"}
    assert not re.search("@font-face|@import|href|<script|<image", text)


def test_svg_ignores_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "40")
    assert page.svg(explain(lookup(CASES, PUBLISHED_ID))) == PUBLISHED.read_text(encoding="utf-8")


def test_every_line_of_an_svg_is_inside_it() -> None:
    text = page.svg(explain(lookup(CASES, ID)))
    [(width, height)] = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
    spans = re.findall(r'<text [^>]*x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"', text)
    assert len(spans) > 100
    assert max(float(x) + float(length) for x, _, length in spans) < float(width)
    assert max(float(y) for _, y, _ in spans) < float(height)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--batch", "1"], "--batch 1: the result has batch elements 0 to 0"),
        (["--channel", "3"], "--channel 3: the result has channels 0 to 2"),
        (["--svg", "/no/such/folder/a.svg"], "/no/such/folder/a.svg: cannot be written: No such file or directory"),
    ],
)
def test_errors_are_one_line(capsys: Captured, arguments: list[str], message: str) -> None:
    assert main(["explain", ID, *arguments]) == 1
    assert capsys.readouterr() == ("", f"{message}\n")


def test_an_operator_that_is_not_explained_is_one_line(capsys: Captured) -> None:
    [first, *_] = load(CASES / "document" / "conv.yaml")
    assert command.run(replace(first, id="a.yaml::trip", operator="pipeline"), _options()) == 1
    message = "a.yaml::trip is a pipeline; `python -m cases show a.yaml::trip` lists its steps\n"
    assert capsys.readouterr() == ("", message)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    return parser.parse_args(["a.yaml::trip"])


@pytest.mark.parametrize("verb", ["show", "explain"])
def test_an_id_that_is_nearly_one(capsys: Captured, verb: str) -> None:
    folder = ["--folder", str(CASES / "conv_transpose")]
    assert main([*folder, verb, "cases/conv_transpose/stride.yaml::same-i3x4-k3-s2"]) == 1
    output, error = capsys.readouterr()
    first, close, *_ = error.splitlines()
    assert output == ""
    assert first.startswith("no case has the id 'cases/conv_transpose/stride.yaml::same-i3x4-k3-s2'; `python")
    assert close == f"  close: {ID}"


def test_a_part_of_an_id(capsys: Captured) -> None:
    assert main(["--folder", str(CASES / "document"), "explain", "mask-to-image"]) == 1
    assert capsys.readouterr().err.splitlines()[1:] == ["  close: cases/document/max_unpool.yaml::mask-to-image"]


def test_a_faulty_file_elsewhere_does_not_keep_a_case_from_being_shown(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "a.yaml").write_text("operator: conv\n")
    (tmp_path / "b.yaml").write_text((CASES / "document" / "max_unpool.yaml").read_text(encoding="utf-8"))
    assert main(["--folder", str(tmp_path), "explain", "b.yaml::mask-to-image"]) == 0
    assert "Where the indices point" in capsys.readouterr().out
