"""All of it as one page that needs nothing else: pictures as data, a table of numbers, what departs and why."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from reports.deconvnet.panels import Array, Row
from reports.deconvnet.study import Answer, Departure, Projection, Study, counterpart, distance

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
    undefined=StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_NAME: Final = "deconvnet.html"


def page(study: Study, rows: list[Row]) -> str:
    """The page's text."""
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


def numbers(study: Study, answer: Answer) -> Iterator[dict[str, Any]]:
    """The table's rows for one target: the forward pass first, if it has no result, else a row a projection."""
    oracle = study.answers[0]
    if answer.fault:
        yield {"target": answer.target, "fault": answer.fault}
    for one in answer.projections:
        yield {"target": answer.target, "fault": one.fault, **_chosen(oracle, one), **_apart(answer, oracle, one)} | {
            "steps": _steps(answer, one, is_oracle=answer is oracle),
            "seconds": f"{answer.seconds:.2f} + {one.seconds:.2f}",
        }


def _chosen(oracle: Answer, one: Projection) -> dict[str, Any]:
    kept = one.activation
    ranks = {other.activation.place: other.rank for other in oracle.projections}
    rank = ranks.get(kept.place)
    odd = "" if rank == one.rank else f"the oracle's number {rank}" if rank else "not among the oracle's"
    place = {"rank": one.rank, "channel": kept.channel, "at": f"({kept.y}, {kept.x})"}
    return place | {"value": f"{kept.value:.7g}", "odd": odd}


def _apart(answer: Answer, oracle: Answer, one: Projection) -> dict[str, str]:
    """How far a projection is from the oracle's of the same element."""
    wanted = counterpart(oracle, one)
    if answer is oracle or one.pixels is None:
        return {"most": "", "relative": ""}
    if wanted is None or wanted.pixels is None:
        return {"most": "nothing to compare", "relative": ""}
    apart = distance(one.pixels, wanted.pixels)
    if apart.same:
        return {"most": "bits equal", "relative": "0"}
    return {"most": f"{apart.most:.3g}", "relative": f"{apart.relative:.3g}"}


def _steps(answer: Answer, one: Projection, *, is_oracle: bool) -> str:
    """Whether every step agrees, and the first that doesn't."""
    if is_oracle:
        return "the definition"
    found = [f"{way} at {departs.step}" for way, departs in _ways(answer, one) if departs]
    return f"departs {', '.join(found)}" if found else "" if one.fault else "all agree"


def _ways(answer: Answer, one: Projection) -> list[tuple[str, Departure | None]]:
    return [("forward", answer.departs), ("back", one.departs)]


def departures(answer: Answer) -> Iterator[dict[str, str]]:
    """Every way that departs: where, how, and by which call."""
    ways = [("forward", answer.departs), *((f"back from number {one.rank}", one.departs) for one in answer.projections)]
    for way, departs in ways:
        if departs is not None:
            yield {"target": answer.target, "way": way, "summary": departs.summary, "call": departs.call}


def _data(pixels: Array | None) -> str:
    """A panel as the address of itself; empty without one."""
    if pixels is None:
        return ""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
