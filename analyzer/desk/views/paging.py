"""Long lists in pages that can be linked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from analyzer.desk.views.forms import whole

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pages:
    """Where a page lies in a list: links to the pages beside it, empty where there is none, and the place in words."""

    words: str
    earlier: str = ""
    later: str = ""
    earlier_words: str = "Previous page"
    later_words: str = "Next page"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A piece of a list, and the way to the others."""

    rows: tuple[T, ...]
    pages: Pages


def page_of(rows: Sequence[T], asked: str, size: int, path: str) -> Page[T]:
    """Return one page of a list.

    Parameters
    ----------
    rows : sequence
    asked : str
        The page's number as it stands in the address; the nearest one counts.
    size : int
        How many rows a page has.
    path : str
        The address, to which `page=2` is added.
    """
    count = max(1, -(-len(rows) // size))
    number = min(max(whole(asked) or 1, 1), count)
    start = (number - 1) * size
    joined = f"{path}{'&' if '?' in path else '?'}page="
    pages = Pages(
        f"{start + 1} to {min(start + size, len(rows))} of {len(rows):,}" if rows else "None",
        f"{joined}{number - 1}" if number > 1 else "",
        f"{joined}{number + 1}" if number < count else "",
    )
    return Page(tuple(rows[start : start + size]), pages)
