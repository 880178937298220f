"""The question to every target: go forward, choose the strongest activations, go back with your own indices.

All answers are recorded in a run, so that pictures and numbers can be made from it, and made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from adapters.base import Target
from adapters.engine.handle import Ready, StartFailure
from adapters.engine.pool import Pool
from adapters.engine.threads import processors
from adapters.outcome import Returned
from cases.loading.pipeline.network import IMAGE
from cases.model.case import PIPELINE, Case
from cases.model.fill import Array
from reports.deconvnet.choose import alone, strongest
from reports.deconvnet.network import TwoWayNetwork, filled
from reports.recording import targets
from reports.recording.options import Options
from reports.recording.run import Run
from reports.recording.targets import DEFAULT_ADAPTERS

RUN: Final = "run.jsonl"
PICTURE: Final = "image.npz"
"""The file of the network's input ``image``, and of ``rgb``, the picture that it was made from."""
FACTS: Final = "deconvnet"
"""The key in the run's header under which this command keeps its facts."""
_FILTERS: Final = "filters.npz"
_ORACLE: Final = Target(adapter="oracle", mode="eager", device="cpu")
_LIMIT: Final = 300.0
"""The seconds that one step may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """All that the targets are asked to do, and with what.

    ``rgb`` is the image [size, size, 3] of 0 to 255, ``image`` the same image in the form that the network takes,
    [1, size, size, 3]. ``top`` is the number of activations. ``facts`` are kept in the run's header.
    """

    network: TwoWayNetwork
    filters: dict[str, Array]
    rgb: Array
    image: Array
    top: int
    facts: dict[str, Any]


def ask(request: Request, options: Options, folder: Path, tell: Callable[[str], None]) -> Run:
    """Run both ways on every target that can be used here, and record the answers in ``folder``.

    The folder also gets the files that the workers read. ``tell`` is called with a line about each stage.

    Raises:
        UsageError: if there is no framework, or none that the options name.
    """
    with Pool(case_limit=_LIMIT) as pool:
        found, ready, missing, broken = _choose(pool, options)
        settings = pool.prepare(found)
        able = {target: answer for target, answer in settings.items() if not isinstance(answer, StartFailure)}
        broken |= {str(target): why.message for target, why in settings.items() if isinstance(why, StartFailure)}
        run = Run(folder / RUN)
        header = {"targets": _described(able, ready), "missing": missing, "broken": broken, FACTS: _facts(request)}
        run.begin(header)
        forward = _forward(request, folder)
        tell(f"forward to {request.network.layer}: {', '.join(map(str, able))}")
        _answer(pool, run, {target: [forward] for target in able})
        tell("back to the pixels")
        _answer(pool, run, {target: _back(request, run, forward, target, folder) for target in able})
    run.end(asked=len(run.records) + len(run.faults))
    return run


def _choose(pool: Pool, options: Options) -> tuple[list[Target], dict[str, Ready], dict[str, str], dict[str, str]]:
    """Return the targets, the ready adapters, and the reasons why others are missing or broken, all by name.

    The oracle is the first target. A broken adapter does not stop the others.
    """
    launches, unasked = targets.launches(DEFAULT_ADAPTERS, options)
    answers = pool.probe(launches)
    broken = {answer.launch.name: answer.message for answer in answers if isinstance(answer, StartFailure)}
    ready, missing = targets.sorted_out(answer for answer in answers if not isinstance(answer, StartFailure))
    firsts = tuple(f"{adapter.name}-{adapter.modes[0]}-cpu" for adapter in ready if _has_networks(adapter))
    choice = targets.choose(ready, replace(options, targets=options.targets or firsts))
    missing |= choice.missing
    targets.check(choice, missing | broken, unasked, options)
    by_name = {adapter.name: adapter for adapter in ready}
    return list(dict.fromkeys([_ORACLE, *choice.targets])), by_name, missing, broken


def _has_networks(adapter: Ready) -> bool:
    """Tell whether an adapter is asked pipelines; one that is limited to a few operators may not be."""
    operators = adapter.options[adapter.modes[0]].operators
    return not operators or PIPELINE in operators


def _described(settings: Mapping[Target, Any], ready: Mapping[str, Ready]) -> dict[str, dict[str, Any]]:
    return {
        str(target): {
            "versions": ready[target.adapter].versions,
            "python": ready[target.adapter].python,
            "settings": chosen,
        }
        for target, chosen in settings.items()
    }


def _facts(request: Request) -> dict[str, Any]:
    network = request.network
    parts = {"layer": network.layer, "activations": network.activations, "pixels": network.pixels, "top": request.top}
    return parts | {"forward": network.forward.id, "back": network.back.id} | request.facts


def _forward(request: Request, folder: Path) -> Case:
    network = request.network
    np.savez(folder / _FILTERS, allow_pickle=False, **request.filters)
    np.savez(folder / PICTURE, allow_pickle=False, image=request.image, rgb=request.rgb)
    return filled(filled(network.forward, folder / _FILTERS, network.weights), folder / PICTURE, [IMAGE])


def _back(request: Request, run: Run, forward: Case, target: Target, folder: Path) -> list[Case]:
    """Return a case for each of the strongest activations that the target found; none if its forward pass failed."""
    record = run.records.get((forward.id, str(target)))
    if record is None or not isinstance(record.outcome, Returned):
        return []
    network, arrays, archive = request.network, record.outcome.arrays, folder / f"{target}-indices.npz"
    np.savez(archive, allow_pickle=False, **{name: arrays[name] for name in network.indices})
    weights = [name for name in network.weights if name in network.back.inputs]
    case = filled(filled(network.back, folder / _FILTERS, weights), archive, network.indices)
    activations = arrays[network.activations]
    ranked = enumerate(strongest(activations, request.top), start=1)
    return [
        _from_one(network, case, folder / f"{target}-{rank}.npz", alone(activations, kept)) for rank, kept in ranked
    ]


def _from_one(network: TwoWayNetwork, case: Case, archive: Path, sparse: Array) -> Case:
    np.savez(archive, allow_pickle=False, **{network.activations: sparse})
    return replace(filled(case, archive, [network.activations]), id=f"{network.back.id}-{archive.stem}")


def _answer(pool: Pool, run: Run, work: Mapping[Target, Iterable[Case]]) -> None:
    """Ask all cases, wait for the answers, and record them."""
    plan = {target: list(cases) for target, cases in work.items()}
    for cases in plan.values():
        for case in cases:
            run.ask(case)
    pool.start({target: cases for target, cases in plan.items() if cases}, run.record, slots=processors())
    while not pool.wait(1.0):  # in short waits, so that Ctrl-C is noticed
        pass
