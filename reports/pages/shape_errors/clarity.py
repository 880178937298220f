"""The rule that tells whether an error says what is wrong with a call. A program decides it, not taste.

``RULE`` states the rule for people. ``NAMES`` holds the names of arguments. Upper and lower case are the same in names,
and so are spaces, hyphens and underscores. If no window fits, both the kernel and the size that is too small for it
count as the wrong argument. Numbers that count axes say nothing. ``_LISTS`` holds what is removed first: lists of a
call's arguments, signatures or elements that appear whatever is wrong, and phrases of Python and NumPy that contain a
name by accident. ``DTYPES`` holds the frameworks' words for dtypes.
"""

from __future__ import annotations

import re
from typing import Final

from cases.model import rules
from cases.model.case import ARGUMENTS, Broken, Case
from reports.recording.messages import normal

MOST: Final = 3
"""The most arguments that a clear message names."""
RULE: Final = (
    "A message is clear if one of three things is true. First: it names the wrong argument, by a whole word that some "
    f"framework uses for it, and it names at most {MOST} arguments in all. Second: it gives both numbers that do not "
    "fit together. They must be whole numbers, must not be equal, and must not both stand in one list such as a shape. "
    "If an argument has the wrong number of entries, numbers are not enough, because they do not tell whose entries "
    "they count. Third: it gives both dtypes that do not fit together. Lists of all arguments, signatures or elements "
    "that appear whatever is wrong are removed before the rule is applied. Every other message is misleading. An empty "
    "message is misleading too."
)
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "value": (
        *("input", "lhs", "operand", "tensor_in", "tensor_in_shape", "input_size", "input_tensor", "input_shape"),
        *("out_backprop", "outbackprop", "orig_input", "'value'", "at_path_value"),
    ),
    "kernel": (
        *("filter", "filter_size", "effective_filter_size", "weight", "weights", "rhs", "kernel", "kernel_size"),
        *("effective_kernel_size", "kernel_shape", "ksize", "window", "window_size", "window_shape"),
        *("window_dimensions", "window_dimension", "sliding_window", "kT", "kH", "kW"),
    ),
    "indices": ("indices", "index", "max_index", "indexer"),
    "output_shape": (
        *("output_shape", "output_size", "output_sizes", "output_padding", "input_sizes", "orig_input_shape"),
    ),
    "strides": ("strides", "stride", "window_strides", "window_stride", "base_dilation", "lhs_dilation"),
    "padding": ("padding", "paddings", "pad", "pads", "explicit_padding", "explicit_paddings", "explicit_pads"),
    "dilations": (
        *("dilations", "dilation", "dilation_rate", "dilation_rates", "dilated_rates", "window_dilation"),
        *("window_dilations", "rhs_dilation", "dilationT", "dilationH", "dilationW"),
    ),
    "groups": ("groups", "group", "feature_group_count", "group_count"),
    "data_format": ("data_format", "dimension_numbers", "layout"),
    "bias": ("bias",),
    "cotangent": ("cotangent", "vjp_function", "grad", "grads", "grad_output", "gradients"),
}
"""Argument -> the frameworks' names for it. JAX's dilation of the input is the stride of a transposed convolution."""
_SAME: Final = {"filter": "kernel", "ksize": "kernel", "output_padding": "output_shape"}
"""Argument -> the argument whose names frameworks use for it.

A filter has the kernel's size. PyTorch says the output's shape by output_padding.
"""
DTYPES: Final[dict[str, tuple[str, ...]]] = {
    "float16": ("float16", "half", "f16", "DT_HALF"),
    "bfloat16": ("bfloat16", "bf16", "DT_BFLOAT16"),
    "float32": ("float32", "float", "f32", "DT_FLOAT"),
    "float64": ("float64", "double", "f64", "DT_DOUBLE"),
    "int32": ("int32", "int", "i32", "DT_INT32"),
    "int64": ("int64", "long", "i64", "DT_INT64"),
    "bool": ("bool", "boolean", "DT_BOOL"),
    "complex64": ("complex64", "complexfloat", "c64", "DT_COMPLEX64"),
}
_AXIS: Final = r"(?:[ _-](?:height|width|depth))?"


def _pattern(names: tuple[str, ...]) -> str:
    """Return a pattern of these names, the longest first: ``output_padding`` is not read as ``padding``."""
    words = sorted(names, key=len, reverse=True)
    return "|".join(re.escape(word).replace("_", "[ _-]") for word in words)


_NAMED: Final = re.compile(
    rf"(?<![\w.])(?:{_pattern(tuple(name for names in NAMES.values() for name in names))}){_AXIS}(?!\w)", re.IGNORECASE
)
_MEANING: Final = {name.lower(): argument for argument, names in NAMES.items() for name in names}
_NUMBER: Final = re.compile(r"(?<![\w.-])-?\d+(?!\w|\.\d|-th\b)")
_PIECE: Final = re.compile(rf"[\[(]\s*-?\d+(?:\s*[,x*]\s*-?\d+)*,?\s*[\])]|-?\d+(?: ?[x*] ?-?\d+)+|{_NUMBER.pattern}")
"""A list of numbers, sizes such as 3x7x8, a product, or a single number."""
_LISTS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r" for '\w+\[.*",  # TensorFlow's node with all its attributes and the shapes of its inputs
        r"; NodeDef:.*",
        r"received an invalid combination of arguments - got .*",  # PyTorch's signatures, all of them
        r"Dynamo failed to run FX node .*?\): got ",  # the whole call; the fault itself follows
        r" Hint: Your code may result in an error .*",
        r"Array\(\[.*?\](, dtype=\w+)?\)",  # a tensor's elements
        r" spatial_dim: \d+ input: -?\d+ filter: .*? dilation: -?\d+",  # TensorFlow's and PyTorch's sizes, all of them
        r"Given (\w+=[\[(][^=]*[\])], ){3,}",
        r"\b(dim|dimension|axis|position) \d+|\.size\(-?\d+\)",  # numbers that count axes
        r"unsupported operand type|(tuple|list|string) index out of range|too many indices|\binput types\b",
    )
)


def is_clear(message: str, fault: Broken, dtypes: tuple[str, ...] = ()) -> bool:
    """Tell whether a message says what is wrong with a call, by ``RULE``.

    ``dtypes`` holds the dtypes that do not fit together. It is empty if the fault is another one.
    """
    text = essence(message)
    if fault.argument == "cotangent":  # in a transposed convolution the value has this name
        text = re.sub(r"out_?backprop", "cotangent", text)
    wrong = {_SAME.get(fault.argument, fault.argument)}
    if fault.rule == "size" and fault.sides is not None:
        wrong.add("kernel")
    named = arguments(text)
    if named & wrong and len(named) <= MOST:
        return True
    counts_entries = fault.rule == "rank" and fault.argument in ARGUMENTS
    sides = None if counts_entries else fault.sides
    return _says_numbers(text, sides) or _says_dtypes(text, dtypes)


def essence(message: str) -> str:
    """Return a message without the lists and phrases that name arguments whatever is wrong."""
    text = normal(message)
    for pattern in _LISTS:
        text = pattern.sub(" ", text)
    return text


def arguments(text: str) -> set[str]:
    """Return the arguments that a text names."""
    found = (re.sub(rf"{_AXIS}$", "", match.group().lower()) for match in _NAMED.finditer(text))
    return {_MEANING[re.sub(r"[ -]", "_", name)] for name in found}


def conflict(case: Case, fault: Broken) -> tuple[str, ...]:
    """Return the dtypes that do not fit together if the rule ``dtype`` is broken; none for other rules.

    They are the dtype of the wrong argument and that of the value. For indices it is their own dtype alone.
    """
    if fault.rule != "dtype":
        return ()
    specs = rules.effective(case).inputs
    names = {fault.argument} if fault.argument == "indices" else {fault.argument, "value"}
    return tuple(sorted({specs[name].dtype for name in names}))


def _says_numbers(text: str, sides: tuple[int, int] | None) -> bool:
    """Tell whether a text gives both numbers, not both in one list."""
    if sides is None or sides[0] == sides[1]:
        return False
    pieces = [set(map(int, re.findall(r"-?\d+", piece))) for piece in _PIECE.findall(text)]
    left, right = ({number for number, piece in enumerate(pieces) if side in piece} for side in sides)
    return bool(left and right) and len(left | right) > 1


def _says_dtypes(text: str, dtypes: tuple[str, ...]) -> bool:
    """Tell whether a text gives all of these dtypes; false if there are none."""
    words = (rf"(?<!\w)(?:{_pattern(DTYPES.get(dtype, (dtype,)))})(?!\w)" for dtype in dtypes)
    return bool(dtypes) and all(re.search(word, text, re.IGNORECASE) for word in words)
