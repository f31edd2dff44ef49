"""From checked events to sessions, each with its fate, and from the sessions' fates back to the events'.

Nothing is lost between the two: an event shares the fate of its session, so that events read = used + dropped +
quarantined holds in events, whatever becomes of the sessions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from joblib import Parallel, delayed

from analyzer.grouping.arrays import Bools, Floats, Ints
from analyzer.grouping.segments import Segments
from analyzer.sessions.door import Checked, DoorRules, Fates, Summary, check, fate_of, tally_of
from analyzer.sessions.playback.belonging import Belonging, belonging_of, blocks_of, order_of
from analyzer.sessions.playback.columns import EventColumns
from analyzer.sessions.playback.described import described
from analyzer.sessions.playback.rows import ADS_S, FIRST_MS, measured
from analyzer.sessions.playback.timeline import timeline_of
from analyzer.sessions.records import QUARANTINE_SCHEMA, RawRows
from analyzer.sessions.schema import COLUMNS, Kind
from analyzer.sessions.tally import DropReason

BLOCK_EVENTS: Final = 1 << 17
"""Events worked on at a time: their arrays stay in the processor's cache."""
SOURCE: Final = "source"
LINE: Final = "line"
_DAY_S: Final = 86_400.0


@dataclass(frozen=True)
class EventSessions:
    """The sessions of some events.

    Attributes
    ----------
    checked : Checked
        One row a session, typed by `schema.SESSIONS`, with its fate.
    sessions : Segments
        Events of each session, those that repeat another one included.
    row : ndarray of int64
        Where each of those events stands in the table.
    repeated : ndarray of bool
        Which of those events repeat another one.
    events : pyarrow.Table
        The events, at least with the columns `line` and `source` (a number in `sources`).
    sources : tuple of str
    """

    checked: Checked
    sessions: Segments
    row: Ints
    repeated: Bools
    events: pa.Table
    sources: tuple[str, ...]

    def source_of(self) -> Ints:
        """Return the number of the source that each session's first event comes from."""
        numbers: Ints = self.events[SOURCE].to_numpy()[self.row[self.sessions.first]]
        return numbers

    def lacks_only_what_a_row_tells(self) -> Bools:
        """Return the sessions that cannot be read only because no event says which title, or when it began."""
        quarantine = self.checked.summary.quarantine
        lacking = pc.is_in(
            quarantine["reason"], pa.array([f"{name} is missing" for name in ("title_id", "started_at")])
        )
        answer = np.zeros(len(self.sessions), dtype=bool)
        answer[quarantine["line"].to_numpy().astype(np.int64)[lacking.to_numpy()]] = True
        played = self.checked.table["played_s"].to_numpy()
        return np.asarray(answer & (played <= _DAY_S))

    def told(self, fate: Fates) -> Iterator[Summary]:
        """Yield what became of the events of each source, given the fate of each session."""
        events = np.zeros(len(self.events), dtype=np.int8)
        events[self.row] = np.where(self.repeated, fate_of(DropReason.DUPLICATE), self.sessions.spread(fate))
        source = self.events[SOURCE].to_numpy()
        reasons = self._reasons(fate)
        for number, name in enumerate(self.sources):
            mine = source == number
            if mine.any():
                yield Summary(name, tally_of(events[mine]), _of_source(reasons, name), {}, (), True)

    def _reasons(self, fate: Fates) -> pa.Table:
        """Return file, line and reason of each event of a session that stays quarantined."""
        quarantine = self.checked.summary.quarantine
        number = np.full(len(self.sessions), -1)
        number[quarantine["line"].to_numpy().astype(np.int64)] = np.arange(len(quarantine))
        reason_of = np.where(self.repeated, -1, self.sessions.spread(np.where(fate < 0, number, -1)))
        rows = pa.array(self.row[reason_of >= 0])
        file = pa.array(self.sources, pa.string()).take(self.events[SOURCE].combine_chunks().take(rows))
        line = self.events[LINE].combine_chunks().take(rows).cast(pa.int64())
        reason = quarantine["reason"].combine_chunks().take(pa.array(reason_of[reason_of >= 0]))
        return pa.table([file, line, reason], schema=QUARANTINE_SCHEMA)


def _of_source(reasons: pa.Table, name: str) -> pa.Table:
    return reasons.filter(pc.equal(reasons["file"], name))


def sessions_of(
    events: pa.Table, sources: Sequence[str], rules: DoorRules, *, workers: int = 1, block_events: int = BLOCK_EVENTS
) -> EventSessions:
    """Return the sessions that events tell of.

    Parameters
    ----------
    events : pyarrow.Table
        Checked events that are about playback, typed by `schema.EVENTS`, all of those of each viewer; with `line` and
        `source`. In any order.
    sources : sequence of str
        Names of the sources.
    rules : DoorRules
        What sessions are to learn from.
    workers : int
        Threads; they share the arrays.
    block_events : int
        About how many events are worked on at a time; never a matter of the result.
    """
    columns = EventColumns.of(events)
    order = order_of(columns)
    blocks = blocks_of(columns, order, block_events)
    parallel = Parallel(n_jobs=workers, require="sharedmem")
    found: list[_Block] = parallel(delayed(_measured)(columns, order[begin:end]) for begin, end in blocks)
    found = found or [_measured(columns, order)]
    belonging = Belonging(
        np.concatenate([part.belonging.rows for part in found]),
        np.concatenate([part.belonging.repeated for part in found]),
        *(_side_by_side([getattr(part.belonging, level) for part in found]) for level in ("ids", "titles", "sessions")),
    )
    measures = {name: np.concatenate([part.measures[name] for part in found]) for name in found[0].measures}
    table = _table(events, belonging, measures, workers)
    rows = RawRows(table, "events", pa.array(np.arange(len(belonging.sessions))))
    checked = check(rows, rules)
    return EventSessions(checked, belonging.sessions, belonging.rows, belonging.repeated, events, tuple(sources))


def _side_by_side(parts: list[Segments]) -> Segments:
    return Segments.of_sizes(np.concatenate([part.sizes for part in parts]))


@dataclass(frozen=True)
class _Block:
    belonging: Belonging
    measures: dict[str, Floats]


def _measured(columns: EventColumns, order: Ints) -> _Block:
    belonging = belonging_of(columns, order)
    return _Block(belonging, measured(timeline_of(columns, belonging)))


def _table(events: pa.Table, belonging: Belonging, measures: dict[str, Floats], workers: int) -> pa.Table:
    """Return one row a session: what its events say of it, and what they measure."""
    measures = dict(measures)
    ads_s, first_ms = measures.pop(ADS_S), measures.pop(FIRST_MS)
    columns = described(events, belonging, first_ms, workers)
    columns |= {name: _typed(name, values) for name, values in measures.items()}
    if "runtime_s" in columns:
        runtime = columns["runtime_s"].to_numpy(zero_copy_only=False) - ads_s
        columns["runtime_s"] = _typed("runtime_s", np.where(runtime >= 1.0, runtime, np.nan))
    if "title_id" not in columns:
        columns["title_id"] = pa.nulls(len(belonging.sessions), Kind.KEY.arrow_type)
    return pa.table(columns)


def _typed(name: str, values: Floats) -> pa.Array:
    """Return measures as the type that the session table declares; NaN becomes null."""
    column = COLUMNS[name]
    array = pa.array(values, pa.float64(), from_pandas=True)
    if column.kind is Kind.FLAG:
        return pc.equal(array, 1.0)
    return array.cast(column.kind.arrow_type)
