"""The command ``python -m reports deconvnet``: its options, and a check that it can draw."""

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
    """Add the command's options to its parser."""
    parser.description = (
        "Project the strongest activations of a layer of VGG16 back to pixels with every framework, and show the "
        "pictures side by side. The exit status is 1 if a step departs from the definition or a framework fails."
    )
    _add_network(parser)
    _add_image(parser)
    parser.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="GLOB",
        help="only targets that match; may be repeated; default: each framework's first mode",
    )
    parser.add_argument(
        "--adapter",
        action="append",
        default=[],
        metavar="MODULE:CLASS",
        help="ask this adapter, too; may be repeated",
    )
    parser.add_argument(
        "--to", type=Path, default=_TO, metavar="DIR", help="the folder for the pictures; default: %(default)s"
    )
    parser.add_argument("--keep", action="store_true", help="keep the run, 0.3 GB and more, in DIR/record")
    parser.add_argument("--again", type=Path, metavar="RUN", help="draw a kept run.jsonl again, and ask nothing")
    parser.set_defaults(run=None, command=deconvnet)


def _add_network(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--layer", default="conv4_3", help="the layer, taken after its ReLU; default: %(default)s")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="VGG16's filters: .npz or .safetensors")
    parser.add_argument(
        "--width",
        type=count,
        metavar="N",
        help=f"the number of channels of the first layer, without --weights; default: {WIDTH}",
    )
    parser.add_argument(
        "--top", type=count, default=3, metavar="N", help="the number of feature maps; default: %(default)s"
    )


def _add_image(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--image", type=Path, metavar="FILE", help="default: a photograph that comes with matplotlib")
    parser.add_argument(
        "--size",
        type=count,
        default=224,
        metavar="PIXELS",
        help="scale the image's shorter side to this length, and take its middle square; default: %(default)s",
    )
    parser.add_argument(
        "--scaling",
        choices=SCALINGS,
        help="the scaling of pixels that the filters expect; default: unit without --weights, else by the file's names",
    )


def deconvnet(options: argparse.Namespace) -> int:
    """Ask, draw, and print where the pictures are; return 1 if a step departs or a target failed, otherwise 0.

    Raises:
        UsageError: if the options can't be followed, or Pillow or matplotlib is not installed.
        RunError: if there is no such run to draw again.
    """
    _check_installed()
    from reports.deconvnet import work  # noqa: PLC0415 - only this command needs what it imports

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
    """Return the command line that these options make, defaults included."""
    words = ["python", "-m", "reports", "deconvnet"]
    for name in ("layer", "image", "weights", "to", "top", "size", "width", "scaling"):
        if getattr(options, name) is not None:
            words += [f"--{name}", str(getattr(options, name))]
    for name in ("target", "adapter"):
        words += [word for text in getattr(options, name) for word in (f"--{name}", text)]
    return shlex.join([*words, *(["--keep"] if options.keep else [])])
