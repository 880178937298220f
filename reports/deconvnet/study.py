"""A recorded run -> what there is to show: each target's activations and projections, and how far they are apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from adapters.outcome import Crashed, Outcome, Raised, Returned, TimedOut, Unsupported
from cases.loading.pipeline_network import IMAGE
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
    """The first step that departs from the definition by more than its bound, and how; ``call`` is the step's."""

    step: str
    summary: str
    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """One activation, projected to RGB ``pixels`` [height, width, 3]; None, and ``fault`` says why, if that failed.

    ``field`` is what of the image the activation sees, ``view`` the part that is shown.
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
class Answer:
    """All that came of one target. ``fault`` says why there are no projections, if there are none."""

    target: str
    versions: str
    fault: str
    departs: Departure | None
    seconds: float
    projections: tuple[Projection, ...]

    @property
    def failed(self) -> bool:
        """Whether a step departs, or one way has no result."""
        faults = [self.fault, *(one.fault for one in self.projections)]
        return any(faults) or any([self.departs, *(one.departs for one in self.projections)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What there is to show. The first answer is the oracle's; ``missing`` says of others why there are none.

    ``image`` is RGB [height, width, 3] of 0 to 255. ``facts`` are those of the run's header.
    """

    image: Array
    facts: dict[str, Any]
    answers: tuple[Answer, ...]
    missing: dict[str, str]
    broken: bool = False
    """Whether one of those was there, and could not be started or configured."""

    @property
    def failed(self) -> bool:
        """Whether anything departs or failed; what isn't installed did not."""
        return self.broken or any(answer.failed for answer in self.answers)


def study(run: Run) -> Study:
    """What a run shows.

    Raises:
        RunError: if it is another command's, or what it read is gone.
    """
    if FACTS not in run.header:
        msg = f"{run.path}: not a run of python -m reports deconvnet"
        raise RunError(msg)
    try:
        with np.load(run.path.parent / PICTURE, allow_pickle=False) as archive:
            image = archive["rgb"]
        answers = tuple(_answer(run, target) for target in run.header["targets"])
    except OSError as error:
        msg = f"{run.path}: what the run read is gone ({error}); it belongs beside it, where it was made"
        raise RunError(msg) from None
    broken = run.header["broken"]
    missing = {name: normal(why) for name, why in (run.header["missing"] | broken).items()}
    return Study(image=image, facts=run.header[FACTS], answers=answers, missing=missing, broken=bool(broken))


def _answer(run: Run, target: str) -> Answer:
    facts = run.header[FACTS]
    case, record = run.cases[facts["forward"]], run.records.get((facts["forward"], target))
    versions = ", ".join(f"{name} {version}" for name, version in run.header["targets"][target]["versions"].items())
    fault = _fault(run, facts["forward"], target)
    kept: tuple[Activation, ...] = ()
    if record is not None and not fault:
        kept = strongest(run.array(record.digests[facts["activations"]]), facts["top"])
    return Answer(
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
    """Why there is no result, in a line; empty if there is one."""
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
    """The first step that departs; None for what has no result, agrees in every step, or is the definition."""
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
    """How far a projection is from another: at the most, also in parts of the other's largest element.

    ``same`` says that their bits are.
    """

    most: float
    relative: float
    same: bool


def distance(pixels: Array, reference: Array) -> Distance:
    """How far one projection is from the one that it is held against."""
    apart = np.abs(pixels.astype(np.float64) - reference.astype(np.float64))
    most, largest = float(apart.max(initial=0.0)), float(np.abs(reference.astype(np.float64)).max(initial=0.0))
    same = pixels.dtype == reference.dtype and pixels.tobytes() == reference.tobytes()
    relative = most / largest if largest else float("inf") if most else 0.0
    return Distance(most=most, relative=relative, same=same)


def counterpart(answer: Answer, wanted: Projection) -> Projection | None:
    """A target's projection of the same element, whatever its rank there; None if it chose others, or failed."""
    same = (one for one in answer.projections if one.activation.place == wanted.activation.place)
    return next((one for one in same if one.pixels is not None), None)
