"""A comparison for a terminal, as Markdown, and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from reports.comparing.changes import KINDS, Comparison, adapters, by_target
from reports.comparing.groups import Group, counts
from reports.pages.findings import title
from reports.pages.markdown import page
from reports.recording.record import Key

_SHORT: Final = 120
"""The most characters of an end that a line of Markdown shows."""


def text(found: Comparison, groups: Sequence[Group]) -> str:
    """Return a comparison as lines for a terminal: the groups, then each change, then what was not compared."""
    lines = told(groups)
    lines += ["each of them:"] if groups else []
    lines += [
        f"  {change.case.id}[{change.target}]: before: {change.before}; now: {change.after}"
        for group in groups
        for change in group.changes
    ]
    return "\n".join([*lines, *_rest(found), total(found, groups)])


def told(groups: Sequence[Group]) -> list[str]:
    """Return the lines about each group, the worst kind first."""
    lines: list[str] = []
    for what, several in _by_kind(groups):
        lines += [f"{what}:", *(f"  {line}" for group in several for line in _about(group))]
    return lines


def _by_kind(groups: Sequence[Group]) -> Iterator[tuple[str, list[Group]]]:
    """Yield the name of each kind that there is with its groups, the worst kind first, as the groups are ordered."""
    for kind, several in groupby(groups, key=lambda group: group.kind):
        yield KINDS[kind], list(several)


def _about(group: Group) -> Iterator[str]:
    yield f"{heading(group)}: {said(group)}"
    yield f"  where {group.where}{_but(group)}"
    if group.known:
        yield f"  {group.known}"
    yield f"  smallest: {smallest(group)}"


def _but(group: Group) -> str:
    count = group.exceptions
    return (
        f"; {_number(count, 'more case')} {'meets' if count == 1 else 'meet'} this and did not change" if count else ""
    )


def heading(group: Group) -> str:
    """Return what a group is about: the framework with its version, and the operator."""
    (was, old), (now, new) = group.versions
    before = "" if (was, old) == (now, new) else f" (before: {old})" if was == now else f" (before: {title(was)} {old})"
    return f"{title(now)} {new}{before}: {group.operator}"


def smallest(group: Group) -> str:
    """Return the smallest case of a group, with the targets whose answers to it changed."""
    case = group.smallest.case.id
    return f"{case} on {', '.join(sorted(change.target for change in group.changes if change.case.id == case))}"


def said(group: Group) -> str:
    """Return what changed in a group: how its calls ended, how they end now, and how many there are."""
    return f"before: {group.before}; now: {group.after}; {_counted(group)}"


def _counted(group: Group) -> str:
    return f"{_number(len(group.changes), 'answer')} of {_number(len(group.cases), 'case')}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def total(found: Comparison, groups: Iterable[Group]) -> str:
    """Return the line that says how many answers were compared, and how many changed."""
    changed = ", ".join(f"{count:,} {KINDS[kind]}" for kind, count in counts(groups).items()) or "nothing changed"
    return f"{_number(found.count, 'answer')} compared, of {', '.join(map(title, adapters(found)))}: {changed}"


def _rest(found: Comparison) -> Iterator[str]:
    """Yield a line about each thing that was not compared, or does not count as a change."""
    for target, was in found.pairs.items():
        if target != was:
            yield f"{target} is compared with {was}"
    if found.other_bits:
        yield f"{_number(found.other_bits, 'answer')} as right or as wrong in both runs, with other bits"
    if found.other_cases:
        yield f"not compared, since the call or its right answer is another: {_listed(found.other_cases)}"
    for word, keys in (
        ("added", found.added),
        ("removed", found.removed),
        ("without an answer or a verdict in one of the runs", found.unanswered),
    ):
        for targets, ids in _by_cases(keys):
            yield f"{word}, not compared: {_listed(ids)} on {', '.join(targets)}"


def _by_cases(keys: set[Key]) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the targets that were asked the same cases, with these cases."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for target, ids in by_target(keys):
        alike.setdefault(tuple(ids), []).append(target)
    yield from ((targets, [*ids]) for ids, targets in alike.items())


def _listed(ids: Sequence[str]) -> str:
    """Return the ids if they are few, else how many there are of each file."""
    if len(ids) <= 3:  # noqa: PLR2004 - a line of an ordinary width
        return ", ".join(ids)
    files = Counter(case.partition("::")[0] for case in ids)
    named = ", ".join(f"{file} {count}" for file, count in files.most_common(3))
    return f"{len(ids):,} cases ({named}{', …' if len(files) > 3 else ''})"  # noqa: PLR2004


def markdown(found: Comparison, groups: Sequence[Group]) -> str:
    """Return a comparison as a Markdown page, for a job's summary or a review."""
    return page(
        "comparison.md",
        total=total(found, groups),
        rest=[*_rest(found)],
        kinds=[*_by_kind(groups)],
        heading=heading,
        said=said,
        but=_but,
        code=_code,
        smallest=smallest,
    )


def line(group: Group) -> str:
    """Return a group as one line of Markdown."""
    what = f"{KINDS[group.kind]}: {group.operator} where `{group.where}`{_but(group)}"
    ends = f"before: {_short(group.before)}; now: {_short(group.after)}"
    return f"- {what}: {_code(ends)}; {_counted(group)} (smallest: `{smallest(group)}`)"


def _short(words: str) -> str:
    return words if len(words) <= _SHORT else f"{words[:_SHORT]}…"


def _code(words: str) -> str:
    """Return words as Markdown that shows them as they are: a framework's message may hold anything."""
    return f"`{words.replace('`', chr(0x2019))}`"


def as_json(found: Comparison, groups: Sequence[Group]) -> str:
    """Return a comparison as JSON."""
    return json.dumps(_fields(found, groups), indent=1, allow_nan=False)


def _fields(found: Comparison, groups: Sequence[Group]) -> dict[str, Any]:
    return {
        "compared": found.count,
        "changed": counts(groups),
        "pairs": dict(found.pairs),
        "other_bits": found.other_bits,
        "groups": [
            {
                "kind": group.kind,
                "before": " ".join(group.versions[0]),
                "now": " ".join(group.versions[1]),
                "operator": group.operator,
                "where": group.where,
                "exceptions": group.exceptions,
                "known": group.known,
                "smallest": group.smallest.case.id,
                "answers": [
                    {"case": change.case.id, "target": change.target, "before": change.before, "now": change.after}
                    for change in group.changes
                ],
            }
            for group in groups
        ],
        "other_cases": found.other_cases,
        "added": dict(by_target(found.added)),
        "removed": dict(by_target(found.removed)),
        "unanswered": dict(by_target(found.unanswered)),
    }
