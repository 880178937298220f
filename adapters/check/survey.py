"""What adapters there are: whether each can be used here, and what its modes are limited to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapters.base import ModeOptions
from adapters.engine.handle import Missing, Ready, StartFailure
from adapters.engine.launch import Launch
from adapters.engine.pool import Pool


def survey(launches: Sequence[Launch]) -> list[str]:
    """Lines for each adapter: whether it can be used here, in which versions, and what its modes are limited to."""
    with Pool() as pool:
        answers = pool.probe(launches)
    return [line for answer in answers for line in _described(answer)]


def _described(answer: Ready | Missing | StartFailure) -> Iterator[str]:
    yield f"{answer.launch.name:<12}{_state(answer)}"
    if isinstance(answer, Ready):
        limits = {mode: list(_limits(answer.options[mode])) for mode in answer.modes}
        yield from (f"{'':<12}{mode}: {'; '.join(parts)}" for mode, parts in limits.items() if parts)


def _state(answer: Ready | Missing | StartFailure) -> str:
    match answer:
        case Ready():
            versions = ", ".join(f"{name} {version}" for name, version in answer.versions.items())
            places = "; ".join((f"Python {answer.python}", ", ".join(answer.modes), ", ".join(answer.devices)))
            return f"{versions or 'ready'} ({places})"
        case Missing():
            return f"not installed: {answer.message}"
        case StartFailure():
            return f"broken: {answer.message}"


def _limits(options: ModeOptions) -> Iterator[str]:
    if options.missing:
        yield f"not here: {options.missing}"
    if options.devices:
        yield f"{' and '.join(options.devices)} only"
    if options.dtypes:
        yield f"values of {', '.join(options.dtypes)} only"
    if options.one_in > 1:
        yield f"one in {options.one_in} cases of a topic, all with --slow"
    if options.environment:
        yield " ".join(f"{name}={text}" for name, text in options.environment.items())
