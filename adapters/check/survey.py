"""The list of the adapters: can each be used here, and what are its modes limited to?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapters.base import ModeOptions
from adapters.engine.handle import Missing, Ready, StartFailure
from adapters.engine.launch import Launch
from adapters.engine.pool import Pool


def survey(launches: Sequence[Launch]) -> list[str]:
    """Return lines for each adapter: its state here, its versions and devices, and what its modes are limited to."""
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
        yield f"can't be used here: {options.missing}"
    if options.devices:
        yield f"only on {' and '.join(options.devices)}"
    if options.dtypes:
        yield f"only values of {', '.join(options.dtypes)}"
    if options.one_in > 1:
        yield f"asked one in {options.one_in} cases of a topic, and all with --slow"
    if options.by_name:
        yield "runs only if --target has its name, or for --fuzz"
    if options.environment:
        yield " ".join(f"{name}={text}" for name, text in options.environment.items())
