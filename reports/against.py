"""What changed between two runs: for whoever upgrades a framework."""

from __future__ import annotations

from reports.record import Record
from reports.run import Run


def changes(old: Run, new: Run) -> list[str]:
    """A line for each answer whose kind, arrays or exception changed, and for each that came or went.

    The wording of a message alone is no change.
    """
    keys = sorted(old.records.keys() | new.records.keys())
    lines = (_line(key, old.records.get(key), new.records.get(key)) for key in keys)
    return [line for line in lines if line]


def _line(key: tuple[str, str], old: Record | None, new: Record | None) -> str:
    before, after = _state(old), _state(new)
    if before == after and (old is None or new is None or old.arrays == new.arrays):
        return ""
    what = "returned other values" if before == after else f"{before}, now {after}"
    return f"{key[0]}[{key[1]}]: {what}"


def _state(record: Record | None) -> str:
    if record is None:
        return "not run"
    if record.kind == "raised":
        return f"raised {record.fields['type']} while {record.fields['stage']}"
    if record.kind == "crashed":
        return f"crashed with {record.fields['signal']}"
    return record.kind.replace("_", " ")
