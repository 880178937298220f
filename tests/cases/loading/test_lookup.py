"""Cases by their ids: each file is read once, and an id that no case has is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from cases.loading import lookup
from cases.loading.lookup import UnknownIdError, by_id


@pytest.fixture
def _suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take two files of two cases each for the suite's."""
    folder = tmp_path / "cases" / "conv"
    folder.mkdir(parents=True)
    for name in "ab":
        (folder / f"{name}.yaml").write_text(
            "operator: conv\nabout: made by a test\nsource: https://example.org\ncases:\n"
            "  - {name: one, image: [5], kernel: 2}\n  - {name: two, image: [6], kernel: 2}\n",
            "utf-8",
        )
    monkeypatch.setattr(lookup, "SHIPPED", tmp_path / "cases")


@pytest.mark.usefixtures("_suite")
def test_the_named_cases_alone_in_the_order_of_files() -> None:
    ids = ["cases/conv/b.yaml::two", "cases/conv/a.yaml::two", "cases/conv/a.yaml::one"]
    assert [case.id for case in by_id(ids)] == sorted(ids)


@pytest.mark.usefixtures("_suite")
@pytest.mark.parametrize("lost", ["cases/conv/a.yaml::three", "cases/conv/c.yaml::one"])
def test_an_id_that_no_case_has_is_told(lost: str) -> None:
    with pytest.raises(UnknownIdError, match=f"^no case has the id '{lost}'$"):
        list(by_id(["cases/conv/a.yaml::one", lost]))
