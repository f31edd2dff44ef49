"""How a job says how far it is; nothing here changes a result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _silent_step(_: str) -> None:
    return


def _silent_rows(_: int, __: int) -> None:
    return


@dataclass(frozen=True)
class Progress:
    """Two things to tell: a new step, and how many rows of how many the step has done.

    Attributes
    ----------
    step : callable
        Told the name of each step as it begins.
    rows : callable
        Told (rows done since the last call, rows of the whole step).
    """

    step: Callable[[str], None] = _silent_step
    rows: Callable[[int, int], None] = _silent_rows

    def __call__(self, name: str) -> None:
        """Begin a step."""
        self.step(name)


SILENT = Progress()


def counted(progress: Progress, total: int) -> Callable[[int], None]:
    """Return what reports rows of a step of `total` rows."""
    return lambda rows: progress.rows(rows, total)
