"""``python -m reports compare``: what changed between two runs, such as before and after a framework's upgrade.

Only the answers that both runs have are compared.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from reports.judging import behaviours
from reports.judging.judge import begin, judge
from reports.recording.record import Key
from reports.recording.run import Run, RunError, read


def both(old: Run, new: Run) -> set[Key]:
    """Return the keys of the answers that two runs have in common; a fault on our side counts as an answer."""
    return _asked(old) & _asked(new)


def changes(old: Run, new: Run) -> list[str]:
    """Return a line for each answer that both runs have and whose kind, arrays or exception changed.

    Another wording of a message is no change. Other bits are no change where a fact says that bits vary.
    """
    lines = (_line(key, old, new) for key in sorted(both(old, new)))
    return [line for line in lines if line]


def rest(old: Run, new: Run) -> str:
    """Return the number of answers that only one of the runs has, and the targets that only this run has.

    The text is empty if both runs have the same answers.
    """
    alone = (("old", _asked(old) - _asked(new), old, new), ("new", _asked(new) - _asked(old), new, old))
    return "; ".join(
        f"{len(keys):,} in the {name} run alone{_targets(one, other)}" for name, keys, one, other in alone if keys
    )


def _targets(one: Run, other: Run) -> str:
    gone = sorted(one.header["targets"].keys() - other.header["targets"].keys())
    return f", all of {', '.join(gone)} among them" if gone else ""


def _asked(run: Run) -> set[Key]:
    return {*run.keys, *run.faults}


def _line(key: Key, old: Run, new: Run) -> str:
    before, after = old.records.get(key), new.records.get(key)
    ended, ends = _end(old, key), _end(new, key)
    if ended != ends:
        return f"{key[0]}[{key[1]}]: {ended}, now {ends}"
    if before is None or after is None or before.digests == after.digests:
        return ""
    if judge(new, new.cases[key[0]], key[1]).may_vary:
        return ""
    return f"{key[0]}[{key[1]}]: returned other values"


def _end(run: Run, key: Key) -> str:
    if key in run.unasked:
        return "not asked"
    return run.records[key].outcome.end if key in run.records else "a fault of ours"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument("run", type=Path)
    parser.add_argument("--against", type=Path, required=True, metavar="OLD")
    parser.set_defaults(command=compare)


def compare(run: Run, options: argparse.Namespace) -> int:
    """Print what changed; return 1 if something changed, else 0."""
    old = read(options.against)
    count = len(both(old, run))
    if not count:
        msg = f"{options.run} and {options.against} have no answer in common: nothing was compared"
        raise RunError(msg)
    begin(run, behaviours.load_for(run))
    lines, alone = changes(old, run), rest(old, run)
    print(
        *lines,
        f"{len(lines) or 'nothing'} changed in {count:,} answers{alone and f'; not compared: {alone}'}",
        sep="\n",
    )
    return 1 if lines else 0
