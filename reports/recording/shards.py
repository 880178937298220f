"""One run made of the parts that several machines asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from reports.recording.lines import Line, Lines
from reports.recording.options import Shard, UsageError
from reports.recording.run import FUZZ, OWN, SHARD, STRICT, TIMES, Run, RunError, read
from reports.recording.targets import place_of

_SAME: Final = {
    "suite": "another version of the suite",
    STRICT: "--strict-versions in one alone",
    OWN: "other facts of the user's own",
    TIMES: "another --determinism",
    FUZZ: "other drawn calls",
    "weights": "other filters",
}
"""What a header has to have in common with those of the other parts -> how it is said if it has not."""


def merge(paths: Sequence[Path], to: Path) -> Run:
    """Make one run of the parts of one, in a new file.

    Raises:
        RunError: if a part is missing, cut short, or given twice, or the parts are not of one run.
        UsageError: if the file is there already, or can't be written.
    """
    runs = [read(path) for path in paths]
    _check(runs)
    _write(runs, to)
    merged = read(to)
    merged.end(asked=sum(run.footer["asked"] for run in runs if run.footer), **_problems(runs))
    merged.close()
    return merged


def _check(runs: Sequence[Run]) -> None:
    first = runs[0]
    for run in runs:
        if SHARD not in run.header:
            msg = f"{run.path}: the run is no part of one; a part is made by pytest cases --shard K/N"
            raise RunError(msg)
        if run.footer is None:
            msg = f"{run.path}: the run was cut short; finish it with pytest cases --resume and the same --shard"
            raise RunError(msg)
        for name, what in _SAME.items():
            if run.header.get(name) != first.header.get(name):
                msg = f"{run.path} and {first.path} do not belong together: {what}"
                raise RunError(msg)
        _check_targets(first, run)
    _check_whole(runs)


def _check_targets(one: Run, other: Run) -> None:
    """Check that two parts have the same targets, in the same versions, with the same settings."""
    targets = one.header["targets"], other.header["targets"]
    if lacking := sorted(targets[0].keys() ^ targets[1].keys()):
        msg = f"{other.path} and {one.path} do not belong together: {lacking[0]} is a target of one of them alone"
        raise RunError(msg)
    for name, facts in targets[0].items():
        for fact in ("versions", "settings", "one_in"):
            mine, others = facts.get(fact), targets[1][name].get(fact)
            if mine != others and mine and others:  # a target that was asked nothing chose no settings
                msg = f"{other.path} and {one.path} do not belong together: {name} has {fact} {others} and {mine}"
                raise RunError(msg)
        if place_of(one, name) != place_of(other, name):
            msg = f"{other.path} and {one.path} do not belong together: one was made with AVX512, the other without"
            raise RunError(msg)


def _check_whole(runs: Sequence[Run]) -> None:
    count = runs[0].header[SHARD]["count"]
    numbers: dict[int, Run] = {}
    for run in runs:
        part = Shard(**run.header[SHARD])
        if part.count != count:
            msg = f"{run.path} is {part} and {runs[0].path} one of {count}: give the parts of one run"
            raise RunError(msg)
        if part.number in numbers:
            msg = f"{run.path} and {numbers[part.number].path} are both {part}; give each part once"
            raise RunError(msg)
        numbers[part.number] = run
    if missing := [str(Shard(number=number, count=count)) for number in range(1, count + 1) if number not in numbers]:
        msg = f"the run is not whole: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        raise RunError(msg)


def _write(runs: Sequence[Run], to: Path) -> None:
    if to.exists():
        msg = f"--to {to}: there is a file already; give another one"
        raise UsageError(msg)
    lines = Lines(to)
    try:
        lines.append(_header(runs))
        arrays: set[str] = set()
        for line in (line for run in runs for line in _kept(run, arrays)):
            lines.append(line)
    except OSError as error:
        msg = f"--to {to}: cannot write there ({error.strerror}); give a file that can be written"
        raise UsageError(msg) from None
    finally:
        lines.close()


def _header(runs: Sequence[Run]) -> Line:
    names = runs[0].header["targets"]
    targets = {name: max((run.header["targets"][name] for run in runs), key=_has_settings) for name in names}
    missing = {name: why for run in runs for name, why in run.header.get("missing", {}).items()}
    rest = {name: value for name, value in runs[0].header.items() if name != SHARD}
    return {"record": "header", **rest, "targets": targets, "missing": missing}


def _has_settings(facts: Mapping[str, Any]) -> bool:
    return bool(facts["settings"])


def _kept(run: Run, arrays: set[str]) -> Iterator[Line]:
    """Yield the lines of a part that the whole run has; ``arrays`` has the digests of those that it has already.

    Verdicts are made again: what is accepted may have changed since.
    """
    for line, _ in Lines(run.path).whole():
        if line["record"] in {"header", "footer", "judging", "verdict"} or line.get("digest") in arrays:
            continue
        if line["record"] == "array":
            arrays.add(line["digest"])
        yield line


def _problems(runs: Sequence[Run]) -> dict[str, Any]:
    found = [problem for run in runs if run.footer for problem in run.footer.get("problems", ())]
    return {"problems": found} if found else {}
