"""``python -m reports export``: write cases and their right answers as files, for programs in any language."""

from __future__ import annotations

import argparse
import importlib.util
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from cases.loading.lookup import SHIPPED, UnknownIdError, by_id, every, quick_ids
from cases.model.case import Case
from reports.exporting.npz import Npz
from reports.exporting.onnx_folders import OnnxFolders
from reports.exporting.vector import NoVectorError, why_none
from reports.recording.options import UsageError

_FORMATS: Final[dict[str, Callable[[Path], Npz | OnnxFolders]]] = {"npz": Npz, "onnx": OnnxFolders}
_MIB: Final = 2**20


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument("to", type=Path, metavar="DIR", help="a new or empty folder to write to")
    parser.add_argument("--only", default="*", metavar="GLOB", help="only cases whose ids match")
    parser.add_argument("--quick", action="store_true", help="only the few cases that notice every known mistake")
    parser.add_argument("--format", choices=_FORMATS, default="npz", help="default: npz")
    parser.set_defaults(command=export, run=None)


def export(options: argparse.Namespace) -> int:
    """Write the chosen cases, say how many were written and left out, and return 0.

    Raises:
        UsageError: if the folder can't take them, or no case can be written.
    """
    if options.format == "onnx" and importlib.util.find_spec("onnx") is None:
        msg = "--format onnx: onnx is not installed; pip install 'deconform[onnx]'"
        raise UsageError(msg)
    _check_empty(options.to)
    cases = _chosen(options)
    if all(map(why_none, cases)):
        msg = f"none of the chosen cases can be exported: {_told(Counter(map(why_none, cases)))}; choose others"
        raise UsageError(msg)
    try:
        return _written(cases, options)
    except OSError as error:
        msg = f"{options.to}: cannot write there ({error.strerror}); give a folder that can be written"
        raise UsageError(msg) from None


def _check_empty(folder: Path) -> None:
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        msg = f"{folder}: is not an empty folder; give a new or an empty one"
        raise UsageError(msg)


def _chosen(options: argparse.Namespace) -> list[Case]:
    try:
        found = list(_quick(options.only)) if options.quick else _matching(options.only)
    except UnknownIdError as error:
        raise UsageError(str(error)) from None
    if not found:
        among = " of a quick case" if options.quick else ""
        msg = f"--only {options.only}: no id{among} matches; `python -m cases list` prints all ids"
        raise UsageError(msg)
    return found


def _quick(glob: str) -> Iterator[Case]:
    return by_id(case_id for case_id in quick_ids() if fnmatchcase(case_id, glob))


def _matching(glob: str) -> list[Case]:
    return [case for case in every(SHIPPED) if fnmatchcase(case.id, glob)]


def _written(cases: Sequence[Case], options: argparse.Namespace) -> int:
    """Write the cases; print the number of those that were left out, for each reason."""
    options.to.mkdir(parents=True, exist_ok=True)
    to, left_out = _FORMATS[options.format](options.to), Counter[str]()
    for case in cases:
        left_out.update(_add(to, case))
    count = len(cases) - left_out.total()
    if not count:
        msg = f"none of the chosen cases can be exported: {_told(left_out)}; choose others"
        raise UsageError(msg)
    place = to.finish()
    size = sum(path.stat().st_size for path in options.to.rglob("*") if path.is_file())
    print(f"{place}: {count:,} {'case' if count == 1 else 'cases'}, {size / _MIB:,.1f} MiB")
    if left_out:
        print(f"left out: {_told(left_out)}")
    return 0


def _add(to: Npz | OnnxFolders, case: Case) -> list[str]:
    """Write a case. If it can't be written, return the reason; else return nothing."""
    try:
        to.add(case)
    except NoVectorError as error:
        return [str(error)]
    return []


def _told(left_out: Counter[str]) -> str:
    """Return the numbers of cases that were left out, with the reasons, the most frequent first."""
    return ", ".join(f"{count:,} ({why})" for why, count in left_out.most_common())
