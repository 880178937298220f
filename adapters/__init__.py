"""What each framework answers: adapters, the workers that they run in, and the outcomes that come back.

This table names the adapters that ship with the suite. Nothing here imports a framework: an adapter's module is loaded
inside its own worker process.
"""

from typing import Final

ADAPTERS: Final[dict[str, str]] = {
    "oracle": "adapters.oracle:Oracle",
    "tensorflow": "adapters.tensorflow:TensorFlow",
    "torch": "adapters.torch:Torch",
    "jax": "adapters.jax:Jax",
}
ENTRY_POINTS: Final = "deconform.adapters"
