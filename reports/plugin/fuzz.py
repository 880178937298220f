"""``--fuzz``: calls beyond the suite's own, judged as every case is. What is new is made smaller at the end."""

from __future__ import annotations

import re
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from cases.drawing.rounds import rounds
from cases.model.case import OPERATORS, PIPELINE
from reports.judging.behaviours import Accepted
from reports.recording.options import UsageError
from reports.recording.session import Session
from reports.shrinking.page import told, write
from reports.shrinking.shrink import Setting, findings, shrink

FOLDER: Final = "reports/fuzz"
"""Where a run of drawn calls goes by default, so that it does not replace the last run of the suite."""
_PER_SECOND: Final = 2
"""The calls that are drawn for each second of ``--fuzz-seconds``."""
_FEWEST: Final = 20
_MOST: Final = 100_000
_SEEDS: Final = 2**32
_OPERATOR: Final = re.compile(r"^operator: *(\w+)", re.MULTILINE)


def seed_of(option: Any) -> int | None:
    """Return the seed of a run of drawn calls; None if the options want none.

    Raises:
        UsageError: if an option is out of range, or a seed is given and no calls are wanted.
    """
    if option.fuzz is None and option.fuzz_seconds is None:
        if option.fuzz_seed is not None:
            msg = "--fuzz-seed needs --fuzz N or --fuzz-seconds T"
            raise UsageError(msg)
        return None
    if option.fuzz is not None and not 0 < option.fuzz <= _MOST:
        msg = f"--fuzz {option.fuzz}: give a number of calls from 1 to {_MOST:,}"
        raise UsageError(msg)
    if option.fuzz_seconds is not None and not 0 < option.fuzz_seconds <= _MOST / _PER_SECOND:
        msg = f"--fuzz-seconds {option.fuzz_seconds:g}: give a number of seconds from 1 to {_MOST // _PER_SECOND:,}"
        raise UsageError(msg)
    if option.fuzz_seed is not None and not 0 <= option.fuzz_seed < _SEEDS:
        msg = f"--fuzz-seed {option.fuzz_seed}: give an integer from 0 to {_SEEDS - 1}"
        raise UsageError(msg)
    return secrets.randbelow(_SEEDS) if option.fuzz_seed is None else int(option.fuzz_seed)


def draw(option: Any, seed: int, report: Path, named: Iterable[Path]) -> list[str]:
    """Write case files of drawn calls of the operators that the ``named`` files have, and return their paths.

    Raises:
        UsageError: if the folder can't be written.
    """
    operators = {operator for path in named for operator in _operators(path)}
    chosen = [operator for operator in (*OPERATORS, PIPELINE) if operator in operators]
    number = option.fuzz or max(int(option.fuzz_seconds * _PER_SECOND), _FEWEST)
    folder = report / "cases" / "fuzz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.yaml"):
            old.unlink()
        paths = []
        for name, text in rounds(chosen, seed, number):
            paths.append(folder / name)
            paths[-1].write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"--report {report}: cannot write there ({error.strerror}); give a folder that can be written"
        raise UsageError(msg) from None
    return [str(path.resolve()) for path in paths]


def _operators(path: Path) -> Iterator[str]:
    for file in path.rglob("*.yaml") if path.is_dir() else [path]:
        yield from _OPERATOR.findall(file.read_text(encoding="utf-8"))[:1]


def smallest(session: Session, accepted: Accepted) -> list[str]:
    """Return the text about each finding that is new, with the smallest call that shows it, and where they are kept."""
    run = session.run
    if run is None or not (found := findings(run)):
        return ["nothing new: every answer is right or known"]
    with tempfile.TemporaryDirectory(prefix="smallest-") as folder:
        setting = Setting(run=run, accepted=accepted, options=session.options, folder=Path(folder), tell=_silently)
        witnesses = shrink(found, setting)
        texts = [f"{told(witness)}\n" for witness in witnesses]
        about = (f"The smallest calls of {len(witnesses)} findings that were new in {run.path}.",)
        paths = write(witnesses, session.options.report / "smallest", about)
    as_they_are = {finding.case.id for finding in found} - {witness.finding.case.id for witness in witnesses}
    rest = [f"{case_id}: not shown again by a smaller call; see its own report" for case_id in sorted(as_they_are)]
    kept = [f"as cases: {', '.join(map(str, paths))}"] if paths else []
    return [*texts, *rest, f"findings: {len(found)}", *kept, f"drafts of facts: python -m reports accept {run.path}"]


def _silently(_line: str) -> None:
    """Show nothing: pytest shows the texts at the end."""
