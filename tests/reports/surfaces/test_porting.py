"""What README says of the habitual sizes, held against the measured rules."""

from __future__ import annotations

import itertools

import pytest

from reports.surfaces import rules
from reports.surfaces.catalogue import Surface, Window, surfaces


def _window(name: str, key: str) -> tuple[Surface, Window]:
    surface = next(each for each in surfaces() if each.name == name)
    return surface, next(window for window in surface.windows if window.key == key)


def _place(name: str, key: str, variant: str = "", **sizes: int) -> tuple[int, int]:
    """Return the offset and the length that the rule of a function's window gives."""
    rule = rules.find(*_window(name, key), variant, sizes)
    assert rule is not None
    length = rules.number(str(rule.length), sizes)
    assert rule.admits is None or rules.admits(rule.admits, sizes, length)
    return rules.number(str(rule.offset), sizes), length


TORCH = ("torch.nn.functional.conv_transpose2d", "padding=<number>, output_padding=<number>")
KERAS = ("keras.layers.Conv2DTranspose", "padding='same', output_padding=None", "tensorflow")
JAX = ("jax.lax.conv_transpose", "padding='SAME', use_consistent_padding=False, transpose_kernel=True")
TENSORFLOW = ("tf.nn.conv2d_transpose", "padding='SAME', output_size=<whole_sizes>")
SIZES = [*itertools.product((1, 2, 5, 8), (1, 2, 3, 4, 5), (1, 2, 3, 4))]


@pytest.mark.parametrize(("n", "k", "s"), SIZES)
def test_same_of_value_times_stride_is_one_window_in_all_frameworks(n: int, k: int, s: int) -> None:
    same = (max(k - s, 0) // 2, n * s)
    assert _place(*KERAS, n=n, k=k, s=s, d=1) == same
    assert _place(*JAX, n=n, k=k, s=s, d=1) == same
    assert _place(*TENSORFLOW, n=n, k=k, s=s, d=1, o=n * s) == same
    offset, length = _place(*TORCH, n=n, k=k, s=s, d=1, p=max(k - s, 0) // 2, a=max(s - k, 0))
    assert offset == same[0]
    assert length >= same[1]


def test_the_habitual_padding_and_output_padding_begin_one_element_later() -> None:
    assert _place(*TORCH, n=8, k=3, s=2, d=1, p=1, a=1) == (1, 16)
    assert _place(*KERAS, n=8, k=3, s=2, d=1) == (0, 16)
