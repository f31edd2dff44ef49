"""Groups made shorter by one another, until none can be: what is left of each is what only it has.

The groups that left span a lattice: whatever can be computed by adding and subtracting them. A combination that leaves
few households over is a short vector of it. Each group is replaced by itself less a multiple of another one wherever
that makes it shorter, the longest first (pairwise reduction; Lagrange's and Gauss's for two; Nguyen and Stehlé, ACM
Transactions on Algorithms 2009). So a margin becomes what its parts leave of it, and that is subtracted from others.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from analyzer.grouping.arrays import Floats, Ints

_SHORTER: Final = 1e-9  # part of itself by which a vector must become shorter
_TURNS: Final = 40  # changes of each vector, on average, after which what is reached must do


def reduced(vectors: Floats) -> tuple[Floats, Ints]:
    """Return vectors that span the same lattice and are short, and what they are made of.

    Parameters
    ----------
    vectors : ndarray of float64, shape (n, width)
        Whole numbers.

    Returns
    -------
    short : ndarray of float64, shape (n, width)
        Rows of 0 where a vector is a combination of others.
    times : ndarray of int64, shape (n, n)
        How often each of the vectors is added to make each of the short ones.
    """
    short, times = vectors.astype(np.float64), np.eye(len(vectors), dtype=np.int64)
    inner = short @ short.T
    settled = inner.diagonal() == 0
    for _ in range(_TURNS * len(short)):
        norms = inner.diagonal()
        row = int(np.where(settled, -1.0, norms).argmax())
        if settled[row]:
            break
        by, count = _shortener(inner[row], norms, row)
        if not count:
            settled[row] = True
            continue
        short[row] -= count * short[by]
        times[row] -= int(count) * times[by]
        inner[row] = inner[:, row] = short @ short[row]
        # Others that nothing shortened before can only be shortened by what is new.
        settled &= _saved(inner[row], norms[row]) <= _SHORTER * norms
        settled[row] = norms[row] == 0
    return short, times


def _shortener(inner: Floats, norms: Floats, row: int) -> tuple[int, float]:
    """Return which vector makes this one shortest when it is subtracted, and how often; 0 where none does."""
    saved = _saved(inner, norms)
    saved[row] = 0.0
    best = int(saved.argmax())
    return best, float(np.rint(inner[best] / norms[best])) if saved[best] > _SHORTER * norms[row] else 0.0


def _saved(inner: Floats, norms: Floats) -> Floats:
    """Return by how much the square of a length falls when the best multiple of a vector is subtracted."""
    count = np.rint(inner / np.where(norms > 0, norms, np.inf))
    return np.asarray(count * (2 * inner - count * norms))
