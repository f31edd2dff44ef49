"""Rows that repeat another row in every column: at-least-once pipelines write them, and nobody watched twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.sessions.convert import Mask
from analyzer.sessions.records import Sessions
from analyzer.sessions.tally import DropReason, Tally


def without_duplicates(sessions: Sessions) -> Sessions:
    """Return the sessions without rows that repeat another in every column, counted in the tally."""
    repeated = repeats(sessions.table)
    count = int(repeated.sum())
    if count == 0:
        return sessions
    return replace(
        sessions,
        table=sessions.table.filter(pa.array(~repeated)),
        tally=recounted(sessions.tally, count),
    )


def recounted(tally: Tally, duplicates: int) -> Tally:
    """Return the tally with so many used rows dropped as duplicates."""
    return tally.with_dropped({DropReason.DUPLICATE.value: duplicates} if duplicates else {})


def repeats(table: pa.Table) -> Mask:
    """Return the mask of rows that equal an earlier row in every column; null equals null.

    Rows are first compared by a 64-bit mix of viewer, title and time. Only rows whose mix recurs, of which most tables
    have none, are compared in full.
    """
    repeated = np.zeros(table.num_rows, dtype=bool)
    mix = _key_mix(table)
    in_order = np.sort(mix)
    recurring = in_order[1:][in_order[1:] == in_order[:-1]]
    if len(recurring):
        rows = np.flatnonzero(np.isin(mix, recurring))
        frame: pd.DataFrame = table.take(pa.array(rows)).to_pandas()
        repeated[rows[frame.duplicated(keep="first").to_numpy()]] = True
    return repeated


def _key_mix(table: pa.Table) -> npt.NDArray[np.uint64]:
    """Return a mix of viewer, title and time for each row; the chunks of a column share one dictionary."""
    if table.num_rows == 0:  # columns may differ in how many empty chunks they have
        return np.zeros(0, dtype=np.uint64)
    chunks = zip(*(table[name].chunks for name in ("viewer_id", "title_id", "started_at")), strict=True)
    mixes = [_mixed([_codes(column) for column in columns]) for columns in chunks]
    return np.concatenate(mixes) if mixes else np.zeros(0, dtype=np.uint64)


_ODD: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9))


def _mixed(columns: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.uint64]:
    mix = np.zeros(len(columns[0]), dtype=np.uint64)
    for codes, factor in zip(columns, _ODD, strict=True):
        mix ^= codes.view(np.uint64) * factor
        mix ^= mix >> np.uint64(29)  # else factors of two in times and codes would meet
    return mix


def _codes(column: pa.Array) -> npt.NDArray[np.int64]:
    values = column.indices if pa.types.is_dictionary(column.type) else column.cast(pa.int64())
    filled = values if values.null_count == 0 else pc.fill_null(values, -1)
    codes: npt.NDArray[np.int64] = filled.to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    return codes
