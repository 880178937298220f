"""The sentences that say how much padding lies on each side, and why: for an image, and for a transposed result."""

from __future__ import annotations

from dataclasses import replace

from cases.explain.parts import by
from cases.explain.view import View, Words
from cases.model import shapes
from cases.model.case import Case
from cases.model.shapes import Axis


def forward(seen: View) -> tuple[str, ...]:
    """Say for each axis how the image is padded before windows are laid on it."""
    pairs = zip(seen.axes, seen.words, strict=True)
    return tuple(f"{_forward(axis, words, seen.case)}{_unread(axis, words)}" for axis, words in pairs)


def _forward(axis: Axis, words: Words, case: Case) -> str:
    if case.padding == "VALID":
        size = f"({axis.image} - {axis.extent}) // {axis.stride} + 1 = {_whole(axis)}"
        whole = f"{words.many}: VALID adds none; windows of {axis.extent}, {axis.stride} apart: {size}."
        return f"{whole}{_further(axis, words, case)}"
    if case.padding == "SAME":
        plain = replace(axis, count=_whole(axis))
        windows = f"SAME wants ceil({axis.image} / {axis.stride}) = {_windows(plain.count)}"
        return f"{words.many}: {windows}. {_same(plain, words)}{_further(axis, words, case)}"
    size = f"({axis.padded} - {axis.extent}) // {axis.stride} + 1 = {_windows(_whole(axis))}"
    said = f"{words.many}: the call says {axis.before} {words.front} and {axis.after} {words.back}; then {size} fit."
    return f"{said}{_further(axis, words, case)}"


def _whole(axis: Axis) -> int:
    """Return the number of windows that fit on the padded image."""
    return shapes.window_count(axis.image, axis.extent, axis.stride, (axis.before, axis.after))


def _further(axis: Axis, words: Words, case: Case) -> str:
    """Say what ceil_mode makes of the elements behind the last window that fits."""
    begin = _whole(axis) * axis.stride
    if case.ceil_mode is None:
        return ""
    if axis.count > _whole(axis):
        behind = " It begins behind the image, and is kept." if begin - axis.before >= axis.image else ""
        return f" ceil_mode adds one, which reaches {words.count(axis.overhang)} beyond the padding.{behind}"
    if (axis.padded - axis.extent) % axis.stride == 0:
        return " ceil_mode adds none: nothing is left."
    return f" ceil_mode adds none: it would begin {begin - axis.before} from the image's start, which is behind it."


def _same(axis: Axis, words: Words) -> str:
    """Say how much padding SAME needs in total and on each side, for a forward operator."""
    total = axis.before + axis.after
    need = f"they span ({axis.count} - 1) * {axis.stride} + {axis.extent} = {axis.full}"
    if not total:
        return f"{need.capitalize()}, no more than the {axis.image} there are: no padding."
    halves = f"{axis.before} {words.front}, {axis.after} {words.back}"
    odd = f"odd, and the odd one lies {words.back}: {halves}" if total % 2 else f"even: {halves}"
    return f"{need.capitalize()}, {total} more than the image's {axis.image}; {total} is {odd}."


def _unread(axis: Axis, words: Words) -> str:
    rest = axis.padded - axis.full
    return f" The last {words.count(rest)} {'lies' if rest == 1 else 'lie'} under no window." if rest > 0 else ""


def _windows(count: int) -> str:
    return f"{count} window{'s' if count != 1 else ''}"


def pairs(seen: View) -> tuple[tuple[int, int], ...]:
    """Return the padding (in front, behind) with which windows of stride 1 give the image; a negative number crops."""
    return tuple(
        (axis.extent - 1 - axis.before, axis.image + axis.before - (axis.count - 1) * axis.stride - 1)
        for axis in seen.axes
    )


def transposed(seen: View) -> tuple[str, ...]:
    """Say for each axis how the value with its zeros is padded, and which window of the full result that leaves."""
    axes = zip(seen.axes, seen.words, pairs(seen), strict=True)
    return tuple(
        line
        for number, axis in enumerate(axes)
        for line in (f"{axis[1].many}:", *_transposed(seen.case, *axis, number))
    )


def _transposed(case: Case, axis: Axis, words: Words, pair: tuple[int, int], number: int) -> list[str]:
    (front, behind), need = pair, axis.image + axis.extent - 1
    rest = f"{need} - {_signed(front)} - {(axis.count - 1) * axis.stride + 1} = {behind}"
    cells = f"{axis.image} + {axis.extent} - 1 = {need} cells"
    last = f"{words.back}: {words.count(axis.image)} need {cells}, and {rest}"
    lines = [
        *_forward_padding(case, axis, words, pair),
        _seen_through(axis, words),
        f"{words.front}: extent - 1 - before = {axis.extent} - 1 - {axis.before} = {front}{_crop(front)}",
        f"{last}{_crop(behind)}{_of_output_padding(case, number)}",
    ]
    return [f"  {line}" for line in lines]


def laid(seen: View) -> tuple[str, ...]:
    """Say for each axis which window of the full result the image is; the full result holds all windows whole."""
    pairs = zip(seen.axes, seen.words, strict=True)
    return tuple(f"{words.many}: {_seen_through(axis, words)}." for axis, words in pairs)


def _signed(number: int) -> str:
    return f"({number})" if number < 0 else str(number)


def _crop(padding: int) -> str:
    return f": {-padding} cropped" if padding < 0 else ""


def _forward_padding(case: Case, axis: Axis, words: Words, pair: tuple[int, int]) -> list[str]:
    """Say how the forward convolution pads, which decides ``before``, and on which side SAME's odd element lies."""
    total = axis.before + axis.after
    if case.padding != "SAME":
        said = "VALID pads the image by nothing" if case.padding == "VALID" else "the call pads the image"
        return [f"{said}: before = {axis.before}, after = {axis.after}"]
    lacks = f"({axis.count} - 1) * {axis.stride} + {axis.extent} - {axis.image} = {axis.full - axis.image}"
    if not total:
        return [f"SAME pads the image by nothing, since {lacks}: before = 0, after = 0"]
    parity = "odd" if total % 2 else "even"
    same = f"SAME pads the image by {lacks}, {parity}: before = {total} // 2 = {axis.before}, after = {axis.after}"
    here = words.front if pair[0] > pair[1] else words.back
    odd = f"the odd one lies {words.back}, after the image, and here the other way round: {here}"
    return [same, odd] if total % 2 else [same]


def _of_output_padding(case: Case, number: int) -> str:
    extra = case.output_padding[number] if case.output_padding else 0
    return f", {extra} of them for output_padding" if extra else ""


def _seen_through(axis: Axis, words: Words) -> str:
    past = axis.image - axis.covered
    beyond = f", {past} past its end" if past > 0 else ""
    full = f"({axis.count} - 1) * {axis.stride} + {axis.extent} = {words.count(axis.full)}"
    return f"the full result has {full}, seen through the window (offset {axis.before}, length {axis.image}){beyond}"


def between(steps: tuple[int, ...], sizes: tuple[int, ...], seen: View, word: str) -> tuple[str, ...]:
    """Say how zeros between neighbours lengthen each axis; ``word`` names a step: stride or dilation."""
    lines = []
    for step, size, words in zip(steps, sizes, seen.words, strict=True):
        zeros = f"{step} - 1 = {step - 1} zero{'s' if step != 2 else ''}"  # noqa: PLR2004 - one zero
        length = f"({size} - 1) * {step} + 1 = {(size - 1) * step + 1}"
        lines.append(f"{words.many}: {word} {step} puts {zeros} between neighbours: {length}.")
    return tuple(lines)


def sizes(seen: View) -> str:
    """Write the size of the image."""
    return by(tuple(axis.image for axis in seen.axes))
