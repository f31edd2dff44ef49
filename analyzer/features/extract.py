"""From sessions to behaviour vectors: one kernel over the sessions of some viewers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analyzer.errors import InputError
from analyzer.features import context
from analyzer.features.catalog import FeatureSpec, select
from analyzer.features.plays import session_arrays
from analyzer.features.segments import Floats
from analyzer.features.views import Plays, arrange
from analyzer.features.windows import Window
from analyzer.sessions.records import Sessions


def extract_features(
    sessions: Sessions,
    window: str | int | None = "28d",
    features: list[str] | None = None,
) -> pd.DataFrame:
    """Return one behaviour vector per viewer and window.

    Parameters
    ----------
    sessions : Sessions
        From `read_sessions`; all sessions of a viewer must be in one call.
    window : str, int or None
        Window length such as "28d" or "4w", or None for the whole history.
    features : list of str, optional
        Names from the catalog; all by default.

    Returns
    -------
    DataFrame of float64
        Indexed by (`viewer_id`, `window_start`), one column per feature, sorted. Null means unknown, never 0.
        Households and accessibility settings travel in `attrs`, not in columns.

    Raises
    ------
    InputError
        When a feature or window is unknown.
    """
    specs = select(features)
    span = Window.parse(window)
    if not isinstance(sessions, Sessions):
        raise InputError(
            f"extract_features was given a {type(sessions).__name__}, not Sessions.",
            "Pass what analyzer.read_sessions returns.",
        )
    arrays = session_arrays(sessions.table, sessions.passed_over)
    plays = arrange(arrays, span)
    index = _index(plays, span, arrays.viewer_names.to_numpy(zero_copy_only=False))
    provided = sessions.provides
    vectors = pd.DataFrame(
        {spec.name: _compute(spec, plays, provided) for spec in specs}, index=index, dtype=np.float64
    )
    vectors.attrs[context.ATTRIBUTE] = context.build(plays, sessions.table, arrays.viewer_names, index)
    return vectors


def _compute(spec: FeatureSpec, plays: Plays, provided: frozenset[str]) -> Floats:
    if not provided.issuperset(spec.needs):
        return np.full(len(plays.vectors), np.nan)
    return spec.compute(plays)


def _index(plays: Plays, window: Window, viewer_names: np.ndarray[Any, Any]) -> pd.MultiIndex:
    first_us = plays.vectors.min(plays.all.start_us, empty=0.0).astype(np.int64)
    starts = window.start_us(plays.window, first_us).astype("datetime64[us]")
    return pd.MultiIndex.from_arrays(
        [pd.Index(viewer_names[plays.viewer], dtype="str"), pd.DatetimeIndex(starts).tz_localize("UTC")],
        names=["viewer_id", "window_start"],
    )
