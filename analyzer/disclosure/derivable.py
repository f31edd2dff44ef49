"""Which groups follow from published ones by adding and subtracting, as their labels say.

Ranges and periods lie on a line: a published range ties its two ends together, and the number between any two ends
that are tied, however indirectly, can be computed. Sets of categories can be computed when they are a linear
combination of published sets; with up to 16 categories that were not published alone every set is tried. All people
are the same on every line and in every table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import inf, isfinite
from typing import Final

import numpy as np

from analyzer.disclosure.group_labels import EVERYBODY, Group, Line, Named, Span, parsed
from analyzer.disclosure.tied import Spanned, Tied
from analyzer.errors import InputError
from analyzer.grouping.arrays import Floats, Ints

_TRIED: Final = 16  # categories of which every set is tried: 65,536 sets
_OTHER: Final = ""  # whatever category is named nowhere

Read = tuple[str, Group, Fraction]
Found = dict[str, Fraction]
Members = frozenset[str]


def derived_groups(tables: Mapping[str, Mapping[str, float]]) -> Mapping[str, float]:
    """Return the smallest groups that can be computed from published ones and were not published.

    Every group that can be computed is made of these and of published ones, so all small numbers there are show up
    here. Groups of nobody are left out. Numbers are taken as they are printed: 0.1 and 0.2 are 0.3.

    Parameters
    ----------
    tables : mapping of table to mapping of label to number
        Labels are ranges ("<20", "20-39", "40+", ">= 40", "under 25", "25 and over"), periods ("2017-12",
        "2017-12-01..2017-12-18"), categories, several of them joined by "+", "not A", and "all". The numbers of all
        tables are about one population, and all ranges about one property of it.

    Returns
    -------
    mapping of label to number
        In order of the labels. Where a number contradicts the ones before, since somebody came or left between two
        tables or is in several groups, "label (table, changed)" with the amount. A negative number says the same.

    Raises
    ------
    InputError
        When a number is infinite or none.

    Examples
    --------
    >>> derived_groups({"t1": {"<20": 6, "20-39": 9}, "t2": {"<25": 7, "25-39": 8}})
    {'20-24': 1}
    >>> derived_groups({"t1": {"A": 40, "B": 60}, "t2": {"A+B": 103}})
    {'A+B (t2, changed)': 3}
    """
    told = [(t, parsed(label), _exact(t, label, n)) for t, cells in tables.items() for label, n in cells.items()]
    read = _with_everybody(told)
    found: Found = {}
    for line in Line:
        found |= _between(line, read)
    found |= _sets(read)
    return {label: _plain(value) for label, value in sorted(found.items()) if value}


def _exact(table: str, label: str, value: float) -> Fraction:
    if not isfinite(value):
        raise InputError(f"`{label}` of table `{table}` is {value}.", "Give a number, or leave the group out.")
    return Fraction(str(value))


def _plain(value: Fraction) -> float:
    return int(value) if value.denominator == 1 else float(value)


def _with_everybody(read: Sequence[Read]) -> Sequence[Read]:
    """Return the same after how many all are, where nobody published it and it can be computed all the same.

    Only from tables with one kind of labels: what stands beside ranges, such as "unknown", is on no line.
    """
    kinds: dict[str, set[Line | None]] = {}
    for table, group, _ in read:
        kinds.setdefault(table, set()).add(group.line if isinstance(group, Span) else None)
    several = len(set().union(*kinds.values())) > 1
    if several and not any(group == EVERYBODY for _, group, _ in read):
        for kind in (*Line, None):
            some = [one for one in read if kinds[one[0]] == {kind}]
            everybody = _spanned(some)[0].number(_names(some)) if kind is None else _tied(kind, some)[0].whole()
            if everybody is not None:
                return [("", EVERYBODY, everybody), *read]
    return read


def _between(line: Line, read: Sequence[Read]) -> Found:
    """Return what lies between neighbouring ends that are tied, and what ties contradict."""
    if not any(isinstance(group, Span) and group.line is line for _, group, _ in read):
        return {}
    tied, found = _tied(line, read)
    published = {_span(line, group) for _, group, _ in read}
    for low, high, value in tied.neighbours():
        span = Span(line, low, high)
        if span not in published:
            found[span.label] = value
    return found


def _tied(line: Line, read: Iterable[Read]) -> tuple[Tied, Found]:
    """Return which ends are tied, and what contradicts the ties before."""
    tied, found = Tied(_whole(line)), Found()
    for table, group, value in read:
        span = _span(line, group)
        if span is not None and (changed := tied.tie(span, value)):
            found[_changed(span, table, found)] = changed
    return tied, found


def _changed(group: Group, table: str, found: Found) -> str:
    """Return the name of a contradiction; a table may hold a label in several ways of writing it."""
    name, number = f"{group.label} ({table}, changed)", 1
    while name in found:
        number += 1
        name = f"{group.label} ({table}, changed {number})"
    return name


def _span(line: Line, group: Group) -> Span | None:
    if isinstance(group, Span):
        return group if group.line is line else None
    return _whole(line) if group == EVERYBODY else None


def _whole(line: Line) -> Span:
    return Span(line, 0 if line is Line.NUMBERS else -inf, inf)


def _sets(read: Sequence[Read]) -> Found:
    """Return the smallest sets of categories that are a combination of published sets, and what contradicts them."""
    groups = [group for _, group, _ in read]
    if all(isinstance(g, Span) or g == EVERYBODY for g in groups) and any(isinstance(g, Span) for g in groups):
        return {}
    names = [*sorted(_names(read) - {_OTHER}), _OTHER]
    spanned, values, found = _spanned(read)
    for members in _computable(values, names):
        number = spanned.number(members)
        if members not in values and number is not None:
            found[_label(members, names)] = number
    return found


def _names(read: Iterable[Read]) -> Members:
    return Members({_OTHER}).union(*(group.names for _, group, _ in read if isinstance(group, Named)))


def _spanned(read: Sequence[Read]) -> tuple[Spanned, dict[Members, Fraction], Found]:
    """Return what published sets span, the sets with their numbers, and what contradicts the ones before."""
    names, spanned, values, found = _names(read), Spanned(), dict[Members, Fraction](), Found()
    for table, group, value in read:
        if isinstance(group, Named):
            members = names - group.names if group.others else group.names
            if changed := spanned.add(members, value):
                found[_changed(group, table, found)] = changed
            values.setdefault(members, value)
    return spanned, values, found


def _label(members: Members, names: Sequence[str]) -> str:
    if _OTHER in members:
        return Named(Members(names) - members, others=True).label
    return Named(members).label


def _computable(sets: Iterable[Members], names: Sequence[str]) -> Iterator[Members]:
    """Yield the smallest computable sets, the published single categories among them."""
    rest, alone = set(sets), Members()
    while new := Members().union(*(members for members in rest if len(members) == 1)):
        alone |= new
        rest = {members - alone for members in rest} - {Members()}
    yield from (Members({name}) for name in sorted(alone))
    blocks = _never_apart(rest, [name for name in names if name not in alone])
    if len(blocks) > _TRIED:
        yield from rest
    elif rest:
        yield from _combinations(rest, blocks)


def _never_apart(sets: Iterable[Members], names: Sequence[str]) -> list[Members]:
    """Return the categories in blocks that every set holds whole or not at all."""
    blocks: dict[tuple[bool, ...], set[str]] = {}
    told = list(sets)
    for name in names:
        blocks.setdefault(tuple(name in members for members in told), set()).add(name)
    return [Members(block) for held, block in blocks.items() if any(held)]


def _combinations(sets: Iterable[Members], blocks: Sequence[Members]) -> Iterator[Members]:
    """Yield the smallest unions of blocks that lie in the linear span of the sets."""
    known: Floats = np.array([[block <= members for block in blocks] for members in sets], np.float64)
    tried: Ints = np.arange(1, 1 << len(blocks))
    masks = (tried[:, None] >> np.arange(len(blocks))) & 1
    spanned = np.abs(masks @ (np.linalg.pinv(known) @ known) - masks).max(axis=1) < 1e-6
    tried, masks = tried[spanned], masks[spanned]
    order = np.argsort(masks.sum(axis=1), kind="stable")
    while len(order):
        first = order[0]
        yield Members().union(*(block for block, held in zip(blocks, masks[first], strict=True) if held))
        order = order[(tried[order] & tried[first]) != tried[first]]
