"""Claims: the statements of the tutorial, each with an expression that an answer makes true or false.

``reports.pages.tutorial`` decides them from a recorded run. This module fixes the keys of a file of claims and the
names that its expressions may read, so that a misspelt name is found before any run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StrictStr, TypeAdapter, ValidationError

from cases.loading.entries import Name, Sentence, Source, Strict
from cases.loading.expressions import Expression, expression
from cases.loading.load import CLAIMS, explain
from cases.loading.properties import PROPERTIES, properties
from cases.loading.yaml_document import CaseFileError, Document, read, suggest
from cases.model.case import Case

SHIPPED: Final = Path(__file__).parents[1] / "document" / CLAIMS
ANSWER: Final = ("kind", "passed", "call")
"""The facts of a whole answer that an expression can read."""
TENSORS: Final = (
    "same",
    "shape",
    "size",
    "zeros",
    "dtype_of",
    "correlation",
    "rotated",
    "transposed",
    "convolution",
)
"""Functions of tensors. A tensor is passed by its name: ``shape("output")``."""
FUNCTIONS: Final = (*TENSORS, "agrees", "follows")
NATIVE: Final = "native_indices"
"""The framework's own indices, which max pooling with indices returns beside its outputs."""


def over(*names: str) -> Callable[[str], str]:
    """Return a check of texts: a text that is no expression over these names raises ValueError."""

    def check(text: str) -> str:
        for name in sorted(expression(text).names.difference(names)):
            msg = f"no property is called {name!r}{suggest(name, names)}"
            raise ValueError(msg)
        return text

    return check


Condition = Annotated[StrictStr, AfterValidator(over(*PROPERTIES))]
Holds = Annotated[StrictStr, AfterValidator(over(*PROPERTIES, *ANSWER, *FUNCTIONS))]
Globs = Annotated[list[StrictStr], Field(min_length=1)]


class Claim(Strict):
    """A statement of the text that answers can confirm or refute."""

    name: Name
    statement: Sentence = Field(description="The statement of the text, in our own words.")
    at: Sentence = Field(description="The place of the statement in the text.")
    cases: Globs = Field(description="Globs over the ids of the cases whose answers decide the claim.")
    where: Condition | None = Field(
        None, description="Keep a case if this is true, as in case files, e.g. padding_is_odd."
    )
    targets: Globs = Field(default=["*"], description="Globs over the targets that the statement is about.")
    holds: Holds = Field(description="True of an answer that confirms the statement, false of one that refutes it.")
    refuted_by: Sentence = Field(description="The answer that would refute the statement, in words.")
    conditions: dict[str, Condition] = Field(
        default={},
        description="A condition in words -> the same as an expression over a case. The statement may hold under it.",
    )
    instead: Sentence | None = Field(None, description="The correct statement, if this one is false.")

    @property
    def expression(self) -> Expression:
        """Return the expression that has to be true of an answer."""
        return expression(self.holds)

    @property
    def tensors(self) -> tuple[str, ...]:
        """Return the names of the tensors that the claim is about, each once."""
        native = (NATIVE,) if "follows" in self.expression.names else ()
        return (*dict.fromkeys(text for function, text in self.expression.handed if function in TENSORS), *native)

    def speaks_of(self, case: Case) -> bool:
        """Tell whether answers to this case decide the claim. A ``where`` that can't be evaluated counts as false."""
        if not any(fnmatchcase(case.id, glob) for glob in self.cases):
            return False
        return self.where is None or meets(case, self.where) is True

    def concerns(self, target: str) -> bool:
        """Tell whether the statement is about this target."""
        return any(fnmatchcase(target, glob) for glob in self.targets)


class Undecidable(Strict):
    """A statement of the text that no run can decide, and the reason."""

    statement: Sentence
    at: Sentence
    reason: Sentence


class Claims(Strict):
    """A file of claims."""

    about: Sentence
    source: Source
    claims: list[Claim] = Field(min_length=1)
    undecidable: list[Undecidable] = Field(default=[])


_FILE: TypeAdapter[Claims] = TypeAdapter(Claims)


def load(path: Path = SHIPPED) -> Claims:
    """Return the claims of one file.

    Raises:
        CaseFileError: if anything in the file is wrong; the message has one line for each fault.
    """
    document = read(path, "a file of claims has the keys about, source, claims and undecidable")
    try:
        claims = _FILE.validate_python(document.data)
    except ValidationError as error:
        raise CaseFileError("\n".join(explain(document, error, json_schema))) from None
    if twins := list(_twins(document, claims)):
        raise CaseFileError("\n".join(twins))
    return claims


def _twins(document: Document, claims: Claims) -> Iterator[str]:
    counts: Counter[str] = Counter()
    for number, claim in enumerate(claims.claims):
        counts[claim.name] += 1
        if counts[claim.name] > 1:
            yield document.line(
                ("claims", number, "name"), f"an earlier claim has the name {claim.name!r}; choose another name"
            )


def meets(case: Case, text: str) -> bool | None:
    """Tell whether a condition is true of a case; None if it can't be evaluated for the case."""
    condition = expression(text)
    try:
        return condition.holds(properties(case, condition.names))
    except ValueError:
        return None


def lost(claims: Claims, cases: Iterable[Case]) -> list[str]:
    """Return a line for each glob that matches no case, and for each tensor that no case of its claim has."""
    found, lines = list(cases), []
    for claim in claims.claims:
        unmatched = [glob for glob in claim.cases if not any(fnmatchcase(case.id, glob) for case in found)]
        lines += [f"{claim.name}: no case matches {glob!r}" for glob in unmatched]
        spoken_of = [case for case in found if claim.speaks_of(case)]
        tensors = {NATIVE}.union(*({*case.inputs, *case.outputs} for case in spoken_of))
        lines += [
            f"{claim.name}: none of its cases has a tensor {name!r}" for name in claim.tensors if name not in tensors
        ]
        lines += [] if spoken_of else [f"{claim.name}: `where` keeps none of its cases"]
    return lines


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file of claims."""
    schema = _FILE.json_schema()
    return schema | {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Deconform claims"}
