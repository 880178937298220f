"""README's parts that a run decides: the list of findings, and the table of how wrong calls end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pandas as pd

from reports.judging.behaviours import Accepted
from reports.pages import findings
from reports.pages.markdown import markdown
from reports.pages.shape_errors import cells
from reports.recording.run import Run, RunError
from reports.recording.targets import adapter_of, is_framework

FINDINGS: Final = "<!-- findings: written by `tox -e publish` -->", "<!-- end of findings -->"
WRONG_CALLS: Final = "<!-- wrong calls: written by `tox -e publish` -->", "<!-- end of wrong calls -->"
"""The two marks between which a part stands."""
_HEADS: Final = {"clear": "clear error", "crashed": "process ends", "unsupported": "can't be said"}
"""Words of the page of wrong calls that README says otherwise."""


def inserted(text: str, run: Run, accepted: Accepted) -> str:
    """Return the text of README with each part in place of what stands between its marks.

    Raises:
        RunError: if the text lacks a mark.
    """
    text = _put(text, FINDINGS, _findings(run, accepted))
    return _put(text, WRONG_CALLS, _wrong_calls(run))


def _put(text: str, marks: tuple[str, str], part: Iterator[str]) -> str:
    before, begin, rest = text.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not begin or not end:
        msg = f"README.md lacks {marks[1] if begin else marks[0]}: what stands there has no place"
        raise RunError(msg)
    return f"{before}{begin}\n{''.join(part)}{end}{after}"


def _findings(run: Run, accepted: Accepted) -> Iterator[str]:
    for name, several in findings.findings(run, accepted).items():
        yield f"\n**{findings.title(name)} {findings.version(run, name)}**\n\n"
        for finding in several:
            yield f"- {finding.fact.fact} {findings.where(finding)}\n"
    yield "\n"


def _wrong_calls(run: Run) -> Iterator[str]:
    """Yield the table of the frameworks' targets that were asked every wrong call."""
    targets = [target for target in run.header["targets"] if is_framework(target)]
    counts = cells.counts(cells.cells(run, targets))
    asked = {target: sum(words.values()) for target, words in counts.items()}
    number = max(asked.values(), default=0)
    whole = [target for target in targets if asked.get(target) == number]
    said = [word for word in cells.WORDS if any(counts[target][word] for target in whole)]
    rows = [[_named(target), *(counts[target][word] for word in said)] for target in whole]
    yield f"\n{number:,} calls break one rule each. On each target, how many of them end how:\n\n"
    yield markdown(pd.DataFrame(rows, columns=["target", *(_HEADS.get(word, word) for word in said)])) + "\n\n"


def _named(target: str) -> str:
    _, mode, device = target.split("-")
    return f"{findings.title(adapter_of(target))}, {mode}" + ("" if device == "cpu" else f" on {device}")
