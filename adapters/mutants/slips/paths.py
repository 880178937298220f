"""Slips of optimised code: tiles, phases, micro-batches, and paths for certain sizes."""

from __future__ import annotations

import math

import numpy as np

from adapters.mutants.call import Array, Call, Tensors
from adapters.oracle.pooling import divisors
from adapters.oracle.windows import cut


def tiles_overlap(call: Call, columns: int) -> Tensors:
    """Compute ``columns`` columns at a time. The last tile is moved back to end with the image, and added there."""

    def tiled(array: Array) -> Array:
        last = array.shape[-2]
        again = array.copy()
        if last > columns and last % columns:
            again[..., last - columns : last // columns * columns, :] *= 2
        return again

    return call.edited("output", tiled)


def phases_too_far(call: Call) -> Tensors:
    """Take the taps of one phase of the output to be a stride apart, though dilations bring them nearer.

    The right distance is stride / gcd(stride, dilation).
    """
    filter_ = call.inputs["filter"]
    for number, axis in enumerate(call.axes):
        step = axis.stride // axis.dilation if axis.stride % axis.dilation == 0 else axis.stride
        taps = np.arange(axis.kernel)
        phases = taps * axis.dilation % axis.stride
        first = np.array([taps[phases == phase][0] for phase in phases], dtype=int)
        kept = (taps - first) % step == 0
        filter_ = filter_ * kept.reshape(-1, *(1,) * (filter_.ndim - 1 - number))
    return call.with_tensor("filter", filter_)


def stopped_at_infinity(call: Call) -> Tensors:
    """Stop in a window at the first infinity, since no number is greater, and miss a NaN behind it."""
    windows = cut(call.inputs["value"], call.axes, -np.inf)
    flat = windows.reshape(*call.right["output"].shape, math.prod(axis.kernel for axis in call.axes))
    reached = np.logical_or.accumulate(flat == np.inf, axis=-1)
    seen = np.where(reached, np.inf, flat).max(axis=-1, initial=-np.inf)
    return call.edited("output", lambda _: seen)


def micro_batches(call: Call, size: int) -> Tensors:
    """Sum a filter's gradient over ``size`` batch elements at a time, and forget those left over."""
    batch = len(call.inputs["value"])
    return _counting(call, slice(batch // size * size, None), 0) if batch > size else call.right


def _counting(call: Call, some: slice, times: int) -> Tensors:
    """Count some batch elements ``times`` times in a filter's gradient."""
    if "filter_gradient" not in call.right:
        return call.right
    cotangent = call.inputs["cotangent"].copy()
    cotangent[some] *= times
    return call.right | {"filter_gradient": call.with_tensor("cotangent", cotangent)["filter_gradient"]}


def gaps_filled(call: Call) -> Tensors:
    """Repeat each share of a mean's cotangent stride times, which is right if windows lie side by side."""
    if "value_gradient" not in call.right or any(axis.stride < axis.kernel for axis in call.axes):
        return call.right
    shares = call.inputs["cotangent"] / divisors(call.axes, call.case.divisor)
    for number, axis in enumerate(call.axes):
        shares = np.repeat(shares, axis.stride, axis=1 + number)
        places = np.minimum(np.arange(axis.image) + axis.before, shares.shape[1 + number] - 1)
        shares = shares.take(places, axis=1 + number)
    return call.edited("value_gradient", lambda _: shares)


def masked_by_value(call: Call) -> Tensors:
    """Give no gradient to elements that are zero, as a relu would."""
    return call.edited("value_gradient", lambda array: np.where(call.inputs["value"] != 0, array, 0.0))


def micro_batches_overlap(call: Call, size: int) -> Tensors:
    """Sum a filter's gradient over ``size`` batch elements at a time; the last block is moved back to be whole."""
    batch = len(call.inputs["value"])
    return _counting(call, slice(batch - size, batch // size * size), 2) if batch > size else call.right


def lowest_lane(call: Call, lanes: int) -> Tensors:
    """Compare the elements of a window in ``lanes`` lanes, and take the maximum of the lowest lane among equal ones."""
    taps = math.prod(axis.kernel for axis in call.axes)
    if taps <= lanes or not call.right["output"].size:
        return call.right
    windows, places = _by_tap(call, taps)
    order = np.argsort(np.arange(taps) % lanes, kind="stable")
    hits = ((windows == windows.max(axis=-1, keepdims=True)) & (places >= 0))[..., order]
    first = hits.argmax(axis=-1)[..., np.newaxis]
    chosen = np.take_along_axis(places[..., order], first, axis=-1)[..., 0]
    channels = call.inputs["value"].shape[-1]
    wrong = chosen * channels + np.arange(channels)
    return call.edited("indices", lambda array: array + (wrong - _in_batch(call, array)))


def _by_tap(call: Call, taps: int) -> tuple[Array, Array]:
    """Return the elements of all windows and their places in the image, each [batch, *count, channels, taps].

    In the padding an element is minus infinity, and its place is -1.
    """
    shape = (*call.right["output"].shape, taps)
    images = [axis.image for axis in call.axes]
    windows = cut(call.inputs["value"], call.axes, -np.inf).reshape(shape)
    places = cut(np.arange(math.prod(images)).reshape(1, *images, 1), call.axes, -1)
    return windows, np.broadcast_to(places.reshape(1, *shape[1:-2], 1, taps), shape)


def _in_batch(call: Call, indices: Array) -> Array:
    size = math.prod(call.inputs["value"].shape[1:])
    within: Array = indices % size
    return within


def tiles_overwrite(call: Call, windows: int) -> Tensors:
    """Lay ``windows`` windows of the first axis at a time; the next ones overwrite where they overlap them."""
    first = call.axes[0]
    image = np.zeros_like(call.right["output"])
    for start in range(0, first.count, windows):
        value = np.zeros_like(call.inputs["value"])
        value[:, start : start + windows] = call.inputs["value"][:, start : start + windows]
        part = call.output(call.inputs | {"value": value})
        reach = max(first.starts[start], 0)
        image[:, reach:] = part[:, reach:]
    return call.edited("output", lambda _: image)
