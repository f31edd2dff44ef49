"""The kernel: all sessions of some viewers in, their vectors out.

One pure function, `vectors_of`. Whoever moves partitions (a loop, threads, processes, Spark) calls it and adds nothing:
what it returns for a viewer does not depend on which other viewers are in the table, on the order of rows, or on the
number of workers. Inside, viewers are taken a block at a time, so that the arrays of a block stay in the processor's
cache.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
from joblib import Parallel, delayed

from analyzer.features.catalog import FeatureSpec, select
from analyzer.features.context import SETTINGS, SessionContext
from analyzer.features.moves import Moves
from analyzer.features.rows import BLOCK_ROWS, Rows, blocks_of, rows_of, sorted_sessions
from analyzer.features.views import Plays, arrange
from analyzer.features.windows import Window
from analyzer.grouping.arrays import Codes, Floats, Ints

Done = Callable[[int], None]
CONTEXT_PREFIX = "context."


@dataclass(frozen=True)
class Plan:
    """What is to be extracted, the same for every partition.

    Attributes
    ----------
    window : Window
    provides : frozenset of str
        Columns that the *whole* source has: a partition may lack what no viewer of it knows.
    features : tuple of str
        Names from the catalog; all of them by default.
    """

    window: Window
    provides: frozenset[str]
    features: tuple[str, ...] = field(default_factory=lambda: tuple(spec.name for spec in select()))

    @cached_property
    def specs(self) -> list[FeatureSpec]:
        """The features to compute, family by family."""
        return select(list(self.features))


@dataclass(frozen=True)
class VectorArrays:
    """Behaviour vectors as arrays, sorted by viewer and window.

    Attributes
    ----------
    viewer : ndarray of int32, shape (n,)
        Ranks in `viewer_names`.
    start_us : ndarray of int64, shape (n,)
        When the window starts, microseconds since 1970, UTC.
    values : ndarray of float64, shape (n_features, n)
        NaN is null.
    household : ndarray of int32, shape (n,)
        Ranks in `household_names`; -1 where unknown.
    settings : ndarray of float64, shape (4, n)
        See `context.VectorContext`.
    """

    names: tuple[str, ...]
    viewer: Codes
    start_us: Ints
    values: Floats
    household: Codes
    settings: Floats
    viewer_names: pa.Array
    household_names: pa.Array

    def __len__(self) -> int:
        return len(self.viewer)

    def viewers(self) -> pa.Array:
        """Return whose each vector is, as text."""
        return self.viewer_names.take(pa.array(self.viewer)).cast(pa.string())

    def households(self) -> pa.Array:
        """Return the household of each vector; the viewer where none is known."""
        known = self.household_names.take(pa.array(self.household, mask=self.household < 0)).cast(pa.string())
        return pa.compute.coalesce(known, self.viewers())

    def as_arrow(self) -> pa.Table:
        """Return the vectors as a table: viewer_id, window_start, features, then context; NaN becomes null."""
        starts = pa.array(self.start_us).cast(pa.timestamp("us", tz="UTC"))
        columns = [self.viewers(), starts]
        columns += [pa.array(row, from_pandas=True) for row in self.values]
        columns += [self.households(), *[pa.array(row, from_pandas=True) for row in self.settings]]
        return pa.table(columns, schema=vector_schema(self.names))


def vector_schema(names: tuple[str, ...]) -> pa.Schema:
    """Return the schema of vectors as a table."""
    context = [(f"{CONTEXT_PREFIX}household_id", pa.string())]
    context += [(f"{CONTEXT_PREFIX}{name}", pa.float64()) for name in SETTINGS]
    features = [(name, pa.float64()) for name in names]
    keys = [("viewer_id", pa.string()), ("window_start", pa.timestamp("us", tz="UTC"))]
    return pa.schema([*keys, *features, *context])


def vectors_of(
    table: pa.Table,
    passed_over: pa.Table,
    plan: Plan,
    *,
    workers: int = 1,
    done: Done = lambda _: None,
    block_rows: int = BLOCK_ROWS,
) -> VectorArrays:
    """Return the vectors of all viewers in a session table.

    Parameters
    ----------
    table : pyarrow.Table
        Sessions, typed by `sessions.schema`; all sessions of each viewer, in any order.
    passed_over : pyarrow.Table
        `viewer_id`, `title_id`, `started_at` of rows that nobody chose.
    plan : Plan
    workers : int
        Threads; they share the arrays, and numpy leaves the interpreter to others while it computes.
    done : callable
        Told the number of rows of each block that is done.
    block_rows : int
        About how many rows are worked on at a time; never a matter of the result.
    """
    rows, context, moves = rows_of(table, passed_over, workers), SessionContext.of(table), Moves.of_table(table)
    parallel = Parallel(n_jobs=workers, require="sharedmem", return_as="generator")
    parts = []
    blocks = blocks_of(rows, block_rows, workers) if rows.sessions else iter(())
    for part, size in parallel(delayed(_block)(rows, context, moves, plan, block) for block in blocks):
        parts.append(part)
        done(size)
    return _joined(plan, rows, context, parts)


@dataclass(frozen=True)
class _Part:
    viewer: Codes
    start_us: Ints
    values: Floats
    household: Codes
    settings: Floats


def _block(rows: Rows, context: SessionContext, moves: Moves, plan: Plan, block: Ints) -> tuple[_Part, int]:
    sessions = sorted_sessions(rows, block)
    if len(sessions.row) == 0:
        return _nothing(plan), len(block)
    plays = arrange(sessions, plan.window, moves)
    if len(plays.vectors) == 0:
        return _nothing(plan), len(block)
    first_us = plays.vectors.min(plays.all.start_us).astype(np.int64)
    values = np.empty((len(plan.specs), len(plays.vectors)))
    for row, spec in zip(values, plan.specs, strict=True):
        row[:] = _computed(spec, plays, plan.provides)
    vector_of_session = plays.vectors.ids[plays.session_play]
    household, settings = context.of_vectors(plays.session_rows, vector_of_session, len(plays.vectors))
    return _Part(plays.viewer, plan.window.start_us(plays.window, first_us), values, household, settings), len(block)


def _computed(spec: FeatureSpec, plays: Plays, provided: frozenset[str]) -> Floats | float:
    return spec.compute(plays) if provided.issuperset(spec.needs) else np.nan


def _nothing(plan: Plan) -> _Part:
    none, codes = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32)
    return _Part(codes, none, np.zeros((len(plan.specs), 0)), codes, np.zeros((len(SETTINGS), 0)))


def _joined(plan: Plan, rows: Rows, context: SessionContext, parts: list[_Part]) -> VectorArrays:
    parts = parts or [_nothing(plan)]
    return VectorArrays(
        names=tuple(spec.name for spec in plan.specs),
        viewer=np.concatenate([part.viewer for part in parts]),
        start_us=np.concatenate([part.start_us for part in parts]),
        values=np.concatenate([part.values for part in parts], axis=1),
        household=np.concatenate([part.household for part in parts]),
        settings=np.concatenate([part.settings for part in parts], axis=1),
        viewer_names=rows.viewer_names,
        household_names=context.household_names,
    )
