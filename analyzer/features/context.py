"""What belongs to the vectors but is no feature: households, and accessibility settings.

Thresholds count households; protection rises where accessibility settings are over-represented. Neither may define a
pattern, so both travel beside the vectors, never in their columns.
"""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.features.segments import Floats, ratio
from analyzer.features.views import Plays

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


def build(plays: Plays, table: pa.Table, viewer_names: pa.Array, index: pd.MultiIndex) -> VectorContext:
    """Return the context of the vectors made of `plays`."""
    columns: dict[str, object] = {HOUSEHOLD: _households(plays, table, viewer_names)}
    for name in SETTINGS:
        columns[name] = _setting(plays, table, name)
    return VectorContext(pd.DataFrame(columns, index=index))


def _households(plays: Plays, table: pa.Table, viewer_names: pa.Array) -> npt_str:
    viewers = viewer_names.take(pa.array(plays.viewer)).to_numpy(zero_copy_only=False)
    if "household_id" not in table.column_names or len(plays.session_rows) == 0:
        return np.asarray(viewers, dtype=object)
    rows = table["household_id"].combine_chunks().take(pa.array(plays.session_rows))
    frame = pd.DataFrame({"vector": plays.title_day[0], "household": rows.cast(pa.string()).to_pandas()})
    named = frame.dropna().groupby("vector")["household"].min().reindex(range(len(viewers)))
    return np.where(named.isna(), viewers, named)


def _setting(plays: Plays, table: pa.Table, name: str) -> Floats:
    count = len(plays.vectors)
    if name not in table.column_names:
        return np.full(count, np.nan)
    column = table[name].combine_chunks().take(pa.array(plays.session_rows))
    in_use = _in_use(name, column).to_numpy(zero_copy_only=False).astype(np.float64)
    known = ~np.isnan(in_use)
    vector = plays.title_day[0][known]
    share = ratio(np.bincount(vector, in_use[known], minlength=count), np.bincount(vector, minlength=count))
    return np.where(np.isnan(share), np.nan, (share > 0.5).astype(float))


def _in_use(name: str, column: pa.Array) -> pa.Array:
    if name == "playback_rate":
        return pc.cast(pc.not_equal(column, 1.0), pa.float64())
    if name == "assistive_tech":
        text = column.cast(pa.string())
        declared = pc.cast(pc.equal(text, "declared"), pa.float64())
        return pc.if_else(pc.equal(text, "unknown"), None, declared)
    return pc.cast(column, pa.float64())
