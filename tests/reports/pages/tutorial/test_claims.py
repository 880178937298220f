"""Every kind of verdict, counted on runs that are made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.outcome import Crashed, Outcome, Raised, Returned, Unsupported
from cases.loading.claims import Claim
from cases.model.case import Case
from reports.judging.behaviours import Accepted
from reports.pages import render
from reports.pages.tutorial import claims
from reports.pages.tutorial.claims import Finding, findings
from reports.pages.tutorial.evidence import _call, evidence
from reports.recording.run import Run, read
from tests.cases.shipped import loaded
from tests.reports.making import JAX, TORCH, Answer, make, oracle, record, right

GRAPH = "torch-graph-cpu"
SAME = {"padding": "SAME", "image": [5, 6], "ksize": 2}
EVEN, ODD, APART = (
    make("max_pool", name="even", **SAME | {"image": [4, 6]}),
    make("max_pool", name="odd", **SAME),
    make("max_pool", name="apart", **SAME | {"ksize": 1}),
)
RAISED = Raised(type="ValueError", message="it is /a/b/x.py:3 not", stage="calling")
CONDITIONS = {"the strides divide": "strides_divide", "windows overlap": "windows_overlap", "all is one": "1 == 1"}


def _claim(holds: str = 'kind == "returned"', **fields: Any) -> Claim:
    plain = {"statement": "A statement.", "at": "the first page", "refuted_by": "Another one.", "cases": ["*max_pool*"]}
    return Claim.model_validate({"name": "one", "holds": holds, **plain, **fields})


def _run(folder: Path, *outcomes: Outcome, target: str = TORCH) -> Run:
    """Make a run in which a target gave these answers to EVEN, ODD and APART, one answer to each."""
    cases = (EVEN, ODD, APART)
    return record(
        folder, [*map(oracle, cases), *((case, target, one) for case, one in zip(cases, outcomes, strict=False))]
    )


def _good(case: Case) -> Returned:
    return Returned(arrays=right(case))


def _found(run: Run, claim: Claim, target: str = TORCH) -> Finding:
    [finding] = findings(run, [claim], [target])
    return finding


def test_a_claim_holds(tmp_path: Path) -> None:
    found = _found(_run(tmp_path, _good(EVEN), _good(ODD), Unsupported(reason="none")), _claim())
    assert (found.verdict, found.supporting, found.refuting, found.silent) == ("holds", (EVEN.id, ODD.id), (), 1)


def test_a_claim_is_refuted(tmp_path: Path) -> None:
    found = _found(_run(tmp_path, RAISED, Crashed(signal="SIGABRT", stderr="")), _claim())
    assert (found.verdict, found.supporting, found.refuting) == ("refuted", (), (EVEN.id, ODD.id))


def test_a_claim_is_not_decided(tmp_path: Path) -> None:
    run = _run(tmp_path, RAISED, Unsupported(reason="none"))
    found = _found(run, _claim('shape("output") == output_shape'))
    assert (found.verdict, found.deciding, found.silent) == ("not decided", 0, 2)
    assert _found(run, _claim(), JAX).silent == 0


def test_a_condition_is_found_if_it_tells_exactly(tmp_path: Path) -> None:
    run = _run(tmp_path, _good(EVEN), RAISED, RAISED)
    assert _found(run, _claim(conditions=CONDITIONS)).verdict == "holds only where the strides divide"


def test_two_conditions_are_found_where_none_alone_is_enough(tmp_path: Path) -> None:
    conditions = {"the image is even": "strides_divide", "the window is large": "kernel == (2, 2)"}
    cases = (EVEN, ODD, make("max_pool", name="small", **SAME | {"image": [4, 6], "ksize": 1}))
    answers: list[Answer] = [(cases[0], TORCH, _good(EVEN)), (cases[1], TORCH, RAISED), (cases[2], TORCH, RAISED)]
    found = _found(record(tmp_path, answers), _claim(conditions=conditions))
    assert found.verdict == "holds only where the image is even and the window is large"


def test_a_condition_that_one_answer_contradicts_is_not_found(tmp_path: Path) -> None:
    run = _run(tmp_path / "more", _good(EVEN), _good(ODD), RAISED)
    assert _found(run, _claim(conditions=CONDITIONS)).verdict == "holds in 2 of 3, always where the strides divide"
    run = _run(tmp_path / "fewer", RAISED, _good(ODD), RAISED)
    assert _found(run, _claim(conditions=CONDITIONS)).verdict == "holds in 1 of 3"


def test_a_condition_that_means_nothing_tells_nothing(tmp_path: Path) -> None:
    run = _run(tmp_path, RAISED, _good(ODD), RAISED)
    claim = _claim(conditions={"the third size is odd": "image[2] is odd"})
    assert _found(run, claim).verdict == "holds in 1 of 3"


def test_a_condition_that_fits_few_answers_by_chance_is_not_found(tmp_path: Path) -> None:
    """Nearly any condition separates one supporting from one refuting answer. More answers show that it is chance."""
    answers: list[Answer] = [(EVEN, GRAPH, _good(EVEN)), (ODD, GRAPH, RAISED)]
    alone = record(tmp_path / "alone", answers)
    assert _found(alone, _claim(conditions=CONDITIONS), GRAPH).verdict == "holds only where the strides divide"
    answers += [(EVEN, TORCH, _good(EVEN)), (ODD, TORCH, RAISED), (APART, TORCH, _good(APART))]
    both = record(tmp_path / "both", answers)
    graph, torch = findings(both, [_claim(conditions=CONDITIONS)], [GRAPH, TORCH])
    assert (graph.verdict, torch.verdict) == (
        "holds in 1 of 2, always where the strides divide",
        "holds in 2 of 3, always where the strides divide",
    )
    assert claims.cell([graph, torch]) == "holds in 2 of 3, always where the strides divide"


def test_where_and_targets_narrow_a_claim(tmp_path: Path) -> None:
    run = _run(tmp_path, _good(EVEN), RAISED, RAISED)
    assert _found(run, _claim(where="strides_divide")).verdict == "holds"
    assert _found(run, _claim(cases=["*::odd"])).verdict == "refuted"
    assert findings(run, [_claim(targets=["jax-*"])], [TORCH]) == []


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        ((True, False, False), "holds only where the strides divide"),
        ((True, None, None), "holds only where the strides divide"),  # it says no more
        ((None, True, None), "holds only where the strides divide; graph: holds"),
        ((False, False, None), "holds only where the strides divide; graph: refuted"),
        ((None, None, None), "holds only where the strides divide"),
    ],
)
def test_targets_of_a_framework_share_a_cell(tmp_path: Path, graph: tuple[bool | None, ...], expected: str) -> None:
    cases = (EVEN, ODD, APART)
    answers: list[Answer] = [(EVEN, TORCH, _good(EVEN)), (ODD, TORCH, RAISED), (APART, TORCH, RAISED)]
    outcomes: dict[bool | None, Outcome] = {True: _good(EVEN), False: RAISED, None: Unsupported(reason="none")}
    answers += [(case, GRAPH, outcomes[word]) for case, word in zip(cases, graph, strict=True)]
    found = findings(record(tmp_path, answers), [_claim(conditions=CONDITIONS)], [GRAPH, TORCH])
    assert claims.cell(found) == expected
    assert claims.table(found).to_dict("records") == [{"claim": "one", "statement": "A statement.", "torch": expected}]


def test_a_row_for_each_target_and_its_first_cases(tmp_path: Path) -> None:
    found = findings(_run(tmp_path, _good(EVEN), RAISED, RAISED), [_claim()], [JAX, TORCH])
    silent, row = claims.rows(found).to_dict("records")
    assert (silent["verdict"], row["verdict"]) == ("not decided", "holds in 1 of 3")
    assert (row["supporting"], row["refuting"], row["silent"]) == (1, 2, 0)
    assert (row["supported by"], row["refuted by"]) == (EVEN.id, ODD.id)


def test_targets_with_the_same_counts_share_a_row(tmp_path: Path) -> None:
    cases = (EVEN, ODD)
    answers: list[Answer] = [(case, target, _good(case)) for case in cases for target in (GRAPH, TORCH)]
    found = findings(record(tmp_path, answers), [_claim()], [GRAPH, JAX, TORCH])
    assert claims.verdicts(found).to_dict("records") == [
        {
            "targets": f"{GRAPH}, {TORCH}",
            "verdict": "holds",
            "bear it out": 2,
            "refute it": 0,
            "decide nothing": 0,
        }
    ]
    assert claims.overall(found) == "holds"


def test_evidence_is_the_smallest_answer_and_the_text_s_own_first(tmp_path: Path) -> None:
    large, small = (make("avg_pool", name=name, image=[side, 2], channels=1) for name, side in (("l", 4), ("s", 2)))
    own = replace(large, id="cases/document/avg_pool.yaml::own")
    run = record(tmp_path, [(case, TORCH, _good(case)) for case in (large, small)])
    claim = _claim('shape("value") == shape("value")', cases=["*"])
    shown = evidence(run, findings(run, [claim], [TORCH]), supports=True)
    assert shown is not None
    assert (shown["case"], shown["target"]) == (small.id, TORCH)
    run = record(tmp_path / "own", [(case, TORCH, _good(case)) for case in (small, own)])
    shown = evidence(run, findings(run, [claim], [TORCH]), supports=True)
    assert shown is not None
    assert shown["case"] == own.id
    assert evidence(run, findings(run, [claim], [TORCH]), supports=False) is None


def test_evidence_shows_what_came_and_what_it_was_compared_with(tmp_path: Path) -> None:
    case = make("conv_transpose", name="four", image=[2, 2], kernel=2, strides=1, in_channels=1, out_channels=1)
    case = replace(case, inputs=case.inputs | {"value": replace(case.inputs["value"], fill="literal", values=(1.0,))})
    taps = replace(case.inputs["filter"], fill="literal", values=(1.0, 2.0, 3.0, 4.0))
    case = replace(case, inputs=case.inputs | {"filter": taps})
    run = record(tmp_path, [(case, TORCH, _good(case)), (case, JAX, RAISED)])
    claim = _claim('same("output", convolution("value", transposed("filter")))', cases=["*"])
    shown = evidence(run, findings(run, [claim], [JAX, TORCH]), supports=False)
    assert shown is not None
    assert shown["came"] == [
        "value float32 (1, 1, 1, 1): 1",
        "filter float32 (2, 2, 1, 1): [[1, 2], [3, 4]]",
        "output float32 (1, 2, 2, 1): [[1, 2], [3, 4]]",
        "by the statement: float64 (1, 2, 2, 1): [[4, 2], [3, 1]]",
    ]
    shown = evidence(run, findings(run, [_claim(cases=["*"])], [JAX]), supports=False)
    assert shown is not None
    assert shown["came"][-1] == "ValueError: it is (path) not"


@pytest.fixture(scope="module")
def shipped() -> list[Case]:
    return list(loaded())


def test_evidence_shows_the_function_that_a_call_is_made_of() -> None:
    before = "import tensorflow as tf\nvalue = tf.constant(value)\n\n"
    text = f"{before}@tf.function\ndef call(value):\n    return tf.f(value)\n\nresult = call(value)\noutputs = {{}}\n"
    assert _call(text) == "@tf.function\ndef call(value):\n    return tf.f(value)\ncall(value)"
    assert _call("import numpy as np\nresult = np.f(value)\n") == "np.f(value)"


def test_evidence_shows_a_pipeline_s_first_calls_and_its_last() -> None:
    text = "".join(f"value = image\nresult = f{number}(value)\n" for number in range(7))
    assert _call(text).splitlines() == [
        *(f"f{number}(value)" for number in range(4)),
        "# and 2 more calls",
        "f6(value)",
    ]
    assert _call("result = f(value)\nresult = g(value)") == "f(value)\ng(value)"


def test_the_page_says_what_the_run_says(tmp_path: Path, shipped: list[Case]) -> None:
    case = next(case for case in shipped if case.id == "cases/document/max_pool_argmax.yaml::image-with-mask")
    answers: list[Answer] = [oracle(case), (case, "tensorflow-eager-cpu", _good(case))]
    pages = render.pages(record(tmp_path, answers), Accepted())
    page = pages["document_claims.md"]
    assert "| [gpu-only](#gpu-only)" in page
    assert "Refutes it: `cases/document/max_pool_argmax.yaml::image-with-mask` on tensorflow-eager-cpu" in page
    assert "# What no run can decide" in page
    assert page == render.pages(read(tmp_path / "run.jsonl"), Accepted())["document_claims.md"]
    assert "gpu-only,tensorflow-eager-cpu,refuted,0,1,0" in pages["document_claims.csv"]


def test_all_targets_of_one_claim_have_one_word(tmp_path: Path) -> None:
    """A verdict with a condition is neither holds nor refuted, for one target and for all."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    conditional = _found(_run(tmp_path / "a", _good(EVEN), RAISED, RAISED), _claim(conditions=CONDITIONS))
    refuted = _found(_run(tmp_path / "b", RAISED, RAISED, RAISED), _claim())
    assert conditional.verdict.startswith("holds only where ")
    assert claims.overall([conditional]) == "depends"
    assert claims.overall([conditional, refuted]) == "depends"
    assert claims.overall([refuted]) == "refuted"


def test_a_condition_that_means_nothing_for_a_case_does_not_exclude_it(tmp_path: Path) -> None:
    """The condition means nothing for the one refuting answer, so it does not separate that answer from the others."""
    run = _run(tmp_path, _good(EVEN), RAISED)
    unclear = {"it is even": "strides_divide or 1 // (image[0] - 5) > 0"}
    assert _found(run, _claim(conditions=unclear)).verdict == "holds in 1 of 2"
