"""A call by way of a transform of it (see ``adapters.writing.transforms``), with TensorFlow's tapes and accumulators.

They watch tensors, not functions, so that the texts are other ones than PyTorch's and JAX's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import indent
from typing import Final

from adapters.call import Call, refuse
from adapters.writing.transforms import direction, parameters, watched
from adapters.writing.vectorized import axes, own_layout, parts
from cases.model.case import Case

HELPERS: Final = """\
def split(tensor, axis, parts):
    shape = *tensor.shape[:axis], parts, tensor.shape[axis] // parts, *tensor.shape[axis + 1:]
    return tf.experimental.numpy.moveaxis(tf.reshape(tensor, shape), axis, 0)


def joined(tensor, axis):
    moved = tf.experimental.numpy.moveaxis(tensor, 0, axis)
    return tf.reshape(moved, (*moved.shape[:axis], -1, *moved.shape[axis + 2:]))

"""
_OUTER: Final = "with tf.GradientTape() as outer:"


def body(mode: str, case: Case, call: Call, text: str) -> str:
    """Return the body of ``call``, a function that returns the call's answer, and beside it its gradients if asked."""
    ways = {"jvp": _forward, "double": _doubled, "jacobian": _jacobian, "vmap": _vectorized}
    return "\n".join(ways[mode](case, call, text))


def _target(call: Call) -> str:
    """Return the tensor of an answer that gradients are of."""
    return "answer.output" if "{output}." in call.outputs["output"] else "answer"


def _replaced(call: Call, tensor: str) -> str:
    """Return the answer with another tensor in the place of its output."""
    return f"answer._replace(output={tensor})" if _target(call) != "answer" else tensor


def _listed(names: Iterable[str]) -> str:
    return f"[{', '.join(names)}]"


def _under(head: str, lines: Iterable[str]) -> list[str]:
    return [head, *(indent(line, "    ") for line in lines)]


def _taped(call: Call, text: str, names: Iterable[str]) -> list[str]:
    made = [f"tape.watch({_listed(names)})", *call.steps, f"answer = {text}"]
    return _under("with tf.GradientTape() as tape:", made)


def _gradients(names: Iterable[str], of: str, cotangent: str) -> str:
    return f"tape.gradient({of}, {_listed(names)}, {cotangent})"


def _output(call: Call) -> str:
    """Return the case's output, made of the answer: a plane of one row is a line again, as the cotangent is."""
    return call.outputs["output"].format(output="answer")


def _is_line(call: Call) -> bool:
    return _output(call) != _target(call)


def _pulled(call: Call, text: str, names: Sequence[str]) -> list[str]:
    """Return the statements that make the call, and ``gradients`` of it by ``names``."""
    named = [] if _output(call) == "answer" else [f"    output = {_output(call)}"]
    return [
        *_taped(call, text, names),
        *named,
        f"gradients = {_gradients(names, 'output' if named else 'answer', 'cotangent')}",
    ]


def _forward(case: Case, call: Call, text: str) -> list[str]:
    accumulator = "with tf.autodiff.ForwardAccumulator({}, {}) as accumulator:".format
    if not case.gradients:
        names = watched(case, call)
        along = _listed(direction(case, name) for name in names)
        made = [*call.steps, f"answer = {text}"]
        result = _replaced(call, f"accumulator.jvp({_target(call)})")
        return [*_under(accumulator(_listed(names), along), made), f"return {result}"]
    along = _listed(("value", "filter") if "filter" in case.inputs else ("cotangent",))
    derived = [
        ("gradients[{}]" if "filter" in along and name == "bias" else "accumulator.jvp(gradients[{}])").format(number)
        for number, name in enumerate(case.gradients)
    ]
    made = _pulled(call, text, case.gradients)
    return [*_under(accumulator(along, along), made), f"return answer, {_listed(derived)}"]


def _doubled(case: Case, call: Call, text: str) -> list[str]:
    if not case.gradients:
        names = watched(case, call)
        weights = _listed(direction(case, name) for name in names)
        probe = [f"probe = tf.zeros_like({_target(call)})", "outer.watch(probe)"]
        made = [*_taped(call, text, names), *probe, f"pulled = {_gradients(names, _target(call), 'probe')}"]
        return [*_under(_OUTER, made), f"return {_replaced(call, f'outer.gradient(pulled, probe, {weights})')}"]
    if "filter" not in case.inputs:
        made = ["outer.watch(cotangent)", *_pulled(call, text, case.gradients)]
        again = "outer.gradient(gradients, cotangent, [value])"
        refuse("the derivative has the shape of a line, and the call's output is a plane", when=_is_line(call))
        return [*_under(_OUTER, made), f"return {_replaced(call, again)}, gradients"]
    names = ("value", "filter", *(["bias"] if "bias" in case.gradients else []))
    made = ["outer.watch([value, filter])", *_pulled(call, text, names)]
    both = "again = outer.gradient(gradients[:2], [value, filter], [value, filter])"
    return [*_under(_OUTER, made), both, f"return answer, {_listed(_of_again(case))}"]


def _of_again(case: Case) -> Iterable[str]:
    places = {"value": "again[0]", "filter": "again[1]", "bias": "gradients[2]"}
    return (places[name] for name in case.gradients)


def _jacobian(case: Case, call: Call, text: str) -> list[str]:
    taped = _taped(call, text, case.gradients)
    named = [f"    output = {_output(call)}", f"jacobians = tape.jacobian(output, {_listed(case.gradients)})"]
    gradients = "[tf.tensordot(cotangent, jacobian, len(cotangent.shape)) for jacobian in jacobians]"
    return [*taped, *named, f"return answer, {gradients}"]


def _vectorized(case: Case, call: Call, text: str) -> list[str]:
    refuse("of one image alone the index has no number of its image", when=case.include_batch_in_index)
    places, count = axes(case, own_layout(case)), parts(case)
    names = [name for name in parameters(case, call) if name in places]
    made, returned = [*call.steps, f"answer = {text}"], "answer"
    if case.gradients:
        made, returned = _pulled(call, text, case.gradients), "(answer, gradients)"
    part = _under("def part(tensors):", [f"{', '.join(names)}, = tensors", *made, f"return {returned}"])
    given = ", ".join(f"split({name}, {places[name]}, {count})" for name in names)
    mapped = f"tf.vectorized_map(part, ({given},))"
    whole = _whole(call, places["output"])
    if not case.gradients:
        return [*part, f"answer = {mapped}", f"return {whole}"]
    joined = (
        f"joined(gradients[{at}], {places[name]})" if name in places else f"tf.reduce_sum(gradients[{at}], 0)"
        for at, name in enumerate(case.gradients)
    )
    return [*part, f"answer, gradients = {mapped}", f"return {whole}, {_listed(joined)}"]


def _whole(call: Call, axis: int) -> str:
    if _target(call) == "answer":
        return f"joined(answer, {axis})"
    return f"type(answer)(*(joined(tensor, {axis}) for tensor in answer))"
