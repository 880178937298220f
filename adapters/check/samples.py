"""The sample cases that an adapter is tried with: one small, valid case of each operator."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from cases.model.case import INDEX_DTYPE, Case, TensorSpec

_IMAGE: Final = (2, 7, 9, 3)
_POOLED: Final = (2, 3, 4, 3)


def in_dtype(case: Case, dtype: str) -> Case:
    """Return the same case with every tensor except the indices in ``dtype``."""
    inputs = {name: spec if name == "indices" else replace(spec, dtype=dtype) for name, spec in case.inputs.items()}
    return replace(case, inputs=inputs)


def _tensor(*shape: int, fill: str = "integers", dtype: str = "float32") -> TensorSpec:
    return TensorSpec(shape=shape, dtype=dtype, fill=fill)


def _pooling(operator: str, fill: str, **more: Any) -> Case:
    inputs, said = {"value": _tensor(*_IMAGE, fill=fill)}, "".join(f" {word}" for word in more)
    plain = Case(
        id=f"{operator}{said}", operator=operator, inputs=inputs, strides=(2, 2), padding="VALID", ksize=(2, 2)
    )
    return replace(plain, **more)


def _unpooling(operator: str, **more: TensorSpec) -> Case:
    return Case(
        id=operator,
        operator=operator,
        inputs={"value": _tensor(*_POOLED, fill="multiples"), **more},
        strides=(2, 2),
        padding="VALID",
        ksize=(2, 2),
        output_shape=(2, 6, 8, 3),
    )


SAMPLES: Final = (
    Case(
        id="conv",
        operator="conv",
        inputs={"value": _tensor(*_IMAGE), "filter": _tensor(3, 2, 3, 5)},
        strides=(2, 2),
        padding="VALID",
    ),
    Case(
        id="conv_transpose",
        operator="conv_transpose",
        inputs={"value": _tensor(2, 3, 4, 5), "filter": _tensor(3, 2, 3, 5)},
        strides=(2, 2),
        padding="VALID",
        output_shape=(2, 7, 8, 3),
    ),
    _pooling("max_pool", "distinct"),
    _pooling("max_pool_argmax", "distinct"),
    _unpooling("max_unpool", indices=_tensor(*_POOLED, fill="indices", dtype=INDEX_DTYPE)),
    _pooling("avg_pool", "multiples"),
    _pooling("max_pool", "distinct", ceil_mode="drop", ksize=(3, 2)),
    _pooling("avg_pool", "multiples", divisor=5),
    _unpooling("avg_unpool"),
)
