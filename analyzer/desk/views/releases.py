"""What left, as it is read: a list of releases, and one of them as a table with its sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from analyzer.desk.views.words import Moment, moment
from analyzer.ledger.leaving import KeptRelease

_WORDS: Final = {
    "released": "may be told",
    "rounded": "may be told, rounded",
    "coded": "may be told in these words",
    "with noise": "may be told, with noise",
    "withheld": "must not be told",
}
_SOURCES: Final = (
    ("population", "Population"),
    ("definition", "What it counts"),
    ("rows_used", "Rows used"),
    ("rows_dropped", "Rows without a label, not counted"),
    ("source", "Data"),
    ("window", "Window"),
    ("rulebook", "Rulebook"),
    ("bundle", "Patterns"),
    ("made_on", "Made on"),
    ("hash", "Its hash"),
)


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A release in a list."""

    number: int
    population: str
    purpose: str
    made_on: Moment
    noise: str


@dataclass(frozen=True, slots=True)
class CellRow:
    """A row of a released table: labels, the number as it is printed, and whether it may be told."""

    labels: tuple[str, ...]
    text: str
    status: str


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """One release."""

    title: str
    purpose: str
    unit: str
    by: tuple[str, ...]
    measure: str
    cells: tuple[CellRow, ...]
    sources: tuple[tuple[str, str], ...]


def rows(releases: Iterable[KeptRelease]) -> tuple[ReleaseRow, ...]:
    """Return releases, newest first."""
    told = [
        ReleaseRow(
            one.number, one.population, one.purpose, moment(one.made_on), "with noise" if one.with_noise else "exact"
        )
        for one in releases
    ]
    return tuple(reversed(told))


def release_view(content: Mapping[str, Any]) -> ReleaseView:
    """Return a release from what left, as JSON values."""
    by = tuple(map(str, content.get("by", ())))
    measure = str(content.get("measure", "numbers"))
    source = content.get("provenance")
    known = {**content, **(source if isinstance(source, Mapping) else {})}
    return ReleaseView(
        title=f"{measure[:1].upper()}{measure[1:]}{f' by {_listed(by)}' if by else ''}",
        purpose=str(content.get("purpose", "")),
        unit=str(content.get("unit", "")),
        by=by,
        measure=measure,
        cells=tuple(_cell(cell) for cell in content.get("cells", ())),
        sources=tuple((words, str(known[name])) for name, words in _SOURCES if known.get(name) not in (None, "")),
    )


def _cell(cell: Mapping[str, Any]) -> CellRow:
    status = str(cell.get("status", ""))
    labels = tuple(map(str, cell.get("labels", ())))
    return CellRow(labels, str(cell.get("text", "withheld")), _WORDS.get(status, "must not be told"))


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
