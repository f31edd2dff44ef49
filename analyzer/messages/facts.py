"""What households did with titles, a row a viewer, title and local day: all that a claim about viewing can be asked of.

Plays are those of `features.plays`, so that a draft, a feature and a mark speak of the same thing; a day counts when a
session of a play began on it. Households stand as keyed hashes, never by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.features.moves import Moves
from analyzer.features.plays import PlayArrays, stitch
from analyzer.features.rows import SessionArrays, blocks_of, rows_of, sorted_sessions
from analyzer.features.windows import US_PER_DAY
from analyzer.grouping.arrays import Bools, Ints
from analyzer.grouping.segments import Segments, changes
from analyzer.sessions.pseudonym import Pseudonymiser
from analyzer.sessions.records import PASSED_OVER_SCHEMA

Keys = npt.NDArray[np.uint64]
"""Hashes that stand for households."""

_Column = tuple[npt.NDArray[Any], Bools | None]  # values, and where there is none

_US: Final = 1_000_000
_HASH_DIGITS: Final = 16  # 64 bits: among a million households two meet by chance once in 37 million indexes

FACTS: Final = pa.schema(
    [
        pa.field("household_key", pa.uint64(), nullable=False),
        pa.field("title_id", pa.string(), nullable=False),
        pa.field("day", pa.int32(), nullable=False),  # local, since 1970
        pa.field("shown", pa.int8(), nullable=False),  # 1 where it was more than a glance
        pa.field("plays", pa.int32(), nullable=False),
        pa.field("finished", pa.int32(), nullable=False),
        pa.field("in_one_go", pa.int32(), nullable=False),
        pa.field("ms", pa.int64(), nullable=False),
        pa.field("hours", pa.int32()),  # a bit for each local hour in which a play began; null where none is known
        pa.field("unplaced", pa.int32(), nullable=False),  # plays of which nobody knows the local hour
        pa.field("rewinds", pa.int32()),
    ]
)
PLACES: Final = pa.schema([("household_key", pa.uint64()), ("country", pa.string())])
NAMES: Final = pa.schema([("title_id", pa.string()), ("title_name", pa.string()), ("series_id", pa.string())])


@dataclass(frozen=True)
class Facts:
    """What the sessions of some whole viewers say.

    Attributes
    ----------
    days : pyarrow.Table
        Typed by `FACTS`. Viewers of one household have rows of their own, for whoever gathers them to add up.
    places : pyarrow.Table
        Where each household watched.
    names : pyarrow.Table
        What each title is called, and of which series it is.
    """

    days: pa.Table
    places: pa.Table
    names: pa.Table


def facts_of(table: pa.Table, hasher: Pseudonymiser) -> Facts:
    """Return what sessions say.

    Parameters
    ----------
    table : pyarrow.Table
        All sessions of some viewers, typed by `sessions.schema`.
    hasher : Pseudonymiser
        Turns households into 64-bit hashes under its key.
    """
    if table.num_rows == 0:
        return Facts(FACTS.empty_table(), PLACES.empty_table(), NAMES.empty_table())
    whole = table.unify_dictionaries().combine_chunks()
    household, keys = _households(whole, hasher)
    rows, moves = rows_of(whole, PASSED_OVER_SCHEMA.empty_table()), Moves.of_table(whole)
    parts = [_of_block(sorted_sessions(rows, block), moves, whole, keys[household]) for block in blocks_of(rows)]
    return Facts(pa.concat_tables(parts), _places(whole, household, keys), _names(whole))


def _households(table: pa.Table, hasher: Pseudonymiser) -> tuple[Ints, Keys]:
    """Return each row's household as a code, and the codes' keys.

    A viewer has one household: the first by name, where a profile has moved; the viewer alone where none is known.
    """
    viewer, names = _coded(table["viewer_id"])
    if "household_id" not in table.column_names:
        return viewer, _keys(names, hasher)
    known, known_names = _coded(table["household_id"])
    order = np.argsort(np.append(known_names.to_numpy(zero_copy_only=False).astype(str), ""), kind="stable")[1:]
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(len(order)), len(order)  # -1, unknown, is the last of all
    first = np.full(len(names), len(order), dtype=np.int64)
    np.minimum.at(first, viewer, rank[known])
    alone = first == len(order)
    code = np.where(alone, len(order) + np.arange(len(names)), first)
    keys = np.concatenate([_keys(known_names.take(pa.array(order)), hasher), np.zeros(len(names), dtype=np.uint64)])
    keys[len(order) + np.flatnonzero(alone)] = _keys(names.filter(pa.array(alone)), hasher)
    return code[viewer], keys


def household_keys(names: pa.Array, hasher: Pseudonymiser) -> Keys:
    """Return the key of each household in a column of names."""
    return _keys(names.cast(pa.string()), hasher)


def _keys(names: pa.Array, hasher: Pseudonymiser) -> Keys:
    hashed = (hasher.household(name)[2 : 2 + _HASH_DIGITS] for name in names.to_pylist())
    return np.fromiter((int(digits, 16) for digits in hashed), dtype=np.uint64, count=len(names))


def _coded(column: pa.ChunkedArray) -> tuple[Ints, pa.Array]:
    """Return each row's code and the codes' names; -1 for null."""
    coded = column.combine_chunks()
    if not pa.types.is_dictionary(coded.type):
        coded = pc.dictionary_encode(coded)
    indices = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return indices, coded.dictionary.cast(pa.string())


def _of_block(s: SessionArrays, moves: Moves, table: pa.Table, key: Keys) -> pa.Table:
    plays = stitch(s, moves.looped(s.row))
    day = _local_days(s)
    groups = Segments.of_starts(changes(s.viewer, s.title, day))
    first_rows = s.row[groups.first]
    rewinds = moves.values.get("rewinds", np.full(len(table), np.nan))[s.row]
    unknown = groups.sum(~np.isnan(rewinds)) == 0
    values = {
        "household_key": pa.array(key[first_rows]),
        "title_id": table["title_id"].take(pa.array(first_rows)).cast(pa.string()),
        "day": pa.array(day[groups.first].astype(np.int32)),
        "ms": pa.array(np.rint(groups.sum(s.played_s * 1000.0)).astype(np.int64)),
        "rewinds": pa.array(groups.sum(np.nan_to_num(rewinds)).astype(np.int32), mask=unknown),
        **{name: pa.array(column, mask=mask) for name, (column, mask) in _of_plays(s, plays, groups).items()},
    }
    return pa.table([values[field.name] for field in FACTS], schema=FACTS)


def _local_days(s: SessionArrays) -> Ints:
    return (s.start_us + (np.nan_to_num(s.offset_min) * 60 * _US).astype(np.int64)) // US_PER_DAY


def _of_plays(s: SessionArrays, plays: PlayArrays, groups: Segments) -> dict[str, _Column]:
    """Return what the plays that began on each day were like."""
    first, count = plays.sessions.first, len(s.viewer)
    hour, clock = np.nan_to_num(plays.hour).astype(np.int64), ~np.isnan(plays.hour)

    def of_starts(chosen: Bools) -> npt.NDArray[np.int32]:
        marked = np.zeros(count)
        marked[first[chosen]] = 1.0
        return np.asarray(groups.sum(marked).astype(np.int32))

    real = ~plays.glance
    bits = np.zeros(count, dtype=np.int32)
    bits[first] = np.where(real & clock, np.left_shift(1, hour), 0)
    mask = np.bitwise_or.reduceat(bits, groups.first)
    shown = groups.max(real[plays.sessions.ids].astype(np.float64)).astype(np.int8)
    return {
        "shown": (shown, None),
        "plays": (of_starts(real), None),
        "finished": (of_starts(plays.completed), None),
        "in_one_go": (of_starts(plays.completed & _in_one_go(s, plays)), None),
        "hours": (mask, mask == 0),
        "unplaced": (of_starts(real & ~clock), None),
    }


def _in_one_go(s: SessionArrays, plays: PlayArrays) -> Bools:
    """Return which plays were never left for longer than a sitting's pause."""
    end = s.start_us + (s.played_s * _US).astype(np.int64)
    return np.asarray(plays.first_end_us >= end[plays.sessions.last])


def _places(table: pa.Table, household: Ints, keys: Keys) -> pa.Table:
    if "country" not in table.column_names:
        return PLACES.empty_table()
    country, names = _coded(table["country"])
    pairs = pd.unique((household * len(names) + country)[country >= 0])
    where = names.take(pa.array(pairs % max(len(names), 1)))
    return pa.table([pa.array(keys[pairs // max(len(names), 1)]), pc.utf8_upper(where)], schema=PLACES)


def _names(table: pa.Table) -> pa.Table:
    """Return the titles with all names and series that rows give them."""
    title, ids = _coded(table["title_id"])
    found = {}
    for name in ("title_name", "series_id"):
        present = name in table.column_names
        found[name] = _coded(table[name]) if present else (np.full(len(title), -1), pa.array([], pa.string()))
    (called, words), (series, shows) = found["title_name"], found["series_id"]
    wide, deep = len(words) + 1, len(shows) + 1
    distinct = pd.unique((title * wide + called + 1) * deep + series + 1)
    at_title, at_word, at_show = distinct // deep // wide, distinct // deep % wide - 1, distinct % deep - 1
    columns = [ids.take(pa.array(at_title)), _taken(words, at_word), _taken(shows, at_show)]
    return pa.table(columns, schema=NAMES)


def _taken(words: pa.Array, at: Ints) -> pa.Array:
    return words.take(pa.array(at, mask=at < 0))
