"""The call of each kind of step: its tensors and arguments follow from the step and from the entry.

Sizes are computed forward from the image. A step that reverses another one uses its image, its windows, and its filter
or indices, so that a network is written only once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from cases.loading.build import tensor
from cases.loading.pipeline.entries import (
    AnyStep,
    ConvStep,
    ConvTransposeStep,
    FilterStep,
    PipelineEntry,
    PoolStep,
    ReluStep,
    UnpoolStep,
)
from cases.loading.pipeline.network import Network
from cases.loading.sizes import BuildError, each, padding_of
from cases.model import shapes
from cases.model.case import Case, Step

Parts = tuple[dict[str, str], dict[str, Any]]
"""The tensors that a step takes beside its value, and the arguments of its call."""
_TAKEN_FROM_REVERSED: Final = ("kernel", "strides", "padding", "dilations", "groups", "out_channels", "filter", "like")


def _windows(network: Network, step: Any) -> dict[str, Any]:
    entry, rank = network.entry, network.rank
    dilations = entry.dilations if step.dilations is None else step.dilations
    return {
        "strides": each(entry.strides if step.strides is None else step.strides, rank),
        "padding": padding_of(entry.padding if step.padding is None else step.padding),
        "dilations": None if dilations is None else each(dilations, rank),
    }


def _window(network: Network, name: str, step: Any) -> tuple[int, ...]:
    """Return the kernel or the ksize of a step."""
    size = getattr(network.entry, name) if getattr(step, name) is None else getattr(step, name)
    if size is None:
        raise BuildError(name, f"{name} is missing: the window's spatial size, e.g. 3 or [3, 5]")
    return each(size, network.rank)


def _conv(network: Network, step: ConvStep, taken: str) -> Parts:
    outer = _out_channels(network, step)
    takes, groups = _filter(network, step, (network.shapes[taken][-1], outer), outer)
    return takes, {**_windows(network, step), "groups": groups}


def _out_channels(network: Network, step: FilterStep) -> int:
    channels = network.entry.out_channels if step.out_channels is None else step.out_channels
    return channels * network.entry.width


def _filter(network: Network, step: FilterStep, channels: tuple[int, int], outer: int) -> tuple[dict[str, str], int]:
    """Return the step's own filter, its bias if it has one, and its number of groups.

    ``channels`` are the last two sizes of the filter, before the first is divided by the groups.
    """
    entry = network.entry
    groups = entry.groups if step.groups is None else step.groups
    shape = (*_window(network, "kernel", step), channels[0] // max(groups, 1), channels[1])
    takes = {"filter": f"{step.name}_filter"}
    network.require(takes["filter"], tensor("filter", step.filter, network.spec(shape, network.filters)))
    if entry.bias if step.bias is None else step.bias:
        takes |= _bias(network, step, outer)
    return takes, groups


def _bias(network: Network, step: FilterStep, channels: int) -> dict[str, str]:
    name = f"{step.name}_bias"
    network.require(name, network.spec((channels,), network.filters))
    return {"bias": name}


def _conv_transpose(network: Network, step: ConvTransposeStep, taken: str) -> Parts:
    if step.reverses is not None:
        return _conv_reversed(network, step, step.reverses)
    outer = _out_channels(network, step)
    takes, groups = _filter(network, step, (outer, network.shapes[taken][-1]), outer)
    windows = _windows(network, step)
    image = network.shape("like", step.like)[1:-1] if step.like else _smallest(network, step, windows, taken)
    return takes, {**windows, "groups": groups, "output_shape": (network.entry.batch, *image, outer)}


def _smallest(network: Network, step: FilterStep, windows: dict[str, Any], taken: str) -> tuple[int, ...]:
    """Return a spatial size: for SAME the count times the stride, else the smallest image that holds all windows."""
    counts, kernel = network.shapes[taken][1:-1], _window(network, "kernel", step)
    if windows["padding"] == "SAME":
        return tuple(count * stride for count, stride in zip(counts, windows["strides"], strict=True))
    spans = map(shapes.extent, kernel, windows["dilations"] or (1,) * network.rank)
    try:
        pairs = shapes.pads(windows["padding"], counts, kernel, windows["strides"])
        axes = zip(counts, windows["strides"], spans, pairs, strict=True)
        return tuple((count - 1) * stride + span - sum(pair) for count, stride, span, pair in axes)
    except ValueError as error:
        raise BuildError(("padding", "kernel", "strides"), f"the image's size doesn't follow: {error}") from None


def _conv_reversed(network: Network, step: ConvTransposeStep, name: str) -> Parts:
    given = [word for word in _TAKEN_FROM_REVERSED if getattr(step, word) is not None]
    if given:
        raise BuildError(given[0], f"{given[0]} comes from the step {name!r}, which this step reverses; remove it")
    forward = network.reversed(name, ("conv",))
    takes = {"filter": forward.takes["filter"]}
    if step.bias:
        takes |= _bias(network, step, forward.case.inputs["value"].shape[-1])
    return takes, {**_reversed_windows(forward), "groups": forward.case.groups}


def _reversed_windows(forward: Step) -> dict[str, Any]:
    case = forward.case
    windows = {"strides": case.strides, "padding": case.padding, "dilations": case.dilations}
    if case.ceil_mode is not None:  # what the last window reaches beyond is padding of the way back
        windows["padding"] = tuple((axis.before, axis.after + axis.overhang) for axis in shapes.axes(case))
    return {**windows, "output_shape": case.inputs["value"].shape}


def _pool(network: Network, step: PoolStep, _taken: str) -> Parts:
    if step.divisor is not None and step.operator != "avg_pool":
        raise BuildError("divisor", f"{step.operator} divides by nothing; remove divisor")
    more = {"ceil_mode": step.ceil_mode, "divisor": step.divisor, "ksize": _window(network, "ksize", step)}
    return {}, {**_windows(network, step), **more}


def _unpool(network: Network, step: UnpoolStep, _taken: str) -> Parts:
    maximum = step.operator == "max_unpool"
    operators = ("max_pool_argmax",) if maximum else ("avg_pool", "max_pool", "max_pool_argmax")
    forward = network.reversed(step.reverses, operators)
    takes = {"indices": forward.returns["indices"]} if maximum else {}
    return takes, {**_reversed_windows(forward), "ksize": forward.case.ksize}


def _relu(network: Network, _step: ReluStep, _taken: str) -> Parts:
    """Return windows of one element, so that the rules for windows also hold for relu."""
    ones = (1,) * network.rank
    return {}, {"strides": ones, "padding": "VALID", "ksize": ones}


CALLS: Final[dict[type, Callable[[Network, Any, str], Parts]]] = {
    ConvStep: _conv,
    ConvTransposeStep: _conv_transpose,
    PoolStep: _pool,
    UnpoolStep: _unpool,
    ReluStep: _relu,
}


def build_pipeline(entry: PipelineEntry, case_id: str, about: str, source: str) -> Case:
    """Build the pipeline that an entry without a grid describes.

    Raises:
        BuildError: if a step names an unknown tensor, or its call is not valid.
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
