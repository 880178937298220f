"""PyTorch: every operator is its own, called with the nearest arguments it has.

PyTorch knows one padding an axis, the same on both sides. Where a case's differs, the call pads the image or crops the
result, and the text of the call shows it. A call that the definition doesn't admit is never repaired: its arguments
go in as they are.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adapters.base import NotSupported
from adapters.program import execute
from cases import rules, shapes
from cases.case import Case
from cases.shapes import Axis

_IMPORTS: Final = "import torch\nimport torch.nn.functional as F"
_IMAGE: Final = "{0} = torch.from_numpy({0}).movedim(-1, -3).contiguous()"
_FILTER: Final = "filter = torch.from_numpy(filter).permute(3, 2, 0, 1).contiguous()"
_OUTPUT: Final = 'outputs = {"output": result.movedim(-3, -1).contiguous().numpy()}'


class Torch:
    """The adapter of PyTorch, as released: eager execution, NCHW tensors, contiguous."""

    name = "torch"
    modes = ("eager",)

    def devices(self) -> tuple[str, ...]:
        """Only the processor, so far."""
        import torch  # noqa: F401, PLC0415 - a framework that isn't there shows here

        return ("cpu",)

    def versions(self) -> dict[str, str]:
        """PyTorch's version, with its build."""
        import torch  # noqa: PLC0415 - the framework is loaded in the worker alone

        return {"torch": str(torch.__version__), "numpy": np.__version__}

    def configure(self, mode: str, device: str) -> dict[str, str]:  # noqa: ARG002 - there is one of each
        """One thread: results don't depend on the number of cores."""
        import torch  # noqa: PLC0415

        torch.set_num_threads(1)
        return {"threads": "1"}

    def call(self, case: Case) -> str:
        """The call as a program over the case's NumPy inputs.

        Raises:
            NotSupported: if PyTorch can't be told what the case says.
        """
        if case.output_shape is not None:
            _refuse_unsayable(case)
        lines: list[str] = getattr(self, f"_{case.operator}")(case)
        return "\n".join((_IMPORTS, "", *lines))

    def run(self, case: Case, inputs: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """Run the program that ``call`` shows."""
        return execute(self.call(case), inputs)

    def _conv(self, case: Case) -> list[str]:
        image, padding = "value", f"padding={_pad(case)!r}"
        if case.padding == "SAME" and set(case.strides) == {1}:
            padding = "padding='same'"
        elif rules.broken(case) is None and not _symmetric(case):
            image, padding = _padded(case, "value"), "padding=0"
        call = f"F.conv2d({image}, filter, stride={case.strides}, {padding})"
        return [_IMAGE.format("value"), _FILTER, f"result = {call}", _OUTPUT]

    def _conv_transpose(self, case: Case) -> list[str]:
        pads, extra, crop = _transposed(case)
        call = f"F.conv_transpose2d(value, filter, stride={case.strides}, padding={pads!r}, output_padding={extra})"
        return [_IMAGE.format("value"), _FILTER, f"result = {call}{crop}", _OUTPUT]

    def _max_pool(self, case: Case) -> list[str]:
        return [_IMAGE.format("value"), f"result = F.max_pool2d({_pool_arguments(case)})", _OUTPUT]

    def _max_pool_argmax(self, case: Case) -> list[str]:
        padded_first = not rules.broken(case) and not _symmetric(case)
        (top, left), width = _lead(case) if padded_first else (0, 0), case.inputs["value"].shape[2]
        plane = width + sum(_pairs(case)[1]) if padded_first else width
        channels = case.inputs["value"].shape[3]
        return [
            _IMAGE.format("value"),
            f"result = F.max_pool2d({_pool_arguments(case)}, return_indices=True)",
            "output, flat = result  # flat over one padded plane"
            if padded_first
            else "output, flat = result  # over a plane",
            f"places = (flat // {plane} - {top}) * {width} + flat % {plane} - {left}",
            f"indices = places * {channels} + torch.arange({channels}).reshape(-1, 1, 1)",
            "outputs = {name: tensor.movedim(-3, -1).contiguous().numpy()",
            '           for name, tensor in {"output": output, "indices": indices}.items()}',
        ]

    def _max_unpool(self, case: Case) -> list[str]:
        sizes, pads, crop, places = _unpooled(case)
        arguments = f"{case.ksize}, {case.strides}, {pads}, output_size={sizes}"
        return [
            _IMAGE.format("value"),
            _IMAGE.format("indices"),
            f"flat = indices // {case.inputs['value'].shape[-1]}{places}",
            f"result = F.max_unpool2d(value, flat, {arguments}){crop}",
            _OUTPUT,
        ]

    def _avg_pool(self, case: Case) -> list[str]:
        if rules.broken(case) or _symmetric(case):
            call = f"F.avg_pool2d({_pool_arguments(case)}, count_include_pad=False)"
            return [_IMAGE.format("value"), f"result = {call}", _OUTPUT]
        total = "F.avg_pool2d({}, {}, {}, divisor_override=1)"
        sums = total.format(_padded(case, "value"), case.ksize, case.strides)
        counts = total.format(_padded(case, "torch.ones_like(value)"), case.ksize, case.strides)
        return [_IMAGE.format("value"), f"result = {sums} / {counts}", _OUTPUT]

    def _avg_unpool(self, case: Case) -> list[str]:
        axes = shapes.axes(case)
        pads, crop = _lead(case), ""
        sizes = shapes.image_size(case)
        if rules.broken(case) is None and not _symmetric(case):
            sizes = tuple(axis.before + axis.image + axis.after for axis in axes)
            pads, crop = (0,) * len(axes), _crop(axes)
        arguments = f"output_size={sizes}, kernel_size={case.ksize}, stride={case.strides}, padding={pads}"
        area = math.prod(case.ksize or ())
        return [
            _IMAGE.format("value"),
            f"columns = value.flatten(2).unsqueeze(2).expand(-1, -1, {area}, -1).flatten(1, 2)",
            f"result = F.fold(columns, {arguments}){crop}",
            _OUTPUT,
        ]


def _refuse_unsayable(case: Case) -> None:
    """PyTorch takes the output's spatial size at most; batch and channels always follow from the value."""
    wrong = rules.broken(case)
    if wrong is not None and wrong.argument == "output_shape" and not wrong.reason.startswith("axis"):
        msg = f"{case.operator} takes no batch or channels of the output, so a wrong one can't be said"
        raise NotSupported(msg)


def _pairs(case: Case) -> tuple[tuple[int, int], ...]:
    return shapes.pads(case.padding, shapes.image_size(case), shapes.kernel_size(case), case.strides)


def _lead(case: Case) -> tuple[int, ...]:
    return tuple(before for before, _ in _pairs(case))


def _symmetric(case: Case) -> bool:
    return all(before == after for before, after in _pairs(case))


def _pad(case: Case) -> Any:
    """The padding argument: one number an axis, or an unknown word as it stands."""
    if case.padding not in {"SAME", "VALID"} and isinstance(case.padding, str):
        return case.padding
    sizes = shapes.image_size(case), shapes.kernel_size(case), case.strides
    if case.padding == "VALID" or min(case.strides) < 1 or len(set(map(len, sizes))) > 1:
        return (0,) * len(case.strides)  # what SAME would be follows from no sizes, or it is nothing
    return _lead(case)


def _padded(case: Case, tensor: str, fill: str = "") -> str:
    pads = tuple(size for pair in reversed(_pairs(case)) for size in pair)  # F.pad names the last axis first
    return f"F.pad({tensor}, {pads}{fill})"


def _pool_arguments(case: Case) -> str:
    sizes = f"{case.ksize}, {case.strides}"
    if rules.broken(case) is None and not _symmetric(case):
        fill = ", value=float('-inf')"
        return f"{_padded(case, 'value', fill)}, {sizes}"
    return f"value, {sizes}, padding={_pad(case)!r}"


def _crop(axes: tuple[Axis, ...]) -> str:
    return f"[..., {', '.join(f'{axis.before}:{axis.before + axis.image}' for axis in axes)}]"


def _transposed(case: Case) -> tuple[Any, tuple[int, ...], str]:
    """padding, output_padding and a crop of conv_transpose2d that together give the case's window."""
    broken = rules.broken(case)
    if broken is not None and broken.rule not in {"shape", "padding"}:
        return _pad(case), (0,) * len(case.strides), ""
    if case.padding not in {"SAME", "VALID"} and isinstance(case.padding, str):
        return case.padding, (0,) * len(case.strides), ""
    axes = shapes.axes(case)
    if broken is not None:
        return _lead(case), tuple(axis.image - axis.full + 2 * axis.before for axis in axes), ""
    choices = [_transposed_axis(axis) for axis in axes]
    crop = "" if all(not cut for _, _, cut in choices) else f"[..., {', '.join(cut or ':' for _, _, cut in choices)}]"
    return tuple(pad for pad, _, _ in choices), tuple(extra for _, extra, _ in choices), crop


def _transposed_axis(axis: Axis) -> tuple[int, int, str]:
    """(padding, output_padding, crop) of one axis: padding p gives the window (p, full - 2 p + output_padding)."""
    extra = axis.image - (axis.full - 2 * axis.before)
    if 0 <= extra < axis.stride:
        return axis.before, extra, ""
    if extra < 0:
        return axis.before, 0, f":{axis.image}"
    extra = max(axis.before + axis.image - axis.full, 0)
    return 0, extra, f"{axis.before}:{axis.before + axis.image}"


def _unpooled(case: Case) -> tuple[tuple[int, ...], Any, str, str]:
    """output_size, padding, crop, and the shift of the indices, for max_unpool2d.

    It wants output_size within a stride of (n - 1) * stride + ksize - 2 * padding. Where an odd padding puts the
    image's size beyond that, the values go to the padded image, which is cropped.
    """
    images = shapes.image_size(case)
    if rules.broken(case) is not None:
        return images, _pad(case), "", ""
    axes = shapes.axes(case)
    if all(abs(axis.image - axis.full + 2 * axis.before) < axis.stride for axis in axes):
        return images, _lead(case), "", ""
    sizes = tuple(axis.before + axis.image + axis.after for axis in axes)
    width, lead = images[1], _lead(case)
    places = f"\nflat = (flat // {width} + {lead[0]}) * {sizes[1]} + flat % {width} + {lead[1]}"
    return sizes, (0, 0), _crop(axes), places
