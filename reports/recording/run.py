"""A run on disk: JSON lines, written as answers come, from which every report is rendered.

The first line is the header, the last the footer; between them stand cases, arrays and results. An array is stored
once, under the digest of its dtype, shape and bytes, however many targets returned it: two results agree bit for bit
if their digests are the same. Only an index of the arrays is kept in memory.

The lines come as answers come, so their order and the seconds differ from run to run; nothing else does. What is read
is in one order all the same: cases as their files have them, answers by case and target.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import threading
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Final

import ml_dtypes  # noqa: F401 - NumPy then knows its dtypes by their names
import numpy as np
import numpy.typing as npt

from adapters.outcome import Fault, Outcome, Result, Returned
from cases.model.case import Case, from_json, to_json
from reports.recording.record import Key, Record, described, restored, same

TIMES: Final = "determinism"
"""Where a run's header says how often every call was made; it doesn't, if that is once."""

Array = npt.NDArray[Any]
FORMAT: Final = 1


class RunError(Exception):
    """A run file that can't be used; the message says why and what to do."""


class Run:
    """A run, being written or read again. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Index the file at ``path`` if there is one; whatever is recorded later goes to its end."""
        self.path = path
        self.header: dict[str, Any] = {}
        self.footer: dict[str, Any] | None = None
        self.cases: dict[str, Case] = {}
        self.records: dict[Key, Record] = {}
        self.repeats: Counter[Key] = Counter()
        """How often a call that has a record was made again."""
        self.others: dict[Key, list[Record]] = {}
        """What came of those repeats that were not the same."""
        self.faults: dict[Key, str] = {}
        self.verdicts: dict[Key, Any] = {}
        """What ``reports.verdict`` made of the records so far."""
        self._places: dict[str, int] = {}
        self._offsets: dict[str, int] = {}
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._end = self._index() if path.exists() else 0

    def begin(self, header: dict[str, Any]) -> None:
        """Write the header, unless the run is being resumed and has one."""
        if not self.header:
            self.header = {"format": FORMAT, **header}
            self._write({"record": "header", **self.header})
            self._flush()

    def ask(self, case: Case, place: int = 0) -> None:
        """Record a case, once; ``place`` is where it stands in its file."""
        if case.id not in self.cases:
            self.cases[case.id], self._places[case.id] = case, place
            self._write({"record": "case", "place": place, **to_json(case)})

    def record(self, result: Result | Fault) -> None:
        """Record an answer, and its arrays as far as they are new; a second one to the same question is a repeat."""
        with self._lock:
            if isinstance(result, Fault):
                self.faults[result.case, result.target] = result.message
                self._write({"record": "fault", **asdict(result)})
                return
            line = self._repeat(self._store(result))
            offset = self._write(line)
            self._take(dict(line), offset)
            self._flush()

    def end(self, **facts: Any) -> None:
        """Write the footer: a run without one was cut short."""
        self._arrange()
        footer = {"results": len(self.records), **facts}
        self._write({"record": "footer", **footer})
        self._flush()
        self.footer = footer

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def outcome(self, record: Record) -> Outcome:
        """A record's outcome, its arrays read back from the file."""
        if record.kind == "returned":
            return Returned(arrays=self.arrays(record))
        return restored(record)

    def arrays(self, record: Record) -> dict[str, Array]:
        """The arrays that a call returned, read back from the file; none for other outcomes."""
        return {name: self.array(digest) for name, digest in record.arrays.items()}

    def array(self, name: str) -> Array:
        """The array that has this digest, read back from the file."""
        record = self._line(self._offsets[name])
        # ml_dtypes, imported above, registers bfloat16 with NumPy under its name.
        data = np.frombuffer(base64.b64decode(record["data"]), dtype=record["dtype"])
        return data.reshape(record["shape"])

    def call(self, record: Record) -> str:
        """The text of a record's call, read back from the file."""
        text: str = self._line(record.offset)["call"]
        return text

    def _store(self, result: Result) -> dict[str, Any]:
        kind, fields = described(result.outcome)
        arrays = result.outcome.arrays if isinstance(result.outcome, Returned) else {}
        return {
            "record": "result",
            "case": result.case,
            "target": result.target,
            "kind": kind,
            "fields": fields,
            "arrays": {name: self._keep(array) for name, array in arrays.items()},
            "call": result.call,
            "seconds": result.seconds,
        }

    def _repeat(self, line: dict[str, Any]) -> dict[str, Any]:
        """A result's line as that of a repeat, if it is one: where it is the same, nearly always, no more is said."""
        first = self.records.get((line["case"], line["target"]))
        if first is None:
            return line
        kept = line if not same(first, _made(line, 0)) else {"case": first.case, "target": first.target}
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
        if self._file is None:
            self._file = self._open()
        self.footer = None  # what comes after a footer is not finished
        offset = self._file.tell()
        self._file.write(json.dumps(record, separators=(",", ":")).encode() + b"\n")
        return offset

    def _open(self) -> BinaryIO:
        """The file, to be written at its end, without the piece of a line that a killed run left there."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self.path.open("ab")
        file.truncate(self._end)
        return file

    def _flush(self) -> None:
        if self._file is not None and not self._file.closed:
            self._file.flush()

    def _line(self, offset: int) -> dict[str, Any]:
        with self._lock:
            self._flush()
        with self.path.open("rb") as file:
            file.seek(offset)
            record: dict[str, Any] = json.loads(file.readline())
        return record

    def _index(self) -> int:
        """Take in all whole lines; returns where they end."""
        end = 0
        with self.path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break  # the run was killed in the middle of this line
                self._take(json.loads(line), end)
                end += len(line)
        self._arrange()
        return end

    def _arrange(self) -> None:
        """Put cases and answers into an order that depends neither on which came first nor on what was asked when."""
        cases = sorted(self.cases, key=lambda name: (name.partition("::")[0], self._places[name]))
        self.cases = {name: self.cases[name] for name in cases}
        ranks = {name: rank for rank, name in enumerate([*cases, *self.header.get("targets", ())])}
        last = len(ranks)
        keys = sorted(self.records, key=lambda key: [ranks.get(name, last) for name in key])
        self.records = {key: self.records[key] for key in keys}

    def _take(self, record: dict[str, Any], offset: int) -> None:
        kind = record.pop("record")
        self.footer = None
        match kind:
            case "header":
                self.header = record
            case "case":
                self._places[record["id"]] = record.pop("place", 0)
                self.cases[record["id"]] = from_json(record)
            case "array":
                self._offsets[record["digest"]] = offset
            case "result":
                kept = _made(record, offset)
                self.records[kept.case, kept.target] = kept
            case "repeat":
                self._again(record, offset)
            case "fault":
                self.faults[record["case"], record["target"]] = record["message"]
            case "footer":
                self.footer = record

    def _again(self, record: dict[str, Any], offset: int) -> None:
        key = sys.intern(record["case"]), sys.intern(record["target"])
        self.repeats[key] += 1
        if "kind" in record:
            self.others.setdefault(key, []).append(_made(record, offset))


def _made(line: dict[str, Any], offset: int) -> Record:
    """A result without its call; names and digests come again and again, and are kept once."""
    names = {name: sys.intern(line[name]) for name in ("case", "target", "kind")}
    arrays = {sys.intern(name): sys.intern(digest) for name, digest in line["arrays"].items()}
    return Record(**names, arrays=arrays, fields=line["fields"], seconds=line["seconds"], offset=offset)


def read(path: Path) -> Run:
    """A recorded run.

    Raises:
        RunError: if there is no such file, or it is no run of this format.
    """
    if not path.is_file():
        msg = f"{path}: there is no run here; `pytest cases` writes one to reports/latest/run.jsonl"
        raise RunError(msg)
    try:
        run = Run(path)
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{path}: not a recorded run: {error}"
        raise RunError(msg) from None
    if run.header.get("format") != FORMAT:
        msg = f"{path}: written in format {run.header.get('format')}, this version reads {FORMAT}; run the suite again"
        raise RunError(msg)
    return run


def digest(array: Array) -> str:
    """A name for an array's exact content: the same for the same dtype, shape and bits, and for nothing else."""
    head = f"{array.dtype}{array.shape}".encode()
    return hashlib.blake2b(head + np.ascontiguousarray(array).tobytes(), digest_size=16).hexdigest()
