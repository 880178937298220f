"""The oracle as an adapter: it returns what it should, refuses what it should, and runs the programs that it shows."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from adapters import program
from adapters.base import Adapter, NotSupported
from adapters.oracle import InvalidCall, NotExact, Oracle, products
from cases.model.case import OPERATORS, Case, TensorSpec
from cases.model.fill import fill

Tensors = dict[str, npt.NDArray[Any]]


def tensor(*shape: int, fill: str = "integers", dtype: str = "float32") -> TensorSpec:
    return TensorSpec(shape=shape, dtype=dtype, fill=fill)


def case_of(operator: str, inputs: dict[str, TensorSpec], **fields: Any) -> Case:
    whole: dict[str, Any] = {"strides": (2, 2), "padding": "VALID"} | fields
    return Case(id=f"cases/{operator}/made.yaml::case", operator=operator, inputs=inputs, **whole)


def transposed(**fields: Any) -> Case:
    inputs = {"value": tensor(2, 2, 3, 4), "filter": tensor(3, 3, 5, 4)}
    return case_of("conv_transpose", inputs, **{"output_shape": (2, 5, 7, 5)} | fields)


def unpooled(*indices: int) -> Case:
    pooled = {"value": tensor(1, 2, 2, 1), "indices": tensor(1, 2, 2, 1, fill="indices", dtype="int64")}
    if indices:
        literal = tuple(map(float, indices))
        pooled["indices"] = dataclasses.replace(pooled["indices"], fill="literal", values=literal)
    return case_of("max_unpool", pooled, ksize=(2, 2), output_shape=(1, 4, 4, 1))


POOL: Any = {"ksize": (3, 3), "padding": "SAME"}
CASES = {
    "conv": case_of("conv", {"value": tensor(2, 5, 7, 3), "filter": tensor(3, 3, 3, 4)}),
    "conv_transpose": transposed(),
    "max_pool": case_of("max_pool", {"value": tensor(2, 5, 6, 3, fill="distinct")}, **POOL),
    "max_pool_argmax": case_of("max_pool_argmax", {"value": tensor(2, 5, 6, 3, fill="ties")}, **POOL),
    "max_unpool": unpooled(),
    "avg_pool": case_of("avg_pool", {"value": tensor(2, 5, 6, 3, fill="multiples")}, **POOL),
    "avg_unpool": case_of("avg_unpool", {"value": tensor(2, 3, 3, 3)}, output_shape=(2, 5, 6, 3), **POOL),
}


def run(case: Case, oracle: Oracle | None = None) -> Tensors:
    return (oracle or Oracle()).run(case, fill(case))


def test_there_is_a_case_for_every_operator() -> None:
    assert CASES.keys() == set(OPERATORS)


def test_it_satisfies_the_protocol() -> None:
    adapter: Adapter = Oracle()
    assert (adapter.name, adapter.modes, adapter.devices()) == (
        "oracle",
        ("eager", "zero_insertion", "matrix"),
        ("cpu",),
    )
    assert adapter.versions() == {"numpy": np.__version__}


@pytest.mark.parametrize("operator", CASES)
def test_the_program_is_what_was_run(operator: str) -> None:
    case = CASES[operator]
    outputs = program.execute(Oracle().call(case), dict(fill(case)))
    actual = run(case)
    assert actual.keys() == outputs.keys()
    assert actual["output"].dtype == np.float32
    for name, output in outputs.items():
        np.testing.assert_array_equal(actual[name], output)


@pytest.mark.parametrize(("mode", "form"), [("eager", "scatter"), ("zero_insertion",) * 2, ("matrix",) * 2])
def test_a_mode_is_a_form_of_conv_transpose(mode: str, form: str) -> None:
    oracle = Oracle()
    assert oracle.configure(mode, "cpu") == {"conv_transpose": form}
    np.testing.assert_array_equal(run(transposed(), oracle)["output"], run(transposed())["output"], strict=True)
    pasted = program.execute(oracle.call(transposed()), dict(fill(transposed())))
    np.testing.assert_array_equal(pasted["output"], run(transposed())["output"])
    assert (f"Oracle({mode!r})" in oracle.call(transposed())) == (mode != "eager")


@pytest.mark.parametrize(("mode", "device"), [("xla", "cpu"), ("eager", "cuda")])
def test_another_mode_or_device_is_refused(mode: str, device: str) -> None:
    with pytest.raises(ValueError, match="oracle has no"):
        Oracle().configure(mode, device)


def test_the_call_reads_like_the_documentation() -> None:
    lines = Oracle().call(transposed()).splitlines()
    assert lines == [
        "from adapters.oracle import Oracle",
        "",
        "oracle = Oracle().operators",
        "result = oracle.conv_transpose(value, filter, output_shape=(2, 5, 7, 5), strides=(2, 2), padding='VALID')",
        'outputs = {"output": result}',
    ]


INVALID = {
    "rank": transposed(output_shape=(5, 7, 5)),
    "stride": transposed(strides=(2, 0)),
    "size": case_of("avg_pool", {"value": tensor(1, 2, 4, 1)}, ksize=(3, 3)),
    "padding": transposed(padding="FULL"),
    "channels": transposed(output_shape=(2, 5, 7, 4)),
    "shape": transposed(output_shape=(2, 7, 7, 5)),
    "index": unpooled(0, 1, 2, 16),
}


@pytest.mark.parametrize("rule", INVALID)
def test_a_broken_rule_is_named(rule: str) -> None:
    with pytest.raises(InvalidCall, match=f"^{rule}: "):
        run(INVALID[rule])


def test_a_refusal_arises_in_the_call() -> None:
    """Find the stage from a traceback. Its lines count as the text's do, though the first lines are not run again."""
    case = INVALID["stride"]
    with pytest.raises(InvalidCall) as caught:
        run(case)
    assert program.stage(caught.value, Oracle().call(case)) == "calling"


def test_an_output_padding_beyond_its_stride_is_refused() -> None:
    with pytest.raises(InvalidCall, match="padding: output_padding 2"):
        run(transposed(output_padding=(0, 2)))


def test_duplicate_indices_have_no_answer() -> None:
    with pytest.raises(NotSupported, match="duplicate"):
        run(unpooled(0, 1, 2, 2))


@pytest.mark.parametrize("operator", ["conv", "max_pool", "avg_pool"])
def test_a_single_window_has_any_stride(operator: str) -> None:
    case = dataclasses.replace(CASES[operator], strides=(2**63 - 1, 2**63 - 1), padding="VALID")
    assert run(case)["output"].shape[1:-1] == (1, 1)


def test_an_image_beyond_all_memory_is_not_computed() -> None:
    case = dataclasses.replace(CASES["conv"], padding=((2**31, 2**31), (0, 0)))
    with pytest.raises(NotSupported, match="is not computed here"):
        run(case)


def test_what_is_given_is_said_and_refused_as_it_stands() -> None:
    case = dataclasses.replace(CASES["conv"], given={"strides": None, "value": "an image"})
    assert "oracle.conv('an image', filter, strides=None" in Oracle().call(case)
    with pytest.raises(InvalidCall, match="type: strides is None"):
        run(case)


def test_a_case_that_its_dtype_does_not_hold_is_our_mistake() -> None:
    thirds = TensorSpec(shape=(1, 3, 1, 1), dtype="float32", fill="literal", values=(1, 0, 0))
    case = case_of("avg_pool", {"value": thirds}, ksize=(3, 1))
    with pytest.raises(NotExact, match=r"cases/avg_pool/made.yaml::case: float32 doesn't hold .*0\.33"):
        run(case)


def test_an_overflow_is_not_exact_either() -> None:
    big = TensorSpec(shape=(1, 1, 1, 1), dtype="float16", fill="literal", values=(60000,))
    case = case_of("conv", {"value": big, "filter": dataclasses.replace(big, values=(2,))})
    with pytest.raises(NotExact, match="float16"):
        run(case)


def test_nan_is_no_loss() -> None:
    hole = TensorSpec(shape=(1, 1, 1, 1), dtype="float32", fill="literal", values=(np.nan,))
    assert np.isnan(run(case_of("max_pool", {"value": hole}, ksize=(1, 1), tier="special"))["output"]).all()


@pytest.mark.parametrize("operator", ["conv", "conv_transpose", "avg_pool", "avg_unpool"])
def test_the_bounded_tier_tells_what_rounding_is_measured_by(operator: str) -> None:
    inputs = {name: dataclasses.replace(spec, fill="normal") for name, spec in CASES[operator].inputs.items()}
    case = dataclasses.replace(CASES[operator], tier="bounded", inputs=inputs)
    outputs = run(case)
    assert outputs.keys() == {"output", "output_float64", "output_magnitude"}
    np.testing.assert_array_equal(outputs["output"], outputs["output_float64"].astype(np.float32), strict=True)
    magnitude = outputs["output_magnitude"]
    assert (magnitude >= np.abs(outputs["output_float64"])).all()
    assert (magnitude > np.abs(outputs["output_float64"])).any()
    absolute = {name: np.abs(array) for name, array in fill(case).items()}
    np.testing.assert_array_equal(Oracle().run(case, absolute)["output_float64"], magnitude, strict=True)


def test_inputs_stay_as_they_are() -> None:
    for case in CASES.values():
        inputs = fill(case)
        for array in inputs.values():
            array.setflags(write=False)
        Oracle().run(case, inputs)


@pytest.mark.parametrize(
    ("operator", "expected"),
    [("conv", 27), ("conv_transpose", 36), ("avg_pool", 9), ("avg_unpool", 9), ("max_pool", 1), ("max_unpool", 1)],
)
def test_products_summed_an_element(operator: str, expected: int) -> None:
    assert products(CASES[operator]) == expected


class ShiftedIndex(Oracle):
    """A wrong implementation, as a user would write it."""

    @staticmethod
    def max_pool_argmax(value: Any, axes: Any) -> Any:
        output, indices = Oracle.max_pool_argmax(value, axes)
        return output, indices + 1


def test_a_subclass_overrides_one_operator() -> None:
    case = CASES["max_pool_argmax"]
    np.testing.assert_array_equal(run(case, ShiftedIndex())["indices"], run(case)["indices"] + 1)
    np.testing.assert_array_equal(run(transposed(), ShiftedIndex())["output"], run(transposed())["output"])
    assert "ShiftedIndex" in ShiftedIndex().call(case)
