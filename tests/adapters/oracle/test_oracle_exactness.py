"""The exactness check: the largest sums that a dtype holds pass, and the next larger ones fail, in any order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from adapters.oracle import NotExact, Oracle, products
from cases.model.case import Case, TensorSpec
from cases.model.dtypes import PRECISION
from cases.model.fill import fill
from tests.reports.making import make

FLOATS = ["float64", "float32", "float16", "bfloat16"]


def literal(dtype: str, *values: float, shape: tuple[int, ...] | None = None) -> TensorSpec:
    """Make a tensor of these elements, along the first spatial axis or in the given shape."""
    return TensorSpec(shape=shape or (1, len(values), 1), dtype=dtype, fill="literal", values=values)


def conv(dtype: str, *values: float, taps: tuple[float, ...] = (), **more: Any) -> Case:
    """Make a case with one window over all values: their sum, weighted by the taps if given."""
    taps = taps or (1,) * len(values)
    inputs = {"value": literal(dtype, *values), "filter": literal(dtype, *taps, shape=(len(taps), 1, 1))}
    inputs |= more.pop("inputs", {})
    return Case(id="made::case", operator="conv", inputs=inputs, strides=(1,), padding="VALID", **more)


def pool(operator: str, dtype: str, *values: float, ksize: int, **more: Any) -> Case:
    inputs = {"value": literal(dtype, *values)} | more.pop("inputs", {})
    whole: dict[str, Any] = {"strides": (1,), "padding": "VALID"} | more
    return Case(id="made::case", operator=operator, inputs=inputs, ksize=(ksize,), **whole)


def run(case: Case) -> dict[str, Any]:
    return Oracle().run(case, fill(case))


def refuses(case: Case) -> None:
    with pytest.raises(NotExact, match=rf"^made::case: {case.dtype} doesn't hold "):
        run(case)


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_largest_sum_passes_and_the_next_is_refused(dtype: str) -> None:
    """Try sums near 2**p, up to which no integer is missing; in float64, the oracle's own type, one less passes."""
    most = 2.0 ** PRECISION[dtype]
    assert float(run(conv(dtype, most / 2, most / 2 - 2, 1))["output"].ravel()[0]) == most - 1
    refuses(conv(dtype, most / 2, most / 2, 1))


@pytest.mark.parametrize("dtype", FLOATS[1:])
def test_the_power_of_two_itself_passes(dtype: str) -> None:
    most = 2.0 ** PRECISION[dtype]
    assert float(run(conv(dtype, most / 2, most / 4, most / 4))["output"].ravel()[0]) == most


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_partial_sum_counts_though_the_whole_fits(dtype: str) -> None:
    """Try most + 1 - 1: the result is exact, but in some order a partial sum is not."""
    most = 2.0 ** PRECISION[dtype]
    refuses(conv(dtype, most, 1, -1))
    refuses(conv(dtype, most, -most, 1))


@pytest.mark.parametrize("dtype", FLOATS)
def test_what_counts_is_the_number_of_bits_and_not_the_size(dtype: str) -> None:
    most = 2.0 ** PRECISION[dtype]
    assert run(conv(dtype, most, 4, -4))  # 4 divides all terms: this is most / 4 + 1 - 1
    assert run(conv(dtype, most / 16 - 1 / 8, 1 / 16))
    refuses(conv(dtype, most / 16, 1 / 32, -1 / 32))


@pytest.mark.parametrize("dtype", FLOATS)
def test_beside_a_special_value_no_sum_may_round(dtype: str) -> None:
    most = 2.0 ** PRECISION[dtype]
    for special in ({"special": "nan", "position": 3}, {"specials": ((3, "inf"),)}):
        fits = replace(literal(dtype, most / 2, most / 2 - 2, 1, 0), **special)
        assert run(conv(dtype, 0, 0, 0, 0, tier="special", inputs={"value": fits}))["output"].size == 1
        rounds = replace(literal(dtype, most, 1, -1, 0), **special)
        with pytest.raises(NotExact, match=r"and the case is of special values, beside which no sum may round$"):
            run(conv(dtype, 0, 0, 0, 0, tier="special", inputs={"value": rounds}))


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_product_must_be_held(dtype: str) -> None:
    """Refuse a long product: a fused multiply-add could hold it, but not every implementation fuses."""
    odd = 2.0 ** ((PRECISION[dtype] + 1) // 2) + 1
    refuses(conv(dtype, odd, taps=(odd,)))


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_bias_is_a_term(dtype: str) -> None:
    most = 2.0 ** PRECISION[dtype]
    bias = {"bias": literal(dtype, most / 2, shape=(1,))}
    assert run(conv(dtype, most / 4, most / 8, inputs=bias))
    refuses(conv(dtype, most / 2, 1, inputs=bias))
    refuses(conv(dtype, most / 2, most / 4, inputs={"bias": literal(dtype, 0.5, shape=(1,))}))


@pytest.mark.parametrize(("dtype", "most"), [("int8", 127), ("uint8", 255), ("int16", 2**15 - 1), ("int32", 2**31 - 1)])
def test_integers_do_not_wrap(dtype: str, most: int) -> None:
    assert run(conv(dtype, most - 1, 1))["output"].ravel().tolist() == [most]
    refuses(conv(dtype, most, 1))


def test_int64_beyond_float64_is_refused() -> None:
    """Refuse numbers that int64 holds and float64 doesn't: the oracle computes in float64."""
    assert run(conv("int64", 2**26, taps=(2**26,)))["output"].ravel().tolist() == [2**52]
    refuses(conv("int64", 2**27 + 1, taps=(2**27 + 1,)))


@pytest.mark.parametrize("operator", ["max_pool", "max_pool_argmax"])
def test_an_int64_element_beyond_float64_is_refused(operator: str) -> None:
    refuses(pool(operator, "int64", 2**53 + 1, 3, ksize=2))


def test_a_sum_that_overflows_on_the_way_is_refused() -> None:
    """Try 2**15 + 2**15, which is infinity in float16 before the third term comes."""
    refuses(conv("float16", 2.0**15, 2.0**15, -(2.0**15)))


def test_products_below_the_smallest_number_are_refused() -> None:
    """Try 2**-25, which is 0 in float16; the sum of two is its smallest number."""
    refuses(conv("float16", 2.0**-13, 2.0**-13, taps=(2.0**-12, 2.0**-12)))


@pytest.mark.parametrize("dtype", FLOATS)
def test_an_average_is_first_a_sum(dtype: str) -> None:
    """Average three equal numbers: the mean is that number, but the sum may need two bits more."""
    most = 2.0 ** PRECISION[dtype]
    assert run(pool("avg_pool", dtype, most / 2, most / 4, ksize=2))
    refuses(pool("avg_pool", dtype, most - 1, most - 1, most - 1, ksize=3))


@pytest.mark.parametrize("dtype", FLOATS)
def test_an_average_that_is_no_number_of_the_dtype_is_refused(dtype: str) -> None:
    refuses(pool("avg_pool", dtype, 1, 0, 0, ksize=3))


def test_averages_that_are_all_zero_are_exact() -> None:
    """Zero has no last bit, so it is no fraction without an end."""
    assert run(pool("avg_pool", "int8", -24, 24, ksize=2))


@pytest.mark.parametrize("dtype", FLOATS)
def test_overlapping_unpooling_is_a_sum(dtype: str) -> None:
    most = 2.0 ** PRECISION[dtype]
    shape: Any = {"ksize": 2, "output_shape": (1, 3, 1)}
    assert run(pool("avg_unpool", dtype, most / 2, most / 4, **shape))
    refuses(pool("avg_unpool", dtype, most, 1, **shape))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("operator", ["max_pool", "max_pool_argmax"])
def test_choosing_is_exact_whatever_is_chosen(operator: str, dtype: str) -> None:
    assert run(pool(operator, dtype, 2.0 ** PRECISION[dtype], 1, -1, ksize=2))


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_gradient_of_the_value_is_a_sum(dtype: str) -> None:
    """Lay two windows over one element: its gradient is the sum of both cotangents."""
    most = 2.0 ** PRECISION[dtype]
    shape = (1, 2, 1)
    for first, last, held in ((most / 2, most / 2 - 1, True), (most - 1, 2, False), (most - 1, -2, False)):
        cotangent = literal(dtype, first, last, shape=shape)
        case = conv(dtype, 1, 1, 1, taps=(1, 1), inputs={"cotangent": cotangent}, gradients=("value",))
        if held:
            assert run(case)["value_gradient"].ravel().tolist() == [most / 2, most - 1, most / 2 - 1]
        else:
            refuses(case)


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_cotangent_s_common_factor_helps_no_output(dtype: str) -> None:
    """Use a cotangent of multiples of 8: the output's own sum still needs one bit too many."""
    most = 2.0 ** PRECISION[dtype]
    refuses(conv(dtype, most, 1, -1, inputs={"cotangent": literal(dtype, 8, shape=(1, 1, 1))}, gradients=("value",)))


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_value_s_common_factor_helps_no_gradient_of_the_value(dtype: str) -> None:
    """Use a value of 8: its gradient sums products of filter and cotangent only."""
    most = 2.0 ** PRECISION[dtype]
    cotangent = TensorSpec(shape=(1, 1, 3), dtype=dtype, fill="literal", values=(most, 1, -1))
    filter_ = TensorSpec(shape=(1, 1, 3), dtype=dtype, fill="literal", values=(1, 1, 1))
    inputs = {"value": literal(dtype, 8), "filter": filter_, "cotangent": cotangent}
    refuses(conv(dtype, 8, inputs=inputs, gradients=("value",)))


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_gradient_of_the_bias_is_a_sum(dtype: str) -> None:
    most = 2.0 ** PRECISION[dtype]
    inputs = {"bias": literal(dtype, 1, shape=(1,)), "cotangent": literal(dtype, most, 1, -1, shape=(1, 3, 1))}
    refuses(conv(dtype, 1, 1, 1, taps=(1,), inputs=inputs, gradients=("bias",)))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_the_filter_s_common_factor_helps_no_gradient_of_the_bias(dtype: str) -> None:
    most = 2.0 ** PRECISION[dtype]
    bias = literal(dtype, 64, shape=(1,))
    inputs = {"bias": bias, "cotangent": literal(dtype, most / 8, 1 / 8, -1 / 8, shape=(1, 3, 1))}
    refuses(conv(dtype, 8, 8, 8, taps=(8,), inputs=inputs, gradients=("bias",)))


@pytest.mark.parametrize("dtype", FLOATS)
def test_cotangents_that_meet_in_one_maximum_are_a_sum(dtype: str) -> None:
    """Pool values with the maximum -1 in all three windows, though it is the least in magnitude."""
    most = 2.0 ** PRECISION[dtype]
    inputs = {"cotangent": literal(dtype, most, 1, -1)}
    refuses(pool("max_pool", dtype, -9, -8, -1, -7, -6, ksize=3, inputs=inputs, gradients=("value",)))


@pytest.mark.parametrize("dtype", FLOATS)
def test_shares_of_an_average_are_a_sum(dtype: str) -> None:
    """Lay windows of two over three elements: the middle one gets half of both cotangents."""
    most = 2.0 ** PRECISION[dtype]
    for last, held in ((most - 4, True), (most + 2, False), (-most - 2, False)):
        inputs = {"cotangent": literal(dtype, most, last, shape=(1, 2, 1))}
        case = pool("avg_pool", dtype, 2, 2, 2, ksize=2, inputs=inputs, gradients=("value",))
        if held:
            assert run(case)["value_gradient"].ravel().tolist() == [most / 2, most - 2, most / 2 - 2]
        else:
            refuses(case)


def test_an_index_is_beside_the_question() -> None:
    """Use indices above 2**8, up to which bfloat16 holds every integer: they are not checked."""
    spec = TensorSpec(shape=(1, 1, 300, 1), dtype="bfloat16", fill="ones")
    case = Case(
        id="made::case",
        operator="max_pool_argmax",
        inputs={"value": spec},
        strides=(1, 1),
        padding="VALID",
        ksize=(1, 1),
    )
    assert run(case)["indices"].ravel().tolist() == list(range(300))


def test_the_bounded_tier_is_not_checked_nor_a_question_that_says_so() -> None:
    assert run(conv("float32", 2.0**24, 1, -1, tier="bounded"))
    case = conv("float32", 2.0**24, 1, -1)
    assert Oracle().unchecked(case, fill(case))


def test_bfloat16_is_returned_as_itself() -> None:
    output = run(conv("bfloat16", 100, 28))["output"]
    assert output.dtype.name == "bfloat16"
    assert float(output.ravel()[0]) == 128


@pytest.mark.parametrize(
    ("groups", "bias", "expected"), [(1, False, 2 * 3 * 4), (2, False, 2 * 3 * 2), (4, True, 2 * 3 + 1)]
)
@pytest.mark.parametrize("operator", ["conv", "conv_transpose"])
def test_a_sum_stays_in_its_group(operator: str, groups: int, bias: bool, expected: int) -> None:  # noqa: FBT001 - a row
    first, last = (4, 8) if operator == "conv" else (8, 4)
    shapes = {"value": (1, 5, 5, 4), "filter": (2, 3, first // groups, last)} | ({"bias": (8,)} if bias else {})
    inputs = {name: TensorSpec(shape=shape, dtype="float32", fill="integers") for name, shape in shapes.items()}
    output_shape = (1, 5, 5, 8) if operator == "conv_transpose" else None
    case = Case(
        id="made::case",
        operator=operator,
        inputs=inputs,
        strides=(1, 1),
        padding="SAME",
        output_shape=output_shape,
        groups=groups,
        dilations=(2, 2),
    )
    assert products(case) == expected
    assert np.isfinite(run(case)["output"]).all()


def test_the_least_integer_of_a_dtype_is_held_where_nothing_is_summed() -> None:
    case = make("max_unpool", dtype="int8", channels=1, image=[2, 2], value={"values": [-128]})
    assert Oracle().run(case, fill(case))["output"].min() == -128


def test_only_the_elements_inside_the_image_are_summed() -> None:
    """Windows of twenty elements hold at most three of the image: 3 * 39 is an int8, and 20 * 39 is none."""
    case = pool("avg_pool", "int8", 36, 0, 39, ksize=20, padding="SAME")
    assert run(case)["output"].ravel().tolist() == [25, 25, 25]


def test_what_is_beyond_all_numbers_decides_whose_gradients_add_up() -> None:
    """Windows over one infinity all give it their cotangents; with a zero in its place each would go elsewhere."""
    most = 2.0 ** PRECISION["float32"]
    value = TensorSpec(shape=(1, 4, 1), dtype="float32", fill="literal", values=(1, 2, 0, 3), specials=((2, "inf"),))
    more: dict[str, Any] = {"ksize": 3, "tier": "special", "gradients": ("value",)}
    for numbers, holds in (((most / 2, most / 2), True), ((most, 1), False)):
        inputs = {"value": value, "cotangent": literal("float32", *numbers)}
        case = pool("max_pool", "float32", 1, 2, 0, 3, inputs=inputs, **more)
        if holds:
            assert run(case)["value_gradient"].ravel().tolist() == [0, 0, most, 0]
        else:
            with pytest.raises(NotExact):
                run(case)
