"""The page, which needs no other file: the pictures as data, a table of numbers, and the steps that depart."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from reports.deconvnet.panels import Array, Row
from reports.deconvnet.study import Departure, Projection, Study, TargetAnswers, counterpart, distance

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
    undefined=StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_NAME: Final = "deconvnet.html"


def page(study: Study, rows: list[Row]) -> str:
    """Return the page's text."""
    shown = [(row.title, [(panel, _data(panel.pixels)) for panel in row.panels]) for row in rows]
    versions = [f"{answer.target}: {answer.versions}" for answer in study.answers if answer.versions]
    text = _TEMPLATES.get_template(_NAME).render(
        facts=study.facts,
        rows=shown,
        numbers=[row for answer in study.answers for row in numbers(study, answer)],
        departures=[found for answer in study.answers for found in departures(answer)],
        missing=study.missing,
        versions=versions,
    )
    return text.rstrip() + "\n"


def numbers(study: Study, answer: TargetAnswers) -> Iterator[dict[str, Any]]:
    """Yield the table's rows for one target: a row for a failed forward pass, and a row for each projection."""
    oracle = study.answers[0]
    if answer.fault:
        yield {"target": answer.target, "fault": answer.fault}
    for one in answer.projections:
        yield {"target": answer.target, "fault": one.fault, **_chosen(oracle, one), **_apart(answer, oracle, one)} | {
            "steps": _steps(answer, one, is_oracle=answer is oracle),
            "seconds": f"{answer.seconds:.2f} + {one.seconds:.2f}",
        }


def _chosen(oracle: TargetAnswers, one: Projection) -> dict[str, Any]:
    kept = one.activation
    ranks = {other.activation.place: other.rank for other in oracle.projections}
    rank = ranks.get(kept.place)
    odd = "" if rank == one.rank else f"the oracle's number {rank}" if rank else "not among the oracle's"
    place = {"rank": one.rank, "channel": kept.channel, "at": f"({kept.y}, {kept.x})"}
    return place | {"value": f"{kept.value:.7g}", "odd": odd}


def _apart(answer: TargetAnswers, oracle: TargetAnswers, one: Projection) -> dict[str, str]:
    """Return the difference between a projection and the oracle's projection of the same element, as texts."""
    wanted = counterpart(oracle, one)
    if answer is oracle or one.pixels is None:
        return {"most": "", "relative": ""}
    if wanted is None or wanted.pixels is None:
        return {"most": "nothing to compare", "relative": ""}
    apart = distance(one.pixels, wanted.pixels)
    if apart.same:
        return {"most": "bits equal", "relative": "0"}
    return {"most": f"{apart.most:.3g}", "relative": f"{apart.relative:.3g}"}


def _steps(answer: TargetAnswers, one: Projection, *, is_oracle: bool) -> str:
    """Say that every step agrees, or name the first step on each way that departs."""
    if is_oracle:
        return "the definition"
    found = [f"{way} at {departs.step}" for way, departs in _ways(answer, one) if departs]
    return f"departs {', '.join(found)}" if found else "" if one.fault else "all agree"


def _ways(answer: TargetAnswers, one: Projection) -> list[tuple[str, Departure | None]]:
    return [("forward", answer.departs), ("back", one.departs)]


def departures(answer: TargetAnswers) -> Iterator[dict[str, str]]:
    """Yield a row for each way that departs: the target, the way, the difference and the call."""
    ways = [("forward", answer.departs), *((f"back from number {one.rank}", one.departs) for one in answer.projections)]
    for way, departs in ways:
        if departs is not None:
            yield {"target": answer.target, "way": way, "summary": departs.summary, "call": departs.call}


def _data(pixels: Array | None) -> str:
    """Return a picture as a data URL; empty if there is no picture."""
    if pixels is None:
        return ""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
