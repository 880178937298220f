"""``python -m cases draw``: print joint draws of an operator as a case file, with a line for each call."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from cases.drawing.draw import Drawn, draw
from cases.drawing.text import SOURCE, case_file
from cases.drawing.wrong import draw_unlike
from cases.model.case import OPERATORS

_JOINT: Final = "Joint draws: every dimension of a call varies at once, because faults live where rare things meet."
_LARGE: Final = "Joint draws in which one quantity is large, around what a register, a byte or 16 bits hold."
_LAYERS: Final = "Layers as networks have them: many channels, one window for all axes, mostly with gradients."
_RARE: Final = "Layers with what networks seldom have: uneven padding, a special value, many digits, a large dilation."
_WRONG: Final = "Wrong calls of one to three axes, each with another mistake."
_MOST: Final = 10_000
_HIGHEST_SEED: Final = 2**32 - 1
_DIGITS: Final = 20
"""Texts of as many digits or more are not read: none is a seed, and a very long one takes long."""


class DrawError(Exception):
    """A wrong argument of the command. The message is one line."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("operator", help=", ".join(OPERATORS))
    parser.add_argument("--seed", required=True, help=f"an integer from 0 to {_HIGHEST_SEED}; all calls follow from it")
    parser.add_argument("--number", required=True, help=f"the number of calls, from 1 to {_MOST}")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--large", action="store_true", help="one quantity of each call is beyond the usual")
    kinds.add_argument("--layers", action="store_true", help="layers as networks have them, mostly with gradients")
    kinds.add_argument("--rare", action="store_true", help="layers with something that networks seldom have")
    kinds.add_argument("--wrong", action="store_true", help="wrong calls, each with another mistake or number of axes")


def run(options: argparse.Namespace) -> int:
    """Print a case file, and on stderr a line about the sizes that were rejected; return the exit status 0.

    Raises:
        DrawError: if there is no such operator, or the seed or the number is not one.
    """
    operator = _operator(options.operator)
    seed = _integer("seed", options.seed, 0, _HIGHEST_SEED)
    kind = next((kind for kind in ("large", "layers", "rare") if getattr(options, kind)), "joint")
    number = _integer("number", options.number, 1, _MOST)
    drawn = draw_unlike(operator, seed, number) if options.wrong else draw(operator, seed, number, kind)
    sys.stdout.write(file_of(operator, seed, drawn))
    sys.stderr.write(summary(drawn))
    if len(drawn.entries) < number:
        sys.stderr.write(f"no more than {len(drawn.entries)} kinds of mistakes were found\n")
    return 0


def file_of(operator: str, seed: int, drawn: Drawn) -> str:
    """Return the text of a case file with these entries."""
    number, option = len(drawn.entries), "" if drawn.kind == "joint" else f" --{drawn.kind}"
    about = (
        {"joint": _JOINT, "large": _LARGE, "layers": _LAYERS, "rare": _RARE, "wrong": _WRONG}[drawn.kind],
        f"Drawn by `python -m cases draw {operator} --seed {seed} --number {number}{option}`.",
    )
    return case_file(operator, about, SOURCE, drawn.entries)


def summary(drawn: Drawn) -> str:
    """Return a line that counts the rejected sizes by their reason, and the options that were given up."""
    rejected = drawn.rejected.total()
    reasons = "; ".join(f"{reason}: {count}" for reason, count in drawn.rejected.most_common())
    given_up = f"; options given up: {len(drawn.given_up)}" if drawn.given_up else ""
    return f"{len(drawn.entries)} calls; {rejected} sizes rejected{f' ({reasons})' if reasons else ''}{given_up}\n"


def _operator(text: str) -> str:
    if text not in OPERATORS:
        msg = f"there is no operator {text!r}; there are: {', '.join(OPERATORS)}"
        raise DrawError(msg)
    return text


def _integer(name: str, text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < _DIGITS and least <= int(text) <= most):
        msg = f"{name} is {text!r}, not an integer from {least} to {most}"
        raise DrawError(msg)
    return int(text)
