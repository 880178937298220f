"""A file of lines says of each line where it stands, also behind what a run left that was cut short."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.recording.lines import Lines


@pytest.mark.parametrize("left", [b"", b'{"half', b"x" * 20_000])
def test_a_line_behind_the_part_of_another_is_read_again_where_it_stands(tmp_path: Path, left: bytes) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(b'{"number":0}\n' + left)
    lines = Lines(path)
    places = {line["number"]: offset for line, offset in lines.whole()}
    places |= {number: lines.append({"number": number}) for number in (1, 2)}
    assert {number: lines.at(offset) for number, offset in places.items()} == {
        number: {"number": number} for number in (0, 1, 2)
    }
    lines.close()
    assert path.read_bytes().count(b"\n") == 3
