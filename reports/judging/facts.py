"""Facts: what a framework does otherwise than the definition, each with a condition, a reason and a link.

A fact is true of every case that meets its condition, on each of its targets, and of no other case. So a case that
meets the condition and shows something else is a failure: the fact is wrong, or the framework has changed. If several
facts are about a case, one of them has to explain the answer: a framework names one reason for a refusal, not all.

Where something else than the call decides, ``depends_on`` names it, and then the fact need not show in every case.
Where the instructions of the processor decide, the condition reads ``avx512``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from adapters import ADAPTERS
from adapters.engine.launch import Launch
from cases.loading.claims import over
from cases.loading.expressions import Expression, conjuncts, expression, may_hold
from cases.loading.properties import PROPERTIES, calls, properties
from cases.model.case import Case
from reports.judging.compare import Difference
from reports.recording.known_files import KnownError, Specifier, contains, read_written

PLACE: Final = ("mode", "device", "avx512")
"""The properties of a target that a condition can read. ``avx512`` tells whether the processor has AVX512."""
_WRONG: Final = frozenset({"rule", "argument"})
_QUICK: Final = ("operator", "dtype", "integer", "gradients", "axes", "channels_first", "rule", "argument")
_ENDS: Final = ("raises", "accepts", "ends", "differs")
_STEP: Final = re.compile(r"^(\w+): step \w+: ")
"""What stands between the type and the words of an exception that a step of a pipeline raised."""
OF_PACKAGE: Final = "deconform.yaml"
"""The file in a plug-in's package that holds the facts about its targets."""


def _pattern(text: str) -> str:
    try:
        found_in_nothing = re.search(text, "", re.DOTALL)
    except re.error as error:
        msg = f"{text!r} is no regular expression: {error}"
        raise ValueError(msg) from None
    if found_in_nothing:
        msg = f"{text!r} is found in every message; give the exception's type and some words of its message"
        raise ValueError(msg)
    return text


class Fact(BaseModel):
    """One fact. Exactly one of ``raises``, ``accepts``, ``ends`` and ``differs`` says what the targets do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fact: str = Field(min_length=10, description="What the framework does, in one or two sentences.")
    targets: list[str] = Field(min_length=1, description="Globs over targets.")
    versions: Specifier = Field(description="Versions of the framework.")
    where: Annotated[str, AfterValidator(over(*PROPERTIES, *PLACE))] = Field(
        description="True of the calls that the fact is about. Calls that break a rule count only if it reads `rule`."
    )
    raises: Annotated[str, AfterValidator(_pattern)] | None = Field(
        None, description="A regular expression searched for in `Type: message`; a dot matches any character."
    )
    accepts: Literal[True] | None = Field(None, description="A call that breaks a rule is not refused.")
    ends: Literal["crashed", "timed out"] | None = Field(None, description="How the worker ends.")
    differs: Literal["shape", "dtype", "value", "index"] | None = Field(None, description="The kind of the difference.")
    diagnosis: str | None = Field(None, description="Glob that one diagnosis of the difference must match.")
    output: str | None = Field(None, description="The array that differs; all before it are right.")
    depends_on: str | None = Field(None, min_length=4, description="What decides where not only the call does.")
    varies: Annotated[bool, Field(description="True if repeats may return other bits, as unwritten memory.")] = False
    link: str = Field(pattern=r"^(https://\S+|not reported yet|document: .+)$")

    @model_validator(mode="after")
    def _says_one_end(self) -> Self:
        """Demand one end: without any, the fact would accept every answer."""
        said = [name for name in _ENDS if getattr(self, name) is not None]
        if len(said) != 1:
            msg = f"a fact says one of {', '.join(_ENDS)}, not {' and '.join(said) or 'none'}"
            raise ValueError(msg)
        if (self.diagnosis or self.output) and self.differs is None:
            msg = "only a fact that differs has a diagnosis or an output"
            raise ValueError(msg)
        if self.accepts and not self.condition.names & _WRONG:
            msg = "a fact about what is accepted reads `rule` or `argument`"
            raise ValueError(msg)
        if self.differs == "value" and self.depends_on and not (self.diagnosis or self.output or self.varies):
            msg = "a fact that need not show says by diagnosis or output what differs; else it would accept any values"
            raise ValueError(msg)
        return self

    @property
    def condition(self) -> Expression:
        """Return the condition."""
        return expression(self.where)

    @property
    def reads_processor(self) -> bool:
        """Tell whether the processor's instructions decide where the fact holds."""
        return "avx512" in self.condition.names

    @property
    def is_strict(self) -> bool:
        """Tell whether every case that meets the condition has to show the fact."""
        return self.depends_on is None

    def concerns(self, target: str) -> bool:
        """Tell whether the fact is about a target."""
        return any(fnmatchcase(target, glob) for glob in self.targets)

    def names(self, target: str) -> bool:
        """Tell whether the fact is about a target by the name of its mode."""
        mode = target.split("-")[1]
        return any(fnmatchcase(target, glob) and f"-{mode}-" in glob for glob in self.targets)

    def may_concern(self, known: Iterable[Mapping[str, Any]]) -> bool:
        """Tell whether the condition can be true of one of several calls of which some properties are known."""
        return any(may_hold(self.condition, properties) for properties in known)

    def holds_in(self, version: str) -> bool:
        """Tell whether the fact is known of a version."""
        return contains(self.versions, version)

    def steps(self, case: Case, place: Mapping[str, Any]) -> frozenset[str]:
        """Return the names of a pipeline's steps that meet the condition; one call has the empty name.

        ``place`` holds the properties of the target by name. A condition that can't be evaluated is not met.
        """
        found = calls(case).items() if case.behaviour is None else ()
        return frozenset(name for name, call in found if self._is_about(call, place))

    def _is_about(self, call: Case, place: Mapping[str, Any]) -> bool:
        if call.invalid is not None and not self.condition.names & _WRONG:
            return False
        try:  # part by part: most conditions end at their first ones, and properties take time
            return all(part.holds(_read(part, call, place)) for part in conjuncts(self.condition))
        except ValueError:
            return False

    def explains(self, status: str, difference: Difference | None, diagnosis: str | None) -> bool:
        """Tell whether the fact explains an answer with this status, this difference and this diagnosis."""
        if difference is None:
            return False
        if self.raises is not None:
            message = _STEP.sub(r"\1: ", difference.summary.removeprefix("raised "))
            return status == "raised" and re.search(self.raises, message, re.DOTALL) is not None
        if self.ends is not None:
            return status == self.ends
        if self.accepts:
            return status == "differing" and difference.kind == "outcome"
        is_it = difference.kind == self.differs and self.output in {None, difference.output}
        return status == "differing" and is_it and self._is_of(diagnosis or "")

    def _is_of(self, diagnosis: str) -> bool:
        return self.diagnosis is None or any(fnmatchcase(name, self.diagnosis) for name in diagnosis.split(" or "))


def _read(part: Expression, call: Case, place: Mapping[str, Any]) -> dict[str, Any]:
    return properties(call, part.names) | {name: place[name] for name in part.names & place.keys()}


def quick(case: Case) -> list[dict[str, Any]]:
    """Return the properties of each call of a case that most conditions read and that take no time."""
    return [_quick(call) for call in calls(case).values()]


def _quick(call: Case) -> dict[str, Any]:
    try:
        return properties(call, _QUICK)
    except ValueError:  # a wrong call may have no axes
        return {"operator": call.operator}


def load(folder: Path) -> dict[str, list[Fact]]:
    """Return the facts by adapter name, from the files ``<adapter>.yaml`` of a folder.

    Raises:
        KnownError: if a file is invalid.
    """
    return {path.stem: load_file(path) for path in sorted(folder.glob("*.yaml"))}


_FACTS: TypeAdapter[list[Fact]] = TypeAdapter(list[Fact])


def load_file(path: Path) -> list[Fact]:
    """Return the facts of one file.

    Raises:
        KnownError: if the file is invalid.
    """
    return read_written(path, _FACTS, [], "fact")


def of_packages(launches: Iterable[Launch]) -> list[Fact]:
    """Return the facts that the packages of plug-ins hold about their own targets.

    Raises:
        KnownError: if a file is invalid, or has a fact about targets of the suite's own adapters.
    """
    folders = dict.fromkeys(launch.package for launch in launches if launch.locator not in ADAPTERS.values())
    files = [folder / OF_PACKAGE for folder in folders if folder and (folder / OF_PACKAGE).is_file()]
    return list(itertools.chain.from_iterable(map(_of_package, files)))


def _of_package(path: Path) -> Iterator[Fact]:
    for number, fact in enumerate(load_file(path)):
        for glob in fact.targets:
            if ours := [name for name in ADAPTERS if fnmatchcase(f"{name}-", f"{glob.partition('-')[0]}-")]:
                msg = (
                    f"{path}: fact {number}.targets: {glob!r} also means {ours[0]}; the facts of a package are about "
                    "its own adapter: give its name and a hyphen, such as 'mine-*'"
                )
                raise KnownError(msg)
        yield fact
