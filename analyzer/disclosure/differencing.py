"""This release against all earlier ones: no difference of what left may be about a few households.

A release is compared with every earlier one over the same population that one reader could hold beside it. Insiders
can read all, so every new release is compared with all earlier ones at the internal floor; a public one is compared
with the public ones at the public floor as well. Cells that were withheld were never told and are not compared.

Groups are compared by sketches, since the door cannot see how the frame it was given had been filtered, and a list of
households is what must not be kept. What cells of the new release leave of each other can be counted meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from analyzer.disclosure.combining import Bound, Recipe
from analyzer.disclosure.derivable import derived_groups as derived_groups
from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.gathered import Gathered, gathered, rows_of
from analyzer.disclosure.leftovers import Counted, Leftover, Search
from analyzer.disclosure.limits import Limits, Readers
from analyzer.disclosure.shares import pins_few
from analyzer.disclosure.told import Earlier, ReleaseHistory, Statistic, Told
from analyzer.grouping.arrays import Bools

_NAMED: Final = 3  # cells of a long combination that are named in its sentence


class Combination(Enum):
    """How a few households could be told apart."""

    DIFFERENCE = "difference of two groups"
    UNION = "groups added and subtracted"
    SHARE = "share of a known total"


@dataclass(frozen=True, slots=True)
class Difference:
    """Why cells of a new release may not leave together with what left before.

    Attributes
    ----------
    cells : numbers of the new release's cells; it is enough to withhold one of them.
    earlier : numbers of the releases it is about, oldest first; empty where it is about the new one alone.
    combination : how the few are told apart.
    floor : the floor that the households left over are below. How many there are is not told.
    sentence : the finding in words.
    """

    cells: tuple[int, ...]
    earlier: tuple[int, ...]
    combination: Combination
    floor: int
    sentence: str

    @property
    def band(self) -> str:
        """How many are left over, as far as it may be told."""
        return f"fewer than {self.floor:,} households"


def compare(
    new: Told, history: ReleaseHistory, limits: Limits, counted: Counted | None = None
) -> tuple[Difference, ...]:
    """Return what would tell few households apart if the release left now.

    Parameters
    ----------
    new : Told
        The cells that would leave.
    history : ReleaseHistory
    limits : Limits
        Its floors are used by who reads; its `readers` are not.
    counted : callable, optional
        Returns how many households a combination of the new cells alone leaves over: pairs of a cell's number and how
        often it is added. What it knows is not estimated; `analyzer.disclosure.behind` knows it at the door.

    Returns
    -------
    tuple of Difference
        Empty where the release may leave. Equal for equal input, whatever the order of rows behind the cells.
    """
    told = [e for e in history.releases(new.definition.population) if e.told.definition.family == new.definition.family]
    # Products this small gain nothing from more threads, and wait for each other where the machine is busy.
    with threadpool_limits(limits=1, user_api="blas"):
        found = _compared(new, told, limits.internal_floor, counted)
        if new.readers is Readers.PUBLIC:
            public = [earlier for earlier in told if earlier.told.readers is Readers.PUBLIC]
            known = {(difference.cells, difference.earlier) for difference in found}
            more = _compared(new, public, limits.public_floor, counted)
            found += [difference for difference in more if (difference.cells, difference.earlier) not in known]
    return tuple(sorted(found, key=lambda d: (d.cells, d.earlier, d.floor)))


def cells_to_withhold(differences: Sequence[Difference], n_cells: int) -> Bools:
    """Return which cells of the new release to withhold so that none of the differences is left.

    The cell of the most differences goes first, then the one of the most that remain, and so on; the first one where
    there are several. What is withheld because of this needs complementary suppression and another comparison.
    """
    open_ones = [set(difference.cells) for difference in differences]
    withheld = np.zeros(n_cells, dtype=bool)
    while open_ones:
        counts = np.bincount([cell for cells in open_ones for cell in cells], minlength=n_cells)
        worst = int(counts.argmax())
        withheld[worst] = True
        open_ones = [cells for cells in open_ones if worst not in cells]
    return withheld


def _compared(new: Told, history: Sequence[Earlier], floor: int, counted: Counted | None) -> list[Difference]:
    found = gathered(new, history)

    def known(recipe: Recipe) -> int | None:
        inside = found.inside(recipe) if counted else None
        return counted(inside) if counted and inside else None

    search = Search(found.groups, found.n_new, len(found.ours), found.own, found.others, Bound(floor), known)
    told_apart = [_difference(hit, new, found, history, floor) for hit in search.leftovers()]
    return told_apart + _shares(new, history, floor)


def _difference(hit: Leftover, new: Told, found: Gathered, history: Sequence[Earlier], floor: int) -> Difference:
    n_ours = len(found.ours)
    origin = {cell: found.told_by[cell - n_ours] for cell, _ in hit.recipe if cell >= n_ours}
    names = {cell: f"`{new.name(found.ours[cell])}` of this release" for cell, _ in hit.recipe if cell < n_ours}
    for cell, (release, number) in origin.items():
        earlier = history[release]
        names[cell] = f"`{earlier.told.name(number)}` of release {earlier.number} ({earlier.made_on})"
    two = len(hit.recipe) == 2 and sum(times for _, times in hit.recipe) == 0
    added = _listed([names[cell] for cell, times in hit.recipe if times > 0])
    subtracted = _listed([names[cell] for cell, times in hit.recipe if times < 0])
    band = f"fewer than {floor:,} households may be told apart"
    return Difference(
        tuple(found.ours[cell] for cell, _ in hit.recipe if cell < n_ours),
        tuple(sorted({history[release].number for release, _ in origin.values()})),
        Combination.DIFFERENCE if two else Combination.UNION,
        floor,
        f"By subtracting {subtracted} from {added} {band}." if subtracted else f"By adding {added} {band}.",
    )


def _listed(names: Sequence[str]) -> str:
    if len(names) > _NAMED:
        names = [*names[: _NAMED - 1], f"{len(names) - _NAMED + 1} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _shares(new: Told, history: Sequence[Earlier], floor: int) -> list[Difference]:
    """Return the shares of which both the share and its total are told, so that few households can be counted."""
    if new.definition.statistic is Statistic.SHARE:
        pairs = [
            (e, cell, e.told.name(total), new.texts[cell], int(new.sketches.households[whole]))
            for whole in _wholes(new)
            for e in history
            for total in _told_as_count(e.told, rows_of(new.sketches)[whole])
            for cell in range(len(new.texts))
        ]
    elif new.definition.statistic is Statistic.HOUSEHOLDS:
        pairs = [
            (e, cell, e.told.name(part), e.told.texts[part], int(new.sketches.households[cell]))
            for e in history
            if e.told.definition.statistic is Statistic.SHARE
            for whole in _wholes(e.told)
            for cell in _told_as_count(new, rows_of(e.told.sketches)[whole])
            for part in range(len(e.told.texts))
        ]
    else:
        return []
    return [
        Difference(
            (cell,),
            (earlier.number,),
            Combination.SHARE,
            floor,
            f"`{new.name(cell)}` and `{name}` of release {earlier.number} ({earlier.made_on}) are a share and its"
            f" total: together they count fewer than {floor:,} households.",
        )
        for earlier, cell, name, share, total in pairs
        if pins_few(share, total, floor)
    ]


def _wholes(told: Told) -> list[int]:
    return [cell for cell, label in enumerate(told.labels) if all(part == ALL for part in label)]


def _told_as_count(told: Told, row: bytes) -> list[int]:
    if told.definition.statistic is not Statistic.HOUSEHOLDS:
        return []
    return [cell for cell, other in enumerate(rows_of(told.sketches)) if other == row]
