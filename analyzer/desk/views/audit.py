"""The audit trail and what is kept how long, for reading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from analyzer.desk.views.paging import Pages
from analyzer.desk.views.queue import href_of
from analyzer.desk.views.words import Moment, counted, moment, seen
from analyzer.ledger.chain import Verified
from analyzer.ledger.events import Event
from analyzer.ledger.retention import Due

SIZE: Final = 40
_HASH: Final = re.compile(r"\b[0-9a-f]{64}\b")


@dataclass(frozen=True, slots=True)
class EventRow:
    """An entry of the trail."""

    number: int
    at: Moment
    who: str
    what: str
    item: str
    href: str
    details: tuple[tuple[str, str], ...]
    hash: str


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A kind of thing that is kept."""

    name: str
    held: str
    oldest: str
    long: str
    because: str
    due: str


@dataclass(frozen=True, slots=True)
class VerifiedView:
    """What a verification found, in words."""

    good: bool
    sentence: str
    findings: tuple[str, ...]
    anchor: str


def first_after(entries: int, before: int | None) -> tuple[int, int]:
    """Return where a page begins, newest entries first: the number that it comes after, and how many there are on it.

    Parameters
    ----------
    entries : int
        Of the whole trail.
    before : int, optional
        Only entries with a smaller number; all by default.
    """
    end = entries if before is None else min(before - 1, entries)
    start = max(0, end - SIZE)
    return start, max(0, end - start)


def rows(events: Iterable[Event]) -> tuple[EventRow, ...]:
    """Return entries, newest first."""
    return tuple(reversed([_row(event) for event in events]))


def pages(entries: int, start: int, count: int) -> Pages:
    """Return the way to newer and older entries."""
    newer = start + count + SIZE + 1
    words = f"Entries {start + count:,} to {start + 1:,} of {entries:,}" if count else "No entry"
    return Pages(
        words,
        "" if start + count >= entries else "/audit" if newer > entries else f"/audit?before={newer}",
        f"/audit?before={start + 1}" if start else "",
        "Newer entries",
        "Older entries",
    )


def verified_view(found: Verified) -> VerifiedView:
    """Return what a verification found."""
    count = counted(found.anchor.entries, "entry is", "entries are")
    sentence = (
        f"Nothing was changed: {count} what was written, and so is every record behind them."
        if found.good
        else f"{counted(len(found.findings), 'thing is', 'things are')} not as written. Tell whoever runs the desk."
    )
    return VerifiedView(found.good, sentence, tuple(one.sentence for one in found.findings), str(found.anchor))


def kept_rows(kept: Iterable[Due]) -> tuple[KeptRow, ...]:
    """Return what is kept, how long and why."""
    return tuple(
        KeptRow(
            one.keeping.name,
            f"{one.held:,}",
            moment(one.oldest.isoformat()).words if one.oldest else "",
            one.keeping.long,
            one.keeping.because,
            "never" if one.keeping.long == "for good" else f"{one.due:,} now" if one.due else "nothing now",
        )
        for one in kept
    )


def _row(event: Event) -> EventRow:
    return EventRow(
        event.number,
        moment(event.at),
        event.who,
        event.what.value,
        _short(event.item),
        _href(event),
        tuple(_details(event.details)),
        _short(event.hash),
    )


def _href(event: Event) -> str:
    """Return the page of what an entry is about; a mark's is the pattern's, an answer's the draft's."""
    pattern = event.details.get("pattern")
    if href := href_of(event.item):
        return href
    if isinstance(pattern, str):
        return f"/patterns/{quote(pattern, safe='')}"
    places = {"draft": "drafts", "request": "requests"}
    found = ((place, event.details.get(name)) for name, place in places.items())
    return next((f"/{place}/{number}" for place, number in found if isinstance(number, int)), "")


def _short(text: str) -> str:
    """Return a text with its hashes cut short; whoever needs them whole exports the trail."""
    return _HASH.sub(lambda found: f"{found[0][:12]}…", seen(text))


def _details(details: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in sorted(details.items()):
        if value in (None, "", [], {}):
            continue
        yield name.replace("_", " "), _short(", ".join(map(str, value)) if isinstance(value, list) else str(value))
