"""How somebody moved about in each session, as player events tell: the columns of `schema.NAVIGATION` as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.grouping.arrays import Bools, Floats, Ints
from analyzer.sessions.schema import NAVIGATION

LOOP_PASSES: Final = 3.0
"""A passage that was played so often in one session was played again and again: once, again, and again."""


@dataclass(frozen=True)
class Moves:
    """Navigation of sessions; NaN is unknown.

    Attributes
    ----------
    values : dict of str to ndarray of float64
        By column; a column that the source does not have is missing here.
    played_s : ndarray of float64
        How long each session played.
    """

    values: dict[str, Floats]
    played_s: Floats

    @classmethod
    def of_table(cls, table: pa.Table) -> Moves:
        """Return the navigation of all rows of a session table."""
        present = [name for name in NAVIGATION if name in table.column_names]
        values = {name: np.asarray(pc.cast(table[name], pa.float64()).to_numpy()) for name in present}
        return cls(values, np.zeros(0))

    def of(self, row: Ints, played_s: Floats) -> Moves:
        """Return the navigation of some rows."""
        return Moves({name: values[row] for name, values in self.values.items()}, played_s)

    def __getitem__(self, name: str) -> Floats:
        return self.values[name] if name in self.values else np.full(len(self.played_s), np.nan)

    def looped(self, row: Ints) -> Bools | None:
        """Return which of some rows played one passage again and again; None where the source cannot tell."""
        passes = self.values.get("passage_passes")
        return None if passes is None else np.asarray(passes[row] >= LOOP_PASSES)
