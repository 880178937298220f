"""How TensorFlow says what all programs have, in each mode and on each device.

Eager calls without gradients stand as they are; all others are in a function, which a mode may decorate.

As released, TensorFlow asks the processor whether to use oneDNN, and with it changes what is accepted: channels-first
layouts, dilated transposed convolution. Here oneDNN is on, whatever the processor, and off in the mode ``nodnn``; a
variable that the user sets wins. The mode ``native`` chooses nothing: it is what users run, with the newest code that
the processor has.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from textwrap import indent
from typing import Any, ClassVar, Final

from adapters.call import Call, Word, Words
from adapters.tensorflow import raw, transforms
from adapters.writing.forms import around, lists, lists_of_plane
from adapters.writing.transforms import DTYPES, parameters
from adapters.writing.transforms import MODES as TRANSFORMS
from adapters.writing.writer import Wrapped
from cases.model.case import OPERATORS, PIPELINE, Case

SHAPES: Final = "shapes"
"""The mode that infers shapes and dtypes as graphs do, and runs nothing."""
PROGRAMS: Final = {
    "program": "tf.function(program, autograph=False)",
    "program_xla": "tf.function(program, autograph=False, jit_compile=True)",
}
"""The modes that make one program of a pipeline -> how."""
_ONEDNN: Final = "TF_ENABLE_ONEDNN_OPTS"
_WITH_ONEDNN: Final = {
    _ONEDNN: os.environ.get(_ONEDNN, "1"),
    # The last one that TensorFlow itself asks for; newer ones sum bfloat16 in pairs, NaN with what has no NaN.
    "ONEDNN_MAX_CPU_ISA": os.environ.get("ONEDNN_MAX_CPU_ISA", "AVX512_CORE"),
}
MODE_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "eager": {"environment": _WITH_ONEDNN, "cost": 4.0},  # many calls end the process, and the next one starts slowly
    "graph": {"environment": _WITH_ONEDNN, "one_in": 16, "cost": 4.0},  # the kernels of eager, and tracing takes long
    "xla": {"environment": _WITH_ONEDNN, "one_in": 80, "cost": 25.0},
    "nodnn": {"environment": {_ONEDNN: "0"}, "devices": ("cpu",)},
    "threads": {"environment": _WITH_ONEDNN, "devices": ("cpu",), "by_name": True},
    **{
        mode: {"environment": _WITH_ONEDNN, "by_name": True, "whole": True, "operators": (PIPELINE,), "cost": 10.0}
        for mode in PROGRAMS
    },
    SHAPES: {"environment": _WITH_ONEDNN, "by_name": True, "sizes_only": True, "operators": OPERATORS},
    **{mode: {"environment": _WITH_ONEDNN, "dtypes": DTYPES, "by_name": True, "cost": 10.0} for mode in TRANSFORMS},
    raw.RAW: {"environment": _WITH_ONEDNN, "devices": ("cpu",), "by_name": True, "operators": OPERATORS},
    "native": {
        "environment": {name: os.environ[name] for name in _WITH_ONEDNN if name in os.environ},
        "devices": ("cpu",),
        "by_name": True,
    },
}
# Without AutoGraph, which there is nothing for to do here, an error's message is as it was raised.
_DECORATORS: Final = {
    "graph": "@tf.function(autograph=False)\n",
    "xla": "@tf.function(autograph=False, jit_compile=True)\n",
}
_INFERRED: Final = """
def inferred(*tensors):
    graph = tf.function(call, autograph=False).get_concrete_function(*tensors)
    return tf.nest.map_structure(lambda spec: tf.zeros(spec.shape, spec.dtype), graph.structured_outputs)
"""
_ON_GPU: Final = """
tf.config.set_soft_device_placement(False)  # what has no GPU kernel is not moved to the CPU
tf.config.experimental.enable_tensor_float_32_execution(False)"""
_DEVICE: Final = 'with tf.device("GPU:0"):\n'


_AROUND: Final = {"strides": Word(word="strides", form=around), "dilations": Word(word="dilations", form=around)}
WORDS: Final[Words] = {
    "": {"padding": Word(word="padding", form=lists)},
    "tf.nn.conv1d": {"strides": Word(word="stride")},
    "tf.nn.conv3d": _AROUND,
    "tf.nn.depthwise_conv2d": {"strides": _AROUND["strides"]},
    "tf.nn.depthwise_conv2d_backprop_input": {"output_shape": Word(word=""), **_AROUND},
    "tf.nn.pool": {"ksize": Word(word="window_shape")},
    "tf.nn.max_pool_with_argmax": {"padding": Word(word="padding", form=lists_of_plane)},
    "tf.pad": {"padding": Word(word="", form=lists)},
    **raw.WORDS,
    "tf.ones": {"ksize": Word(word="", form=lambda _case, sizes: (*sizes, 1, 1))},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """TensorFlow's way to write programs, in one mode on one device."""

    mode: str
    device: str
    words: ClassVar[Words] = WORDS
    one_line: ClassVar[bool] = False
    always_ahead: ClassVar[bool] = False
    ahead: ClassVar[str] = "tf.transpose({text}, {to_ahead})"
    behind: ClassVar[str] = "tf.transpose({text}, {to_behind})"

    def head(self, _case: Case) -> tuple[str, ...]:
        """Return the environment, which TensorFlow reads when it is imported, and a GPU's settings."""
        variables = MODE_OPTIONS[self.mode]["environment"]
        line = f"os.environ |= {variables}  # before TensorFlow is imported"
        gpu = (_ON_GPU,) if self.device == "cuda" else ()
        return (*(("import os", "", line, "") if variables else ()), "import tensorflow as tf", *gpu, "")

    def enter(self, name: str, *, bfloat16: bool) -> str:
        """Return the array itself, or its cast."""
        return f"tf.cast({name}, tf.bfloat16)" if bfloat16 else name

    def tensor(self, case: Case, name: str, text: str) -> str:
        """Return a constant where an array would be taken for something else.

        A tape watches tensors, not arrays. Max pooling takes every array for float32. An array silently becomes a
        tensor of the dtype of the tensor before it.
        """
        dtypes = {spec.dtype for key, spec in case.inputs.items() if key != "indices"}
        misread = (case.operator == "max_pool" and case.dtype != "float32") or len(dtypes) > 1
        watched = name in case.gradients or self.mode in TRANSFORMS
        return f"tf.constant({name})" if text == name and (watched or misread) else text

    def array(self, _case: Case, _name: str, text: str) -> str:
        """Return the tensor's array."""
        return f"{text}.numpy()"

    def wrap(self, case: Case, call: Call, text: str) -> Wrapped:
        """Return the call as it stands, or the call of a function that a mode may decorate and a tape may watch."""
        names = {"output": "result[0]" if case.gradients else "result"}
        names |= {f"{name}_gradient": f"result[1][{number}]" for number, name in enumerate(case.gradients)}
        given = ", ".join(parameters(case, call))
        if self.mode in TRANSFORMS:
            body = transforms.body(self.mode, case, call, text)
            helpers = (transforms.HELPERS,) if self.mode == "vmap" else ()
            return Wrapped(call=f"call({given})", below=("", *helpers, self._function(given, body), ""), names=names)
        if self.device != "cuda" and self.mode not in {SHAPES, *_DECORATORS} and not case.gradients:
            return Wrapped(call=text, below=call.steps, names=names)
        if self.mode == raw.RAW and case.gradients:
            body = raw.body(case, call, text, WORDS)
            return Wrapped(call=f"call({given})", below=("", self._function(given, body), ""), names=names)
        body = _taped(case, call, text) if case.gradients else "\n".join((*call.steps, f"return {text}"))
        below = ("", self._function(given, body), "")
        if self.mode == SHAPES:
            return Wrapped(call=f"inferred({given})", below=(_INFERRED, *below), names=names)
        return Wrapped(call=f"call({given})", below=below, names=names)

    def _function(self, parameters: str, body: str) -> str:
        """Return the definition of ``call``. On a GPU one scope places operators, another what is compiled."""
        decorator, cuda = _DECORATORS.get(self.mode, ""), self.device == "cuda"
        name, scoped = "compiled" if decorator and cuda else "call", _DEVICE + indent(body, "    ") if cuda else body
        inner = f"{decorator}def {name}({parameters}):\n{indent(scoped, '    ')}"
        outer = f"\n\ndef call({parameters}):\n    {_DEVICE}        return compiled({parameters})"
        return inner if name == "call" else inner + outer


def _taped(case: Case, call: Call, text: str) -> str:
    """Return the body of a function that watches the call and takes its gradients."""
    watched, target = ", ".join(case.gradients), call.outputs["output"].format(output="answer")
    taped = [f"tape.watch([{watched}])", *call.steps, f"answer = {text}"]
    if target != "answer":
        taped, target = [*taped, f"output = {target}"], "output"
    tape = indent("\n".join(taped), "    ")
    return f"with tf.GradientTape() as tape:\n{tape}\nreturn answer, tape.gradient({target}, [{watched}], cotangent)"
