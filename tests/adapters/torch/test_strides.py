"""How a case's tensors lie in memory in the mode ``strided``."""

from __future__ import annotations

from collections import Counter

from adapters.torch import Torch, strides
from cases.loading.lookup import SHIPPED, every
from tests.reports.making import make


def test_every_way_is_asked() -> None:
    cases = [case for case in every(SHIPPED / "conv") if case.has_answer]
    ways = Counter(strides.chosen(case, name) for case in cases for name in case.inputs)
    assert min(ways[way] for way in ("sliced", "cut", "transposed", "odd")) > 100


def test_equal_elements_are_one_element_expanded() -> None:
    case = make("conv", kernel=1, in_channels=1, out_channels=1, value={"values": [2] * 42}, filter={"fill": "ones"})
    assert strides.chosen(case, "value") == "expanded"


def test_a_program_defines_the_ways_that_it_calls() -> None:
    asked = Torch()
    asked.mode = "strided"
    text = asked.call(make("conv"))
    for way in ("sliced", "cut", "transposed", "odd", "expanded"):
        assert (f"def {way}(" in text) == (f"{way}(torch" in text)
    assert ".contiguous()" in text.partition("outputs = ")[2], "what comes back is in C order"


def test_the_shape_and_strides_of_each_result_are_said() -> None:
    asked = Torch()
    asked.mode = "strided"
    text = asked.call(make("conv", gradients=True, bias=True))
    for name in ("output", "value_gradient", "filter_gradient", "bias_gradient"):
        assert f'"native_strides_{name}": np.array([{name}.shape, {name}.stride()])' in text
    assert "import numpy as np" in text.partition("result = ")[0]
    asked.mode = "strided_compile"
    assert "torch.compile" in asked.call(make("conv"))
