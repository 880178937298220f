"""The tutorial's statements as claims: what holds of an answer if the statement holds, as an expression.

Whether one holds is found out from a recorded run by ``reports.claims``. Here is what a file of claims may say, and the
names that its expressions may read, so that a misspelt one is found before any run.
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
from cases.loading.facts import FACTS, facts
from cases.loading.load import CLAIMS, explain
from cases.loading.yaml_document import CaseFileError, Document, read, suggest
from cases.model.case import Case

SHIPPED: Final = Path(__file__).parents[1] / "document" / CLAIMS
ANSWER: Final = ("kind", "passed", "call")
"""What an expression can ask of an answer as a whole."""
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
"""Functions of tensors, each of which is handed by its name: ``shape("output")``."""
FUNCTIONS: Final = (*TENSORS, "agrees", "follows")
NATIVE: Final = "native_indices"
"""What max pooling with indices returns beside its outputs."""


def over(*names: str) -> Callable[[str], str]:
    """A check that a text is an expression over these names."""

    def check(text: str) -> str:
        for name in sorted(expression(text).names.difference(names)):
            msg = f"no fact is called {name!r}{suggest(name, names)}"
            raise ValueError(msg)
        return text

    return check


Condition = Annotated[StrictStr, AfterValidator(over(*FACTS))]
Holds = Annotated[StrictStr, AfterValidator(over(*FACTS, *ANSWER, *FUNCTIONS))]
Globs = Annotated[list[StrictStr], Field(min_length=1)]


class Claim(Strict):
    """A statement of the text that an answer can bear out or refute."""

    name: Name
    statement: Sentence = Field(description="What the text says, in a sentence of our own.")
    at: Sentence = Field(description="Where it stands in the text.")
    cases: Globs = Field(description="Globs over the ids of the cases whose answers decide.")
    where: Condition | None = Field(None, description="Keeps a case if true, as in case files, e.g. padding_is_odd.")
    targets: Globs = Field(default=["*"], description="Globs over the targets that the statement is about.")
    holds: Holds = Field(description="True of an answer that bears the statement out, false of one that refutes it.")
    refuted_by: Sentence = Field(description="What would refute it, for people.")
    conditions: dict[str, Condition] = Field(
        default={}, description="Words -> what a case has to be like: under which condition it may hold."
    )
    instead: Sentence | None = Field(None, description="What is true where the statement isn't.")

    @property
    def expression(self) -> Expression:
        """What has to be true of an answer."""
        return expression(self.holds)

    @property
    def tensors(self) -> tuple[str, ...]:
        """The tensors that it is about, each once."""
        native = (NATIVE,) if "follows" in self.expression.names else ()
        return (*dict.fromkeys(text for function, text in self.expression.handed if function in TENSORS), *native)

    def speaks_of(self, case: Case) -> bool:
        """Whether answers to this case decide. Where ``where`` means nothing, they don't."""
        if not any(fnmatchcase(case.id, glob) for glob in self.cases):
            return False
        return self.where is None or meets(case, self.where) is True

    def concerns(self, target: str) -> bool:
        """Whether the statement is about this target."""
        return any(fnmatchcase(target, glob) for glob in self.targets)


class Undecidable(Strict):
    """A statement of the text that no run can decide, and why."""

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
    """The claims of one file.

    Raises:
        CaseFileError: if anything in the file is wrong; every fault found is one line of the message.
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
            yield document.line(("claims", number, "name"), f"a claim before this one is called {claim.name!r}, too")


def meets(case: Case, text: str) -> bool | None:
    """Whether a condition is true of a case; None if it means nothing there."""
    condition = expression(text)
    try:
        return condition.holds(facts(case, condition.names))
    except ValueError:
        return None


def lost(claims: Claims, cases: Iterable[Case]) -> list[str]:
    """A line for each glob that matches none of the cases, and for each tensor that none of a claim's cases has."""
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
    """JSON Schema of a file of claims."""
    schema = _FILE.json_schema()
    return schema | {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Deconform claims"}
