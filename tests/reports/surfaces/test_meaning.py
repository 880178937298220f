"""What a written call means, and how it is said: worked out by hand, and by the oracle between the conversions."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pytest

from adapters.oracle import Oracle
from cases.model.shapes import axes
from reports.surfaces.meaning import Meaning, meaning
from reports.surfaces.reading import SurfaceError, read_all
from reports.surfaces.saying import entered, left, names_of, said, translated
from reports.surfaces.verifying import arrays

Array = np.ndarray[Any, Any]
Shapes: TypeAlias = "dict[str, tuple[int, ...]]"
X: Shapes = {"x": (1, 2, 4, 5)}
XW: Shapes = {**X, "w": (2, 3, 3, 3)}


def _meaning(text: str, shapes: Shapes, variant: str = "") -> Meaning:
    return meaning(read_all(text), shapes, variant)


def _window(found: Meaning) -> list[tuple[int, int]]:
    assert found.case.output_shape is not None
    pads = found.case.padding if not isinstance(found.case.padding, str) else None
    befores = [axis.before for axis in axes(found.case)]
    assert pads is None or [before for before, _ in pads] == befores
    return [*zip(befores, found.case.output_shape[1:-1], strict=True)]


@pytest.mark.parametrize(
    ("text", "shapes", "variant", "window"),
    [
        ("F.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1)", XW, "", [(1, 8), (1, 10)]),
        ("F.conv_transpose2d(x, w, stride=2)", XW, "", [(0, 9), (0, 11)]),
        ("nn.ConvTranspose2d(2, 3, 4, stride=2, padding=1)", {"": (1, 2, 4, 5)}, "", [(1, 8), (1, 10)]),
        ("nn.ConvTranspose2d(2, 3, 3, stride=2)(x, output_size=(10, 11))", X, "", [(0, 10), (0, 11)]),
        (
            "tf.nn.conv2d_transpose(x, w, [1, 8, 10, 3], 2, 'SAME')",
            {"x": (1, 4, 5, 2), "w": (3, 3, 3, 2)},
            "",
            [(0, 8), (0, 10)],
        ),
        (
            "tf.nn.conv2d_transpose(x, w, [1, 7, 9, 3], 2, 'SAME')",
            {"x": (1, 4, 5, 2), "w": (3, 3, 3, 2)},
            "",
            [(1, 7), (1, 9)],
        ),
        (
            "keras.layers.Conv2DTranspose(3, 3, strides=2, padding='same')",
            {"": (1, 4, 5, 2)},
            "tensorflow",
            [(0, 8), (0, 10)],
        ),
        (
            "lax.conv_transpose(x, w, (2, 2), 'SAME', transpose_kernel=True)",
            {"x": (1, 4, 5, 2), "w": (3, 3, 3, 2)},
            "",
            [(0, 8), (0, 10)],
        ),
        ("ConvTranspose(x, w, auto_pad='SAME_UPPER', strides=[2, 2])", XW, "onnxruntime", [(0, 8), (0, 10)]),
        ("ConvTranspose(x, w, auto_pad='SAME_LOWER', strides=[2, 2])", XW, "onnxruntime", [(1, 8), (1, 10)]),
    ],
)
def test_the_window_of_a_transposed_convolution(
    text: str, shapes: Shapes, variant: str, window: list[tuple[int, int]]
) -> None:
    """The full result has 9 and 11 elements for a kernel of 3, 10 and 12 for one of 4."""
    assert _window(_meaning(text, shapes, variant)) == window


def _naive(value: Array, kernel: Array, stride: int, offset: int, length: tuple[int, ...]) -> Array:
    """Return a transposed convolution in PyTorch's layouts: scatter, then the window on the full result."""
    batch, _, *sizes = value.shape
    spans = [(n - 1) * stride + k for n, k in zip(sizes, kernel.shape[2:], strict=True)]
    full = np.zeros((batch, kernel.shape[1], *spans))
    for row, column in np.ndindex(*sizes):
        part = np.einsum("bi,iohw->bohw", value[:, :, row, column], kernel)
        full[:, :, row * stride :, column * stride :][:, :, : kernel.shape[2], : kernel.shape[3]] += part
    result = np.zeros((batch, kernel.shape[1], *length))
    window = full[:, :, offset:, offset:][:, :, : length[0], : length[1]]
    result[:, :, : window.shape[2], : window.shape[3]] = window
    return result


def _answer(found: Meaning) -> tuple[Array, dict[str, Array]]:
    """Return what the definition makes of a call's own arrays, converted by the statements that are printed."""
    inputs = arrays(found)
    scope: dict[str, Any] = {"np": np, **inputs}
    exec("\n".join(entered(found)), scope)  # noqa: S102 - the statements that a user pastes
    tensors = {name: np.ascontiguousarray(scope[name]) for name in found.case.inputs}
    scope["outputs"] = Oracle().run(found.case, tensors)
    exec("\n".join(left(found)), scope)  # noqa: S102
    return scope["y"], inputs


@pytest.mark.parametrize(
    ("text", "stride", "offset", "length"),
    [
        ("F.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1)", 2, 1, (8, 10)),
        ("F.conv_transpose2d(x, w)", 1, 0, (6, 7)),
        ("F.conv_transpose2d(x, w, stride=3, output_padding=2)", 3, 0, (14, 17)),
        ("ConvTranspose(x, w, auto_pad='SAME_LOWER', strides=[2, 2])", 2, 1, (8, 10)),
    ],
)
def test_a_call_s_own_arrays_give_its_own_result(text: str, stride: int, offset: int, length: tuple[int, int]) -> None:
    found = _meaning(text, XW, "onnxruntime" if text.startswith("Conv") else "")
    result, inputs = _answer(found)
    assert np.array_equal(result, _naive(inputs["x"], inputs["w"], stride, offset, length))


def test_a_result_that_goes_on_behind_the_full_one_is_extended_and_keeps_its_bias() -> None:
    found = _meaning("F.conv_transpose2d(x, w, b, dilation=2, output_padding=1)", {**XW, "b": (3,)})
    assert found.extends == ((0, 1), (0, 1))
    result, inputs = _answer(found)
    assert result.shape == (1, 3, 9, 10)
    assert np.array_equal(result[0, :, -1, -1], inputs["b"])


def test_a_filter_that_jax_rotates_is_rotated() -> None:
    """Without transpose_kernel, JAX's filter is [height, width, in, out] and correlates."""
    found = _meaning("lax.conv_transpose(x, w, (1, 1), 'VALID')", {"x": (1, 4, 5, 2), "w": (3, 3, 2, 3)})
    assert found.rotated
    result, inputs = _answer(found)
    kernel = inputs["w"][::-1, ::-1].transpose(2, 3, 0, 1)
    assert np.array_equal(result.transpose(0, 3, 1, 2), _naive(inputs["x"].transpose(0, 3, 1, 2), kernel, 1, 0, (6, 7)))


def test_indices_are_counted_as_the_written_call_counts_them() -> None:
    found = _meaning("F.max_pool2d(x, 2, return_indices=True)", X)
    inputs = arrays(found)
    scope: dict[str, Any] = {"np": np, **inputs}
    exec("\n".join(entered(found)), scope)  # noqa: S102
    scope["outputs"] = Oracle().run(found.case, {"value": np.ascontiguousarray(scope["value"])})
    exec("\n".join(left(found)), scope)  # noqa: S102
    planes = inputs["x"].reshape(1, 2, -1)
    flat = scope["indices"].reshape(1, 2, -1)
    assert np.array_equal(np.take_along_axis(planes, flat, axis=2), scope["y"].reshape(1, 2, -1))


@pytest.mark.parametrize(
    ("text", "shapes", "message"),
    [
        ("F.conv_transpose2d(x, w)", {}, "the shape of x is missing"),
        ("F.conv_transpose2d(x, w)", X, "the shape of w is missing"),
        ("F.conv_transpose2d(x, w)", {"x": (1, 2, 4), "w": (2, 3, 3)}, "does not have its number of axes"),
        ("F.conv_transpose2d(x, w)", {**X, "w": (2, 3, 3)}, "4 dimensions are wanted"),
        ("F.conv_transpose2d(x, w, stride=2, output_padding=2)", XW, "it wants a < max(s, d)"),
        ("F.conv_transpose2d(x, w, stride=(2, 2, 2))", XW, "not a whole number for each of 2 axes"),
        ("F.conv_transpose2d(x, w, stride=0)", XW, "the stride (0, 0) is below 1"),
        ("F.conv2d(x, w)", {"x": (1, 5, 4, 4), "w": (3, 2, 3, 3)}, "the definition has no such call"),
        ("nn.ConvTranspose2d(9, 3, 3)", {"": (1, 2, 4, 5)}, "takes 9 channels"),
        ("tf.nn.conv2d(x, w, 1, 'SAME', data_format='NHCW')", {"x": (1, 4, 4, 2), "w": (3, 3, 2, 3)}, "is unknown"),
        ("F.conv2d(x, w, padding=-1)", {"x": (1, 2, 4, 4), "w": (3, 2, 3, 3)}, "the padding (-1, -1) is below 0"),
        ("F.conv2d(x, w, b)", {"x": (1, 2, 4, 4), "w": (3, 2, 3, 3), "b": (7,)}, "(3,) is wanted"),
        ("F.conv2d(x, w)", {"x": (1, 2, 4, 4), "w": (3, 2, 3, 3), "z": (4,)}, "the call has no such tensor"),
        ("nn.Conv2d(2, n, 3)", {"": (1, 2, 4, 4)}, "out_channels=n is no whole number"),
        ("nn.Conv2d(2, 3, 3, groups=2)", {"": (1, 2, 4, 4)}, "2 groups do not divide"),
        ("nn.Conv1d(4, 3, kernel_size=(9, 3, 9))", {"": (1, 4, 20)}, "not a whole number for each of 1 axes"),
        ("tf.nn.conv2d(x, w, [2, 1, 1, 2], 'SAME')", {"x": (1, 4, 4, 2), "w": (3, 3, 2, 3)}, "for batch and channels"),
        (
            "tf.nn.conv2d_transpose(x, w, [1, 8, 8, 5], 2)",
            {"x": (1, 4, 4, 2), "w": (3, 3, 3, 2)},
            "has (1, 5) for batch and channels, not (1, 3)",
        ),
        (
            "lax.conv_general_dilated(x, w, (1, 1), 'SAME', dimension_numbers=('NHWC', 'WHIO', 'NHWC'))",
            {"x": (1, 4, 4, 2), "w": (3, 3, 2, 3)},
            "is not translated",
        ),
        ("ConvTranspose(x, w, pads=[1, 1])", {"x": (1, 2, 4, 4), "w": (2, 3, 3, 3)}, "not a pair for each of 2 axes"),
        ("Conv(x, w, kernel_shape=[5, 5])", {"x": (1, 2, 9, 9), "w": (3, 2, 3, 3)}, "the window is [5, 5]"),
        ("linen.ConvTranspose(3, (3, 3), padding='CIRCULAR')", {"": (1, 4, 4, 2)}, "a ring"),
    ],
)
def test_a_call_that_means_nothing_gets_one_line(text: str, shapes: Shapes, message: str) -> None:
    variant = "onnxruntime" if text.startswith("Conv") else ""
    with pytest.raises(SurfaceError, match=r"^[^\n]+$") as caught:
        _meaning(text, shapes, variant)
    assert message in str(caught.value)


def test_same_is_said_with_the_framework_s_own_word() -> None:
    found = _meaning("keras.layers.Conv2DTranspose(3, 3, strides=2, padding='same')", {"": (1, 4, 5, 2)}, "tensorflow")
    assert "padding='SAME'" in translated(found, "tensorflow").call
    assert "output_padding=(0, 0))[..., :8, :10]" in translated(found, "torch").call
    assert names_of(found) == {"value": "x", "filter": "w", "bias": "b"}


def test_what_a_framework_lacks_is_refused_with_its_reason() -> None:
    found = said(_meaning("F.max_unpool2d(x, i, 2)", {"x": (1, 2, 4, 5), "i": (1, 2, 4, 5)}).case, "flax")
    assert found.refusal
    assert not found.text
