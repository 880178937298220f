"""``python -m reports record``: write down what targets do with calls that have no result."""

from __future__ import annotations

import argparse
from pathlib import Path

from reports.commands.publish import shipped
from reports.judging import behaviours
from reports.recording.run import Run


def add_options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("run", type=Path)
    parser.set_defaults(command=record)


def record(run: Run, _options: argparse.Namespace) -> int:
    """Write down what the run shows; what it did not ask stays as it was, as long as there is such a case."""
    folder = behaviours.FOLDER / behaviours.BEHAVIOURS
    folder.mkdir(exist_ok=True)
    before, existing = behaviours.load_behaviours(folder), shipped()
    for target in sorted(run.header["targets"]):
        if text := behaviours.text(run, target, before.get(target), existing):
            path = folder / f"{target}.yaml"
            path.write_text(text, encoding="utf-8")
            print(path)
    return 0
