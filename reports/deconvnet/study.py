"""The study of a recorded run: each target's activations and projections, and the distances between projections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from adapters.outcome import Crashed, Outcome, Raised, Returned, TimedOut, Unsupported
from cases.loading.pipeline.network import IMAGE
from cases.model.case import Case
from reports.deconvnet.ask import FACTS, PICTURE
from reports.deconvnet.choose import Activation, Box, around, reach, receptive_field, strongest
from reports.deconvnet.scaling import SCALINGS
from reports.judging.judge import judge
from reports.recording.messages import last_words, normal
from reports.recording.record import call_line
from reports.recording.run import Run, RunError
from reports.recording.targets import ORACLE

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """The first step that departs from the definition by more than its bound; ``call`` is the step's call."""

    step: str
    summary: str
    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """One activation, projected to RGB ``pixels`` [height, width, 3]; if that failed, to None, and ``fault`` says why.

    ``field`` is the part of the image that the activation depends on, ``view`` the part that is shown.
    """

    rank: int
    activation: Activation
    field: Box
    view: Box
    pixels: Array | None
    fault: str
    departs: Departure | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAnswers:
    """All answers of one target. If there are no projections, ``fault`` says why."""

    target: str
    versions: str
    fault: str
    departs: Departure | None
    seconds: float
    projections: tuple[Projection, ...]

    @property
    def failed(self) -> bool:
        """Tell whether a step departs, or one way has no result."""
        faults = [self.fault, *(one.fault for one in self.projections)]
        return any(faults) or any([self.departs, *(one.departs for one in self.projections)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """All that the page and the picture show.

    ``image`` is RGB [height, width, 3] of 0 to 255. ``facts`` are the facts in the run's header. The first of
    ``answers`` is the oracle's. ``missing`` holds, by name, why other targets have no answers.
    """

    image: Array
    facts: dict[str, Any]
    answers: tuple[TargetAnswers, ...]
    missing: dict[str, str]
    broken: bool = False
    """Tells whether one of the missing targets is installed, but could not be started or configured."""

    @property
    def failed(self) -> bool:
        """Tell whether anything departs or failed; a framework that is not installed is no failure."""
        return self.broken or any(answer.failed for answer in self.answers)


def study(run: Run) -> Study:
    """Make the study of a run.

    Raises:
        RunError: if another command made the run, or if the files that the run read are gone.
    """
    if FACTS not in run.header:
        msg = f"{run.path}: not a run of python -m reports deconvnet; give one that --keep left"
        raise RunError(msg)
    try:
        with np.load(run.path.parent / PICTURE, allow_pickle=False) as archive:
            image = archive["rgb"]
        answers = tuple(_answer(run, target) for target in run.header["targets"])
    except OSError as error:
        msg = f"{run.path}: a file that the run read is gone ({error}); put it back where it was"
        raise RunError(msg) from None
    broken = run.header["broken"]
    missing = {name: normal(why) for name, why in (run.header["missing"] | broken).items()}
    return Study(image=image, facts=run.header[FACTS], answers=answers, missing=missing, broken=bool(broken))


def _answer(run: Run, target: str) -> TargetAnswers:
    facts = run.header[FACTS]
    case, record = run.cases[facts["forward"]], run.records.get((facts["forward"], target))
    versions = ", ".join(f"{name} {version}" for name, version in run.header["targets"][target]["versions"].items())
    fault = _fault(run, facts["forward"], target)
    kept: tuple[Activation, ...] = ()
    if record is not None and not fault:
        kept = strongest(run.array(record.digests[facts["activations"]]), facts["top"])
    return TargetAnswers(
        target=target,
        versions=versions,
        fault=fault,
        departs=_departs(run, case, target),
        seconds=record.seconds if record else 0.0,
        projections=tuple(_projection(run, target, rank, activation) for rank, activation in enumerate(kept, start=1)),
    )


def _projection(run: Run, target: str, rank: int, activation: Activation) -> Projection:
    facts = run.header[FACTS]
    forward, case = run.cases[facts["forward"]], run.cases[f"{facts['back']}-{target}-{rank}"]
    field = receptive_field(forward.steps, activation)
    record, fault = run.records.get((case.id, target)), _fault(run, case.id, target)
    pixels = None
    if record is not None and not fault:
        pixels = SCALINGS[facts["scaling"]].turned(run.array(record.digests[facts["pixels"]])[0])
    return Projection(
        rank=rank,
        activation=activation,
        field=field,
        view=around(field, reach(forward.steps), forward.inputs[IMAGE].shape[1:]),
        pixels=pixels,
        fault=fault,
        departs=_departs(run, case, target),
        seconds=record.seconds if record else 0.0,
    )


def _fault(run: Run, case: str, target: str) -> str:
    """Say in a line why there is no result; empty if there is one."""
    record = run.records.get((case, target))
    if record is None:
        return f"not run: {normal(run.faults.get((case, target), 'no answer'))}"
    return _told(record.outcome)


def _told(outcome: Outcome) -> str:
    match outcome:
        case Returned():
            return ""
        case Raised(type=name, message=message):
            return f"raised {name}: {normal(message)}"
        case Unsupported(reason=reason):
            return f"unsupported: {reason}"
        case Crashed(signal=signal, stderr=stderr):
            return f"the process ended ({signal}): {last_words(stderr) or 'no last words'}"
        case TimedOut():
            return outcome.told


def _departs(run: Run, case: Case, target: str) -> Departure | None:
    """Return the first step that departs; None if every step agrees, there is no result, or this is the oracle."""
    record = run.records.get((case.id, target))
    if record is None or not isinstance(record.outcome, Returned) or target == ORACLE:
        return None
    verdict = judge(run, case, target)
    if verdict.difference is None:
        return None
    call = call_line(run.call(record), verdict.step)
    return Departure(step=verdict.step, summary=verdict.difference.summary, call=call)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """The largest difference between two projections, and the same relative to the second one's largest magnitude.

    ``same`` tells whether the two have the same bits.
    """

    most: float
    relative: float
    same: bool


def distance(pixels: Array, reference: Array) -> Distance:
    """Return the distance of a projection from the one that it is compared with."""
    apart = np.abs(pixels.astype(np.float64) - reference.astype(np.float64))
    most, largest = float(apart.max(initial=0.0)), float(np.abs(reference.astype(np.float64)).max(initial=0.0))
    same = pixels.dtype == reference.dtype and pixels.tobytes() == reference.tobytes()
    relative = most / largest if largest else float("inf") if most else 0.0
    return Distance(most=most, relative=relative, same=same)


def counterpart(answer: TargetAnswers, wanted: Projection) -> Projection | None:
    """Return a target's projection of the same element, whatever its rank; None if it chose others, or failed."""
    same = (one for one in answer.projections if one.activation.place == wanted.activation.place)
    return next((one for one in same if one.pixels is not None), None)
