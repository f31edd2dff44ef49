"""A viewer's earlier windows speak too: a vector is pooled with those of the eight weeks before it.

One window of somebody who watches three times a month says little about how they watch. Earlier windows of the same
viewer are averaged in, each weighted by its plays and by 0.6 for every four weeks that have passed; later windows
never are, so that what was said of a window does not change when the next one arrives.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.grouping.arrays import Floats, Ints

MEMORY_DAYS: Final = 56
DECAY_DAYS: Final = 28
DECAY: Final = 0.6
PLAYS: Final = "plays"


def pooled(values: Floats, index: pd.Index, plays: Floats | None = None) -> Floats:
    """Return each vector averaged with the viewer's earlier ones; null where none of them knows.

    Parameters
    ----------
    values : ndarray of float64, shape (n_vectors, n_features)
        Scaled values, null allowed.
    index : Index
        With the levels `viewer_id` and `window_start`, as from `extract_features`; with any other, nothing is pooled.
    plays : ndarray of float64, shape (n_vectors,), optional
        Plays behind each vector, at least 1; without them vectors count alike.

    Returns
    -------
    ndarray of float64, shape (n_vectors, n_features)
    """
    if not {"viewer_id", "window_start"} <= set(index.names) or not _is_time(index):
        return values
    viewer = pd.factorize(index.get_level_values("viewer_id"))[0].astype(np.int64)
    day = _days(index)
    order = np.lexsort((day, viewer))
    if not (viewer[order][1:] == viewer[order][:-1]).any():
        return values
    weight = np.ones(len(values)) if plays is None else np.maximum(np.nan_to_num(plays, nan=1.0), 1.0)
    result = np.empty_like(values)
    result[order] = _pooled_sorted(values[order], viewer[order], day[order], weight[order])
    return result


def last_window(index: pd.Index, households: npt.NDArray[Any], k: int) -> date | None:
    """Return the day on which the last window begins that at least `k` households have; None where none can be told.

    A single clock that runs wrong must not make a model look newer than it is.
    """
    if "window_start" not in index.names or not _is_time(index):
        return None
    begun = pd.Series(households).groupby(index.get_level_values("window_start").to_numpy()).nunique()
    shared = begun.index[begun >= k]
    return pd.Timestamp(shared.max()).date() if len(shared) else None


def _pooled_sorted(values: Floats, viewer: Ints, day: Floats, weight: Floats) -> Floats:
    known = ~np.isnan(values)
    mass = known * weight[:, None]
    total = np.where(known, values, 0.0) * weight[:, None]
    own_mass, own_total = mass.copy(), total.copy()
    for lag in range(1, len(values)):
        age = day[lag:] - day[:-lag]
        near = (viewer[lag:] == viewer[:-lag]) & (age <= MEMORY_DAYS)
        if not near.any():
            break
        later = np.flatnonzero(near & (age > 0)) + lag  # of one moment neither is the earlier
        decay = DECAY ** (age[later - lag] / DECAY_DAYS)
        mass[later] += own_mass[later - lag] * decay[:, None]
        total[later] += own_total[later - lag] * decay[:, None]
    return np.divide(total, mass, out=np.full_like(values, np.nan), where=mass > 0)


def _is_time(index: pd.Index) -> bool:
    return isinstance(index.get_level_values("window_start"), pd.DatetimeIndex)


def _days(index: pd.Index) -> Floats:
    start = pd.DatetimeIndex(index.get_level_values("window_start"))
    seconds = start.as_unit("s").asi8.astype(np.float64)
    return np.where(start.isna(), np.inf, seconds / 86_400.0)
