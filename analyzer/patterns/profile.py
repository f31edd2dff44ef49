"""What a pattern is, said with aggregates only: size band, contrasts, smoothed quantiles, settings.

Every number here is made of at least k households; a pattern with fewer is not described at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.grouping.segments import Floats, Ints
from analyzer.patterns.scaling import Scaling
from analyzer.patterns.vocabulary import name_of

QUANTILES: Final = (0.1, 0.25, 0.5, 0.75, 0.9)
WORTH_KEEPING: Final = 0.05
_BANDS: Final = (10, 100, 1_000, 10_000, 100_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class OverRepresentation:
    """How much more common an accessibility setting is in a pattern than elsewhere, counted in households.

    Attributes
    ----------
    setting : the session column.
    ratio : share of households with the setting inside the pattern over the share outside.
    odds : odds ratio, half a household added to each cell (Haldane and Anscombe). Of a setting that most people use, no
        ratio of shares can be large; odds can.
    p_value : one-sided hypergeometric test (Fisher's exact test), multiplied by the number of tests made
        (Bonferroni), at most 1. One digit, rounded down: all digits would tell the exact counts behind it.
    """

    setting: str
    ratio: float
    p_value: float
    odds: float | None = None


@dataclass(frozen=True)
class PatternProfile:
    """A pattern described by aggregates.

    Attributes
    ----------
    id : str
        P01, P02, ...; "everyone" for the baseline.
    name : str
        Plain words from the reviewed vocabulary; never a condition, never a judgement.
    households : int
        Households with at least one vector here. Internal; only `size_band` is shown.
    quantiles : dict of feature -> dict of quantile -> value
        Smoothed: each value is a mean over at least k households. In the feature's own unit.
    contrasts : dict of feature -> float
        Mean here minus mean of everyone, in standard deviations of the scaled feature.
    over_represented : tuple of OverRepresentation
        Accessibility settings that are more common here than chance explains. May raise a mark, never lower one.
    largest_household_share : float
        Share of the pattern's vectors that come from one household.
    stability : float, optional
        Mean agreement with the pattern most like it when other households are drawn, 0 to 1; None where not measured.
    drift : float, optional
        How far it has moved since the earlier fit that it continues: see `drift`.
    """

    id: str
    name: str
    households: int
    described: bool
    quantiles: dict[str, dict[float, float]] = field(default_factory=dict)
    contrasts: dict[str, float] = field(default_factory=dict)
    over_represented: tuple[OverRepresentation, ...] = ()
    largest_household_share: float | None = None
    stability: float | None = None
    drift: float | None = None

    @property
    def size_band(self) -> str:
        """How many households, as a band."""
        return size_band(self.households)

    def leading_contrasts(self, most: int = 6) -> list[tuple[str, float]]:
        """Return the features that differ most from everyone, strongest first."""
        ranked = sorted(self.contrasts.items(), key=lambda item: (-abs(item[1]), item[0]))
        return ranked[:most]


def drift(earlier: PatternProfile, later: PatternProfile) -> float | None:
    """Return the root mean square difference of contrasts, in standard deviations; None where they share no feature."""
    shared = earlier.contrasts.keys() & later.contrasts.keys()
    squares = [(earlier.contrasts[name] - later.contrasts[name]) ** 2 for name in sorted(shared)]
    return round(float(np.sqrt(np.mean(squares))), 2) if squares else None


def size_band(households: int) -> str:
    """Return the band that a number of households lies in."""
    if households < _BANDS[0]:
        return f"fewer than {_BANDS[0]}"
    for low, high in pairwise(_BANDS):
        if households < high:
            return f"{low:,} to {high - 1:,}"
    return f"{_BANDS[-1]:,} and more"


def describe(
    vectors: pd.DataFrame,
    labels: Ints,
    households: npt.NDArray[Any],
    scaling: Scaling,
    settings: pd.DataFrame | None,
    k: int,
    stability: tuple[float | None, ...],
) -> tuple[PatternProfile, tuple[PatternProfile, ...]]:
    """Return the profile of everyone and of each pattern, in the order of their numbers; `stability` has one of each.

    Rows come in an order that does not depend on names; equal values keep it.
    """
    scaled = pd.DataFrame(scaling.apply(vectors.to_numpy()), columns=vectors.columns)
    _, codes = np.unique(households, return_inverse=True)
    everyone = _profile("everyone", "Everyone", vectors, scaled, codes, None, k)
    groups = [np.flatnonzero(labels == n) for n in range(len(stability))]
    profiles: list[PatternProfile] = []
    for number, rows in enumerate(groups):
        found = _over_represented(settings, codes, rows, len(groups)) if settings is not None else ()
        contrasts = _contrasts(scaled.iloc[rows], scaled, codes[rows], k)
        name = name_of(contrasts, taken=[p.name for p in profiles])
        part = (vectors.iloc[rows], scaled.iloc[rows], codes[rows])
        described = _profile(f"P{number + 1:02d}", name, *part, contrasts, k, found)
        profiles.append(replace(described, stability=stability[number]) if described.described else described)
    return everyone, tuple(profiles)


def _profile(
    pattern_id: str,
    name: str,
    vectors: pd.DataFrame,
    scaled: pd.DataFrame,
    codes: Ints,
    contrasts: dict[str, float] | None,
    k: int,
    found: tuple[OverRepresentation, ...] = (),
) -> PatternProfile:
    _, counts = np.unique(codes, return_counts=True)
    if len(counts) < k:
        return PatternProfile(pattern_id, "Not described: too few households", len(counts), False)
    quantiles = {name: _smoothed_quantiles(vectors[name].to_numpy(), codes, k) for name in vectors.columns}
    return PatternProfile(
        pattern_id,
        name,
        len(counts),
        True,
        {name: values for name, values in quantiles.items() if values},
        contrasts or {},
        found,
        float(counts.max() / counts.sum()),
    )


def _contrasts(inside: pd.DataFrame, everyone: pd.DataFrame, codes: Ints, k: int) -> dict[str, float]:
    """Return the differences of means; a feature that fewer than k households have here has none."""
    difference = inside.mean() - everyone.mean()
    known = inside.notna().to_numpy()
    told = {str(name): len(np.unique(codes[known[:, column]])) >= k for column, name in enumerate(inside.columns)}
    return {str(name): round(float(value), 3) for name, value in difference.items() if told[str(name)]}


def _smoothed_quantiles(values: Floats, codes: Ints, k: int) -> dict[float, float]:
    """Return quantiles as means over a symmetric range of ranks that holds at least k households.

    An exact quantile of a small group is one viewer's value. Empty where fewer than k households are known.
    """
    known = ~np.isnan(values)
    values, codes = values[known], codes[known]
    order = np.argsort(values, kind="stable")
    values, codes = values[order], codes[order]
    if len(np.unique(codes)) < k:
        return {}
    return {q: float(f"{_mean_around(values, codes, q, k):.4g}") for q in QUANTILES}


def _mean_around(values: Floats, codes: Ints, quantile: float, k: int) -> float:
    center = quantile * (len(values) - 1)
    half = max(k / 2, 1.0)
    while True:
        low, high = max(0, round(center - half)), min(len(values), round(center + half) + 1)
        if len(np.unique(codes[low:high])) >= k or high - low == len(values):
            return _mean_of_households(values[low:high], codes[low:high])
        half *= 1.5


def _mean_of_households(values: Floats, codes: Ints) -> float:
    """Return the mean over households, each with its own mean, so that one with many windows does not decide."""
    _, household = np.unique(codes, return_inverse=True)
    return float((np.bincount(household, values) / np.bincount(household)).mean())


def _over_represented(settings: pd.DataFrame, codes: Ints, rows: Ints, patterns: int) -> tuple[OverRepresentation, ...]:
    """Compare households with a vector in the pattern to all others, one vector a household.

    With every vector of a household, large households would look as if they used every setting more: they have more
    chances to be in the pattern and more chances to use it.
    """
    inside = np.zeros(len(codes), dtype=bool)
    inside[rows] = True
    order = np.lexsort((~inside, codes))  # a vector in the pattern speaks for its household, if there is one
    _, first = np.unique(codes[order], return_index=True)
    speaks = order[first]
    tests = max(1, patterns * settings.shape[1])
    results = []
    for name in settings.columns:
        in_use = settings[name].to_numpy()[speaks]
        known = ~np.isnan(in_use)
        if len(np.unique(in_use[known])) == 2:
            results.append(_compare(str(name), in_use[known] > 0, inside[speaks][known], tests))
    # What chance explains is not kept: "nobody here uses it" would be a statement about a few.
    return tuple(found for found in results if found.p_value <= WORTH_KEEPING)


def _compare(
    setting: str, in_use: npt.NDArray[np.bool_], here: npt.NDArray[np.bool_], tests: int
) -> OverRepresentation:
    from scipy.stats import hypergeom  # importing it takes a second, and only fitting needs it

    users_here, all_here = int((in_use & here).sum()), int(here.sum())
    users, everybody = int(in_use.sum()), len(in_use)
    outside = max(everybody - all_here, 1)
    share_outside = max((users - users_here) / outside, 1.0 / outside)
    p_value = float(hypergeom.sf(users_here - 1, everybody, users, all_here))
    ratio = users_here / max(all_here, 1) / share_outside
    return OverRepresentation(
        setting, float(f"{ratio:.2g}"), _one_digit(min(1.0, p_value * tests)), float(f"{_odds(in_use, here):.2g}")
    )


def _odds(in_use: npt.NDArray[np.bool_], here: npt.NDArray[np.bool_]) -> float:
    used_here, unused_here = (in_use & here).sum() + 0.5, (~in_use & here).sum() + 0.5
    used_elsewhere, unused_elsewhere = (in_use & ~here).sum() + 0.5, (~in_use & ~here).sum() + 0.5
    return float(used_here * unused_elsewhere / (unused_here * used_elsewhere))


def _one_digit(value: float) -> float:
    """Round a positive number down to one significant digit."""
    first, exponent = f"{value:.16e}".split("e")
    return float(f"{first[0]}e{exponent}")
