"""The events of sessions as arrays, each event once, in order of session and time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from analyzer.grouping.arrays import Bools, Floats, Ints
from analyzer.grouping.segments import Segments
from analyzer.sessions.playback.belonging import Belonging, as_slice
from analyzer.sessions.playback.columns import EventCodes, EventColumns
from analyzer.sessions.playback.schema import Event

_SLOWEST, _FASTEST = 0.05, 16.0
Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True)
class Timeline:
    """Events of some sessions, sorted by session and time; every array has one element an event.

    Attributes
    ----------
    sessions : Segments
        Events of each session.
    t_ms : ndarray of int64
        When it happened: since 1970 in sessions that tell, else since the session's start.
    event : ndarray of int8
        `Event` numbers.
    position_ms, to_ms : ndarray of float64
        Whole milliseconds, so that sums are exact in any order; NaN is unknown.
    rate : ndarray of float64
        NaN where the event does not tell.
    flags : dict of str to ndarray of float64
        Flags that the source has (1, 0, NaN unknown), see `columns.FLAGS`.
    """

    sessions: Segments
    t_ms: Ints
    event: EventCodes
    position_ms: Floats
    to_ms: Floats
    rate: Floats
    flags: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.t_ms)

    @cached_property
    def _bits(self) -> npt.NDArray[np.uint16]:
        return np.left_shift(np.uint16(1), self.event.astype(np.uint16))

    def is_any(self, *events: Event) -> Bools:
        """Return where the event is one of these."""
        asked = np.uint16(sum(1 << event for event in events))
        return np.asarray((self._bits & asked) != 0)

    @cached_property
    def _first_of(self) -> Ints:
        return self.sessions.spread(self.sessions.first)

    @cached_property
    def _last_of(self) -> Ints:
        return self.sessions.spread(self.sessions.last)

    def before(self, values: npt.NDArray[Value], at_first: Value | bool | int) -> npt.NDArray[Value]:
        """Return what each event's predecessor in its session has; `at_first` where there is none."""
        shifted = np.empty_like(values)
        shifted[1:] = values[:-1]
        shifted[self.sessions.first] = at_first
        return shifted

    def last(self, where: Bools) -> Ints:
        """Return, for each event, the latest one of its session up to it at which `where` is True; else -1."""
        at = np.where(where, np.arange(len(where)), -1)
        np.maximum.accumulate(at, out=at)
        return np.where(at >= self._first_of, at, -1)

    def next(self, where: Bools) -> Ints:
        """Return, for each event, the first one of its session after it at which `where` is True; else -1."""
        size = len(where)
        at = np.append(np.where(where, np.arange(size), size), size)
        following = np.minimum.accumulate(at[::-1])[::-1][1:]
        return np.where(following <= self._last_of, following, -1)


def timeline_of(columns: EventColumns, belonging: Belonging) -> Timeline:
    """Return the events of some sessions in order, each once."""
    new = ~belonging.repeated
    kept = belonging.rows if new.all() else belonging.rows[new]
    rows = as_slice(kept)
    sessions = Segments(belonging.sessions.keep(new).offsets)
    position_ms, to_ms = (_milliseconds(_known(values, kept, rows)) for values in (columns.position_s, columns.to_s))
    rate = _known(columns.rate, kept, rows)
    rate = np.where((rate >= _SLOWEST) & (rate <= _FASTEST), rate, np.nan)  # some players report a pause as speed 0
    flags = {name: values[rows] for name, values in columns.flags.items()}
    return Timeline(sessions, columns.t_ms[rows], columns.event[rows], position_ms, to_ms, rate, flags)


def _known(values: Floats | None, kept: Ints, rows: Ints | slice) -> Floats:
    return np.full(len(kept), np.nan) if values is None else values[rows]


def _milliseconds(seconds: Floats) -> Floats:
    return np.rint(seconds * 1000.0)
