"""All cases of the suite, loaded once for all tests that read them."""

from __future__ import annotations

import functools
from pathlib import Path

import cases
from cases.loading.lookup import every
from cases.model.case import Case


@functools.cache
def loaded() -> tuple[Case, ...]:
    """Return all cases in the order of files and entries. Cases are frozen, and no test changes their contents."""
    return tuple(every(Path(cases.__file__).parent))
