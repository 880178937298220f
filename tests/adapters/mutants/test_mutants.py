"""Mutants are the definition except where their slip shows, and slips do what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters import mutants
from adapters.mutants.call import Call, answer
from adapters.mutants.catalogue import Entry, entries, load
from adapters.mutants.mutant import Mutant
from adapters.mutants.parts import PARTS
from adapters.mutants.shared import Shared
from adapters.mutants.slips import arguments, find, pooling, tensors
from adapters.mutants.slips.counting import RULES
from adapters.oracle import InvalidCall, Oracle
from cases.loading.yaml_document import CaseFileError
from cases.model.case import INPUTS, Case
from cases.model.fill import fill
from tests.reports.making import make

Arrays = dict[str, Any]


def mutant(operator: str, name: str) -> Mutant:
    return next(Mutant(entry, operator) for entry in entries() if entry.name == name and operator in entry.of)


def ran(operator: str, name: str, case: Case) -> Arrays:
    return mutant(operator, name).run(case, fill(case))


def right(case: Case) -> Arrays:
    return {name: array for name, array in Oracle().run(case, fill(case)).items() if not name.startswith("output_")}


def call(case: Case, **tensors: Any) -> Call:
    inputs = {name: array.astype(np.float64) for name, array in fill(case).items()} | tensors
    return Call(case=case, inputs=inputs, right=answer(case, inputs))


def test_there_are_many_and_some_of_every_operator() -> None:
    faults = [entry for entry in entries() if entry.equivalent is None]
    assert sum(len(entry.of) for entry in faults) >= 120
    assert {operator for entry in faults for operator in entry.of} == set(INPUTS)


def test_every_equivalent_one_has_a_proof_and_there_are_some() -> None:
    assert len([entry for entry in entries() if entry.equivalent]) >= 5


@pytest.mark.parametrize("operator", [name for name in INPUTS if name != "relu"])
def test_where_the_slip_does_not_show_it_is_the_definition(operator: str) -> None:
    entry = Entry.model_validate(
        {"name": "never", "about": "never wrong at all", "of": [operator], "slip": "sums.off", "with": {"by": 2}}
        | {"only": "axes == 3"}
    )
    case = make(operator)
    expected = right(case)
    actual = Mutant(entry, operator).run(case, fill(case))
    assert {name: array.tobytes() for name, array in actual.items()} == {n: a.tobytes() for n, a in expected.items()}
    assert not Mutant(entry, operator).may_show(case)


def test_other_operators_are_right() -> None:
    case = make("max_pool")
    np.testing.assert_array_equal(ran("conv", "filter-turned", case)["output"], right(case)["output"])


def test_a_part_alone_is_wrong() -> None:
    case = make("conv", batch=2)
    expected, actual = right(case)["output"], ran("conv", "last-row-empty", case)["output"]
    assert not actual[:, -1].any()
    np.testing.assert_array_equal(actual[:, :-1], expected[:, :-1])
    assert expected[:, -1].any()


def test_one_output_alone_is_wrong() -> None:
    case = make("conv", gradients=True)
    expected, actual = right(case), ran("conv", "value-gradient-of-turned-filter", case)
    wrong = [name for name in expected if not np.array_equal(expected[name], actual[name])]
    assert wrong == ["value_gradient"]


def test_a_rule_is_forgotten_and_the_others_are_kept() -> None:
    wrong = {"rule": "shape", "reason": "this has a row too many"}
    case = make("conv_transpose", padding="SAME", excess=[0, 3, 0, 0], invalid=wrong)
    assert ran("conv_transpose", "output-shapes-taken", case)["output"].dtype == np.float32
    with pytest.raises(InvalidCall, match="shape"):
        ran("conv_transpose", "channels-taken", case)


def test_a_valid_call_is_refused_in_words() -> None:
    with pytest.raises(RuntimeError, match="strides must be equal"):
        ran("conv", "unequal-strides-refused", make("conv", strides=[1, 2]))


def test_results_are_remembered_by_their_shapes() -> None:
    adapter = mutant("conv", "remembered")
    first, second = make("conv", "one"), make("conv", "two")
    kept = adapter.run(first, fill(first))["output"]
    assert not np.array_equal(right(second)["output"], kept)
    np.testing.assert_array_equal(adapter.run(second, fill(second))["output"], kept)


def test_no_mutant_changes_what_the_next_one_sees() -> None:
    """Every array that mutants share is read-only; a mutant alone returns arrays of its own."""
    case = make("conv", gradients=True, bias=True)
    shared = Shared(case, fill(case))
    turned = mutant("conv", "filter-turned").answer(shared, shared.inputs)
    moved = shared.call.said(strides=(1, 1), gradients=())
    for arrays in (shared.call.inputs, shared.call.right, shared.right, turned, moved):
        assert arrays
        assert not any(array.flags.writeable for array in arrays.values())
    assert all(array.flags.writeable for array in ran("conv", "filter-turned", case).values())


def test_equal_calls_have_one_answer() -> None:
    """Equal strides stay the same if they are exchanged, so the answer is the right one itself."""
    made = call(make("conv", strides=2, gradients=True))
    assert made.said(strides=(2, 2)) is made.right
    assert made.said(gradients=()) is made.said(gradients=())
    assert made.said(gradients=()).keys() == {"output"}
    twice = made.with_tensor("cotangent", 2 * made.inputs["cotangent"])
    again = made.again(made.inputs | {"cotangent": 2 * made.inputs["cotangent"]})
    assert {name: array.tobytes() for name, array in twice.items()} == {n: a.tobytes() for n, a in again.items()}


def test_the_value_itself_is_returned_where_it_is_the_result() -> None:
    case = make("max_pool", ksize=1, strides=1)
    inputs = fill(case)
    assert np.shares_memory(mutant("max_pool", "view-of-the-value").run(case, inputs)["output"], inputs["value"])


def test_an_input_is_changed() -> None:
    case = make("conv")
    inputs = fill(case)
    mutant("conv", "filter-changed-in-place").run(case, inputs)
    assert not np.array_equal(inputs["filter"], fill(case)["filter"])


@pytest.mark.parametrize(
    ("rule", "index"),
    [
        ("over one plane", 2 * 7 + 3),
        ("channels first", 1 * 42 + 2 * 7 + 3),
        ("without the channel", (2 * 7 + 3) * 3),
        ("over the padded image", ((2 + 1) * 9 + 3 + 1) * 3 + 1),
        ("columns first", (3 * 6 + 2) * 3 + 1),
        ("within the window", 1 * 2 + 0),
        ("through the batch", 126 + (2 * 7 + 3) * 3 + 1),
        ("one place on", (2 * 7 + 4) * 3 + 1),
        ("from one", (2 * 7 + 3) * 3 + 2),
        ("width from the count", (2 * 8 + 3) * 3 + 1),
        ("width of the pooled", (2 * 4 + 3) * 3 + 1),
        ("width of the rows", (2 * 6 + 3) * 3 + 1),
    ],
)
def test_wrong_ways_to_count(rule: str, index: int) -> None:
    """Count row 2, column 3, channel 1 of an image of 6 x 7 x 3, padded by one on every side, in the window (1, 2).

    That window begins at row 1 and column 3, so the element is the first in the window's second row.
    """
    case = make("max_pool_argmax", batch=2, padding=[[1, 1], [1, 1]])
    shape = (2, 4, 4, 3)
    places = [np.full(shape, 2), np.full(shape, 3)]
    counted = np.broadcast_to(RULES[rule](call(case), places, np.full(shape, 1)), shape)
    assert counted[1, 1, 2, 1] == index


def test_all_words_that_slips_know_are_tried() -> None:
    said = {value for entry in entries() for value in (entry.part, *entry.arguments.values()) if type(value) is str}
    assert {*RULES, *arguments.RULES, *PARTS, *pooling.DIVISORS, *tensors.SHAPES} <= said


@pytest.mark.parametrize("operator", [name for name in INPUTS if name != "relu"])
@pytest.mark.parametrize("fields", [{"batch": 0}, {"gradients": True}, {}], ids=["empty", "gradients", "no channels"])
def test_a_slip_does_not_break(operator: str, fields: dict[str, Any]) -> None:
    """Run every slip: one that raises is noticed for the wrong reason. Only other arguments may make a call invalid."""
    channels = {"in_channels": 2, "out_channels": 3, "bias": True} if "conv" in operator else {"channels": 2}
    names = ("in_channels", "out_channels", "channels")
    empty = {name: 0 for name in names if name in channels}
    case = make(operator, **channels | fields | ({} if fields else empty), padding="SAME")
    of_operator = [entry for entry in entries() if operator in entry.of and entry.slip]
    tried = [entry for entry in of_operator if not (entry.slip or "").startswith("arguments.")]
    assert len(tried) > 20
    for entry in tried:
        Mutant(entry, operator).run(case, fill(case))


@pytest.mark.parametrize(("padding", "image"), [("SAME", 3), ("VALID", 5)])
def test_the_smallest_image_stands_at_the_beginning(padding: str, image: int) -> None:
    """Lay two windows of three, two apart, on a row of 4 or 6 elements; fewer elements would be enough."""
    larger = make("conv_transpose", image=[image + 1], kernel=[3], padding=padding, in_channels=1, out_channels=1)
    smaller = make("conv_transpose", image=[image], kernel=[3], padding=padding, in_channels=1, out_channels=1)
    inputs = fill(larger)
    actual = mutant("conv_transpose", "smallest-output-shape").run(larger, inputs)["output"].ravel()
    np.testing.assert_array_equal(actual[:-1], Oracle().run(smaller, inputs)["output"].ravel())
    assert actual[-1] == 0


def test_a_mean_that_counts_padding() -> None:
    """Pool 1, 2, 3 in windows of two, SAME with stride 2: the last window holds 3 and padding."""
    case = make("avg_pool", image=[3], ksize=2, strides=2, padding="SAME", channels=1)
    value = np.array([1.0, 2.0, 3.0]).reshape(1, 3, 1)
    wrong = find.find("pooling.divided_by")(call(case, value=value), what="whole window")
    assert wrong["output"].ravel().tolist() == [1.5, 1.5]
    assert call(case, value=value).right["output"].ravel().tolist() == [1.5, 3.0]


def test_the_last_of_equal_maxima() -> None:
    case = make("max_pool_argmax", image=[4], ksize=2, strides=2, channels=1)
    value = np.array([5.0, 5.0, 1.0, 2.0]).reshape(1, 4, 1)
    wrong = find.find("indices.last_maximum")(call(case, value=value))
    assert wrong["indices"].ravel().tolist() == [1, 3]
    assert call(case, value=value).right["indices"].ravel().tolist() == [0, 3]


def test_sums_in_half_precision_lose_what_does_not_fit() -> None:
    """Add 2048 + 1, which is 2048 in float16."""
    case = make("conv", image=[2], kernel=[2], strides=1, in_channels=1, out_channels=1)
    tensors = {"value": np.array([2048.0, 1.0]).reshape(1, 2, 1), "filter": np.ones((2, 1, 1))}
    assert call(case, **tensors).right["output"].ravel().tolist() == [2049]
    assert find.find("sums.summed_as")(call(case, **tensors), dtype="float16")["output"].ravel().tolist() == [2048]


def test_a_mutant_is_an_adapter_by_its_name() -> None:
    adapter = mutants.conv__filter_turned()
    assert (adapter.name, adapter.modes, adapter.devices()) == ("conv__filter_turned", ("eager",), ("cpu",))
    assert adapter.configure("eager", "cpu") == {"slip": adapter.entry.about}
    with pytest.raises(AttributeError, match="there is no mutant 'conv__never'; python -m reports power --list"):
        _ = mutants.conv__never


WRONG = [
    ("slip: sums.of", "no slip is called 'sums.of'"),
    ("slip: sums._cut", "no slip is called 'sums._cut'"),
    ("slip: scaled", "no slip is called 'scaled'"),
    ("slip: sums.off, with: {buy: 2}", "sums.off: missing a required argument: 'by'"),
    ("slip: sums.off, with: {by: 2}, part: middle", "there is no part 'middle'; there are: first row"),
    ("slip: sums.off, with: {by: 2}, only: topic == 'strides'", "no property is called 'topic'"),
    ("slip: sums.off, with: {by: 2}, refuses: says that it can not", "says slip and refuses; give one of"),
    ("slip: sums.off, with: {by: 2}, outputs: [indices]", "a: conv returns no indices"),
    ("refuses: says that it can not, with: {by: 2}", "has no slip to take the arguments under with; remove them"),
    ("accepts: {rule: chanels}", "rule: input should be 'type', 'dtype', 'rank'"),
    ("only: axes == 1", "says neither; give one of slip, accepts and refuses"),
]


@pytest.mark.parametrize(("fields", "message"), WRONG, ids=[message for _, message in WRONG])
def test_a_wrong_entry_is_told_with_its_place(tmp_path: Path, fields: str, message: str) -> None:
    path = tmp_path / "made.yaml"
    path.write_text(
        f"about: made by a test\nmutants:\n  - {{name: a, about: it goes wrong, of: [conv], {fields}}}\n", "utf-8"
    )
    with pytest.raises(CaseFileError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}:3:")
    assert message in str(caught.value)


def test_a_name_stands_once_for_an_operator(tmp_path: Path) -> None:
    entry = "  - {name: a, about: it goes wrong, of: [conv], slip: sums.off, with: {by: 2}}\n"
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(f"about: made by a test\nmutants:\n{entry}", "utf-8")
    with pytest.raises(CaseFileError, match="twice: conv/a; rename one"):
        entries(tmp_path)
