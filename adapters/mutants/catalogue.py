"""The catalogue of mutants: YAML files, one for each topic, that list the mutants and describe each of them."""

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
from cases.loading.load import explain
from cases.loading.properties import PROPERTIES
from cases.loading.yaml_document import CaseFileError, read
from cases.model.case import INPUTS, OUTPUTS, Broken, Operator

SHIPPED: Final = Path(__file__).parent / "catalogue"
_HIDDEN: Final = {"operator", "topic", "tier", "rule"}
"""The facts of a case that no implementation knows of a call."""
Condition = Annotated[str, AfterValidator(over(*PROPERTIES.keys() - _HIDDEN))]


def _part(name: str) -> str:
    if name not in PARTS:
        msg = f"there is no part {name!r}; there are: {', '.join(PARTS)}"
        raise ValueError(msg)
    return name


class Accepts(Strict):
    """A rule that an implementation forgets, for every argument or for one argument only."""

    rule: Rule
    argument: str | None = None

    def covers(self, wrong: Broken) -> bool:
        """Tell whether the implementation accepts a call that is wrong in this way."""
        return self.rule == wrong.rule and self.argument in {None, wrong.argument}


class Entry(Strict):
    """A mutant of the catalogue: one slip, tried on each operator in ``of``."""

    name: Name
    about: Sentence = Field(description="The fault, as a sentence about an implementation.")
    of: list[Operator] = Field(min_length=1)
    slip: str | None = Field(None, description="MODULE.FUNCTION of adapters.mutants.")
    arguments: dict[str, Any] = Field(default={}, alias="with")
    accepts: Accepts | None = None
    refuses: Sentence | None = Field(None, description="The message with which it refuses a valid call.")
    only: Condition | None = Field(None, description="The calls that it changes, as an expression over the call.")
    outputs: tuple[str, ...] = Field(
        default=(), description="The outputs that are wrong; by default all that the slip changes."
    )
    part: Annotated[str, AfterValidator(_part)] | None = Field(None, description="The part of an output that is wrong.")
    equivalent: Sentence | None = Field(None, description="The proof that it is no fault.")

    @model_validator(mode="after")
    def _is_one_thing(self) -> Entry:
        said = [name for name in ("slip", "accepts", "refuses") if getattr(self, name) is not None]
        if len(said) != 1:
            msg = f"{self.name} says {' and '.join(said) or 'neither'}; give one of slip, accepts and refuses"
            raise ValueError(msg)
        if self.slip is not None:
            find.check(self.slip, self.arguments)
        elif self.arguments:
            msg = f"{self.name} has no slip to take the arguments under with; remove them"
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
    """A file of the catalogue."""

    about: Sentence
    mutants: list[Entry] = Field(min_length=1)


_FILE: TypeAdapter[Catalogue] = TypeAdapter(Catalogue)


def load(path: Path) -> list[Entry]:
    """Return the mutants of one file.

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
    """Return all mutants of the files in a folder.

    Raises:
        CaseFileError: if a file is wrong, or if an operator has two mutants of one name.
    """
    found = [entry for path in sorted(folder.glob("*.yaml")) for entry in load(path)]
    counts = Counter((operator, entry.name) for entry in found for operator in entry.of)
    if twins := [f"{operator}/{name}" for (operator, name), count in counts.items() if count > 1]:
        msg = f"{folder}: these mutants are there twice: {', '.join(twins)}; rename one"
        raise CaseFileError(msg)
    return tuple(found)


def tried() -> list[tuple[str, Entry]]:
    """Return every shipped mutant as an operator and an entry; mutants of one operator stand together."""
    return [(operator, entry) for operator in INPUTS for entry in entries() if operator in entry.of]
