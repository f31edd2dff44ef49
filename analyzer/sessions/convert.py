"""Read any Arrow array as a declared kind: values plus a mask of rows that could not be read.

One function a kind. A null stays null; a value that is there but cannot be read is reported, never guessed. A type
that no function knows is reported whole.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.sessions.schema import Column, Kind

Mask = npt.NDArray[np.bool_]

_NUMBER_TEXT: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_TIME_TEXT: Final = r"^\d{4}"  # pandas would read "now" and "today" as the moment of reading
_FLAG_WORDS: Final = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0"), False),
}


def as_mask(array: pa.Array) -> Mask:
    """Return a boolean Arrow array as numpy; null counts as False."""
    filled = pc.fill_null(array, False) if array.null_count else array
    mask: Mask = filled.to_numpy(zero_copy_only=False)
    return mask


def is_known(table: pa.Table, name: str) -> Mask:
    """Return the mask of rows that have a value in a column; of none where the table has no such column."""
    if name not in table.column_names:
        return np.zeros(table.num_rows, dtype=bool)
    return as_mask(pc.is_valid(table[name].combine_chunks()))


def read_as(column: Column, array: pa.Array) -> tuple[pa.Array, Mask | None]:
    """Return `array` as the column's Arrow type, and the mask of values that are there but unreadable.

    The mask is None where every value was read. Each value is read by itself: what it means never depends on the other
    values of the column, or a file would read otherwise when it is split.
    """
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), column.kind.arrow_type), None
    array = _simplified(array)
    try:
        values = _READERS[column.kind](array)
    except pa.ArrowException:
        values = pa.nulls(len(array), column.kind.arrow_type)
    if values.null_count == array.null_count:
        return values, None  # a reader turns values into nulls, never the other way round
    unreadable = as_mask(array.is_valid()) & ~_is_blank(array) & as_mask(values.is_null())
    return values, unreadable if unreadable.any() else None


def _simplified(array: pa.Array) -> pa.Array:
    """Return the array in a form that the readers know: no runs, and codes only for distinct words."""
    if isinstance(array, pa.UuidArray):
        coded = pc.dictionary_encode(array.storage)
        words = [str(uuid.UUID(bytes=word)) for word in coded.dictionary.to_pylist()]
        return pa.DictionaryArray.from_arrays(coded.indices, pa.array(words, pa.string()))
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_run_end_encoded(array.type):
        array = pc.run_end_decode(array)
    if not pa.types.is_dictionary(array.type):
        return array
    if not _is_text(array):
        return array.dictionary_decode()
    words = array.dictionary.cast(pa.string())
    coded = pc.dictionary_encode(words)
    if len(coded.dictionary) == len(words):
        return pa.DictionaryArray.from_arrays(array.indices, words)
    return pa.DictionaryArray.from_arrays(coded.indices.take(array.indices), coded.dictionary)


def _is_text(array: pa.Array) -> bool:
    kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _plain_text(array: pa.Array) -> pa.Array:
    return array.cast(pa.string())


def _is_blank(array: pa.Array) -> Mask:
    if pa.types.is_dictionary(array.type):
        codes = pc.fill_null(array.indices, -1).to_numpy(zero_copy_only=False)
        blank: Mask = np.append(_is_blank(array.dictionary), False)[codes]
        return blank
    if _is_text(array):
        return as_mask(pc.equal(pc.utf8_trim_whitespace(_plain_text(array)), ""))
    if pa.types.is_floating(array.type):
        return as_mask(pc.is_nan(array))  # NaN is how a DataFrame says null
    return np.zeros(len(array), dtype=bool)


def _read_text(array: pa.Array) -> pa.Array:
    if pa.types.is_floating(array.type):
        # A DataFrame turns integer ids with a gap into floats: 12.0 was 12.
        numbers = array.cast(pa.float64())
        # Beyond 2**53, ids run into each other; "infinity" is none.
        numbers = pc.if_else(pc.less(pc.abs(numbers), 2.0**53), numbers, None)
        whole = pc.equal(pc.floor(numbers), numbers)
        as_whole = pc.if_else(whole, numbers, None).cast(pa.int64()).cast(pa.string())
        array = pc.if_else(whole, as_whole, numbers.cast(pa.string()))
    if not _is_text(array):
        array = array.cast(pa.string())
    if not pa.types.is_dictionary(array.type):
        array = pc.dictionary_encode(array.cast(pa.string()))
    array = array.cast(Kind.KEY.arrow_type)
    return _blank_to_null(array)


def _blank_to_null(array: pa.DictionaryArray) -> pa.DictionaryArray:
    words = array.dictionary
    if len(words) == 0:
        return array
    codes = np.arange(len(words), dtype=np.int32)
    blank = as_mask(pc.equal(pc.utf8_trim_whitespace(words), ""))
    if not blank.any():
        return array
    recode = pa.array(codes, mask=blank)
    return pa.DictionaryArray.from_arrays(recode.take(array.indices), words)


def _read_choice(array: pa.Array) -> pa.Array:
    coded = _read_text(array)
    words = pc.dictionary_encode(pc.utf8_lower(pc.utf8_trim_whitespace(coded.dictionary)))
    codes = words.indices.take(coded.indices).cast(pa.int32())
    return pa.DictionaryArray.from_arrays(codes, words.dictionary)


def _read_number(array: pa.Array) -> pa.Array:
    if pa.types.is_duration(array.type):
        return pc.divide(array.cast(pa.duration("us")).cast(pa.int64()).cast(pa.float64()), 1e6)
    if _is_text(array):
        text = pc.utf8_trim_whitespace(_plain_text(array))
        readable = pc.match_substring_regex(text, _NUMBER_TEXT)
        return pc.if_else(readable, text, None).cast(pa.float64())
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type) or pa.types.is_decimal(array.type):
        values = array.cast(pa.float64(), safe=False)
        if np.isfinite(values.to_numpy(zero_copy_only=False)).all():
            return values  # as it came, without a copy
        return pc.if_else(pc.is_finite(values), values, None)
    return pa.nulls(len(array), pa.float64())


def _read_integer(array: pa.Array) -> pa.Array:
    if pa.types.is_duration(array.type):
        return pa.nulls(len(array), pa.int32())  # in which unit?
    if pa.types.is_integer(array.type) and array.type.bit_width <= 32 and not pa.types.is_uint32(array.type):
        return array.cast(pa.int32())
    values = _read_number(array)
    fits = pc.and_(pc.equal(pc.floor(values), values), pc.less(pc.abs(values), 2**31))
    return pc.if_else(fits, values, None).cast(pa.int32())


def _read_flag(array: pa.Array) -> pa.Array:
    if pa.types.is_boolean(array.type):
        return array
    coded = _read_text(array)
    text = pc.utf8_lower(pc.utf8_trim_whitespace(coded.dictionary))
    words = pa.array(list(_FLAG_WORDS))
    answers = pa.array(list(_FLAG_WORDS.values()))
    return answers.take(pc.index_in(text, value_set=words)).take(coded.indices)


_INSTANT: Final = Kind.INSTANT.arrow_type


def _read_instant(array: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(array.type):
        return _from_epoch(array.cast(pa.int64()), _PER_SECOND[array.type.unit])
    if pa.types.is_date(array.type):
        days = array.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
        return _from_epoch(pc.multiply(days, 86_400), 1)
    if _is_text(array):
        text = pc.utf8_trim_whitespace(_plain_text(array))
        text = pc.if_else(pc.match_substring_regex(text, _TIME_TEXT), text, None)
        parsed = pd.to_datetime(pd.Series(text.to_pandas()), format="ISO8601", utc=True, errors="coerce")
        return pa.array(parsed.astype("datetime64[us, UTC]"), type=_INSTANT)
    if pa.types.is_integer(array.type):
        if pa.types.is_uint64(array.type):
            array = pc.min_element_wise(array, pa.scalar(2**63 - 1, pa.uint64()), skip_nulls=False)
        return _by_size(array.cast(pa.int64()), _from_epoch)
    if pa.types.is_floating(array.type):
        return _by_size(array.cast(pa.float64()), _from_fraction)
    return pa.nulls(len(array), _INSTANT)


_PER_SECOND: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_SIZES: Final = ((1e17, 10**9), (1e14, 10**6), (1e11, 10**3), (0.0, 1))


def _by_size(numbers: pa.Array, instants: Callable[[pa.Array, int], pa.Array]) -> pa.Array:
    """Read numbers since 1970 as ns, us, ms or s, each by its own size: no moment of this age fits two of them."""
    size = pc.abs(numbers.cast(pa.float64(), safe=False))
    result, undecided = None, pc.is_valid(size)
    for bound, per_second in _SIZES:
        mine = pc.and_(undecided, pc.greater_equal(size, bound))
        if pc.any(mine).as_py():
            read = instants(pc.if_else(mine, numbers, None), per_second)
            result = read if result is None else pc.coalesce(result, read)
            undecided = pc.and_not(undecided, mine)
    return pa.nulls(len(numbers), _INSTANT) if result is None else result


def _from_fraction(numbers: pa.Array, per_second: int) -> pa.Array:
    seconds = pc.divide(numbers, float(per_second))
    near = pc.and_(pc.is_finite(seconds), pc.less(pc.abs(seconds), 1e11))
    return pc.round(pc.multiply(pc.if_else(near, seconds, None), 1e6)).cast(pa.int64()).cast(_INSTANT)


def _from_epoch(numbers: pa.Array, per_second: int) -> pa.Array:
    """Return the instants of whole numbers since 1970; null where microseconds do not fit into 64 bits."""
    if per_second > 10**6:
        return pc.divide(numbers, per_second // 10**6).cast(_INSTANT)
    step = 10**6 // per_second
    if step == 1:
        return numbers.cast(_INSTANT)
    limit = (2**63 - 1) // step
    fits = pc.and_(pc.less_equal(numbers, limit), pc.greater_equal(numbers, -limit))
    return pc.multiply(pc.if_else(fits, numbers, None), step).cast(_INSTANT)


_READERS: Final[dict[Kind, Callable[[pa.Array], pa.Array]]] = {
    Kind.KEY: _read_text,
    Kind.TEXT: _read_text,
    Kind.CHOICE: _read_choice,
    Kind.INSTANT: _read_instant,
    Kind.NUMBER: _read_number,
    Kind.INTEGER: _read_integer,
    Kind.FLAG: _read_flag,
}
