"""The fields of all parameters: their consequences for a case, and one line for each misuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cases.loading.load import load
from cases.loading.yaml_document import CaseFileError
from cases.model.case import Case, from_json, question, to_json
from cases.model.fill import fill
from reports.judging.expectation import literal

HEAD = "operator: {operator}\nabout: a file that a test wrote\nsource: https://example.org\ncases:\n"
CONV = "name: a, image: [5, 5], kernel: 3"
POOL = "name: a, image: [4, 4], ksize: 2"


def _write(folder: Path, keys: str, operator: str) -> Path:
    path = folder / "made.yaml"
    path.write_text(HEAD.format(operator=operator) + f"  - {{{keys}}}\n", encoding="utf-8")
    return path


def _cases(folder: Path, keys: str, operator: str = "conv") -> list[Case]:
    return load(_write(folder, keys, operator))


def _complaint(folder: Path, keys: str, operator: str = "conv") -> str:
    path = _write(folder, keys, operator)
    with pytest.raises(CaseFileError) as caught:
        load(path)
    [line] = str(caught.value).split("\n")
    return line.removeprefix(str(path))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (f"{CONV}, special: nan, dtype: int32", ":5:41: a: int32 has no special values"),
        (f"{CONV}, special: huge", ":5:41: special: input should be 'nan', 'inf', 'minus_inf', 'minus_zero', 'subnor"),
        (f"{CONV}, special: .nan", ":5:41: special: input should be 'nan', "),
        (
            f"{CONV}, position: 3",
            ":5:41: a: position needs a special value, and there is none; add special or remove position",
        ),
        (f"{CONV}, special: nan, position: -1", ":5:55: position: input should be greater than or equal to 0"),
        (f"{CONV}, special: nan, position: 1.0", ":5:55: position: input should be a valid integer"),
        (f"{CONV}, special: nan, position: 50", ":5:55: a: position 50 is beyond the 50 elements of value"),
        (f"{CONV}, special: nan, position: 0, batch: 0", ":5:55: a: position 0 is beyond the 0 elements of value"),
        (
            f"{CONV}, filter: {{special: nan, position: 54}}",
            ":5:41: a: position 54 is beyond the 54 elements of filter",
        ),
        (f"{CONV}, gradients: 1", ":5:41: gradients: input should be a valid boolean"),
        (
            f"{CONV}, gradients: [value, weights]",
            ":5:41: a: this call has no weights, so it has no gradient of it; there are: value, filter",
        ),
        (f"{CONV}, gradients: []", ":5:41: gradients: input should be a valid boolean or gradients: list should have"),
        (
            f"{CONV}, gradients: [bias]",
            ":5:41: a: this call has no bias, so it has no gradient of it; there are: value, filter",
        ),
        (
            f"{CONV}, gradients: true, strides: 0, invalid: {{rule: stride, reason: a stride of zero}}",
            ":5:41: a: the output of this wrong call has no shape, so give the cotangent's: cotangent: {shape: [...]}",
        ),
        (f"{CONV}, bias: 3", ":5:41: bias: input should be a valid boolean"),
        (f"{CONV}, bias: {{values: [1, 2]}}", ":5:41: a: bias has 2 literal elements, the shape (3,) holds 3"),
        (
            f"{CONV}, data_format: NCW",
            ":5:41: a: impossible (data_format): data_format is 'NCW', not one of NHWC, NCHW",
        ),
        (f"{CONV}, data_format: nchw", ":5:41: a: impossible (data_format): data_format is 'nchw', not one of NHWC, N"),
        (f"{CONV}, data_format: 3", ":5:41: data_format: input should be a valid string"),
        (f"{CONV}, dilations: 0", ":5:41: a: impossible (dilation): dilations (0, 0) has an entry below 1"),
        (
            f"{CONV}, dilations: 3",
            ":5:15: a: impossible (size): axis 0: no window of 7 fits on 5; correct it, or mark the",
        ),
        (f"{CONV}, dilations: [1, 2, 1]", ":5:41: a: impossible (rank): dilations has 3 entries, not 2"),
        (f"{CONV}, groups: 0", ":5:41: a: impossible (groups): 0 groups do not divide the filter's 3 channels"),
        (f"{CONV}, groups: 2", ":5:41: a: impossible (groups): 2 groups do not divide the filter's 3 channels"),
        (f"{CONV}, groups: 3", ":5:41: a: impossible (groups): 3 groups do not divide the value's 2 channels"),
        (f"{CONV}, grups: 2", ":5:41: 'grups' is not a key of this place; did you mean 'groups'?"),
        (f"{CONV}, include_batch_in_index: true", ":5:41: 'include_batch_in_index' is not a key of this place"),
        (f"{CONV}, padding: [[1, 1]]", ":5:41: a: impossible (padding): padding has 1 pairs, not 2"),
        (f"{CONV}, grid: {{bias: [1]}}", ":5:55: bias: input should be a valid boolean"),
        (
            f"{CONV}, grid: {{special: [nan], position: [60]}}",
            ":5:75: a-nan-at60: position 60 is beyond the 50 elements",
        ),
    ],
)
def test_misuse_of_a_convolution(tmp_path: Path, keys: str, expected: str) -> None:
    assert _complaint(tmp_path, keys).startswith(expected)


@pytest.mark.parametrize(
    ("operator", "keys", "expected"),
    [
        ("max_pool", "groups: 2", ":5:40: 'groups' is not a key of this place"),
        ("max_pool", "bias: true", ":5:40: 'bias' is not a key of this place"),
        ("max_pool", "include_batch_in_index: true", ":5:40: 'include_batch_in_index' is not a key of this place"),
        ("max_pool_argmax", "include_batch_in_index: 1", ":5:40: include_batch_in_index: input should be a valid bool"),
        ("max_pool", "data_format: NWC", ":5:40: a: impossible (data_format): data_format is 'NWC', not one of NHWC,"),
        ("avg_pool", "dilations: 4", ":5:15: a: impossible (size): axis 0: no window of 5 fits on 4"),
        ("max_unpool", "indices: {special: nan}", ":5:40: a: int64 has no special values"),
        (
            "max_unpool",
            "strides: 1, padding: [[1, 1], [1, 1]]",
            ":5:52: a: indices: 5 indices can't all differ among 4 elements of the image; pad less",
        ),
        (
            "max_unpool",
            "strides: 1, padding: [[1, 1], [1, 1]], indices: {fill: anywhere}",
            ":5:79: a: anywhere: 25 indices can't all differ among 16 elements",
        ),
        (
            "max_unpool",
            "indices: {fill: first}",
            ":5:40: a: first: several values go to one place; mark the case as a behaviour",
        ),
        (
            "max_unpool",
            "strides: 4, padding: [[2, 2], [2, 2]], channels: 1",
            ":5:52: a: indices: a window holds padding alone, or has no place of its own; pad less, or give",
        ),
        (
            "max_unpool",
            "cotangent: {fill: ones}",
            ":5:40: a: only gradients need a cotangent; add gradients: true, or remove it",
        ),
        (
            "avg_pool",
            "gradients: true, cotangent: {shape: [1, 2, 2, 1]}",
            ":5:57: a: the cotangent is as large as the output, (1, 3, 3, 3), not (1, 2, 2, 1)",
        ),
        (
            "avg_pool",
            "gradients: true, cotangent: {fill: normal}",
            ":5:57: a: gradients are asked of exact data, and these sums may round; choose integers",
        ),
        (
            "max_pool",
            f"gradients: true, expected: {{output: {[1] * 27}}}",
            ":5:40: a: a case with a literal result has no gradients; remove one",
        ),
    ],
)
def test_misuse_of_a_pooling(tmp_path: Path, operator: str, keys: str, expected: str) -> None:
    assert _complaint(tmp_path, f"{POOL}, {keys}", operator).startswith(expected)


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ("filter: {position: 3}", "position needs a special value, and there is none; add special or remove position"),
        ("value: {position: 3}", "position needs a special value, and there is none; add special or remove position"),
        ("special: nan, value: {position: 3}", "position"),  # the entry's own special would hide it
        ("dtype: int32, data: normal", "int32 holds no normal data; choose integers"),
        ("gradients: true, dtype: int32", "gradients"),  # integers have no gradients, and no framework returns any
        ("gradients: true, data: normal", "gradients"),  # only an output has a bound; a gradient must be exact
        ("special: nan, position: 0, data: normal", "special"),  # sums that round are never compared bit for bit
    ],
)
def test_what_has_no_meaning_is_not_dropped_silently(tmp_path: Path, keys: str, word: str) -> None:
    assert word in _complaint(tmp_path, f"{CONV}, {keys}")


@pytest.mark.parametrize(
    ("operator", "keys", "expected"),
    [
        ("max_pool", "dtype: bfloat16, data: multiples", ":5:57: a: bfloat16 does not hold what the rule 'multiples' "),
        ("avg_pool", "dtype: float16", ":5:40: a: float16 does not hold what the rule 'multiples' fills value with"),
        ("max_pool", "dtype: int8, value: {fill: wide}", ":5:53: a: int8 does not hold what the rule 'wide' fills"),
        ("max_pool", f"dtype: int8, value: {{values: {[300] * 48}}}", ":5:53: a: int8 does not hold 300, an element"),
        ("max_pool", f"dtype: int8, value: {{values: {[0.5] * 48}}}", ":5:53: a: int8 does not hold 0.5, an element"),
        ("max_pool", f"value: {{values: {['1.0e+39'] * 48}}}", ":5:40: a: float32 does not hold 1e+39"),
        ("max_pool", f"dtype: bfloat16, value: {{values: {[257] * 48}}}", ":5:57: a: bfloat16 does not hold 257, an"),
    ],
)
def test_a_dtype_that_cannot_hold_its_data(tmp_path: Path, operator: str, keys: str, expected: str) -> None:
    assert _complaint(tmp_path, f"{POOL}, {keys}".replace("'", ""), operator).startswith(expected)


@pytest.mark.parametrize("values", [[0.1] * 48, [2**62] * 48])
def test_literal_floats_round_as_in_any_program(tmp_path: Path, values: list[float]) -> None:
    assert len(_cases(tmp_path, f"{POOL}, value: {{values: {values}}}", "max_pool")) == 1


TIED = ":5:40: a: two elements of one channel are equal: if both are the greatest, max pooling has no unique gradient"


@pytest.mark.parametrize("operator", ["max_pool", "max_pool_argmax"])
@pytest.mark.parametrize(
    "keys",
    ["data: ties", "data: small, dtype: bfloat16", f"value: {{values: {[*range(47), 44]}}}", "special: minus_zero"],
)
def test_the_gradient_of_a_maximum_that_may_stand_twice(tmp_path: Path, operator: str, keys: str) -> None:
    assert _complaint(tmp_path, f"{POOL}, gradients: true, {keys}", operator).startswith(TIED)
    behaviour = "behaviour: whichever of the two a framework takes"
    assert len(_cases(tmp_path, f"{POOL}, gradients: true, {keys}, {behaviour}", operator)) == 1


def test_the_gradient_of_a_maximum_that_stands_once(tmp_path: Path) -> None:
    """Accept equal elements in two channels: they never meet in a window."""
    values = [number for number in range(16) for _ in range(3)]
    assert len(_cases(tmp_path, f"{POOL}, gradients: true, value: {{values: {values}}}", "max_pool")) == 1
    assert len(_cases(tmp_path, f"{POOL}, gradients: true, batch: 0", "max_pool")) == 1


@pytest.mark.parametrize(
    ("operator", "key", "here"),
    [
        ("max_pool", "kernel", "ksize"),
        ("max_pool", "pool_size", "ksize"),
        ("conv", "ksize", "kernel"),
        ("conv", "kernel_size", "kernel"),
        ("conv", "layout", "data_format"),
        ("conv", "dilation_rate", "dilations"),
    ],
)
def test_the_word_of_a_framework_suggests_ours(tmp_path: Path, operator: str, key: str, here: str) -> None:
    line = _complaint(tmp_path, f"{POOL if operator == 'max_pool' else CONV}, {key}: 3", operator)
    assert line.endswith(f"{key!r} is not a key of this place; did you mean {here!r}?")


@pytest.mark.parametrize("padding", ["1", "[1, 1]", "[[1, 1], 2]", "{before: 1}"])
def test_a_wrong_padding_is_one_line_that_says_what_there_is(tmp_path: Path, padding: str) -> None:
    line = _complaint(tmp_path, f"{POOL}, padding: {padding}", "max_pool")
    assert line.endswith("give SAME, VALID, or a [before, after] pair for each spatial axis, e.g. [[1, 1], [0, 2]]")


@pytest.mark.parametrize("key", ["groups", "bias", "include_batch_in_index", "output_shape", "indices"])
def test_no_key_is_suggested_in_place_of_itself(tmp_path: Path, key: str) -> None:
    """Refuse the key of another operator without suggesting the same key."""
    assert _complaint(tmp_path, f"{POOL}, {key}: true", "max_pool") == f":5:40: {key!r} is not a key of this place"


def test_a_grouped_convolution_and_its_transpose_have_their_filters(tmp_path: Path) -> None:
    keys = f"{CONV}, in_channels: 4, out_channels: 6, groups: 2, bias: true"
    [forward], [back] = _cases(tmp_path, keys), _cases(tmp_path, keys, "conv_transpose")
    assert forward.inputs["filter"].shape == (3, 3, 2, 6)
    assert back.inputs["filter"].shape == (3, 3, 3, 4)
    assert forward.inputs["bias"].shape == back.inputs["bias"].shape == (6,)
    assert list(forward.inputs) == ["value", "filter", "bias"]
    assert (forward.groups, back.groups) == (2, 2)


@pytest.mark.parametrize(
    ("operator", "keys", "names"),
    [
        ("conv", f"{CONV}, bias: true", ("value", "filter", "bias")),
        ("conv_transpose", CONV, ("value", "filter")),
        ("max_pool_argmax", POOL, ("value",)),
        ("max_unpool", f"{POOL}, strides: 2", ("value",)),
        ("avg_unpool", POOL, ("value",)),
    ],
)
def test_gradients_are_asked_of_every_input_but_indices(
    tmp_path: Path, operator: str, keys: str, names: tuple[str, ...]
) -> None:
    data = "distinct" if operator.startswith("max_pool") else "small"
    [case] = _cases(tmp_path, f"{keys}, gradients: true, dtype: bfloat16, data: {data}", operator)
    assert case.gradients == names
    assert case.outputs[-len(names) :] == tuple(f"{name}_gradient" for name in names)
    assert list(case.inputs)[-1] == "cotangent"
    assert case.inputs["cotangent"].dtype == "bfloat16"
    [plain] = _cases(tmp_path, f"{keys}, dtype: bfloat16, data: {data}", operator)
    assert "cotangent" not in plain.inputs
    assert plain.gradients == ()
    arrays, without = fill(case), fill(plain)
    assert all(np.array_equal(arrays[name], array) for name, array in without.items())


def test_a_special_value_stands_at_its_position_alone(tmp_path: Path) -> None:
    [case] = _cases(tmp_path, f"{CONV}, special: minus_inf, position: 7")
    [plain] = _cases(tmp_path, CONV)
    changed, value = fill(case)["value"], fill(plain)["value"].copy()
    value.flat[7] = -np.inf
    np.testing.assert_array_equal(changed, value, strict=True)
    np.testing.assert_array_equal(fill(case)["filter"], fill(plain)["filter"], strict=True)
    assert (case.tier, plain.tier) == ("special", "exact")


def test_a_special_value_without_a_position_stands_everywhere(tmp_path: Path) -> None:
    [case] = _cases(tmp_path, f"{CONV}, filter: {{special: minus_zero}}, dtype: bfloat16")
    filter_ = fill(case)["filter"]
    assert filter_.dtype == np.float32
    assert (filter_ == 0).all()
    assert np.signbit(filter_).all()
    assert case.inputs["value"].special is None
    assert case.tier == "special"


def test_literal_special_values_are_kept_as_words(tmp_path: Path) -> None:
    """Keep them as words, so that cases compare equal and are JSON."""
    keys = "name: a, image: [2, 2], ksize: 2, channels: 1, value: {values: [.nan, 1, -.inf, .inf]}"
    [case], [again] = _cases(tmp_path, keys, "max_pool"), _cases(tmp_path, keys, "max_pool")
    assert case == again == from_json(json.loads(json.dumps(to_json(case), allow_nan=False)))
    assert case.inputs["value"].specials == ((0, "nan"), (2, "minus_inf"), (3, "inf"))
    assert case.tier == "special"
    np.testing.assert_array_equal(fill(case)["value"].ravel(), [np.nan, 1, -np.inf, np.inf])


def test_only_floats_hold_literal_special_values(tmp_path: Path) -> None:
    keys = "name: a, image: [2, 2], ksize: 2, channels: 1, dtype: int32, value: {values: [.nan, 1, 2, 3]}"
    assert "value: int32 has no special values" in _complaint(tmp_path, keys, "max_pool").replace("a: ", "value: ")


def test_a_grid_of_the_new_fields(tmp_path: Path) -> None:
    grid = "special: [nan, minus_inf], position: [0, 9], bias: [true, false], groups: [1]"
    keys = f"image: [7, 7], kernel: 3, grid: {{{grid}}}"
    assert [case.id.removeprefix("made.yaml::") for case in _cases(tmp_path, keys)][:5] == [
        "nan-at0-bias-g1",
        "nan-at0-no-bias-g1",
        "nan-at9-bias-g1",
        "nan-at9-no-bias-g1",
        "minus-inf-at0-bias-g1",
    ]


@pytest.mark.parametrize("image", ["[6]", "[6, 5]", "[6, 5, 4]"])
def test_one_number_is_said_of_every_axis(tmp_path: Path, image: str) -> None:
    [case] = _cases(tmp_path, f"name: a, image: {image}, kernel: 2, strides: 2, dilations: 2")
    rank = image.count(",") + 1
    assert case.strides == case.dilations == (2,) * rank
    assert case.inputs["filter"].shape == (*(2,) * rank, 2, 3)


def test_output_padding_counts_dilation(tmp_path: Path) -> None:
    """Take three values, stride 2, a filter of 3 that spans 5: (3 - 1) * 2 + 5 = 9, minus 2 of padding, plus 1: 8."""
    keys = (
        "name: a, value: {shape: [1, 3, 2]}, kernel: 3, strides: 2, dilations: 2, padding: [[1, 1]], output_padding: 1"
    )
    [case] = _cases(tmp_path, keys, "conv_transpose")
    assert case.output_shape == (1, 8, 3)


@pytest.mark.parametrize(
    ("keys", "operator"),
    [
        (f"{CONV}, bias: true, gradients: true, groups: 1, dilations: [1, 2], data_format: NCHW", "conv"),
        (f"{CONV}, special: nan, position: 3, dtype: bfloat16", "conv_transpose"),
        (f"{POOL}, special: nan, position: 3, include_batch_in_index: true, gradients: true", "max_pool_argmax"),
        ("name: a, image: [4], ksize: 2, value: {values: [-0.0, 2, 3, 1], shape: [1, 4, 1]}", "max_pool"),
    ],
)
def test_a_case_survives_strict_json(tmp_path: Path, keys: str, operator: str) -> None:
    """Write special values as words, so that JSON needs no NaN. Literal values have to survive, too."""
    [case] = _cases(tmp_path, keys, operator)
    for made in (to_json(case), question(case)):
        again = from_json(json.loads(json.dumps(made)))
        assert _plain(question(again)) == _plain(question(case))
        for name, array in fill(case).items():
            np.testing.assert_array_equal(fill(again)[name], array, strict=True)
    if all(spec.fill != "literal" for spec in case.inputs.values()):
        assert json.dumps(question(case), allow_nan=False)


def _plain(data: Any) -> str:
    """Return data as text, in which NaN equals NaN."""
    return json.dumps(data, sort_keys=True)


def test_sums_of_literal_real_numbers_may_round_and_integers_stay_exact(tmp_path: Path) -> None:
    def tier(keys: str, operator: str = "conv") -> str:
        [case] = _cases(tmp_path, f"name: a, image: [3], {keys}", operator)
        return case.tier

    conv = "kernel: 1, in_channels: 1, out_channels: 1"
    assert tier(f"{conv}, value: {{values: [0.1, 2, 3]}}") == "bounded"
    assert tier(f"{conv}, value: {{values: [0.5, 2, 3.25]}}") == "exact"  # multiples of a power of two
    assert tier(f"{conv}, value: {{values: [1, 2, 3]}}") == "exact"
    assert tier(f"{conv}, bias: {{values: [0.3]}}") == "bounded"
    assert tier(f"{conv}, filter: {{values: [300.5]}}, dtype: float16") == "bounded"
    assert tier("channels: 1, ksize: 3, value: {values: [1, 2, 4]}", "avg_pool") == "bounded"
    assert tier("channels: 1, ksize: 3, value: {values: [3, 6, 9]}", "avg_pool") == "exact"
    beside_padding = "channels: 1, ksize: 1, padding: [[1, 0]], value: {values: [0.5, 2, 3]}"
    assert tier(beside_padding, "avg_pool") == "exact"  # one window holds padding alone, and has no terms
    assert tier("channels: 1, ksize: 2, value: {values: [0.1, 0.2, 0.3]}", "max_pool") == "exact"  # chosen, not summed


def test_literal_real_numbers_beside_a_special_value_are_refused(tmp_path: Path) -> None:
    keys = "in_channels: 1, value: {values: [.nan, 0.1, " + ", ".join("1" * 23) + "]}"
    assert "these literal numbers round, and beside a special value none may" in _complaint(tmp_path, f"{CONV}, {keys}")


def test_a_cotangent_may_be_literal_or_hold_a_special_value(tmp_path: Path) -> None:
    keys = "name: a, image: [4], channels: 1, ksize: 4, gradients: true"
    [literal] = _cases(tmp_path, f"{keys}, cotangent: {{values: [7]}}", "avg_pool")
    assert (literal.tier, fill(literal)["cotangent"].tolist()) == ("exact", [[[7.0]]])
    [special] = _cases(tmp_path, f"{keys}, cotangent: {{special: nan}}", "avg_pool")
    assert special.tier == "special"
    assert np.isnan(fill(special)["cotangent"]).all()
    thirds = keys.replace("4", "3")
    assert "these sums may round" in _complaint(tmp_path, f"{thirds}, cotangent: {{values: [1]}}", "avg_pool")


def test_a_literal_result_may_hold_nan_and_infinities(tmp_path: Path) -> None:
    keys = "name: a, image: [3], channels: 1, ksize: 1, value: {values: [.nan, -.inf, 2]}"
    [case] = _cases(tmp_path, f"{keys}, expected: {{output: [.nan, -.inf, 2]}}", "max_pool")
    assert case.expected == {"output": ("nan", "-inf", 2)}
    np.testing.assert_array_equal(literal(case)["output"].ravel(), np.array([np.nan, -np.inf, 2], np.float32))
    whole = f"{keys.replace('.nan, -.inf', '1, 3')}, dtype: int32, expected: {{output: [.nan, 3, 2]}}"
    assert "which only a tensor of floats can hold" in _complaint(tmp_path, whole, "max_pool")
