"""Read any Arrow array as a declared kind: values plus a mask of rows that could not be read.

One function a kind. A null stays null; a value that is there but cannot be read is reported, never guessed.
"""

from __future__ import annotations

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
_FLAG_WORDS: Final = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0"), False),
}


def as_mask(array: pa.Array) -> Mask:
    """Return a boolean Arrow array as numpy; null counts as False."""
    filled = pc.fill_null(array, False)
    mask: Mask = filled.to_numpy(zero_copy_only=False)
    return mask


def read_as(column: Column, array: pa.Array) -> tuple[pa.Array, Mask]:
    """Return `array` as the column's Arrow type and the mask of values that are there but unreadable."""
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), column.kind.arrow_type), np.zeros(len(array), dtype=bool)
    values = _READERS[column.kind](array)
    present = as_mask(array.is_valid()) & ~_is_blank(array)
    return values, present & as_mask(values.is_null())


def _is_text(array: pa.Array) -> bool:
    kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _plain_text(array: pa.Array) -> pa.Array:
    return array.cast(pa.string())


def _is_blank(array: pa.Array) -> Mask:
    if _is_text(array):
        return as_mask(pc.equal(pc.utf8_trim_whitespace(_plain_text(array)), ""))
    if pa.types.is_floating(array.type):
        return as_mask(pc.is_nan(array))  # NaN is how a DataFrame says null
    return np.zeros(len(array), dtype=bool)


def _read_text(array: pa.Array) -> pa.Array:
    if pa.types.is_floating(array.type):
        # A DataFrame turns integer ids with a gap into floats: 12.0 was 12.
        whole = as_mask(pc.equal(pc.floor(array), array))
        array = array.cast(pa.int64(), safe=False) if whole[~_is_blank(array)].all() else array
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
    return pc.dictionary_encode(pc.utf8_lower(_plain_text(_read_text(array)))).cast(Kind.KEY.arrow_type)


def _read_number(array: pa.Array) -> pa.Array:
    if pa.types.is_duration(array.type):
        return pc.divide(array.cast(pa.duration("us")).cast(pa.int64()).cast(pa.float64()), 1e6)
    if _is_text(array):
        text = pc.utf8_trim_whitespace(_plain_text(array))
        readable = pc.match_substring_regex(text, _NUMBER_TEXT)
        return pc.if_else(readable, text, None).cast(pa.float64())
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type) or pa.types.is_decimal(array.type):
        values = array.cast(pa.float64(), safe=False)
        return pc.if_else(pc.is_finite(values), values, None)
    return pa.nulls(len(array), pa.float64())


def _read_integer(array: pa.Array) -> pa.Array:
    values = _read_number(array)
    fits = pc.and_(pc.equal(pc.floor(values), values), pc.less(pc.abs(values), 2**31))
    return pc.if_else(fits, values, None).cast(pa.int32())


def _read_flag(array: pa.Array) -> pa.Array:
    if pa.types.is_boolean(array.type):
        return array
    text = pc.utf8_lower(pc.utf8_trim_whitespace(_plain_text(_read_text(array))))
    words = pa.array(list(_FLAG_WORDS))
    answers = pa.array(list(_FLAG_WORDS.values()))
    return answers.take(pc.index_in(text, value_set=words))


_INSTANT: Final = Kind.INSTANT.arrow_type


def _read_instant(array: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(array.type):
        aware = array if array.type.tz else pc.assume_timezone(array, "UTC")
        return aware.cast(_INSTANT, safe=False)
    if pa.types.is_date(array.type):
        return pc.assume_timezone(array.cast(pa.timestamp("us")), "UTC")
    if _is_text(array):
        parsed = pd.to_datetime(
            pd.Series(_plain_text(array).to_pandas()), format="ISO8601", utc=True, errors="coerce"
        )
        return pa.array(parsed.astype("datetime64[us, UTC]"), type=_INSTANT)
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        return _read_epoch(array)
    return pa.nulls(len(array), _INSTANT)


def _read_epoch(array: pa.Array) -> pa.Array:
    """Numbers since 1970: seconds, ms, us or ns, told apart by the size of the median (they differ by 1,000)."""
    values = array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    known = values[np.isfinite(values)]
    size = float(np.median(np.abs(known))) if len(known) else 0.0
    per_second = next((unit for bound, unit in ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3)) if size >= bound), 1.0)
    if pa.types.is_integer(array.type):
        scaled = pc.cast(array, pa.int64())
        step = int(1e6 / per_second) if per_second <= 1e6 else 0
        micros = pc.multiply(scaled, step) if step else pc.divide(scaled, 1000)
        return micros.cast(_INSTANT)
    readable = np.isfinite(values) & (np.abs(values / per_second) < 1e11)
    micros = np.where(readable, values, 0.0) / per_second * 1e6
    return pa.array(np.round(micros).astype("int64"), mask=~readable).cast(_INSTANT)


_READERS: Final[dict[Kind, Callable[[pa.Array], pa.Array]]] = {
    Kind.KEY: _read_text,
    Kind.TEXT: _read_text,
    Kind.CHOICE: _read_choice,
    Kind.INSTANT: _read_instant,
    Kind.NUMBER: _read_number,
    Kind.INTEGER: _read_integer,
    Kind.FLAG: _read_flag,
}
