"""``python -m reports record``: write down what targets do with calls that have no result."""

from __future__ import annotations

import argparse
from pathlib import Path

from reports.commands.publish import shipped
from reports.judging import behaviours
from reports.recording.run import Run
from reports.recording.sampling import SIZES_ONLY
from reports.recording.targets import like


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument("run", type=Path)
    parser.set_defaults(command=record)


def record(run: Run, _options: argparse.Namespace) -> int:
    """Record the behaviours that the run shows; return 0.

    The lines of cases that the run did not ask stay, as long as these cases exist. A target that has to be like another
    one has no lines of its own, unless it infers sizes alone, and so takes calls that the other one refuses.
    """
    folder = behaviours.FOLDER / behaviours.BEHAVIOURS
    folder.mkdir(exist_ok=True)
    before, existing = behaviours.load_behaviours(folder), shipped()
    facts = run.header["targets"]
    for target in sorted(name for name in facts if like(run, name) == name or SIZES_ONLY in facts[name]):
        if text := behaviours.text(run, target, before.get(target), existing):
            path = folder / f"{target}.yaml"
            path.write_text(text, encoding="utf-8")
            print(path)
    return 0
