"""The frameworks' answers: adapters, the worker processes that they run in, and the outcomes that come back.

The table below names the adapters that ship with the suite. Nothing here imports a framework: an adapter's module is
imported only in its own worker process.
"""

from typing import Final

ADAPTERS: Final[dict[str, str]] = {
    "oracle": "adapters.oracle:Oracle",
    "tensorflow": "adapters.tensorflow:TensorFlow",
    "torch": "adapters.torch:Torch",
    "jax": "adapters.jax:Jax",
    "flax": "adapters.flax:Flax",
    "keras": "adapters.keras:Keras",
    "onnx": "adapters.onnx:Onnx",
    "onnxruntime": "adapters.onnx:OnnxRuntime",
    "document": "adapters.document:Document",
}
OURS: Final = frozenset({"oracle", "document"})
"""The adapters that stand for no framework: the definition and the tutorial's algorithms."""
ENTRY_POINTS: Final = "deconform.adapters"
