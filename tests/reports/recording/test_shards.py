"""Parts of a run: as long as each other, the same everywhere, and together the whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from adapters.outcome import Returned
from cases.model.case import Case
from reports import __main__ as command
from reports.judging.behaviours import Accepted
from reports.judging.judge import begin
from reports.pages import render
from reports.recording.options import Shard, UsageError, shard
from reports.recording.run import Run, RunError, read
from reports.recording.shards import merge
from tests.reports.making import JAX, TORCH, Answer, make, oracle, record, right

CASES = [make("conv", f"case-{size}", image=[size, 7]) for size in range(5, 11)]
Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_each_case_is_in_one_part_and_parts_take_as_long(count: int) -> None:
    costs = {f"case-{number}": float(1 + number**2 % 37) for number in range(200)}
    parts = [Shard(number=number, count=count).cases(costs) for number in range(1, count + 1)]
    assert sorted(name for part in parts for name in part) == sorted(costs)
    loads = [sum(costs[name] for name in part) for part in parts]
    assert max(loads) - min(loads) <= max(costs.values())
    backwards = dict(reversed(costs.items()))
    assert Shard(number=1, count=count).cases(backwards) == parts[0]


@pytest.mark.parametrize("text", ["", "2", "0/3", "4/3", "1/0", "a/b", "1/2/3", "-1/2"])
def test_what_is_no_part_is_told(text: str) -> None:
    with pytest.raises(UsageError, match=f"^--shard {text}: give the number of the part"):
        shard(text)


def _part(folder: Path, number: int, count: int = 2, *, change: Change = lambda _: None) -> Path:
    """Record every ``count``-th case as a part of a run; ``change`` changes its header."""
    path = _recorded(folder / f"{number}-of-{count}", CASES[number - 1 :: count])
    first, *rest = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    header = first | {"shard": asdict(Shard(number=number, count=count))}
    change(header)
    _write(path, [header, *rest])
    return path


def _recorded(folder: Path, cases: Sequence[Case]) -> Path:
    """Record a run of these cases, in which each has its place among all."""
    answers: list[Answer] = []
    for case in cases:
        answers += [oracle(case), (case, TORCH, Returned(arrays=right(case)))]
    path = record(folder, answers).path
    places = {case.id: place for place, case in enumerate(CASES)}
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if line["record"] == "case":
            line["place"] = places[line["id"]]
        elif line["record"] == "footer":
            line["asked"] = len(answers)
    _write(path, lines)
    return path


def _write(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


def _pages(run: Run, folder: Path) -> dict[str, bytes]:
    begin(run, Accepted())
    return {path.name: path.read_bytes() for path in render.write(run, Accepted(), folder)}


def test_the_parts_make_the_whole_and_its_pages(tmp_path: Path) -> None:
    whole = read(_recorded(tmp_path / "whole", CASES))
    parts = [_part(tmp_path, number) for number in (2, 1)]
    merged = merge(parts, tmp_path / "merged" / "run.jsonl")
    assert [*merged.cases] == [*whole.cases]
    assert [*merged.records] == [*whole.records]
    assert merged.header == whole.header
    assert merged.footer == whole.footer == {"results": 12, "asked": 12}
    folders = [tmp_path / "pages" / name for name in ("whole", "merged")]
    for folder in folders:
        folder.mkdir(parents=True)
    assert _pages(merged, folders[1]) == _pages(whole, folders[0])


def _other(**facts: Any) -> Change:
    return lambda header: header["targets"][TORCH].update(facts)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda header: header.pop("shard"), "the run is no part of one; a part is made by pytest cases --shard K/N"),
        (lambda header: header.update(suite="x"), "do not belong together: another version of the suite"),
        (lambda header: header.update(strict_versions=True), "do not belong together: --strict-versions in one alone"),
        (lambda header: header["targets"].update({JAX: header["targets"][TORCH]}), "is a target of one of them alone"),
        (_other(versions={"torch": "2.9"}), f"do not belong together: {TORCH} has versions {{'torch': '2.9'}} and {{"),
        (_other(processor="X86_V4"), "do not belong together: one was made with AVX512, the other without"),
        (lambda header: header.update(shard={"number": 2, "count": 3}), "give the parts of one run"),
        (lambda header: header.update(shard={"number": 1, "count": 2}), "are both 1/2; give each part once"),
    ],
)  # fmt: skip
def test_parts_that_do_not_belong_together_are_told(tmp_path: Path, change: Change, said: str) -> None:
    parts = [_part(tmp_path, 1), _part(tmp_path, 2, change=change)]
    with pytest.raises(RunError) as error:
        merge(parts, tmp_path / "merged.jsonl")
    assert said in str(error.value)
    assert not (tmp_path / "merged.jsonl").exists()


def test_a_part_that_is_missing_or_cut_short_is_told(tmp_path: Path) -> None:
    parts = [_part(tmp_path, number, 4) for number in (1, 3)]
    with pytest.raises(RunError, match=r"^the run is not whole: 2/4, 4/4 are missing$"):
        merge(parts, tmp_path / "merged.jsonl")
    lines = parts[0].read_text(encoding="utf-8").splitlines(keepends=True)
    parts[0].write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(RunError, match=r"cut short; finish it with pytest cases --resume and the same --shard$"):
        merge(parts, tmp_path / "merged.jsonl")


def test_a_target_that_was_asked_nothing_in_a_part_has_its_settings_from_another(tmp_path: Path) -> None:
    parts = [_part(tmp_path, 1), _part(tmp_path, 2, change=_other(settings={"threads": "1"}))]
    merged = merge(parts, tmp_path / "merged.jsonl")
    assert merged.header["targets"][TORCH]["settings"] == {"threads": "1"}


def test_the_command_says_how_the_answers_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = [str(_part(tmp_path, number)) for number in (1, 2)]
    to = tmp_path / "whole.jsonl"
    assert command.main(["merge", *parts, "--to", str(to)]) == 0
    assert capsys.readouterr().out == (
        f"{to}: 6 cases, 12 answers of oracle, torch: 6 pass\nto see its pages: python -m reports render {to}\n"
    )
    assert len(read(to).records) == 12
    assert command.main(["merge", *parts, "--to", str(to)]) == 2
    assert capsys.readouterr().err == f"--to {to}: there is a file already; give another one\n"


def test_a_whole_run_that_fails_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = [_part(tmp_path, number) for number in (1, 2)]
    lines = parts[1].read_text(encoding="utf-8").splitlines()
    footer = json.loads(lines[-1]) | {"problems": ["a case is not loaded"]}
    parts[1].write_text("\n".join([*lines[:-1], json.dumps(footer), ""]), encoding="utf-8")
    assert command.main(["merge", *map(str, parts), "--to", str(tmp_path / "whole.jsonl")]) == 1
    assert capsys.readouterr().out.startswith("a case is not loaded\n")
