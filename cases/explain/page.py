"""An explanation as a page: lines of a given width, for a terminal, for a pipe, or as SVG."""

from __future__ import annotations

import hashlib
import io
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TextIO

import numpy as np
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from cases.explain.draw import BEST, CHOSEN, CUT, RULE, SIGNS, STYLES, WINDOW, flow
from cases.explain.numbers import is_shortened
from cases.explain.parts import Explanation, Kind, Picture, Step

WIDTH: Final = 100
_NARROWEST: Final = 60
"""The number of columns of the page on a terminal that has fewer."""
_INDENT: Final = "   "
_NAMES: Final = {
    Kind.ELEMENT: ("1", "element"),
    Kind.TAP: ("1", "tap of the filter"),
    Kind.RESULT: ("1", "result"),
    Kind.INDEX: ("1", "index"),
    Kind.COUNT: ("1", "count"),
    Kind.ZERO: (SIGNS[Kind.ZERO], "zero, no element"),
    Kind.PADDING: (SIGNS[Kind.PADDING], "padding, no element"),
    Kind.BEYOND: (SIGNS[Kind.BEYOND], "beyond the padding, no element"),
}
_ASCII: Final = str.maketrans(
    {SIGNS[Kind.ZERO]: ".", SIGNS[Kind.PADDING]: "#", SIGNS[Kind.BEYOND]: "x", CUT: "~", RULE: "|"}
)
"""The signs in ASCII, for a stream whose encoding lacks them."""
_CUT: Final = f"Large arrays are cut: {CUT} stands for what lies between their first lines and their last."
_SHORTENED: Final = "Numbers that are not whole are written with four digits, and computed with all."
_LIGHT: Final = TerminalTheme((255, 255, 255), (31, 35, 40), [(0, 0, 0)] * 8)
_SVG: Final = """\
<svg class="{unique_id}" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font: {char_height}px/{line_height}px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
<rect x="1" y="1" width="99.8%" height="99.8%" rx="8" fill="#ffffff" stroke="#d0d7de"/>
<g transform="translate({terminal_x}, 20)" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def show(explanation: Explanation, stream: TextIO) -> None:
    """Print a page, in colour on a terminal and as plain text elsewhere."""
    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    page = lines(explanation, max(_NARROWEST, min(console.width, WIDTH)) if console.is_terminal else WIDTH)
    text = "\n".join(line.plain.rstrip() for line in page)
    if not _carries(stream, text):
        print(text.translate(_ASCII), file=stream)
    elif console.is_terminal:
        for line in page:
            console.print(line, no_wrap=True, overflow="ignore", crop=False)
    else:
        print(text, file=stream)


def _carries(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def write_svg(explanation: Explanation, path: Path) -> None:
    """Write a page as SVG that refers to nothing outside itself.

    Raises:
        OSError: if the file can't be written.
    """
    path.write_text(svg(explanation), encoding="utf-8")


def svg(explanation: Explanation) -> str:
    """Return a page as SVG, on a light background, as wide as its longest line."""
    page = lines(explanation, WIDTH)
    width = max(line.cell_len for line in page) + 1
    console = Console(
        file=io.StringIO(), width=width, record=True, force_terminal=True, color_system="truecolor", _environ={}
    )
    for line in page:
        console.print(line, no_wrap=True, overflow="ignore", crop=False, highlight=False, emoji=False)
    # A name of its own lets several pictures stand on one HTML page.
    name = f"case-{hashlib.sha256(explanation.title.encode()).hexdigest()[:8]}"
    text = console.export_svg(title="", theme=_LIGHT, code_format=_SVG, unique_id=name)
    return text.replace("><text", ">\n<text").replace("><rect", ">\n<rect")


def lines(explanation: Explanation, width: int) -> list[Text]:
    """Return all lines of the page, none wider than ``width`` columns."""
    page = _paragraph(explanation.title, width, style="bold")
    for fact in explanation.facts:
        page += _paragraph(fact, width)
    steps: list[Text] = []
    for number, step in enumerate(explanation.steps, 1):
        steps += [Text(), Text(f"{number}. {step.heading}", style="bold"), *_step(step, width - len(_INDENT))]
    pictures = [picture for step in explanation.steps for picture in step.pictures]
    cut = [_CUT] if any(CUT in line.plain for line in steps) else []
    legend = _legend(pictures, width) + [line for text in cut for line in _paragraph(text, width)]
    return [*page, *([Text()] if legend else []), *legend, *steps]


def _step(step: Step, width: int) -> Iterator[Text]:
    pictures = flow(step.pictures, width)
    parts = [
        *(line for text in step.text for line in _paragraph(text, width)),
        *([Text()] if pictures and step.text else []),
        *pictures,
        *([Text()] if step.sums and pictures else []),
        *(line for text in step.sums for line in _paragraph(text, width)),
    ]
    return (Text(_INDENT) + part if part.cell_len else part for part in parts)


def _paragraph(text: str, width: int, style: str = "") -> list[Text]:
    """Wrap a text into lines; a term with no-break spaces stays on one line."""
    indent = " " * (len(text) - len(text.lstrip(" ")) + 2)
    wrapped = textwrap.wrap(text, width, subsequent_indent=indent, break_on_hyphens=False)
    return [Text(line.replace("\N{NO-BREAK SPACE}", " "), style=style) for line in wrapped]


def _legend(pictures: list[Picture], width: int) -> list[Text]:
    """Return the legend: the signs that occur, each with its colour, and a note if numbers are shortened."""
    kinds = sorted({Kind(kind) for picture in pictures for kind in np.unique(picture.kinds).tolist()})
    parts = [Text.assemble((f" {_NAMES[kind][0]} ", STYLES[kind]), f" {_NAMES[kind][1]}") for kind in kinds]
    if any(picture.window is not None for picture in pictures):
        parts.append(Text.assemble(("[1]", WINDOW[Kind.ELEMENT]), " in the window"))
    if any(picture.chosen is not None for picture in pictures):
        parts.append(Text.assemble((f"{CHOSEN}1 ", BEST), " chosen"))
    shortened = any(is_shortened(value) for picture in pictures for value in np.unique(picture.numbers).tolist())
    return _filled(parts, width) + (_paragraph(_SHORTENED, width) if shortened else [])


def _filled(parts: Iterable[Text], width: int) -> list[Text]:
    """Lay parts beside each other, in as many lines as they need."""
    found: list[Text] = []
    for part in parts:
        if found and found[-1].cell_len + len(_INDENT) + part.cell_len <= width:
            found[-1] += Text(_INDENT) + part
        else:
            found.append(part)
    return found
