"""The messages between the parent and a worker: JSON texts, with arrays as raw bytes beside them.

JSON is used because execnet's own serializer refuses lone surrogates, subclasses of str and integers below -2**31. A
framework's message or a plug-in's dict may hold any of these. Both sides import this module, so it needs only NumPy;
arrays of bfloat16 need ml_dtypes.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Wire = tuple[str, tuple[bytes, ...]]
BFLOAT16: Final = "bfloat16"
"""The only dtype from outside NumPy that may be sent. NumPy knows its name once ``ml_dtypes`` is imported."""
_EXTENSION: Final = 2
"""``numpy.dtype.isbuiltin`` of a type that an extension registered, such as those of ml_dtypes."""


class Channel(Protocol):
    """The part of an execnet channel that a worker uses."""

    def send(self, item: object, /) -> None:
        """Send builtins to the parent.

        Raises:
            OSError: if the parent is gone.
        """
        ...

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the items that the parent sends, until the parent closes the channel."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message: its kind, its fields, its arrays by name, and the process that sent it."""

    kind: str
    body: dict[str, Any]
    arrays: dict[str, Array]
    sender: int = 0


def pack(kind: str, body: dict[str, Any], arrays: dict[str, Array] | None = None) -> Wire:
    """Turn a message into what execnet can carry: each array as (name, dtype name, shape) and its bytes in C order.

    Raises:
        TypeError: if ``body`` holds something that JSON can't express.
    """
    native = {name: array.astype(array.dtype.newbyteorder("="), copy=False) for name, array in (arrays or {}).items()}
    layout = [(name, array.dtype.name, array.shape) for name, array in native.items()]
    return json.dumps([kind, body, layout, os.getpid()]), tuple(array.tobytes() for array in native.values())


def unpack(wire: Wire) -> Message:
    """Return the message that ``pack`` wrote. Its arrays are read-only views of the received bytes."""
    text, blobs = wire
    kind, body, layout, sender = json.loads(text)
    arrays: dict[str, Array] = {
        name: np.frombuffer(blob, dtype=_dtype(dtype)).reshape(shape)
        for (name, dtype, shape), blob in zip(layout, blobs, strict=True)
    }
    return Message(kind=kind, body=body, arrays=arrays, sender=sender)


def is_known(dtype: np.dtype[Any]) -> bool:
    """Tell whether the other side knows a dtype: NumPy's own numbers, and bfloat16."""
    return (dtype.kind in "biufc" and dtype.isbuiltin != _EXTENSION) or dtype.name == BFLOAT16


def _dtype(name: str) -> np.dtype[Any]:
    if name == BFLOAT16:
        importlib.import_module("ml_dtypes")  # a worker that never meets such an array need not have it
    return np.dtype(name)
