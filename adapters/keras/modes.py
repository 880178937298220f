"""The modes of Keras, which are its backends: what each needs, and how a worker is set to one.

Keras reads its backend from a variable when it is imported. The other variables choose instructions and a device, so
that a run says the same on any processor of its kind; a variable that the user sets wins, but for the backend's.
"""

from __future__ import annotations

import functools
import os
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any, Final

import numpy as np

BACKEND: Final = "KERAS_BACKEND"
_LIBRARIES: Final = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "torch": ("torch",),
    "jax": ("jax",),
}
"""The backends -> the distributions that may hold them."""
_VARIABLES: Final = {
    "tensorflow": {"TF_ENABLE_ONEDNN_OPTS": "1", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
    "torch": {"KERAS_TORCH_DEVICE": "cpu", "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "jax": {"JAX_PLATFORMS": "cpu"},
}
_LIMITS: Final[dict[str, dict[str, Any]]] = {
    "tensorflow": {"cost": 4.0},
    "torch": {},
    "jax": {"one_in": 16, "cost": 40.0},  # each operation of a call is compiled by itself
}


def _options(mode: str) -> dict[str, Any]:
    """Return what a mode needs or is limited to, on this machine."""
    chosen = {name: _chosen(name, text) for name, text in _VARIABLES[mode].items()}
    missing = {} if mode in _there() else {"missing": f"Keras has no {mode} here: pip install {_LIBRARIES[mode][-1]}"}
    return {"environment": {BACKEND: mode, **chosen}, "devices": ("cpu",), **_LIMITS[mode], **missing}


def _chosen(name: str, text: str) -> str:
    """Return the user's choice for a variable, or ``text``.

    A worker says its modes in a process that has the first mode's variables, so what a mode sets is no user's choice.
    """
    ours = {variables.get(name) for variables in _VARIABLES.values()}
    found = os.environ.get(name)
    return text if found is None or found in ours else found


@functools.cache
def _there() -> dict[str, str]:
    """Return the version of each backend that is installed."""
    found = {each.name.lower().replace("_", "-"): each.version for each in distributions()}
    return {mode: found[name] for mode, names in _LIBRARIES.items() for name in names if name in found}


OPTIONS: Final[dict[str, dict[str, Any]]] = {mode: _options(mode) for mode in _LIBRARIES}


def versions() -> dict[str, str]:
    """Return the version of each distribution that takes part.

    Raises:
        ImportError: if Keras is not installed.
    """
    return {"keras": version("keras"), "numpy": np.__version__, **_there()}


def prepare(mode: str) -> dict[str, str]:
    """Set this process to a backend, on one thread of the processor; return the settings for the run's header.

    Raises:
        RuntimeError: if the process was not started with the mode's backend.
    """
    import keras  # noqa: PLC0415 - the framework is loaded in the worker alone

    if keras.config.backend() != mode:
        msg = f"the mode {mode} needs a process started with {BACKEND}={mode}"
        raise RuntimeError(msg)
    keras.config.set_image_data_format("channels_last")  # the user's file of settings may say otherwise
    {"tensorflow": _tensorflow, "torch": _torch, "jax": _jax}[mode]()
    shown = {name: os.environ[name] for name in _VARIABLES[mode] if name in os.environ}
    threads = {} if mode == "jax" else {"threads": "1"}
    return {"backend": mode, **threads, **shown}


def _tensorflow() -> None:
    import tensorflow as tf  # noqa: PLC0415

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.set_visible_devices([], "GPU")


def _torch() -> None:
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)


def _jax() -> None:
    """Keep what JAX compiles: each operation of each size is a program."""
    import jax  # noqa: PLC0415

    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    jax.config.update("jax_compilation_cache_dir", str(home / "deconform" / "jax"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
