"""``python -m reports deconvnet``: its options, and the way from them to the pictures."""

from __future__ import annotations

import argparse
import importlib
import shlex
from pathlib import Path
from typing import Final

from reports.deconvnet import SCALINGS, WIDTH
from reports.recording.options import UsageError, count

_TO: Final = Path("reports/latest/deconvnet")
_NEEDED: Final = ("PIL", "matplotlib")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.description = (
        "Project the strongest activations of a layer of VGG16 back to pixels with every framework, and show "
        "them side by side. Exit status 1: a step departs from the definition, or a framework failed."
    )
    parser.add_argument("--layer", default="conv4_3", help="seen behind its ReLU; default: %(default)s")
    parser.add_argument("--image", type=Path, metavar="FILE", help="default: a photograph that matplotlib brings along")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="VGG16's filters: .npz or .safetensors")
    parser.add_argument("--to", type=Path, default=_TO, metavar="DIR", help="default: %(default)s")
    parser.add_argument("--top", type=count, default=3, metavar="N", help="how many feature maps; default: %(default)s")
    parser.add_argument(
        "--size",
        type=count,
        default=224,
        metavar="PIXELS",
        help="the image's shorter side is made this long, and its middle square taken; default: %(default)s",
    )
    parser.add_argument(
        "--width", type=count, metavar="N", help=f"channels of the first layer, without --weights; default: {WIDTH}"
    )
    parser.add_argument(
        "--scaling",
        choices=SCALINGS,
        help="what the filters expect of an image; default: unit without --weights, else by the names in the file",
    )
    parser.add_argument(
        "--target", action="append", default=[], metavar="GLOB", help="repeatable; default: each framework's first mode"
    )
    parser.add_argument("--adapter", action="append", default=[], metavar="MODULE:CLASS", help="repeatable")
    parser.add_argument("--keep", action="store_true", help="keep the run, 0.3 GB and more, in DIR/record")
    parser.add_argument("--again", type=Path, metavar="RUN", help="draw a kept run.jsonl again; nothing is asked")
    parser.set_defaults(run=None, command=deconvnet)


def deconvnet(options: argparse.Namespace) -> int:
    """Ask, draw, and say where; 1 where a step departs or a target failed.

    Raises:
        UsageError: if it can't be done.
        RunError: if there is no such run to draw again.
    """
    _check_installed()
    from reports.deconvnet import work  # noqa: PLC0415 - it imports what is needed for this command alone

    options.said = said(options)
    return work.work(options)


def _check_installed() -> None:
    try:
        for name in _NEEDED:
            importlib.import_module(name)
    except ImportError as error:
        msg = f"deconvnet draws with Pillow and matplotlib ({error}): pip install 'deconform[pictures]'"
        raise UsageError(msg) from None


def said(options: argparse.Namespace) -> str:
    """The command line that these options make, defaults included."""
    words = ["python", "-m", "reports", "deconvnet"]
    for name in ("layer", "image", "weights", "to", "top", "size", "width", "scaling"):
        if getattr(options, name) is not None:
            words += [f"--{name}", str(getattr(options, name))]
    for name in ("target", "adapter"):
        words += [word for text in getattr(options, name) for word in (f"--{name}", text)]
    return shlex.join([*words, *(["--keep"] if options.keep else [])])
