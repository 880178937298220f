"""The adapter protocol, and the names of targets. A plug-in satisfies the protocol without importing this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from cases.model.case import Case


LABEL: Final = "@"
"""What stands between an adapter's name and the label of its interpreter. Names and labels have no hyphen."""


class NotSupported(Exception):  # noqa: N818 - the design's word: a statement, not a failure
    """Raised by an adapter on purpose, before it calls the framework: it has no such operator or option."""


class Adapter(Protocol):
    """Translates a case into one framework's own call.

    The worker makes one instance, reads ``modes`` and ``mode_options``, asks ``devices`` and ``versions`` (an
    ImportError from either means that the framework is not installed), then calls ``configure`` once. For each case
    the worker calls ``call`` once and runs the text that it returned, by ``adapters.program.execute``. Two methods
    change how a call is made; an adapter needs neither:

    - ``execute(text, inputs)`` (see ``Executes``) runs the text, and does what has to be done around each text;
    - ``run(case, inputs)`` (see ``Runs``) makes the call from the case. An adapter that has ``run`` may have no
      ``call``, and its ``execute`` is not used.
    """

    name: str
    modes: tuple[str, ...]
    """Ways to execute, the default first: letters, digits and underscores."""
    mode_options: dict[str, dict[str, Any]]
    """What a mode needs or is limited to, by its name; a plug-in without such modes may leave it out.

    ``environment``: variables of the worker's process. ``devices``: where the mode exists, by default everywhere.
    ``dtypes``, ``operators``, ``spatial_axes``: it is asked only cases of these dtypes, operators and numbers of axes.
    ``one_in``: building a program takes so long that by default only one of so many cases of a topic is asked (see
    ``reports.recording.sampling``).
    ``cost``: how long a case takes, relative to other modes; what takes longest begins first. ``by_name``: it runs only
    if ``--target`` has its name, or for ``--fuzz``. ``sizes_only``: its arrays have the shapes and dtypes of an answer,
    and their elements mean nothing. ``whole``: a pipeline is one call, and returns only what its last step returns.
    ``missing``: why it can't be used here, and what to do.
    """

    def devices(self) -> tuple[str, ...]:
        """Return the devices at hand: ``cpu``, ``cuda``."""
        ...

    def versions(self) -> dict[str, str]:
        """Return the versions of distributions by name, for the run's header."""
        ...

    def configure(self, mode: str, device: str) -> dict[str, str]:
        """Prepare for one mode on one device; return the settings chosen (threads, seeds), for the run's header.

        The setting ``like`` names another mode whose facts and recorded behaviours hold for this one as well. The
        setting ``near`` names one whose facts may show in this one and need not.
        """
        ...

    def call(self, case: Case) -> str:
        """Return the framework's call for a case as a program that runs when pasted below the inputs' definitions.

        Its line that starts with ``result = `` is the call itself; what stands before and after converts tensors. The
        program sets ``outputs``: arrays by name, channels-last, with the framework's own dtype. This very text is what
        runs, under the file name ``<call>``: that is how the stage of an exception is known. A plug-in that has ``run``
        may leave this method out.

        Raises:
            NotSupported: if the framework has no such operator or option.
        """
        ...

    def stage(self, error: Exception) -> str:
        """Return how far the call that raised ``error`` had come: ``tracing``, ``building``, ``running`` a program.

        ``calling`` where a call is made at once. A plug-in that makes no programs may leave this method out.
        """
        ...


class Executes(Protocol):
    """An adapter that has to do something around the execution of each text."""

    def execute(self, text: str, inputs: dict[str, npt.NDArray[Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Run a call's text with ``adapters.program.execute``, and return its outputs.

        Raises:
            Exception: whatever the framework raises, untouched.
        """
        ...


class Runs(Protocol):
    """An adapter that makes its calls itself.

    Where the adapter has ``call`` too, ``run`` executes the text of ``call`` under the file name ``<call>``. An
    exception that does not come from that text then counts as a fault of the adapter.
    """

    def run(self, case: Case, inputs: dict[str, npt.NDArray[Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Make the call once and return its outputs by name, channels-last, with the framework's own dtype.

        Raises:
            NotSupported: if the framework has no such operator or option.
            Exception: whatever the framework raises, untouched.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeOptions:
    """What a mode needs or is limited to, as ``adapters.base.Adapter.mode_options`` says it.

    ``devices``, ``dtypes``, ``operators`` and ``spatial_axes`` are empty where there is no limit; ``missing`` is empty
    where the mode can be used.
    """

    environment: dict[str, str] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    spatial_axes: tuple[int, ...] = ()
    one_in: int = 1
    cost: float = 1.0
    by_name: bool = False
    sizes_only: bool = False
    whole: bool = False
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Target:
    """An adapter in one mode on one device, written ``torch-eager-cpu``.

    The adapter of a labelled interpreter has the label behind its name: ``jax@0.7-jit-cpu``.
    """

    adapter: str
    mode: str
    device: str

    def __str__(self) -> str:
        return f"{self.adapter}-{self.mode}-{self.device}"
