"""The messages between the parent and a worker: JSON texts, with arrays as raw bytes beside them.

JSON is used because execnet's own serializer refuses lone surrogates, subclasses of str and integers below -2**31. A
framework's message or a plug-in's dict may hold any of these. Both sides import this module, so it needs only NumPy;
arrays of bfloat16 need ml_dtypes.
"""

from __future__ import annotations

import importlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Wire = tuple[str, tuple[bytes, ...]]
BFLOAT16: Final = "bfloat16"
"""The only dtype from outside NumPy that may be sent. NumPy knows its name once ``ml_dtypes`` is imported."""
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]")
_EXTENSION: Final = 2
"""``numpy.dtype.isbuiltin`` of a type that an extension registered, such as those of ml_dtypes."""


MOST_WORDS: Final = 20_000
"""The number of characters that are kept of a text of somebody else's: as many of its beginning as of its end."""


def readable(text: str) -> str:
    """Return a text of somebody else's as it may be shown: not too long, and without what would steer a terminal."""
    if len(text) > MOST_WORDS:
        left_out = len(text) - MOST_WORDS
        text = f"{text[: MOST_WORDS // 2]}\n... {left_out:,} characters left out ...\n{text[-MOST_WORDS // 2 :]}"
    return _CONTROLS.sub(lambda found: repr(found[0])[1:-1], text)


def words_of(error: BaseException) -> str:
    """Return an exception's own text, as ``readable`` does. An exception may fail to give one."""
    try:
        return readable(str(error))
    except BaseException as another:  # noqa: BLE001 - its code is not ours
        return f"(no text: its own code raised {type(another).__name__})"


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
