"""README's parts that a run decides stand between their marks, and nothing else of it changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.outcome import Crashed, Raised, Returned
from reports.judging.behaviours import Accepted
from reports.judging.judge import begin
from reports.pages import readme
from reports.pages.readme import FINDINGS, WRONG_CALLS
from reports.recording.run import Run, RunError
from tests.reports.making import JAX, TORCH, Answer, fact, make, oracle, record, right

SMALL, LARGE = make("conv", "small", kernel=[4, 4]), make("conv", "large", kernel=[5, 5])
WRONG = [
    make("conv", name=name, given={"strides": [0, 0]}, invalid={"rule": "stride", "reason": "so that it should fail"})
    for name in ("one", "two")
]
KNOWN = Accepted(
    facts={
        "torch": [
            fact(fact="It rounds where kernels are large.", where="kernel | max > 3"),
            fact(fact="Some processors round.", where="avx512 and kernel | max > 9"),
        ]
    }
)
TEXT = f"# A\n\n{FINDINGS[0]}\nold\n{FINDINGS[1]}\n\nmore\n{WRONG_CALLS[0]}\nold\n{WRONG_CALLS[1]}\nend\n"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a run in which PyTorch differs in two cases, and dies of one wrong call of two; JAX is asked the other."""
    different = [(case, TORCH, Returned(arrays={"output": right(case)["output"] + 1})) for case in (LARGE, SMALL)]
    clear = Raised(type="ValueError", message="the stride is 0", stage="calling")
    ends: list[Answer] = [
        (WRONG[0], TORCH, clear),
        (WRONG[1], TORCH, Crashed(signal="SIGFPE", stderr="")),
        (WRONG[0], JAX, clear),
    ]
    run = record(tmp_path, [*map(oracle, (SMALL, LARGE)), *different, *ends])
    begin(run, KNOWN)
    return run


def test_the_findings_and_the_table_stand_between_their_marks(run: Run) -> None:
    once = readme.inserted(TEXT, run, KNOWN)
    assert once == readme.inserted(once, run, KNOWN)
    start = "**PyTorch 2.13.0**\n\n- It rounds where kernels are large. (2 cases; eager)\n"
    assert once.startswith(f"# A\n\n{FINDINGS[0]}\n\n{start}")
    assert "- Some processors round. (decided by the processor)\n" in once
    assert f"{FINDINGS[1]}\n\nmore\n{WRONG_CALLS[0]}\n\n2 calls break one rule each. " in once
    assert "old" not in once
    assert once.endswith(f"\n\n{WRONG_CALLS[1]}\nend\n")


def test_the_table_has_the_targets_that_were_asked_every_wrong_call(run: Run) -> None:
    lines = readme.inserted(TEXT, run, KNOWN).partition(WRONG_CALLS[0])[2].splitlines()
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]
    assert table == [["target", "clear error", "process ends"], ["PyTorch, eager", "1", "1"]]


@pytest.mark.parametrize("mark", [*FINDINGS, *WRONG_CALLS])
def test_a_text_without_a_mark_is_an_error(run: Run, mark: str) -> None:
    with pytest.raises(RunError, match=f"^README.md lacks {mark}: what stands there has no place$"):
        readme.inserted(TEXT.replace(mark, ""), run, KNOWN)
