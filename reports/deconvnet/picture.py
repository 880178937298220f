"""All rows as one picture for a paper or a slide. Panels lie on whole pixels, so no panel is resampled."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from reports.deconvnet.panels import SIDE, Panel, Row

_DPI: Final = 100
_GAP: Final = 16
_HEAD: Final = 30
"""The pixels for a row's title, above the titles of its panels."""
_TITLE: Final = 18
_FOOT: Final = 44
_LETTERS: Final = 38
"""The letters of a line that fit below a panel."""
_LINES: Final = 12
"""The lines of text that fit into a panel."""
_INK: Final = "#1b1f24"
_EMPTY: Final = 236


def draw(rows: list[Row], path: Path) -> None:
    """Write the rows as a PNG file, one below the other."""
    columns = max(len(row.panels) for row in rows)
    height = _GAP + len(rows) * (_HEAD + _TITLE + SIDE + _FOOT)
    width = _GAP + columns * (SIDE + _GAP)
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor="white")
    for number, row in enumerate(rows):
        top = _GAP + number * (_HEAD + _TITLE + SIDE + _FOOT)
        _write(figure, (_GAP, top), row.title, 11)
        for place, panel in enumerate(row.panels):
            _place(figure, panel, _GAP + place * (SIDE + _GAP), top + _HEAD)
    figure.savefig(path, dpi=_DPI)


def _place(figure: Figure, panel: Panel, left: int, top: int) -> None:
    _write(figure, (left, top), panel.title, 8)
    picture = np.full((SIDE, SIDE, 3), _EMPTY, np.uint8) if panel.pixels is None else panel.pixels
    height = round(figure.get_figheight() * _DPI)
    figure.figimage(picture, xo=left, yo=height - top - _TITLE - picture.shape[0], origin="upper")
    _write(figure, (left, top + _TITLE + SIDE + 5), textwrap.fill(panel.caption, _LETTERS), 7.5)
    words = textwrap.wrap(panel.text, _LETTERS - 4, max_lines=_LINES, placeholder=" ...")
    _write(figure, (left + 10, top + _TITLE + 12), "\n".join(words), 7.5)


def _write(figure: Figure, at: tuple[int, int], text: str, size: float) -> None:
    """Write a text below and to the right of a point. Dollar signs in a framework's message start no formula."""
    width, height = figure.get_figwidth() * _DPI, figure.get_figheight() * _DPI
    place = at[0] / width, 1 - at[1] / height
    figure.text(*place, text, fontsize=size, color=_INK, va="top", ha="left", parse_math=False)
