"""Recipes: what they say is held against the rules here, on sizes that the search does not have."""

from __future__ import annotations

import itertools

import pytest

from reports.surfaces import rules
from reports.surfaces.catalogue import surfaces
from reports.surfaces.recipes import End, Recipe, recipe_of, sizes_of

SIZES = [
    {"n": n, "k": k, "s": s, "d": d}
    for n, k, s, d in itertools.product((4, 7), (1, 2, 3, 6, 7), (1, 2, 3, 5, 6), (1, 3))
]


def _end(name: str, key: str, variant: str = "") -> End:
    surface = next(each for each in surfaces() if each.name == name)
    return End(surface=surface, window=next(each for each in surface.windows if each.key == key), variant=variant)


KERAS = _end("keras.ops.conv_transpose", "padding='same', output_padding=None", "tensorflow")
TORCH = _end("torch.nn.functional.conv_transpose2d", "padding=<number>, output_padding=<number>")
JAX = _end("jax.lax.conv_transpose", "padding=<pairs>, use_consistent_padding=False, transpose_kernel=True")


def _found(one: End, other: End) -> Recipe | None:
    surface = one.surface
    assert surface.axes in {1, 2}
    return recipe_of(one, other, [(sizes, place) for sizes in sizes_of(one) if (place := one.place(sizes)) is not None])


def test_same_in_pytorch_is_exact_where_the_crop_is_even() -> None:
    """Where x - s is odd and above 0, one more element is cropped behind, which one number of padding can't say."""
    found = _found(KERAS, TORCH)
    assert found is not None
    assert dict(found.arguments) == {"p": "max(x - s, 0) // 2", "a": "max(s - x, 0)"}
    assert found.domain == "x < s or (x - s) % 2 == 0"


@pytest.mark.parametrize(("one", "other"), [(KERAS, TORCH), (KERAS, JAX), (TORCH, JAX)])
def test_a_recipe_holds_for_sizes_beyond_the_grid(one: End, other: End) -> None:
    found = _found(one, other)
    assert found is not None
    tried = 0
    for sizes in SIZES:
        whole = sizes | {"p": 1, "a": 0} if "p" in one.window.letters else sizes
        place = one.place(whole)
        if place is None or not rules.is_so(found.domain, whole):
            continue
        arguments = {letter: rules.number(text, whole) for letter, text in found.arguments}
        assert other.place({**sizes, **arguments}) == place, whole
        tried += 1
    assert tried > 10


def test_no_recipe_is_given_where_no_condition_says_when_it_holds() -> None:
    """SAME has one window for each size, and padding with output_padding has many."""
    assert _found(TORCH, KERAS) is None
