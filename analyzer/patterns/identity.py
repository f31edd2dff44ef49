"""The same pattern keeps its id across refits.

A refit numbers its patterns anew. The earlier model and the new one label the same vectors; where the two labellings
overlap, counted in households, says which earlier pattern a new one continues. No viewer has to be known from before:
the earlier model's prototypes label vectors that it never saw.

The transitions are those of MONIC (Spiliopoulou, Ntoutsi, Theodoridis and Schult, KDD 2006): a pattern survives,
splits, is absorbed, disappears or emerges. Ids go by mutual share, the Jaccard coefficient of two patterns' households,
as in Greene, Doyle and Cunningham (ASONAM 2010), best pair first. An assignment of the greatest total (Kuhn and
Munkres) was the alternative; it hands an id to a lesser heir where that helps another pattern, which nobody could
explain to a reviewer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, TypeAdapter, ValidationError

from analyzer.errors import BundleError, InputError
from analyzer.grouping.segments import Floats, Ints
from analyzer.patterns.profile import PatternProfile

KEEPS: Final = 0.3
"""Least mutual share with which an id is kept: below a third, so that the largest of three equal parts keeps it. From
0.1 to 0.5 it hardly matters (at most a point of the ids that stay in tests/benchmarks/identity.py, --drift 2)."""
MOST: Final = 0.5
"""A new pattern is born, and keeps no id, if more of its households than this had no pattern before. An earlier one is
absorbed by the new one that holds at least so much of it (the survival threshold of MONIC)."""
QUARTER: Final = 0.25
"""A new pattern descends from each earlier one that gave at least so much of it. Rules read the upper quartile: a
quarter of its windows can make the mark of a pattern, so a quarter hands a mark on (decision 0006). And an earlier
pattern has split when at least so much of it lies in another new one."""
TENTH: Final = 0.1
"""The same where the quarters do not add up to most of it: a pattern made of many has many ancestors, not none."""
LEAST_HOUSEHOLDS: Final = 10
"""Fewer are no part of a pattern that anything is said of: the last few of a pattern that died out are not absorbed."""
_DIGITS: Final = 9  # shares are compared after rounding, or the order of a sum could decide at a threshold
_ID: Final = re.compile(r"P(0[1-9]|[1-9]\d{1,8})")
_FORBID: Final = ConfigDict(extra="forbid")


class Fate(StrEnum):
    """What became of a pattern."""

    SAME = "same"
    BORN = "born"
    SPLIT = "split"
    MERGED = "merged"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one pattern.

    Attributes
    ----------
    id : the new pattern's id; of a pattern that is gone, its own.
    fate : same, born, split, merged or gone.
    earlier : ids of the earlier patterns that it descends from, by number.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    id: str
    fate: Fate
    earlier: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Return the change in words."""
        told = " and ".join(self.earlier)
        return {
            Fate.SAME: f"{self.id} is the {self.id} of before.",
            Fate.BORN: f"{self.id} is new{f'; a part of it was {told}' if told else ''}.",
            Fate.SPLIT: f"{self.id} is {'the largest' if self.earlier == (self.id,) else 'a'} part of what was {told}.",
            Fate.MERGED: f"{self.id} holds much of what was {told}.",
            Fate.GONE: f"{self.id} is gone.",
        }[self.fate]


@dataclass(frozen=True)
class Lineage:
    """Where the patterns of a refit come from; ids and words only, no count, so that it may be kept in a bundle.

    Attributes
    ----------
    ids : one per new pattern, in the order of the new labels.
    changes : one per new pattern in the same order, then the patterns that are gone.
    used : every id that was ever given, by number. It travels from refit to refit: none is given to another pattern.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    ids: tuple[str, ...]
    changes: tuple[Change, ...]
    used: tuple[str, ...]

    def __post_init__(self) -> None:
        ended = [change for change in self.changes if change.fate is Fate.GONE]
        named = {*self.ids, *(change.id for change in ended), *(i for change in self.changes for i in change.earlier)}
        if tuple(change.id for change in self.changes) != (*self.ids, *(change.id for change in ended)):
            raise InputError("The changes are not one per id, in order, and then those that are gone.")
        if not named <= set(_checked(self.used)) or len(set(self.ids)) < len(self.ids):
            raise InputError("An id is there twice, or is not among those that were ever used.")

    def as_json(self) -> dict[str, Any]:
        """Return the lineage as plain JSON values; see `lineage_from`."""
        return dict(_LINEAGE.dump_python(self, mode="json"))


_LINEAGE: Final = TypeAdapter(Lineage)


def lineage_from(values: object) -> Lineage:
    """Return the lineage that plain JSON values describe.

    Raises
    ------
    BundleError
        When they describe none: another type, a missing or unknown key, an id twice or never used.
    """
    try:
        return _LINEAGE.validate_json(json.dumps(values, allow_nan=False), strict=True)
    except (TypeError, ValueError, RecursionError) as error:
        told = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise BundleError(f"The lineage of the patterns cannot be read: {told}", "Fit the model again.") from error


def renamed(profiles: Sequence[PatternProfile], lineage: Lineage) -> tuple[PatternProfile, ...]:
    """Return the profiles of a refit, in the order of its labels, under the ids of their lineage."""
    if len(profiles) != len(lineage.ids):
        raise InputError(
            f"There are {len(profiles)} profiles and {len(lineage.ids)} ids.", "Match the labels of this very refit."
        )
    return tuple(replace(profile, id=name) for profile, name in zip(profiles, lineage.ids, strict=True))


def overlap(earlier: Ints, new: Ints, households: npt.NDArray[Any], n_earlier: int, n_new: int) -> Floats:
    """Return how many households each earlier and each new pattern share, shape (n_earlier + 1, n_new + 1).

    The last row and column are for no pattern. A household with vectors in several cells is shared out, so that it
    counts once. Neither the order of vectors nor a name changes a digit.

    Parameters
    ----------
    earlier, new : ndarray of int64, shape (n_vectors,)
        The same vectors, labelled by the earlier and by the new model; -1 is no pattern.
    households : ndarray, shape (n_vectors,)
        Each vector's household.
    n_earlier, n_new : int
        How many patterns the two models have.

    Raises
    ------
    InputError
        When the arrays differ in length, or a label is out of range.
    """
    if not len(earlier) == len(new) == len(households):
        raise InputError(f"There are {len(earlier)} earlier and {len(new)} new labels of {len(households)} households.")
    _, household = np.unique(households, return_inverse=True)
    cell = _places(earlier, n_earlier) * (n_new + 1) + _places(new, n_new)
    # Whole numbers are added up first, apart for households of 1, 2, 3, ... vectors: their sum has no order.
    sizes, group = np.unique(np.bincount(household)[household], return_inverse=True)
    cells = (n_earlier + 1) * (n_new + 1)
    vectors = np.bincount(group * cells + cell, minlength=len(sizes) * cells)
    shared = vectors.reshape(len(sizes), n_earlier + 1, n_new + 1) / sizes[:, None, None]
    return np.asarray(shared.sum(axis=0))


def match(table: Floats, earlier_ids: Sequence[str], used_ids: Iterable[str] = ()) -> Lineage:
    """Say which earlier pattern each new one continues, and what became of all.

    A new pattern descends from each earlier one that gave a quarter of it, or that it holds half of. It keeps the id
    with which it has the largest mutual share, if that is at least `KEEPS`; each id goes to one, the best pair first,
    equal ones by number. Other new patterns get the lowest numbers never used, the largest pattern first. A pattern is
    `born` if most of it had no pattern, or it descends from none; `merged` if it descends from several; of a single
    one it is the `same` if it keeps the id, unless a quarter of that one lies in another new pattern, else a part of
    a `split`. An earlier id is `gone` where nothing descends from it.

    Parameters
    ----------
    table : ndarray of float64, shape (n_earlier + 1, n_new + 1)
        Households, from `overlap`.
    earlier_ids : sequence of str
        Of the earlier patterns, in the order of the rows.
    used_ids : iterable of str
        Ids that were used before; `used` of the earlier lineage.

    Raises
    ------
    InputError
        When the table has another shape or holds something other than counts, or an id is malformed or there twice.
    """
    ids = _checked(earlier_ids)
    _check_table(table, len(ids))
    rows = sorted(range(len(ids)), key=lambda row: _number(ids[row]))
    shares = _Shares.of(table[[*rows, len(ids)]])
    known = [ids[row] for row in rows]
    heirs = shares.heirs()
    used = {*known, *_checked(used_ids)}
    names = _named(shares, {new: known[row] for new, row in heirs.items()}, used)
    changes = [_change(shares, new, names[new], known, new in heirs) for new in range(len(names))]
    going_on = {*names, *(name for change in changes for name in change.earlier)}
    gone = [Change(name, Fate.GONE, (name,)) for name in known if name not in going_on]
    return Lineage(tuple(names), (*changes, *gone), tuple(sorted({*used, *names}, key=_number)))


@dataclass(frozen=True)
class _Shares:
    """Shares of households; shape (n_earlier, n_new) but for `of_none`, shape (n_new,).

    `of_earlier` is the part of an earlier pattern that a new one holds, `of_new` the part of a new one that an earlier
    one gave, `mutual` their Jaccard coefficient, `of_none` the part that had no pattern. `order` lists new patterns
    from the largest, by what they are made of where equal, so that labels decide between twins only.
    """

    households: Floats
    of_earlier: Floats
    of_new: Floats
    mutual: Floats
    of_none: Floats
    order: tuple[int, ...]

    @classmethod
    def of(cls, table: Floats) -> _Shares:
        both, earlier, new = table[:-1, :-1], table[:-1].sum(axis=1)[:, None], table[:, :-1].sum(axis=0)
        made_of = np.round(np.vstack([new, table[:, :-1]]), _DIGITS).T
        order = sorted(range(len(new)), key=lambda at: (*(-made_of[at]).tolist(), at))
        either = earlier + new - both
        return cls(
            both, _part(both, earlier), _part(both, new), _part(both, either), _part(table[-1, :-1], new), tuple(order)
        )

    def ancestors(self, new: int) -> list[int]:
        """Return the earlier patterns that a new one descends from."""
        given = self.of_new[:, new]
        enough = given[given >= QUARTER].sum() >= MOST * (1 - self.of_none[new])
        absorbed = (self.of_earlier[:, new] >= MOST) & (self.households[:, new] >= LEAST_HOUSEHOLDS)
        return [int(row) for row in np.flatnonzero(absorbed | (given >= (QUARTER if enough else TENTH)))]

    def heirs(self) -> dict[int, int]:
        """Return which new pattern keeps the id of which earlier one."""
        rank = {new: at for at, new in enumerate(self.order)}
        rows, columns = np.nonzero((self.mutual >= KEEPS) & (self.of_none <= MOST))
        pairs = zip(rows.tolist(), columns.tolist(), strict=True)
        heirs: dict[int, int] = {}
        for row, new in sorted(pairs, key=lambda pair: (-self.mutual[pair], pair[0], rank[pair[1]])):
            if new not in heirs and row not in heirs.values():
                heirs[new] = row
        return heirs


def _change(shares: _Shares, new: int, name: str, known: list[str], kept: bool) -> Change:
    ancestors = shares.ancestors(new)
    earlier = tuple(known[row] for row in ancestors)
    if not ancestors or shares.of_none[new] > MOST:
        return Change(name, Fate.BORN, earlier)
    if len(ancestors) > 1:
        return Change(name, Fate.MERGED, earlier)
    elsewhere = np.delete(shares.of_earlier[ancestors[0]], new)
    return Change(name, Fate.SAME if kept and (elsewhere < QUARTER).all() else Fate.SPLIT, earlier)


def _named(shares: _Shares, kept: dict[int, str], used: set[str]) -> list[str]:
    names = dict(kept)
    taken, number = {_number(name) for name in used}, 1
    for new in shares.order:
        while number in taken:
            number += 1
        if new not in names:
            names[new] = f"P{number:02d}"
            taken.add(number)
    return [names[new] for new in range(len(shares.order))]


def _part(households: Floats, whole: Floats) -> Floats:
    part = np.divide(households, whole, out=np.zeros_like(households), where=whole > 0)
    return part.round(_DIGITS)


def _places(labels: Ints, count: int) -> Ints:
    if len(labels) and not -1 <= labels.min() <= labels.max() < count:
        raise InputError(f"Labels go from {labels.min()} to {labels.max()}; allowed are -1 to {count - 1}.")
    return np.where(labels == -1, count, labels)


def _check_table(table: Floats, earlier: int) -> None:
    if table.ndim != 2 or table.shape[0] != earlier + 1 or table.shape[1] < 1:
        raise InputError(
            f"The table has shape {table.shape}; {earlier} ids need {earlier + 1} rows, the last for no pattern.",
            "Make it with overlap.",
        )
    if not (np.isfinite(table).all() and (table >= 0).all()):
        raise InputError("The table holds something other than counts of households.", "Make it with overlap.")


def _checked(ids: Iterable[str]) -> tuple[str, ...]:
    told = tuple(ids)
    seen: set[str] = set()
    for name in told:
        if name in seen or not _ID.fullmatch(name):
            raise InputError(f"{name!r} is no id or is there twice.", "Ids are P01, P02, ..., P99, P100, each once.")
        seen.add(name)
    return told


def _number(name: str) -> int:
    return int(name[1:])
