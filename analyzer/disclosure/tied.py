"""What published numbers tie together: the ends of ranges on a line, and sets of categories that span others.

Both are exact, for a difference of one household in a million is still one household.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import pairwise

from analyzer.disclosure.group_labels import Point, Span


class Tied:
    """Ends of ranges with what is below each of them, in components that are tied together.

    Parameters
    ----------
    whole : Span
        The whole line.
    """

    def __init__(self, whole: Span) -> None:
        self._whole = whole
        self._below: dict[Point, dict[Point, Fraction]] = {}  # an end -> all ends of its component

    def tie(self, span: Span, value: Fraction) -> Fraction:
        """Tie both ends of a range together; return by how much it contradicts what is tied already."""
        low = self._below.setdefault(span.low, {span.low: Fraction(0)})
        high = self._below.setdefault(span.high, {span.high: Fraction(0)})
        if low is high:
            return abs(low[span.high] - low[span.low] - value)
        shift = low[span.low] + value - high[span.high]
        for end, below in high.items():
            low[end] = below + shift
            self._below[end] = low
        return Fraction(0)

    def whole(self) -> Fraction | None:
        """Return what is on the whole line, where that is tied."""
        ends = self._below.get(self._whole.low, {})
        return ends[self._whole.high] - ends[self._whole.low] if self._whole.high in ends else None

    def neighbours(self) -> Iterator[tuple[Point, Point, Fraction]]:
        """Yield ends of one component that have no other between them, with what is between them."""
        for ends in {id(component): component for component in self._below.values()}.values():
            for low, high in pairwise(sorted(ends)):
                yield low, high, ends[high] - ends[low]


class Spanned:
    """Sets of categories with their numbers, and every set that they add and subtract up to (Gauss's elimination)."""

    def __init__(self) -> None:
        # By a category that no later row holds. In order: what one takes out of a set, later ones do not bring back.
        self._rows: dict[str, tuple[Mapping[str, Fraction], Fraction]] = {}

    def add(self, members: Iterable[str], value: Fraction) -> Fraction:
        """Add a set; return by how much it contradicts those before, which hold in that case."""
        left, told = self._reduced(members)
        if not left:
            return abs(told - value)
        pivot = min(left)  # whatever is named nowhere comes first, and is in few sets: rows stay short
        times = left[pivot]
        self._rows[pivot] = ({name: count / times for name, count in left.items()}, (value - told) / times)
        return Fraction(0)

    def number(self, members: Iterable[str]) -> Fraction | None:
        """Return the number of a set; None where it cannot be computed."""
        left, told = self._reduced(members)
        return None if left else told

    def _reduced(self, members: Iterable[str]) -> tuple[dict[str, Fraction], Fraction]:
        """Return what the rows leave of a set, and the number of what they took."""
        left, told = dict.fromkeys(members, Fraction(1)), Fraction(0)
        for pivot, (row, value) in self._rows.items():
            times = left.get(pivot)
            if times is None:
                continue
            told += times * value
            for name, count in row.items():
                left[name] = left.get(name, Fraction(0)) - times * count
                if not left[name]:
                    del left[name]
        return left, told
