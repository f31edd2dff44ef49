"""The door of the kernel: a session table of whole viewers as arrays, and blocks of its viewers in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from joblib import Parallel, delayed

from analyzer.grouping.arrays import Codes, Floats, Ints
from analyzer.grouping.sorting import ranks, sort_order

BLOCK_ROWS: Final = 1 << 17
_MOST_BLOCKS: Final = 1 << 16
# A block's arrays stay in the processor's cache: 8 bytes x 131,072 rows is 1 MB an array, about twenty live at a time.
# Whole viewers only, so a viewer with more rows makes a larger block.


@dataclass(frozen=True)
class Rows:
    """All rows of a table, in its order. Unknown numbers are NaN, unknown codes -1, columns it lacks None.

    `viewer`, `title` and `series` are ranks of sorted names; `offset_min` is local time minus UTC in minutes; times are
    microseconds since 1970, UTC. After `sessions` rows follow those that were passed over because nobody chose them:
    they have a viewer, a title and a start only.
    """

    viewer: Codes
    title: Codes
    start_us: Ints
    series: Codes | None
    played_s: Floats
    runtime_s: Floats | None
    end_position_s: Floats | None
    offset_min: Floats | None
    sessions: int
    viewer_names: pa.Array


@dataclass(frozen=True)
class SessionArrays:
    """Sessions of some viewers as arrays, sorted by viewer, title and start. Unknown numbers are NaN, codes -1.

    `row` says where each stands in the table. `every_start` holds viewer, title and start of all their rows, in the
    same order, with those that were passed over.
    """

    viewer: Codes
    title: Codes
    series: Codes
    start_us: Ints
    played_s: Floats
    runtime_s: Floats
    end_position_s: Floats
    offset_min: Floats
    row: Ints
    every_start: tuple[Codes, Codes, Ints]


def rows_of(table: pa.Table, passed_over: pa.Table, workers: int = 1) -> Rows:
    """Return the rows of a session table (typed by the schema) as arrays, and those passed over behind them."""
    columns = {
        "viewer": lambda: ranks(_joined(table, passed_over, "viewer_id")),
        "title": lambda: ranks(_joined(table, passed_over, "title_id"))[0],
        "start_us": lambda: _joined(table, passed_over, "started_at").cast(pa.int64()).to_numpy(zero_copy_only=False),
        "series": lambda: ranks(table["series_id"].combine_chunks())[0] if "series_id" in table.column_names else None,
        "played_s": lambda: _numbers(table, "played_s"),
        "runtime_s": lambda: _numbers(table, "runtime_s"),
        "end_position_s": lambda: _numbers(table, "end_position_s"),
        "offset_min": lambda: _numbers(table, "utc_offset_min"),
    }
    read = Parallel(n_jobs=workers, require="sharedmem")(delayed(column)() for column in columns.values())
    values = dict(zip(columns, read, strict=True))
    values["viewer"], viewer_names = values["viewer"]
    return Rows(**values, sessions=table.num_rows, viewer_names=viewer_names)


def _joined(table: pa.Table, passed_over: pa.Table, name: str) -> pa.Array:
    chunks = [chunk for part in (table, passed_over) for chunk in part[name].chunks if len(chunk)]
    return pa.chunked_array(chunks, type=table[name].type).unify_dictionaries().combine_chunks()


def _numbers(table: pa.Table, name: str) -> Floats | None:
    if name not in table.column_names:
        return None
    numbers: Floats = pc.cast(table[name], pa.float64()).to_numpy()
    return numbers


def blocks_of(rows: Rows, block_rows: int = BLOCK_ROWS, workers: int = 1) -> Iterator[Ints]:
    """Yield the rows of some whole viewers at a time, in ascending order, viewers in the order of their names."""
    total = len(rows.viewer)
    if total == 0:
        return
    count = min(-(-total // block_rows), _MOST_BLOCKS)
    if count == 1:
        yield np.arange(total)
        return
    # As many viewers a block, not as many rows: counting rows first takes longer than uneven blocks cost.
    block_of_viewer = (np.arange(len(rows.viewer_names)) * count // len(rows.viewer_names)).astype(np.uint16)
    edges = np.linspace(0, total, workers + 1).astype(np.int64)
    sort = Parallel(n_jobs=workers, require="sharedmem")
    stretches = pairwise(edges)
    found = sort(delayed(_by_block)(block_of_viewer[rows.viewer[a:b]], a, count) for a, b in stretches)
    for pieces in zip(*found, strict=True):
        block = np.concatenate(pieces)
        if len(block):
            yield block


def _by_block(block: npt.NDArray[np.uint16], first: int, count: int) -> list[Ints]:
    """Return for each block its rows of one stretch of the table, which begins at row `first`."""
    order = np.argsort(block, kind="stable")  # 16 bits are sorted by radix
    order += first
    return np.split(order, np.cumsum(np.bincount(block, minlength=count))[:-1])


def sorted_sessions(rows: Rows, block: Ints) -> SessionArrays:
    """Return the block's sessions by viewer, title and start; the one sort that everything else stands on.

    Columns are first fetched in the table's order, which memory likes, and then put in order within the cache.
    """
    viewer, title, start_us = rows.viewer[block], rows.title[block], rows.start_us[block]
    # Rows that were passed over have nothing that could break a tie; where they stand among equals is of no effect.
    place = np.minimum(block, rows.sessions - 1)
    order = sort_order((viewer, title, start_us), _tie_breakers(rows), place)
    every_start = (viewer[order], title[order], start_us[order])
    count = int(np.searchsorted(block, rows.sessions))  # a block's rows ascend: sessions first, then those passed over
    chosen = order if count == len(block) else order[order < count]
    sessions = block[:count]
    return SessionArrays(
        viewer=viewer[chosen],
        title=title[chosen],
        series=np.full(count, -1, dtype=np.int32) if rows.series is None else rows.series[sessions][chosen],
        start_us=start_us[chosen],
        played_s=rows.played_s[sessions][chosen],
        runtime_s=_known(rows.runtime_s, sessions, chosen),
        end_position_s=_known(rows.end_position_s, sessions, chosen),
        offset_min=_known(rows.offset_min, sessions, chosen),
        row=sessions[chosen],
        every_start=every_start,
    )


def _known(numbers: Floats | None, sessions: Ints, order: Ints) -> Floats:
    return np.full(len(order), np.nan) if numbers is None else numbers[sessions][order]


def _tie_breakers(rows: Rows) -> tuple[Floats | Codes, ...]:
    """Rows of one viewer, title and moment are told apart by whatever else is known, so that no order shows."""
    known = (rows.played_s, rows.end_position_s, rows.runtime_s, rows.series, rows.offset_min)
    return tuple(numbers for numbers in known if numbers is not None)
