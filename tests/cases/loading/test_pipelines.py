"""Pipelines: the calls that follow from their steps, and one line for each mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cases.loading.load import load
from cases.loading.yaml_document import CaseFileError
from cases.model.case import Case, from_json, question, to_json

HEAD = "operator: pipeline\nabout: a file that a test wrote\nsource: https://example.org\ncases:\n"
SIZES = "image: [5, 7], kernel: 3, ksize: 2, strides: 2, channels: 2, batch: 3"
CONV = "{operator: conv, name: down}"
POOL = "{operator: max_pool_argmax, name: pooled}"


def _load(folder: Path, keys: str, *steps: str) -> Case:
    path = folder / "made.yaml"
    lines = "\n".join(f"      - {step}" for step in steps)
    path.write_text(f"{HEAD}  - name: a\n    <<: {{{keys}}}\n    steps:\n{lines}\n", encoding="utf-8")
    [case] = load(path)
    return case


def _shapes(case: Case) -> dict[str, tuple[int, ...]]:
    return {name: spec.shape for name, spec in case.inputs.items()}


def test_sizes_go_forward_and_back_again(tmp_path: Path) -> None:
    steps = (CONV, "{operator: relu, name: active}", "{operator: conv_transpose, name: back, reverses: down}")
    case = _load(tmp_path, SIZES, *steps)
    assert case.outputs == ("down", "active", "back")
    assert _shapes(case) == {"image": (3, 5, 7, 2), "down_filter": (3, 3, 2, 3)}
    down, active, back = case.steps
    assert down.takes == {"value": "image", "filter": "down_filter"}
    assert active.takes == {"value": "down"}
    assert active.case.inputs["value"].shape == (3, 2, 3, 3)
    assert back.takes == {"value": "active", "filter": "down_filter"}
    assert (back.case.output_shape, back.case.strides, back.case.padding) == ((3, 5, 7, 2), (2, 2), "VALID")


def test_unpooling_takes_the_indices_and_the_image_of_the_pooling_that_it_reverses(tmp_path: Path) -> None:
    between = "{operator: avg_pool, name: averages, ksize: 1, strides: 1}"
    steps = (POOL, between, "{operator: max_unpool, name: back, reverses: pooled}")
    case = _load(tmp_path, f"{SIZES}, padding: SAME", *steps)
    assert case.outputs == ("pooled", "pooled_indices", "averages", "back")
    back = case.steps[-1]
    assert back.takes == {"value": "averages", "indices": "pooled_indices"}
    assert back.case.inputs["indices"].dtype == "int64"
    assert (back.case.output_shape, back.case.ksize, back.case.padding) == ((3, 5, 7, 2), (2, 2), "SAME")


def test_a_step_may_take_an_earlier_tensor(tmp_path: Path) -> None:
    case = _load(tmp_path, SIZES, CONV, "{operator: max_pool, name: pooled, of: image}")
    assert case.steps[1].takes == {"value": "image"}
    assert case.steps[1].case.inputs["value"].shape == (3, 5, 7, 2)


def test_each_way_back_has_the_filter_and_the_indices_of_its_own_step(tmp_path: Path) -> None:
    """Use filters of one shape, and masks of one shape: only their names differ."""
    steps = (
        "{operator: conv, name: a, out_channels: 2, padding: SAME, strides: 1}",
        "{operator: conv, name: b, out_channels: 2, padding: SAME, strides: 1}",
        "{operator: max_pool_argmax, name: p, ksize: 1, strides: 1}",
        "{operator: conv, name: c, out_channels: 2, padding: SAME, strides: 1}",
        "{operator: max_pool_argmax, name: q, ksize: 1, strides: 1}",
        "{operator: max_unpool, name: back_q, reverses: q}",
        "{operator: conv_transpose, name: back_c, reverses: c}",
        "{operator: max_unpool, name: back_p, reverses: p}",
        "{operator: conv_transpose, name: back_b, reverses: b}",
        "{operator: conv_transpose, name: back_a, reverses: a}",
    )
    takes = {step.name: step.takes for step in _load(tmp_path, SIZES, *steps).steps}
    assert takes["back_q"] == {"value": "q", "indices": "q_indices"}
    assert takes["back_c"] == {"value": "back_q", "filter": "c_filter"}
    assert takes["back_p"] == {"value": "back_c", "indices": "p_indices"}
    assert takes["back_b"] == {"value": "back_p", "filter": "b_filter"}
    assert takes["back_a"] == {"value": "back_b", "filter": "a_filter"}


def test_a_way_back_has_the_dilations_the_groups_and_a_bias_for_the_image_s_channels(tmp_path: Path) -> None:
    there = "{operator: conv, name: down, dilations: 2, strides: 1, padding: SAME, groups: 2, out_channels: 6}"
    case = _load(tmp_path, SIZES, there, "{operator: conv_transpose, name: back, reverses: down, bias: true}")
    back = case.steps[1].case
    assert (back.dilations, back.groups, back.padding, back.output_shape) == ((2, 2), 2, "SAME", (3, 5, 7, 2))
    assert case.steps[1].takes["bias"] == "back_bias"
    assert _shapes(case)["back_bias"] == (2,)


def test_like_is_a_size_that_follows_from_nothing_else(tmp_path: Path) -> None:
    """Return to 6 rows: a stride of 2 makes 2 of both 5 and 6 rows. Without ``like`` the result has 5."""
    own = "{{operator: conv_transpose, name: up, out_channels: 1{}}}"
    sizes = SIZES.replace("[5, 7]", "[6, 8]")
    assert _load(tmp_path, sizes, CONV, own.format(", like: image")).steps[1].case.output_shape == (3, 6, 8, 1)
    assert _load(tmp_path, sizes, CONV, own.format("")).steps[1].case.output_shape == (3, 5, 7, 1)


@pytest.mark.parametrize(
    ("more", "image"),
    [
        ("like: image", (5, 7)),
        ("padding: SAME", (4, 6)),
        ("padding: VALID", (5, 7)),
        ("padding: VALID, dilations: 2, strides: 1", (6, 7)),
        ("padding: [[1, 0], [1, 1]]", (4, 5)),
    ],
)
def test_a_filter_of_its_own_makes_the_size_that_it_is_told_or_that_follows(
    tmp_path: Path, more: str, image: tuple[int, ...]
) -> None:
    own = f"{{operator: conv_transpose, name: up, out_channels: 4, bias: true, {more}}}"
    case = _load(tmp_path, f"{SIZES}, width: 2", CONV, own)
    assert case.steps[1].case.output_shape == (3, *image, 8)
    assert _shapes(case)["up_filter"] == (3, 3, 8, 6)
    assert _shapes(case)["up_bias"] == (8,)


def test_a_step_s_own_word_goes_before_the_entry_s(tmp_path: Path) -> None:
    own = "{operator: conv, name: down, kernel: [1, 2], strides: 1, padding: SAME, groups: 2, out_channels: 4}"
    [step] = _load(tmp_path, SIZES, own).steps
    assert (step.case.strides, step.case.padding, step.case.groups) == ((1, 1), "SAME", 2)
    assert step.case.inputs["filter"].shape == (1, 2, 1, 4)


@pytest.mark.parametrize(
    ("data", "whole", "steps"),
    [
        ("data: small", "exact", ("exact", "exact")),
        ("data: normal, filters: he", "bounded", ("bounded", "exact")),
        ("data: small, special: nan, position: 1", "special", ("special", "special")),
    ],
)
def test_what_only_chooses_is_exact_in_a_pipeline_that_rounds(
    tmp_path: Path, data: str, whole: str, steps: tuple[str, ...]
) -> None:
    case = _load(tmp_path, f"{SIZES}, {data}", CONV, "{operator: relu, name: active}")
    assert case.tier == whole
    assert tuple(step.case.tier for step in case.steps) == steps


def test_a_pipeline_survives_json_and_a_worker_is_not_told_what_is_expected(tmp_path: Path) -> None:
    case = _load(tmp_path, f"{SIZES}, slow: true", CONV, "{operator: conv_transpose, name: back, reverses: down}")
    assert case.slow
    assert from_json(json.loads(json.dumps(to_json(case)))) == case
    asked = from_json(json.loads(json.dumps(question(case))))
    assert [step.case for step in asked.steps] == [step.case for step in case.steps]
    assert "about" not in question(case)
    assert "about" not in question(case)["steps"][0]["case"]


@pytest.mark.parametrize(
    ("keys", "steps", "expected"),
    [
        (SIZES, ("{operator: relu, name: image}",), ":8:26: a: step image: there is a tensor 'image' already; choose "),
        (SIZES, (CONV, CONV), ":9:26: a: step down: there is a tensor 'down' already; choose another name"),
        (
            SIZES,
            ("{operator: relu, name: pooled_indices}", POOL),
            ":9:37: a: step pooled: there is a tensor 'pooled_indices' already; choose another name",
        ),
        (
            SIZES,
            ("{operator: relu, name: down_filter}", CONV),
            ":9:26: a: step down: there is a tensor 'down_filter' already; choose another name",
        ),
        (
            SIZES,
            (POOL, "{operator: relu, name: active, of: pooled_indices}"),
            ":9:40: a: step active: pooled_indices are indices: only a max_unpool that reverses their step takes them",
        ),
        (
            SIZES,
            ("{operator: relu, name: native_x}",),
            ":8:26: a: step native_x: a tensor output_... or native_... is not compared",
        ),
        (
            SIZES,
            ("{operator: relu, name: active, of: nothing}",),
            ":8:40: a: step active: there is no tensor 'nothing' before this step; there are: image",
        ),
        (
            SIZES,
            (CONV, "{operator: max_unpool, name: back, reverses: down}"),
            ":9:44: a: step back: no step 'down' before this one is a max_pool_argmax; there are: none",
        ),
        (
            SIZES,
            (CONV, "{operator: conv_transpose, name: back, reverses: down, strides: 1}"),
            ":9:64: a: step back: strides comes from the step 'down', which this step reverses; remove it",
        ),
        (
            SIZES,
            (POOL, POOL.replace("pooled", "again"), "{operator: max_unpool, name: back, reverses: pooled}"),
            ":10:9: a: step back: impossible (shape): indices are (3, 2, 3, 2), the value (3, 1, 1, 2)",
        ),
        (
            "image: [5, 7]",
            (CONV,),
            ":8:9: a: step down: kernel is missing: the window's spatial size, e.g. 3 or [3, 5]",
        ),
        ("kernel: 3", (CONV,), ":5:5: a: image is missing: the spatial size of the image, e.g. [8, 9]"),
        (
            f"{SIZES}, data: wrong",
            ("{operator: relu, name: active}",),
            ":5:5: a: no rule fills value with 'wrong'; there are: integers, ",
        ),
        (
            f"{SIZES}, value: {{shape: [1, 5, 7, 2]}}",
            (CONV,),
            ":6:81: a: the shape of the value follows from batch, image and channels; remove it",
        ),
        (
            f"{SIZES}, padding: FULL",
            ("{operator: conv_transpose, name: up}",),
            ":6:81: a: step up: the image's size doesn't follow: padding is 'FULL', neither SAME nor VALID",
        ),
        (SIZES, ("{operator: deconv, name: back}",), ":8:10: no operator is called 'deconv'; did you mean 'conv'?"),
        (
            SIZES,
            ("{operator: fold, name: back}",),
            ":8:10: no operator is called 'fold'; there are: relu, conv, conv_t",
        ),
        (SIZES, ("{name: back}",), ":8:9: this entry lacks the key 'operator'"),
        (SIZES, ("{operator: relu, name: Active}",), ":8:26: name: string should match pattern"),
        (SIZES, ("{operator: relu, name: active, kernel: 3}",), ":8:40: 'kernel' is not a key of this place"),
    ],
)
def test_a_mistake_gets_one_line_that_says_where(
    tmp_path: Path, keys: str, steps: tuple[str, ...], expected: str
) -> None:
    with pytest.raises(CaseFileError) as caught:
        _load(tmp_path, keys, *steps)
    [line] = str(caught.value).split("\n")
    assert line.removeprefix(str(tmp_path / "made.yaml")).startswith(expected)


def test_a_grid_varies_what_all_steps_share(tmp_path: Path) -> None:
    path = tmp_path / "made.yaml"
    path.write_text(
        f"{HEAD}  - grid: {{padding: [SAME, VALID], image: [[5, 6]], width: [1, 2]}}\n    kernel: 3\n    steps:\n"
        f"      - {CONV}\n",
        encoding="utf-8",
    )
    cases = load(path)
    assert [case.name for case in cases] == [
        "same-i5x6-w1",
        "same-i5x6-w2",
        "valid-i5x6-w1",
        "valid-i5x6-w2",
    ]
    assert [case.steps[0].case.inputs["filter"].shape[-1] for case in cases] == [3, 6, 3, 6]


def test_the_way_back_of_a_further_window_is_padded_by_what_it_reached_beyond(tmp_path: Path) -> None:
    pool = "{operator: max_pool_argmax, name: pooled, ceil_mode: drop}"
    case = _load(tmp_path, SIZES, pool, "{operator: max_unpool, name: back, reverses: pooled}")
    assert (case.steps[0].case.ceil_mode, case.steps[1].case.ceil_mode) == ("drop", None)
    assert case.steps[1].case.padding == ((0, 1), (0, 1))
    with pytest.raises(CaseFileError, match="step pooled: max_pool divides by nothing; remove divisor"):
        _load(tmp_path, SIZES, "{operator: max_pool, name: pooled, divisor: padded}")
