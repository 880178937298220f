"""The definition, as adapters that answer like it or go wrong in one way. They need no framework."""

from __future__ import annotations

import importlib
import itertools
import os
import time
import zlib
from collections import Counter
from typing import Any

import numpy as np

from adapters.base import NotSupported
from adapters.oracle import Oracle
from adapters.program import execute
from adapters.worker import pipeline
from cases.model.case import Case

Arrays = dict[str, Any]


class Right(Oracle):
    name = "right"
    modes: tuple[str, ...] = ("eager",)

    def versions(self) -> dict[str, str]:
        return {self.name: "1.0"}

    def run(self, case: Case, inputs: Arrays) -> Arrays:
        return {name: array for name, array in super().run(case, inputs).items() if name in case.outputs}


class Mixed(Right):
    """Goes wrong as the case's name says."""

    name = "mixed"

    def call(self, case: Case) -> str:
        if "unsupported" in case.id:
            msg = "no such operator here"
            raise NotSupported(msg)
        return super().call(case)

    def run(self, case: Case, inputs: Arrays) -> Arrays:
        if "crash" in case.id:
            os.abort()
        if "hang" in case.id:
            time.sleep(3600)
        if "turned" in case.id:
            inputs["filter"] = np.ascontiguousarray(inputs["filter"][::-1, ::-1])
        self.call(case)
        return self.unchecked(case, inputs) if "inexact" in case.id else super().run(case, inputs)


class Picky(Right):
    """Goes wrong as the call says: dies if it is dilated, refuses float16, and mistakes every image but the first."""

    name = "picky"

    def run(self, case: Case, inputs: Arrays) -> Arrays:
        if case.dilations and max(case.dilations) > 1:
            os.abort()
        if case.dtype == "float16":
            msg = f"float16 of {case.inputs['value'].shape} is not for me"
            execute(f"def refuse():\n    raise TypeError({msg!r})\n\nresult = refuse()\n", {})
        arrays = super().run(case, inputs)
        arrays["output"][1:] += 1
        return arrays


class Fusing(Right):
    """Makes one program of a pipeline, and makes a mistake of a max pooling right behind a relu."""

    name = "fusing"
    modes = ("program",)
    mode_options: dict[str, dict[str, Any]] = {"program": {"whole": True}}  # noqa: RUF012 - read only

    def configure(self, mode: str, device: str) -> dict[str, str]:  # noqa: ARG002 - the protocol's
        return {}

    def call(self, case: Case) -> str:
        return "\n".join(super(Fusing, self).call(step.case) for step in case.steps)

    def run(self, case: Case, inputs: Arrays) -> Arrays:
        made = pipeline.run(Right(), case, inputs, begin=lambda _: None)
        operators = [step.case.operator for step in case.steps]
        wrong = ("relu", "max_pool") in itertools.pairwise(operators)
        return {name: made[name] + wrong for name in case.steps[-1].returns.values()}


class Slow(Right):
    """Takes its time."""

    name = "slow"

    def run(self, case: Case, inputs: Arrays) -> Arrays:
        time.sleep(0.6)
        return super().run(case, inputs)


class Many(Right):
    """Has modes with limits, one that can't be used here, and one that can't be configured."""

    name = "many"
    modes = ("eager", "thin", "double", "nowhere", "refused")
    mode_options: dict[str, dict[str, Any]] = {  # noqa: RUF012 - read only
        "thin": {"one_in": 4},
        "double": {"dtypes": ("float64",)},
        "nowhere": {"missing": "no compiler: install one"},
    }

    def configure(self, mode: str, device: str) -> dict[str, str]:  # noqa: ARG002 - the protocol's
        if mode == "refused":
            msg = "no license"
            raise RuntimeError(msg)
        return {"mode": mode, "place": os.environ.get("FAKE_PLACE", "here")}


class Broken(Right):
    """Its translation breaks before the definition is asked: our own fault."""

    name = "broken"

    def run(self, case: Case, inputs: Arrays) -> Arrays:
        if "fault" in case.id:
            msg = "our own mistake"
            raise AttributeError(msg)
        return super().run(case, inputs)


class Absent(Right):
    name = "absent"

    def versions(self) -> dict[str, str]:
        return {"it": importlib.import_module("a_framework_that_is_not_installed").__version__}


class Slips(Right):
    """The definition but for one step of the way back, whose filter it rotates."""

    name = "slips"
    step = "back1_2"

    def run(self, case: Case, inputs: Arrays) -> Arrays:
        if case.id.endswith(f"#{self.step}"):
            inputs["filter"] = np.ascontiguousarray(inputs["filter"][::-1, ::-1])
        return super().run(case, inputs)


class SlipsForward(Slips):
    name = "slips_forward"
    step = "conv1_2"


class Refuses(Right):
    """Has no unpooling."""

    name = "refuses"

    def call(self, case: Case) -> str:
        return "result = unpool(value)\n" if case.operator == "max_unpool" else super().call(case)

    def run(self, case: Case, inputs: Arrays) -> Arrays:
        if case.operator != "max_unpool":
            return super().run(case, inputs)
        return execute(self.call(case), {**inputs, "unpool": _no_unpooling})


def _no_unpooling(_value: Any) -> Any:
    msg = "no unpooling here"
    raise RuntimeError(msg)


class Dies(Right):
    """Ends its process at the first pooling."""

    name = "dies"

    def max_pool_argmax(self, *_: Any) -> Any:
        os.abort()


class Drifts(Right):
    """Does something else each time that it is asked the same, as the case's name says; else it is right."""

    name = "drifts"

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def call(self, case: Case) -> str:
        return self._refusal(case) or super().call(case)

    def _refusal(self, case: Case) -> str:
        refuses = "words" in case.id or ("refuses" in case.id and self.asked[case.id])
        return f"result = int('in other words {self.asked.total()}')\noutputs = {{}}\n" if refuses else ""

    def run(self, case: Case, inputs: Arrays) -> Arrays:
        if "dies" in case.id and self.asked[case.id]:
            os.abort()
        refusal = self._refusal(case)
        self.asked[case.id] += 1
        outputs = execute(refusal, {}) if refusal else super().run(case, inputs)
        if "state" in case.id:
            outputs["output"] = outputs["output"] + np.float32(self.asked.total())
        return outputs


class Remembers(Right):
    """Adds to each result how many calls came before."""

    name = "remembers"

    def __init__(self) -> None:
        self.asked = 0

    def run(self, case: Case, inputs: Arrays) -> Arrays:
        self.asked += 1
        return {name: array + array.dtype.type(self.asked) for name, array in super().run(case, inputs).items()}


class Various(Right):
    """Dies, goes wrong or is right: the case's id alone decides."""

    name = "various"

    def run(self, case: Case, inputs: Arrays) -> Arrays:
        number = zlib.crc32(case.id.encode()) % 60
        if number == 0:
            os.abort()
        outputs = super().run(case, inputs)
        return {name: array + 1 for name, array in outputs.items()} if number < 6 else outputs


class UnsteadyOracle(Drifts):
    """A definition that can't be relied on."""

    name = "oracle"
