"""A bad entry of a case file is a fault of that entry alone: every other entry still gives its cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from cases.loading.load import CLAIMS, Loaded, load, load_each
from cases.loading.yaml_document import CaseFileError

HEAD = """\
operator: conv_transpose
about: a file that a test wrote
source: https://example.org
cases:
"""
GOOD = "{name: good, image: [5, 5], kernel: 3}"
MIXED = f"""{HEAD}\
  - {{name: first, image: [5, 5], kernel: 3}}
  - {{name: unknown-key, image: 5, kernal: 3}}
  - {{name: too-small, image: [2, 5], kernel: 3}}
  - {{name: first, image: [7, 7], kernel: 3}}
  - 7
  - name: grid
    kernel: 3
    grid:
      image: [[5, 5], [2, 5], [6, 6], 9]
      strides: [1, 2]
  - {{image: [5, 5], kernel: 3}}
  - {{name: last, image: [5, 5], kernel: 3}}
"""


def _load(folder: Path, text: str) -> Loaded:
    path = folder / "mixed.yaml"
    path.write_text(text, encoding="utf-8")
    return load_each(path)


def _names(loaded: Loaded) -> list[str]:
    return [case.name for case in loaded.cases]


def _faults(folder: Path, loaded: Loaded) -> list[str]:
    return [fault.removeprefix(str(folder / "mixed.yaml")) for fault in loaded.faults]


def test_the_good_cases_stay_in_file_order(tmp_path: Path) -> None:
    assert _names(_load(tmp_path, MIXED)) == [
        "first",
        "grid-i5x5-s1",
        "grid-i5x5-s2",
        "grid-i6x6-s1",
        "grid-i6x6-s2",
        "last",
    ]


def test_every_fault_is_one_line_in_the_order_of_the_entries(tmp_path: Path) -> None:
    no_window = "impossible (size): axis 0: no window of 3 fits on 2; mend it, or mark the case invalid"
    assert _faults(tmp_path, _load(tmp_path, MIXED)) == [
        ":6:25: image: input should be a valid list",
        ":6:35: 'kernal' is not a key of this place; did you mean 'kernel'?",
        f":7:23: too-small: {no_window}",
        ":8:6: an earlier case has the id mixed.yaml::first; choose another name",
        ":9:5: this entry: input should be a valid dictionary or instance of ConvTransposeEntry",
        f":13:23: grid-i2x5-s1 and 1 more: {no_window}",
        ":13:39: image: input should be a valid list",
        ":15:5: an entry without a grid needs a name",
    ]


def test_the_first_of_several_cases_with_one_id_stays(tmp_path: Path) -> None:
    loaded = _load(tmp_path, MIXED)
    assert loaded.cases[0].output_shape == (1, 5, 5, 3)


def test_load_is_strict_and_tells_all_faults(tmp_path: Path) -> None:
    loaded = _load(tmp_path, MIXED)
    with pytest.raises(CaseFileError) as caught:
        load(tmp_path / "mixed.yaml")
    assert str(caught.value).split("\n") == list(loaded.faults)


def test_a_good_file_has_no_faults(tmp_path: Path) -> None:
    loaded = _load(tmp_path, f"{HEAD}  - {GOOD}\n")
    assert loaded.faults == ()
    assert list(loaded.cases) == load(tmp_path / "mixed.yaml")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("a: [1\n", id="not YAML"),
        pytest.param("- 1\n", id="no mapping"),
        pytest.param(f"{HEAD}  - {GOOD}\n".replace("about", "abut"), id="misspelt key"),
        pytest.param(f"{HEAD}  - {GOOD}\n".replace("https", "ftp"), id="wrong source"),
        pytest.param(f"{HEAD}  - {GOOD}\n".replace("conv_transpose", "deconv"), id="unknown operator"),
        pytest.param(HEAD.replace("cases:", "cases: []"), id="no entries"),
        pytest.param(HEAD.replace("cases:", "cases: {good: 1}"), id="entries are no list"),
        pytest.param(f"{HEAD}  - 7\n  - 8\n", id="no good entry"),
    ],
)
def test_a_fault_of_the_whole_file_leaves_no_cases(tmp_path: Path, text: str) -> None:
    loaded = _load(tmp_path, text)
    assert loaded.cases == ()
    assert loaded.faults
    assert all(fault.startswith(f"{tmp_path / 'mixed.yaml'}:") for fault in loaded.faults)


@pytest.mark.parametrize("name", ["absent.yaml", CLAIMS])
def test_a_file_that_holds_no_cases(tmp_path: Path, name: str) -> None:
    loaded = load_each(tmp_path / name)
    assert loaded.cases == ()
    assert len(loaded.faults) == 1


def test_a_wrong_head_is_told_beside_the_wrong_entries(tmp_path: Path) -> None:
    text = f"{HEAD}  - {GOOD}\n  - {{name: b, bach: 2}}\n".replace("https", "ftp")
    assert [fault.split(": ")[0] for fault in _faults(tmp_path, _load(tmp_path, text))] == [":3:1", ":6:15"]


def test_one_value_twice_in_a_grid(tmp_path: Path) -> None:
    loaded = _load(tmp_path, f"{HEAD}  - {{image: [5, 5], kernel: 3, grid: {{strides: [1, 2, 1]}}}}\n")
    assert _names(loaded) == ["s1", "s2"]
    assert _faults(tmp_path, loaded) == [
        ":5:5: an earlier case has the id mixed.yaml::s1; choose another name or other values"
    ]


def test_what_is_wrong_with_all_of_a_grid_is_told_once(tmp_path: Path) -> None:
    loaded = _load(tmp_path, f"{HEAD}  - {{image: [5, 5], grid: {{strides: [1, 2, 3], batch: [1, 2]}}}}\n  - {GOOD}\n")
    assert _names(loaded) == ["good"]
    assert _faults(tmp_path, loaded) == [
        ":5:5: s1-n1 and 5 more: kernel is missing: the window's spatial size, e.g. 3 or [3, 5]"
    ]


def test_a_filter_without_meaning_is_told_once(tmp_path: Path) -> None:
    entry = "{image: [5, 5], kernel: 3, grid: {strides: [1, 2, 3]}, where: kernal > 1}"
    loaded = _load(tmp_path, f"{HEAD}  - {entry}\n  - {GOOD}\n")
    assert _names(loaded) == ["good"]
    assert _faults(tmp_path, loaded) == [":5:60: where: 'kernal' is undefined"]


def test_a_bad_pipeline_leaves_the_good_one(tmp_path: Path) -> None:
    entry = (
        "  - {name: NAME, image: [8, 8], kernel: 3,\n"
        "     steps: [{name: one, operator: conv}, {name: two, operator: conv_transpose, reverses: one}]}\n"
    )
    odd = entry.replace("NAME", "odd").replace("conv_transpose", "deconv")
    lost = entry.replace("NAME", "lost").replace("reverses: one", "reverses: none")
    head = HEAD.replace("conv_transpose", "pipeline")
    loaded = _load(tmp_path, head + odd + entry.replace("NAME", "good") + lost)
    assert _names(loaded) == ["good"]
    first, second = _faults(tmp_path, loaded)
    assert first.startswith(":6:55: no operator is called 'deconv'")
    assert second.startswith(":10:81: lost: step two: no step 'none' before this one is a conv")
