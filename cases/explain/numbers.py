"""Numbers and sums as people write them down."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import numpy as np

from cases.explain.parts import Array
from cases.explain.view import DRAWN, View

_TERMS: Final = 12
"""The number of products of one channel that are written out."""
_WHOLE: Final = 1e15


def number(value: float) -> str:
    """Write a number, with four digits if it is not whole; a zero keeps its sign."""
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    if math.isfinite(value) and abs(value) < _WHOLE and value == int(value):
        return str(int(value))
    return f"{value:.4g}"


def is_shortened(value: float) -> bool:
    """Tell whether ``number`` writes a rounded value."""
    return math.isfinite(value) and float(number(value)) != value


def factor(value: float) -> str:
    """Write a number inside a sum or a product, in parentheses if it has a minus sign."""
    return f"({number(value)})" if math.copysign(1, value) < 0 else number(value)


def total(values: Iterable[float]) -> str:
    """Write a sum: ``3 + (-4) + 5``. Of a long sum only the first terms are written."""
    return _joined([factor(value) for value in values], "more terms")


def listed(values: Array) -> str:
    """Write a list: ``3, -4 and 5``. Of a long list only the first numbers are written."""
    rest = len(values) - _TERMS
    if rest > 1:
        return f"{', '.join(map(number, values[:_TERMS].tolist()))} and {rest} more"
    *others, last = map(number, values.tolist())
    return f"{', '.join(others)} and {last}" if others else last


def _joined(parts: list[str], more: str) -> str:
    rest = len(parts) - _TERMS
    shown = parts if rest <= 1 else [*parts[:_TERMS], f"... {rest} {more}"]
    return " + ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in shown)


def products(seen: View, window: tuple[Array, Array, Array], name: str, result: float) -> tuple[str, ...]:
    """Write the products of one window and their sums: a line for each channel, then the sum of all channels.

    The last line adds the bias, if the case has one. A single channel without a bias is one line. ``window`` is the
    result of ``windows.terms``, and ``name`` says what the sum is.
    """
    numbers, factors, both = window
    pairs = [(numbers[both][:, channel], factors[both][:, channel]) for channel in range(numbers.shape[-1])]
    if len(pairs) == 1 and "bias" not in seen.tensors:
        return (f"{name}: {_products(*pairs[0])}{number(result)}",)
    sums = [_sum(*pair) for pair in pairs]
    shown = zip(seen.inputs[:DRAWN], pairs, sums, strict=False)
    lines = [f"channel {channel}: {_products(*pair)}{number(value)}" for channel, pair, value in shown]
    return (*lines, f"{name}: {_all_channels(seen, sums)}{number(result)}")


def _sum(numbers: Array, factors: Array) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return 0.0 + float((numbers * factors).sum())


def _products(numbers: Array, factors: Array) -> str:
    """Write the products of a sum up to the equals sign, behind which its value is written."""
    if not numbers.size:
        return "no product, so "
    pairs = zip(numbers.tolist(), factors.tolist(), strict=True)
    return _joined([f"{factor(value)} * {factor(tap)}" for value, tap in pairs], "more products") + " = "


def _all_channels(seen: View, sums: list[float]) -> str:
    parts = [factor(value) for value in sums[:DRAWN]] or ["0 of no channel"]
    if len(sums) > DRAWN:
        parts.append(f"{factor(sum(sums[DRAWN:]))} of the other {len(sums) - DRAWN} channels")
    if "bias" in seen.tensors:
        parts.append(f"{factor(seen.bias)}, the bias,")
    return f"{' + '.join(parts)} = "
