"""Dates, times of day and lengths as exports and spreadsheets write them.

All readers take whole columns of text and return Arrow arrays with null where a value cannot be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]

_LENGTH: Final = (
    r"^(?P<sign>-?)(?P<hours>\d{1,5}):(?P<minutes>[0-5]?\d)"
    r"(?::(?P<seconds>[0-5]?\d)(?P<fraction>\.\d{1,9})?)?$"
)
_TIME: Final = (
    r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:\.\d+)?)?"
    r" ?(?P<half>[AaPp]?)(?:\.?[Mm]\.?)?)? ?(?:Z|UTC|GMT|\+00:?00)?$"
)
_YEAR_FIRST: Final = r"^(?P<year>[12]\d{3})[-/.](?P<a>\d{1,2})[-/.](?P<b>\d{1,2})" + _TIME
_YEAR_LAST: Final = r"^(?P<a>\d{1,2})(?P<mark>[-/.]) ?(?P<b>\d{1,2})[-/.] ?(?P<year>[12]\d{3}|\d{2})" + _TIME


class DateOrder(Enum):
    """Which number of a date with the year at its end is the month."""

    MONTH_FIRST = "month first"
    DAY_FIRST = "day first"


@dataclass(frozen=True, slots=True)
class Moments:
    """Dates read from a column of text.

    Attributes
    ----------
    day : pyarrow.Array of timestamp[us, UTC]
        Midnight of the date; null where it cannot be read.
    instant : pyarrow.Array of timestamp[us, UTC]
        Date and time of day; null where either cannot be read.
    order : DateOrder or None
        The order that was used; None when every date begins with its year.
    reason : str
        What decided the order, for a note.
    """

    day: pa.Array
    instant: pa.Array
    order: DateOrder | None = None
    reason: str = ""


def read_lengths(texts: pa.Array) -> tuple[pa.Array, bool]:
    """Read ``H:MM:SS`` and ``H:MM`` (hours and minutes) as seconds.

    Returns
    -------
    tuple
        Seconds as float64, negative where a minus sign stands, null where unreadable; and whether any value
        came without seconds.
    """
    parts = pc.extract_regex(texts, _LENGTH)
    hours, minutes, seconds = (_number(parts, name) for name in ("hours", "minutes", "seconds"))
    fraction = pc.struct_field(parts, "fraction")
    share = pc.if_else(pc.not_equal(fraction, ""), pc.binary_join_element_wise("0", fraction, ""), "0")
    total = hours * 3600.0 + minutes * 60.0 + seconds + _floats(share)
    total = np.where(_equals(parts, "sign", "-"), -total, total)
    short = bool((_equals(parts, "seconds", "") & _found(parts)).any())
    return pa.array(total, mask=~_found(parts)), short


def read_moments(texts: pa.Array, group: pa.Array | None = None) -> Moments:
    """Read a column of dates, with or without a time of day.

    Parameters
    ----------
    texts : pyarrow.Array of string
        ``2024-05-31 20:15:00``, ``5/31/2024 20:15``, ``31.05.2024``, ``31/5/24`` and the like.
    group : pyarrow.Array, optional
        Rows of one group (a profile) are listed in order of time; this decides the order of day and month
        where no number above 12 does.
    """
    first, last = pc.extract_regex(texts, _YEAR_FIRST), pc.extract_regex(texts, _YEAR_LAST)
    by_year = _found(first)
    a, b = (np.where(by_year, _number(first, n), _number(last, n)) for n in ("a", "b"))
    year = np.where(by_year, _number(first, "year"), _number(last, "year"))
    year = np.where(year < 100, year + 2000, year)  # two digits: there was no streaming before 2000
    time, timed = _time_of_day(first, last, by_year)
    found = by_year | _found(last)

    def moments(order: DateOrder) -> tuple[_Ints, _Bools]:
        month_first = by_year | (order is DateOrder.MONTH_FIRST)
        return _days(year, np.where(month_first, a, b), np.where(month_first, b, a), found)

    order: DateOrder | None = None
    reason = ""
    if _found(last).any():
        order, reason = _decide(a[_found(last)], b[_found(last)])
        if not reason:
            breaks = {o: _breaks(moments(o)[0] * 86_400 + time, group, found) for o in DateOrder}
            order, reason = _decide_by_time(breaks, bool(_equals(last, "mark", "/").any()))
    day, valid = moments(order or DateOrder.MONTH_FIRST)
    seconds = day * 86_400
    return Moments(_instants(seconds, valid), _instants(seconds + time, valid & timed), order, reason)


def _decide(a: _Ints, b: _Ints) -> tuple[DateOrder | None, str]:
    day_first, month_first = int((a > 12).sum()), int((b > 12).sum())
    if day_first == month_first:
        return None, ""
    order = DateOrder.DAY_FIRST if day_first > month_first else DateOrder.MONTH_FIRST
    return order, "a number above 12 is a day"


def _decide_by_time(breaks: dict[DateOrder, int], slashes: bool) -> tuple[DateOrder, str]:
    ordered = [order for order, count in breaks.items() if count == 0]
    if len(ordered) == 1:
        return ordered[0], "so read the rows are in order of time"
    if slashes:
        return DateOrder.MONTH_FIRST, "nothing in the file decides, and Netflix writes the month first"
    return (
        DateOrder.DAY_FIRST,
        "nothing in the file decides, and dates with dots or dashes have the day first",
    )


def _breaks(seconds: _Ints, group: pa.Array | None, found: _Bools) -> int:
    """Count the steps against the file's direction, whichever of the two it is."""
    step = np.diff(seconds[found])
    if group is not None:
        codes = pc.dictionary_encode(group).indices.fill_null(-1).to_numpy(zero_copy_only=False)[found]
        step = step[codes[1:] == codes[:-1]]
    return min(int((step > 0).sum()), int((step < 0).sum()))


def _time_of_day(first: pa.Array, last: pa.Array, by_year: _Bools) -> tuple[_Ints, _Bools]:
    def part(name: str) -> _Ints:
        return np.where(by_year, _number(first, name), _number(last, name))

    def says(name: str, word: str) -> _Bools:
        return np.where(by_year, _equals(first, name, word), _equals(last, name, word))

    morning = says("half", "a") | says("half", "A")
    evening = says("half", "p") | says("half", "P")
    hour = part("hour")
    valid = ~says("hour", "") & np.where(morning | evening, (hour >= 1) & (hour <= 12), hour < 24)
    hour = np.where(morning | evening, hour % 12 + 12 * evening, hour)
    return hour * 3600 + part("minute") * 60 + part("second"), valid


def _days(year: _Ints, month: _Ints, day: _Ints, found: _Bools) -> tuple[_Ints, _Bools]:
    """Return days since 1970 and where the calendar has such a day."""
    valid = found & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    months = np.where(valid, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(valid, day - 1, 0)
    valid = valid & (days.astype("datetime64[M]") == months)  # 31 April is no day
    return np.where(valid, days.astype(np.int64), 0), valid


def _instants(seconds: _Ints, valid: _Bools) -> pa.Array:
    return pa.array(seconds * 1_000_000, mask=~valid).cast(pa.timestamp("us", tz="UTC"))


def _found(parts: pa.Array) -> _Bools:
    mask: _Bools = parts.is_valid().to_numpy(zero_copy_only=False)
    return mask


def _equals(parts: pa.Array, name: str, word: str) -> _Bools:
    equal = pc.fill_null(pc.equal(pc.struct_field(parts, name), word), False)
    mask: _Bools = equal.to_numpy(zero_copy_only=False)
    return mask


def _number(parts: pa.Array, name: str) -> _Ints:
    """Return a captured group as integers; 0 where it is absent."""
    text = pc.struct_field(parts, name)
    text = pc.if_else(pc.fill_null(pc.equal(text, ""), True), "0", text)
    values: _Ints = text.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return values


def _floats(text: pa.Array) -> npt.NDArray[np.float64]:
    values: npt.NDArray[np.float64] = pc.fill_null(text, "0").cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values
