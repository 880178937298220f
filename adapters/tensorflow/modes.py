"""The program around an operator: how tensors get to it and back, in each mode and on each device.

Eager calls without gradients stand as they are; all others are in a function, which a mode may decorate.

As released, TensorFlow asks the processor whether to use oneDNN, and with it changes what is accepted: channels-first
layouts, dilated transposed convolution. Here oneDNN is on, whatever the processor, and off in the mode ``nodnn``; a
variable that the user sets wins.
"""

from __future__ import annotations

import os
from textwrap import indent
from typing import Any, Final

from adapters.tensorflow.composition import Composition
from cases.model.case import Case

_ONEDNN: Final = "TF_ENABLE_ONEDNN_OPTS"
_WITH_ONEDNN: Final = {
    _ONEDNN: os.environ.get(_ONEDNN, "1"),
    # The last one that TensorFlow itself asks for; newer ones sum bfloat16 in pairs, NaN with what has no NaN.
    "ONEDNN_MAX_CPU_ISA": os.environ.get("ONEDNN_MAX_CPU_ISA", "AVX512_CORE"),
}
MODE_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "eager": {"environment": _WITH_ONEDNN},
    "graph": {"environment": _WITH_ONEDNN, "cost": 4.0},
    "xla": {"environment": _WITH_ONEDNN, "one_in": 12, "cost": 25.0},
    "nodnn": {"environment": {_ONEDNN: "0"}, "devices": ("cpu",)},
}
MODES: Final = ("eager", "graph", "xla", "nodnn")

# Without AutoGraph, which there is nothing for to do here, an error's message is as it was raised.
_DECORATORS: Final = {
    "graph": "@tf.function(autograph=False)\n",
    "xla": "@tf.function(autograph=False, jit_compile=True)\n",
}
_IMPORT: Final = "import tensorflow as tf"
_ENVIRONMENT: Final = "import os\n\nos.environ |= {}  # before TensorFlow is imported\n"
_ON_GPU: Final = """
tf.config.set_soft_device_placement(False)  # what has no GPU kernel is not moved to the CPU
tf.config.experimental.enable_tensor_float_32_execution(False)"""
_DEVICE: Final = 'with tf.device("GPU:0"):\n'


def program(case: Case, composition: Composition, mode: str, device: str) -> str:
    """The text of a case's call in a mode on a device."""
    head = [
        _ENVIRONMENT.format(MODE_OPTIONS[mode]["environment"]),
        _IMPORT,
        *([_ON_GPU] if device == "cuda" else []),
        "",
    ]
    lines = [*_converted(case), *composition.before]
    if device == "cuda" or mode in _DECORATORS or case.gradients:
        names = ", ".join(_parameters(case, composition))
        lines += ["", _function(case, composition, mode, device), "", f"result = call({names})"]
    else:
        lines += [*composition.steps, f"result = {composition.call}"]
    answer = "result[0]" if case.gradients else "result"
    lines += [line.format(answer) for line in composition.after]
    return "\n".join((*head, *lines, _outputs(case, composition, answer)))


def _parameters(case: Case, composition: Composition) -> tuple[str, ...]:
    return (*composition.takes, "cotangent") if case.gradients else composition.takes


def _converted(case: Case) -> list[str]:
    """Statements that make tensors of the case's dtypes in the call's layout, of arrays that are not."""
    texts = {name: _tensor(case, name) for name in case.inputs}
    return [f"{name} = {text}" for name, text in texts.items() if text != name]


def _tensor(case: Case, name: str) -> str:
    if name in case.given:
        return repr(case.given[name])
    spec = case.inputs[name]
    text = f"tf.cast({name}, tf.bfloat16)" if spec.dtype == "bfloat16" else name
    if case.channels_first and name in {"value", "cotangent", "indices"}:
        rank = len(spec.shape)
        text = f"tf.transpose({text}, {[0, rank - 1, *range(1, rank - 1)]})"
    # A tape watches tensors, not arrays; max pooling takes every array for float32, whatever it is; and an array is
    # silently made a tensor of the dtype of the one that stands before it.
    watched, misread = name in case.gradients, case.operator == "max_pool" and case.dtype != "float32"
    misread = misread or len({other.dtype for key, other in case.inputs.items() if key != "indices"}) > 1
    return f"tf.constant({name})" if text == name and (watched or misread) else text


def _function(case: Case, composition: Composition, mode: str, device: str) -> str:
    """The definition of ``call``. On a GPU a scope inside it places operators, and one outside what is compiled."""
    names, decorator = ", ".join(_parameters(case, composition)), _DECORATORS.get(mode, "")
    body = _differentiated(case, composition) if case.gradients else _direct(composition)
    if device != "cuda":
        return _defined(decorator, "call", names, body)
    inner = _defined(decorator, "compiled" if decorator else "call", names, _DEVICE + indent(body, "    "))
    if not decorator:
        return inner
    outer = _defined("", "call", names, f"{_DEVICE}    return compiled({names})")
    return f"{inner}\n\n{outer}"


def _defined(decorator: str, name: str, parameters: str, body: str) -> str:
    return f"{decorator}def {name}({parameters}):\n{indent(body, '    ')}"


def _direct(composition: Composition) -> str:
    return "\n".join((*composition.steps, f"return {composition.call}"))


def _differentiated(case: Case, composition: Composition) -> str:
    watched = ", ".join(case.gradients)
    taped = (f"tape.watch([{watched}])", *composition.steps, f"answer = {composition.call}")
    target = composition.differentiated.format("answer")
    if target != "answer":
        taped, target = (*taped, f"output = {target}"), "output"
    return "\n".join(
        (
            "with tf.GradientTape() as tape:",
            indent("\n".join(taped), "    "),
            f"return answer, tape.gradient({target}, [{watched}], cotangent)",
        )
    )


def _outputs(case: Case, composition: Composition, answer: str) -> str:
    texts = {name: text.format(answer) for name, text in composition.outputs.items()}
    texts |= {f"{name}_gradient": f"result[1][{number}]" for number, name in enumerate(case.gradients)}
    moved = {name: _channels_last(case, name, text) for name, text in texts.items()}
    entries = [f'"{name}": {text}.numpy()' for name, text in moved.items()]
    if len(entries) == 1:
        return f"outputs = {{{entries[0]}}}"
    return "\n".join(("outputs = {", *(f"    {entry}," for entry in entries), "}"))


def _channels_last(case: Case, name: str, text: str) -> str:
    if not case.channels_first or name in {"filter_gradient", "bias_gradient"}:
        return text
    return f"tf.transpose({text}, {[0, *range(2, len(case.strides) + 2), 1]})"
