"""A CSV file a block at a time is the file: its rows, its line numbers, and what is wrong with it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.sessions import delimited
from analyzer.sessions.delimited import csv_batches, read_csv

HEAD = "viewer_id,title_id,started_at,played_s"
WHOLE = 1 << 24
BLOCKS = (97, 128, 151, 256, 389)  # bytes; their borders fall anywhere in a line
Row = tuple[int, tuple[object, ...], str | None]


def line(number: int, title: str = "film") -> str:
    return f"v{number},{title},2024-01-01 20:00,{number}"


def lines(count: int = 60, **odd: str) -> list[str]:
    """Return the lines of a file, those in `odd` in place of a row, or of many rows: every7="x,y"."""
    rows = [line(number) for number in range(count)]
    for where, text in odd.items():
        step = int(where.removeprefix("every").removeprefix("at"))
        places = range(0, count, step) if where.startswith("every") else [step]
        for place in places:
            rows[place] = text.replace("#", str(place))
    return [HEAD, *rows]


def rows_of(path: Path) -> list[Row]:
    rows = read_csv(path, {})
    reasons = [None] * len(rows.line) if rows.reject is None else rows.reject.to_pylist()
    values = [tuple(row.values()) for row in rows.columns.to_pylist()]
    return sorted(zip(rows.line.to_pylist(), values, reasons, strict=True), key=lambda row: row[0])


def in_blocks(path: Path, size: int) -> list[Row]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_BLOCK_BYTES", size)
        return rows_of(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "views.csv"


FILES = {
    "plain": lines(),
    "lines with too few and too many fields": lines(every7="x,y", every11="a,b,c,d,e"),
    "blank lines": lines(every5="", every9=",,,"),
    "line breaks in quotes": lines(every4='v#,"one\ntwo",2024-01-01 20:00,#'),
    "line breaks in quotes, and bad lines": lines(every4='v#,"1\n2\n\n3",2024-01-01 20:00,#', every6="x,y", every9=""),
    "quotes and separators in quotes": lines(every3='"v#","a, ""b"", c",2024-01-01 20:00,"#"'),
    "nothing but bad lines for many blocks": lines(80, **{f"at{i}": "x,y" for i in range(10, 70)}),
    "bad lines at the end": [*lines(), "x,y", "x", "", "y"],
    "bad lines only": [HEAD, *["x,y"] * 60],
    "a quote that nothing closes, near the end": lines(at57='v57,"film,2024-01-01 20:00,57'),
    "a line of one block": lines(at30=f"v30,{'x' * 60},2024-01-01 20:00,30"),
    "other letters": lines(every3="v#,Amélie – 東京 👩‍👧,2024-01-01 20:00,#"),
    # Their UTF-16 holds the bytes of a quote and of a line break.
    "letters like quotes": lines(every3='v#,"Ģ\nĢ",2024-01-01 20:00,#', every5="v#,Ċ,2024-01-01 20:00,#", every7="x"),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("name", FILES)
def test_a_file_a_block_at_a_time_is_the_file(path: Path, name: str, line_end: str, encoding: str) -> None:
    path.write_bytes((line_end.join(FILES[name]) + line_end).encode(encoding))
    whole = rows_of(path)
    assert len(whole) > 30
    for size in BLOCKS:
        if encoding != "utf-16" or size >= 256:  # two bytes a letter
            assert in_blocks(path, size) == whole


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("name", ["line breaks in quotes, and bad lines", "letters like quotes"])
def test_every_line_is_told_by_its_number(path: Path, name: str, encoding: str) -> None:
    text = "\n".join(FILES[name])
    path.write_bytes(text.encode(encoding))
    by_number = dict(enumerate(text.split("\n"), 1))
    for size in (256, 389, WHOLE):
        rows = in_blocks(path, size)
        assert {by_number[number] for number, _, reason in rows if reason} <= {"x", "x,y"}
        assert all(by_number[number].startswith(f"{values[0]},") for number, values, reason in rows if not reason)


def test_a_file_is_read_in_many_blocks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text("\n".join(FILES["plain"]))
    monkeypatch.setattr(delimited, "_BLOCK_BYTES", 256)
    batches = list(csv_batches(path, {}))
    assert len(batches) > 5
    assert max(batch.columns.num_rows for batch in batches) < 10


def test_no_row_is_lost_where_a_block_ends_in_a_quoted_value(path: Path) -> None:
    """Whatever the size of a block is, some border falls between the quotes."""
    path.write_text("\n".join(FILES["line breaks in quotes"]))
    whole = rows_of(path)
    assert [values[0] for _, values, _ in whole] == [f"v{number}" for number in range(60)]
    for size in range(80, 180):
        assert in_blocks(path, size) == whole, f"blocks of {size} bytes"


def test_a_byte_late_in_the_file_decides_how_all_of_it_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(lines(3_000, at2990="v2990,Amélie,2024-01-01 20:00,2990"))
    path.write_bytes(text.encode("cp1252"))
    whole = rows_of(path)
    assert path.read_bytes().index(b"\xe9") > 65_536
    assert {values[1] for _, values, _ in whole} == {"film", "Amélie"}
    assert in_blocks(path, 1_024) == whole
    monkeypatch.setattr(delimited, "_BLOCK_BYTES", 1_024)
    first = next(csv_batches(path, {}))
    assert first.notes == ("views.csv is not UTF-8; it was read as Windows-1252.",), "before the byte is reached"


def test_a_letter_on_the_border_of_two_blocks_is_a_letter(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(lines(2_000, every1="v#,東京東京東京,2024-01-01 20:00,#"))
    path.write_text(text, encoding="utf-8")
    whole = rows_of(path)
    assert path.stat().st_size > 65_536
    for size in range(1_000, 1_004):
        assert in_blocks(path, size) == whole
    monkeypatch.setattr(delimited, "_BLOCK_BYTES", 1)
    assert delimited._encoding(path) == "utf-8"


def test_a_quote_that_swallows_more_than_a_block_is_told_with_what_to_look_for(path: Path) -> None:
    path.write_text("\n".join(lines(at15='v15,"film,2024-01-01 20:00,15')))
    assert [number for number, _, reason in rows_of(path) if reason] == list(range(17, 62))
    with pytest.raises(InputError, match=r"views.csv cannot be read as CSV.*a quote that nothing closes"):
        in_blocks(path, 128)


_words = st.text(st.sampled_from('ab," \n\r;é京'), max_size=8)
_bad = st.sampled_from(["", "x", "x,y", "a,b,c,d,e", ",,,"])
_records = st.lists(st.one_of(st.tuples(_words, _words), _bad), min_size=5, max_size=30)


def _text(records: list[tuple[str, str] | str], line_end: str) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator=line_end)
    buffer.write(HEAD + line_end)
    for number, record in enumerate(records):
        if isinstance(record, str):
            buffer.write(record + line_end)
        else:
            writer.writerow([f"v{number}{record[0]}", record[1], "2024-01-01 20:00", number])
    return buffer.getvalue()


@settings(max_examples=60)
@given(records=_records, line_end=st.sampled_from(["\n", "\r\n"]), size=st.integers(64, 200))
@example(records=[("", "a\nb")] * 20, line_end="\n", size=100)
def test_whatever_is_written_by_a_csv_writer_is_read_the_same_in_blocks(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, str] | str], line_end: str, size: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "generated.csv"
    path.write_bytes(_text(records, line_end).encode())
    whole = rows_of(path)
    good = [number for number, record in enumerate(records) if not isinstance(record, str)]
    assert [values[3] for _, values, reason in whole if reason is None] == [str(number) for number in good]
    assert in_blocks(path, size) == whole
