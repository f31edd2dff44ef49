"""The queue: what waits for a person, grouped by why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from analyzer.desk.views.words import MARKS, VERDICTS, Badge, Moment, moment, seen, shortened
from analyzer.ledger.reviewed import KeptDraft, PatternState
from analyzer.ledger.waiting import Waiting, Why

_HEADS: Final = {
    Why.LOOSENING: ("A second person is asked", "Somebody asks to loosen a mark. Whoever asked cannot agree."),
    Why.CHANGED: ("Marks that changed", "The rulebook marks these patterns otherwise than in the bundle before."),
    Why.STALE: ("Decisions that hold no longer", "People decided on these before; since then something changed."),
    Why.NEW: ("New patterns", "Nobody has decided on these yet. Until somebody does, the rulebook’s mark holds."),
    Why.DRAFT: ("Drafts", "Somebody wants to say this. Nobody approves their own draft."),
    Why.REQUEST: ("Release requests", "Somebody asks for numbers to leave. Nobody approves their own request."),
}
_PLACES: Final = {"pattern": "patterns", "draft": "drafts", "release": "releases", "release request": "requests"}


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One thing that waits: its link and name, its mark or verdict, why it waits beyond its group, and since when."""

    id: str
    name: str
    href: str
    badge: Badge | None
    sentence: str
    since: Moment


@dataclass(frozen=True, slots=True)
class QueueGroup:
    """Things that wait for the same reason."""

    key: str
    title: str
    intro: str
    rows: tuple[QueueRow, ...]


def groups(
    waiting: Iterable[Waiting], states: Iterable[PatternState], drafts: Iterable[KeptDraft]
) -> tuple[QueueGroup, ...]:
    """Return what waits, grouped by why, most pressing first."""
    known: dict[str, PatternState | KeptDraft] = {f"pattern {state.pattern}": state for state in states}
    known |= {f"draft {draft.number}": draft for draft in drafts}
    rows: dict[Why, list[QueueRow]] = {}
    for one in waiting:
        rows.setdefault(one.why, []).append(_row(one, known))
    return tuple(QueueGroup(why.name.casefold(), *_HEADS[why], tuple(found)) for why, found in rows.items())


def href_of(item: str) -> str:
    """Return the page of what an audit entry or the queue is about, such as "draft 3"; empty where it has none."""
    kind, _, name = item.rpartition(" ")
    place = _PLACES.get(kind)
    return f"/{place}/{quote(name, safe='')}" if place else ""


def _row(one: Waiting, known: Mapping[str, PatternState | KeptDraft]) -> QueueRow:
    found = known.get(one.item)
    href, since = href_of(one.item), moment(one.since[:10])
    if isinstance(found, PatternState):
        sentence = "" if one.why is Why.NEW else seen(one.sentence)
        return QueueRow(found.pattern, seen(found.name), href, MARKS[found.mark], sentence, since)
    kind, _, number = one.item.rpartition(" ")
    name = f"{kind.capitalize()} {number}"
    if found is None:
        return QueueRow("", name, href, None, seen(one.sentence), since)
    return QueueRow(name, f"“{shortened(found.text or '')}”", href, VERDICTS[found.checked], seen(one.sentence), since)
