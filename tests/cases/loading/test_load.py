"""Every mistake in a case file is one line: file:line:column, what is wrong, what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases.loading.load import file_id, find, load
from cases.loading.yaml_document import CaseFileError

HEAD = """\
operator: conv_transpose
about: a file that a test wrote
source: https://example.org
cases:
"""
GOOD = f"""{HEAD}\
  - name: plain
    image: [5, 5]
    kernel: 3
  - grid:
      padding: [SAME, VALID]
      image: [[5, 6], [6, 7]]
      strides: [1, 2]
    kernel: 3
    where: padding == "SAME" or image[0] > 5
"""
CONV_TRANSPOSE_KEYS = "name: a, image: [5, 5], kernel: 3"
MAX_UNPOOL_KEYS = "name: a, image: [4, 4], channels: 1, ksize: 2, strides: 2"


def _write(folder: Path, text: str) -> Path:
    path = folder / "faulty.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _complaints(folder: Path, text: str) -> list[str]:
    """Return the faults of a text as load tells them, without the path."""
    path = _write(folder, text)
    with pytest.raises(CaseFileError) as caught:
        load(path)
    return [line.removeprefix(str(path)) for line in str(caught.value).split("\n")]


def _entry(keys: str, operator: str = "conv_transpose") -> str:
    return HEAD.replace("conv_transpose", operator) + f"  - {{{keys}}}\n"


def test_a_good_file_loads(tmp_path: Path) -> None:
    assert [case.id for case in load(_write(tmp_path, GOOD))] == [
        "faulty.yaml::plain",
        "faulty.yaml::same-i5x6-s1",
        "faulty.yaml::same-i5x6-s2",
        "faulty.yaml::same-i6x7-s1",
        "faulty.yaml::same-i6x7-s2",
        "faulty.yaml::valid-i6x7-s1",
        "faulty.yaml::valid-i6x7-s2",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", ":1:1: the file is empty; a case file has the keys operator, about, source and cases", id="0"),
        pytest.param("a: [1\nb: 2\n", ":2:2: not YAML: did not find expected ',' or ']'", id="bracket"),
        pytest.param("a: 1\na: 2\n", ":2:1: the key 'a' is here twice; keep one", id="twice"),
        pytest.param("a: {b: 1, c: 2, b: 3}\n", ":1:17: the key 'b' is here twice; keep one", id="twice-inside"),
        pytest.param("- x: {y: 1}\n  x: 2\n", ":2:3: the key 'x' is here twice; keep one", id="twice-in-list"),
        pytest.param("? [a]\n: b\n", ":1:3: a key is one word, not a list or a mapping", id="list-as-key"),
        pytest.param(
            "&a [*a]\n",
            ":1:1: nested too deeply or without end; no alias may stand for a part of the file that contains it",
            id="endless",
        ),
        pytest.param(
            "a:\n  b: 2001-13-45\n",
            ":2:6: '2001-13-45' is not a valid value: month must be in 1..12",
            id="no-date",
        ),
        pytest.param("a: !!bool maybe\n", ":1:4: 'maybe' is not a valid value: 'maybe'", id="no-bool"),
    ],
)
def test_what_is_no_yaml(tmp_path: Path, text: str, expected: str) -> None:
    assert _complaints(tmp_path, text) == [expected]


def test_a_control_character(tmp_path: Path) -> None:
    [line] = _complaints(tmp_path, "a: \0")
    assert line.startswith(": not YAML: ")


def test_what_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(CaseFileError, match="cannot be read as UTF-8 text"):
        load(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CaseFileError, match=r"absent\.yaml: cannot be read as UTF-8 text: .*No such file"):
        load(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            HEAD + "  - {name: a, image: [5, 5], kernal: 3}\n",
            ":5:30: 'kernal' is not a key of this place; did you mean 'kernel'?",
        ),
        (HEAD + "  - {name: a, image: [5, 5], zzz: 3}\n", ":5:30: 'zzz' is not a key of this place"),
        (
            "abut: x\n" + HEAD + f"  - {{{CONV_TRANSPOSE_KEYS}}}\n",
            ":1:1: 'abut' is not a key of this place; did you me",
        ),
        (
            "operator: conv\nabout: a file without a source\ncases: [{name: a}]\n",
            ":1:1: the file lacks the key 'source",
        ),
        (
            HEAD.replace("conv_transpose", "deconv") + "  - name: a\n",
            ":1:1: no operator is called 'deconv'; did you mean 'conv'?",
        ),
        ("about: no operator is named\n", ":1:1: the file lacks the key 'operator'"),
        (HEAD + "  - {name: a, image: [5, 5], kernel: three}\n", ":5:30: kernel: input should be a valid integer or "),
        (HEAD + "  - {name: a, image: 5, kernel: 3}\n", ":5:15: image: input should be a valid list"),
        (HEAD + "  - {name: a, image: [5, 5.5], kernel: 3}\n", ":5:26: "),
        (HEAD + "  - {name: Upper, image: [5, 5], kernel: 3}\n", ":5:6: name: string should match pattern"),
        (
            HEAD + f"  - {{{CONV_TRANSPOSE_KEYS}, dtype: int4}}\n",
            ":5:41: dtype: input should be 'float64', 'float32', 'float16', 'bfloat16', 'int8', 'uint8', 'int16', ",
        ),
        (HEAD.replace("https:", "ftp:") + f"  - {{{CONV_TRANSPOSE_KEYS}}}\n", ":3:1: source: string should match"),
        (HEAD.replace("cases:", "cases: []"), ":4:1: cases: list should have at least 1 item"),
        (HEAD.replace("cases:", "cases: 3"), ":4:1: cases: input should be a valid list"),
        (HEAD + "  - 7\n", ":5:5: this entry: input should be a valid dictionary"),
    ],
)
def test_what_the_schema_refuses(tmp_path: Path, text: str, expected: str) -> None:
    [line] = _complaints(tmp_path, text)
    assert line.startswith(expected)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("image: [5, 5], kernel: 3", ":5:5: an entry without a grid needs a name"),
        ("name: a, image: [5, 5]", ":5:5: a: kernel is missing: the window's spatial size, e.g. 3 or [3, 5]"),
        ("name: a, kernel: 3", ":5:5: a: image is missing: the spatial size of the image, e.g. [5, 6]"),
        ("name: a, kernel: 3, grid: {}", ":5:26: the grid is empty; give it a field with values or remove it"),
        ("kernel: 3, grid: {image: []}", ":5:24: the grid's image is empty; give it a value or remove it"),
        ("grid: {kernal: [3]}", ":5:13: 'kernal' is not a field that a grid can vary; did you mean 'kernel'?"),
        ("grid: {about: [a]}", ":5:13: 'about' is not a field that a grid can vary"),
        ("grid: {value: [{fill: ones}]}", ":5:13: 'value' is not a field that a grid can vary"),
        (
            "grid: {bias: [{fill: ones}, true]}",
            ":5:13: a value of the grid becomes a part of the id, so bias can't be a tensor; write a separate entry",
        ),
        ("kernel: 3, grid: {image: [[5, 5], 7]}", ":5:40: image: input should be a valid list"),
        (
            "kernel: 3, grid: {image: [[5, 5]]}, where: 'image[0] > 9'",
            ":5:42: where: 'image[0] > 9' keeps none of the grid's combinations",
        ),
        ("kernel: 3, grid: {image: [[5, 5]]}, where: imaeg", ":5:42: where: 'imaeg' is undefined"),
        ("kernel: 3, grid: {image: [[5, 5]]}, where: 3 +", ":5:42: where: "),
        (f"{CONV_TRANSPOSE_KEYS}, combine: pairs", ":5:41: combine needs a grid, and this entry has none; remove it"),
        (f"{CONV_TRANSPOSE_KEYS}, where: kernel > 1", ":5:41: where needs a grid, and this entry has none; remove it"),
        (
            "name: a, image: [2, 5], kernel: 3",
            ":5:15: a: impossible (size): axis 0: no window of 3 fits on 2; correct it, or mark the case invalid",
        ),
        (
            f"{CONV_TRANSPOSE_KEYS}, padding: FULL, value: {{shape: [1, 3, 3, 2]}}",
            ":5:41: a: impossible (padding): padding is 'FULL', neither SAME nor VALID; correct it, or mark the case",
        ),
        (
            f"{CONV_TRANSPOSE_KEYS}, invalid: {{rule: size, reason: it breaks no rule}}",
            ":5:41: a: marked invalid, but the definition allows this call; break a rule, or remove the mark",
        ),
        (
            "name: a, image: [2, 5], kernel: 3, invalid: {rule: shape, reason: another rule}",
            ":5:41: a: breaks the rule 'size' (axis 0: no window of 3 fits on 2), not 'shape'",
        ),
        (
            f"{CONV_TRANSPOSE_KEYS}, invalid: {{rule: size, reason: long enough}}, behaviour: long enough too",
            ":5:85: a: a case is invalid or a behaviour, not both; remove one of the two",
        ),
        (
            f"{CONV_TRANSPOSE_KEYS}, value: {{values: [1, 2]}}",
            ":5:41: a: value has 2 literal elements, the shape (1, 3, 3, 2) holds 18",
        ),
        (f"{CONV_TRANSPOSE_KEYS}, filter: {{values: [[x]]}}", ":5:41: a: filter holds 'x', which is not a number"),
        (f"{CONV_TRANSPOSE_KEYS}, data: literal", ":5:5: a: no rule fills value with 'literal'; there are: integers, "),
        (f"{CONV_TRANSPOSE_KEYS}, data: indices", ":5:5: a: no rule fills value with 'indices'; there are: integers, "),
        (f"{CONV_TRANSPOSE_KEYS}, expected: {{outputs: [1]}}", ":5:41: a: expected names ['outputs'], not ['output']"),
        (
            f"{CONV_TRANSPOSE_KEYS}, expected: {{output: [1, 2]}}",
            ":5:41: a: expected output has 2 literal elements, the shape (1, 5, 5, 3) holds 75",
        ),
        (
            "name: a, kernel: 3, image: [5, 5], output_padding: 0",
            ":5:41: a: output_padding gives the size of the image: give value: {shape: [...]} and no image",
        ),
        (
            "name: a, kernel: 3, value: {shape: [1, 3, 3, 2]}, padding: SAME, output_padding: 0",
            ":5:71: a: output_padding goes with VALID or explicit padding: SAME depends on image",
        ),
        (
            "name: a, kernel: [3, 3, 3], value: {shape: [1, 3, 3, 2]}, output_padding: 0",
            ":5:64: a: the image's size doesn't follow: give one of each size for each spatial axis, and padding",
        ),
        (
            "name: a, kernel: 3, value: {shape: [1, 3, 3, 2]}, padding: [[1, 1]], output_padding: 0",
            ":5:75: a: the image's size doesn't follow: give one of each size",
        ),
        (
            f"{CONV_TRANSPOSE_KEYS}, strides: 0",
            ":5:5: a: the value's size doesn't follow from these sizes: give value: {shape: [...]}",
        ),
        (
            f"{CONV_TRANSPOSE_KEYS}, padding: [[1, 1], [1]]",
            ":5:41: a: padding needs a [before, after] pair for each spatial axis, e.g. [[1, 1], [0, 2]]",
        ),
        ("name: a, image: [], kernel: 3", ":5:15: a: impossible (rank): value has 0 spatial axes, not one to three"),
        (f"{CONV_TRANSPOSE_KEYS}, batch: -1", ":5:41: a: impossible (size): value (-1, 3, 3, 2) has an entry below 0"),
    ],
)
def test_what_makes_no_case(tmp_path: Path, keys: str, expected: str) -> None:
    [line] = _complaints(tmp_path, _entry(keys))
    assert line.startswith(expected)


@pytest.mark.parametrize(
    ("indices", "expected"),
    [
        ("{values: [.nan, 1, 1, 1]}", ":5:65: a: indices holds nan, which only a tensor of floats can hold"),
        ("{values: [0.5, 2, 8, 9]}", ":5:65: a: an index must be an integer that int64 holds"),
        ("{values: [9223372036854775808, 2, 8, 9]}", ":5:65: a: an index must be an integer that int64 holds"),
        ("{values: [0, 2, 8, 100000000000000000000]}", ":5:65: a: indices holds a number that no dtype holds"),
        ("{fill: integers}", ":5:65: a: no rule fills indices with 'integers'; there are: indices"),
        (
            "{values: [0, 2, 8, 16]}",
            ":5:65: a: impossible (index): index 16 lies outside the image of 4 x 4 x 1; correct it",
        ),
        ("{values: [0, 2]}", ":5:65: a: indices has 2 literal elements, the shape (1, 2, 2, 1) holds 4"),
    ],
)
def test_indices_that_are_none(tmp_path: Path, indices: str, expected: str) -> None:
    [line] = _complaints(tmp_path, _entry(f"{MAX_UNPOOL_KEYS}, indices: {indices}", "max_unpool"))
    assert line.startswith(expected)


def test_a_fault_in_a_grid_names_the_combination(tmp_path: Path) -> None:
    text = HEAD + "  - kernel: 3\n    grid:\n      image: [[5, 5], [2, 5]]\n"
    assert _complaints(tmp_path, text) == [
        ":7:23: i2x5: impossible (size): axis 0: no window of 3 fits on 2; correct it, or mark the case invalid"
    ]


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ("grid: {padding: [VALID, FULL]}, value: {shape: [1, 3, 3, 2]}", ":5:65: a-full: impossible (padding)"),
        ("filter: {shape: [3, 3, 3, 4]}", ":5:41: a: impossible (channels)"),
        ("value: {shape: [1, 3, 3, 4]}", ":5:41: a: impossible (channels)"),
        ("value: {shape: [1, 4, 3, 2]}", ":5:41: a: impossible (shape)"),
        ("output_shape: [2, 5, 5, 3]", ":5:41: a: impossible (shape)"),
        ("groups: 2", ":5:41: a: impossible (channels): output_shape has 3 channels, the result 2 in 2 groups"),
        ("in_channels: 4, groups: 3", ":5:57: a: impossible (groups): 3 groups do not divide the filter's 4 channels"),
        ("strides: [2, 0], value: {shape: [1, 3, 3, 2]}", ":5:41: a: impossible (stride)"),
        ("out_channels: -1, batch: 2", ":5:41: a: impossible (size)"),
    ],
)
def test_a_broken_rule_points_at_the_argument_that_breaks_it(tmp_path: Path, keys: str, place: str) -> None:
    [line] = _complaints(tmp_path, _entry(f"{CONV_TRANSPOSE_KEYS}, {keys}"))
    assert line.startswith(place)


def test_two_cases_of_one_id(tmp_path: Path) -> None:
    text = HEAD + 2 * f"  - {{{CONV_TRANSPOSE_KEYS}}}\n"
    assert _complaints(tmp_path, text) == [":6:6: an earlier case has the id faulty.yaml::a; choose another name"]


def test_several_faults_of_the_schema_are_all_reported(tmp_path: Path) -> None:
    text = HEAD + "  - {name: a, image: 5, kernal: 3}\n  - {name: b, bach: 2}\n"
    lines = _complaints(tmp_path, text)
    assert [line.split(": ")[0] for line in lines] == [":5:15", ":5:25", ":6:15"]
    assert lines[1].endswith("did you mean 'kernel'?")
    assert lines[2].endswith("did you mean 'batch'?")


def test_several_entries_that_make_no_case_are_all_reported(tmp_path: Path) -> None:
    text = HEAD + "  - {name: a, kernel: 3}\n  - {name: b, image: [5, 5]}\n  - {image: [5, 5], kernel: 3}\n"
    assert [line.split(": ")[0] for line in _complaints(tmp_path, text)] == [":5:5", ":6:5", ":7:5"]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mangled_file_loads_or_is_complained_about(tmp_path: Path, data: st.DataObject) -> None:
    """Cut pieces out of a good file and put others in: nothing but CaseFileError is ever raised."""
    text = GOOD
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        stop = min(len(text), start + data.draw(st.integers(0, 6)))
        text = text[:start] + data.draw(st.text("[]{}:,-&*!?|>'\"# \n0159.xe_", max_size=4)) + text[stop:]
    _load_or_complain(_write(tmp_path, text))


WORDS = [
    "0",
    "-1",
    "[]",
    "{}",
    "''",
    "null",
    ".nan",
    "[[0, 1]]",
    "[3]",
    "[1, 2, 3]",
    "SAME",
    "{shape: []}",
    "1e9",
    "ones",
    "nan",
    "true",
    "2",
    "NCHW",
    "bfloat16",
    "uint8",
    "{special: inf, position: 1}",
]
KEYS = ["image", "kernel", "strides", "padding", "batch", "output_padding", "output_shape", "value", "filter", "data"]
KEYS += ["dilations", "groups", "bias", "data_format", "dtype", "special", "position", "gradients"]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.dictionaries(st.sampled_from([*KEYS, "grid", "where", "expected"]), st.sampled_from(WORDS)))
def test_odd_values_load_or_are_complained_about(tmp_path: Path, fields: dict[str, str]) -> None:
    keys = {"name": "a", "image": "[5, 5]", "kernel": "3"} | fields
    _load_or_complain(_write(tmp_path, _entry(", ".join(f"{key}: {word}" for key, word in keys.items()))))


def _load_or_complain(path: Path) -> None:
    try:
        load(path)
    except CaseFileError as error:
        assert all(line.startswith(f"{path}:") for line in str(error).split("\n"))  # noqa: PT017 - either is right


def test_ids_start_at_the_last_folder_named_cases(tmp_path: Path) -> None:
    assert file_id(tmp_path / "cases" / "x" / "cases" / "conv" / "strides.yaml") == "cases/conv/strides.yaml"
    assert file_id(tmp_path / "mine.yaml") == "mine.yaml"


def test_files_are_found_in_order_of_their_names(tmp_path: Path) -> None:
    names = ["b/two.yaml", "a.yaml", "b/one.yaml", "b/notes.txt"]
    (tmp_path / "b").mkdir()
    for name in names:
        (tmp_path / name).touch()
    assert [path.relative_to(tmp_path).as_posix() for path in find(tmp_path)] == ["a.yaml", "b/one.yaml", "b/two.yaml"]
