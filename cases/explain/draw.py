"""Pictures as lines of styled text: the character and the colour of a cell both show its kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

import numpy as np
from rich.text import Text

from cases.explain.numbers import number
from cases.explain.parts import Kind, Picture

_GAP: Final = 3
_ROWS, _COLUMNS, _SLICES = 16, 24, 6
"""The number of rows, columns and slices that are drawn; of a longer axis the first and the last ones."""
_LABEL: Final = 6
"""The number of characters reserved for the index of a row."""
CUT: Final = "…"
CHOSEN: Final = "*"
SIGNS: Final[dict[int, str]] = {Kind.ZERO: "·", Kind.PADDING: "□", Kind.BEYOND: "○"}
_SIGNS: Final = {CUT, *SIGNS.values()}
RULE: Final = "│"
STYLES: Final[dict[int, str]] = {
    Kind.ELEMENT: "#0a3069 on #b6daff",
    Kind.TAP: "#3e1f79 on #e2d4ff",
    Kind.RESULT: "#04440f on #b4efc0",
    Kind.INDEX: "#3e1f79 on #e2d4ff",
    Kind.COUNT: "#3e1f79 on #e2d4ff",
    Kind.ZERO: "#4c545d on #e4e8ec",
    Kind.PADDING: "#7a5c00 on #fff1c2",
    Kind.BEYOND: "#7a2e00 on #f6e3d7",
}
WINDOW: Final[dict[int, str]] = {
    Kind.ELEMENT: "bold #5c1500 on #ffb586",
    Kind.ZERO: "#5c1500 on #ffdcc4",
    Kind.PADDING: "#5c1500 on #ffe9d6",
    Kind.BEYOND: "#5c1500 on #f3d3c0",
}
BEST: Final = "bold #ffffff on #1f5fc4"
"""The style of a chosen element."""
_FAINT: Final = "italic"

_Line = list[tuple[str, str]]
"""The characters of a line in runs, each run with its style."""
_Lines = list[_Line]
_Places = list[int | None]
"""The places of an axis that are drawn; None stands for the places left out between them."""


def flow(pictures: Iterable[Picture], width: int) -> list[Text]:
    """Lay pictures beside each other; a picture that does not fit begins a new row."""
    return [Text.assemble(*line) for line in _beside([_block(picture, width) for picture in pictures], width)]


def kept(count: int, most: int) -> _Places:
    """Return the places of an axis that are drawn: all, or the first and the last ones."""
    if count <= most:
        return list(range(count))
    first = most // 2
    return [*range(first), None, *range(count - (most - first - 1), count)]


def _beside(blocks: list[_Lines], width: int) -> _Lines:
    lines: _Lines = []
    row: list[_Lines] = []
    for block in blocks:
        if row and sum(map(_width, row)) + _GAP * len(row) + _width(block) > width:
            lines += [*_joined(row), []]
            row = []
        row.append(block)
    return lines + _joined(row)


def _joined(row: list[_Lines]) -> _Lines:
    *others, last = row or [[]]
    widths = [_width(block) + _GAP for block in others] + [_width(last)]
    return [
        [run for block, width in zip(row, widths, strict=False) for run in _padded(block, number_, width)]
        for number_ in range(max(map(len, row), default=0))
    ]


def _padded(block: _Lines, number_: int, width: int) -> _Line:
    line = block[number_] if number_ < len(block) else []
    return [*line, (" " * (width - _length(line)), "")]


def _width(block: _Lines) -> int:
    return max(map(_length, block), default=0)


def _length(line: _Line) -> int:
    return sum(len(text) for text, _ in line)


def _block(picture: Picture, width: int) -> _Lines:
    """Draw one picture with its title; a picture of three axes as its slices, below the title."""
    if picture.numbers.size == 0:
        return [[(picture.title, _FAINT)], [("(no element)", "")]]
    deep = picture.numbers.ndim > 2  # noqa: PLR2004 - rows and columns
    lines = _beside(_slices(picture, width), width) if deep else _grid(_sheet(picture, width))
    cut = ", cut" if any(CUT in text for line in lines for text, _ in line) else ""
    return [[(f"{picture.title}{cut}", _FAINT)], *lines]


def _slices(picture: Picture, width: int) -> list[_Lines]:
    """Draw the slices of a picture of three axes, with cells of one size."""
    places = kept(len(picture.numbers), _SLICES)
    slices = {place: _slice(picture, place) for place in places if place is not None}
    size = max(_sheet(one, width).size for one in slices.values())
    sheets = {place: _grid(_sheet(one, width, size)) for place, one in slices.items()}
    return [[[(CUT, "")]] if place is None else [_named(picture, place), *sheets[place]] for place in places]


def _named(picture: Picture, place: int) -> _Line:
    return [(f"slice {place + (picture.origin[0] if picture.origin else 0)}", _FAINT)]


def _slice(picture: Picture, place: int) -> Picture:
    return replace(
        picture,
        numbers=picture.numbers[place],
        kinds=picture.kinds[place],
        window=None if picture.window is None else picture.window[place],
        chosen=None if picture.chosen is None else picture.chosen[place],
        origin=None if picture.origin is None else picture.origin[1:],
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sheet:
    """The rows and columns of a picture that are drawn, and the text of each cell of these rows.

    ``single`` tells whether the picture has one axis; ``size`` is the width of a cell in characters.
    """

    picture: Picture
    single: bool
    rows: _Places
    columns: _Places
    texts: dict[int, list[str]]
    size: int

    @property
    def origin(self) -> tuple[int, ...] | None:
        """Return the index of the first row and column, for labels. A picture that is cut always has labels."""
        return self.picture.origin or ((0, 0) if None in self.rows or None in self.columns else None)


def _sheet(given: Picture, width: int, least: int = 0) -> _Sheet:
    picture = _as_rows(given)
    height, length = picture.numbers.shape
    rows = kept(height, _ROWS)
    texts = {row: _texts(picture, row) for row in rows if row is not None}
    size = max(least, _label(picture), *(len(text) for line in texts.values() for text in line))
    columns = kept(length, min(_COLUMNS, (width - _LABEL) // (size + 1)))
    return _Sheet(picture=picture, single=given.numbers.ndim == 1, rows=rows, columns=columns, texts=texts, size=size)


def _label(picture: Picture) -> int:
    """Return the width of the longest index above a column; 0 for a picture that is drawn whole and has no origin."""
    height, length = picture.numbers.shape
    if picture.origin is None and height <= _ROWS and length <= _COLUMNS:
        return 0
    first = picture.origin[1] if picture.origin else 0
    return max(len(str(first)), len(str(first + length - 1)))


def _texts(picture: Picture, row: int) -> list[str]:
    kinds, numbers = picture.kinds[row].tolist(), picture.numbers[row].tolist()
    texts = [SIGNS.get(kind) or number(value) for kind, value in zip(kinds, numbers, strict=True)]
    if picture.chosen is None:
        return texts
    return [f"{CHOSEN if chosen else ''}{text}" for chosen, text in zip(picture.chosen[row], texts, strict=True)]


def _grid(sheet: _Sheet) -> _Lines:
    """Draw the rows of a picture of one or two axes, with labels if it has an origin."""
    lines = [_row(sheet, row) for row in sheet.rows]
    if sheet.origin is None:
        return lines
    down, across = sheet.origin
    head = "".join(f" {CUT if column is None else column + across:>{sheet.size}}" for column in sheet.columns)
    if sheet.single:
        return [[(head, _FAINT)], *lines]
    names = [CUT if row is None else str(row + down) for row in sheet.rows]
    wide = max(map(len, names))
    rows = [[(f"{name:>{wide}}{RULE}", _FAINT), *line] for name, line in zip(names, lines, strict=True)]
    return [[(f"{'':{wide + 1}}{head}", _FAINT)], *rows]


def _as_rows(picture: Picture) -> Picture:
    """Return a picture of one axis as a picture of one row; any other picture stays as it is."""
    if picture.numbers.ndim > 1:
        return picture
    return replace(
        picture,
        numbers=picture.numbers[np.newaxis],
        kinds=picture.kinds[np.newaxis],
        window=None if picture.window is None else picture.window[np.newaxis],
        chosen=None if picture.chosen is None else picture.chosen[np.newaxis],
        origin=None if picture.origin is None else (0, *picture.origin),
    )


def _row(sheet: _Sheet, row: int | None) -> _Line:
    """Draw a row of cells. A character before, between and behind the cells leaves room for the window's brackets."""
    runs: _Line = []
    window = sheet.picture.window
    was_in, style = False, ""
    for column in sheet.columns:
        place = None if row is None or column is None else (row, column)
        is_in = place is not None and window is not None and bool(window[place])
        before, style = style, _style(sheet.picture, place, is_in=is_in) if place else ""
        runs.append(_between(before, style, was_in=was_in, is_in=is_in))
        text = CUT if row is None or column is None else sheet.texts[row][column]
        runs.append((_aligned(text, sheet.size), style))
        was_in = is_in
    runs.append(("]" if was_in else " ", style))
    groups = groupby(runs, key=lambda run: run[1])
    return [("".join(text for text, _ in group), style) for style, group in groups]


def _between(before: str, style: str, *, was_in: bool, is_in: bool) -> tuple[str, str]:
    """Return the character between two cells and its style: a bracket where the window begins or ends."""
    if is_in and not was_in:
        return "[", style
    if was_in and not is_in:
        return "]", before
    return " ", style


def _aligned(text: str, size: int) -> str:
    """Align a text in its cell: a number to the right, a sign in the middle."""
    return f"{text}{' ' * ((size - 1) // 2)}".rjust(size) if text in _SIGNS else text.rjust(size)


def _style(picture: Picture, place: tuple[int, int], *, is_in: bool) -> str:
    if picture.chosen is not None and picture.chosen[place]:
        return BEST
    kind = int(picture.kinds[place])
    return WINDOW.get(kind, STYLES[kind]) if is_in else STYLES[kind]
