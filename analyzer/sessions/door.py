"""The one door: raw rows of any adapter become sessions, and nothing is lost on the way.

A row is quarantined when a declared column cannot be read or breaks its constraint, dropped when it is not viewing
to learn from (see `tally.DropReason`), and used otherwise. The first reason that applies is the one recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import InputError
from analyzer.sessions.convert import Mask, as_mask, read_as
from analyzer.sessions.records import PASSED_OVER_SCHEMA, QUARANTINE_SCHEMA, RawRows, Sessions, reason_counts
from analyzer.sessions.schema import COLUMNS, EARLIEST, LATEST, REQUIRED, Column, Kind
from analyzer.sessions.tally import DropReason, Tally


@dataclass(frozen=True, slots=True)
class DoorRules:
    """What the door lets through.

    Attributes
    ----------
    drop_autoplay : bool
        Drop rows that began without anybody's action. True by default: nobody chose them.
    drop_duplicates : bool
        Drop rows that repeat an earlier row in every column. False only for sources without a time of day,
        where two equal rows are two plays on one day.
    """

    drop_autoplay: bool = True
    drop_duplicates: bool = True


def admit(rows: RawRows, rules: DoorRules | None = None) -> Sessions:
    """Check raw rows against the schema.

    Raises
    ------
    InputError
        When a required column is missing or unreadable throughout, when there is no row, or when every row
        would be quarantined: then the file is not what it was taken for.
    """
    rules = rules or DoorRules()
    _require_columns(rows)
    read = rows.columns.num_rows
    if read == 0:
        raise InputError(f"{rows.file} holds no rows.", "Give a source with at least one viewing session.")
    faults = _Faults(read)
    faults.record_all(rows.reject)
    table = _typed(rows, faults)
    drops = _drops(table, rules, faults.found)
    used = ~faults.found & (drops == 0)
    quarantine = faults.as_table(rows)
    if faults.found.all():
        _refuse_all_quarantined(rows, quarantine)
    return Sessions(
        table=table.filter(pa.array(used)) if not used.all() else table,
        tally=Tally(read, int(used.sum()), _count_drops(drops, faults.found), int(faults.found.sum())),
        quarantine=quarantine,
        notes=rows.notes,
        sources=(rows.file,),
        passed_over=_passed_over(table, ~faults.found & np.isin(drops, _NOT_CHOSEN)),
    )


class _Faults:
    """The first reason per row, kept as small codes so that ten million good rows cost little."""

    def __init__(self, size: int) -> None:
        self._codes: npt.NDArray[np.int16] = np.zeros(size, dtype=np.int16)
        self._reasons: list[str] = [""]

    @property
    def found(self) -> Mask:
        return self._codes > 0

    def record(self, mask: Mask, reason: str) -> None:
        fresh = mask & (self._codes == 0)
        if fresh.any():
            self._reasons.append(reason)
            self._codes[fresh] = len(self._reasons) - 1

    def record_all(self, reasons: pa.Array | None) -> None:
        if reasons is None or reasons.null_count == len(reasons):
            return
        for reason in pc.unique(reasons.drop_null()).to_pylist():
            self.record(as_mask(pc.equal(reasons, reason)), reason)

    def as_table(self, rows: RawRows) -> pa.Table:
        at = np.flatnonzero(self.found)
        reasons = pa.array([self._reasons[code] for code in self._codes[at]], type=pa.string())
        files = pa.array([rows.file] * len(at), type=pa.string())
        return pa.table([files, rows.line.take(pa.array(at)), reasons], schema=QUARANTINE_SCHEMA)


def _require_columns(rows: RawRows) -> None:
    missing = [name for name in REQUIRED if name not in rows.columns.column_names]
    if missing:
        raise InputError(f"{rows.file} has no column {', '.join(missing)}.", f"Required are {', '.join(REQUIRED)}.")


def _typed(rows: RawRows, faults: _Faults) -> pa.Table:
    arrays, names = [], []
    for name in (name for name in COLUMNS if name in rows.columns.column_names):
        column, raw = COLUMNS[name], rows.columns[name].combine_chunks()
        values, unreadable = read_as(column, raw)
        _refuse_unreadable_column(rows, column, raw, unreadable, faults.found)
        faults.record(unreadable, f"{name} cannot be read as {_expected(column)}")
        if column.required:
            faults.record(as_mask(values.is_null()), f"{name} is missing")
        faults.record(_outside(column, values), f"{name} is not {column.allowed}{_unit(column)}")
        arrays.append(values)
        names.append(name)
    return pa.table(arrays, names=names)


def _refuse_unreadable_column(rows: RawRows, column: Column, raw: pa.Array, unreadable: Mask, rejected: Mask) -> None:
    judged = ~rejected
    if column.required and judged.any() and unreadable[judged].all():
        raise InputError(
            f"Column {column.name} of {rows.file} holds {raw.type} that cannot be read as {_expected(column)}.",
            f"Convert it to {_expected(column)}, or map another column to it.",
        )


_EXPECTED: Final = {
    Kind.INSTANT: "a time (ISO 8601, UTC unless an offset is given)",
    Kind.NUMBER: "a number",
    Kind.INTEGER: "a whole number",
    Kind.FLAG: "true or false",
}


def _expected(column: Column) -> str:
    return _EXPECTED.get(column.kind, "text") + (f" in {column.unit}" if column.kind is Kind.NUMBER else "")


def _unit(column: Column) -> str:
    return f" {column.unit}" if column.unit and column.kind is not Kind.INSTANT else ""


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


def _outside(column: Column, values: pa.Array) -> Mask:
    """Return the mask of values that break the column's constraint; null breaks nothing."""
    if column.choices:
        allowed = pc.is_in(values.cast(pa.string()), value_set=pa.array(column.choices))
        return as_mask(values.is_valid()) & ~as_mask(allowed)
    low, high = column.minimum, column.maximum
    if column.kind is Kind.INSTANT:
        values = values.cast(pa.int64())
        low, high = _micros(EARLIEST), _micros(LATEST) - 1
    outside = np.zeros(len(values), dtype=bool)
    if low is not None:
        outside |= as_mask(pc.less(values, low))
    if high is not None:
        outside |= as_mask(pc.greater(values, high))
    return outside


_DROP_ORDER: Final = (
    DropReason.HIDDEN,
    DropReason.NOT_MAIN_CONTENT,
    DropReason.AUTOPLAY,
    DropReason.DUPLICATE,
)


def _drops(table: pa.Table, rules: DoorRules, rejected: Mask) -> npt.NDArray[np.int8]:
    """Return a code per row: 0 for kept, else 1 + the position of its reason in `_DROP_ORDER`."""
    codes = np.zeros(table.num_rows, dtype=np.int8)
    masks = {
        DropReason.HIDDEN: _flag(table, "hidden"),
        DropReason.NOT_MAIN_CONTENT: _not_main(table),
        DropReason.AUTOPLAY: _flag(table, "autoplay") if rules.drop_autoplay else None,
    }
    for position, reason in enumerate(_DROP_ORDER[:-1], start=1):
        mask = masks[reason]
        if mask is not None:
            codes[mask & (codes == 0)] = position
    if rules.drop_duplicates:
        codes[_repeated(table, ~rejected & (codes == 0))] = len(_DROP_ORDER)
    return codes


_NOT_CHOSEN: Final = [1 + _DROP_ORDER.index(reason) for reason in (DropReason.NOT_MAIN_CONTENT, DropReason.AUTOPLAY)]


def _passed_over(table: pa.Table, chosen: Mask) -> pa.Table:
    """Return who started what and when in rows that nobody chose; never those that a viewer asked not to show."""
    return table.select(PASSED_OVER_SCHEMA.names).filter(pa.array(chosen)).cast(PASSED_OVER_SCHEMA)


def _count_drops(codes: npt.NDArray[np.int8], rejected: Mask) -> dict[str, int]:
    counts = np.bincount(codes[~rejected], minlength=len(_DROP_ORDER) + 1)[1:]
    return {reason.value: int(n) for reason, n in zip(_DROP_ORDER, counts, strict=True) if n}


def _flag(table: pa.Table, name: str) -> Mask | None:
    return as_mask(table[name].combine_chunks()) if name in table.column_names else None


def _not_main(table: pa.Table) -> Mask | None:
    if "content_kind" not in table.column_names:
        return None
    kind = table["content_kind"].combine_chunks().cast(pa.string())
    return as_mask(pc.and_(kind.is_valid(), pc.not_equal(kind, "main")))


def _repeated(table: pa.Table, candidates: Mask) -> Mask:
    """Return the mask of candidate rows that equal an earlier candidate in every column.

    Rows are first compared by a 64-bit mix of viewer, title and time; only rows whose mix recurs are compared in
    full, so that the exact comparison touches few rows.
    """
    repeated = np.zeros(table.num_rows, dtype=bool)
    at = np.flatnonzero(candidates)
    mix = _key_mix(table)[at]
    order = np.argsort(mix, kind="stable")
    equal_next = mix[order][1:] == mix[order][:-1]
    shared = np.zeros(len(at), dtype=bool)
    shared[order[1:][equal_next]] = True
    shared[order[:-1][equal_next]] = True
    if shared.any():
        rows = np.sort(at[shared])
        frame: pd.DataFrame = table.take(pa.array(rows)).to_pandas()
        repeated[rows[frame.duplicated(keep="first").to_numpy()]] = True
    return repeated


def _key_mix(table: pa.Table) -> npt.NDArray[np.uint64]:
    def codes(name: str) -> npt.NDArray[np.uint64]:
        array = table[name].combine_chunks()
        values = array.indices if pa.types.is_dictionary(array.type) else array.cast(pa.int64())
        filled: npt.NDArray[np.int64] = pc.fill_null(values, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        return filled.view(np.uint64)

    odd = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(1))
    with np.errstate(over="ignore"):
        viewer, title, moment = (
            codes(n) * m for n, m in zip(("viewer_id", "title_id", "started_at"), odd, strict=True)
        )
        return np.asarray(viewer ^ (title << np.uint64(1)) ^ moment, dtype=np.uint64)


def _refuse_all_quarantined(rows: RawRows, quarantine: pa.Table) -> None:
    reasons = "; ".join(f"{reason} ({count:,} rows)" for reason, count in reason_counts(quarantine))
    raise InputError(
        f"No row of {rows.file} can be used: {reasons}.",
        f"Times must lie from {COLUMNS['started_at'].allowed}, played_s in {COLUMNS['played_s'].allowed} s.",
    )
