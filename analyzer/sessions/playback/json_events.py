"""Player events of JSON files: which format it is, and its records as rows of the event table.

Each record of a file is one row: an event, an event "other" that says nothing about playback, or a row with a reason
why it cannot be read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa

from analyzer.errors import InputError
from analyzer.sessions.playback import segment, snowplow, xapi
from analyzer.sessions.playback.json_fields import UnreadableError
from analyzer.sessions.playback.json_values import JsonValue, json_values
from analyzer.sessions.playback.schema import EVENT_TABLE, Event
from analyzer.sessions.records import RawRows
from analyzer.sessions.schema import Kind


class Format(StrEnum):
    """The JSON formats that are read here."""

    XAPI = "xapi"
    SEGMENT = "segment"
    SNOWPLOW = "snowplow"


PROVIDES: Final[dict[Format, tuple[str, ...]]] = {
    Format.XAPI: xapi.PROVIDES,
    Format.SEGMENT: segment.PROVIDES,
    Format.SNOWPLOW: snowplow.PROVIDES,
}
"""The event columns that each format gives."""

_Record = Mapping[str, object]


@dataclass(frozen=True)
class _Adapter:
    looks_like: Callable[[_Record], bool]
    event_of: Callable[[_Record], dict[str, object]]
    name_of: Callable[[_Record], str | None]


_ADAPTERS: Final = {
    Format.XAPI: _Adapter(xapi.looks_like, xapi.event_of, xapi.name_of),
    Format.SNOWPLOW: _Adapter(snowplow.looks_like, snowplow.event_of, snowplow.name_of),
    Format.SEGMENT: _Adapter(segment.looks_like, segment.event_of, segment.name_of),
}
_HEAD_BYTES: Final = 1 << 20
_READABLE: Final = 50
_LOOKED_AT: Final = 1_000  # records, readable or not: a file of something else is not read to its end
_ARROW: Final = {Kind.NUMBER: pa.float64(), Kind.FLAG: pa.bool_()}  # all else is text, for the door to read
_NAMES: Final = 20
_NAME_CHARS: Final = 60


def recognise(path: Path) -> Format | None:
    """Return the format that most of the first records have; None for other and for unreadable files."""
    try:
        with path.open("rb") as file:
            if b"{" not in file.read(_HEAD_BYTES):
                return None
        looked_at = (v.value for v in islice(json_values(path), _LOOKED_AT) if isinstance(v.value, dict))
        seen = Counter(_format_of(value) for value in islice(looked_at, _READABLE))
    except (OSError, InputError):
        return None
    seen.pop(None, None)
    return max(seen, key=lambda name: seen[name], default=None)


def _format_of(value: _Record) -> Format | None:
    return next((name for name, adapter in _ADAPTERS.items() if adapter.looks_like(value)), None)


def batches(path: Path, format: Format, batch_rows: int = 65_536) -> Iterator[RawRows]:
    """Read the records of a file, some at a time; at least one batch, which may be empty.

    Each batch has the columns `PROVIDES` of the format: numbers, flags and text. Viewers are in plain.

    Raises
    ------
    InputError
        When the file cannot be read.
    """
    batch, named = _Batch(path, format), set[str]()
    empty = True
    for value in json_values(path):
        batch.add(value)
        if len(batch) >= batch_rows:
            yield batch.rows(named)
            batch, empty = _Batch(path, format), False
    if len(batch) or empty:
        yield batch.rows(named)


@dataclass
class _Batch:
    """Rows on their way into columns."""

    path: Path
    format: Format
    columns: dict[str, list[object]] = field(init=False)
    line: list[int] = field(default_factory=list)
    reject: list[str | None] = field(default_factory=list)
    others: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.columns = {name: [] for name in PROVIDES[self.format]}

    def __len__(self) -> int:
        return len(self.line)

    def add(self, value: JsonValue) -> None:
        """Append the row of one record."""
        row, reason = self._read(value)
        for name, column in self.columns.items():
            column.append(row.get(name))
        self.line.append(value.number)
        self.reject.append(reason)

    def _read(self, value: JsonValue) -> tuple[Mapping[str, object], str | None]:
        if value.fault is not None:
            return {}, value.fault
        if not isinstance(value.value, dict):
            return {}, "the record is not an object"
        adapter = _ADAPTERS[self.format]
        try:
            row = adapter.event_of(value.value)
        except UnreadableError as error:
            return {}, str(error)
        if row["event"] == Event.OTHER.word and len(self.others) <= _NAMES:
            name = " ".join((adapter.name_of(value.value) or "").split())
            self.others.add(name[:_NAME_CHARS])
        return row, None

    def rows(self, named: set[str]) -> RawRows:
        """Return the batch; its note names what no batch before it has named, and `named` grows by that."""
        fresh = sorted(self.others - named)[: max(_NAMES - len(named), 0)]
        named.update(fresh)
        kinds = EVENT_TABLE.by_name
        columns = {
            name: pa.array(values, _ARROW.get(kinds[name].kind, pa.string())) for name, values in self.columns.items()
        }
        line, reject = pa.array(self.line, pa.int64()), pa.array(self.reject, pa.string())
        return RawRows(pa.table(columns), str(self.path), line, reject, _note(self.path, fresh))


def _note(path: Path, names: list[str]) -> tuple[str, ...]:
    if not names:
        return ()
    *most, last = (f"'{name}'" for name in names)
    listed = f"{', '.join(most)} and {last} say" if most else f"{last} says"
    return (f"{path.name}: {listed} nothing about playback.",)
