"""Whether an error says what is wrong with a call: a rule that a program decides, not a matter of taste.

``RULE`` says it for people. Names are those in ``NAMES``, in any case, with spaces, hyphens and underscores alike;
where no window fits, the kernel is an offender as well as the size that is too small for it. Numbers that count axes
say nothing. ``_LISTS`` holds what is cut off before: what lists a call's arguments, signatures or elements whatever is
wrong, and phrases of Python and NumPy that hold a name by accident. ``DTYPES`` has frameworks' words for dtypes.
"""

from __future__ import annotations

import re
from typing import Final

from cases.model import rules
from cases.model.case import ARGUMENTS, Broken, Case
from reports.recording.messages import normal

MOST: Final = 3
RULE: Final = (
    f"The message names the argument that is wrong, as a whole word that some framework calls it by, and no more than "
    f"{MOST} arguments in all, since who names everything names nothing; or it says both numbers that don't fit "
    "together, as whole numbers, not equal, and not both in one list such as a shape (how many entries an argument "
    "has doesn't tell whose they are: there it takes the name); or it says both dtypes that don't go together. Lists "
    "of all arguments, signatures or elements, which come whatever is wrong, are cut off before. Every other message "
    "is misleading, an empty one included."
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
    "cotangent": ("cotangent",),
}
"""Argument -> what frameworks call it. JAX's dilation of the input is the stride of a transposed convolution."""
_SAME: Final = {"filter": "kernel", "ksize": "kernel", "output_padding": "output_shape"}
"""Arguments that frameworks say as another: a filter has the kernel's size, and PyTorch pads the output to a shape."""
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
    """The longest name first: ``output_padding`` holds no ``padding``."""
    words = sorted(names, key=len, reverse=True)
    return "|".join(re.escape(word).replace("_", "[ _-]") for word in words)


_NAMED: Final = re.compile(
    rf"(?<![\w.])(?:{_pattern(tuple(name for names in NAMES.values() for name in names))}){_AXIS}(?!\w)", re.IGNORECASE
)
_MEANING: Final = {name.lower(): argument for argument, names in NAMES.items() for name in names}
_NUMBER: Final = re.compile(r"(?<![\w.-])-?\d+(?!\w|\.\d|-th\b)")
_PIECE: Final = re.compile(rf"[\[(]\s*-?\d+(?:\s*[,x*]\s*-?\d+)*,?\s*[\])]|-?\d+(?: ?[x*] ?-?\d+)+|{_NUMBER.pattern}")
"""A list of numbers, sizes such as 3x7x8, a product, or a number by itself."""
_LISTS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r" for '\w+\[.*",  # TensorFlow's node with all its attributes, and the shapes of its inputs
        r"; NodeDef:.*",
        r"received an invalid combination of arguments - got .*",  # PyTorch's signatures, all of them
        r"Dynamo failed to run FX node .*?\): got ",  # the whole call; what was wrong with it follows
        r" Hint: Your code may result in an error .*",
        r"Array\(\[.*?\](, dtype=\w+)?\)",  # a tensor's elements
        r" spatial_dim: \d+ input: -?\d+ filter: .*? dilation: -?\d+",  # TensorFlow's and PyTorch's sizes, all of them
        r"Given (\w+=[\[(][^=]*[\])], ){3,}",
        r"\b(dim|dimension|axis|position) \d+|\.size\(-?\d+\)",  # numbers that count axes
        r"unsupported operand type|(tuple|list|string) index out of range|too many indices|\binput types\b",
    )
)


def is_clear(message: str, fault: Broken, dtypes: tuple[str, ...] = ()) -> bool:
    """Whether a message says what is wrong, by the rule above; ``dtypes`` are those that don't go together."""
    text = essence(message)
    offenders = {_SAME.get(fault.argument, fault.argument)}
    if fault.rule == "size" and fault.sides is not None:
        offenders.add("kernel")
    named = arguments(text)
    counted = fault.rule == "rank" and fault.argument in ARGUMENTS
    sides = None if counted else fault.sides
    return (bool(named & offenders) and len(named) <= MOST) or _says(text, sides) or _says_dtypes(text, dtypes)


def essence(message: str) -> str:
    """A message without the lists and phrases that name arguments whatever is wrong."""
    text = normal(message)
    for pattern in _LISTS:
        text = pattern.sub(" ", text)
    return text


def arguments(text: str) -> set[str]:
    """The arguments that a text names."""
    found = (re.sub(rf"{_AXIS}$", "", match.group().lower()) for match in _NAMED.finditer(text))
    return {_MEANING[re.sub(r"[ -]", "_", name)] for name in found}


def conflict(case: Case, fault: Broken) -> tuple[str, ...]:
    """The dtypes that don't go together where the rule ``dtype`` is broken: the offender's, and a filter's value's."""
    if fault.rule != "dtype":
        return ()
    specs = rules.effective(case).inputs
    names = {fault.argument} if fault.argument == "indices" else {fault.argument, "value"}
    return tuple(sorted({specs[name].dtype for name in names}))


def _says(text: str, sides: tuple[int, int] | None) -> bool:
    if sides is None or sides[0] == sides[1]:
        return False
    pieces = [set(map(int, re.findall(r"-?\d+", piece))) for piece in _PIECE.findall(text)]
    left, right = ({number for number, piece in enumerate(pieces) if side in piece} for side in sides)
    return bool(left and right) and len(left | right) > 1


def _says_dtypes(text: str, dtypes: tuple[str, ...]) -> bool:
    words = (rf"(?<!\w)(?:{_pattern(DTYPES.get(dtype, (dtype,)))})(?!\w)" for dtype in dtypes)
    return bool(dtypes) and all(re.search(word, text, re.IGNORECASE) for word in words)
