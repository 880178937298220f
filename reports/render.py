"""Tables -> Markdown and CSV. Every page is a pure function of a recorded run and the known differences."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from adapters.offer import ModeOptions
from cases.claims import load as load_claims
from reports import claims, clarity, coverage, determinism, indices, readings, shape_errors, tables
from reports.accepted import Accepted
from reports.breadth import LIMITS, describe, is_asked_all
from reports.known import Known
from reports.networks import drift
from reports.padding import padding
from reports.reproducer import program
from reports.review import review
from reports.rounding import rounding
from reports.run import Run
from reports.targets import is_framework
from reports.verdict import ORACLE, judge, wanted

_PAGES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    autoescape=select_autoescape(),
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_CUT: Final = 160
"""Characters of a message that a Markdown cell shows."""
MEASURED: Final = ("rounding.md", determinism.PAGE)
"""Pages that hold what another processor would round otherwise, or what varies anyhow."""
_TO_PASTE: Final = ("accepted", "crashed", "timed out", "out of memory")
"""What a wrong call does that a program shows."""
_SHOWN: Final = 6
"""Cases of one group that a page shows."""
_SEVERAL: Final = 3


def pages(run: Run, accepted: Accepted) -> dict[str, str]:
    """File name -> text of every report."""
    frame = tables.results(run, accepted)
    targets = tables.targets_of(run)
    frameworks = [target for target in targets if is_framework(target)]
    wrong = tables.differences(frame)
    errors = shape_errors.cells(run, frameworks)
    agreeing = _asked_all(run, [target for target in targets if target in {*frameworks, ORACLE}])
    covered = coverage.of_run(run)
    text = load_claims()
    found = claims.findings(run, text.claims, [target for target in targets if target != ORACLE])
    return {
        "conformance.md": _conformance(run, frame, targets),
        "differences.md": _differences(run, wrong, accepted),
        "differences.csv": wrong.drop(columns=["valid", "of_failing", "of_noted"]).to_csv(index=False),
        "shape_errors.md": _shape_errors(run, errors),
        "shape_errors.csv": errors.to_csv(index=False),
        "shape_errors.html": _opening(run, errors),
        "coverage.md": _page("coverage.md", run, **coverage.page(run, covered, frameworks)),
        "coverage.csv": coverage.rows(covered).to_csv(index=False),
        "agreement.md": _page("agreement.md", run, table=markdown(tables.agreement(run, accepted, agreeing))),
        "rounding.md": _rounding(run, frame, frameworks),
        "indices.md": _indices(run, frameworks),
        "padding.md": _page("padding.md", run, table=markdown(padding(run, _first_modes(run, frameworks)))),
        "document_readings.md": _page("document_readings.md", run, operators=_readings(run)),
        "document_claims.md": _page("document_claims.md", run, **review(run, found, text.undecidable)),
        "document_claims.csv": claims.rows(found).to_csv(index=False),
        **(_determinism(run, accepted) if determinism.TIMES in run.header else {}),
    }


def write(run: Run, accepted: Accepted, folder: Path) -> list[Path]:
    """Write every report of a run into a folder; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in pages(run, accepted).items():
        paths.append(folder / name)
        paths[-1].write_text(text, encoding="utf-8")
    return paths


def published(run: Run, accepted: Accepted) -> dict[str, str]:
    """The pages that are committed: nothing in them depends on time, and only ``MEASURED`` on the machine."""
    return {name: text for name, text in pages(run, accepted).items() if name.endswith(".md")}


def page(name: str, **parts: Any) -> str:
    """A template of ``templates/``, filled in."""
    return _PAGES.get_template(name).render(**parts).rstrip() + "\n"


def _page(name: str, run: Run, **parts: Any) -> str:
    return page(name, versions=_versions(run), **parts)


def _versions(run: Run) -> str:
    named = sorted({f"{n} {v}" for facts in run.header["targets"].values() for n, v in facts["versions"].items()})
    return f"Versions: {', '.join(named)}."


def _conformance(run: Run, frame: pd.DataFrame, targets: list[str]) -> str:
    missing = [f"{name}: {why}" for name, why in sorted(run.header.get("missing", {}).items())]
    judged = [target for target in targets if target != ORACLE]
    parts = {
        "table": markdown(tables.conformance(frame, judged).reset_index()),
        "topics": [(name, markdown(table.reset_index())) for name, table in tables.topics(frame, judged)],
        "known": bool((frame["valid"] & (frame["known"] != "")).any()),
        "thinned": _thinned(run),
        "has_readings": bool(readings.targets(run)),
    }
    return _page("conformance.md", run, missing=missing, **parts)


def _rounding(run: Run, frame: pd.DataFrame, targets: list[str]) -> str:
    tables = {"table": rounding(frame[frame["target"].isin(targets)]), "networks": drift(run, targets)}
    return _page("rounding.md", run, **{name: markdown(table, floatfmt=".3g") for name, table in tables.items()})


def _asked_all(run: Run, targets: list[str]) -> list[str]:
    """The targets that were asked every case: only of these can be said how often they agree."""
    return [target for target in targets if is_asked_all(run.header["targets"][target])]


def _first_modes(run: Run, targets: list[str]) -> list[str]:
    """Each framework's first target, as the run has them: modes are told the same."""
    firsts: dict[str, str] = {}
    for target in run.header["targets"]:
        firsts.setdefault(target.partition("-")[0], target)
    return [target for target in targets if target in firsts.values()]


def _readings(run: Run) -> list[tuple[str, list[str], str]]:
    """For each operator that the tutorial spells out: when its readings are right, and the table."""
    return [(name, readings.sentences(run, name), markdown(readings.table(run, name))) for name in readings.WORDS]


def _thinned(run: Run) -> list[str]:
    """A line for each target that is not asked every case."""
    facts = sorted(run.header["targets"].items())
    options = ((target, {name: fact[name] for name in LIMITS & fact.keys()}) for target, fact in facts)
    return [f"`{target}`: {describe(ModeOptions(**limits), slow=False)}." for target, limits in options if limits]


def _differences(run: Run, wrong: pd.DataFrame, accepted: Accepted) -> str:
    """A known difference is one group, whatever shows it; a new one is grouped by what was found of it."""
    new = wrong["known"] == ""
    kept = wrong[["operator", "target", "kind", "diagnosis"]].where(new, "")
    keys = [wrong["known"], *(kept[name] for name in kept)]
    groups = [_group(run, rows, accepted) for _, rows in wrong.groupby(keys, sort=True)]
    groups.sort(key=lambda group: (bool(group["reason"]), group["title"], -group["cases"]))
    return _page("differences.md", run, groups=groups, decided=_decided(run, accepted))


def _decided(run: Run, accepted: Accepted) -> list[Known]:
    """The known differences that the processor decides about, of the adapters and versions that ran."""
    versions = {target: tables.version_of(run, target) for target in run.header["targets"]}
    known = (entry for adapter in sorted(accepted.differences) for entry in accepted.differences[adapter])
    return [
        entry
        for entry in known
        if entry.shown_by == "some processors" and any(entry.concerns(*target) for target in versions.items())
    ]


def _group(run: Run, rows: pd.DataFrame, accepted: Accepted) -> dict[str, Any]:
    first = rows.iloc[0]
    verdict = judge(run, run.cases[first["case"]], first["target"])
    entry = tables.find_known(run, accepted, first["case"], first["target"], verdict)
    operators = sorted(rows["operator"].unique())
    where = ", ".join(operators) if len(operators) < _SEVERAL else "several operators"
    found = (
        rows["diagnosis"].replace("", pd.NA).fillna(rows["kind"].where(rows["status"] == "differing", rows["status"]))
    )
    what = f": {', '.join(sorted(found.unique()))}" if found.nunique() < _SEVERAL else ""
    adapter = first["target"].partition("-")[0]
    counts = rows["target"].value_counts(sort=False)
    by_case = rows.groupby("case", sort=False).agg(
        on=("target", lambda names: ", ".join(sorted(name.partition("-")[2] for name in names))),
        summary=("summary", "first"),
        call=("call", "first"),
    )
    shown = by_case.head(_SHOWN).reset_index()
    more = f"\n\n...and {len(by_case) - _SHOWN} more, see differences.csv." if len(by_case) > _SHOWN else ""
    return {
        "title": f"{adapter}: {where}{what}",
        "cases": len(by_case),
        "counts": ", ".join(f"{count:,} on {target}" for target, count in sorted(counts.items())),
        "reason": first["known"],
        "link": entry.link if entry else "",
        "table": markdown(shown.map(_cell)) + more,
        "program": _program(run, first["case"], first["target"]),
    }


def _program(run: Run, name: str, target: str) -> str:
    case = run.cases[name]
    return program(case, run.call(run.records[name, target]), wanted(run, case, target))


def _shape_errors(run: Run, errors: pd.DataFrame) -> str:
    operators = [
        (operator, markdown(shape_errors.summary(rows)), markdown(shape_errors.calls(rows).map(_cell)))
        for operator, rows in errors.groupby("operator", sort=False)
    ]
    return _page("shape_errors.md", run, operators=operators, totals=markdown(shape_errors.totals(errors)), **_legend())


def _opening(run: Run, errors: pd.DataFrame) -> str:
    """The same as a page whose cells open."""
    operators = [(operator, _details(run, rows)) for operator, rows in errors.groupby("operator", sort=False)]
    return _page("shape_errors.html", run, operators=operators, totals=shape_errors.totals(errors), **_legend())


def _details(run: Run, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """For one operator, the rows of the page that opens: each cell's calls, with messages in full and programs."""
    targets = shape_errors.in_order(frame)
    plain = shape_errors.plain_names(targets)
    return [
        {
            "rule": rule,
            "argument": argument,
            "call": call,
            "reason": next(iter(parts.values()))[0]["reason"],
            "cells": [(plain[name], _opened(run, parts[name]) if name in parts else None) for name in targets],
        }
        for (rule, argument, call), parts in shape_errors.entries(frame)
    ]


def _opened(run: Run, rows: list[shape_errors.Row]) -> dict[str, Any]:
    said: dict[Any, list[shape_errors.Row]] = {}
    for row in rows:
        said.setdefault(tuple(row[name] for name in shape_errors.COLUMNS[7:]), []).append(row)
    return {
        "word": rows[0]["cell"],
        "short": shape_errors.alike(rows).replace("*", "").replace(", ", ",\u00a0"),
        "names_argument": " or ".join(sorted({row["names_argument"] for row in rows})),
        "said": [_said(run, several) for several in said.values()],
    }


def _said(run: Run, rows: list[shape_errors.Row]) -> dict[str, Any]:
    first = rows[0]
    case, record = run.cases[first["case"]], run.records[first["case"], first["target"]]
    source = program(case, run.call(record)) if first["cell"] in _TO_PASTE else ""
    return first | {"calls": [row["case"].partition("::")[2] for row in rows], "program": source}


def _legend() -> dict[str, Any]:
    return {"words": shape_errors.WORDS, "rule": clarity.RULE}


def _determinism(run: Run, accepted: Accepted) -> dict[str, str]:
    vary = determinism.table(run, accepted)
    parts = {"times": run.header[determinism.TIMES], "counts": markdown(determinism.counts(run))}
    shown = vary.assign(worst=vary["worst"].map("{:.3g}".format)).astype(str).map(_cell)
    page = _page(determinism.PAGE, run, table=markdown(shown), **parts)
    return {determinism.PAGE: page, "determinism.csv": vary.to_csv(index=False)}


def _indices(run: Run, targets: list[str]) -> str:
    native = markdown(indices.native(run, targets))
    return _page("indices.md", run, native=native, duplicates=markdown(indices.duplicates(run, targets)))


def _cell(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    short = text if len(text) <= _CUT else text[: _CUT - 3] + "..."
    return short.replace("|", "\\|").replace("\n", " ")


def markdown(table: pd.DataFrame, **options: Any) -> str:
    """A table as Markdown, without its index."""
    return table.to_markdown(index=False, disable_numparse=not options, **options) if len(table) else "(none)"


_PAGES.filters["markdown"] = markdown
