"""Which adapters to start, and which of the targets that they offer are wanted. Pure: nothing is started here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from adapters import ADAPTERS, OURS
from adapters.base import ModeOptions, Target
from adapters.engine.handle import Missing, Ready, StartFailure
from adapters.engine.launch import Launch, UnknownAdapterError, resolve
from cases.model.case import Case
from reports.recording.messages import normal
from reports.recording.options import Options, UsageError
from reports.recording.run import Run

ORACLE: Final = "oracle-eager-cpu"
DEFAULT_ADAPTERS: Final = ("oracle", "tensorflow", "torch", "jax", "document")

DEFINITION: Final = "oracle"
"""The adapter that is asked everything in its first mode, and in another only if a --target says so."""
GPU: Final = "cuda"
_INSTALL: Final = {"tensorflow": "tensorflow-cpu"}
"""Adapter -> what to install, where that has another name."""


def parsed(target: str) -> Target:
    """Return a target by its name, such as ``torch-eager-cpu``."""
    adapter, mode, device = target.split("-")
    return Target(adapter=adapter, mode=mode, device=device)


def adapter_of(target: str) -> str:
    """Return the name of a target's adapter; an adapter's own name stands for itself."""
    return target.partition("-")[0]


def version_of(run: Run, target: str) -> str:
    """Return the version of a target's framework: of the distribution named like its adapter; 0 if none is."""
    versions: dict[str, str] = run.header["targets"][target]["versions"]
    return versions.get(adapter_of(target), "0")


def is_framework(target: str) -> bool:
    """Whether a target answers for a framework: the definition and the tutorial's algorithms don't."""
    return adapter_of(target) not in OURS


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The targets that are wanted, with their modes' options; those that can be had; why others can't.

    ``missing`` has the names of what was wanted and is not to be had here: ``torch-compile`` or ``torch-cuda``.
    """

    targets: dict[Target, ModeOptions]
    offered: tuple[Target, ...]
    missing: dict[str, str]


def launches(defaults: Sequence[str], options: Options) -> tuple[list[Launch], list[str]]:
    """The adapters to start, and the names of those that aren't, since no --target can name a target of theirs.

    Raises:
        UsageError: if an adapter is unknown, or an interpreter is given for one that takes no part.
    """
    names = [*defaults, *options.adapters]
    for name in options.pythons:
        if name not in names:
            msg = f"--python {name}=...: no adapter {name!r} takes part; there are: {', '.join(names)}"
            raise UsageError(msg)
    unasked = [name for name in defaults if name != DEFINITION and not _may_match(name, options.targets)]
    try:
        wanted = [resolve(name, options.pythons.get(name)) for name in dict.fromkeys(names) if name not in unasked]
    except UnknownAdapterError as error:
        raise UsageError(str(error)) from None
    return wanted, unasked


def _may_match(name: str, globs: Sequence[str]) -> bool:
    """Whether a --target can name a target of this adapter: one that can't isn't started, which takes seconds."""
    heads = [re.split(r"[*?[]", glob, maxsplit=1)[0] for glob in globs]
    return not heads or any(head.startswith(f"{name}-") or f"{name}-".startswith(head) for head in heads)


def sorted_out(answers: Iterable[Ready | Missing | StartFailure]) -> tuple[list[Ready], dict[str, str]]:
    """The adapters that can be used, and by name why others are missing.

    Raises:
        UsageError: if one is broken.
    """
    ready, missing = [], {}
    for answer in answers:
        match answer:
            case Ready():
                ready.append(answer)
            case Missing(launch=launch, message=message):
                what = _INSTALL.get(launch.name, launch.name)
                missing[launch.name] = f"not installed ({normal(message)}): pip install {what}"
            case StartFailure(message=message):
                raise UsageError(message)
    return ready, missing


def choose(ready: Iterable[Ready], options: Options) -> Choice:
    """Choose among all modes of all adapters, on every device where they exist, as --target and --device say."""
    places = [place for adapter in ready for place in _places(adapter)]
    wanted = [place for place in places if _is_wanted(place, options.targets, options.device)]
    return Choice(
        targets={place.target: place.options for place in wanted if not place.absent},
        offered=tuple(place.target for place in places if not place.absent),
        missing={place.missing: place.absent for place in wanted if place.absent},
    )


def check(choice: Choice, missing: dict[str, str], unasked: Sequence[str], options: Options) -> None:
    """Find out whether there is something to run for everything that was asked for.

    Raises:
        UsageError: if not; the message says what there is, and why the rest is not.
    """
    why = [f"{name}: {reason}" for name, reason in missing.items()]
    for glob in options.targets:
        if not any(fnmatchcase(str(target), glob) for target in choice.targets):
            there = ", ".join(map(str, choice.offered))
            rest = [*why, f"and those of {', '.join(unasked)}"] if unasked else why
            msg = f"--target {glob} matches no target; there are: {'; '.join([there, *rest])}"
            raise UsageError(msg)
    if not options.targets and not any(is_framework(str(target)) for target in choice.targets):
        msg = f"there is no framework to run on device {options.device!r}: {'; '.join(why)}"
        raise UsageError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A target that there might be; if it can't be had, why, and what it is that is missing."""

    target: Target
    options: ModeOptions
    is_first: bool
    missing: str = ""
    absent: str = ""


def _places(ready: Ready) -> Iterator[_Place]:
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
    if target.device not in ready.devices:
        return f"{target.adapter}-{target.device}", _unseen(ready, target)
    if options.missing:
        return f"{target.adapter}-{target.mode}", normal(options.missing)
    return "", ""


def _unseen(ready: Ready, target: Target) -> str:
    """Why a device is not there. Ours would use a GPU if there were one; of a plug-in all that is known is its word."""
    if ready.launch.name in ADAPTERS and target.device == GPU:
        return "the framework sees no GPU"
    return f"the adapter offers no {target.device} here, only {', '.join(ready.devices)}"


def _is_wanted(place: _Place, globs: Sequence[str], device: str) -> bool:
    defines = place.target.adapter == DEFINITION
    if device not in {"auto", place.target.device} and not defines:
        return False
    if globs:
        return any(fnmatchcase(str(place.target), glob) for glob in globs)
    return place.is_first or not defines


def longest_first(work: dict[Target, list[Case]], options: dict[Target, ModeOptions]) -> dict[Target, list[Case]]:
    """The same work, what takes longest first, so that no slot works alone in the end."""

    def seconds(target: Target) -> float:
        return len(work[target]) * options[target].cost

    return {target: work[target] for target in sorted(work, key=seconds, reverse=True)}
