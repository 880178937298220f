"""The text of a case file whose entries are one line each."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

SOURCE: Final = "https://csrc.nist.gov/projects/automated-combinatorial-testing-for-software"
"""Where the idea of joint draws comes from."""
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_NOT_TEXTS: Final = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
"""Words that YAML reads as something else than a text."""


def case_file(operator: str, about: Iterable[str], source: str, entries: Iterable[dict[str, Any]]) -> str:
    """Return the text of a case file. ``about`` is a list of lines."""
    return "\n".join(
        [
            "# yaml-language-server: $schema=../schema.json",
            f"operator: {operator}",
            "about: >-",
            *(f"  {line}" for line in about),
            f"source: {source if source.startswith('http') else flow(source)}",
            "cases:",
            *(f"  - {flow(entry)}" for entry in entries),
            "",
        ]
    )


def flow(value: Any) -> str:
    """Return a value in YAML's flow style, on one line."""
    match value:
        case dict():
            return f"{{{', '.join(_pairs(value))}}}"
        case list() | tuple():
            return f"[{', '.join(map(flow, value))}]"
        case None | bool():
            return json.dumps(value)
        case float() if not math.isfinite(value):
            return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
        case str() if not _PLAIN.fullmatch(value) or value.lower() in _NOT_TEXTS:
            return json.dumps(value)
        case _:
            return str(value)


def _pairs(fields: dict[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        yield f"{name}: {flow(value)}"
