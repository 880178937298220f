"""Every case that the suite ships, loaded once for all the tests that read them."""

from __future__ import annotations

import functools
from pathlib import Path

import cases
from cases.loading.lookup import every
from cases.model.case import Case


@functools.cache
def loaded() -> tuple[Case, ...]:
    """In the order of files and entries; cases are frozen, and no test changes what they hold."""
    return tuple(every(Path(cases.__file__).parent))
