"""Multiples of groups that cancel another group but for a few households, found by solving where those few are not.

What is left over of few households touches few buckets (`analyzer.disclosure.remainders`). In some buckets chosen at
random there is likely none of them, and there the multiples follow from a system of equations modulo the prime, however
much the few have: a year less its months, when three households left meanwhile, is no short vector and yet about three.
That is information set decoding (Prange, IRE Transactions on Information Theory 1962).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from analyzer.disclosure.remainders import LEVELS, Buckets, row_of_buckets
from analyzer.grouping.arrays import Bools, Floats, Ints

MOST: Final = 24  # groups that may cancel another one
_TRIALS: Final = 48  # sets of buckets that are tried
_SPARE: Final = 6  # buckets more than multiples: by chance they agree once in 10^14
_LARGEST: Final = 8  # multiples beyond are not those of anybody who adds and subtracts
_NOTHING: Final = 1e-9  # of a group: what is left of it when it is explained
_BUCKETS_A_HOUSEHOLD: Final = 8  # of a level, for each household below the floor: most sets have none of them


def explaining(group: Floats, others: Floats, most: int = MOST) -> Ints:
    """Return which groups are most like what is left of one, one after the other (orthogonal matching pursuit).

    Pati, Rezaiifar and Krishnaprasad, Asilomar Conference on Signals, Systems and Computers 1993.

    Parameters
    ----------
    group : ndarray of float64, shape (width,)
    others : ndarray of float64, shape (n, width)
    most : int
    """
    norms, chosen, left = np.linalg.norm(others, axis=1), list[int](), group
    alike = np.flatnonzero(norms > 0)
    while len(chosen) < min(most, len(alike)) and np.linalg.norm(left) > _NOTHING * np.linalg.norm(group):
        score = np.abs(others[alike] @ left) / norms[alike]
        score[np.isin(alike, chosen)] = -1.0
        chosen.append(int(alike[score.argmax()]))
        basis = others[chosen].T
        left = group - basis @ np.linalg.lstsq(basis, group, rcond=None)[0]
    return np.array(sorted(chosen), np.int64)


def cancelling(group: Buckets, others: Buckets, floor: int) -> Ints:
    """Return how often others are to be subtracted from a group so that nothing is left in many buckets.

    Parameters
    ----------
    group : ndarray of uint8, shape (COLUMNS,)
    others : ndarray of uint8, shape (n, COLUMNS)
    floor : int

    Returns
    -------
    ndarray of int64, shape (n_found, n)
        Distinct ways, of whole numbers up to 8 to either side; whether few households are left over is not looked at.
    """
    row = next((at for at, level in enumerate(LEVELS) if level.of >= _BUCKETS_A_HOUSEHOLD * floor), len(LEVELS) - 1)
    columns, prime = row_of_buckets(row)
    equations = np.concatenate([others, group[None]])[:, columns].T.astype(np.int64)
    equations = equations[equations.any(axis=1)]  # a bucket of nobody says nothing
    wanted = len(others) + _SPARE
    if len(equations) < wanted:
        return np.zeros((0, len(others)), np.int64)
    # Always the same sets: the buckets are secret, the choice among them need not be.
    order = np.random.default_rng(1962).random((_TRIALS, len(equations))).argsort(axis=1)[:, :wanted]
    times, solved = _solved(equations[order], prime)
    times = np.where(times > prime // 2, times - prime, times)
    return np.unique(times[solved & (np.abs(times) <= _LARGEST).all(axis=1) & times.any(axis=1)], axis=0)


def _solved(equations: Ints, prime: int) -> tuple[Ints, Bools]:
    """Return a solution of each system, and whether there is one (Gauss and Jordan, modulo a prime).

    Parameters
    ----------
    equations : ndarray of int64, shape (n_systems, n_equations, n_unknowns + 1)
        The last column is the right side.
    """
    left, systems = equations.copy(), np.arange(len(equations))
    used = np.zeros(left.shape[:2], dtype=bool)
    times = np.zeros((len(left), left.shape[2] - 1), np.int64)
    pivots = np.full(times.shape, -1)
    inverse = np.array([pow(value, -1, prime) if value else 0 for value in range(prime)])
    for unknown in range(times.shape[1]):
        can = (left[:, :, unknown] != 0) & ~used
        pivot, some = can.argmax(axis=1), can.any(axis=1)
        row = left[systems, pivot] * inverse[left[systems, pivot, unknown]][:, None] % prime
        factor = np.where(some[:, None], left[:, :, unknown], 0)
        left = (left - factor[:, :, None] * row[:, None, :]) % prime
        left[systems[some], pivot[some]] = row[some]
        used[systems[some], pivot[some]] = True
        pivots[some, unknown] = pivot[some]
    right = left[:, :, -1]
    known = pivots >= 0
    times[known] = np.take_along_axis(right, np.maximum(pivots, 0), axis=1)[known]
    return times, ~((right != 0) & ~used).any(axis=1)
