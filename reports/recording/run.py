"""A run on disk: JSON lines, written as answers come, from which every report is rendered.

The first line is the header and the last line is the footer. Between them are cases, arrays and results. An array is
stored once, under the digest of its dtype, shape and bytes, however many targets returned it. So two results agree bit
for bit if their digests are the same. Only an index of the arrays is kept in memory.

The lines are written as answers come, so their order and the seconds differ from run to run; nothing else does. A run
that is read has always the same order: cases as in their files, answers by case and target.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import ml_dtypes  # noqa: F401 - NumPy then knows its dtypes by their names
import numpy as np

from adapters.outcome import Fault, Result, arrays_of, from_json, to_json
from cases.model import case as cases
from cases.model.case import Case
from reports.recording.checked import check
from reports.recording.lines import Lines
from reports.recording.record import Array, Key, Record, Stored, same

TIMES: Final = "determinism"
"""The key of a run's header for the number of times that every call was made; absent if that is once."""
STRICT: Final = "strict_versions"
"""The key of a run's header that is there if what is known of other versions explains nothing."""
FUZZ: Final = "fuzz"
"""The key of a run's header for the seed of drawn calls. Nothing is recorded of them, so the rules alone judge them."""
OWN: Final = "known"
"""The key of a run's header for the facts that the user gave."""

SHARD: Final = "shard"
"""The key of a run's header for the part that it is: its ``number``, and the ``count`` of the parts."""

FORMAT: Final = 2


class RunError(Exception):
    """A run's file that can't be used; the message says why, and what to do."""


class Run:
    """A run that is being written or was read. Several threads may use it."""

    def __init__(self, path: Path) -> None:
        """Index the file at ``path`` if there is one. What is recorded later is appended to it."""
        self.path = path
        self.header: dict[str, Any] = {}
        self.footer: dict[str, Any] | None = None
        self.cases: dict[str, Case] = {}
        self.records: dict[Key, Record] = {}
        self.repeats: Counter[Key] = Counter()
        """The number of repeats of each call that has a record."""
        self.others: dict[Key, list[Record]] = {}
        """The records of the repeats that did not return the same."""
        self.faults: dict[Key, str] = {}
        self.unasked: dict[Key, str] = {}
        """The reason why a call was not made: the framework does not survive it."""
        self.verdicts: Any = None
        """The verdicts on the records. Only ``reports.judging.judge`` reads and writes this."""
        self.judged_by: str = ""
        """A digest of the code and the accepted differences by which the stored verdicts were made."""
        self.stored: dict[Key, dict[str, Any]] = {}
        """The verdicts that the file holds, as JSON."""
        self._places: dict[str, int] = {}
        self._ranks: dict[str, int] = {}
        self._offsets: dict[str, int] = {}
        self._lines = Lines(path)
        if path.exists():
            self._index()

    def begin(self, header: dict[str, Any]) -> None:
        """Write the header, unless the run is being resumed and has one."""
        if not self.header:
            self.header = {"format": FORMAT, **header}
            self._write({"record": "header", **self.header})
            self._lines.flush()

    def ask(self, case: Case, place: int = 0) -> None:
        """Record a case, once. ``place`` is the case's position in its file."""
        if case.id not in self.cases:
            self.cases[case.id], self._places[case.id] = case, place
            self._write({"record": "case", "place": place, **cases.to_json(case)})

    def record(self, result: Result | Fault) -> None:
        """Record an answer and those of its arrays that are new. A second answer to the same call is a repeat."""
        with self._lines.lock:
            if isinstance(result, Fault):
                self.faults[result.case, result.target] = result.message
                self._write({"record": "fault", **asdict(result)})
                return
            line = self._repeat(self._store(result))
            offset = self._write(line)
            self._take(dict(line), offset)
            self._lines.flush()

    def leave_out(self, case: str, target: str, reason: str) -> None:
        """Record, once, that a call is not made."""
        if (case, target) not in self.unasked:
            self.unasked[case, target] = reason
            self._write({"record": "not asked", "case": case, "target": target, "reason": reason})

    def judging(self, by: str) -> None:
        """Record the digest by which the verdicts from here on are made. Earlier verdicts no longer count."""
        self.judged_by, self.stored = by, {}
        if self._lines.is_open:
            self._write({"record": "judging", "by": by})

    def keep(self, key: Key, verdict: dict[str, Any]) -> None:
        """Record a verdict, as JSON, while the run is being written."""
        if self._lines.is_open:
            self._write({"record": "verdict", "case": key[0], "target": key[1], "verdict": verdict})

    @property
    def keys(self) -> list[Key]:
        """The cases and targets with an answer, with a call that was not made or with a fault, in the run's order."""
        rest = self.unasked.keys() | self.faults.keys()
        return sorted(self.records.keys() | rest, key=self._rank) if rest else [*self.records]

    def end(self, **facts: Any) -> None:
        """Write the footer. A run without a footer was cut short."""
        self._arrange()
        footer = {"results": len(self.records), **facts}
        self._write({"record": "footer", **footer})
        self._lines.flush()
        self.footer = footer

    def close(self) -> None:
        """Close the file."""
        self._lines.close()

    def array(self, name: str) -> Array:
        """Read the array that has this digest from the file.

        Raises:
            RunError: if the array is not the one that was recorded.
        """
        record = self._lines.at(self._offsets[name])
        # ml_dtypes, imported above, registers bfloat16 with NumPy under its name.
        try:
            data = np.frombuffer(base64.b64decode(record["data"]), dtype=record["dtype"]).reshape(record["shape"])
        except (ValueError, TypeError) as error:
            msg = f"{self.path}: the array {name} is damaged: {error}; run the suite again"
            raise RunError(msg) from None
        if digest(np.ascontiguousarray(data)) != name:
            msg = f"{self.path}: the array {name} is not what was recorded; run the suite again"
            raise RunError(msg)
        return data

    def call(self, record: Record) -> str:
        """Read the text of a record's call from the file."""
        text: str = self._lines.at(record.offset)["call"]
        return text

    def _store(self, result: Result) -> dict[str, Any]:
        arrays = arrays_of(result.outcome)
        return {
            "record": "result",
            "case": result.case,
            "target": result.target,
            **to_json(result.outcome),
            "arrays": {name: self._keep(array) for name, array in arrays.items()},
            "call": result.call,
            "seconds": result.seconds,
        }

    def _repeat(self, line: dict[str, Any]) -> dict[str, Any]:
        """Turn a result into a ``repeat`` line if the call is on record; an identical repeat stores its key only."""
        first = self.records.get((line["case"], line["target"]))
        if first is None:
            return line
        kept = line if not same(first, self._made(line, 0)) else {"case": first.case, "target": first.target}
        return kept | {"record": "repeat"}

    def _keep(self, array: Array) -> str:
        data = np.ascontiguousarray(array)
        name = digest(data)
        if name not in self._offsets:
            facts = {"dtype": str(data.dtype), "shape": array.shape}
            text = base64.b64encode(data.tobytes()).decode()
            self._offsets[name] = self._write({"record": "array", "digest": name, **facts, "data": text})
        return name

    def _write(self, record: dict[str, Any]) -> int:
        self.footer = None  # a run that goes on after its footer is not finished
        return self._lines.append(record)

    def _index(self) -> None:
        for number, (line, offset) in enumerate(self._lines.whole(), 1):
            self._take_checked(number, line, offset)
        kept = (*self.records.values(), *(other for others in self.others.values() for other in others))
        for record in kept:
            if lost := [name for name, digest in record.digests.items() if digest not in self._offsets]:
                msg = f"the array {lost[0]} of {record.case} on {record.target} is not there"
                raise ValueError(msg)
        self._arrange()

    def _take_checked(self, number: int, line: Any, offset: int) -> None:
        """Take in a line that was read, whoever wrote it."""
        try:
            check(line)
            self._take(line, offset)
        except (ValueError, KeyError, TypeError) as error:
            msg = f"line {number}: {error}"
            raise ValueError(msg) from None

    def _arrange(self) -> None:
        """Put cases and answers into an order that does not depend on when they were asked or came."""
        cases = sorted(self.cases, key=lambda name: (self.cases[name].file, self._places[name]))
        self.cases = {name: self.cases[name] for name in cases}
        self._ranks = {name: rank for rank, name in enumerate([*cases, *self.header.get("targets", ())])}
        self.records = {key: self.records[key] for key in sorted(self.records, key=self._rank)}

    def _rank(self, key: Key) -> int:
        last = len(self._ranks)
        return self._ranks.get(key[0], last) * (last + 1) + self._ranks.get(key[1], last)

    def _take(self, record: dict[str, Any], offset: int) -> None:
        kind = record.pop("record")
        self.footer = None
        match kind:
            case "header":
                self.header = {"targets": {}, **record}
            case "case":
                self._places[record["id"]] = record.pop("place", 0)
                self.cases[record["id"]] = cases.from_json(record)
            case "array":
                self._offsets[record["digest"]] = offset
            case "result":
                kept = self._made(record, offset)
                self.records[kept.case, kept.target] = kept
            case "repeat":
                self._again(record, offset)
            case "judging":
                self.judged_by, self.stored = record["by"], {}
            case "footer":
                self.footer = record
            case _:
                self._take_for(kind, (record["case"], record["target"]), record)

    def _take_for(self, kind: str, key: Key, record: dict[str, Any]) -> None:
        """Take in a line about one case on one target that is not an answer."""
        match kind:
            case "not asked":
                self.unasked[key] = record["reason"]
            case "verdict":
                self.stored[key] = record["verdict"]
            case "fault":
                self.faults[key] = record["message"]

    def _made(self, line: dict[str, Any], offset: int) -> Record:
        """Return a result without its call. Names and digests occur often, so each is kept in memory once."""
        digests = {sys.intern(name): sys.intern(digest) for name, digest in line["arrays"].items()}
        return Record(
            case=sys.intern(line["case"]),
            target=sys.intern(line["target"]),
            outcome=from_json(line, Stored(digests=digests, read=self.array)),
            digests=digests,
            seconds=line["seconds"],
            offset=offset,
        )

    def _again(self, record: dict[str, Any], offset: int) -> None:
        key = sys.intern(record["case"]), sys.intern(record["target"])
        self.repeats[key] += 1
        if "kind" in record:
            self.others.setdefault(key, []).append(self._made(record, offset))


def read(path: Path) -> Run:
    """Read a recorded run.

    Raises:
        RunError: if there is no such file, or it is not a run of this format.
    """
    if not path.is_file():
        msg = f"{path}: there is no run here; `pytest cases` writes one to reports/latest/run.jsonl"
        raise RunError(msg)
    try:
        run = Run(path)
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{path}: not a recorded run: {error}"
        raise RunError(msg) from None
    except RecursionError:
        msg = f"{path}: not a recorded run: a line is nested too deeply"
        raise RunError(msg) from None
    if not run.header:
        msg = f"{path}: not a recorded run: it has no header"
        raise RunError(msg)
    if run.header.get("format") != FORMAT:
        msg = f"{path}: written in format {run.header.get('format')}, this version reads {FORMAT}; run the suite again"
        raise RunError(msg)
    known = run.header["targets"]
    if known and (lost := next((target for _, target in run.keys if target not in known), None)):
        msg = f"{path}: not a recorded run: it has an answer of {lost}, and its header has no such target"
        raise RunError(msg)
    if lost := next((case for case, _ in run.keys if case not in run.cases), None):
        msg = f"{path}: not a recorded run: it has an answer to {lost}, and no such case"
        raise RunError(msg)
    return run


def digest(array: Array) -> str:
    """Return a name for an array's exact content. Two arrays share it only if dtype, shape and bits are the same."""
    head = f"{array.dtype}{array.shape}".encode()
    return hashlib.blake2b(head + np.ascontiguousarray(array).tobytes(), digest_size=16).hexdigest()
