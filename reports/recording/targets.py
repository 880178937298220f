"""The choice of adapters to start, and of the targets to run. Pure: nothing is started here."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from adapters import ADAPTERS, OURS
from adapters.base import LABEL, ModeOptions, Target
from adapters.engine.handle import Missing, Ready, StartFailure
from adapters.engine.launch import Launch, UnknownAdapterError, resolve
from cases.model.case import Case
from reports.recording.messages import normal
from reports.recording.options import Options, UsageError
from reports.recording.run import Run

ORACLE: Final = "oracle-eager-cpu"
DEFAULT_ADAPTERS: Final = ("oracle", "tensorflow", "torch", "jax", "document")

DEFINITION: Final = "oracle"
"""The adapter that always runs in its first mode. Its other modes run only if a --target names them."""
GPU: Final = "cuda"
_INSTALL: Final = {"tensorflow": "tensorflow-cpu"}
"""Adapter -> the package to install, if the package has another name."""


def adapter_of(target: str) -> str:
    """Return the name of a target's adapter, without its interpreter's label; an adapter's name stands for itself."""
    return target.partition("-")[0].partition(LABEL)[0]


def interpreter_of(target: str) -> str:
    """Return the name of a target's adapter with its interpreter's label, as ``--python`` says it: ``jax@0.7``."""
    return target.partition("-")[0]


def version_of(run: Run, target: str) -> str:
    """Return the version of a target's framework: of the distribution named like its adapter; 0 if none is."""
    versions: dict[str, str] = run.header["targets"][target]["versions"]
    return versions.get(adapter_of(target), "0")


def like(run: Run, target: str) -> str:
    """Return the target whose facts and recorded behaviours hold for ``target`` as well.

    For a mode that chooses nothing it is the mode whose code the framework chose on this machine, for a transform of a
    call the mode that makes the call itself, and for a labelled interpreter that of no label. Every other target has
    its own.
    """
    _, mode, device = target.split("-")
    settings = run.header["targets"][target]["settings"]
    return f"{adapter_of(target)}-{settings.get('like', settings.get('near', mode))}-{device}"


def is_near(run: Run, target: str) -> bool:
    """Tell whether the facts of the target that ``like`` returns may show in this one and need not."""
    return "near" in run.header["targets"][target]["settings"]


def place_of(run: Run, target: str) -> dict[str, Any]:
    """Return the properties of a target that facts can read: its mode, its device, and whether there is AVX512.

    The mode is that of the target that it has to be like.

    NumPy names the instructions that it found: X86_V4 are those of AVX512 in its later versions, AVX512_SKX in its
    earlier ones. A variable that keeps a framework from using them is not seen.
    """
    _, mode, device = like(run, target).split("-")
    processor = str(run.header["targets"][target].get("processor", ""))
    return {"mode": mode, "device": device, "avx512": "X86_V4" in processor or "AVX512_SKX" in processor}


def is_framework(target: str) -> bool:
    """Tell whether a target belongs to a framework. The oracle and the tutorial's recipes are no frameworks."""
    return adapter_of(target) not in OURS


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The targets to run, all targets that can run here, and the reasons why others can't.

    ``targets`` maps the wanted targets to the options of their modes. ``offered`` holds every target that can run here.
    ``missing`` maps what was wanted and can't run here to the reason: ``torch-compile`` or ``torch-cuda``.
    """

    targets: dict[Target, ModeOptions]
    offered: tuple[Target, ...]
    missing: dict[str, str]


def launches(defaults: Sequence[str], options: Options) -> tuple[list[Launch], list[str]]:
    """Return the adapters to start, and the names of the others: no --target can match a target of theirs.

    Raises:
        UsageError: if an adapter is unknown, or an interpreter is given for an adapter that takes no part.
    """
    names = [*defaults, *options.adapters]
    for name in options.pythons:
        adapter, _, label = name.partition(LABEL)
        if label and not is_framework(adapter):
            msg = f"--python {name}=...: {adapter} is the same in every interpreter; label a framework or a plug-in"
            raise UsageError(msg)
        if adapter not in names:
            msg = f"--python {name}=...: no adapter {adapter!r} takes part; there are: {', '.join(names)}"
            raise UsageError(msg)
    unasked = [name for name in defaults if name != DEFINITION and not _may_match(name, options.targets)]
    try:
        wanted = [resolve(name, options.pythons.get(name)) for name in dict.fromkeys(names) if name not in unasked]
        wanted += list(_of_labels(defaults, options))
    except UnknownAdapterError as error:
        raise UsageError(str(error)) from None
    return wanted, unasked


def _of_labels(defaults: Sequence[str], options: Options) -> Iterator[Launch]:
    """Yield the launches of the adapters whose interpreters have a label, such as ``jax@0.7``."""
    for name, python in options.pythons.items():
        adapter, _, label = name.partition(LABEL)
        if label and (adapter not in defaults or _may_match(name, options.targets)):
            yield resolve(adapter, python, label)


def _may_match(name: str, globs: Sequence[str]) -> bool:
    """Tell whether a --target can match a target of this adapter. Starting an adapter takes seconds."""
    heads = [re.split(r"[*?[]", glob, maxsplit=1)[0] for glob in globs]
    return not heads or any(head.startswith(f"{name}-") or f"{name}-".startswith(head) for head in heads)


def sorted_out(answers: Iterable[Ready | Missing | StartFailure]) -> tuple[list[Ready], dict[str, str]]:
    """Return the adapters that can be used, and for each other adapter's name the reason why not.

    Raises:
        UsageError: if an adapter is broken.
    """
    ready, missing = [], {}
    for answer in answers:
        match answer:
            case Ready():
                ready.append(answer)
            case Missing(launch=launch, message=message):
                adapter = adapter_of(launch.name)
                where = f" for {launch.python}" if launch.label else ""
                named = f"pip install {_INSTALL.get(adapter, adapter)}{where}"
                advice = "install what the module imports" if ":" in launch.name else named
                missing[launch.name] = f"not installed ({normal(message)}): {advice}"
            case StartFailure(message=message):
                raise UsageError(message)
    return ready, missing


def choose(ready: Iterable[Ready], options: Options) -> Choice:
    """Choose targets among all modes of all adapters on all their devices, by --target and --device."""
    places = [place for adapter in ready for place in _places(adapter)]
    wanted = [place for place in places if _is_wanted(place, options)]
    return Choice(
        targets={place.target: place.options for place in wanted if not place.absent},
        offered=tuple(place.target for place in places if not place.absent),
        missing={place.missing: place.absent for place in wanted if place.absent},
    )


def check(choice: Choice, missing: dict[str, str], unasked: Sequence[str], options: Options) -> None:
    """Check that each --target matches a target, and that without --target there is a framework to run.

    Raises:
        UsageError: if not. The message lists the targets that there are, and says why others are missing.
    """
    why = [f"{name}: {reason}" for name, reason in missing.items()]
    for glob in options.targets:
        if not any(fnmatchcase(str(target), glob) for target in choice.targets):
            there = ", ".join(map(str, choice.offered))
            rest = [*why, f"and those of {', '.join(unasked)}"] if unasked else why
            named = [str(target) for target in choice.offered if fnmatchcase(str(target), glob)]
            hint = f" (name the mode as in '*-{named[0].split('-')[1]}-*')" if named else ""
            msg = f"--target {glob} matches no target{hint}; there are: {'; '.join([there, *rest])}"
            raise UsageError(msg)
    if not options.targets and not any(is_framework(str(target)) for target in choice.targets):
        msg = f"there is no framework to run on device {options.device!r}: {'; '.join(why)}"
        raise UsageError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A possible target.

    If it can't run here, ``missing`` names what is missing and ``absent`` is the reason. Both are empty if it can.
    """

    target: Target
    options: ModeOptions
    is_first: bool
    missing: str = ""
    absent: str = ""


def _places(ready: Ready) -> Iterator[_Place]:
    """Yield an adapter's possible targets: each mode on each device that the mode allows."""
    usual = (*ready.devices, GPU) if is_framework(ready.name) else ready.devices
    for mode in ready.modes:
        options = ready.options[mode]
        for device in dict.fromkeys((*usual, *options.devices)):
            if options.devices and device not in options.devices:
                continue
            target = Target(adapter=ready.name, mode=mode, device=device)
            missing, absent = _absence(ready, options, target)
            is_first = mode == ready.modes[0]
            yield _Place(target=target, options=options, is_first=is_first, missing=missing, absent=absent)


def _absence(ready: Ready, options: ModeOptions, target: Target) -> tuple[str, str]:
    """Return what a target lacks and why; two empty texts if it can run."""
    if target.device not in ready.devices:
        return f"{target.adapter}-{target.device}", _unseen(ready, target)
    if options.missing:
        return f"{target.adapter}-{target.mode}", normal(options.missing)
    return "", ""


def _unseen(ready: Ready, target: Target) -> str:
    """Return why a device is missing. Our own adapters would use a GPU. A plug-in may not use a GPU that is there."""
    if ready.launch.name in ADAPTERS and target.device == GPU:
        return "the framework sees no GPU"
    return f"the adapter offers no {target.device} here, only {', '.join(ready.devices)}"


def _is_wanted(place: _Place, options: Options) -> bool:
    defines = place.target.adapter == DEFINITION
    if options.device not in {"auto", place.target.device} and not defines:
        return False
    if options.targets:
        globs = [glob for glob in options.targets if fnmatchcase(str(place.target), glob)]
        return any(f"-{place.target.mode}-" in glob for glob in globs) if place.options.by_name else bool(globs)
    return place.is_first if defines else not place.options.by_name or options.fuzz_seed is not None


def in_order(
    work: dict[Target, list[Case]], options: dict[Target, ModeOptions], *, timed: bool
) -> dict[Target, list[Case]]:
    """Return the same work with the longest first, so that no worker is left with a long target at the end.

    If it is ``timed``, each target has a share of the time, and what it leaves goes to those that come later. Then the
    longest comes last.
    """

    def seconds(target: Target) -> float:
        return len(work[target]) * options[target].cost

    return {target: work[target] for target in sorted(work, key=seconds, reverse=not timed)}


def due(
    work: dict[Target, list[Case]], options: dict[Target, ModeOptions], slots: int
) -> dict[tuple[str, Target], float]:
    """Return by case id and target when each answer is expected, in units of ``ModeOptions.cost``.

    At most ``slots`` targets run at the same time. They begin in the given order.
    """
    free = [0.0] * slots
    found: dict[tuple[str, Target], float] = {}
    for target, cases in work.items():
        begin, cost = heapq.heappop(free), options[target].cost
        found |= {(case.id, target): begin + cost * number for number, case in enumerate(cases, 1)}
        heapq.heappush(free, begin + cost * len(cases))
    return found
