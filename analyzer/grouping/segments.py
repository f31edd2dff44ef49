"""Grouped reductions over sorted arrays.

`Segments` are consecutive groups of a sorted array, kept as offsets. Every feature is written with them, so that
index arithmetic lives here and nowhere else. A reduction looks only at its own group's elements, in their order:
the result does not depend on what else is in the array, which is what makes partitions and workers interchangeable.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from analyzer.grouping.arrays import Bools as Bools
from analyzer.grouping.arrays import Floats as Floats
from analyzer.grouping.arrays import Ints as Ints
from analyzer.grouping.sorting import ordered_bits, sort_order

_LARGE: Final = 8
Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True)
class Segments:
    """Consecutive groups of an array of `offsets[-1]` elements.

    Attributes
    ----------
    offsets : ndarray of int64, shape (n_segments + 1,)
        Segment i holds the elements `offsets[i]` up to `offsets[i + 1]`, exclusive. Empty segments are allowed.
    large : bool
        Whether segments of this kind mostly hold many elements, as all plays of a vector are; see `sum`.
    """

    offsets: Ints
    large: bool = False

    @classmethod
    def of_runs(cls, *keys: npt.NDArray[np.generic]) -> Segments:
        """Return a segment per run of equal keys. Arrays must be sorted so that equal keys are neighbours."""
        size = len(keys[0])
        if size == 0:
            return cls(np.zeros(1, dtype=np.int64))
        return cls.of_starts(changes(*keys))

    @classmethod
    def of_starts(cls, starts: Bools) -> Segments:
        """Return a segment beginning at each True; the first element, if there is one, must be True."""
        return cls(np.append(np.flatnonzero(starts), len(starts)).astype(np.int64))

    @classmethod
    def of_sizes(cls, sizes: Ints) -> Segments:
        """Return segments of these sizes, one after the other."""
        offsets = np.zeros(len(sizes) + 1, dtype=np.int64)
        np.cumsum(sizes, out=offsets[1:])
        return cls(offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def first(self) -> Ints:
        """Index of each segment's first element; undefined for an empty segment."""
        return self.offsets[:-1]

    @property
    def last(self) -> Ints:
        """Index of each segment's last element; undefined for an empty segment."""
        return self.offsets[1:] - 1

    @cached_property
    def sizes(self) -> Ints:
        """Number of elements in each segment."""
        return np.diff(self.offsets)

    @cached_property
    def ids(self) -> Ints:
        """Segment number of each element."""
        if len(self) == 0:
            return np.zeros(0, dtype=np.int64)
        # Several begin at one place where some are empty.
        return np.cumsum(np.bincount(self.offsets[1:-1], minlength=int(self.offsets[-1]) + 1)[:-1])

    def of(self, finer: Segments) -> Segments:
        """Return these segments counted in `finer` segments instead of elements (which must nest in them)."""
        if not finer.sizes.all():
            return Segments(np.searchsorted(finer.offsets, self.offsets), self.large)
        counted = np.full(len(self.offsets), len(finer))
        inside = self.offsets < finer.offsets[-1]
        counted[inside] = finer.ids[self.offsets[inside]]
        return Segments(counted, self.large)

    def of_finer(self, finer: Segments) -> Segments:
        """Return these segments, whose elements are `finer` segments, over the elements of those."""
        return Segments(finer.offsets[self.offsets], self.large)

    def keep(self, mask: Bools) -> Segments:
        """Return the segments over the elements where `mask` is True; some may become empty."""
        return Segments(Segments.of_sizes(np.bincount(self.ids[mask], minlength=len(self))).offsets, self.large)

    def spread(self, values: npt.NDArray[Value]) -> npt.NDArray[Value]:
        """Return each segment's value once per element."""
        return values[self.ids]

    def sum(self, values: npt.NDArray[np.generic]) -> Floats:
        """Sum per segment; 0 where empty.

        Of two ways to add, one is several times faster for small segments and the other for large ones; they round
        differently. So for fractions `large` decides, never the data: a sum must not depend on what else is there.
        """
        exact = values.dtype.kind in "bi"
        if self.large or (exact and len(values) > _LARGE * len(self)):
            return self._reduce(np.add, values, 0.0)
        return np.bincount(self.ids, values, minlength=len(self)).astype(np.float64, copy=False)

    def max(self, values: npt.NDArray[np.generic], empty: float = np.nan) -> Floats:
        """Maximum per segment; `empty` where there is no element."""
        return self._extreme(np.maximum, values, empty)

    def min(self, values: npt.NDArray[np.generic], empty: float = np.nan) -> Floats:
        """Minimum per segment; `empty` where there is no element."""
        return self._extreme(np.minimum, values, empty)

    def mean(self, values: npt.NDArray[np.generic]) -> Floats:
        """Mean per segment; null where empty."""
        return ratio(self.sum(values), self.sizes)

    def share(self, mask: Bools) -> Floats:
        """Share of elements where `mask` is True; null where empty."""
        return self.mean(mask)

    def median(self, values: npt.NDArray[np.generic]) -> Floats:
        """Median per segment; null where empty."""
        numbers = np.asarray(values, dtype=np.float64)
        ordered = numbers[sort_order((self.ids, ordered_bits(numbers)))]
        full = self.sizes > 0
        medians = np.full(len(self), np.nan)
        low, high = self.first[full] + (self.sizes[full] - 1) // 2, self.first[full] + self.sizes[full] // 2
        medians[full] = (ordered[low] + ordered[high]) / 2
        return medians

    def variation(self, values: npt.NDArray[np.generic]) -> Floats:
        """Coefficient of variation (population standard deviation over mean); null below two elements."""
        numbers = np.asarray(values, dtype=np.float64)
        mean = self.mean(numbers)
        spread = np.sqrt(self.mean((numbers - self.spread(mean)) ** 2))
        return np.where(self.sizes >= 2, ratio(spread, mean), np.nan)

    def entropy_bits(self, weights: npt.NDArray[np.generic]) -> Floats:
        """Shannon entropy of the weights of each segment, in bits; 0 for a single element, null where empty."""
        weights = np.asarray(weights, dtype=np.float64)
        shares = ratio(weights, self.spread(self.sum(weights)))
        terms = np.where(shares > 0, -shares * np.log2(np.where(shares > 0, shares, 1.0)), 0.0)
        return np.where(self.sizes > 0, np.abs(self.sum(terms)), np.nan)  # abs: 0, never -0

    def concentration(self, angles: Floats) -> Floats:
        """Mean resultant length of angles in radians: 1 when all agree, 0 when spread evenly; null where empty.

        Mardia and Jupp, Directional Statistics, 2000, section 2.3.
        """
        length = np.hypot(self.mean(np.cos(angles)), self.mean(np.sin(angles)))
        return np.minimum(length, 1.0)

    def longest_run(self, days: Ints) -> Floats:
        """Longest run of consecutive whole numbers per segment, for values sorted and distinct within each."""
        if len(days) == 0:
            return np.zeros(len(self))
        breaks = changes(self.ids) | np.append(True, np.diff(days) != 1)
        runs = Segments.of_starts(breaks)
        return self.of(runs).max(runs.sizes, empty=0.0)

    def _reduce(self, operation: np.ufunc, values: npt.NDArray[np.generic], empty: float) -> Floats:
        numbers = np.asarray(values, dtype=np.float64)
        full = self.sizes > 0
        if full.all() and len(full):
            return np.asarray(operation.reduceat(numbers, self.first), dtype=np.float64)
        result = np.full(len(self), empty, dtype=np.float64)
        if full.any():
            # reduceat misreads an empty segment, so only the full ones are handed to it.
            result[full] = operation.reduceat(numbers, self.first[full])
        return result

    def _extreme(self, operation: np.ufunc, values: npt.NDArray[np.generic], empty: float) -> Floats:
        """Reduce by maximum or minimum; where most segments have one element, only the others are looked at."""
        several = np.flatnonzero(self.sizes > 1)
        if len(values) > 2 * len(self) or not self.sizes.all() or len(self) == 0:
            return self._reduce(operation, values, empty)
        result = values[self.first].astype(np.float64)
        if len(several):
            among = Segments.of_sizes(self.sizes[several])
            result[several] = among._reduce(operation, values[expand(self.first[several], among.sizes)], empty)
        return result


def changes(*keys: npt.NDArray[np.generic]) -> Bools:
    """Return True where an element differs from the one before in any key; the first element is True."""
    starts = np.zeros(len(keys[0]), dtype=bool)
    starts[:1] = True
    for key in keys:
        starts[1:] |= key[1:] != key[:-1]
    return starts


def expand(first: Ints, sizes: Ints) -> Ints:
    """Return `sizes[i]` consecutive whole numbers from `first[i]` on, for each i."""
    total = np.cumsum(sizes)
    return np.repeat(first - (total - sizes), sizes) + np.arange(int(total[-1]) if len(total) else 0)


def ratio(numerator: npt.NDArray[np.generic], denominator: npt.NDArray[np.generic]) -> Floats:
    """Return numerator / denominator, null where the denominator is 0."""
    bottom = np.asarray(denominator, dtype=np.float64)
    result = np.full(bottom.shape, np.nan)
    np.divide(numerator, bottom, out=result, where=bottom != 0)
    return result
