"""Windows of one axis in the words of frameworks: numbers, and the slices of what is too much.

A case's window takes ``image`` elements of the full result, from ``before`` on. Each framework says it otherwise.
"""

from __future__ import annotations

from cases.model import shapes
from cases.model.shapes import Axis


def fits(axis: Axis) -> bool:
    """Tell whether an axis has as many windows as its image takes."""
    return shapes.window_count(axis.image, axis.extent, axis.stride, (axis.before, axis.after)) == axis.count


def padded_size(axis: Axis) -> int:
    """Return the length of an axis with its padding."""
    return axis.before + axis.image + axis.after


def image(axis: Axis) -> str:
    """Return the slice that takes the image out of the padded one."""
    return f"{axis.before}:{axis.before + axis.image}"


def inside(axis: Axis) -> list[int]:
    """Return how many elements of each window of an axis lie on the image."""
    starts = (window * axis.stride - axis.before for window in range(axis.count))
    return [sum(0 <= start + tap * axis.dilation < axis.image for tap in range(axis.kernel)) for start in starts]


def of_full(axis: Axis) -> tuple[str, int]:
    """Return the slice of the full result that is in the window, and how many zeros follow it there."""
    missing = min(max(axis.before + axis.image - axis.full, 0), axis.image)
    return f"{min(axis.before, axis.full)}:{axis.before + axis.image}", missing


def of_dilated(axis: Axis) -> tuple[int, int]:
    """Return the padding of the value, with its zeros between elements, under which a convolution gives the window."""
    before = axis.extent - 1 - axis.before
    return before, axis.image + axis.extent - 1 - before - ((axis.count - 1) * axis.stride + 1)


def symmetric(axis: Axis) -> tuple[int, int, str]:
    """Return (padding, output_padding, crop): padding p gives the window (p, full - 2 p + output_padding)."""
    extra = axis.image - (axis.full - 2 * axis.before)
    if not fits(axis) or 0 <= extra < axis.stride:
        return axis.before, extra, ""
    if extra < 0:
        return axis.before, 0, f":{axis.image}"
    return 0, max(axis.before + axis.image - axis.full, 0), image(axis)


def ceiling(axis: Axis) -> tuple[int, str] | None:
    """Return padding and crop for pooling whose last window may reach behind the image.

    Padding is at most half a kernel, the same before and after. Windows that start too early are left out. None if no
    such padding will do.
    """
    for skip in range((axis.kernel // 2 - axis.before) // axis.stride + 1):
        pad = axis.before + skip * axis.stride
        windows = _started(axis, pad)
        if windows >= skip + axis.count:
            return pad, "" if (skip, axis.count) == (0, windows) else f"{skip}:{skip + axis.count}"
    return None


def _started(axis: Axis, pad: int) -> int:
    """Return how many windows start in the image or before it."""
    count = -(-(axis.image + 2 * pad - axis.extent) // axis.stride) + 1
    return count - 1 if (count - 1) * axis.stride >= axis.image + pad else count
