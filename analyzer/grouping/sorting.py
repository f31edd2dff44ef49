"""One sort, with keys and the row number packed into 64 bits.

Sorting plain 64-bit numbers is several times faster than sorting their positions (docs/decisions/0009-the-kernel.md),
so the row number travels in the lowest bits of the number that is sorted. Where the keys need more bits than are left,
the last one is coarsened, and what then ties is put right by its full value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.grouping.arrays import Bools, Codes, Floats, Ints

Keys = Sequence[npt.NDArray[Any]]
_BITS: Final = 63  # the sign bit stays free


def ranks(column: pa.Array) -> tuple[Codes, pa.Array]:
    """Return each value's rank among the sorted distinct values (-1 for null), and those values.

    Ranks, not dictionary codes: codes follow row order, and sums in code order would differ in their last bit
    when rows are shuffled.
    """
    coded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    order = pc.sort_indices(coded.dictionary).to_numpy()
    rank_of = np.empty(len(order) + 1, dtype=np.int32)
    rank_of[order] = np.arange(len(order), dtype=np.int32)
    rank_of[-1] = -1
    indices = coded.indices if coded.indices.null_count == 0 else pc.fill_null(coded.indices, -1)
    return rank_of[indices.to_numpy(zero_copy_only=False)], coded.dictionary.take(pa.array(order))


def sort_order(keys: Keys, tie_breakers: Keys = (), place: Ints | None = None) -> Ints:
    """Return the order that sorts by whole-number `keys`, first key slowest; equal ones by `tie_breakers`, then row.

    Parameters
    ----------
    keys : arrays of integers, shape (n,)
        The spans of all but the last must fit into 63 bits together with the row number; else a slower sort is used.
    tie_breakers : arrays of numbers
        NaN comes last. One value a row, or where `place` says.
    place : ndarray of int64, shape (n,), optional
        Where each row's values are in the tie breakers: they are fetched only for the few rows that tie.

    Returns
    -------
    ndarray of int64, shape (n,)
        Rows equal in both keep their order, so where they are interchangeable the input's order never shows.
    """
    packed, row_bits, coarse = _packed(keys)
    if packed is None:
        every = range(len(keys[0])) if place is None else place
        return np.lexsort((*(key[every] for key in reversed(tie_breakers)), *reversed(keys)))
    packed.sort()
    order = packed & ((1 << row_bits) - 1)
    if tie_breakers or coarse:
        packed >>= row_bits
        _settle(order, packed, (keys[-1],) if coarse else (), tie_breakers, place)
    return order


def ordered_bits(values: Floats) -> Ints:
    """Return whole numbers that sort as the floats do (none of them NaN)."""
    bits = (np.asarray(values, dtype=np.float64) + 0.0).view(np.int64)  # + 0.0 makes -0.0 and 0.0 one value
    return bits ^ ((bits >> np.int64(63)) & np.int64(2**63 - 1))


def _packed(keys: Keys) -> tuple[Ints | None, int, bool]:
    """Return the packed numbers, the bits of the row number in them, and whether the last key was coarsened."""
    count = len(keys[0])
    if count == 0:
        return np.zeros(0, dtype=np.int64), 0, False
    row_bits = (count - 1).bit_length()
    lows = [int(key.min()) for key in keys]
    bits = [(int(key.max()) - low).bit_length() for key, low in zip(keys, lows, strict=True)]
    excess = max(sum(bits) + row_bits - _BITS, 0)
    if excess > bits[-1] or bits[-1] > _BITS:
        return None, row_bits, False
    packed = np.zeros(count, dtype=np.int64)
    for key, low, width in zip(keys[:-1], lows, bits, strict=False):
        packed <<= width
        packed |= key.astype(np.int64, copy=False) - low
    packed <<= bits[-1] - excess
    packed |= (keys[-1].astype(np.int64, copy=False) - lows[-1]) >> excess
    packed <<= row_bits
    packed |= np.arange(count, dtype=np.int64)
    return packed, row_bits, excess > 0


def _settle(order: Ints, heads: Ints, last: Keys, tie_breakers: Keys, place: Ints | None) -> None:
    """Put rows with equal heads right, in place, by the full last key and the tie breakers."""
    tied = heads[1:] == heads[:-1]
    at = np.flatnonzero(tied)
    if len(at) == 0:
        return

    def values(rows: Ints) -> list[npt.NDArray[np.generic]]:
        there = rows if place is None else place[rows]
        return [key[rows] for key in last] + [key[there] for key in tie_breakers]

    wrong = _descends(values(order[at]), values(order[at + 1]))
    if wrong.any():
        run = np.append(0, np.cumsum(~tied))
        unsettled = np.zeros(int(run[-1]) + 1, dtype=bool)
        unsettled[run[at[wrong]]] = True
        moved = unsettled[run]
        rows = order[moved]
        order[moved] = rows[np.lexsort((*reversed(values(rows)), heads[moved]))]


def _descends(before: Keys, after: Keys) -> Bools:
    """Return True where a row sorts behind the next one; most ties do not: rows that are equal, say."""
    undecided = np.ones(len(before[0]), dtype=bool)
    wrong = np.zeros(len(undecided), dtype=bool)
    for a, b in zip(before, after, strict=True):
        unknown_a, unknown_b = a != a, b != b  # NaN, which a sort puts last
        equal = (a == b) | (unknown_a & unknown_b)
        wrong |= undecided & ~equal & ~((a < b) | unknown_b)
        undecided &= equal
    return wrong
