"""The data: the same for one (id, name) on every machine, with the properties that show mistakes."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.loading.load import load
from cases.loading.lookup import lookup
from cases.model import fill, shapes
from cases.model.case import Case, TensorSpec

CASES = Path(fill.__file__).parents[1]
IDS = st.text(max_size=40)
NORMAL = [
    -1.4507904052734375,
    0.4734039306640625,
    -0.61199951171875,
    -0.9697113037109375,
    -1.2040863037109375,
    -1.407623291015625,
]
PINNED = {
    "integers": [-4, 7, -4, -7, 5, 1],
    "multiples": [-705600, 1234800, -705600, -1234800, 882000, 176400],
    "normal": NORMAL,
    "he": NORMAL,
    "distinct": [-2, -1, 2, -3, 0, 1],
    "negative": [-5, -4, -1, -6, -3, -2],
    "ties": [-2, 0, -2, -1, -2, -2],
    "ones": [1, 1, 1, 1, 1, 1],
    "small": [-2, 1, -2, -1, -2, -2],
    "sparse": [0, 1, 0, -1, 0, 0],
    "wide": [4108852, -11460492, 8935276, 15796488, 6929192, 9507923],
    "dozens": [-24, 12, -24, -12, -24, -24],
    "twelves": [-48, 84, -48, -84, 60, 12],
    "broad": [405311546, -587692924, -490173911, 931963021, 1020661183, -35259025],
    "long": [415039023402, -601797554121, -501938084014, 954330134124, 1045157051437, -36105241042],
    "fine": [
        -0.6781967026181519,
        -0.018776899203658104,
        -0.8603325090371072,
        -0.35742000956088305,
        0.32762498687952757,
        -0.1566100784111768,
    ],
}


def _case(case_id: str, spec: TensorSpec) -> Case:
    return Case(id=case_id, operator="max_pool", inputs={"value": spec}, strides=(1,), padding="VALID", ksize=(1,))


def _filled(rule: str, case_id: str = "pin", size: int = 600) -> fill.Array:
    return fill.fill(_case(case_id, TensorSpec(shape=(size,), dtype="float64", fill=rule)))["value"]


def _unpooling() -> list[Case]:
    return load(CASES / "max_unpool" / "strides.yaml")


@pytest.mark.parametrize("rule", PINNED)
def test_the_data_are_pinned(rule: str) -> None:
    """Compare the data with digests. A change of the data changes every recorded run."""
    assert _filled(rule, size=6).tolist() == PINNED[rule]


def test_the_indices_are_pinned() -> None:
    shape = (1, 2, 3, 2)
    inputs = {
        "value": TensorSpec(shape=shape, dtype="float32", fill="integers"),
        "indices": TensorSpec(shape=shape, dtype="int64", fill="indices"),
    }
    case = Case(
        id="pin",
        operator="max_unpool",
        inputs=inputs,
        strides=(2, 2),
        padding="SAME",
        ksize=(3, 3),
        output_shape=(1, 4, 5, 2),
    )
    assert fill.fill(case)["indices"].ravel().tolist() == [22, 13, 26, 17, 28, 19, 32, 23, 36, 27, 38, 29]


@pytest.mark.parametrize(("rule", "divisor"), [("small", 1), ("twelves", 12), ("dozens", 12)])
def test_unsigned_data_are_above_zero_and_divide_as_signed_ones(rule: str, divisor: int) -> None:
    case = _case("pin", TensorSpec(shape=(100,), dtype="uint8", fill=rule))
    values = fill.fill(replace(case, operator="avg_pool"))["value"]
    assert values.min() == divisor
    assert (values % divisor == 0).all()


def test_every_rule_is_pinned() -> None:
    assert set(PINNED) == set(fill.RULES)


@given(IDS, st.sampled_from(["integers", "normal", "distinct", "negative", "ties", "multiples"]))
def test_the_same_id_gives_the_same_bytes(case_id: str, rule: str) -> None:
    assert _filled(rule, case_id).tobytes() == _filled(rule, case_id).tobytes()


@given(IDS, IDS, st.sampled_from(["integers", "normal", "distinct", "negative", "ties", "multiples"]))
def test_another_id_gives_other_bytes(one: str, other: str, rule: str) -> None:
    assert (_filled(rule, one).tobytes() == _filled(rule, other).tobytes()) == (one == other)


def test_another_name_gives_other_bytes() -> None:
    spec = TensorSpec(shape=(3, 3, 2, 2), dtype="float32", fill="integers")
    case = replace(_case("names", spec), operator="conv", inputs={"value": spec, "filter": spec})
    tensors = fill.fill(case)
    assert tensors["value"].tobytes() != tensors["filter"].tobytes()


@given(IDS)
def test_integers_are_never_0_and_reach_both_ends(case_id: str) -> None:
    values = _filled("integers", case_id, 2000)
    assert set(values.tolist()) == set(range(-8, 9)) - {0}


@given(IDS, st.integers(0, 300))
def test_distinct_has_no_ties_and_stays_around_0(case_id: str, size: int) -> None:
    values = _filled("distinct", case_id, size)
    assert sorted(values.tolist()) == list(range(-(size // 2), size - size // 2))


@given(IDS, st.integers(1, 300))
def test_negative_is_all_negative_and_has_no_ties(case_id: str, size: int) -> None:
    assert sorted(_filled("negative", case_id, size).tolist()) == list(range(-size, 0))


@given(IDS)
def test_float32_would_round_what_is_long_broad_or_fine(case_id: str) -> None:
    for rule in ("long", "broad", "fine"):
        values = _filled(rule, case_id)
        assert (values.astype(np.float32) != values).mean() > 0.5  # most of them, for every id


def test_indices_may_all_be_the_first_of_their_channel() -> None:
    shape = (2, 3, 4, 2)
    inputs = {name: TensorSpec(shape=shape, dtype="int64", fill="first") for name in ("value", "indices")}
    case = replace(_unpooling()[0], id="pin", inputs=inputs, output_shape=(2, 6, 8, 2), strides=(2, 2), ksize=(2, 2))
    indices = fill.fill(replace(case, inputs={"indices": inputs["indices"]}))["indices"]
    assert np.array_equal(indices, np.broadcast_to([0, 1], shape))


def test_indices_may_point_anywhere() -> None:
    """Find each index in its own channel, no index twice, and some indices outside their windows."""
    shape = (2, 3, 4, 2)
    inputs = {name: TensorSpec(shape=shape, dtype="int64", fill="anywhere") for name in ("value", "indices")}
    case = replace(_unpooling()[0], id="pin", inputs=inputs, output_shape=(2, 6, 8, 2), strides=(2, 2), ksize=(2, 2))
    indices = fill.fill(replace(case, inputs={"indices": inputs["indices"]}))["indices"]
    assert (indices % 2 == np.arange(2)).all()
    assert all(np.unique(image).size == image.size for image in indices)
    assert indices.max() < 6 * 8 * 2
    rows = indices // 2 // 8
    assert (rows // 2 != np.arange(3).reshape(1, 3, 1, 1)).any()


def test_ties_are_few_values() -> None:
    assert set(_filled("ties").tolist()) == {-2, -1, 0, 1}


def test_normal_is_nearly_normal() -> None:
    values = _filled("normal", size=20_000)
    assert abs(values.mean()) < 0.03
    assert abs(values.std() - 1) < 0.03
    assert np.abs(values).max() < 6


@pytest.mark.parametrize(
    ("shape", "gain"), [((6,), 1.0), ((3, 3, 8, 16), 0.125), ((3, 3, 3, 4), 0.25), ((1, 1, 2, 5), 1.0)]
)
def test_a_filter_filled_by_he_is_scaled_by_the_power_of_two_next_to_its_gain(
    shape: tuple[int, ...], gain: float
) -> None:
    """Compare by hand: sqrt(2 / 72) = 0.17 and sqrt(2 / 27) = 0.27, so the exponents -2.6 and -1.9 become -3 and -2."""
    plain, scaled = (
        fill.fill(_case("he", TensorSpec(shape=shape, dtype="float32", fill=rule)))["value"]
        for rule in ("normal", "he")
    )
    assert np.array_equal(scaled, plain * np.float32(gain))


def test_a_tensor_from_a_file_is_the_array_of_its_name(tmp_path: Path) -> None:
    path = tmp_path / "some.npz"
    np.savez(path, value=np.array([[1.0, 2.5]]), other=np.zeros(3))
    spec = TensorSpec(shape=(1, 2), dtype="float32", fill="file", file=str(path))
    value = fill.fill(_case("file", spec))["value"]
    assert value.dtype.name == "float32"
    assert value.tolist() == [[1.0, 2.5]]
    with pytest.raises(ValueError, match=r"file: .*some.npz holds value as \(1, 2\), not \(2, 2\)"):
        fill.fill(_case("file", replace(spec, shape=(2, 2))))


def test_multiples_divide_by_the_area_of_every_window_whole_or_cut() -> None:
    values = _filled("multiples").astype(np.int64)
    for height, width in itertools.product(range(1, 8), repeat=2):
        assert not (values % (height * width)).any()


def test_sums_of_multiples_need_no_more_bits_than_float32_has() -> None:
    values = np.arange(-8 * 49, 8 * 49 + 1) * fill.MULTIPLE
    assert (values.astype(np.float32) == values).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_literals_are_reshaped_in_c_order(dtype: str) -> None:
    spec = TensorSpec(shape=(1, 2, 2, 1), dtype=dtype, fill="literal", values=(1.0, 2.0, 3.0, 4.5))
    value = fill.fill(_case("literal", spec))["value"]
    assert value.dtype == dtype
    assert value.tolist() == [[[[1.0], [2.0]], [[3.0], [4.5]]]]


def test_an_impossible_shape_is_filled_empty() -> None:
    spec = TensorSpec(shape=(1, -1, 2, 1), dtype="float32", fill="integers")
    assert fill.fill(_case("empty", spec))["value"].shape == (1, 0, 2, 1)


def test_an_unknown_rule_names_case_tensor_and_rules() -> None:
    spec = TensorSpec(shape=(1,), dtype="float32", fill="zeros")
    with pytest.raises(
        ValueError, match=r"^odd: no rule fills value with 'zeros'; there are: indices, literal, file, "
    ):
        fill.fill(_case("odd", spec))


def _assert_inside_windows(case: Case, indices: fill.Array) -> None:
    rows, columns = shapes.axes(case)
    channels = indices.shape[-1]
    for (_, y, x, channel), index in np.ndenumerate(indices):
        pixel, own = divmod(int(index), channels)
        row, column = divmod(pixel, columns.image)
        assert own == channel
        assert 0 <= row - (y * rows.stride - rows.before) < rows.kernel
        assert 0 <= column - (x * columns.stride - columns.before) < columns.kernel
        assert row < rows.image


def test_indices_lie_in_their_own_windows_and_channel_and_never_twice() -> None:
    """Try the whole grid of max_unpool. The windows are those of the definition, not those of the fill rule."""
    for case in _unpooling():
        indices = fill.fill(case)["indices"]
        _assert_inside_windows(case, indices)
        for image in indices:
            assert len(np.unique(image)) == image.size, case.id


def test_indices_may_be_any_element_of_their_window() -> None:
    """Lay windows at -1, 1 and 3 on six elements: many ids together choose every element of a window in the image."""
    inputs = {
        "value": TensorSpec(shape=(1, 3, 1), dtype="float32", fill="integers"),
        "indices": TensorSpec(shape=(1, 3, 1), dtype="int64", fill="indices"),
    }
    case = Case(
        id="",
        operator="max_unpool",
        inputs=inputs,
        strides=(2,),
        padding=((1, 0),),
        ksize=(3,),
        output_shape=(1, 6, 1),
    )
    chosen = np.array([fill.fill(replace(case, id=str(number)))["indices"].ravel() for number in range(200)])
    assert [set(window.tolist()) for window in chosen.T] == [{0, 1}, {1, 2, 3}, {3, 4, 5}]


def test_indices_differ_between_images_and_channels() -> None:
    case = lookup(CASES, "cases/max_unpool/batch_and_channels.yaml::same-i9x8-k3-s2")
    indices = fill.fill(case)["indices"]
    planes = {(indices[image, ..., channel] // 3).tobytes() for image in range(2) for channel in range(3)}
    assert len(planes) == 6


@pytest.mark.parametrize("rule", ["integers", "small", "ties", "negative", "distinct"])
def test_bytes_that_are_chosen_lie_on_both_sides_of_what_a_signed_byte_holds(rule: str) -> None:
    """A byte that is taken for signed is negative from 128 on, and then another one is the greatest."""
    spec = TensorSpec(shape=(1, 100, 1), dtype="uint8", fill=rule)
    case = Case(id="a", operator="max_pool", inputs={"value": spec}, strides=(1,), padding="VALID", ksize=(2,))
    value = fill.fill(case)["value"]
    assert 0 < value.min() <= 127 < value.max()
    summed = replace(case, operator="avg_pool")
    assert fill.fill(summed)["value"].min() == 1
