"""The catalogue of mutants: YAML files, one topic a file, that say which slips there are and what each one is."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator

from adapters.mutants.parts import PARTS
from adapters.mutants.slips import find
from cases.loading.claims import over
from cases.loading.entries import Name, Rule, Sentence, Strict
from cases.loading.facts import FACTS
from cases.loading.load import explain
from cases.loading.yaml_document import CaseFileError, read
from cases.model.case import INPUTS, OUTPUTS, Broken, Operator

SHIPPED: Final = Path(__file__).parent / "catalogue"
_HIDDEN: Final = {"operator", "topic", "tier", "rule"}
"""What a case is, and what no implementation knows of a call."""
Condition = Annotated[str, AfterValidator(over(*FACTS.keys() - _HIDDEN))]


def _part(name: str) -> str:
    if name not in PARTS:
        msg = f"there is no part {name!r}; there are: {', '.join(PARTS)}"
        raise ValueError(msg)
    return name


class Accepts(Strict):
    """A rule that an implementation forgets, perhaps only where a certain argument breaks it."""

    rule: Rule
    argument: str | None = None

    def covers(self, wrong: Broken) -> bool:
        """Whether a call that is wrong in this way is taken."""
        return self.rule == wrong.rule and self.argument in {None, wrong.argument}


class Entry(Strict):
    """A slip, once for each operator that it is tried on."""

    name: Name
    about: Sentence = Field(description="What goes wrong, as a fault of an implementation.")
    of: list[Operator] = Field(min_length=1)
    slip: str | None = Field(None, description="MODULE.FUNCTION of adapters.mutants.")
    arguments: dict[str, Any] = Field(default={}, alias="with")
    accepts: Accepts | None = None
    refuses: Sentence | None = Field(None, description="What it says of a valid call that it refuses.")
    only: Condition | None = Field(None, description="Where it shows, as an expression over the call.")
    outputs: tuple[str, ...] = Field(default=(), description="Which outputs are wrong; all that the slip changes.")
    part: Annotated[str, AfterValidator(_part)] | None = Field(None, description="Which part of an output is wrong.")
    equivalent: Sentence | None = Field(None, description="Why it is no fault: the proof.")

    @model_validator(mode="after")
    def _is_one_thing(self) -> Entry:
        said = [name for name in ("slip", "accepts", "refuses") if getattr(self, name) is not None]
        if len(said) != 1:
            msg = f"{self.name} says {' and '.join(said) or 'neither'}; give one of slip, accepts and refuses"
            raise ValueError(msg)
        if self.slip is not None:
            find.check(self.slip, self.arguments)
        elif self.arguments:
            msg = f"{self.name} has no slip that could take what stands under with; remove it"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _names_outputs(self) -> Entry:
        inputs = ("bias", *(name for operator in self.of for name in INPUTS[operator]))
        known = {
            *(name for operator in self.of for name in OUTPUTS[operator]),
            *(f"{name}_gradient" for name in inputs),
        }
        if wrong := set(self.outputs) - known:
            msg = f"{self.name}: {' and '.join(self.of)} returns no {', '.join(sorted(wrong))}"
            raise ValueError(msg)
        return self


class Catalogue(Strict):
    """A file of mutants."""

    about: Sentence
    mutants: list[Entry] = Field(min_length=1)


_FILE: TypeAdapter[Catalogue] = TypeAdapter(Catalogue)


def load(path: Path) -> list[Entry]:
    """The mutants of one file.

    Raises:
        CaseFileError: if anything in the file is wrong; every fault found is one line of the message.
    """
    document = read(path, "a catalogue of mutants has the keys about and mutants")
    try:
        return _FILE.validate_python(document.data).mutants
    except ValidationError as error:
        raise CaseFileError("\n".join(explain(document, error, _FILE.json_schema))) from None


@functools.cache
def entries(folder: Path = SHIPPED) -> tuple[Entry, ...]:
    """All mutants of a folder's files.

    Raises:
        CaseFileError: if a file is wrong, or one name stands twice for an operator.
    """
    found = [entry for path in sorted(folder.glob("*.yaml")) for entry in load(path)]
    counts = Counter((operator, entry.name) for entry in found for operator in entry.of)
    if twins := [f"{operator}/{name}" for (operator, name), count in counts.items() if count > 1]:
        msg = f"{folder}: mutants that stand there twice: {', '.join(twins)}; rename one"
        raise CaseFileError(msg)
    return tuple(found)


def tried() -> list[tuple[str, Entry]]:
    """Every mutant that is shipped: an operator, and an entry that is tried on it; those of an operator together."""
    return [(operator, entry) for operator in INPUTS for entry in entries() if operator in entry.of]
