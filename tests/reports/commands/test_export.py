"""``python -m reports export``: files that plain NumPy and json read, the same bytes each time, and its refusals."""

from __future__ import annotations

import io
import json
import re
import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from adapters.oracle import Oracle
from adapters.oracle.zeros import of_either_sign
from cases.loading.lookup import every
from cases.model.case import Case
from cases.model.fill import fill
from reports import __main__ as command
from reports.commands import export
from reports.judging.expectation import tolerance

Arrays = dict[str, npt.NDArray[Any]]
FILES = {
    "conv/plain": """\
operator: conv
about: calls of several tiers
source: "document: nothing"
cases:
  - {name: exact, image: [5, 6], kernel: [3, 2], strides: 2, padding: SAME, gradients: true, data_format: NCHW}
  - {name: bounded, image: [5, 6], kernel: 3, strides: 1, data: normal}
  - {name: rounded, image: [5], kernel: 3, strides: 1, data: normal, dtype: bfloat16}
""",
    "conv/invalid": """\
operator: conv
about: wrong calls
source: "document: nothing"
cases:
  - name: fraction
    image: [5, 6]
    kernel: 3
    strides: 2
    given: {strides: 1.5}
    invalid: {rule: type, reason: "a stride is a whole number"}
  - name: infinity
    image: [5, 6]
    kernel: 3
    strides: 2
    given: {strides: .inf}
    invalid: {rule: type, reason: "a stride is a whole number"}
  - name: text
    image: [5, 6]
    kernel: 3
    strides: 2
    given: {value: an image}
    invalid: {rule: type, reason: "a text is no image"}
""",
    "conv_transpose/plain": """\
operator: conv_transpose
about: with an output_shape, and one more element behind
source: "document: nothing"
cases:
  - {name: grouped, image: [8], kernel: 3, strides: 2, in_channels: 4, out_channels: 2, groups: 2, bias: true}
""",
    "max_pool_argmax/plain": """\
operator: max_pool_argmax
about: indices, and zeros of both signs
source: "document: nothing"
cases:
  - {name: batch, image: [5, 6], ksize: 2, strides: 2, batch: 2, padding: [[1, 0], [0, 1]],
     include_batch_in_index: true}
  - {name: nan, image: [3, 3], ksize: 2, strides: 1, special: nan, position: 4, data: distinct}
""",
    "avg_pool/plain": """\
operator: avg_pool
about: a divisor, and calls without a right answer
source: "document: nothing"
cases:
  - {name: divided, image: [4, 6], ksize: 2, strides: 2, divisor: 4, ceil_mode: keep}
  - name: unclear
    image: [4, 6]
    ksize: 2
    strides: 2
    given: {strides: 2}
    behaviour: a number may stand for all axes
""",
    "pipelines/plain": """\
operator: pipeline
about: several calls
source: "document: nothing"
cases:
  - name: twice
    image: [5, 6]
    steps: [{operator: max_pool, name: one, ksize: 2, strides: 1}, {operator: relu, name: two}]
""",
}


@pytest.fixture(autouse=True)
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small suite in place of the whole one."""
    folder = tmp_path / "cases"
    for name, text in FILES.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(export, "SHIPPED", folder)
    return folder


def _export(to: Path, *options: str) -> int:
    return command.main(["export", str(to), *options])


def _entries(folder: Path) -> dict[str, dict[str, Any]]:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["version"], manifest["layout"], manifest["bfloat16"]) == (1, "channels-last", "uint16")
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["suite"])
    return {entry["id"].partition("cases/")[2]: entry for entry in manifest["cases"]}


def _arrays(folder: Path, entry: dict[str, Any]) -> Arrays:
    with np.load(folder / entry["file"], allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _wide(array: npt.NDArray[Any], dtype: str) -> npt.NDArray[Any]:
    """The numbers of an array, as a reader without a bfloat16 gets them from its bits."""
    return (array.astype(np.uint32) << 16).view(np.float32) if dtype == "bfloat16" else array


def _assert_right(case: Case, entry: dict[str, Any], found: Arrays) -> None:
    inputs = fill(case)
    for name, said in entry["inputs"].items():
        np.testing.assert_array_equal(_wide(found.pop(name), said["dtype"]), inputs[name], strict=True)
        assert (said["dtype"], said["shape"]) == (case.inputs[name].dtype, list(inputs[name].shape))
    expected = Oracle().run(case, inputs)
    for name, said in entry["outputs"].items():
        array = found.pop(f"expected_{name}")
        assert array.dtype.name == ("uint16" if said["dtype"] == "bfloat16" else said["dtype"])
        assert array.tobytes() == expected[name].tobytes()
        assert said["shape"] == list(array.shape)
        if said["judged"] == "bound":
            bound = tolerance(case).fails_beyond(expected["output_magnitude"], expected["output_float64"])
            np.testing.assert_array_equal(found.pop(f"exact_{name}"), expected["output_float64"], strict=True)
            np.testing.assert_array_equal(found.pop(f"bound_{name}"), bound, strict=True)
    for name, mask in found.items():
        free = of_either_sign(case, inputs)[name.removeprefix("either_sign_")]
        right = expected[name.removeprefix("either_sign_")] == 0
        np.testing.assert_array_equal(mask, free & right, strict=True)


def test_plain_numpy_and_json_read_what_the_oracle_says(
    suite: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "to"
    assert _export(to) == 0
    told = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"{to}/manifest.json: 10 cases, 0\.\d MiB", told[0])
    assert told[1] == "left out: 1 (the call has no right answer), 1 (a pipeline is several calls)"
    entries = _entries(to)
    valid = {case.id.partition("cases/")[2]: case for case in every(suite) if case.has_answer and not case.steps}
    assert {name for name, entry in entries.items() if "outputs" in entry} == valid.keys()
    for name, case in valid.items():
        _assert_right(case, entries[name], _arrays(to, entries[name]))
    written = {path.relative_to(to).as_posix() for path in to.rglob("*.npz")}
    assert written == {each["file"] for each in entries.values()}


def test_arguments_are_those_of_the_call_and_the_padding_is_worked_out(tmp_path: Path) -> None:
    assert _export(tmp_path / "to") == 0
    entries = _entries(tmp_path / "to")
    said = {name: entry["arguments"] for name, entry in entries.items()}
    assert said["conv/plain.yaml::exact"] == {
        "strides": [2, 2],
        "padding": "SAME",
        "groups": 1,
        "data_format": "NCHW",
        "dilations": [1, 1],
        "padding_pairs": [[1, 1], [0, 0]],
    }
    assert said["conv_transpose/plain.yaml::grouped"]["output_shape"] == [1, 8, 2]
    assert said["conv_transpose/plain.yaml::grouped"]["groups"] == 2
    assert said["max_pool_argmax/plain.yaml::batch"]["include_batch_in_index"] is True
    assert said["max_pool_argmax/plain.yaml::batch"]["padding"] == [[1, 0], [0, 1]]
    divided = said["avg_pool/plain.yaml::divided"]
    assert (divided["divisor"], divided["ceil_mode"]) == (4, "keep")
    outputs = entries["conv/plain.yaml::exact"]["outputs"]
    assert list(outputs) == ["output", "value_gradient", "filter_gradient"]
    assert entries["conv/plain.yaml::exact"]["gradients"] == ["value", "filter"]
    valid = {name: entry for name, entry in entries.items() if "error" not in entry}
    judged = {name: (entry["tier"], entry["outputs"]["output"]["judged"]) for name, entry in valid.items()}
    assert judged["conv/plain.yaml::exact"] == ("exact", "bits")
    assert judged["conv/plain.yaml::bounded"] == judged["conv/plain.yaml::rounded"] == ("bounded", "bound")
    assert judged["max_pool_argmax/plain.yaml::nan"] == ("special", "bits")


def test_a_wrong_call_has_its_rule_and_no_result(tmp_path: Path) -> None:
    assert _export(tmp_path / "to", "--only", "*conv/invalid*") == 0
    entries = _entries(tmp_path / "to")
    fraction, infinity, text = (entries[f"conv/invalid.yaml::{name}"] for name in ("fraction", "infinity", "text"))
    assert fraction["error"] == {"rule": "type", "argument": "strides", "reason": fraction["error"]["reason"]}
    assert "outputs" not in fraction
    assert fraction["arguments"]["strides"] == 1.5
    assert infinity["arguments"]["strides"] == {"float": "inf"}
    assert text["inputs"]["value"] == {"given": "an image"}
    assert set(_arrays(tmp_path / "to", fraction)) == {"value", "filter"}
    assert set(_arrays(tmp_path / "to", text)) == {"filter"}


def test_zeros_that_may_have_either_sign_are_marked(suite: Path, tmp_path: Path) -> None:
    head = FILES["conv/plain"].partition("  - ")[0]
    entry = "  - {name: zeros, image: [3], in_channels: 1, kernel: 1, strides: 1, special: minus_zero, position: 0}\n"
    (suite / "conv" / "zeros.yaml").write_text(head + entry, encoding="utf-8")
    assert _export(tmp_path / "to", "--only", "*zeros*") == 0
    (said,) = _entries(tmp_path / "to").values()
    found = _arrays(tmp_path / "to", said)
    assert said["tier"] == "special"
    mask = found["either_sign_output"]
    assert mask.dtype == np.bool_
    assert mask.any()
    assert (found["expected_output"][mask] == 0).all()


def test_two_exports_have_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert (_export(first), _export(second)) == (0, 0)
    paths = sorted(path.relative_to(first) for path in first.rglob("*.*"))
    assert paths == sorted(path.relative_to(second) for path in second.rglob("*.*"))
    assert [path for path in paths if (first / path).read_bytes() != (second / path).read_bytes()] == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--only", "*never*"], "--only *never*: no id matches; `python -m cases list` prints all ids"),
        (["--only", "*never*", "--quick"], "--only *never*: no id of a quick case matches; "),
        (
            ["--only", "*twice*"],
            "none of the chosen cases can be exported: 1 (a pipeline is several calls); choose others",
        ),
    ],
)
def test_what_cannot_be_exported_is_refused_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert _export(tmp_path / "to", *options) == 2
    error = capsys.readouterr().err
    assert error.startswith(said)
    assert error.count("\n") == 1
    assert not (tmp_path / "to").exists()


def test_a_folder_that_holds_something_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "mine").write_text("mine", encoding="utf-8")
    for place in (tmp_path / "to", tmp_path / "to" / "mine"):
        assert _export(place) == 2
        assert capsys.readouterr().err == f"{place}: is not an empty folder; give a new or an empty one\n"
    assert _export(tmp_path / "to" / "mine" / "below") == 2
    assert "cannot write there (Not a directory)" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["mine"]


def test_the_quick_cases_are_those_of_the_suite(tmp_path: Path) -> None:
    assert _export(tmp_path / "to", "--quick", "--only", "cases/max_unpool/drawn*") == 0
    assert all(name.startswith("max_unpool/drawn.yaml::") for name in _entries(tmp_path / "to"))


def test_onnx_that_is_not_installed_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert _export(tmp_path / "to", "--format", "onnx") == 2
    assert capsys.readouterr().err == "--format onnx: onnx is not installed; pip install 'deconform[onnx]'\n"


@dataclass(frozen=True)
class Message:
    """What stands for a message of ONNX's: its parts by name, and its bytes."""

    parts: dict[str, Any]
    content: bytes = b"a model"

    def __getattr__(self, name: str) -> Any:
        return self.parts[name]

    def SerializeToString(self, *, deterministic: bool) -> bytes:  # noqa: N802 - protobuf's
        assert deterministic
        return self.content


def _npy(array: npt.NDArray[Any], _name: str = "") -> Message:
    stream = io.BytesIO()
    np.save(stream, array)
    return Message({}, stream.getvalue())


@pytest.fixture
def onnx(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module in place of onnx, whose tensors are NumPy's files, and whose operators take float32 alone."""
    made = Message({"type_param_str": "T", "allowed_type_strs": ["tensor(float)"]})
    schema = Message({"type_constraints": [made], "inputs": [Message({"type_str": "T"})]})
    helper = SimpleNamespace(
        make_node=lambda operator, *_, **__: Message({"op_type": operator}),
        make_tensor_value_info=lambda name, *_: Message({"name": name}),
        make_graph=lambda node, _, takes, gives, *__: Message({"node": node, "input": takes, "output": gives}),
        make_model=lambda graph, **_: Message({"graph": graph}),
        make_opsetid=lambda *_: None,
    )
    module = ModuleType("onnx")
    module.__spec__ = ModuleSpec("onnx", None)
    parts = {
        "helper": helper,
        "TensorProto": SimpleNamespace(FLOAT=1, BFLOAT16=16, INT64=7),
        "numpy_helper": SimpleNamespace(from_array=_npy),
        "defs": SimpleNamespace(get_schema=lambda *_: schema),
    }
    for name, part in parts.items():
        setattr(module, name, part)
    monkeypatch.setitem(sys.modules, "onnx", module)


@pytest.mark.usefixtures("onnx")
def test_onnx_folders_hold_what_onnx_can_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = tmp_path / "to"
    assert _export(to, "--format", "onnx") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{to}: 5 cases, 0.0 MiB"
    assert set(second.removeprefix("left out: ").split(", 1 ")) == {
        "3 (a wrong call, which ONNX's tests can't have)",
        "(the call has no right answer)",
        "(ONNX has no gradients)",
        "(ONNX's operators have no such dtype)",
        "(a pipeline is several calls)",
    }
    folder = to / "max_pool_argmax" / "test_plain-batch"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")} == {
        "model.onnx",
        "data.json",
        *(f"test_data_set_0/{name}.pb" for name in ("input_0", "output_0", "output_1")),
    }
    found = {path.stem: np.load(path) for path in folder.rglob("*.pb")}
    assert found["input_0"].shape == (2, 3, 5, 6)  # channels ahead
    assert found["output_1"].max() >= 3 * 5 * 6  # through the batch
    np.testing.assert_array_equal(found["input_0"].ravel()[found["output_1"]], found["output_0"])


@pytest.mark.usefixtures("onnx")
def test_onnx_s_tolerance_is_0_or_the_largest_bound(tmp_path: Path) -> None:
    assert _export(tmp_path / "npz", "--only", "*bounded*") == 0
    assert _export(tmp_path / "onnx", "--format", "onnx") == 0
    read = [json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "onnx").rglob("data.json")]
    settings = {each["id"].rpartition("::")[2]: (each["rtol"], each["atol"]) for each in read}
    bound = np.load(tmp_path / "npz" / "conv" / "plain" / "bounded.npz")["bound_output"].max()
    rtol, atol = settings.pop("bounded")
    assert rtol == 0
    assert bound < atol < 1.1 * bound
    assert set(settings.values()) == {(0, 0)}
