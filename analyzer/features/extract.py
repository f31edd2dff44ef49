"""From sessions to behaviour vectors: one kernel over the sessions of some viewers."""

from __future__ import annotations

import pandas as pd
from joblib import cpu_count

from analyzer.errors import InputError
from analyzer.features import context
from analyzer.features.catalog import select
from analyzer.features.kernel import Plan, VectorArrays, vectors_of
from analyzer.features.windows import Window
from analyzer.sessions.records import Sessions


def extract_features(
    sessions: Sessions,
    window: str | int | None = "28d",
    features: list[str] | None = None,
    *,
    step: str | int | None = None,
    workers: int | None = None,
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
    step : str or int, optional
        Time from one window's start to the next one's, such as "7d": windows overlap where it is shorter than the
        window. By default they follow each other.
    workers : int, optional
        Threads; as many as the machine has cores by default. Never a matter of the result.

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
    if not isinstance(sessions, Sessions):
        raise InputError(
            f"extract_features was given a {type(sessions).__name__}, not Sessions.",
            "Pass what analyzer.read_sessions returns.",
        )
    names = tuple(spec.name for spec in select(features))
    plan = Plan(Window.parse(window, step), sessions.provides, names)
    return as_frame(vectors_of(sessions.table, sessions.passed_over, plan, workers=workers or cpu_count()))


def as_frame(vectors: VectorArrays) -> pd.DataFrame:
    """Return vectors as a DataFrame with their context in `attrs`."""
    starts = pd.DatetimeIndex(vectors.start_us.astype("datetime64[us]")).tz_localize("UTC")
    viewers = pd.Index(vectors.viewers().to_pandas(), dtype="str")
    index = pd.MultiIndex.from_arrays([viewers, starts], names=["viewer_id", "window_start"])
    frame = pd.DataFrame(vectors.values.T, index=index, columns=list(vectors.names))
    beside: dict[str, object] = {context.HOUSEHOLD: vectors.households().to_numpy(zero_copy_only=False)}
    beside |= dict(zip(context.SETTINGS, vectors.settings, strict=True))
    frame.attrs[context.ATTRIBUTE] = context.VectorContext(pd.DataFrame(beside, index=index))
    return frame
