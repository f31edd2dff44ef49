"""What belongs to the vectors but is no feature: households, and accessibility settings.

Thresholds count households; protection rises where accessibility settings are over-represented. Neither may define a
pattern, so both travel beside the vectors, never in their columns.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.grouping.arrays import Codes, Floats, Ints
from analyzer.grouping.segments import ratio
from analyzer.grouping.sorting import ranks

ATTRIBUTE: Final = "analyzer.context"
HOUSEHOLD: Final = "household_id"
SETTINGS: Final = ("captions", "audio_description", "playback_rate", "assistive_tech")
# For playback_rate the setting is "any speed but 1"; for assistive_tech it is "declared".


class VectorContext(dict[str, object]):
    """Households and accessibility settings of vectors.

    As a mapping it is empty: pandas writes `attrs` as JSON when it saves a frame, and households must not go there.

    Parameters
    ----------
    frame : DataFrame
        Indexed like the vectors; column `household_id` and one column per setting: 1.0 where it was in use for most
        sessions of the window whose setting is known, 0.0 where not, null where unknown.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        super().__init__()
        self.frame = frame

    def __deepcopy__(self, memo: object) -> VectorContext:
        return self  # pandas copies attrs at every step; this value is never changed, so one is enough

    def __eq__(self, other: object) -> bool:
        return self is other  # else pandas would take the context of one partition for that of another

    def __ne__(self, other: object) -> bool:
        return self is not other

    __hash__ = None

    def households(self, index: pd.Index) -> npt_str:
        """Return the household of each vector of `index`; the viewer where no household is known."""
        known = self.frame[HOUSEHOLD].reindex(index)
        viewers = viewers_of(index)
        return np.where(known.isna(), viewers, known).astype(str)

    def settings(self, index: pd.Index) -> pd.DataFrame:
        """Return the accessibility settings of each vector of `index`; null where unknown."""
        return self.frame[list(SETTINGS)].reindex(index)


npt_str = np.ndarray[tuple[int, ...], np.dtype[np.str_]]


def warn_if_lost(vectors: pd.DataFrame) -> None:
    """Warn when vectors of viewers have come without the households that `extract_features` gave them."""
    if "viewer_id" not in vectors.index.names:
        return
    context = context_of(vectors)
    if context is None or not vectors.index.isin(context.frame.index).all():
        warnings.warn(
            "These vectors have lost their households and accessibility settings (concat and merge drop them): each"
            " viewer counts as a household, and no setting can raise a mark. Extract all sessions in one call, or pass"
            " households=.",
            stacklevel=3,
        )


def viewers_of(index: pd.Index) -> npt_str:
    """Return the viewer of each row: the index level `viewer_id`, or the row itself where there is none."""
    if "viewer_id" in index.names:
        return index.get_level_values("viewer_id").to_numpy().astype(str)
    return np.arange(len(index)).astype(str)


def context_of(vectors: pd.DataFrame) -> VectorContext | None:
    """Return the context that `extract_features` left with the vectors, if it is still there."""
    context = vectors.attrs.get(ATTRIBUTE)
    return context if isinstance(context, VectorContext) else None


@dataclass(frozen=True)
class SessionContext:
    """Households and accessibility settings of sessions, as codes.

    Attributes
    ----------
    household : ndarray of int32, or None
        Ranks in `household_names`, -1 where unknown.
    in_use : tuple of ndarray of int8, or None where the source does not tell
        In the order of `SETTINGS`: 1 in use, 0 not, -1 unknown.
    """

    household: Codes | None
    household_names: pa.Array
    in_use: tuple[npt.NDArray[np.int8] | None, ...]

    @classmethod
    def of(cls, table: pa.Table) -> SessionContext:
        """Return the context of a session table."""
        present = set(table.column_names)
        household, names = ranks(table[HOUSEHOLD].combine_chunks()) if HOUSEHOLD in present else (None, _NO_NAMES)
        return cls(household, names, tuple(_in_use(n, table[n]) if n in present else None for n in SETTINGS))

    def of_vectors(self, row: Ints, vector: Ints, count: int) -> tuple[Codes, Floats]:
        """Return the household and the settings of each vector.

        Parameters
        ----------
        row, vector : ndarray of int64, shape (n_sessions,)
            Each session's row in the table, and the vector it belongs to; sorted by vector.
        count : int
            How many vectors there are; each has a session.
        """
        settings = np.full((len(SETTINGS), count), np.nan)
        for values, in_use in zip(settings, self.in_use, strict=True):
            if in_use is not None:
                values[:] = _mostly(in_use[row], vector, count)
        if self.household is None:
            return np.full(count, -1, dtype=np.int32), settings
        # The first by name, where a profile has moved between households; unknown (-1) only if no session knows one.
        known = self.household[row].view(np.uint32)  # -1 becomes the largest number
        first = np.minimum.reduceat(known, np.searchsorted(vector, np.arange(count)))
        return first.view(np.int32), settings


_NO_NAMES: Final = pa.array([], pa.string())


def _mostly(in_use: npt.NDArray[np.int8], vector: Ints, count: int) -> Floats:
    """Return 1.0 where most sessions of known setting had it in use, 0.0 where not, NaN where none is known."""
    known = np.bincount(vector, in_use >= 0, minlength=count)
    share = ratio(np.bincount(vector, in_use == 1, minlength=count), known)
    return np.where(known > 0, (share > 0.5).astype(np.float64), np.nan)


def _in_use(name: str, column: pa.ChunkedArray) -> npt.NDArray[np.int8]:
    if name == "playback_rate":
        column = pc.not_equal(column, 1.0)
    elif name == "assistive_tech":
        text = column.cast(pa.string())
        column = pc.if_else(pc.equal(text, "unknown"), None, pc.equal(text, "declared"))
    codes: npt.NDArray[np.int8] = pc.fill_null(pc.cast(column, pa.int8()), -1).to_numpy()
    return codes
