"""Calls beyond the committed ones, as case files: every operator in turn, valid calls and wrong ones, and pipelines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from cases.drawing.draw import Drawn
from cases.drawing.pipelines import draw_pipeline
from cases.drawing.stream import Stream
from cases.drawing.text import SOURCE, case_file
from cases.drawing.wrong import draw_wrong
from cases.model.case import PIPELINE

BEYOND: Final = 1000
"""The place from which calls are drawn. Those of the committed files stand before it."""
_PER_ROUND: Final = 20
"""The calls of one operator in a file. So all operators are asked about equally, however early a run ends."""
_ONE_WRONG_IN: Final = 4
_ONE_ALONE_IN: Final = 4
"""How often the gradient of one tensor alone is asked, of calls that have several."""
_KINDS: Final = {"joint": 8, "large": 2, "layers": 2, "rare": 4}
"""The kinds of draws, with weights."""


def rounds(operators: Sequence[str], seed: int, number: int) -> Iterator[tuple[str, str]]:
    """Yield the names and the texts of case files with ``number`` calls in all. The same seed gives the same calls."""
    done = 0
    while done < number:
        start = BEYOND + done // len(operators)
        for operator in operators:
            count = min(_PER_ROUND, number - done)
            if count < 1:
                return
            done += count
            entries = list(_entries(operator, seed, range(start, start + count)))
            about = (f"Calls drawn from the seed {seed}: every dimension varies at once, and some calls are wrong.",)
            yield f"{start:06}-{operator}.yaml", case_file(operator, about, SOURCE, entries)


def _entries(operator: str, seed: int, places: range) -> Iterator[dict[str, Any]]:
    for place in places:
        stream = Stream(key=f"fuzz\0{operator}\0{seed}\0{place}")
        if operator == PIPELINE:
            yield {"name": f"d{place}", **draw_pipeline(stream)}
            continue
        drawn = Drawn(kind=stream.weighted(_KINDS))
        drawn.add(operator, seed, place)
        [valid] = drawn.entries
        if valid.get("gradients") and "kernel" in valid and stream.one_in(_ONE_ALONE_IN):
            valid["gradients"] = [stream.one_of(("value", "filter", *(["bias"] * bool(valid.get("bias")))))]
        wrong = draw_wrong(operator, valid, stream) if stream.one_in(_ONE_WRONG_IN) else None
        yield wrong or valid
