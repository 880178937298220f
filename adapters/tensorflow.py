"""TensorFlow: convolutions and pooling are its own; unpooling, which it lacks, is composed of its own operators.

max_unpool is ``tf.scatter_nd``, the way of TensorFlow's users; avg_unpool is ``tf.nn.conv2d_transpose`` with a filter
of ones that keeps the channels apart.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adapters.base import NotSupported
from adapters.program import execute
from cases import rules
from cases.case import Case

_IMPORTS: Final = "import tensorflow as tf"
_OUTPUT: Final = 'outputs = {"output": result.numpy()}'


class TensorFlow:
    """The adapter of TensorFlow: eager execution, NHWC tensors."""

    name = "tensorflow"
    modes = ("eager",)

    def devices(self) -> tuple[str, ...]:
        """Only the processor, so far."""
        import tensorflow as tf  # noqa: F401, PLC0415 - a framework that isn't there shows here

        return ("cpu",)

    def versions(self) -> dict[str, str]:
        """TensorFlow's version."""
        import tensorflow as tf  # noqa: PLC0415 - the framework is loaded in the worker alone

        return {"tensorflow": str(tf.__version__), "numpy": np.__version__}

    def configure(self, mode: str, device: str) -> dict[str, str]:  # noqa: ARG002 - there is one of each
        """One thread, and no GPU in sight of a target that is named for the processor."""
        import tensorflow as tf  # noqa: PLC0415

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        tf.config.set_visible_devices([], "GPU")
        return {"threads": "1"}

    def call(self, case: Case) -> str:
        """The call as a program over the case's NumPy inputs.

        Raises:
            NotSupported: if TensorFlow can't be told what the case says.
        """
        lines: list[str] = getattr(self, f"_{case.operator}")(case)
        return "\n".join((_IMPORTS, "", *lines))

    def run(self, case: Case, inputs: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """Run the program that ``call`` shows."""
        return execute(self.call(case), inputs)

    def _conv(self, case: Case) -> list[str]:
        return [f"result = tf.nn.conv2d(value, filter, strides={case.strides}, padding={_padding(case)!r})", _OUTPUT]

    def _conv_transpose(self, case: Case) -> list[str]:
        arguments = f"output_shape={case.output_shape}, strides={case.strides}, padding={_padding(case)!r}"
        return [f"result = tf.nn.conv2d_transpose(value, filter, {arguments})", _OUTPUT]

    def _max_pool(self, case: Case) -> list[str]:
        return [f"result = tf.nn.max_pool2d(value, {_pool_arguments(case)})", _OUTPUT]

    def _max_pool_argmax(self, case: Case) -> list[str]:
        return [
            f"result = tf.nn.max_pool_with_argmax(value, {_pool_arguments(case)}, include_batch_in_index=False)",
            'outputs = {"output": result.output.numpy(), "indices": result.argmax.numpy()}',
        ]

    def _max_unpool(self, case: Case) -> list[str]:
        wrong = rules.broken(case)
        if wrong is not None and wrong.argument == "output_shape":
            msg = "tf.scatter_nd knows no windows, so it can't tell which output_shape a pooling gives"
            raise NotSupported(msg)
        shape = case.output_shape or ()
        batch, size = shape[0], math.prod(shape[1:])
        return [
            f"images = tf.repeat(tf.range({batch}, dtype=tf.int64), indices[0].size)",
            "places = tf.stack([images, tf.reshape(indices, [-1])], axis=1)",
            f"result = tf.reshape(tf.scatter_nd(places, tf.reshape(value, [-1]), [{batch}, {size}]), {shape})",
            _OUTPUT,
        ]

    def _avg_pool(self, case: Case) -> list[str]:
        return [f"result = tf.nn.avg_pool2d(value, {_pool_arguments(case)})", _OUTPUT]

    def _avg_unpool(self, case: Case) -> list[str]:
        channels = case.inputs["value"].shape[-1]
        arguments = f"output_shape={case.output_shape}, strides={case.strides}, padding={_padding(case)!r}"
        return [
            f"ones = tf.ones({(*(case.ksize or ()), 1, 1)}) * tf.eye({channels})  # each channel to itself",
            f"result = tf.nn.conv2d_transpose(value, ones, {arguments})",
            _OUTPUT,
        ]


def _padding(case: Case) -> str | list[list[int]]:
    if isinstance(case.padding, str):
        return case.padding
    return [[0, 0], *(list(pair) for pair in case.padding), [0, 0]]


def _pool_arguments(case: Case) -> str:
    return f"ksize={case.ksize}, strides={case.strides}, padding={_padding(case)!r}"
