"""Messages as frameworks wrote them, without the parts that a machine or a run adds."""

from __future__ import annotations

import pytest

from reports.recording.messages import last_words, normal

GRAPH = """Graph execution error:

Detected at node conv2d_transpose defined at (most recent call last):
  File "<string>", line 1, in <module>

  File "/opt/venv/lib/python3.11/site-packages/execnet/gateway_base.py", line 1806, in serve

  File "<call>", line 12, in call

could not create a primitive descriptor, in file tensorflow/core/kernels/mkl/mkl_conv_grad_input_ops.cc:546
\t [[{{node conv2d_transpose}}]] [Op:__inference_call_183]"""
XLA = """Stride must be > 0, but got 0

Stack trace for op definition:\x20
File "<string>", line 1, in <module>
File "/opt/venv/lib/python3.11/site-packages/execnet/gateway_base.py", line 1806, in serve
File "<call>", line 12, in call

\t [[{{node conv2d_transpose}}]]
\ttf2xla conversion failed while converting __inference_call_409[_XlaMustCompile=true,config_proto=13365]. \
Run with TF_DUMP_GRAPH_PREFIX=/path/to/dump/dir to obtain a dump. [Op:__inference_call_409]"""
LOWERED = """Cannot lower jaxpr with verifier errors:
\texpects window to have positive stride for 0-th window dimension, but got 0.
\t\tat loc("jit(<lambda>)/conv"(callsite("<lambda>"("<call>":6:39 to :139) at callsite("run"("/a/b.py":127:15 to :47))
Define JAX_DUMP_IR_TO to dump the module."""
DYNAMO = """RuntimeError when making fake tensor call
  Explanation: call_function <built-in method conv2d of type object at 0x7ff2454cea40>: got RuntimeError('no')

  Please visit: https://meta-pytorch.github.io/compile-graph-break-site/gb/gb4315.html

from user code:
   File "<call>", line 6, in <lambda>
    result = torch.compile(lambda value: value)(value)
             ^^^^^^^^^^^^^

Set TORCHDYNAMO_VERBOSE=1 for the internal stack trace"""


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("not at 0xDEADbeef in /home/me/lib/x.py:3 | a\nb", "not at 0x... in (path) | a b"),
        ("\x1b[31mred\x1b[0m", "red"),
        (
            'with these attrs: [T=DT_HALF, padding="SAME", ksize=[1, 2, 2, 2, 1]] Registered devices: [CPU]',
            'with these attrs: [T=DT_HALF, ksize=[1, 2, 2, 2, 1], padding="SAME"] Registered devices: [CPU]',
        ),
        (
            'with these attrs: [ksize=[1, 2, 2, 2, 1], padding="SAME", T=DT_HALF] Registered devices: [CPU]',
            'with these attrs: [T=DT_HALF, ksize=[1, 2, 2, 2, 1], padding="SAME"] Registered devices: [CPU]',
        ),
        ("with these attrs: [] and [b, a]", "with these attrs: [] and [b, a]"),
        ("Window goo.gle/debugproto  dimensions { size: 3 }", "Window dimensions { size: 3 }"),
        ("Window goo.gle/debugstr dimensions { size: 3 }", "Window dimensions { size: 3 }"),
        (
            GRAPH,
            "could not create a primitive descriptor, in file tensorflow/core/kernels/mkl/mkl_conv_grad_input_ops.cc",
        ),
        (
            XLA,
            (
                "Stride must be > 0, but got 0 tf2xla conversion failed . "
                "Run with TF_DUMP_GRAPH_PREFIX=(path) to obtain a dump."
            ),
        ),
        (
            LOWERED,
            (
                "Cannot lower jaxpr with verifier errors: expects window to have positive stride for 0-th window "
                "dimension, but got 0. Define JAX_DUMP_IR_TO to dump the module."
            ),
        ),
        (
            DYNAMO,
            (
                "RuntimeError when making fake tensor call Explanation: call_function <built-in method conv2d of type "
                "object at 0x...>: got RuntimeError('no') Please visit: "
                "https://meta-pytorch.github.io/compile-graph-break-site/gb/gb4315.html "
                "Set TORCHDYNAMO_VERBOSE=1 for the internal stack trace"
            ),
        ),
        (
            "{{function_node __wrapped__Reshape_device_/job:localhost/device:CPU:0}} Shape [1, 3] [Op:Reshape]",
            "Shape [1, 3]",
        ),
        (
            "got 0 for '{{node Conv2D_7}} = Conv2D[strides=[1, 0]](conv2d_transpose_12/input_sizes, filter)'",
            "got 0 for 'Conv2D[strides=[1, 0]](conv2d_transpose/input_sizes, filter)'",
        ),
        (
            "kernel, /tmp/cache/inductor/3g/c3gf.main.cpp:61, index out of bounds: 0 <= tmp11 < 16L",
            "kernel, (path), index out of bounds: 0 <= tmp11 < 16L",
        ),
        ("No module named 'x', process 4711", "No module named 'x', process ..."),
        ("expected 3/4 of input[1, 2, 5, 5]", "expected 3/4 of input[1, 2, 5, 5]"),
        ("", ""),
    ],
)
def test_only_what_is_said_is_left(message: str, said: str) -> None:
    assert normal(message) == said
    assert normal(said) == said


def test_last_words_are_those_before_the_stacks() -> None:
    stderr = (
        "2026-01-02 03:04:05.678901: I tensorflow/core/util/port.cc:153] oneDNN custom operations are on.\n"
        "F0000 00:00:1767323045.123456    4711 tensor_shape.cc:602] Check failed: 0 <= new_num_elements (0 vs. -1)\n"
        "    @     0x7f8f4638f300  tensorflow::ThreadPoolDevice::Compute()\n"
        "Fatal Python error: Aborted\n\n"
        "Current thread 0x00007f8f544a7000 (most recent call first):\n"
        '  File "/opt/venv/lib/python3.11/site-packages/tensorflow/python/eager/context.py", line 1688 in call\n'
        "\nExtension modules: numpy._core._multiarray_umath (total: 91)\n"
    )
    assert last_words(stderr) == "F tensor_shape.cc] Check failed: 0 <= new_num_elements (0 vs. -1)"


def test_the_first_line_of_a_cut_stderr_is_a_piece_and_left_out() -> None:
    assert last_words("x" * 3990 + "\nlast word") == "last word"
    assert last_words("first word\nlast word") == "first word last word"
    assert last_words("") == ""
