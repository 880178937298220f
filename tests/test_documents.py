"""The pages for people: what they name is there, and their examples are right."""

from __future__ import annotations

import configparser
import itertools
import re
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from adapters.__main__ import main as adapters_main
from adapters.base import ModeOptions
from adapters.mutants.catalogue import Entry as Mutant
from cases.__main__ import main as cases_main
from cases.loading.claims import Claim
from cases.loading.load import load
from cases.loading.schema import FILE
from cases.model.case import Case, TensorSpec
from reports.__main__ import main as reports_main
from reports.judging.facts import Fact

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / name
    for name in ("README.md", "CONTRIBUTING.md", "cases/README.md", "adapters/README.md", "reports/README.md")
]
TEMPLATES = sorted((ROOT / "reports" / "templates").iterdir())
MAINS: dict[str, Callable[[list[str]], int]] = {
    "cases": cases_main,
    "adapters": adapters_main,
    "reports": reports_main,
}
HEAD = {"about": "An example of a page.", "source": "https://example.org"}
GENERATED = ("reports/latest/", "reports/fuzz/")
"""What a run makes, and the repository does not hold."""


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _paths(text: str) -> set[str]:
    """Return the paths from the root that stand in backticks or in a command; ``<name>`` in one is any name."""
    rooted = r"(?<![\w./-])(?:cases|adapters|reports|tests|benchmarks|\.ci)/[\w./<>*-]*"
    found = {path.partition("::")[0].rstrip(".") for path in re.findall(rooted, text)}
    files = set(re.findall(r"`([\w.]+\.(?:md|ini|toml|py))`", text)) & {path.name for path in ROOT.iterdir()}
    return {re.sub(r"<\w+>", "*", path) for path in found | files if not path.startswith(GENERATED)}


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", [*PAGES, *TEMPLATES], ids=_name)
def test_every_path_that_a_page_names_is_there(page: Path) -> None:
    named = _paths(page.read_text(encoding="utf-8")) - {"cases/OPERATOR/TOPIC.yaml"}
    assert [path for path in sorted(named) if not any(ROOT.glob(path.rstrip("/")))] == []


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8"))
    places = [((page.parent / path) if path else page, anchor) for path, anchor in links]
    assert [str(place) for place, _ in places if not place.exists()] == []
    assert [anchor for place, anchor in places if anchor and anchor not in _anchors(place)] == []


COMMANDS = sorted(
    set(
        itertools.chain.from_iterable(
            re.findall(r"python -m (cases|adapters|reports) ([a-z]+)", page.read_text(encoding="utf-8"))
            for page in [*PAGES, *TEMPLATES]
        )
    )
)


@pytest.mark.parametrize(("room", "verb"), COMMANDS)
def test_every_command_that_a_page_names_exists(room: str, verb: str) -> None:
    with pytest.raises(SystemExit) as ended:
        MAINS[room]([verb, "--help"])
    assert ended.value.code == 0


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_tox_environment_that_a_page_names_exists(page: Path) -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "tox.ini", encoding="utf-8")
    named = re.findall(r"tox (?:-q run )?-e ([\w,]+)", page.read_text(encoding="utf-8"))
    assert {f"testenv:{name}" for names in named for name in names.split(",")} <= {*settings.sections()}


def test_the_examples_of_cases_can_be_loaded(tmp_path: Path) -> None:
    whole, wrong, steps = _blocks(ROOT / "cases" / "README.md", "yaml")
    pipelines = f"operator: pipeline\nabout: {HEAD['about']}\nsource: {HEAD['source']}\ncases:\n{steps}"
    for operator, text in (("conv_transpose", whole + wrong), ("pipelines", pipelines)):
        path = tmp_path / "cases" / operator / "example.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        FILE.validate_python(yaml.safe_load(text))
    ids = [case.id.partition("::")[2] for case in load(tmp_path / "cases" / "conv_transpose" / "example.yaml")]
    assert {"same-i5x6-k3-s2", "one-row-more", "stride-fraction"} <= {*ids}
    assert len(list(load(tmp_path / "cases" / "pipelines" / "example.yaml"))) == 4


def test_the_examples_of_reports_have_the_form_of_their_files() -> None:
    known, claims, mutants = (yaml.safe_load(text) for text in _blocks(ROOT / "reports" / "README.md", "yaml"))
    assert TypeAdapter(list[Fact]).validate_python(known)
    assert TypeAdapter(list[Claim]).validate_python(claims)
    assert TypeAdapter(list[Mutant]).validate_python(mutants)


def test_the_example_of_an_adapter_answers_a_case(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter, _, modes = _blocks(ROOT / "adapters" / "README.md", "python")
    mine: Any = ModuleType("mine")
    mine.avg_pool = lambda value, window, strides, padding: [value, window, strides, padding]
    monkeypatch.setitem(sys.modules, "mine", mine)
    names: dict[str, Any] = {}
    exec(adapter, names)  # noqa: S102 - the page's own program
    value = TensorSpec(shape=(1, 4, 6, 2), dtype="float32", fill="integers")
    case = Case(id="a", operator="avg_pool", inputs={"value": value}, strides=(2, 2), padding="VALID", ksize=(2, 2))
    given: dict[str, Any] = {"value": "the value"}
    exec(names["Mine"]().call(case), given)  # noqa: S102
    assert given["outputs"] == {"output": ["the value", (2, 2), (2, 2), "VALID"]}
    with pytest.raises(names["NotSupported"], match="mine has no max_pool"):
        names["Mine"]().call(replace(case, operator="max_pool"))
    exec(modes, names)  # noqa: S102
    assert set().union(*names["mode_options"].values()) <= {field.name for field in fields(ModeOptions)}
