"""What is said of a row by itself: which values of declared columns can be read, and whether they are allowed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import InputError
from analyzer.sessions.convert import Mask, as_mask, read_as
from analyzer.sessions.records import QUARANTINE_SCHEMA, RawRows
from analyzer.sessions.schema import EARLIEST, LATEST, Column, Declared, Kind


class Faults:
    """The first reason per row, kept as small codes so that ten million good rows cost little."""

    def __init__(self, size: int) -> None:
        self._codes: npt.NDArray[np.int16] = np.zeros(size, dtype=np.int16)
        self._reasons: list[str] = [""]

    @property
    def found(self) -> Mask:
        """The rows that have a fault."""
        return self._codes > 0

    def record(self, mask: Mask, reason: str) -> None:
        """Note a reason for rows that have none yet."""
        fresh = mask & (self._codes == 0) if self.found.any() else mask
        if fresh.any():
            self._reasons.append(reason)
            self._codes[fresh] = len(self._reasons) - 1

    def record_all(self, reasons: pa.Array | None) -> None:
        """Note a reason a row, null where there is none."""
        if reasons is None or reasons.null_count == len(reasons):
            return
        for reason in pc.unique(reasons.drop_null()).to_pylist():
            self.record(as_mask(pc.equal(reasons, reason)), reason)

    def forgive(self, mask: Mask) -> None:
        """Forget the reasons of some rows."""
        self._codes[mask] = 0

    def as_table(self, rows: RawRows) -> pa.Table:
        """Return `file`, `line` and `reason` of each row with a fault."""
        at = np.flatnonzero(self.found)
        reasons = pa.array([self._reasons[code] for code in self._codes[at]], type=pa.string())
        files = pa.array([rows.file] * len(at), type=pa.string())
        return pa.table([files, rows.line.take(pa.array(at)), reasons], schema=QUARANTINE_SCHEMA)


def typed(rows: RawRows, declared: Declared) -> tuple[pa.Table, Faults, dict[str, str]]:
    """Read the declared columns of some rows, each value by itself.

    Returns
    -------
    pyarrow.Table
        The columns that the source has, as the declaration types them; null where a value could not be read.
    Faults
        The rows of which a value cannot be read, is missing or is not allowed.
    dict
        Required columns of which no value could be read, with the type that they hold.

    Raises
    ------
    InputError
        When a column that the source must have is missing.
    """
    _require_columns(rows, declared)
    faults = Faults(rows.columns.num_rows)
    faults.record_all(rows.reject)
    unreadable: dict[str, str] = {}
    arrays, names = [], []
    for column in (c for c in declared.columns if c.name in rows.columns.column_names):
        raw = _one_chunk(rows.columns[column.name])
        values, unread = read_as(column, raw)
        if unread is not None:
            if column.required and not (~faults.found & ~unread).any() and not faults.found.all():
                unreadable[column.name] = str(raw.type)
            faults.record(unread, f"{column.name} cannot be read as {expected(column)}")
        _check_values(column, values, faults)
        arrays.append(values)
        names.append(column.name)
    return pa.table(arrays, names=names), faults, unreadable


def _require_columns(rows: RawRows, declared: Declared) -> None:
    missing = [name for name in declared.present if name not in rows.columns.column_names]
    if missing:
        needed = ", ".join(declared.present)
        raise InputError(f"{rows.file} has no column {', '.join(missing)}.", f"Required are {needed}.")


def _check_values(column: Column, values: pa.Array, faults: Faults) -> None:
    if column.required and values.null_count:
        faults.record(as_mask(values.is_null()), f"{column.name} is missing")
    outside = _outside(column, values)
    if outside is not None:
        faults.record(outside, f"{column.name} is not {column.allowed}{_unit(column)}")


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


_EXPECTED: Final = {
    Kind.INSTANT: "a time (ISO 8601, UTC unless an offset is given)",
    Kind.NUMBER: "a number",
    Kind.INTEGER: "a whole number",
    Kind.FLAG: "true or false",
}


def expected(column: Column) -> str:
    """Return in words what a column's values are read as."""
    return _EXPECTED.get(column.kind, "text") + (f" in {column.unit}" if column.kind is Kind.NUMBER else "")


def _unit(column: Column) -> str:
    return f" {column.unit}" if column.unit and column.kind is not Kind.INSTANT else ""


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


def _outside(column: Column, values: pa.Array) -> Mask | None:
    """Return the mask of values that break the column's constraint, or None; null breaks nothing."""
    if column.choices:
        allowed = as_mask(pc.is_in(values.dictionary, value_set=pa.array(column.choices)))
        codes = values.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return None if allowed.all() else np.append(~allowed, False)[codes]
    low, high = column.minimum, column.maximum
    if column.kind is Kind.INSTANT:
        values = values.cast(pa.int64())
        low, high = _micros(EARLIEST), _micros(LATEST) - 1
    if low is None and high is None:
        return None
    found = pc.min_max(values).as_py()
    below = low is not None and found["min"] is not None and found["min"] < low
    above = high is not None and found["max"] is not None and found["max"] > high
    outside = np.zeros(len(values), dtype=bool)
    if below:
        outside |= as_mask(pc.less(values, low))
    if above:
        outside |= as_mask(pc.greater(values, high))
    return outside if below or above else None
