"""Gradients by the operators that compute them, called by themselves as ``tf.raw_ops`` has them.

Under a tape the call comes first and refuses what is wrong with it, so that these operators never see it. Called by
themselves they are all that checks. Two of them are operators of the suite: the gradient of a convolution by its input
is a transposed convolution, and that of a max pooling with indices puts elements where the indices say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from adapters.call import Call, Expression, Function, Text, Word, Words, dilates, function, is_sound, refuse
from adapters.tensorflow import conv, pooling
from adapters.writing.forms import around, lists, shape
from adapters.writing.windows import explicit
from adapters.writing.writer import written
from cases.model.case import Case

RAW: Final = "raw"
"""The mode."""
_PLANE: Final = 2
_VOLUME: Final = 3
_TENSORS: Final = {
    *("input", "filter", "out_backprop", "input_sizes", "filter_sizes"),
    *("orig_input", "orig_output", "orig_input_shape", "grad", "argmax"),
}
"""The arguments that are tensors, which a program names."""
_EXPLICIT: Final = Text(text="'EXPLICIT'")


def _flat(case: Case, pads: Any) -> Any:
    return [number for pair in lists(case, pads) for number in pair]


def _sizes(case: Case, sizes: Any) -> Any:
    return list(shape(case, sizes)) if isinstance(sizes, tuple) else sizes


_WORDS: Final = {
    **{name: Word(word=name, form=around) for name in ("strides", "dilations", "ksize")},
    "padding": Word(word="padding"),
    "output_shape": Word(word="input_sizes", form=_sizes),
    "explicit_paddings": Word(word="explicit_paddings", form=_flat),
}
_NAMES: Final = (
    *("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"),
    *("Conv3D", "Conv3DBackpropInputV2", "Conv3DBackpropFilterV2"),
    *("DepthwiseConv2dNative", "DepthwiseConv2dNativeBackpropInput", "DepthwiseConv2dNativeBackpropFilter"),
    *("MaxPoolGrad", "MaxPool3DGrad", "MaxPoolGradWithArgmax", "AvgPoolGrad", "AvgPool3DGrad", "BiasAddGrad"),
)
WORDS: Final[Words] = {f"tf.raw_ops.{name}": _WORDS for name in _NAMES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A call whose gradients are calls of their own: one for each input, by its name."""

    call: Call
    gradients: Mapping[str, Expression] = field(default_factory=dict)


def raw(case: Case) -> Raw:
    """Return the call and the calls of its gradients; of a wrong call its gradients alone.

    Raises:
        NotSupported: if TensorFlow has no such operator, or if it can't be told what the case says.
    """
    refuse("the operators that compute gradients are of two or three axes", when=len(case.strides) < _PLANE)
    volume = case.operator in {"max_pool_argmax", "max_unpool"} and len(case.strides) == _VOLUME
    refuse("no operator places elements of volumes at indices", when=volume)
    refuse(
        "no gradient is asked, and no gradient's operator is this one",
        when=not case.gradients and case.operator not in _THEMSELVES,
    )
    refuse("average unpooling is no operator's gradient but for a factor", when=case.operator == "avg_unpool")
    found = _OF[case.operator](case)
    if is_sound(case):
        return found
    # The call would refuse what is wrong with it, and the gradients were not asked.
    return replace(found, call=replace(found.call, outputs={})) if case.gradients else found


def body(case: Case, call: Call, text: str, words: Words) -> str:
    """Return the body of ``call``, a function of the tensors that returns the call's answer and its gradients."""
    first = [f"answer = {text}"] if call.outputs else []
    texts = (f"    {written(case, gradient, words)}," for gradient in raw(case).gradients.values())
    return "\n".join((*call.steps, *first, f"return {'answer' if first else None}, [", *texts, "]"))


def _windows(case: Case, *, pairs: bool) -> dict[str, Any]:
    """Return what windows are said by; an operator that takes no padding in pairs is asked none."""
    given = "padding" in case.given
    said: dict[str, Any] = {"strides": case.strides, "padding": case.padding}
    if not isinstance(case.padding, str) and not given:
        refuse("the operator that computes the gradient takes no padding in pairs", when=not pairs)
        said |= {"padding": _EXPLICIT, "explicit_paddings": case.padding}
    return said | {"data_format": case.data_format}


def _name(case: Case, plane: str, volume: str) -> str:
    """Return the operator of a plane or of a volume."""
    return f"tf.raw_ops.{volume if len(case.strides) == _VOLUME else plane}"


def _convolving(case: Case) -> dict[str, Any]:
    return {**_windows(case, pairs=len(case.strides) == _PLANE), "dilations": case.dilations}


def _forward(case: Case, image: str) -> Function:
    names = ("DepthwiseConv2dNative", "") if _is_apart(case) else ("Conv2D", "Conv3D")
    return _said(_name(case, *names), input=image, filter=_filter(case), **_convolving(case))


def _by_input(case: Case, sizes: tuple[int, ...], windows: str) -> Function:
    """Return the gradient of a convolution by its input of ``sizes``; ``windows`` is the cotangent of its output."""
    plain = ("Conv2DBackpropInput", "Conv3DBackpropInputV2")
    names = ("DepthwiseConv2dNativeBackpropInput", "") if _is_apart(case) else plain
    asked: dict[str, Any] = {"input_sizes": _list(shape(case, sizes))}
    if case.operator == "conv_transpose":  # whose own argument it is
        asked = {"output_shape": case.output_shape}
    image = {**asked, "filter": _filter(case), "out_backprop": windows}
    return _said(_name(case, *names), **image, **_convolving(case))


def _by_filter(case: Case, image: str, windows: str) -> Expression:
    """Return the gradient of a convolution by its filter."""
    sizes = case.inputs["filter"].shape
    apart = _is_apart(case)
    plain = ("Conv2DBackpropFilter", "Conv3DBackpropFilterV2")
    names = ("DepthwiseConv2dNativeBackpropFilter", "") if apart else plain
    asked = _list(conv.per_channel_shape(case) if apart else sizes)
    call = _said(_name(case, *names), input=image, filter_sizes=asked, out_backprop=windows, **_convolving(case))
    return ("tf.reshape(", call, f", {sizes})") if apart else call


def _said(name: str, **arguments: Any) -> Function:
    """Return a call of ``name``, which takes no argument by position; those that are tensors are texts."""
    texts = {key: Text(text=own) for key, own in arguments.items() if key in _TENSORS}
    return function(name, **arguments | texts)


def _is_apart(case: Case) -> bool:
    """Tell whether the operator is one of depthwise convolution."""
    return conv.is_depthwise(case) if case.operator == "conv" else conv.keeps_channels_apart(case)


def _list(sizes: Any) -> str:
    return repr(list(sizes))


def _filter(case: Case) -> str:
    return conv.per_channel(case) if _is_apart(case) else "filter"


def _bias(case: Case) -> Function:
    word = "NCHW" if case.channels_first else "NHWC"
    return _said("tf.raw_ops.BiasAddGrad", out_backprop="cotangent", data_format=Text(text=repr(word)))


def _asked(case: Case, gradients: Mapping[str, Callable[[], Expression]]) -> dict[str, Expression]:
    return {name: gradients[name]() for name in case.gradients}


def _conv(case: Case) -> Raw:
    gradients = {
        "value": lambda: _by_input(case, case.inputs["value"].shape, "cotangent"),
        "filter": lambda: _by_filter(case, "value", "cotangent"),
        "bias": lambda: _bias(case),
    }
    return Raw(call=conv.conv(case), gradients=_asked(case, gradients))


def _conv_transpose(case: Case) -> Raw:
    gradients = {
        "value": lambda: _forward(case, "cotangent"),
        "filter": lambda: _by_filter(case, "cotangent", "value"),
        "bias": lambda: _bias(case),
    }
    conv.refuse_output_padding(case)
    scattered = _by_input(case, case.output_shape or (), "value")
    return Raw(call=conv.with_bias(case, scattered), gradients=_asked(case, gradients))


def _max_pool(case: Case) -> Raw:
    """Return max pooling and ``MaxPoolGrad``, which compares the image with its maxima to find them again."""
    case = _window_of(case)
    tensors = {"orig_input": "value", "orig_output": "answer" if is_sound(case) else "cotangent", "grad": "cotangent"}
    pairs = len(case.strides) == _PLANE
    gradient = _said(
        _name(case, "MaxPoolGrad", "MaxPool3DGrad"), **tensors, ksize=case.ksize, **_windows(case, pairs=pairs)
    )
    return Raw(call=pooling.max_pool(case), gradients={"value": gradient})


def _avg_pool(case: Case) -> Raw:
    """Return average pooling and ``AvgPoolGrad``, which is told the image's shape alone."""
    refuse("the operator that computes the gradient divides by the elements inside the image", when=bool(case.divisor))
    case = _window_of(case)
    tensors = {"orig_input_shape": _list(shape(case, case.inputs["value"].shape)), "grad": "cotangent"}
    gradient = _said(
        _name(case, "AvgPoolGrad", "AvgPool3DGrad"), **tensors, ksize=case.ksize, **_windows(case, pairs=False)
    )
    return Raw(call=pooling.avg_pool(case), gradients={"value": gradient})


def _max_pool_argmax(case: Case) -> Raw:
    """Return max pooling with indices and ``MaxPoolGradWithArgmax``, which knows no other layout than channels-last."""
    case = _window_of(case)
    refuse("without a right call there are no indices", when=not is_sound(case))
    return Raw(
        call=pooling.max_pool_argmax(case), gradients={"value": _placed(case, "value", "cotangent", "answer.argmax")}
    )


def _max_unpool(case: Case) -> Raw:
    """Return ``MaxPoolGradWithArgmax``, which adds each element where its index says."""
    refuse("the gradient of a gradient is no operator of its own", when=bool(case.gradients))
    case = _window_of(case)
    image = f"tf.zeros({case.output_shape}, value.dtype)"
    return Raw(call=Call(expression=_placed(case, image, "value", "indices")))


def _placed(case: Case, image: str, elements: str, indices: str) -> Function:
    refuse("the operator that places elements at indices takes channels-last images", when=case.channels_first)
    name = _name(case, "MaxPoolGradWithArgmax", "")
    windows = {name: own for name, own in _windows(case, pairs=False).items() if name != "data_format"}
    flags = {"include_batch_in_index": case.include_batch_in_index}
    return _said(name, input=image, grad=elements, argmax=indices, ksize=case.ksize, **windows, **flags)


def _window_of(case: Case) -> Case:
    """Return a pooling whose windows are said by padding alone."""
    refuse("no operator that computes the gradient of a pooling takes dilations", when=dilates(case))
    return explicit(case)


_THEMSELVES: Final = ("conv_transpose", "max_unpool")
"""The operators that are the gradients of others."""
_OF: Final[dict[str, Callable[[Case], Raw]]] = {
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "max_pool": _max_pool,
    "max_pool_argmax": _max_pool_argmax,
    "max_unpool": _max_unpool,
    "avg_pool": _avg_pool,
}
