"""One entry of a file of pipelines -> one Case: each step's call, and which tensors it takes."""

from __future__ import annotations

from cases.calls import CALLS
from cases.case import Case
from cases.network import Network
from cases.sizes import BuildError
from cases.steps import AnyStep, PipelineEntry


def build_pipeline(entry: PipelineEntry, case_id: str, about: str, source: str) -> Case:
    """The case that an entry without a grid describes.

    Raises:
        BuildError: if a step names no tensor that there is, or its sizes make no valid call.
    """
    network = Network(entry=entry, case_id=case_id)
    for number, step in enumerate(entry.steps):
        _add(network, number, step)
    return network.case(entry.about or about, entry.source or source)


def _add(network: Network, number: int, step: AnyStep) -> None:
    try:
        taken = network.taken(step)
        network.add(step, taken, *CALLS[type(step)](network, step, taken))
    except BuildError as error:
        raise BuildError(error.fields, f"step {step.name}: {error}", ("steps", number)) from None
