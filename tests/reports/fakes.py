"""The definition, as adapters that answer like it or go wrong in one way. They need no framework."""

from __future__ import annotations

import importlib
import os
import time
from typing import Any

import numpy as np

from adapters.base import NotSupported
from adapters.oracle import Oracle
from cases.case import OUTPUTS, Case

Arrays = dict[str, Any]


class Right(Oracle):
    name = "right"
    modes = ("eager",)

    def versions(self) -> dict[str, str]:
        return {self.name: "1.0"}

    def run(self, case: Case, inputs: Arrays) -> Arrays:
        return {name: array for name, array in super().run(case, inputs).items() if name in OUTPUTS[case.operator]}


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
        return super().run(case, inputs)


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
