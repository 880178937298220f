"""A run comes back from the disk as it was written, also when its writer was killed."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from adapters.outcome import Crashed, Fault, Outcome, Raised, Returned, TimedOut, Unsupported, arrays_of
from reports.recording.run import Run, RunError, digest, read
from tests.reports.making import TORCH, make, make_pipeline, oracle, record, result

CASE = make("conv_transpose")
OUTCOMES: list[Outcome] = [
    Raised(type="ValueError", message="two\nlines | of \u00e4", stage="calling"),
    Unsupported(reason="no such operator"),
    Crashed(signal="SIGSEGV", stderr="last words"),
    TimedOut(seconds=2.5),
]


def _lines(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.path.read_text(encoding="utf-8").splitlines()]


def _add_target(run: Run, target: str) -> None:
    """Write another header that has one more target; the last header of a file counts."""
    header, run.header = run.header, {}
    run.begin({"targets": {**header["targets"], target: header["targets"][TORCH]}})


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_outcome_comes_back(tmp_path: Path, outcome: Outcome) -> None:
    run = record(tmp_path, [(CASE, TORCH, outcome)])
    assert run.records[CASE.id, TORCH].outcome == outcome
    assert run.cases == {CASE.id: CASE}
    assert [case for case, target in run.records if target == TORCH] == [CASE.id]


@pytest.mark.parametrize("outcome", OUTCOMES[:2])
def test_what_earlier_steps_returned_comes_back(tmp_path: Path, outcome: Raised | Unsupported) -> None:
    before = {"down": np.arange(6, dtype=np.float32).reshape(2, 3)}
    run = read(record(tmp_path, [(CASE, TORCH, replace(outcome, before=before))]).path)
    kept = run.records[CASE.id, TORCH].outcome
    assert isinstance(kept, (Raised, Unsupported))
    assert {name: array.tolist() for name, array in kept.before.items()} == {"down": [[0, 1, 2], [3, 4, 5]]}


@settings(max_examples=40, deadline=None)
@given(array=nps.arrays(st.sampled_from(["float16", "float32", "<f8", ">f8", "int64", "bool"]), nps.array_shapes()))
def test_arrays_come_back_bit_for_bit(tmp_path_factory: pytest.TempPathFactory, array: Any) -> None:
    run = record(tmp_path_factory.mktemp("run"), [(CASE, TORCH, Returned(arrays={"output": array}))])
    outcome = run.records[CASE.id, TORCH].outcome
    assert isinstance(outcome, Returned)
    actual = outcome.arrays["output"]
    assert (actual.dtype, actual.shape, actual.tobytes()) == (array.dtype, array.shape, array.tobytes())


@pytest.mark.parametrize("array", [np.zeros((0, 3), "float32"), np.array(1.5), np.arange(6.0).reshape(2, 3).T])
def test_odd_arrays_come_back(tmp_path: Path, array: Any) -> None:
    run = record(tmp_path, [(CASE, TORCH, Returned(arrays={"output": array}))])
    outcome = run.records[CASE.id, TORCH].outcome
    assert isinstance(outcome, Returned)
    np.testing.assert_array_equal(outcome.arrays["output"], array, strict=True)


def test_an_array_is_stored_once(tmp_path: Path) -> None:
    same = Returned(arrays={"output": np.ones(3)})
    run = record(tmp_path, [(CASE, TORCH, same), (CASE, "jax-jit-cpu", same)])
    assert [line["record"] for line in _lines(run)].count("array") == 1


def test_a_digest_tells_dtype_shape_and_bits_apart() -> None:
    zeros = np.zeros(4, "float32")
    others = [zeros, -zeros, zeros.reshape(2, 2), zeros.astype("int32"), np.zeros(2), np.zeros(3, "float32")]
    assert len({digest(array) for array in others}) == len(others)
    assert digest(np.asfortranarray(np.eye(3))) == digest(np.eye(3))


def test_a_case_is_stored_once(tmp_path: Path) -> None:
    run = record(tmp_path, [(CASE, TORCH, OUTCOMES[0]), (CASE, "jax-jit-cpu", OUTCOMES[1])])
    assert [line["record"] for line in _lines(run)] == ["header", "case", "result", "result", "footer"]
    assert run.footer == {"results": 2}


def test_a_cut_line_is_dropped_and_the_run_goes_on(tmp_path: Path) -> None:
    run = record(tmp_path, [(CASE, TORCH, OUTCOMES[0])], finished=False)
    whole = run.path.read_bytes()
    run.path.write_bytes(whole + b'{"record":"result","case":"ca')
    again = read(run.path)
    _add_target(again, "jax-jit-cpu")
    again.record(result(CASE, "jax-jit-cpu", Returned(arrays={"output": np.arange(3)})))
    again.close()
    outcomes = {key[1]: record.outcome.kind for key, record in read(run.path).records.items()}
    assert outcomes == {TORCH: "raised", "jax-jit-cpu": "returned"}
    assert run.path.read_bytes().startswith(whole + b'{"record":"header"')


def test_reading_changes_nothing(tmp_path: Path) -> None:
    """Another process may be writing it."""
    run = record(tmp_path, [(CASE, TORCH, OUTCOMES[0])], finished=False)
    with run.path.open("ab") as file:
        file.write(b'{"rec')
    before = run.path.read_bytes()
    read(run.path).close()
    assert run.path.read_bytes() == before


def test_a_footer_counts_only_at_the_end(tmp_path: Path) -> None:
    run = record(tmp_path, [(CASE, TORCH, OUTCOMES[0])])
    assert run.footer is not None
    _add_target(run, "jax-jit-cpu")
    run.record(result(CASE, "jax-jit-cpu", OUTCOMES[1]))
    assert run.footer is None
    run.close()
    assert read(run.path).footer is None


def test_a_fault_is_kept_apart_and_comes_back(tmp_path: Path) -> None:
    run = Run(tmp_path / "run.jsonl")
    run.begin({})
    run.ask(CASE)
    run.record(Fault(case=CASE.id, target=TORCH, message="our own mistake"))
    run.close()
    again = read(run.path)
    assert again.faults == {(CASE.id, TORCH): "our own mistake"}
    assert again.records == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no run here"),
        ("not JSON\n", "not a recorded run"),
        ('{"no": "record"}\n', "not a recorded run"),
        ("[]\n", "not a recorded run"),
        ("", "not a recorded run: it has no header"),
        ('{"record": "header", "format": 0}\n', "written in format 0, this version reads 2; run the suite again"),
        ("\x00\xff\n", "not a recorded run"),
    ],
)
def test_what_is_no_run_is_one_line(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "run.jsonl"
    if text is not None:
        path.write_bytes(text.encode("latin-1"))
    with pytest.raises(RunError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


def test_an_answer_to_no_case_of_the_run_is_one_line(tmp_path: Path) -> None:
    run = Run(tmp_path / "run.jsonl")
    run.begin({})
    run.record(Fault(case="cases/topic.yaml::gone", target=TORCH, message="our own mistake"))
    run.close()
    with pytest.raises(RunError, match=r"it has an answer to cases/topic.yaml::gone, and no such case$"):
        read(run.path)


def test_two_threads_record_and_a_third_reads(tmp_path: Path) -> None:
    run = Run(tmp_path / "run.jsonl")
    run.begin({})
    cases = [make("conv_transpose", name=f"n{number}") for number in range(60)]
    for asked in cases:
        run.ask(asked)

    def work(target: str) -> None:
        for number, case in enumerate(cases):
            run.record(result(case, target, Returned(arrays={"output": np.full(50, number)})))

    threads = [threading.Thread(target=work, args=(target,)) for target in ("a-eager-cpu", "b-eager-cpu")]
    for thread in threads:
        thread.start()
    seen = [record.outcome for _ in range(20) for record in list(run.records.values())[-2:]]
    for thread in threads:
        thread.join()
    run.end()
    run.close()
    again = read(run.path)
    assert all(isinstance(outcome, Returned) for outcome in seen)
    assert len(again.records) == 120
    for (case, _), answer in again.records.items():
        outcome = answer.outcome
        assert isinstance(outcome, Returned)
        assert (outcome.arrays["output"] == int(case.rpartition("n")[2])).all()


def _changed(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """Return the file of a run of one wrong call and one pipeline, each line of which was changed by hand."""
    wrong = make(
        "conv",
        "wrong",
        gradients=True,
        given={"strides": [0, 1]},
        invalid={"rule": "stride", "reason": "a stride of none"},
        cotangent={"shape": [1, 2, 2, 3]},
    )
    network = make_pipeline({"operator": "relu", "name": "end"})
    answers = [(wrong, TORCH, OUTCOMES[0]), (network, TORCH, Returned(arrays={"end": np.ones((1, 6, 7, 3))}))]
    run = record(folder, [oracle(CASE), *answers])
    run.close()
    lines = _lines(run)
    for line in lines:
        change(line)
    run.path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return run.path


def _in_case(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda line: line.update(fields) if line["record"] == "case" and not line["steps"] else None


def _in_step(line: dict[str, Any]) -> None:
    for step in line.get("steps", ()):
        step["name"] = "a; import os"


HOSTILE = [
    (_in_case(gradients=['value"]; __import__("os").system("true"); ["']), "there is no tensor 'value\"]; "),
    (_in_case(operator="conv(); import os"), "there is no operator 'conv(); import os'"),
    (_in_case(strides=[0, 1]), "stride: strides (0, 1) has an entry below 1"),
    (_in_case(padding="X"), "padding: padding is 'X'"),
    (_in_case(given={"os": 1}), "no call has an argument 'os'"),
    (_in_case(expected={"output": [1, 2]}), "expected 'output' is no output, or has another number"),
    (
        _in_case(inputs={"value": {"shape": [1, 3, 3, 1], "dtype": "float32", "fill": "ones", "special": "x"}}),
        "'x' at 0",
    ),
    (_in_case(inputs={"value": {"shape": [1, 3, 3, 1], "dtype": "float32", "fill": "literal"}}), "0 literal elements"),
    (_in_case(inputs={"value": {"shape": [1, 1, 2**30, 1], "dtype": "float32", "fill": "ones"}}), "are the most"),
    (
        _in_case(inputs={"value": {"shape": [1, 3, 3, 1], "dtype": "float32", "fill": "file", "file": "/etc/passwd"}}),
        "value is of no file of filters",
    ),
    (lambda line: line.update(fields={"message": 5}) if line.get("kind") == "raised" else None, "raised.type: "),
    (lambda line: line.update(target="torch") if "target" in line else None, "result.target: String should match"),
    (lambda line: line.update(target="jax-a-b") if "target" in line else None, "its header has no such target"),
    (lambda line: line.update(record="a\nb") if line["record"] == "case" else None, "Input tag 'a b' found"),
    (lambda line: line.update(determinism="x") if "targets" in line else None, "header.determinism: "),
    (_in_case(groups="2); import os; (2"), "groups: Input should be a valid integer"),
    (_in_case(strides=["2); import os; (2", 1]), "strides.0: Input should be a valid integer"),
    (_in_case(id="a\nb::c"), "case.id: String should match pattern"),
    (_in_case(inputs={"x": {}}), "inputs.x.shape: "),
    (
        _in_case(inputs={"x = 1": {"shape": [1], "dtype": "float32", "fill": "ones"}}),
        "conv_transpose takes no tensor 'x = 1'",
    ),
    (_in_case(inputs={"value": {"shape": [1], "dtype": "float32; import os", "fill": "ones"}}), "there is no dtype "),
    (_in_case(inputs={"value": {"shape": [1], "dtype": "float32", "fill": "eval"}}), "no rule fills a tensor with 'ev"),
    (_in_step, "'a; import os' is no name of a step"),
    (lambda line: line.update(target="../../../x") if "target" in line else None, "result.target: String should match"),
    (lambda line: line.update(targets={"../x": {}}) if "targets" in line else None, "header.targets.../x."),
    (lambda line: line.update(arrays={"output": "../x"}) if "arrays" in line else None, "result.arrays.output: "),
    (lambda line: line.update(arrays={"output": "0" * 32}) if "arrays" in line else None, "the array output of "),
    (lambda line: line.update(seconds="long") if "seconds" in line else None, "result.seconds: "),
    (lambda line: line.pop("call", None), "result.call: Field required"),
    (lambda line: line.update(kind="danced") if "kind" in line else None, "line "),
]


@pytest.mark.parametrize(("change", "message"), HOSTILE, ids=[message for _, message in HOSTILE])
def test_what_no_run_writes_is_refused_in_one_line(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    path = _changed(tmp_path, change)
    with pytest.raises(RunError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: not a recorded run: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("whole", [True, False])
def test_an_array_that_is_not_what_was_recorded_is_told(tmp_path: Path, *, whole: bool) -> None:
    zeros = base64.b64encode(np.zeros((1, 6, 7, 3)).tobytes()).decode()
    data = zeros if whole else zeros[:-8]
    path = _changed(tmp_path, lambda line: line.update(data=data) if "data" in line else None)
    (answer, *_) = (arrays_of(each.outcome) for each in read(path).records.values() if arrays_of(each.outcome))
    with pytest.raises(RunError, match=r"the array \w{32} is (damaged|not what was recorded).*run the suite again$"):
        dict(answer)


def test_lines_that_are_nested_without_end_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("[" * 100_000 + "\n", "utf-8")
    with pytest.raises(RunError, match=r"nested too deeply$"):
        read(path)
