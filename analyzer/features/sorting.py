"""One sort by viewer, title and time, with keys packed into 64 bits where they fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.features.segments import Ints

Keys = Sequence[npt.NDArray[np.generic]]


def ranks(column: pa.Array) -> tuple[Ints, pa.Array]:
    """Return each value's rank among the sorted distinct values (-1 for null), and those values.

    Ranks, not dictionary codes: codes follow row order, and sums in code order would differ in their last bit
    when rows are shuffled.
    """
    coded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    order = pc.sort_indices(coded.dictionary).to_numpy()
    rank_of = np.empty(len(order) + 1, dtype=np.int64)
    rank_of[order] = np.arange(len(order))
    rank_of[-1] = -1
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return rank_of[codes], coded.dictionary.take(pa.array(order))


def sort_order(keys: Sequence[Ints], tie_breakers: Keys) -> Ints:
    """Return the order that sorts by `keys`, first key slowest; equal keys are ordered by `tie_breakers`.

    Rows equal in both are interchangeable, so the order of the input never shows in a result.
    """
    packed = _pack(keys)
    if packed is None:
        return np.lexsort((*reversed(tie_breakers), *reversed(keys)))
    order = np.argsort(packed)
    in_order = packed[order]
    same = in_order[1:] == in_order[:-1]
    tied = np.append(False, same) | np.append(same, False)
    if tied.any():
        rows = order[tied]
        order[tied] = rows[np.lexsort((*(t[rows] for t in reversed(tie_breakers)), packed[rows]))]
    return order


def _pack(keys: Sequence[Ints]) -> npt.NDArray[np.int64] | None:
    """Pack non-negative spans of the keys into one int64, or None where they need more than 63 bits."""
    if len(keys[0]) == 0:
        return np.zeros(0, dtype=np.int64)
    lows = [int(key.min()) for key in keys]
    bits = [int(key.max() - low).bit_length() for key, low in zip(keys, lows, strict=True)]
    if sum(bits) > 63:
        return None
    packed = np.zeros(len(keys[0]), dtype=np.int64)
    for key, low, width in zip(keys, lows, bits, strict=True):
        packed <<= width
        packed |= key - low
    return packed
