"""Which groups follow from published ones by adding and subtracting, as their labels say.

Ranges and periods lie on a line: a published range ties its two ends together, and the number between any two ends
that are tied, however indirectly, can be computed. Sets of categories can be computed when they are a linear
combination of published sets; with up to 16 categories that were not published alone every set is tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import inf
from typing import Final

import numpy as np

from analyzer.disclosure.group_labels import EVERYBODY, Group, Line, Named, Point, Span, parsed
from analyzer.grouping.arrays import Floats, Ints

_TRIED: Final = 16  # categories of which every set is tried: 65,536 sets
_OTHER: Final = ""  # whatever category is named nowhere

Read = tuple[str, Group, float]


def derived_groups(tables: Mapping[str, Mapping[str, float]]) -> Mapping[str, float]:
    """Return the smallest groups that can be computed from published ones and were not published.

    Every group that can be computed is made of these and of published ones, so all small numbers there are show up
    here. Groups of nobody are left out.

    Parameters
    ----------
    tables : mapping of table to mapping of label to number
        Labels are ranges ("<20", "20-39", "40+", ">= 40", "under 25", "25 and over"), periods ("2017-12",
        "2017-12-01..2017-12-18"), categories, several of them joined by "+", "not A", and "all". The numbers of all
        tables are about one population.

    Returns
    -------
    mapping of label to number
        In order of the labels. Where a number contradicts the ones before, since somebody left between two tables,
        "label (table, changed)" with the amount.

    Examples
    --------
    >>> derived_groups({"t1": {"<20": 6, "20-39": 9}, "t2": {"<25": 7, "25-39": 8}})
    {'20-24': 1}
    """
    read = [(table, parsed(label), float(value)) for table, cells in tables.items() for label, value in cells.items()]
    found: dict[str, float] = {}
    for line in (Line.NUMBERS, Line.DAYS):
        found |= _between(line, read)
    found |= _sets(read)
    return {label: int(value) if value.is_integer() else value for label, value in sorted(found.items()) if value}


def _between(line: Line, read: Iterable[Read]) -> dict[str, float]:
    """Return what lies between neighbouring ends that are tied, and what ties contradict."""
    spans = [(t, _whole(line) if g == EVERYBODY else g, v) for t, g, v in read if g == EVERYBODY or _on(line, g)]
    if not any(_on(line, group) for _, group, _ in read):
        return {}
    tied: dict[Point, dict[Point, float]] = {}  # an end -> all ends of its component with what is below each
    found: dict[str, float] = {}
    for table, span, value in spans:
        if not isinstance(span, Span):
            continue
        low = tied.setdefault(span.low, {span.low: 0.0})
        high = tied.setdefault(span.high, {span.high: 0.0})
        if low is not high:
            shift = low[span.low] + value - high[span.high]
            for end, below in high.items():
                low[end] = below + shift
                tied[end] = low
        elif changed := abs(_tidy(low[span.high] - low[span.low] - value)):
            found[f"{span.label} ({table}, changed)"] = changed
    published = {span for _, span, _ in spans}
    for ends in {id(component): component for component in tied.values()}.values():
        for low_end, high_end in pairwise(sorted(ends)):
            span = Span(line, low_end, high_end)
            if span not in published:
                found[span.label] = _tidy(ends[high_end] - ends[low_end])
    return found


def _on(line: Line, group: Group) -> bool:
    return isinstance(group, Span) and group.line is line


def _whole(line: Line) -> Span:
    return Span(line, 0 if line is Line.NUMBERS else -inf, inf)


def _tidy(value: float) -> float:
    return round(value, 9) + 0.0


def _sets(read: Sequence[Read]) -> dict[str, float]:
    """Return the smallest sets of categories that are a combination of published sets."""
    named = [(table, group, value) for table, group, value in read if isinstance(group, Named)]
    spans = any(isinstance(group, Span) for _, group, _ in read)
    if spans and all(group == EVERYBODY for _, group, _ in named):
        return {}
    names = [*sorted({name for _, group, _ in named for name in group.names}), _OTHER]
    values: dict[frozenset[str], float] = {}
    found: dict[str, float] = {}
    for table, group, value in named:
        members = frozenset(names) - group.names if group.others else group.names
        if changed := abs(_tidy(values.setdefault(members, value) - value)):
            found[f"{group.label} ({table}, changed)"] = changed
    for members, value in _computable(values, names).items():
        if members not in values:
            found[_label(members, names)] = value
    return found


def _label(members: frozenset[str], names: Sequence[str]) -> str:
    if _OTHER in members:
        return Named(frozenset(names) - members, others=True).label
    return Named(members).label


def _computable(values: Mapping[frozenset[str], float], names: Sequence[str]) -> dict[frozenset[str], float]:
    """Return the smallest computable sets with their numbers, the published single categories among them."""
    alone = {min(members): value for members, value in values.items() if len(members) == 1}
    found = {frozenset({name}): value for name, value in alone.items()}
    while True:
        known = frozenset(alone)
        rest = {m - known: v - sum(alone[n] for n in m & known) for m, v in values.items()}
        new = {min(m): _tidy(v) for m, v in rest.items() if len(m) == 1}
        if not new:
            break
        alone |= new
        found |= {frozenset({name}): value for name, value in new.items()}
    rest.pop(frozenset(), None)
    blocks = _never_apart(rest, [name for name in names if name not in alone])
    if not rest or len(blocks) > _TRIED:
        return found | {members: _tidy(value) for members, value in rest.items()}
    return found | _combinations(rest, blocks)


def _never_apart(sets: Iterable[frozenset[str]], names: Sequence[str]) -> list[frozenset[str]]:
    """Return the categories in blocks that every set holds whole or not at all."""
    blocks: dict[tuple[bool, ...], set[str]] = {}
    told = list(sets)
    for name in names:
        blocks.setdefault(tuple(name in members for members in told), set()).add(name)
    return [frozenset(block) for held, block in blocks.items() if any(held)]


def _combinations(
    sets: Mapping[frozenset[str], float], blocks: Sequence[frozenset[str]]
) -> dict[frozenset[str], float]:
    """Return the smallest unions of blocks that lie in the linear span of the sets."""
    known: Floats = np.array([[block <= members for block in blocks] for members in sets], np.float64)
    inverse = np.linalg.pinv(known)
    tried: Ints = np.arange(1, 1 << len(blocks))
    masks = (tried[:, None] >> np.arange(len(blocks))) & 1
    spanned = np.abs(masks @ inverse @ known - masks).max(axis=1) < 1e-6
    tried, masks = tried[spanned], masks[spanned]
    numbers = masks @ inverse @ np.array(list(sets.values()))
    order = np.argsort(masks.sum(axis=1), kind="stable")
    found: dict[frozenset[str], float] = {}
    while len(order):
        first = order[0]
        members = frozenset().union(*(block for block, held in zip(blocks, masks[first], strict=True) if held))
        found[members] = _tidy(float(numbers[first]))
        order = order[(tried[order] & tried[first]) != tried[first]]
    return found
