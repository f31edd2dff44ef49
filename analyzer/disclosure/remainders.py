"""Of how many households something is left over when totals are added and subtracted, without keeping any amount.

At each level a household has a few secret buckets, and in each a secret factor. A bucket holds the sum of factor times
amount over its households, modulo a prime that fits into a byte. That is linear: what is added and subtracted of totals
can be added and subtracted of buckets. Where the amounts of a household cancel it leaves no trace, and where they do
not it leaves its buckets other than 0, so the number of buckets that are 0 tells few households from many (linear
counting: Whang, Vander-Zanden and Taylor, ACM Transactions on Database Systems 1990). What is left over of a household
is a multiple of a prime now and then; it is not counted in the rows of that prime then, which refuses more and never
less, and of all three primes once in 14 million times.

Like a sketch they are noise without the key. Whoever has it, and names to try, can find out what single households of a
very small group have, but for multiples of the primes: they are kept as a sketch is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log, prod
from typing import Final

import numpy as np
import numpy.typing as npt

from analyzer.grouping.arrays import Bools, Floats, Ints

PRIMES: Final = (251, 241, 239)  # of the rows, in turn; the largest that fit into a byte
CHANCE: Final = 3e-7  # that few households are taken for many

Buckets = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Level:
    """Buckets for floors of one size.

    Attributes
    ----------
    rows : independent choices of a bucket for each household.
    kept : buckets of a row that are kept.
    of : buckets to choose from, a power of two; who chose one that is not kept is not in the row.
    """

    rows: int
    kept: int
    of: int

    @property
    def columns(self) -> int:
        """How many buckets are kept in all rows."""
        return self.rows * self.kept


LEVELS: Final = (Level(16, 8, 8), Level(2, 128, 128), Level(2, 128, 1_024), Level(2, 128, 8_192))
COLUMNS: Final = sum(level.columns for level in LEVELS)
ROWS: Final = sum(level.rows for level in LEVELS)
_PRIME_OF_ROW: Final = tuple(PRIMES[row % len(PRIMES)] for row in range(ROWS))
_KEPT_OF_ROW: Final = tuple(level.kept for level in LEVELS for _ in range(level.rows))
_PRIME: Final = np.repeat(np.array(_PRIME_OF_ROW, np.int16), _KEPT_OF_ROW)  # of each column
_STARTS: Final = tuple(sum(level.columns for level in LEVELS[:at]) for at in range(len(LEVELS)))


def buckets_of(group: Ints, secret: npt.NDArray[np.uint32], amount: Floats, n_groups: int) -> Buckets:
    """Return the buckets of each group.

    Parameters
    ----------
    group : ndarray of int64, shape (n_pairs,)
    secret : ndarray of uint32, shape (n_pairs, ROWS)
        Of the pair's household.
    amount : ndarray of float64, shape (n_pairs,)
        Whole numbers; negative ones too.
    n_groups : int

    Returns
    -------
    ndarray of uint8, shape (n_groups, COLUMNS)
        Level by level, row by row.
    """
    found: list[Buckets] = []
    for level in LEVELS:
        for _ in range(level.rows):
            bits, prime = secret[:, len(found)], _PRIME_OF_ROW[len(found)]
            bucket = (bits & np.uint32(level.of - 1)).astype(np.int64)
            there = bucket < level.kept
            at = group[there] * level.kept + bucket[there]
            factor = 1 + (bits[there] >> np.uint32(16)) % np.uint32(prime - 1)
            sums = np.bincount(at, np.mod(amount[there], prime) * factor, minlength=n_groups * level.kept)
            found.append(np.mod(sums, prime).astype(np.uint8).reshape(n_groups, level.kept))
    return np.concatenate(found, axis=1)


def combined_buckets(times: Ints | Floats, buckets: Buckets) -> Buckets:
    """Return the buckets of combinations.

    Parameters
    ----------
    times : ndarray of whole numbers, shape (n_combinations, n_groups)
    buckets : ndarray of uint8, shape (n_groups, COLUMNS)
    """
    if not buckets.shape[1]:
        return np.zeros((len(times), 0), np.uint8)
    # Exact as float64 for a million groups, and multiplied far faster than whole numbers.
    small = np.mod(times, prod(PRIMES)).astype(np.float64)
    return np.mod(small @ buckets.astype(np.float64), _PRIME).astype(np.uint8)


def added_buckets(some: Buckets, others: Buckets) -> Buckets:
    """Return the sums, row by row."""
    return _small(some.astype(np.int16) + others)


def negative(buckets: Buckets) -> Buckets:
    """Return what is to be added to leave nothing."""
    return _small(-buckets.astype(np.int16))


def summed(parts: Sequence[Buckets]) -> Buckets:
    """Return the sums of several, row by row."""
    return _small(np.sum(parts, axis=0, dtype=np.int64))


def summed_runs(buckets: Buckets, times: Floats, starts: Ints | Sequence[int]) -> Buckets:
    """Return the sums of runs of rows, each row added so many times; a run goes up to where the next one starts."""
    sums = np.add.reduceat(buckets * times[:, None], starts, axis=0)
    return _small(sums.astype(np.int64))


def _small(sums: npt.NDArray[np.signedinteger]) -> Buckets:
    primes = _PRIME[: sums.shape[1]]  # none where there are no columns
    return np.asarray(np.mod(sums, primes), dtype=np.uint8)


def columns_for(floor: int) -> slice:
    """Return the columns of the level that tells fewer households than the floor from more."""
    at = _level_for(floor)
    return slice(_STARTS[at], _STARTS[at] + LEVELS[at].columns)


def row_of_buckets(level: int) -> tuple[slice, int]:
    """Return the columns of the first row of a level, and the row's prime."""
    start = _STARTS[level]
    return slice(start, start + LEVELS[level].kept), int(_PRIME[start])


def few_left(buckets: Buckets, floor: int) -> Bools:
    """Tell where something is left over, and of fewer households than the floor.

    Parameters
    ----------
    buckets : ndarray of uint8, shape (n, COLUMNS)
    floor : int
        From some 20,000 households on everything is few: no level has that many buckets, and in doubt it is withheld.

    Returns
    -------
    ndarray of bool, shape (n,)
        True for all that are few, but for one in millions, and for some that are a little more than the floor.
    """
    empty = (buckets[:, columns_for(floor)] == 0).sum(axis=1)
    return np.asarray((empty >= fewest_empty(floor)) & buckets.any(axis=1), dtype=np.bool_)


def few_apart(some: Buckets, others: Buckets, floor: int) -> Bools:
    """Tell for each of some and each of others what `few_left` tells of their difference.

    Returns
    -------
    ndarray of bool, shape (n_some, n_others)
    """
    columns = columns_for(floor)
    equal = np.zeros((len(some), len(others)), np.uint16)
    for one, other in zip(some[:, columns].T, others[:, columns].T, strict=True):
        equal += one[:, None] == other
    few = equal >= fewest_empty(floor)
    row, column = np.nonzero(few)
    few[row, column] = (some[row] != others[column]).any(axis=1)
    return few


def about(buckets: Buckets, floor: int) -> Floats:
    """Return about of how many households something is left over, where that is not far from the floor."""
    level = LEVELS[_level_for(floor)]
    empty = (buckets[:, columns_for(floor)] == 0).sum(axis=1)
    return np.asarray(np.log(np.maximum(empty, 0.5) / level.columns) / log(1 - 1 / level.of))


@lru_cache(maxsize=64)
def fewest_empty(floor: int) -> int:
    """Return the number of empty buckets that fewer households than the floor leave, but for one case in millions.

    The exact distribution: one after the other the households hit a bucket that was empty with the share of such
    buckets among all that can be chosen. Rows are independent.
    """
    level = LEVELS[_level_for(floor)]
    empty = np.zeros(level.kept + 1)
    empty[level.kept] = 1.0
    hit = np.arange(level.kept + 1) / level.of
    for _ in range(floor - 1):
        empty = empty * (1 - hit) + np.append(empty[1:] * hit[1:], 0.0)
    rows = empty
    for _ in range(level.rows - 1):
        rows = np.convolve(rows, empty)
    return int(np.searchsorted(np.cumsum(rows), CHANCE))


def _level_for(floor: int) -> int:
    """Return the place of the first level that is not all but full when the floor is reached."""
    return next((at for at, level in enumerate(LEVELS) if level.of >= 0.6 * floor), len(LEVELS) - 1)
