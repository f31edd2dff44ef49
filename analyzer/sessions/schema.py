"""The session table, declared once.

A column is a kind, a unit, a constraint and a meaning. Validation (`door`), the synthetic population (`synthetic`)
and the reference page are all derived from `SESSIONS`; nothing else in the package repeats a column's type. The event
table is declared in the same way in `playback.schema`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cached_property
from typing import Final

import pyarrow as pa


class Kind(Enum):
    """How a column's values are stored and read."""

    KEY = "key"  # text with many repeats: kept dictionary-encoded
    TEXT = "text"
    INSTANT = "instant"  # a point in time, UTC, microseconds
    NUMBER = "number"
    INTEGER = "integer"
    FLAG = "flag"
    CHOICE = "choice"

    @property
    def arrow_type(self) -> pa.DataType:
        """The Arrow type of an admitted column of this kind."""
        return _ARROW_TYPES[self]


_ARROW_TYPES: Final = {
    Kind.KEY: pa.dictionary(pa.int32(), pa.string()),
    Kind.TEXT: pa.dictionary(pa.int32(), pa.string()),
    Kind.CHOICE: pa.dictionary(pa.int32(), pa.string()),
    Kind.INSTANT: pa.timestamp("us", tz="UTC"),
    Kind.NUMBER: pa.float64(),
    Kind.INTEGER: pa.int32(),
    Kind.FLAG: pa.bool_(),
}

EARLIEST: Final = datetime(2005, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2050, 1, 1, tzinfo=UTC)
# 2005 is before the first streaming services, and device clocks that fell back to 1970, 1980 or 2000 lie before it.
# The upper end is a fixed day, not "now": the same input must give the same answer next year.


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column of the session table.

    Attributes
    ----------
    name, kind, unit : how it is called, stored and measured.
    meaning : one sentence for the reference page.
    required : a source without it is refused.
    minimum, maximum : closed bounds of numbers; a row outside is quarantined.
    choices : the allowed words of a `CHOICE`.
    accessibility : never an input of clustering (promise 4).
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    accessibility: bool = False

    @property
    def allowed(self) -> str:
        """The constraint in words, for errors and docs."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.kind is Kind.INSTANT:
            return f"{EARLIEST:%Y-%m-%d} to {LATEST:%Y-%m-%d} (exclusive)"
        if self.maximum is not None:
            return f"{self.minimum or 0:g} to {self.maximum:g}"
        if self.minimum is not None:
            return f"at least {self.minimum:g}"
        return "true or false" if self.kind is Kind.FLAG else "any"


_DAY_S: Final = 86_400.0

SESSIONS: Final[tuple[Column, ...]] = (
    Column("viewer_id", Kind.KEY, "", "The profile that played, as a pseudonym.", required=True),
    Column("title_id", Kind.KEY, "", "The film, episode or clip that was played.", required=True),
    Column("started_at", Kind.INSTANT, "UTC", "When this stretch of playback began.", required=True),
    Column("played_s", Kind.NUMBER, "s", "How long it played, pauses excluded.", True, 0.0, _DAY_S),
    Column("session_id", Kind.TEXT, "", "The source's own id of the stretch."),
    Column("household_id", Kind.KEY, "", "Viewers who share an account. Absent: each viewer counts alone."),
    Column("series_id", Kind.KEY, "", "The series that an episode belongs to; null for films and clips."),
    Column("title_name", Kind.TEXT, "", "The title as a person would write it."),
    Column("runtime_s", Kind.NUMBER, "s", "Length of the title.", minimum=1.0, maximum=4 * _DAY_S),
    Column("end_position_s", Kind.NUMBER, "s", "Position in the title when the stretch ended.", minimum=0.0),
    Column("unique_s", Kind.NUMBER, "s", "Seconds of content seen at least once.", minimum=0.0),
    Column("content_s", Kind.NUMBER, "s", "Seconds of content played, each as often as it was played.", minimum=0.0),
    Column("passage_passes", Kind.NUMBER, "passes", "Most times that one 10-second stretch was played.", minimum=0.0),
    Column("pauses", Kind.INTEGER, "pauses", "Pauses of a second and more.", minimum=0),
    Column("rewinds", Kind.INTEGER, "rewinds", "Backward seeks; those with nothing played between are one.", minimum=0),
    Column("rewind_s", Kind.NUMBER, "s", "Median distance back of the session's rewinds.", minimum=0.0),
    Column("rewind_gap_s", Kind.NUMBER, "s", "Median time from one rewind to the next.", minimum=0.0),
    Column("rewind_chain", Kind.INTEGER, "rewinds", "Most rewinds in a row into the same passage.", minimum=0),
    Column(
        "forward_skips", Kind.INTEGER, "skips", "Forward seeks; those with nothing played between are one.", minimum=0
    ),
    Column("undirected_seeks", Kind.INTEGER, "seeks", "Seeks of which nobody knows the direction.", minimum=0),
    Column("autoplay", Kind.FLAG, "", "It began without anybody's action; such rows are dropped at the door."),
    Column(
        "content_kind",
        Kind.CHOICE,
        "",
        "What was played; rows other than main content are dropped at the door.",
        choices=("main", "trailer", "preview", "recap", "other"),
    ),
    Column("hidden", Kind.FLAG, "", "The viewer asked not to show it; such rows are dropped at the door."),
    Column("utc_offset_min", Kind.INTEGER, "min", "Local time minus UTC.", minimum=-900, maximum=900),
    Column("country", Kind.KEY, "", "Country of playback, ISO 3166 two letters."),
    Column("device", Kind.KEY, "", "Kind of device, as the source names it."),
    Column("kids_profile", Kind.FLAG, "", "The profile is set up for children."),
    Column("captions", Kind.FLAG, "", "Captions were on.", accessibility=True),
    Column("audio_description", Kind.FLAG, "", "Audio description was on.", accessibility=True),
    Column("playback_rate", Kind.NUMBER, "x", "Speed of playback.", False, 0.05, 16.0, (), True),
    Column(
        "assistive_tech",
        Kind.CHOICE,
        "",
        "Whether the viewer declared assistive technology.",
        choices=("none", "declared", "unknown"),
        accessibility=True,
    ),
)


@dataclass(frozen=True)
class Declared:
    """A declared table.

    Attributes
    ----------
    noun : str
        What one row is called.
    columns : tuple of Column
        In declared order.
    present : tuple of str
        Columns that a source must have, whether or not each row has a value there.
    """

    noun: str
    columns: tuple[Column, ...]
    present: tuple[str, ...]

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.columns}

    @cached_property
    def repeating(self) -> frozenset[str]:
        """Columns whose values repeat, so that they are read as dictionaries."""
        return frozenset(c.name for c in self.columns if c.kind in (Kind.KEY, Kind.CHOICE))

    def arrow_schema(self, names: Iterable[str] | None = None) -> pa.Schema:
        """Return the Arrow schema of checked rows, in declared order, limited to `names` where given."""
        kept = self.columns if names is None else tuple(c for c in self.columns if c.name in set(names))
        return pa.schema([pa.field(c.name, c.kind.arrow_type, nullable=not c.required) for c in kept])


COLUMNS: Final[dict[str, Column]] = {column.name: column for column in SESSIONS}
REQUIRED: Final[tuple[str, ...]] = tuple(column.name for column in SESSIONS if column.required)
ACCESSIBILITY: Final[tuple[str, ...]] = tuple(column.name for column in SESSIONS if column.accessibility)
SESSION_TABLE: Final = Declared("session", SESSIONS, REQUIRED)
NAVIGATION: Final = (
    "unique_s", "content_s", "passage_passes", "pauses", "rewinds", "rewind_s", "rewind_gap_s", "rewind_chain",
    "forward_skips", "undirected_seeks",
)  # fmt: skip
"""What player events tell of a session, and hardly any other source does."""


def arrow_schema(names: Iterable[str] | None = None) -> pa.Schema:
    """Return the Arrow schema of admitted sessions, in declared order, limited to `names` where given."""
    return SESSION_TABLE.arrow_schema(names)
