"""Moves that were found, and what they prove."""

from __future__ import annotations

import numpy as np

from analyzer.disclosure.moves import Move, Needs
from analyzer.grouping.arrays import Bools, Ints


class Proofs:
    """A pool of moves. A move counts for a set of withheld cells if it uses no others.

    Parameters
    ----------
    needs : Needs
    known : ndarray of bool, shape (n_insiders, n_cells)
        What each insider knows: a need is met against it by moves that leave these cells alone. Behind the insiders
        stands somebody who knows nothing: everybody.
    """

    def __init__(self, needs: Needs, known: Bools) -> None:
        self.needs = needs
        self.known = np.vstack([known, np.zeros((1, known.shape[1]), dtype=np.bool_)])
        self.moves: list[Move] = []
        self._met: list[Bools] = []
        self._touched: list[Bools] = []

    def add(self, move: Move) -> tuple[Bools, Bools]:
        """Add a move; return the needs that it meets and those against whom it proves nothing."""
        self.moves.append(move)
        self._met.append(self.needs.met(move))
        self._touched.append(np.asarray(self.known[:, move.cells].any(axis=1), dtype=np.bool_))
        return self._met[-1], self._touched[-1]

    def inside(self, withheld: Bools) -> Ints:
        """Return the moves that use withheld cells only."""
        kept = [number for number, move in enumerate(self.moves) if withheld[move.uses].all()]
        return np.array(kept, dtype=np.int64)

    def unmet(self, withheld: Bools) -> Bools:
        """Return which needs are unmet against whom, shape (n_needs, n_insiders + 1)."""
        kept = self.inside(withheld)
        if not len(kept):
            return ~self.needs.exempt
        met = np.array([self._met[number] for number in kept], dtype=np.float32)
        spared = ~np.array([self._touched[number] for number in kept])
        return np.asarray((met.T @ spared.astype(np.float32) == 0) & ~self.needs.exempt)
