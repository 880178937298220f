"""Reading the files of ``reports/known``, and the versions that an entry is about."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import AfterValidator, TypeAdapter, ValidationError

from cases.loading.load import explain
from cases.loading.yaml_document import CaseFileError, EmptyFileError
from cases.loading.yaml_document import read as parse

_Shape = TypeVar("_Shape")


def _specifier(text: str) -> str:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        msg = f"{text!r} is no version specifier such as '>=2.13,<2.14'"
        raise ValueError(msg) from None
    return text


Specifier = Annotated[str, AfterValidator(_specifier)]


@functools.cache
def contains(specifier: str, version: str) -> bool:
    """Tell whether a version satisfies a specifier. Pre-releases count too."""
    return SpecifierSet(specifier).contains(version, prereleases=True)


class KnownError(Exception):
    """A file of ``reports/known`` that can't be used. The message has a line for each fault."""


def read_written(path: Path, shape: TypeAdapter[_Shape], empty: object, part: str) -> _Shape:
    """Read a YAML file that people write, and check that it has this ``shape``. An empty file counts as ``empty``.

    Raises:
        KnownError: if the file is invalid, or gives a key twice. Each fault has a line ``file:line:column: what``.
    """
    try:
        document = parse(path, wants=f"it needs at least one {part}")
        return shape.validate_python(document.data)
    except EmptyFileError:
        return shape.validate_python(empty)
    except CaseFileError as error:
        raise KnownError(str(error)) from None
    except ValidationError as error:
        raise KnownError("\n".join(explain(document, error, shape.json_schema))) from None


def read(path: Path, shape: TypeAdapter[_Shape], empty: object) -> _Shape:
    """Read a YAML file that a command wrote, and check that it has this ``shape``. An empty file counts as ``empty``.

    Raises:
        KnownError: if the file is invalid.
    """
    try:
        return shape.validate_python(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader) or empty)
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read as UTF-8 text: {error}"
        raise KnownError(msg) from None
    except yaml.YAMLError as error:
        msg = f"{path}: not YAML: {' '.join(str(error).split())}"
        raise KnownError(msg) from None
    except ValidationError as error:
        lines = (f"{path}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise KnownError("\n".join(lines)) from None
