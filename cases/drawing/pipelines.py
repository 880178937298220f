"""Drawn pipelines: a call and its way back, with a relu between or before, and perhaps once more."""

from __future__ import annotations

from typing import Any, Final

from cases.drawing.stream import Stream

Fields = dict[str, Any]
_LONGEST: Final = {1: 40, 2: 12, 3: 7}
"""Number of axes -> the longest axis of an image. Two calls on small numbers keep their sums exact."""


def draw_pipeline(stream: Stream) -> Fields:
    """Return the fields of a pipeline. Its sums are exact in its dtype."""
    rank = stream.one_of((1, 2, 2, 3))
    kernel, stride = [1 + stream.below(3) for _ in range(rank)], [1 + stream.below(3) for _ in range(rank)]
    common: Fields = {
        "image": [least + stream.below(_LONGEST[rank] - least) for least in kernel],
        "strides": stride,
        "padding": stream.one_of(("SAME", "VALID")),
        "batch": 1 + stream.below(3),
        "dtype": stream.one_of(("float32", "float64")),
    }
    filtered = stream.one_in(2)
    return common | (_of_convolutions(kernel, stream) if filtered else _of_pooling(kernel, stride, stream))


def _of_convolutions(kernel: list[int], stream: Stream) -> Fields:
    steps: list[Fields] = [{"operator": "conv", "name": "forward", "out_channels": 1 + stream.below(4)}]
    steps += [{"operator": "relu", "name": "rectified"}] if stream.one_in(2) else []
    steps.append({"operator": "conv_transpose", "name": "back", "reverses": "forward"})
    return {"kernel": kernel, "channels": 1 + stream.below(4), "data": "small", "steps": steps}


def _of_pooling(kernel: list[int], stride: list[int], stream: Stream) -> Fields:
    """Return a pooling and its unpooling. Windows don't overlap, so that no two maxima have one place."""
    steps: list[Fields] = [{"operator": "relu", "name": "rectified"}] if stream.one_in(3) else []
    steps += [
        {"operator": "max_pool_argmax", "name": "pooled"},
        {"operator": "max_unpool", "name": "unpooled", "reverses": "pooled"},
    ]
    if stream.one_in(2):
        steps.append({"operator": "relu", "name": "above"})
    sizes = [min(*pair) for pair in zip(kernel, stride, strict=True)]
    return {"ksize": sizes, "channels": 1 + stream.below(4), "data": "distinct", "steps": steps}
