"""Batch classification: pattern or withheld, one answer per vector."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.errors import InputError, did_you_mean
from analyzer.features.context import viewers_of
from analyzer.grouping.arrays import Floats, Ints
from analyzer.patterns.density import NO_PATTERN
from analyzer.policy.marks import NO_PATTERN_ID, guarded
from analyzer.policy.rules import MarkStatus
from analyzer.workflow.model import Model

if TYPE_CHECKING:
    from analyzer.ledger.store import Ledger

WITHHELD: Final = "withheld"
RELEASE_NOTE: Final = "open pattern or withheld per window; a working file: speak of open patterns, never of a row"
INTERNAL_NOTE: Final = "raw pattern ids for internal research; not for publication"


def classify(
    model: Model,
    vectors: pd.DataFrame,
    *,
    internal: bool = False,
    ledger: Ledger | str | Path | None = None,
    today: date | None = None,
) -> pd.DataFrame:
    """Say for each vector which open pattern it belongs to, or "withheld".

    A vector is named only if its pattern is marked open, it is not near one that is not, and none of the viewer's
    windows in this batch shows a protected behaviour. Everything else (protected, in review, at a border, too few, no
    pattern) is the one word "withheld", so that nothing about a viewer can be read off it.

    Parameters
    ----------
    model : Model
        From `load_model`.
    vectors : DataFrame
        From `extract_features`; all windows of a viewer must be in one call.
    internal : bool
        Return the raw pattern id ("P07", "no pattern") of each vector, for research inside the company only.
    ledger : Ledger, path or URL, optional
        What people decided on this model: the marks in force hold instead of the rulebook's alone.
    today : date, optional
        The day on which is asked; today (UTC) by default.

    Returns
    -------
    DataFrame
        Indexed like `vectors`, with the one column `pattern` (str). With a ledger, `attrs["analyzer.marks"]` says
        whose marks they are, also where the ledger's newest bundle is another one and changes nothing.

    Raises
    ------
    InputError
        When a feature of the model is missing.
    LedgerError
        When the ledger cannot be read.
    """
    if ledger is not None:
        from analyzer.workflow.in_force import in_force

        model = in_force(model, ledger, today)
    labels, strength = _judged(model, vectors)
    ids = np.where(labels == NO_PATTERN, NO_PATTERN_ID, model.patterns.pattern_ids(labels)).astype(object)
    if not internal:
        ids[~_may_be_named(model, vectors, labels, strength)] = WITHHELD
    answer = pd.DataFrame({"pattern": ids.astype(str)}, index=vectors.index)
    answer.attrs |= notes_of(model, internal)
    return answer


def notes_of(model: Model, internal: bool) -> dict[str, str]:
    """Return what a file of answers says of itself, by the name of the note."""
    return {"analyzer.note": note_of(internal), **({"analyzer.marks": model.decided} if model.decided else {})}


def note_of(internal: bool) -> str:
    """Return what a file of answers says of itself."""
    return INTERNAL_NOTE if internal else RELEASE_NOTE


def _chosen(model: Model, vectors: pd.DataFrame) -> pd.DataFrame | npt.NDArray[np.float64]:
    if not isinstance(vectors, pd.DataFrame):
        require_features(model, [])
    require_features(model, [*vectors.index.names, *vectors.columns])
    names = getattr(model.patterns, "feature_names_in_", None)
    return vectors.to_numpy(dtype=np.float64) if names is None else vectors[list(names)]


def require_features(model: Model, names: Sequence[object]) -> None:
    """Refuse vectors that do not say whose they are or lack a feature: `names` are those of index and columns."""
    if "viewer_id" not in names:
        raise InputError(
            "The vectors do not say whose they are: there is no index level viewer_id.",
            "Pass what extract_features returns; a viewer's windows are judged together.",
        )
    needed = getattr(model.patterns, "feature_names_in_", ())
    missing = [str(name) for name in needed if name not in names]
    if missing:
        more = " and more" if len(missing) > 3 else ""
        raise InputError(
            f"The vectors lack {', '.join(missing[:3])}{more}, which the model needs.",
            did_you_mean(missing[0], [str(c) for c in names]) or "Extract all features of the model.",
        )


def _judged(model: Model, vectors: pd.DataFrame) -> tuple[Ints, Floats]:
    """Return each vector's pattern, and how strongly it belongs to each pattern."""
    chosen = _chosen(model, vectors)
    if len(vectors) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros((0, len(model.patterns.profiles_)))
    return model.patterns.predict_with_memberships(chosen)


def _may_be_named(model: Model, vectors: pd.DataFrame, labels: Ints, strength: Floats) -> npt.NDArray[np.bool_]:
    told = {(mark.pattern_id, mark.status is MarkStatus.OPEN, mark.rulebook_hash) for mark in model.marks}
    # Open means: marked, by this rulebook, and by no other mark otherwise.
    ids = [profile.id for profile in model.patterns.profiles_]
    sure = [{mark for mark in told if mark[0] == name} == {(name, True, model.rulebook.hash)} for name in ids]
    is_open = np.array([*sure, False])
    named = is_open[labels] & ~_of_a_guarded_viewer(model, vectors)
    if model.rulebook.border is not None:
        named &= strength[:, ~is_open[:-1]].sum(axis=1) <= model.rulebook.border.closed_share_above
    return np.asarray(named)


def _of_a_guarded_viewer(model: Model, vectors: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """A habit does not begin and end with a window: one guarded window withholds all of the viewer's windows."""
    guard = guarded(vectors, model.rulebook)
    _, viewer = np.unique(viewers_of(vectors.index), return_inverse=True)
    any_guarded = np.zeros(viewer.max(initial=-1) + 1, dtype=bool)
    any_guarded[viewer[guard]] = True
    return any_guarded[viewer]
