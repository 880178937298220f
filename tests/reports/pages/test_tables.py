"""Every table says what the run says, and nothing of the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.outcome import Fault, Outcome, Raised, Returned, Unsupported
from reports.judging.behaviours import Accepted
from reports.judging.judge import begin
from reports.pages import markdown, render, tables
from reports.pages.rounding import rounding
from reports.recording import record as recording
from reports.recording.run import Run, read
from reports.recording.targets import ORACLE
from tests.reports.making import JAX, TORCH, Answer, fact, make, oracle, record, result, right

ONE, TWO, THREE, FOUR = (
    make("conv_transpose", name=name, in_channels=3, kernel=[rows, 3])
    for name, rows in (("one", 3), ("two", 4), ("three", 3), ("four", 5))
)
POOL = make("max_pool")
REFUSAL = {"rule": "stride", "reason": "a stride of 0 | none"}
INVALID = make("conv_transpose", name="bad", strides=0, value={"shape": [1, 2, 2, 2]}, invalid=REFUSAL)
WRONG = make("conv_transpose", name="worse", strides=0, value={"shape": [1, 2, 2, 2]}, invalid=REFUSAL)
RAISED = Raised(type="ValueError", message="not at 0xDEADbeef in /home/me/lib/x.py:3 | a\nb", stage="calling")


def _returned(case: object, change: float = 0) -> Returned:
    arrays = right(case)  # type: ignore[arg-type]
    return Returned(arrays={"output": arrays["output"] + np.float32(change)})


@pytest.fixture
def run(tmp_path: Path) -> Run:
    cases = (ONE, TWO, THREE, FOUR, POOL)
    torch: list[Outcome] = [_returned(ONE), _returned(TWO, 1), Unsupported(reason="none"), RAISED, _returned(POOL)]
    jax: list[Outcome] = [_returned(ONE, 2), _returned(TWO, 1), _returned(THREE), _returned(FOUR), _returned(POOL)]
    answers: list[Answer] = [oracle(case) for case in cases]
    for target, outcomes in ((TORCH, torch), (JAX, jax)):
        answers += [(case, target, outcome) for case, outcome in zip(cases, outcomes, strict=True)]
    return record(tmp_path, [*answers, (INVALID, TORCH, RAISED), (INVALID, JAX, _returned(ONE))])


def test_conformance_counts_valid_cases_and_unsupported_is_not_passed(run: Run) -> None:
    table = tables.conformance(tables.results(run), [JAX, TORCH])
    assert table.to_dict() == {
        JAX: {"conv_transpose": "2 of 4, 2 differing", "max_pool": "all 1"},
        TORCH: {"conv_transpose": "1 of 4, 1 differing, 1 raised, 1 unsupported", "max_pool": "all 1"},
    }


def test_an_operator_that_a_target_was_not_asked_says_so(tmp_path: Path) -> None:
    run = record(tmp_path, [oracle(ONE), (ONE, TORCH, _returned(ONE)), oracle(POOL), (POOL, JAX, _returned(POOL))])
    table = tables.conformance(tables.results(run), [JAX, TORCH])
    assert table[TORCH].to_list() == ["all 1", "not asked"]


def test_topics_are_counted_an_operator_at_a_time(run: Run) -> None:
    (first, transposed), (second, pooled) = tables.topics(tables.results(run), [TORCH])
    assert (first, second) == ("conv_transpose", "max_pool")
    assert transposed.to_dict() == {TORCH: {"conv_transpose": "1 of 4, 1 differing, 1 raised, 1 unsupported"}}
    assert pooled.to_dict() == {TORCH: {"max_pool": "all 1"}}


def test_agreement_groups_the_targets_that_returned_the_same_bits(run: Run) -> None:
    table = tables.agreement(run, tables.targets_of(run))
    assert set(table.itertuples(index=False, name=None)) == {
        ("conv_transpose", f"{{{JAX}}} {{{TORCH}, {ORACLE}}}", 1),
        ("conv_transpose", f"{{{JAX}, {TORCH}}} {{{ORACLE}}}", 1),
        ("conv_transpose", f"{{{JAX}, {ORACLE}}} {{{TORCH}}}", 2),
        ("max_pool", f"{{{JAX}, {TORCH}, {ORACLE}}}", 1),
    }


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"sampled": True, "one_in": 8}, f"{{{JAX}, {TORCH}, {ORACLE}}} | 1 "),  # the case that both were asked
        (
            {"operators": ["max_pool"]},
            f"{{{TORCH}, {ORACLE}}} | 2 ",
        ),  # it could not be asked: it is left out, no case is
    ],
)
def test_agreement_is_about_what_all_its_targets_were_asked(
    tmp_path: Path, limits: dict[str, Any], expected: str
) -> None:
    answers = [(case, TORCH, _returned(case)) for case in (ONE, FOUR)]
    run = record(tmp_path, [oracle(ONE), oracle(FOUR), *answers, (ONE, JAX, _returned(ONE))])
    run.header["targets"][JAX] |= limits
    assert expected in " ".join(render.published(run, Accepted())["agreement.md"].split())


def _by_processor() -> Accepted:
    """Torch refuses a kernel of 5 rows where the processor lacks something."""
    where, text = "not avx512 and kernel | max == 5", "Some processors lack an instruction."
    return Accepted(facts={"torch": [fact(fact=text, where=where, raises="ValueError: not at")]})


def test_pages_are_the_same_whether_or_not_the_processor_shows_a_difference(tmp_path: Path) -> None:
    """One machine refuses the fourth case, the other answers it: both tables say that the processor decides."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    runs = [
        record(tmp_path / name, [oracle(ONE), oracle(FOUR), (ONE, TORCH, _returned(ONE)), (FOUR, TORCH, outcome)])
        for name, outcome in (("a", RAISED), ("b", _returned(FOUR)))
    ]
    runs[1].header["targets"][TORCH]["processor"] = "X86_V3 X86_V4"
    accepted = _by_processor()
    one, other = (render.published(run, accepted) for run in runs)
    assert one == other
    assert "1 of 2, 1 by processor" in one["conformance.md"]
    assert "- torch-*: Some processors lack an instruction. (" in one["differences.md"]
    assert f"{{{TORCH}, {ORACLE}}} | 1 " in " ".join(one["agreement.md"].split())


def test_pages_are_the_same_whatever_unwritten_memory_holds(tmp_path: Path) -> None:
    """Memory that nobody wrote may hold the right answer, by chance, or any other."""
    reads = fact(fact="It reads on.", where="kernel | max == 5", depends_on="memory", output="output", varies=True)
    accepted = Accepted(facts={"torch": [reads]})
    pages = []
    for change in (0, 1, 5):
        answers = [oracle(ONE), oracle(FOUR), (ONE, TORCH, _returned(ONE)), (FOUR, TORCH, _returned(FOUR, change))]
        (tmp_path / str(change)).mkdir()
        pages.append(render.published(record(tmp_path / str(change), answers), accepted))
    assert pages[0] == pages[1] == pages[2]
    assert "1 of 2, 1 varying" in pages[0]["conformance.md"]
    assert "- torch-*: It reads on. (" in pages[0]["differences.md"]


def test_what_is_no_such_difference_is_not_hidden_behind_the_processor(tmp_path: Path) -> None:
    run = record(tmp_path, [oracle(FOUR), (FOUR, TORCH, _returned(FOUR, 1))])
    begin(run, _by_processor())
    [row] = tables.results(run).to_dict("records")
    assert (row["status"], row["known"]) == ("differing", "")


def test_the_targets_are_in_order_and_the_oracle_is_last(run: Run) -> None:
    assert tables.targets_of(run) == [JAX, TORCH, ORACLE]


def test_a_known_difference_is_named_in_its_version_only(run: Run) -> None:
    run.header["strict_versions"] = True
    for versions, expected in (("==2.13.0", "it is known to differ"), (">=3", "")):
        accepted = Accepted(facts={"torch": [fact(where="kernel | max == 4", versions=versions)]})
        begin(run, accepted)
        frame = tables.results(run).set_index(["case", "target"])
        assert frame.loc[(TWO.id, TORCH), "known"] == expected
        assert frame.loc[(TWO.id, JAX), "known"] == ""


def test_a_call_is_one_line() -> None:
    assert recording.call_line("import x\nresult = x.f(1)\noutputs = {}\n") == "x.f(1)"
    assert recording.call_line("  no such line ") == "no such line"


def test_rounding_is_shown_for_bounded_cases_alone(run: Run, tmp_path: Path) -> None:
    assert rounding(tables.results(run)).empty
    case = make("conv_transpose", data="normal")
    bounded = record(tmp_path / "bounded", [oracle(case), (case, TORCH, _returned(case))])
    (row,) = rounding(tables.results(bounded)).to_dict("records")
    assert (row["operator"], row["target"], row["cases"]) == ("conv_transpose", TORCH, 1)
    assert 0 < row["of the bound"] < 1
    assert 0 < row["ulps"] <= 0.5
    assert row["accumulates"] == "float32, or wider"
    assert TORCH in render.pages(bounded, Accepted())["rounding.md"]


@pytest.mark.parametrize(("off", "says"), [(0, "float32, or wider"), (0.004, "narrower than float32")])
def test_a_narrow_sum_tells_what_accumulated_it(tmp_path: Path, off: float, says: str) -> None:
    case = make("conv_transpose", data="normal", dtype="float16", in_channels=3)
    arrays = right(case)
    output = (arrays["output_float64"] * (1 + off)).astype(np.float16)
    run = record(tmp_path, [oracle(case), (case, TORCH, Returned(arrays={"output": output}))])
    (row,) = rounding(tables.results(run)).to_dict("records")
    assert row["accumulates"].startswith(says)


def test_no_page_has_a_time_or_a_path_or_an_address(run: Run, tmp_path: Path) -> None:
    for name, text in render.published(run, Accepted()).items():
        assert str(tmp_path) not in text, name
        assert "/home/me" not in text, name
        assert "DEADbeef" not in text, name
        assert "0.25" not in text, name


def test_a_page_is_a_function_of_the_run(run: Run) -> None:
    assert render.pages(run, Accepted()) == render.pages(run, Accepted())
    assert all(text.endswith("\n") and not text.endswith("\n\n") for text in render.published(run, Accepted()).values())


def test_a_long_cell_is_cut() -> None:
    assert markdown.cell("x" * 400) == "x" * 157 + "..."


def test_the_pages_name_what_did_not_run_and_what_is_new(run: Run) -> None:
    pages = render.pages(run, Accepted())
    assert "- jax: not installed" in pages["conformance.md"]
    assert "**New**: not in `reports/known/`." in pages["differences.md"]
    assert pages["differences.csv"].count("\n") == 6


def test_a_run_without_differences_says_none(tmp_path: Path) -> None:
    pages = render.pages(record(tmp_path, [oracle(ONE), (ONE, TORCH, _returned(ONE))]), Accepted())
    assert pages["differences.md"].endswith("None.\n")
    assert pages["differences.csv"].count("\n") == 1


def test_writing_makes_the_folder_and_every_page_that_has_something_to_say(run: Run, tmp_path: Path) -> None:
    """No case of this run is the suite's own or the tutorial's, pools with indices, or rounds."""
    paths = render.write(run, Accepted(), tmp_path / "new" / "folder")
    left_out = {*render.pages(run, Accepted())} - {path.name for path in paths}
    assert {name.partition(".")[0] for name in left_out} == {
        *("choices", "coverage", "document_claims", "document_readings", "indices", "rounding"),
    }
    assert {path.name for path in (tmp_path / "new" / "folder").iterdir()} == {path.name for path in paths}


def test_a_call_that_is_not_asked_or_broke_on_our_side_stops_no_page(tmp_path: Path) -> None:
    """Of each kind one valid and one wrong call; every page comes, and the table counts them."""
    run = Run(tmp_path / "run.jsonl")
    run.begin({"targets": {TORCH: {"versions": {}, "settings": {}}, ORACLE: {"versions": {}, "settings": {}}}})
    for case in (ONE, TWO, INVALID, WRONG):
        run.ask(case)
    for case in (ONE, TWO):
        run.record(result(*oracle(case)))
    for case in (ONE, INVALID):
        run.leave_out(case.id, TORCH, "not asked: the process would not be right any more")
    for case in (TWO, WRONG):
        run.record(Fault(case=case.id, target=TORCH, message="our own mistake\nand a traceback"))
    run.end()
    run.close()
    pages = render.pages(read(run.path), Accepted())
    assert "0 of 2, 1 not asked, 1 unjudged" in pages["conformance.md"]
    assert f"{TWO.id}[{TORCH}]: our own mistake\n" in pages["conformance.md"]
    assert "THIS RUN FAILS: of its answers are 2 error" in pages["shape_errors.html"]
    assert "| not asked" in pages["shape_errors.md"]
    assert "| **error**: unjudged" in pages["shape_errors.md"]
