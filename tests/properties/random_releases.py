"""Small releases over known sets of households, and a naive look at every pair and triple of what was told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product

import numpy as np
from hypothesis import strategies as st

from analyzer.disclosure.differencing import cells_to_withhold, compare
from analyzer.disclosure.limits import Limits, Readers
from analyzer.disclosure.sketch import sketch_groups
from analyzer.disclosure.told import Definition, Earlier, Statistic, Told

Group = frozenset[int]
KEY = b"k" * 32
FLOOR = 10
LIMITS = Limits(internal_floor=FLOOR, readers=Readers.INTERNAL)
DEFINITION = Definition("everybody", ("group",), "May", "households", Statistic.HOUSEHOLDS)


def told(groups: Sequence[Group], key: bytes = KEY, readers: Readers = Readers.INTERNAL) -> Told:
    """Return a release of these groups, each under a label of its own."""
    cell = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    names = np.array([home for group in groups for home in sorted(group)], dtype=np.int64)
    labels = tuple((f"group {number}",) for number in range(len(groups)))
    texts = tuple(str(len(group)) for group in groups)
    return Told(DEFINITION, readers, labels, texts, sketch_groups(cell, names, len(groups), key))


class History:
    """What left before, in memory."""

    def __init__(self, *releases: Told) -> None:
        self.left: list[Earlier] = []
        for release in releases:
            self.keep(release)

    def releases(self, population: str) -> list[Earlier]:
        return self.left

    def keep(self, release: Told) -> None:
        self.left.append(Earlier(len(self.left) + 1, "2026-11-26", release))


def through(releases: Sequence[Sequence[Group]], key: bytes = KEY, exact: bool = False) -> list[list[Group]]:
    """Return what leaves of each release when cells are withheld until nothing is found."""
    history, left = History(), []
    for groups in releases:
        open_ones = np.array([len(group) >= FLOOR for group in groups], dtype=bool)
        whole = told(groups, key)
        while True:
            some = [groups[row] for row in np.flatnonzero(open_ones)]
            found = compare(whole.keep(open_ones), history, LIMITS, counter(some) if exact else None)
            if not found:
                break
            open_ones[np.flatnonzero(open_ones)[cells_to_withhold(found, int(open_ones.sum()))]] = False
        history.keep(whole.keep(open_ones))
        left.append([groups[row] for row in np.flatnonzero(open_ones)])
    return left


def counter(groups: Sequence[Group]):
    """Return what counts the households that a combination leaves over."""
    return lambda recipe: len(over([(groups[cell], times) for cell, times in recipe]))


def over(combination: Sequence[tuple[Group, int]]) -> Group:
    """Return the households that a combination leaves over."""
    times: dict[int, int] = {}
    for group, count in combination:
        for home in group:
            times[home] = times.get(home, 0) + count
    return frozenset(home for home, count in times.items() if count)


def isolated(left: Sequence[Sequence[Group]], most: int = 3) -> Iterator[Group]:
    """Yield every set of fewer than the floor that up to three of the told groups leave over."""
    groups = sorted({group for release in left for group in release}, key=sorted)
    for count in range(1, most + 1):
        for some in combinations(groups, count):
            for signs in product((1, -1), repeat=count - 1):
                found = over(list(zip(some, (1, *signs), strict=True)))
                if 0 < len(found) < FLOOR:
                    yield found


@st.composite
def releases(draw: st.DrawFn) -> list[list[Group]]:
    """Two or three releases: bins of a line, the same again with a few changes, unions, and any other sets."""
    count = draw(st.integers(30, 90))
    people = np.random.default_rng(draw(st.integers(0, 10_000))).permutation(count).tolist()
    found: list[list[Group]] = []
    for _ in range(draw(st.integers(2, 3))):
        cuts = sorted(draw(st.lists(st.integers(1, count - 1), min_size=1, max_size=3, unique=True)))
        groups = [frozenset(people[low:high]) for low, high in zip([0, *cuts], [*cuts, len(people)], strict=True)]
        if found and draw(st.booleans()):
            groups = list(draw(st.sampled_from(found)))
        if draw(st.booleans()):
            groups.append(groups[0] | groups[-1])
        if draw(st.booleans()):
            groups.append(frozenset(draw(st.permutations(range(count)))[: draw(st.integers(10, count))]))
        gone = frozenset(draw(st.lists(st.integers(0, count - 1), max_size=3)))
        found.append([group - gone for group in groups])
    return found
