"""Windows in the words of frameworks: numbers, and the slices of what is too much.

A case's window takes ``image`` elements of the full result, from ``before`` on. Each framework says it otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from adapters.call import refuse
from cases.model import rules, shapes
from cases.model.case import Case
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


def padded_image(axes: tuple[Axis, ...]) -> tuple[tuple[int, ...], tuple[int, ...], tuple[str, ...]]:
    """Return no padding, the sizes of the padded image, and the slices that take the image out of it."""
    return (0,) * len(axes), tuple(map(padded_size, axes)), tuple(map(image, axes))


def explicit(case: Case) -> Case:
    """Return a pooling that says ceil_mode or a divisor as the same windows, without both.

    What the last window reaches beyond is padding then, which is in pairs. If both change nothing, the padding stays.

    Raises:
        NotSupported: if the call has a fault: without what it says it would be another wrong call.
    """
    if (case.ceil_mode, case.divisor) == (None, None):
        return case
    refuse(
        "there is no ceil_mode or divisor here, so a wrong call with one can't be said", when=case.broken is not None
    )
    if shapes.is_plain(case):
        return replace(case, ceil_mode=None, divisor=None)
    pairs = tuple((axis.before, axis.after + axis.overhang) for axis in shapes.axes(case))
    return replace(case, padding=pairs, ceil_mode=None, divisor=None)


def divisors(case: Case, form: str) -> str:
    """Return the text of what each window's mean divides by, in the layout of the pooled value.

    ``form`` is the text that makes an array of a shape from a list: ``np.reshape({}, {})``.
    """
    if isinstance(case.divisor, int):
        return str(case.divisor)
    axes, factors = shapes.axes(case), []
    for number, axis in enumerate(axes):
        sizes = [-1 if number == other else 1 for other in range(len(axes))] + ([] if case.channels_first else [1])
        factors.append(form.format(list(shapes.counted(axis, case.divisor)), sizes))
    return " * ".join(factors)


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


def lead(case: Case) -> tuple[int, ...]:
    """Return how many elements of padding stand before each axis.

    Raises:
        ValueError: if the padding is an unknown word, or the case's sizes are not one an axis.
    """
    return tuple(before for before, _ in shapes.padding_pairs(case))


def alike(case: Case) -> bool:
    """Tell whether each axis has as much padding behind as before; raises as ``lead`` does."""
    return all(before == after for before, after in shapes.padding_pairs(case))


def one_number(case: Case) -> Any:
    """Return the padding of any case as one number an axis, or an unknown word as it stands."""
    if case.padding not in {"SAME", "VALID"} and isinstance(case.padding, str):
        return case.padding
    case = _windowed(case)
    sizes = (shapes.image_size(case), shapes.kernel_size(case), case.strides, shapes.dilations(case))
    if case.padding == "VALID" or min(case.strides) < 1 or len(set(map(len, sizes))) > 1:
        return (0,) * len(case.strides)  # what SAME would be follows from no sizes, or it is nothing
    return lead(case)


def _windowed(case: Case) -> Case:
    """Return the case with what is given of its windows, where SAME follows from it."""
    axes = len(case.strides)
    given = {name: case.given[name] for name in ("strides", "ksize", "dilations") if name in case.given}
    whole: dict[str, Any] = {
        name: sizes
        for name, sizes in given.items()
        if isinstance(sizes, tuple) and len(sizes) == axes and all(type(size) is int for size in sizes)
    }
    return replace(case, **whole)


def of_transposed(case: Case) -> tuple[Any, tuple[int, ...], tuple[str, ...]] | None:
    """Return padding, output_padding and crops of a transposed convolution that together give the case's window.

    None if the image is wrong, and its padding differs before and after.
    """
    broken = rules.broken(replace(case, given={}))  # what is given replaces no more than itself
    word = case.padding not in {"SAME", "VALID"} and isinstance(case.padding, str)
    uneven = not isinstance(case.padding, str) and len(case.padding) != len(case.strides)
    if word or uneven or (broken is not None and broken.rule != "padding" and broken.argument != "output_shape"):
        return one_number(case), (0,) * len(case.strides), ()
    axes = shapes.axes(case)
    if any(axis.before != axis.after and not fits(axis) for axis in axes):
        return None
    pads, extra, cuts = zip(*map(symmetric, axes), strict=True)
    wrong = case.output_padding if broken is not None and broken.argument == "output_padding" else None
    return pads, wrong or extra, cuts


def own_size(axis: Axis, padding: str) -> int:
    """Return the size that a transposed convolution of SAME or VALID padding has where it is told none."""
    return axis.count * axis.stride + (max(axis.extent - axis.stride, 0) if padding == "VALID" else 0)
