"""The command's work: read the files that the options name, ask, draw."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from reports.deconvnet import WIDTH, filters, image
from reports.deconvnet.ask import RUN, Request, ask
from reports.deconvnet.network import TwoWayNetwork, build
from reports.deconvnet.page import page
from reports.deconvnet.panels import rows
from reports.deconvnet.picture import draw
from reports.deconvnet.scaling import SCALINGS, convention
from reports.deconvnet.study import Study, study
from reports.recording.options import Options, UsageError
from reports.recording.run import read

RECORD: Final = "record"


def work(options: argparse.Namespace) -> int:
    """Draw a new run or a kept one, and return 1 if a step departs or a target failed, otherwise 0.

    Raises:
        UsageError: if an option can't be followed.
        RunError: if there is no such run to draw again.
    """
    _check_folder(options.to)
    found = study(read(options.again)) if options.again else _asked(request(options), options)
    for path in _draw(found, options.to):
        print(path)  # noqa: T201 - a command line prints
    return 1 if found.failed else 0


def _check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        msg = f"--to {folder}: cannot write there ({error.strerror}); give a folder that you can write to"
        raise UsageError(msg) from None


def request(options: argparse.Namespace) -> Request:
    """Make the request that the options describe.

    Raises:
        UsageError: if the options can't be followed.
    """
    if options.weights and options.width:
        msg = f"--width {options.width}: the file of --weights sets the number of channels; leave out --width"
        raise UsageError(msg)
    taken = filters.weights(options.weights) if options.weights else {}
    width = taken[filters.FIRST].shape[-1] if taken else options.width or WIDTH
    network = build(options.layer, options.size, width)
    _check_top(options.top, network)
    scaling = SCALINGS[options.scaling or (convention(options.weights) if taken else "unit")]
    rgb = image.load(options.image, options.size)
    return Request(
        network=network,
        filters=filters.fitting(network, options.weights, taken) if taken else network.seeded(),
        rgb=rgb,
        image=scaling.apply(rgb),
        top=options.top,
        facts=_facts(options, width) | {"scaling": scaling.name, "about_scaling": f"{scaling.name}: {scaling.about}"},
    )


def _check_top(top: int, network: TwoWayNetwork) -> None:
    if top > network.channels:
        msg = f"--top {top}: {network.layer} has {network.channels} channels at this width; ask for fewer"
        raise UsageError(msg)


def _facts(options: argparse.Namespace, width: int) -> dict[str, Any]:
    """Return the facts for the page's head."""
    origin = f"from {options.weights.name}" if options.weights else "seeded"
    return {
        "command": options.said,
        "image": options.image.name if options.image else "matplotlib's sample photograph, Grace Hopper",
        "size": options.size,
        "filters": f"{origin}, {width} channels in the first layer",
        "seeded": not options.weights,
    }


def _asked(asked: Request, options: argparse.Namespace) -> Study:
    """Make a study of a new run. The run is kept only with ``--keep``, since it holds every tensor of every step."""
    wanted = Options(targets=tuple(options.target), adapters=tuple(options.adapter), device="auto")
    if options.keep:
        folder = options.to / RECORD
        folder.mkdir(exist_ok=True)
        (folder / RUN).unlink(missing_ok=True)
        return _recorded(asked, wanted, folder)
    with tempfile.TemporaryDirectory(dir=options.to, prefix=f"{RECORD}-") as name:
        return _recorded(asked, wanted, Path(name))


def _recorded(asked: Request, wanted: Options, folder: Path) -> Study:
    run = ask(asked, wanted, folder, _tell)
    _tell("comparing every step with the definition")
    try:
        return study(run)
    finally:
        run.close()


def _tell(news: str) -> None:
    print(f"{news} ...", file=sys.stderr, flush=True)  # noqa: T201 - it may take minutes


def _draw(found: Study, folder: Path) -> list[Path]:
    shown = rows(found)
    paths = [folder / "deconvnet.html"]
    paths[0].write_text(page(found, shown), encoding="utf-8")
    if shown:
        paths.insert(0, folder / "deconvnet.png")
        draw(shown, paths[0])
    return paths
