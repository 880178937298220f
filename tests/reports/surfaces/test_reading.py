"""Calls that users write: their function is found by its names, their arguments are bound, and nothing is evaluated."""

from __future__ import annotations

import pytest

from reports.surfaces.reading import SurfaceError, Text, read_all, window_of


def _names(text: str) -> set[str]:
    return {written.surface.name for written in read_all(text)}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("torch.nn.functional.conv_transpose2d(x, w)", "torch.nn.functional.conv_transpose2d"),
        ("F.conv_transpose2d(x, w)", "torch.nn.functional.conv_transpose2d"),
        ("conv_transpose1d(x, w)", "torch.nn.functional.conv_transpose1d"),
        ("nn.ConvTranspose2d(4, 8, 3)", "torch.nn.ConvTranspose2d"),
        ("nn.Conv(8, (3, 3))", "linen.Conv"),
        ("nn.max_pool(x, (2, 2))", "linen.max_pool"),
        ("jax.lax.conv_transpose(x, w, (2, 2), 'SAME')", "jax.lax.conv_transpose"),
        ("tf.nn.conv2d_transpose(x, w, [1, 8, 8, 4], 2)", "tf.nn.conv2d_transpose"),
        ("tensorflow.nn.conv2d(x, w, strides=1, padding='SAME')", "tf.nn.conv2d"),
        ("lax.conv_transpose(x, w, (2, 2), 'SAME')", "jax.lax.conv_transpose"),
        ("layers.Conv2DTranspose(64, 3, strides=2, padding='same')", "keras.layers.Conv2DTranspose"),
        ("Conv2DTranspose(64, 3)", "keras.layers.Conv2DTranspose"),
        ("flax.linen.ConvTranspose(8, (3, 3))", "linen.ConvTranspose"),
        ("onnx.ConvTranspose(x, w, auto_pad='SAME_LOWER')", "ConvTranspose"),
    ],
)
def test_a_function_is_found_by_each_of_its_names(text: str, name: str) -> None:
    assert _names(text) == {name}


def test_arguments_are_bound_by_place_and_by_name() -> None:
    [written] = read_all("F.conv_transpose2d(x, weight=w, stride=(2, 1), padding=1)")
    assert written.names == {"value": "x", "filter": "w"}
    assert (written.arguments["strides"], written.arguments["padding"], written.arguments["groups"]) == ((2, 1), 1, 1)
    assert window_of(written).key == "padding=<number>, output_padding=<number>"


def test_what_a_layer_is_called_with_is_bound_too() -> None:
    [written] = read_all("nn.ConvTranspose2d(4, 8, 3, stride=2)(x, output_size=(7, 8))")
    assert written.arguments["output_size"] == (7, 8)
    assert written.arguments["value"] == Text(text="x")
    assert written.more == ", output_size=(7, 8)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x +", "no Python expression"),
        ("x + y", "is no call"),
        ("x = 1; y = 2", "one expression is wanted"),
        ("nn.Conv2d(16, 32, 3, padding_mode='circular')", "padding_mode='circular' is not translated"),
        ("keras.layers.Conv2D(6, 3, activation='relu')", "activation='relu' is not translated"),
        (
            "lax.conv_general_dilated(x, w, (1, 1), 'SAME', lhs_dilation=(2, 2))",
            "lhs_dilation=(2, 2) is not translated",
        ),
        ("lax.reduce_window(x, 0.0, lax.add, (1, 2, 1), (1, 2, 1), 'VALID')", "only -jnp.inf is"),
        ("lax.reduce_window(x, -jnp.inf, lax.min, (1, 2, 1), (1, 2, 1), 'VALID')", "only lax.max is"),
        ("tf.nn.max_pool(x, 2, 2, 'SAME')", "close: tf.nn.max_pool"),
        ("F.conv2d(x, w, **more)", "what stands behind the stars"),
        ("F.convtranspose2d(x, w)", "close: torch.nn.functional.conv_transpose2d"),
        ("F.conv_transpose2d(x)", "lacks the argument 'weight'"),
        ("F.conv_transpose2d(x, w, strides=2)", "no argument 'strides'"),
        ("F.conv_transpose2d(x, w, None, 2, stride=2)", "is given 'stride' twice"),
        ("F.conv_transpose2d(x, w, stride=int(2))", "neither a literal nor a name"),
        ("F.conv_transpose2d(*x)", "each written out"),
        ("F.conv_transpose2d(x, w)(y)", "a tensor can't be called"),
        ("max_pool(x, (2, 2))", "write the whole name"),
        ("tf.nn.conv2d(x, w, 1, 'FULL')(y)", "a tensor can't be called"),
        ("F.conv_transpose2d(1, w)", "write its name"),
        ("__import__('os').system('true')", "no function that can be translated"),
        ("(" * 500 + "x" + ")" * 500, "no Python expression"),
        ("f(" + "1," * 4_000 + ")", "4,000 are the most"),
    ],
)
def test_a_call_that_cannot_be_read_gets_one_line(text: str, message: str) -> None:
    with pytest.raises(SurfaceError, match=r"^[^\n]+$") as caught:
        read_all(text)
    assert message in str(caught.value)


def test_words_choose_the_window_in_either_case() -> None:
    assert {window_of(each).key for each in read_all("keras.ops.conv_transpose(x, w, 2, 'SAME')")} == {
        "padding='same', output_padding=None"
    }


def test_an_unknown_word_names_the_known_ones() -> None:
    [written] = read_all("tf.nn.conv2d(x, w, 1, 'FULL')")
    with pytest.raises(SurfaceError, match="known are: padding='VALID'; padding='SAME'"):
        window_of(written)


def test_an_assignment_and_what_changes_no_number_are_read_too() -> None:
    [written] = read_all("y = F.conv2d(x, w, stride=2)")
    assert written.arguments["strides"] == 2
    [layer] = read_all("keras.layers.Conv2D(6, 3, name='first', kernel_initializer='ones')")
    assert layer.text == "keras.layers.Conv2D(filters=6, kernel_size=3)"
