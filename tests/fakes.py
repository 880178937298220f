"""Adapters for the engine's tests that do one thing each, most of them wrong. They need no framework.

The case's id decides: if ``bad`` is in it, the fake shows its fault; otherwise it answers like ``Right``.
"""

# ruff: noqa: ARG002, T201, TRY003 - a fake keeps the protocol's parameters, and has last words

from __future__ import annotations

import ctypes
import importlib
import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from adapters.program import execute
from cases.model.case import OUTPUTS, Case
from cases.model.shapes import output_shape

Arrays = dict[str, Any]

CALL = """\
weight = sum(value.ravel()[:5])
result = np.full({shape}, weight, dtype=value.dtype)
outputs = {{"output": result}}
"""


class NotSupported(Exception):  # noqa: N818 - a plug-in's own, known by its name
    pass


class Right:
    name = "right"
    modes: Any = ("eager", "jit")
    versions_found: Any = {"right": "1.0"}  # noqa: RUF012 - read only

    def devices(self) -> Any:
        return ("cpu",)

    def versions(self) -> Any:
        return self.versions_found

    def configure(self, mode: str, device: str) -> Any:
        return {"mode": mode, "device": device}

    def call(self, case: Case) -> Any:
        text = CALL.format(shape=output_shape(case))
        return (
            text.replace("}\n", ', "indices": result.astype("int64")}\n') if len(OUTPUTS[case.operator]) > 1 else text
        )

    def run(self, case: Case, inputs: Arrays) -> Any:
        return self.bad(case, inputs) if "bad" in case.id else self.good(case, inputs)

    def good(self, case: Case, inputs: Arrays) -> Any:
        return execute(self.call(case), {"np": np, **inputs})

    def bad(self, case: Case, inputs: Arrays) -> Any:
        return self.good(case, inputs)


class Raises(Right):
    """Raises while preparing, calling or reading, by the case's id."""

    def call(self, case: Case) -> Any:
        lines = {
            "preparing": "float('x')\nresult = 1\noutputs = {}\n",
            "calling": "def f():\n    raise KeyError('deep')\nresult = (\n    f()\n)\noutputs = {}\n",
            "reading": "result = 1\nresult.shape\noutputs = {}\n",
        }
        return next((text for stage, text in lines.items() if stage in case.id), super().call(case))


class NoCall:
    """A plug-in that has no ``call``, raises, and imports nothing of the suite."""

    name = "nocall"
    modes = ("eager",)

    def devices(self) -> Any:
        return ("cpu",)

    def versions(self) -> Any:
        return {}

    def configure(self, mode: str, device: str) -> Any:
        return {}

    def run(self, case: Case, inputs: Arrays) -> Any:
        if "unsupported" in case.id:
            raise NotSupported("no such operator")
        if "bad" in case.id:
            raise ZeroDivisionError("told you")
        return {"output": inputs["value"].copy()}


class Crashes(Right):
    def bad(self, case: Case, inputs: Arrays) -> Any:
        print("last words", file=sys.stderr)
        if "segv" in case.id:
            ctypes.string_at(0)
        if "kill" in case.id:
            os.kill(os.getpid(), signal.SIGKILL)
        if "exit" in case.id:
            sys.exit(3)
        if "quiet" in case.id:
            os._exit(0)
        os.abort()


class Hangs(Crashes):
    """Hangs or crashes, by the case's id."""

    def bad(self, case: Case, inputs: Arrays) -> Any:
        if "hang" in case.id:
            time.sleep(3600)
        if "stuck" in case.id:  # with the GIL held: the worker does not even read
            ctypes.PyDLL(None).sleep(3600)
        return super().bad(case, inputs)


class LeavesChild(Right):
    """Dies while its child keeps the pipes open."""

    def bad(self, case: Case, inputs: Arrays) -> Any:
        subprocess.Popen(["/bin/sleep", "3600"], close_fds=False)
        if os.fork() == 0:
            time.sleep(3600)
        os.abort()


class ForksAndReturnsTwice(Right):
    """Returns from a call in two processes; the child's answer is another one."""

    name = "forksandreturnstwice"

    def run(self, case: Any, inputs: Any) -> Any:
        """Fork, and go on in both processes."""
        outputs = super().run(case, inputs)
        if os.fork() == 0:
            return {name: array + 1 for name, array in outputs.items()}
        time.sleep(0.1)
        return outputs


class Unsupports(Right):
    def call(self, case: Case) -> Any:
        if "bad" in case.id:
            raise NotSupported("not here")
        return super().call(case)


class ReturnsGarbage(Right):
    def bad(self, case: Case, inputs: Arrays) -> Any:
        garbage = {"list": [1.0], "float": {"output": 1.0}, "none": None, "object": {"output": np.array([None])}}
        return next(value for name, value in garbage.items() if name in case.id)


class ReturnsOddArrays(Right):
    def bad(self, case: Case, inputs: Arrays) -> Any:
        value = np.arange(6.0).reshape(2, 3)
        return {
            "transposed": value.T,
            "swapped": value.astype(">f8"),
            "scalar": np.array(1, dtype="float32"),
            "empty": np.zeros((0, 3), dtype="float16"),
            "truth": value > 2,
        }


class InPlace(Right):
    """Doubles its input in place in a bad case, and returns its input in any other."""

    def call(self, case: Case) -> Any:
        return ""

    def good(self, case: Case, inputs: Arrays) -> Any:
        return {"output": inputs["value"]}

    def bad(self, case: Case, inputs: Arrays) -> Any:
        inputs["value"] *= 2
        return {"output": inputs["value"].copy()}


class Reuses(Right):
    """Returns every second result in the same array."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Any] = []

    def call(self, case: Case) -> Any:
        return ""

    def run(self, case: Case, inputs: Arrays) -> Any:
        self.kept.append(np.empty_like(inputs["value"]) if len(self.kept) < 2 else self.kept.pop(0))
        self.kept[-1][:] = inputs["value"] + 1
        return {"output": self.kept[-1]}


class Steady(Right):
    """Takes a third of a second for each call."""

    def good(self, case: Case, inputs: Arrays) -> Any:
        time.sleep(1 / 3)
        return super().good(case, inputs)


class BrokenTranslation(Right):
    def run(self, case: Case, inputs: Arrays) -> Any:
        if "bad" in case.id:
            msg = "our own mistake"
            raise AttributeError(msg)
        return super().run(case, inputs)


class BrokenCall(Right):
    def call(self, case: Case) -> Any:
        return {"bad": 1 / 0} if "bad" in case.id else super().call(case)


class DiesInCall(Right):
    def call(self, case: Case) -> Any:
        return os.abort() if "bad" in case.id else super().call(case)


class ChangesInputs(Right):
    """Changes an input in place, except in a case named fine."""

    modes = ("eager",)

    def good(self, case: Case, inputs: Arrays) -> Any:
        outputs = super().good(case, inputs)
        if "fine" not in case.id:
            inputs["value"][...] = 7
        return outputs


class ReplacesInputs(Right):
    """Puts other arrays into the dict of its inputs, which it may do."""

    def good(self, case: Case, inputs: Arrays) -> Any:
        inputs["value"] = inputs["value"] * 2
        return super().good(case, inputs)


class ReturnsExtensionDtypes(Right):
    """Returns native indices and a dtype of ``ml_dtypes``: bfloat16, which is known, or another one in a bad case."""

    def good(self, case: Case, inputs: Arrays) -> Any:
        name = "float8_e5m2" if "bad" in case.id else "bfloat16"
        dtype = getattr(importlib.import_module("ml_dtypes"), name)
        outputs = super().good(case, inputs)
        return {"output": outputs["output"].astype(dtype), "native_indices": np.arange(3, dtype="uint16")}

    bad = good


class Limited(Right):
    """Has a mode of each kind; ``configure`` returns the environment variable that one of them sets."""

    name = "limited"
    modes = ("plain", "variable", "double", "nowhere", "thin")
    mode_options: Any = {  # noqa: RUF012 - read only
        "variable": {"environment": {"FAKE_VARIABLE": "set"}},
        "double": {"dtypes": ("float64",), "devices": ("cpu",)},
        "nowhere": {"missing": "no compiler: install one"},
        "thin": {"one_in": 40, "cost": 2.5},
    }

    def configure(self, mode: str, device: str) -> Any:
        return {"variable": os.environ.get("FAKE_VARIABLE", "unset")}

    def good(self, case: Case, inputs: Arrays) -> Any:
        outputs = super().good(case, inputs)
        return {**outputs, "native_indices": np.zeros(output_shape(case), dtype="uint16")}


class Slow(Right):
    """Has many modes, and takes 0.2 seconds for each case."""

    name = "slow"
    modes = ("a", "b", "c", "d", "e")

    def good(self, case: Case, inputs: Arrays) -> Any:
        time.sleep(0.2)
        return super().good(case, inputs)


class WrongShape(Right):
    modes = ("eager",)

    def good(self, case: Case, inputs: Arrays) -> Any:
        outputs = super().good(case, inputs)
        return {name: np.moveaxis(array, -1, 1).astype("float64") for name, array in outputs.items()}


class Unsteady(Right):
    modes = ("eager",)

    def __init__(self) -> None:
        self.calls = itertools.count()

    def good(self, case: Case, inputs: Arrays) -> Any:
        outputs = super().good(case, inputs)
        return {name: array + next(self.calls) for name, array in outputs.items()}


class TwoResults(Right):
    modes = ("eager",)

    def call(self, case: Case) -> Any:
        return super().call(case) + "result = result\n"


class AlwaysRaises(Right):
    modes = ("eager",)

    def call(self, case: Case) -> Any:
        return "result = 1 / 0\n"


class AlwaysCrashes(Right):
    modes = ("eager",)

    def good(self, case: Case, inputs: Arrays) -> Any:
        os.abort()


class AlwaysHangs(Right):
    modes = ("eager",)

    def good(self, case: Case, inputs: Arrays) -> Any:
        time.sleep(3600)


class AlwaysGarbage(Right):
    modes = ("eager",)

    def good(self, case: Case, inputs: Arrays) -> Any:
        return [1.0]


class SupportsNothing(Right):
    modes = ("eager",)

    def call(self, case: Case) -> Any:
        raise NotSupported("not here")


class TellsAll(Right):
    """Fails a case that holds anything besides the question."""

    def good(self, case: Case, inputs: Arrays) -> Any:
        assert (case.expected, case.invalid, case.behaviour, case.about, case.source) == (None, None, None, "", "")
        return super().good(case, inputs)


class NeedsMissingModule(Right):
    def versions(self) -> Any:
        return {"it": importlib.import_module("a_framework_that_is_not_installed").__version__}


class DiesAtStart(Right):
    def __init__(self) -> None:
        print("no driver found", file=sys.stderr)
        os.abort()


class HangsAtStart(Right):
    def __init__(self) -> None:
        time.sleep(3600)


class BreaksAtStart(Right):
    def __init__(self) -> None:
        msg = "no license"
        raise RuntimeError(msg)


class WrongModes(Right):
    modes = "eager"


class WrongVersions(Right):
    versions_found = ("1.0",)


class RefusesDevice(Right):
    modes = ("eager",)

    def configure(self, mode: str, device: str) -> Any:
        msg = f"no {device} today"
        raise RuntimeError(msg)


class DiesInDevices(Right):
    """Its framework ends the process as soon as it is imported."""

    def devices(self) -> Any:
        os.abort()


class BreaksInDevices(Right):
    """Its framework's error has two lines."""

    def devices(self) -> Any:
        msg = "no license\nask the vendor"
        raise RuntimeError(msg)


class Costly(Right):
    """Needs a variable in its first mode, and writes into $COSTLY its value at each import of its framework."""

    name = "costly"
    modes = ("first", "plain")
    mode_options: Any = {"first": {"environment": {"FAKE_VARIABLE": "set"}}}  # noqa: RUF012 - read only

    def devices(self) -> Any:
        with Path(os.environ["COSTLY"]).open("a") as file:
            file.write(f"{os.environ.get('FAKE_VARIABLE', 'unset')}\n")
        return super().devices()


class StartsOnce(Crashes):
    """Crashes, and can't start again once the file $STARTS_ONCE is there."""

    def __init__(self) -> None:
        flag = Path(os.environ["STARTS_ONCE"])
        if flag.exists():
            os.abort()

    def bad(self, case: Case, inputs: Arrays) -> Any:
        Path(os.environ["STARTS_ONCE"]).touch()
        return super().bad(case, inputs)
