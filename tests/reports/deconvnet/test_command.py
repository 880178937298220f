"""The whole command, with the oracle and adapters that each go wrong in one way; and its refusals, each in a line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import cbook
from PIL import Image

from cases.loading.vgg_weights import LAYERS
from reports import __main__ as reports
from reports.deconvnet import ask
from reports.deconvnet.ask import PICTURE, RUN
from reports.deconvnet.study import study
from reports.recording.run import Run, read

FAKES = "tests.reports.fakes"


def _main(folder: Path, *words: str) -> int:
    small = [] if "--weights" in words else ["--width", "2"]
    return reports.main(["deconvnet", "--to", str(folder), "--size", "32", "--layer", "conv2_1", *small, *words])


def _with(*names: str) -> list[str]:
    """Return the options that ask only these fakes, besides the oracle."""
    words = [word for name in names for word in ("--adapter", f"{FAKES}:{name}")]
    lower = {"SlipsForward": "slips_forward"}
    return words + [word for name in names for word in ("--target", f"{lower.get(name, name.lower())}-eager-cpu")]


def test_who_departs_is_named_with_the_step_and_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _main(tmp_path, "--keep", *_with("Right", "Slips", "SlipsForward", "Refuses", "Dies")) == 1
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "deconvnet.png"), str(tmp_path / "deconvnet.html")]
    found = study(read(tmp_path / "record" / RUN))
    oracle, right, slips, forward, refuses, dies = found.answers
    assert [answer.target for answer in found.answers][:2] == ["oracle-eager-cpu", "right-eager-cpu"]
    assert not oracle.failed
    assert not right.failed
    assert len(right.projections) == 3
    for one, other in zip(right.projections, oracle.projections, strict=True):
        assert one.pixels is not None
        assert other.pixels is not None
        assert one.pixels.any()
        assert np.array_equal(one.pixels, other.pixels)
    assert slips.departs is None
    assert {one.departs.step if one.departs else "" for one in slips.projections} == {"back1_2"}
    assert slips.projections[0].departs is not None
    assert slips.projections[0].departs.call.startswith("oracle.conv_transpose(value, filter, ")
    assert forward.departs is not None
    assert forward.departs.step == "conv1_2"
    assert all(one.departs is None for one in forward.projections)  # the way back is right, of what went in
    assert {one.fault for one in refuses.projections} == {"raised RuntimeError: step unpool1: no unpooling here"}
    assert dies.fault.startswith("the process ended (SIGABRT): step pool1")
    assert dies.projections == ()
    text = (tmp_path / "deconvnet.html").read_text(encoding="utf-8")
    assert "departs back at back1_2" in text
    assert "departs forward at conv1_2" in text


def test_a_run_is_drawn_again_and_kept_only_if_asked(tmp_path: Path) -> None:
    assert _main(tmp_path / "one", "--keep", "--top", "2", *_with("Right")) == 0
    assert _main(tmp_path / "two", "--top", "2", *_with("Right")) == 0
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["deconvnet.html", "deconvnet.png"]
    record = str(tmp_path / "one" / "record" / RUN)
    assert reports.main(["deconvnet", "--again", record, "--to", str(tmp_path / "three")]) == 0
    one, three = ((tmp_path / name / "deconvnet.html").read_bytes() for name in ("one", "three"))
    assert one == three
    (tmp_path / "one" / "record" / PICTURE).unlink()
    assert reports.main(["deconvnet", "--again", record, "--to", str(tmp_path / "three")]) == 2


def _filters(width: int, **odd: Any) -> dict[str, Any]:
    """Return filters by the names of the archive from Caffe; each one of the first layer lets one colour through."""
    arrays: dict[str, Any] = {}
    channels = 3
    for layer in LAYERS:
        factor = {"1": 1, "2": 2, "3": 4}.get(layer[4], 8)
        arrays[f"{layer}_W"] = np.full((3, 3, channels, factor * width), 0.01, np.float32)
        arrays[f"{layer}_b"] = np.zeros(factor * width, np.float32)
        channels = factor * width
    arrays["conv1_1_W"][:] = 0
    for colour in range(3):
        arrays["conv1_1_W"][1, 1, colour, colour] = colour + 1
    return arrays | odd


def test_real_filters_and_an_image_file(tmp_path: Path) -> None:
    """Blue has the largest weight and is the strongest: only blue comes back, as three times that activation."""
    np.savez(tmp_path / "weights.npz", **_filters(3))
    Image.new("RGB", (50, 40), (10, 20, 255)).save(tmp_path / "blue.png")
    words = ["--weights", str(tmp_path / "weights.npz"), "--image", str(tmp_path / "blue.png"), "--layer", "conv1_1"]
    assert _main(tmp_path / "to", "--keep", "--top", "1", "--scaling", "caffe-rgb", *words, *_with("Right")) == 0
    found = study(read(tmp_path / "to" / "record" / RUN))
    (projection,) = found.answers[0].projections
    assert projection.activation.place == (2, 0, 0)
    assert projection.activation.value == pytest.approx(3 * (255 - 103.939))
    assert projection.pixels is not None
    assert projection.pixels[0, 0].tolist() == pytest.approx([0, 0, 9 * (255 - 103.939)])
    assert np.count_nonzero(projection.pixels) == 1
    text = (tmp_path / "to" / "deconvnet.html").read_text(encoding="utf-8")
    assert "from weights.npz, 3 channels in the first layer" in text
    assert "blue.png, 32 x 32" in text


def _refused(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert _main(folder, *words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_what_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "text.png"
    text.write_text("no image", encoding="utf-8")
    for words, message in (
        (["--layer", "pool1"], r"^--layer pool1: there is no such layer; there are: conv1_1, "),
        (["--size", "1"], r"^--size 1: the image is too small for conv2_1: pool1 would have 1 x 1"),
        (["--top", "5"], r"^--top 5: conv2_1 has 4 channels at this width"),
        (["--image", str(tmp_path / "none.png")], r"none\.png: there is no such file; give the path of an image$"),
        (["--image", str(text)], r"^--image .*text\.png: not an image that Pillow can read: cannot identify"),
        (["--target", "nobody-*"], r"^--target nobody-\* matches no target; there are: oracle-eager-cpu, "),
        (["--adapter", "nobody"], r"^there is no adapter 'nobody'"),
        (["--again", str(tmp_path / "none.jsonl")], r"none\.jsonl: there is no run here"),
        (["--to", str(text / "folder")], r"^--to .*folder: cannot write there \(Not a directory\)"),
    ):
        assert re.search(message, _refused(tmp_path, capsys, *words))


def test_filters_that_do_not_fit_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "weights.npz"
    np.savez(
        path, **_filters(3, conv2_1_W=np.zeros((3, 3, 3, 5)), conv2_1_b=np.zeros(5), conv2_2_W=np.zeros((3, 3, 5, 6)))
    )
    message = _refused(tmp_path, capsys, "--weights", str(path))
    assert message == (
        f"--weights {path}: conv2_1_filter is (3, 3, 3, 5), and with 3 channels in conv1_1 VGG16 has (3, 3, 3, 6)"
    )
    both = _refused(tmp_path, capsys, "--weights", str(path), "--width", "3")
    assert both == "--width 3: the file of --weights sets the number of channels; leave out --width"
    gone = tmp_path / "none.npz"
    assert _refused(tmp_path, capsys, "--weights", str(gone)).startswith(f"--weights {gone}: cannot be read: ")


def test_without_a_framework_there_is_nothing_to_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ask, "DEFAULT_ADAPTERS", ("oracle",))
    assert _refused(tmp_path, capsys, "--adapter", f"{FAKES}:Absent") == (
        f"there is no framework to run on device 'auto': {FAKES}:Absent: not installed "
        "(No module named 'a_framework_that_is_not_installed'): install what the module imports"
    )


def test_who_is_missing_or_cannot_be_configured_keeps_nobody_from_answering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "DEFAULT_ADAPTERS", ("oracle",))
    words = [word for name in ("Right", "Absent", "Many", "Gone") for word in ("--adapter", f"{FAKES}:{name}")]
    globs = ["--target", "right-eager-cpu", "--target", "many-refused-cpu"]
    assert _main(tmp_path, "--keep", "--top", "1", *words, *globs) == 1
    found = study(read(tmp_path / "record" / RUN))
    assert [answer.target for answer in found.answers] == ["oracle-eager-cpu", "right-eager-cpu"]
    assert set(found.missing) == {f"{FAKES}:Absent", f"{FAKES}:Gone", "many-refused-cpu"}
    assert found.missing["many-refused-cpu"].endswith(
        "cannot configure refused on cpu in (path): RuntimeError: no license"
    )


def test_a_run_of_another_command_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(tmp_path / RUN)
    run.begin({"targets": {}})
    run.close()
    message = _refused(tmp_path, capsys, "--again", str(tmp_path / RUN))
    assert "not a run of python -m reports deconvnet; give one that --keep left" in message


def test_without_what_draws_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert _refused(tmp_path, capsys).endswith("pip install 'deconform[pictures]'")


def test_without_the_sample_photograph_an_image_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def gone(*_: Any, **__: Any) -> Any:
        raise FileNotFoundError

    monkeypatch.setattr(cbook, "get_sample_data", gone)
    assert (
        _refused(tmp_path, capsys) == "this matplotlib comes without its sample photograph: give an image with --image"
    )


def test_other_commands_import_nothing_that_draws() -> None:
    program = "import sys, reports.__main__\nprint({'PIL', 'matplotlib'} & sys.modules.keys())"
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
