"""The result of a power run, as a page for people and as a table for programs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from statistics import median_low
from typing import Any, Final

import pandas as pd

from adapters.mutants.catalogue import SHIPPED as CATALOGUE
from adapters.mutants.catalogue import Entry, tried
from cases.loading.load import file_id, find
from cases.loading.lookup import SHIPPED
from reports.pages.markdown import markdown, page
from reports.power.cover import least
from reports.power.trial import RAISED, Trial

_FEW: Final = 12
"""The number of mutants that the table "Noticed by few cases" shows."""


def table(trials: Mapping[str, Trial]) -> pd.DataFrame:
    """Return a row for each mutant: its slip, the number of cases asked, the number that noticed it, and the ways."""
    rows = [
        _row(operator, entry, trials[f"{operator}/{entry.name}"])
        for operator, entry in tried()
        if f"{operator}/{entry.name}" in trials
    ]
    return pd.DataFrame(
        rows, columns=["operator", "mutant", "about", "asked", "noticed by", "ways", "equivalent", "first"]
    )


def _row(operator: str, entry: Entry, trial: Trial) -> dict[str, Any]:
    return {
        "operator": operator,
        "mutant": entry.name,
        "about": entry.about,
        "asked": trial.asked,
        "noticed by": len(trial.caught),
        "ways": ", ".join(sorted(set(trial.caught.values()))),
        "equivalent": entry.equivalent or "",
        "first": min(trial.caught, default=""),
    }


def wrong(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return the mutants that no case notices, and the equivalent ones that some case notices."""
    names = frame["operator"] + "/" + frame["mutant"]
    faults, noticed = frame["equivalent"] == "", frame["noticed by"] > 0
    return list(names[faults & ~noticed]), list(names[~faults & noticed])


def broken(frame: pd.DataFrame) -> list[str]:
    """Return the mutants that only raise although their slip is not to refuse a call: every case notices these."""
    names = frame["operator"] + "/" + frame["mutant"]
    refusing = {f"{operator}/{entry.name}" for operator, entry in tried() if entry.refuses}
    return [name for name in names[frame["ways"] == RAISED] if name not in refusing]


def text(trials: Mapping[str, Trial]) -> str:
    """Return the text of the page ``test_power.md``."""
    frame = table(trials)
    faults = frame[frame["equivalent"] == ""]
    survivors, refuted = wrong(frame)
    sets = {operator: least(_caught(trials, operator, faults).values()) for operator in faults["operator"].unique()}
    return page(
        "test_power.md",
        faults=len(faults),
        caught=len(faults) - len(survivors),
        equivalents=len(frame) - len(faults),
        survivors=survivors,
        refuted=refuted,
        summary=markdown(_summary(faults, sets)),
        sets=sets,
        least=sum(map(len, sets.values())),
        asked=sum(rows["asked"].max() for _, rows in faults.groupby("operator")),
        single=markdown(_singles(faults)),
        few=markdown(_fewest(faults)),
        operators=[(name, markdown(_listed(rows))) for name, rows in faults.groupby("operator", sort=False)],
        digest=digest(),
        proofs=markdown(_proofs(frame[frame["equivalent"] != ""])),
    )


def digest() -> str:
    """Return a digest of all case files and of the catalogue of mutants. If it changes, the page may change."""
    files = [*find(SHIPPED), *sorted(CATALOGUE.glob("*.yaml"))]
    contents = [(file_id(path), path.read_bytes()) for path in files]
    return hashlib.blake2b(repr(contents).encode(), digest_size=8).hexdigest()


def _caught(trials: Mapping[str, Trial], operator: str, faults: pd.DataFrame) -> dict[str, list[str]]:
    names = faults.loc[faults["operator"] == operator, "mutant"]
    return {name: sorted(trials[f"{operator}/{name}"].caught) for name in names}


def _summary(faults: pd.DataFrame, sets: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    rows = [
        {
            "operator": operator,
            "caught": f"{(some['noticed by'] > 0).sum()} of {len(some)}",
            "cases": f"{some['asked'].max():,}",
            "fewest cases that notice one": some["noticed by"].min(),
            "median": median_low(some["noticed by"]),
            "noticed by one case alone": (some["noticed by"] == 1).sum(),
            "smallest set that notices all": len(sets[str(operator)]),
        }
        for operator, some in faults.groupby("operator", sort=False)
    ]
    return pd.DataFrame(rows)


def _singles(faults: pd.DataFrame) -> pd.DataFrame:
    alone = faults[faults["noticed by"] == 1]
    return alone[["operator", "mutant", "first"]].rename(columns={"first": "the case that notices it"})


def _fewest(faults: pd.DataFrame) -> pd.DataFrame:
    several = faults[faults["noticed by"] > 1].sort_values(["noticed by", "operator", "mutant"], kind="stable")
    return several.head(_FEW)[["operator", "mutant", "about", "noticed by"]]


def _listed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[["mutant", "about", "noticed by", "ways"]]


def _proofs(equivalent: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each equivalent change, with all operators on which it was tried."""
    return equivalent.groupby(["mutant", "about", "equivalent"], sort=False, as_index=False).agg(
        operators=("operator", ", ".join)
    )[["mutant", "operators", "about", "equivalent"]]
