"""Vectors of habits that drift from window to window, with what becomes of each habit: what refits are tested on.

Ten habits lie apart from each other in 24 features without a name in the catalog. Every window, all centres move by
`drift` standard deviations of a habit's own vectors, each in its own direction, and a share of the viewers is replaced.
One habit appears, one divides (its viewers lie along a line and then leave the middle of it empty), one loses its
viewers, and two join (they fill the line between them). Viewers keep their place within a habit, so that a
household is recognised by what it does and not only by its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

FEATURES: Final = tuple(f"x{number:02d}" for number in range(24))
STEADY: Final = tuple(f"steady {number}" for number in range(1, 6))
APART, HALF_LENGTH, INNER_GAP, OWN, WITHIN = 3.0, 7.0, 0.7, 0.8, 0.6
"""Standard deviation of centres per feature; half length of a line, the empty part of one half of it after a division,
and the standard deviations of viewers about a habit and of windows about a viewer: 1 together."""


FADES: Final = 0.8
"""The share of a fading habit's viewers that is left a window later, over the last three windows before it is gone."""


@dataclass(frozen=True)
class Story:
    """When things happen; windows are numbered from 1.

    Attributes
    ----------
    windows, viewers : how many, and how many viewers a window has.
    churn : share of viewers who are replaced from window to window; at 1 no household is seen twice.
    drift : way of each centre from window to window, in standard deviations of a habit along one feature.
    appears, splits, gone, joins : the first window in which a habit is there, is two, is gone, two are one.
    """

    windows: int = 12
    viewers: int = 2_400
    churn: float = 0.1
    drift: float = 0.4
    appears: int = 5
    splits: int = 8
    gone: int = 9
    joins: int = 10

    def habits(self, window: int) -> tuple[str, ...]:
        """Return the habits of a window."""
        wide = ("wide",) if window < self.splits else ("wide, low", "wide, high")
        pair = ("left", "right") if window < self.joins else ("joined",)
        late = ("late",) if window >= self.appears else ()
        fading = ("fading",) if window < self.gone else ()
        return (*STEADY, *wide, *pair, *late, *fading)

    def unchanged(self, window: int) -> tuple[str, ...]:
        """Return the habits that are those of the window before."""
        return tuple(habit for habit in self.habits(window) if habit in self.habits(window - 1))


@dataclass(frozen=True)
class Window:
    """The vectors of one window.

    Attributes
    ----------
    number : from 1.
    vectors : DataFrame, indexed by viewer_id and window_start; one row a viewer.
    habit : ndarray of str, shape (n_vectors,); empty for vectors of no habit, one in twenty.
    households : ndarray of str, shape (n_vectors,); every fifth household has two viewers.
    """

    number: int
    vectors: pd.DataFrame
    habit: npt.NDArray[np.str_]
    households: npt.NDArray[np.str_]


@dataclass(frozen=True)
class _Viewers:
    """Who is there: the kind of habit, a place on its line from -1 to 1, and what is the viewer's own."""

    number: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int64]
    place: npt.NDArray[np.float64]
    own: npt.NDArray[np.float64]

    def chosen(self, rows: npt.NDArray[Any]) -> _Viewers:
        return _Viewers(self.number[rows], self.kind[rows], self.place[rows], self.own[rows])


_KINDS: Final = (*STEADY, "wide", "pair", "late", "fading", "")
_WEIGHTS: Final = np.array([14, 12, 11, 10, 8, 14, 14, 6, 6, 5], dtype=np.float64)


def windows(seed: int, story: Story | None = None) -> Iterator[Window]:
    """Yield window after window of a story."""
    told = story or Story()
    rng = np.random.default_rng(seed)
    centres = rng.normal(0.0, APART, (len(_KINDS), len(FEATURES)))
    ways = rng.normal(size=centres.shape)
    ways *= told.drift / np.linalg.norm(ways, axis=1, keepdims=True)
    # Along a difference of centres, so that it takes no further axis to see that the line has a gap.
    lines = {kind: _unit(centres[a] - centres[b]) for kind, a, b in (("wide", 0, 1), ("pair", 2, 3))}
    viewers = _new(rng, told, 1, told.viewers, 0)
    for number in range(1, told.windows + 1):
        yield _seen(rng, told, number, viewers, centres + number * ways, lines)
        viewers = _next(rng, told, number + 1, viewers)


def _unit(vector: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return vector / np.linalg.norm(vector)


def _weights(story: Story, window: int) -> npt.NDArray[np.float64]:
    """The late habit has no viewers before it appears; the fading one ever fewer before it is gone."""
    weights = _WEIGHTS.copy()
    weights[_KINDS.index("late")] *= window >= story.appears
    weights[_KINDS.index("fading")] *= FADES ** max(0, window - story.gone + 4) * (window < story.gone)
    return weights / weights.sum()


def _new(rng: np.random.Generator, story: Story, window: int, count: int, first: int) -> _Viewers:
    kind = rng.choice(len(_KINDS), count, p=_weights(story, window))
    own = rng.normal(0.0, OWN, (count, len(FEATURES)))
    return _Viewers(np.arange(first, first + count), kind, rng.uniform(-1.0, 1.0, count), own)


def _next(rng: np.random.Generator, story: Story, window: int, viewers: _Viewers) -> _Viewers:
    """Replace a share of the viewers, all of the habit that is gone, and as many as the late habit needs."""
    leaves = rng.random(len(viewers.number)) < story.churn
    fades = (window >= story.gone) | ((window >= story.gone - 3) & (rng.random(len(leaves)) >= FADES))
    leaves |= (viewers.kind == _KINDS.index("fading")) & fades
    stay = viewers.chosen(np.flatnonzero(~leaves))
    came = _new(rng, story, window, int(leaves.sum()), int(viewers.number.max()) + 1)
    if window == story.appears:
        turned = rng.random(len(stay.kind)) < _weights(story, window)[_KINDS.index("late")]
        stay = replace(stay, kind=np.where(turned, _KINDS.index("late"), stay.kind))
    parts = zip(vars(stay).values(), vars(came).values(), strict=True)
    return _Viewers(*(np.concatenate(pair) for pair in parts))


def _seen(
    rng: np.random.Generator,
    story: Story,
    window: int,
    viewers: _Viewers,
    centres: npt.NDArray[np.float64],
    lines: dict[str, npt.NDArray[np.float64]],
) -> Window:
    values = centres[viewers.kind] + viewers.own + rng.normal(0.0, WITHIN, viewers.own.shape)
    habit = np.array(_KINDS, dtype=object)[viewers.kind]
    nowhere = habit == ""
    values[nowhere] = rng.normal(0.0, 1.5 * APART, (int(nowhere.sum()), len(FEATURES)))
    for kind, line in lines.items():
        rows = np.flatnonzero(habit == kind)
        place, habit[rows] = _on_the_line(kind, viewers.place[rows], story, window)
        values[rows] += HALF_LENGTH * place[:, None] * line
    began = pd.Timestamp("2026-01-05") + pd.Timedelta(28 * window, "D")
    viewer_ids = [f"v{n}" for n in viewers.number]
    index = pd.MultiIndex.from_product([viewer_ids, [began]], names=["viewer_id", "window_start"])
    households = np.array([f"h{n - 1 if n % 6 == 1 else n}" for n in viewers.number])
    return Window(window, pd.DataFrame(values, index=index, columns=list(FEATURES)), habit.astype(str), households)


def _on_the_line(
    kind: str, place: npt.NDArray[np.float64], story: Story, window: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[Any]]:
    """Return the places along a line that is whole, or empty in the middle, and the habits that they make."""
    if kind == "wide" and window < story.splits:
        return place, np.full(len(place), "wide")
    if kind == "pair" and window >= story.joins:
        return place, np.full(len(place), "joined")
    high = place > (0.1 if kind == "wide" else -0.1)  # not in equal parts: the larger one is to be told
    low_name, high_name = ("wide, low", "wide, high") if kind == "wide" else ("left", "right")
    outward = np.where(high, 1, -1) * (INNER_GAP + (1 - INNER_GAP) * np.abs(place))
    return outward, np.where(high, high_name, low_name)
