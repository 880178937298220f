"""Asking every target for both ways: its own activations and indices, its own choice of the strongest, its own return.

All that comes is recorded in a run, so that pictures and numbers can be made from it, and made again.
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
from cases.loading.pipeline_network import IMAGE
from cases.model.case import PIPELINE, Case
from cases.model.fill import Array
from reports.deconvnet.choose import alone, strongest
from reports.deconvnet.network import Network, filled
from reports.recording import targets
from reports.recording.options import Options
from reports.recording.run import Run
from reports.recording.targets import DEFAULT_ADAPTERS

RUN: Final = "run.jsonl"
PICTURE: Final = "image.npz"
"""The network's input ``image``, and ``rgb``, which it was made of."""
FACTS: Final = "deconvnet"
"""What of the run's header this is about."""
_FILTERS: Final = "filters.npz"
_ORACLE: Final = Target(adapter="oracle", mode="eager", device="cpu")
_LIMIT: Final = 300.0
"""Seconds for one step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: the network, its filters, the image as RGB and as the network takes it, how many activations.

    ``facts`` are for the run's header.
    """

    network: Network
    filters: dict[str, Array]
    rgb: Array
    image: Array
    top: int
    facts: dict[str, Any]


def ask(question: Question, options: Options, folder: Path, tell: Callable[[str], None]) -> Run:
    """Run both ways on every target at hand, recorded in a folder, which also gets what the workers read.

    ``tell`` is told what is going on, now and then.

    Raises:
        UsageError: if there is no framework, or none of those named.
    """
    with Pool(case_limit=_LIMIT) as pool:
        found, ready, missing, broken = _choose(pool, options)
        settings = pool.prepare(found)
        able = {target: answer for target, answer in settings.items() if not isinstance(answer, StartFailure)}
        broken |= {str(target): why.message for target, why in settings.items() if isinstance(why, StartFailure)}
        run = Run(folder / RUN)
        header = {"targets": _described(able, ready), "missing": missing, "broken": broken, FACTS: _facts(question)}
        run.begin(header)
        forward = _forward(question, folder)
        tell(f"forward to {question.network.layer}: {', '.join(map(str, able))}")
        _answer(pool, run, {target: [forward] for target in able})
        tell("back to the pixels")
        _answer(pool, run, {target: _back(question, run, forward, target, folder) for target in able})
    run.end(asked=len(run.records) + len(run.faults))
    return run


def _choose(pool: Pool, options: Options) -> tuple[list[Target], dict[str, Ready], dict[str, str], dict[str, str]]:
    """The targets, the oracle first; by name why others are missing, and why some are broken, which stops no other."""
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
    """Whether an adapter is asked pipelines at all: one that knows a few operators alone, as the tutorial, is not."""
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


def _facts(question: Question) -> dict[str, Any]:
    network = question.network
    parts = {"layer": network.layer, "activations": network.activations, "pixels": network.pixels, "top": question.top}
    return parts | {"forward": network.forward.id, "back": network.back.id} | question.facts


def _forward(question: Question, folder: Path) -> Case:
    network = question.network
    np.savez(folder / _FILTERS, allow_pickle=False, **question.filters)
    np.savez(folder / PICTURE, allow_pickle=False, image=question.image, rgb=question.rgb)
    return filled(filled(network.forward, folder / _FILTERS, network.weights), folder / PICTURE, [IMAGE])


def _back(question: Question, run: Run, forward: Case, target: Target, folder: Path) -> list[Case]:
    """One case for each of the strongest activations that the target found; none if its forward pass failed."""
    record = run.records.get((forward.id, str(target)))
    if record is None or not isinstance(record.outcome, Returned):
        return []
    network, arrays, archive = question.network, record.outcome.arrays, folder / f"{target}-indices.npz"
    np.savez(archive, allow_pickle=False, **{name: arrays[name] for name in network.indices})
    weights = [name for name in network.weights if name in network.back.inputs]
    case = filled(filled(network.back, folder / _FILTERS, weights), archive, network.indices)
    activations = arrays[network.activations]
    ranked = enumerate(strongest(activations, question.top), start=1)
    return [
        _from_one(network, case, folder / f"{target}-{rank}.npz", alone(activations, kept)) for rank, kept in ranked
    ]


def _from_one(network: Network, case: Case, archive: Path, sparse: Array) -> Case:
    np.savez(archive, allow_pickle=False, **{network.activations: sparse})
    return replace(filled(case, archive, [network.activations]), id=f"{network.back.id}-{archive.stem}")


def _answer(pool: Pool, run: Run, work: Mapping[Target, Iterable[Case]]) -> None:
    """Have all of it answered and recorded."""
    plan = {target: list(cases) for target, cases in work.items()}
    for cases in plan.values():
        for case in cases:
            run.ask(case)
    pool.start({target: cases for target, cases in plan.items() if cases}, run.record, slots=processors())
    while not pool.wait(1.0):  # in turns, so that Ctrl-C is heard
        pass
