"""The modes of PyTorch: what each needs, and how a worker is set to one.

PyTorch and its libraries choose code by the processor's instructions, and results follow: under AVX512_BF16 a NaN
reaches elements of a bfloat16 convolution that have nothing to do with it. So that a run says the same on any
processor of its kind, workers choose those that all have by now; a variable that the user sets wins. The mode
``native`` chooses nothing: it is what users run, with the newest code that the processor has.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
from pathlib import Path
from typing import Any, Final

from adapters.call import refuse
from adapters.writing import transforms
from cases.model.case import OPERATORS, PIPELINE, Case

INFERRING: Final = ("meta", "fake")
"""The modes that infer shapes and dtypes, and compute nothing."""
STRIDED: Final = ("strided", "strided_compile")
"""The modes whose tensors lie in memory in ways that a program comes to by slices, transposes and expansions."""
PROGRAM: Final = "program"
"""The mode that compiles a pipeline as one program."""
COMPILED: Final = {"compile": "", PROGRAM: "", STRIDED[1]: "", "decomposed": 'backend="aot_eager_decomp_partition", '}
"""The modes that make programs -> the words for it. ``decomposed`` takes a call apart as ``compile`` does, and runs
the parts eagerly: it builds nothing, so that it is asked much more.
"""
MODES: Final = (
    "eager",
    *(mode for mode in COMPILED if mode not in STRIDED),
    "channels_last",
    "nomkldnn",
    "threads",
    "native",
    *transforms.MODES,
    *INFERRING,
    *STRIDED,
    "tf32",
)
ONE_IN: Final = 1600
"""A call takes seconds to compile: the mode is asked one case of each large topic, and those that have every value."""
_THREADS: Final = 2
"""The threads of the mode ``threads``: as few as can show that an answer depends on their order."""
_WITH_CHANNELS: Final = ("conv", "conv_transpose", "max_pool", "max_pool_argmax", "max_unpool", "avg_pool", PIPELINE)
INSTRUCTIONS: Final = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
"""Variables by which PyTorch's own code and oneDNN choose the instructions that they use."""


def options() -> dict[str, dict[str, Any]]:
    """Return what each mode needs or is limited to, on this machine."""
    instructions = {name: os.environ.get(name, text) for name, text in INSTRUCTIONS.items()}
    compiler = {"environment": instructions | _compile_environment(instructions["ATEN_CPU_CAPABILITY"]), **_missing()}
    special: dict[str, dict[str, Any]] = {
        "compile": {"one_in": ONE_IN, "cost": 400.0, **compiler},
        PROGRAM: {"by_name": True, "whole": True, "operators": (PIPELINE,), "cost": 400.0, **compiler},
        # There is no such format for one spatial axis, nor a channels' axis in the calls that avg_unpool is made of.
        "channels_last": {"spatial_axes": (2, 3), "operators": _WITH_CHANNELS},
        "nomkldnn": {"devices": ("cpu",)},
        "threads": {"devices": ("cpu",), "by_name": True},
        "native": {"environment": {}, "devices": ("cpu",), "by_name": True},
        **{mode: {"dtypes": transforms.DTYPES, "by_name": True} for mode in transforms.MODES},
        **{
            mode: {"devices": ("cpu",), "by_name": True, "sizes_only": True, "operators": OPERATORS}
            for mode in INFERRING
        },
        STRIDED[0]: {"by_name": True},
        STRIDED[1]: {"by_name": True, "cost": 400.0, **compiler},
        "decomposed": {"by_name": True, "cost": 40.0},
        "tf32": {"devices": ("cuda",), "dtypes": ("float32",)},
    }
    return {mode: {"environment": instructions, **special.get(mode, {})} for mode in MODES}


def _compiler() -> str:
    """Return the C++ compiler that inductor is to call; empty if there is none."""
    named = os.environ.get("CXX", "").split()[:1]
    return next(filter(None, map(shutil.which, (*named, "g++", "clang++"))), "")


def _missing() -> dict[str, str]:
    if not _compiler():
        return {"missing": "no C++ compiler: install g++"}
    # Inductor's kernels for the processor are modules of Python.
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        return {"missing": "no Python.h: install Python's development files"}
    return {}


def _compile_environment(instructions: str) -> dict[str, str]:
    """Return the compiler and its cache, one for each choice of instructions.

    A program kept from another choice is taken for one of this, and reads elements that nobody wrote.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    found = {
        "TORCHINDUCTOR_CACHE_DIR": str(home / "deconform" / f"inductor-{instructions}"),
        "TORCHINDUCTOR_COMPILE_THREADS": "1",
    }
    # Of itself inductor looks for g++ alone.
    return found if "CXX" in os.environ or shutil.which("g++") else found | {"CXX": _compiler()}


def refuse_format(case: Case, mode: str) -> None:
    """Raise NotSupported if there is no channels-last format for the tensors of the call, and the mode wants it."""
    line, composed = (mode == "channels_last" and so for so in (len(case.strides) == 1, case.operator == "avg_unpool"))
    refuse("torch has a channels-last format for two and three spatial axes, none for one", when=line)
    refuse("avg_unpool is composed of calls on tensors without the channels' axis, so it can't be last", when=composed)


def prepare(mode: str, device: str) -> dict[str, str]:
    """Set this process to a mode and a device; returns the settings for the run's header."""
    import torch  # noqa: PLC0415 - the framework is loaded in the worker alone

    threads = _THREADS if mode == "threads" else 1
    torch.set_num_threads(threads)
    settings = {"threads": str(threads)} | {name: os.environ[name] for name in INSTRUCTIONS if name in os.environ}
    if mode in {*transforms.MODES, *INFERRING, *STRIDED, "decomposed", PROGRAM}:
        settings["near"] = "eager"
    if mode in {"native", "threads"}:
        settings["like"] = "eager"
    if mode == "nomkldnn":
        torch.backends.mkldnn.set_flags(_enabled=False)
        settings["mkldnn"] = "off"
    if mode == "compile":
        settings["inductor"] = "static shapes, programs kept between runs"
    if device == "cuda":
        torch.backends.cudnn.allow_tf32 = mode == "tf32"
        torch.backends.cuda.matmul.allow_tf32 = mode == "tf32"
        settings["cudnn"] = f"{torch.backends.cudnn.version()}, deterministic and benchmark as released: False"
        settings["device"] = torch.cuda.get_device_name()
    if mode == "tf32":
        settings["products"] = "tf32"
    return settings


def forget_programs() -> None:
    """Forget what was compiled, so that each call is compiled for its own shapes and none is one too many."""
    import torch  # noqa: PLC0415

    torch.compiler.reset()
    _counters().clear()


def graphs() -> int:
    """Return how many graphs Dynamo has made since programs were forgotten."""
    return int(_counters()["stats"]["unique_graphs"])


def _counters() -> Any:
    from torch._dynamo.utils import counters  # noqa: PLC0415

    return counters
