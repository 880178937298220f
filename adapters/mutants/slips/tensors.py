"""Slips of reading or writing a tensor: turned, permuted, from the wrong place, with an element off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from adapters.mutants.call import Array, Call, Tensors


def _spatial(call: Call, name: str, which: str) -> tuple[int, ...]:
    axes = tuple(axis - (name == "filter") for axis in call.spatial)
    return {"all": axes, "first": axes[:1], "last": axes[-1:]}[which]


def turned(call: Call, tensor: str, axes: str = "all") -> Tensors:
    """Read a tensor backwards along its spatial axes: all, the first or the last."""
    return call.with_tensor(tensor, np.flip(call.inputs[tensor], _spatial(call, tensor, axes)))


def transposed(call: Call) -> Tensors:
    """Read the filter's memory with its first and its last spatial axis exchanged."""
    filter_ = call.inputs["filter"]
    last = len(call.spatial) - 1
    sizes = list(filter_.shape)
    sizes[0], sizes[last] = sizes[last], sizes[0]
    return call.with_tensor("filter", filter_.reshape(sizes).swapaxes(0, last))


def channels_exchanged(call: Call) -> Tensors:
    """Read the filter's memory with its input and output channels exchanged."""
    filter_ = call.inputs["filter"]
    *kernel, first, last = filter_.shape
    return call.with_tensor("filter", filter_.reshape(*kernel, last, first).swapaxes(-1, -2))


def groups_exchanged(call: Call) -> Tensors:
    """Use the filters of the groups from the last group to the first."""
    parts = np.split(call.inputs["filter"], call.case.groups, axis=-1)
    return call.with_tensor("filter", np.concatenate(parts[::-1], axis=-1))


def groups_interleaved(call: Call, tensor: str) -> Tensors:
    """Take the channels of a group at equal distances, instead of beside each other."""
    return call.with_tensor(tensor, _interleaved(call.inputs[tensor], call.case.groups))


def groups_interleaved_out(call: Call) -> Tensors:
    """Write the channels of the groups in turn: one channel of each group at a time."""
    return call.right | {"output": _interleaved(call.right["output"], call.case.groups)}


def _interleaved(array: Array, groups: int) -> Array:
    *front, channels = array.shape
    return array.reshape(*front, groups, channels // groups).swapaxes(-1, -2).reshape(array.shape)


def reversed_along(call: Call, tensor: str, axis: int) -> Tensors:
    """Read an input backwards along one axis: 0 is the batch, -1 the channels."""
    return call.with_tensor(tensor, np.flip(call.inputs[tensor], axis))


def first_for_every(call: Call, tensor: str, axis: int) -> Tensors:
    """Read the first entry of a tensor's axis for every entry of that axis."""
    array = call.inputs[tensor]
    return call.with_tensor(tensor, np.broadcast_to(array.take([0] * bool(array.shape[axis]), axis), array.shape))


def scaled(call: Call, tensor: str, by: float) -> Tensors:
    """Multiply an input by a number."""
    return call.with_tensor(tensor, call.inputs[tensor] * by) if tensor in call.inputs else call.right


def one_element(call: Call, tensor: str, by: float, at: str = "last") -> Tensors:
    """Multiply a single element of an input by a number: the first, the middle one, or the last."""
    array = call.inputs[tensor].copy()
    if array.size:
        array.flat[{"first": 0, "middle": array.size // 2, "last": -1}[at]] *= by
    return call.with_tensor(tensor, array)


def slice_lost(call: Call, tensor: str, axis: int, entry: int = -1) -> Tensors:
    """Replace one entry of an input's axis by zeros, such as the last channel."""
    array = call.inputs[tensor].copy()
    if array.shape[axis]:
        np.moveaxis(array, axis, 0)[entry] = 0
    return call.with_tensor(tensor, array)


def rolled(call: Call, output: str, axis: int, by: int = 1) -> Tensors:
    """Write an output ``by`` places off along an axis; elements that leave at one end enter at the other."""
    return call.edited(output, lambda array: np.roll(array, by, axis))


def shifted(call: Call, output: str, axis: int) -> Tensors:
    """Write an output one place off along an axis, with zeros at its beginning."""

    def move(array: Array) -> Array:
        moved = np.roll(array, 1, axis)
        np.moveaxis(moved, axis, 0)[:1] = 0
        return moved

    return call.edited(output, move)


def written_backwards(call: Call, output: str, axis: int) -> Tensors:
    """Write an output backwards along an axis: 0 is the batch, -1 the channels."""
    return call.edited(output, lambda array: np.flip(array, axis))


def written_turned(call: Call, output: str) -> Tensors:
    """Write an output backwards along its spatial axes, which come first in a filter's gradient."""
    axes = tuple(axis - output.startswith("filter") for axis in call.spatial)
    return call.edited(output, lambda array: np.flip(array, axes))


def written_exchanged(call: Call, output: str) -> Tensors:
    """Write an output with its last two axes exchanged, in its own shape; in a filter's gradient these are channels."""
    return call.edited(output, lambda array: array.swapaxes(-1, -2).reshape(array.shape))


def first_written_for_every(call: Call, output: str, axis: int) -> Tensors:
    """Write the first entry of an output's axis for every entry of that axis."""
    return call.edited(output, lambda a: np.broadcast_to(a.take([0] * bool(a.shape[axis]), axis), a.shape))


def channels_first(call: Call) -> Tensors:
    """Compute in channels-first order, and return that memory as if channels came last."""
    return call.edited("output", lambda array: np.moveaxis(array, -1, 1).reshape(array.shape))


def batch_of_one(call: Call) -> Tensors:
    """Return one batch element of zeros for an empty batch."""
    return call.edited("output", lambda array: array if len(array) else np.zeros((1, *array.shape[1:])))


def reshaped(call: Call, how: str) -> Tensors:
    """Return the output in another shape of ``SHAPES``."""
    return call.edited("output", SHAPES[how])


def _exchanged(array: Array) -> Array:
    return array.reshape(array.shape[0], *array.shape[-2:0:-1], array.shape[-1])


SHAPES: Final[dict[str, Callable[[Array], Array]]] = {
    "without a batch of one": lambda array: array[0] if array.shape[0] == 1 else array,
    "without one channel": lambda array: array[..., 0] if array.shape[-1] == 1 else array,
    "rows and columns exchanged": _exchanged,
    "channels in second place": lambda array: np.moveaxis(array, -1, 1),
    "without the last row": lambda array: array[:, :-1],
    "with a row of zeros more": lambda array: np.concatenate([array, np.zeros_like(array[:, :1])], axis=1),
    "squeezed": np.squeeze,
}
"""Name -> a function that gives the output another shape."""
