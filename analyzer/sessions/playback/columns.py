"""The columns of an event table as arrays, in the table's order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.grouping.arrays import Bools, Codes, Floats, Ints
from analyzer.grouping.sorting import ranks
from analyzer.sessions.playback.schema import WORDS, Event

_NUMBER: Final = {word: number for number, word in enumerate(WORDS)}
EventCodes = npt.NDArray[np.int8]
FLAGS: Final = ("ads_in_position", "captions", "audio_description")


@dataclass(frozen=True)
class EventColumns:
    """Events as arrays, one element a row. Unknown codes are -1, unknown numbers NaN; None is a column without values.

    Attributes
    ----------
    viewer, session, title : ndarray of int32
        Codes of names, ranks of titles; events without a session id have one a title, below -1.
    nameless : ndarray of bool
        Which events have no session id.
    t_ms : ndarray of int64
        Since 1970 in sessions that tell, else since the session's start.
    event : ndarray of int8
        `Event` numbers.
    seq, position_s, to_s, rate : ndarray of float64
    flags : dict of str to ndarray of float64
        1, 0, or NaN; see `FLAGS`.
    identity : ndarray of int32
        Codes of the source's own ids.
    """

    viewer: Codes
    session: Codes
    title: Codes
    nameless: Bools
    t_ms: Ints
    event: EventCodes
    seq: Floats | None
    position_s: Floats | None
    to_s: Floats | None
    rate: Floats | None
    flags: dict[str, Floats]
    identity: Codes | None

    def __len__(self) -> int:
        return len(self.viewer)

    @property
    def ties(self) -> tuple[Floats | EventCodes, ...]:
        """What orders events of one session and time; events equal in all of it repeat each other."""
        found = (self.seq, self.event, self.position_s, self.to_s, self.rate)
        return tuple(values for values in found if values is not None)

    @property
    def order_of_equals(self) -> tuple[Floats | Codes, ...]:
        """What orders events that are equal in `ties`, so that the one that says most comes first, in any table."""
        return (np.where(self.title < 0, np.iinfo(np.int32).max, self.title), *self.flags.values())

    @classmethod
    def of(cls, events: pa.Table) -> EventColumns:
        """Return the columns of checked events."""
        viewer, session = _codes(events, "viewer_id"), _codes(events, "session_id")
        title = ranks(events["title_id"].combine_chunks())[0] if "title_id" in events.column_names else session * 0 - 1
        nameless = session < 0
        if nameless.any():
            session = np.where(nameless, -2 - title, session)
        identity = _codes(events, "event_id")
        return cls(
            viewer=viewer,
            session=session,
            title=title,
            nameless=nameless,
            t_ms=times_ms(events, viewer, session),
            event=_event_codes(events),
            seq=_numbers(events, "seq"),
            position_s=_numbers(events, "position_s"),
            to_s=_numbers(events, "to_position_s"),
            rate=_numbers(events, "rate"),
            flags={name: values for name in FLAGS if (values := _tristate(events, name)) is not None},
            identity=identity if (identity >= 0).any() else None,
        )


def times_ms(events: pa.Table, viewer: Codes, session: Codes) -> Ints:
    """Return the time of each event in ms: since the session's start where `t_ms` says, else since 1970.

    Where a session has both kinds, they are brought together by the rows that tell both.
    """
    since_start, at = _numbers(events, "t_ms"), instants_ms(events, "occurred_at")
    if at is None or (since_start is not None and not np.isnan(since_start).any()):
        return np.zeros(len(events), dtype=np.int64) if since_start is None else since_start.astype(np.int64)
    if since_start is None:
        return at.astype(np.int64)
    _, group = np.unique(viewer.astype(np.int64) << 32 | (session.astype(np.int64) & 0xFFFFFFFF), return_inverse=True)
    earliest = np.full(int(group.max()) + 1, np.inf)
    for begin in told_starts_ms(events):
        np.fmin.at(earliest, group, begin)
    whole = np.bincount(group, np.isnan(since_start)) == 0  # every event of it tells the time since its start
    # A session whose start nobody knows keeps its rows apart; what has a time of day is then on its own.
    known = np.isfinite(earliest[group]) & np.isnan(at)
    absolute = np.where(known, earliest[group] + since_start, at)
    return np.where(whole[group] | np.isnan(absolute), since_start, absolute).astype(np.int64)


def told_starts_ms(events: pa.Table) -> list[Floats]:
    """Return when each event says that its session began, in ms since 1970: outright, and by telling both times."""
    starts = [instants_ms(events, "started_at")]
    at, since_start = instants_ms(events, "occurred_at"), _numbers(events, "t_ms")
    if at is not None and since_start is not None:
        starts.append(at - since_start)
    return [start for start in starts if start is not None]


def instants_ms(events: pa.Table, name: str) -> Floats | None:
    """Return a column of instants as ms since 1970, NaN where unknown; None where the table tells none."""
    if name not in events.column_names or events[name].null_count == len(events):
        return None
    us = pc.cast(pc.cast(events[name], pa.int64()), pa.float64(), safe=False)
    return np.asarray(np.rint(us.to_numpy() / 1000.0))


def _codes(events: pa.Table, name: str) -> Codes:
    if name not in events.column_names:
        return np.full(events.num_rows, -1, dtype=np.int32)
    column = events[name].combine_chunks()
    indices = column.indices if column.indices.null_count == 0 else pc.fill_null(column.indices, -1)
    codes: Codes = indices.to_numpy(zero_copy_only=False)
    return codes


def _event_codes(events: pa.Table) -> EventCodes:
    column = events["event"].combine_chunks()
    # Words that the door did not let in may still stand in the dictionary.
    number = np.array([_NUMBER.get(word, Event.OTHER) for word in column.dictionary.to_pylist()], dtype=np.int8)
    codes: EventCodes = number[column.indices.to_numpy(zero_copy_only=False)]
    return codes


def _numbers(events: pa.Table, name: str) -> Floats | None:
    if name not in events.column_names or events[name].null_count == len(events):
        return None
    numbers: Floats = pc.cast(events[name], pa.float64()).to_numpy()
    return numbers


def _tristate(events: pa.Table, name: str) -> Floats | None:
    if name not in events.column_names or events[name].null_count == len(events):
        return None
    return np.asarray(pc.cast(pc.cast(events[name], pa.int8()), pa.float64()).to_numpy())
