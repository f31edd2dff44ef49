"""Are there patterns beyond chance? The same search on copies of the data that cannot hold any.

Two kinds of copy. *Exchanged*: every feature is handed from viewer to viewer by itself, windows and all, so that
margins and persistence stay and nothing goes together any more. *Normal*: what goes together, between viewers and
within them, stays, and margins and groups go. Patterns are accepted where they explain at least a tenth of the variance
more than on any copy (Monte Carlo test; Besag and Diggle, Applied Statistics 1977; against one normal distribution:
Liu, Hayes, Nobel and Marron, Journal of the American Statistical Association 2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.grouping.arrays import Floats, Ints
from analyzer.patterns import signal
from analyzer.patterns.finding import Found, Recipe, Sample, find

LOOKED_AT: Final = 5_000
"""Most vectors of a copy: with more, every difference from chance is significant and none of it matters."""
LEAST_GAIN: Final = 0.1
"""Share of the variance that patterns explain beyond chance; less may be significant, and says nothing about people."""
_SEED: Final = 20171210


@dataclass(frozen=True)
class Evidence:
    """What the test found.

    Attributes
    ----------
    patterns : int
        Patterns found.
    explained : float
        Share of the variance of all features that they explain, in the vectors that were tested.
    by_chance : tuple of float
        The same on each copy that was looked at; the test stops at the first that explains as much.
    accepted : bool
        Whether there are patterns beyond chance.
    """

    patterns: int
    explained: float
    by_chance: tuple[float, ...]
    accepted: bool

    @property
    def p_value(self) -> float | None:
        """Share of copies, the data among them, that explain as much; None where nothing was tested."""
        if not self.by_chance:
            return None
        return (1 + sum(value >= self.explained for value in self.by_chance)) / (1 + len(self.by_chance))

    def sentence(self) -> str:
        """Return the result in words."""
        if not self.accepted:
            return "There are no patterns beyond chance."
        if not self.by_chance:
            return f"{self.patterns} patterns were found; they were not tested against chance."
        return (
            f"{self.patterns} patterns explain {self.explained:.0%} of the variance; by chance"
            f" at most {max(self.by_chance):.0%} ({len(self.by_chance)} copies)."
        )


def tested(sample: Sample, recipe: Recipe, found: Found, copies: int) -> Evidence:
    """Test patterns against `copies` copies of at most 5,000 vectors; without copies they are taken as they are."""
    if found.prototypes.patterns < 2 or copies == 0:
        return Evidence(found.prototypes.patterns, found.explained, (), found.prototypes.patterns >= 2)
    part = of_some_viewers(sample, LOOKED_AT)
    seen = found.explained if len(part) == len(sample) else find(part, recipe).explained
    by_chance: list[float] = []
    for number in range(copies):
        rng = np.random.default_rng([_SEED, number])
        copy = exchanged(part, rng) if number % 2 == 0 else normal(part, rng)
        by_chance.append(find(copy, recipe).explained)
        if by_chance[-1] >= seen:
            break
    accepted = seen >= max(by_chance) + LEAST_GAIN
    return Evidence(found.prototypes.patterns, seen, tuple(by_chance), accepted)


def of_some_viewers(sample: Sample, most: int) -> Sample:
    """Return an even selection of whole viewers with about `most` vectors."""
    if len(sample) <= most:
        return sample
    _, first, viewer = np.unique(sample.viewers, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))  # viewers by where they come first, which does not depend on their names
    wanted = max(1, round(len(first) * most / len(sample)))
    chosen = np.isin(rank, np.linspace(0, len(first) - 1, wanted).round().astype(np.int64))
    return sample.take(chosen[viewer])


def exchanged(sample: Sample, rng: np.random.Generator) -> Sample:
    """Hand each feature from viewer to viewer by itself, with all its windows."""
    order, start, size, own = _by_viewer(sample.viewers)
    rank = np.arange(len(order)) - start[own]
    points = np.empty_like(sample.points)
    for column in range(points.shape[1]):
        giver = rng.permutation(len(start))[own]
        points[order, column] = sample.points[order[start[giver] + rank % size[giver]], column]
    return Sample(points, sample.viewers, sample.households)


def normal(sample: Sample, rng: np.random.Generator) -> Sample:
    """Draw points from normal distributions with the covariances between and within viewers."""
    _, own = np.unique(sample.viewers, return_inverse=True)
    everyone = signal.covariance(sample.points)
    repeated = signal.repeats(own) >= signal.ENOUGH_REPEATS
    passing = signal.within(sample.points, own) if repeated else np.zeros_like(everyone)
    lasting = _draw(everyone - passing, int(own.max()) + 1, rng)[own]
    return Sample(lasting + _draw(passing, len(own), rng), sample.viewers, sample.households)


def _draw(covariance: Floats, count: int, rng: np.random.Generator) -> Floats:
    values, axes = np.linalg.eigh(covariance)
    return np.asarray(rng.standard_normal((count, len(values))) @ (axes * np.sqrt(np.maximum(values, 0.0))).T)


def _by_viewer(viewers: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Return rows in order of viewers, each viewer's first place and size, and the viewer of each place."""
    _, first, own = np.unique(viewers, return_index=True, return_inverse=True)
    own = np.argsort(np.argsort(first))[own]
    order = np.argsort(own, kind="stable")
    size = np.bincount(own)
    return order, np.cumsum(size) - size, size, own[order]
