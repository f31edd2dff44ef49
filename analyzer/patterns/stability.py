"""Does a pattern come back when other households are drawn? Agreement between bootstraps.

Each bootstrap draws as many households as there are, with replacement, and finds patterns anew. A pattern's stability
is the mean Jaccard index between its vectors and those of the pattern most like it among the new ones (Hennig,
Computational Statistics and Data Analysis 2007: below 0.6 not to be trusted, 0.75 and more a valid pattern).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from analyzer.grouping.arrays import Bools, Floats, Ints
from analyzer.patterns.blocks import product
from analyzer.patterns.density import NO_PATTERN
from analyzer.patterns.evidence import of_some_viewers
from analyzer.patterns.finding import Found, Recipe, Sample, find

LOOKED_AT: Final = 10_000
_SEED: Final = 20171211


def stability(sample: Sample, recipe: Recipe, found: Found, draws: int) -> Floats:
    """Return each pattern's stability, shape (n_patterns,); null where nothing was drawn or nobody was seen."""
    patterns = found.prototypes.patterns
    if draws == 0 or patterns == 0:
        return np.full(patterns, np.nan)
    part = of_some_viewers(sample, LOOKED_AT)
    own = found.prototypes.assign(product(part.points, found.space))
    agreements = []
    for number in range(draws):
        again = find(part_of(part, np.random.default_rng([_SEED, number])), recipe)
        agreements.append(best_agreement(own, again.prototypes.assign(product(part.points, again.space)), patterns))
    return np.asarray(np.mean(agreements, axis=0))


def part_of(sample: Sample, rng: np.random.Generator) -> Sample:
    """Draw households with replacement; a household that is drawn twice comes as two."""
    _, first, household = np.unique(sample.households, return_index=True, return_inverse=True)
    household = np.argsort(np.argsort(first))[household]
    order = np.argsort(household, kind="stable")
    size = np.bincount(household)
    drawn = rng.integers(0, len(size), len(size))
    rows = np.concatenate(
        [order[low : low + size[h]] for h, low in zip(drawn, (np.cumsum(size) - size)[drawn], strict=True)]
    )
    copy = np.repeat(np.arange(len(drawn)), size[drawn])
    viewers = np.unique(np.stack([copy, sample.viewers[rows]], axis=1), axis=0, return_inverse=True)[1].ravel()
    return Sample(sample.points[rows], viewers.astype(np.int64), copy)


def best_agreement(one: Ints, other: Ints, patterns: int) -> Floats:
    """Return the Jaccard index of each pattern of `one` with the pattern of `other` that is most like it."""
    best = np.zeros(patterns)
    sizes = np.bincount(other[other != NO_PATTERN], minlength=1)
    for number in range(patterns):
        inside: Bools = one == number
        shared = np.bincount(other[inside & (other != NO_PATTERN)], minlength=len(sizes))
        union = inside.sum() + sizes - shared
        best[number] = (shared / np.maximum(union, 1)).max() if inside.any() else np.nan
    return best
