"""What the parts of a draft say, where it is given in parts: its sentence, or behaviour, tone and title apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from analyzer.messages.claim import Parsed, Span, Statistic, WhoKind
from analyzer.messages.parse import parse_draft
from analyzer.messages.sentences import Draft, draft_of
from analyzer.messages.tone import ways_of_speaking


class Said(Enum):
    """What a phrase says."""

    REPETITION = "repetition"
    ADDRESSED = "person-addressed"
    PATHOLOGISING = "pathologising"
    ONE_PERSON = "one-person"
    PEOPLE = "people"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class Reading:
    """A draft as it is read.

    Attributes
    ----------
    phrases : what is said, and on which words.
    people, hours : the fewest people and hours that are counted; None where none are.
    """

    phrases: tuple[tuple[Said, str], ...]
    people: int | None
    hours: float | None

    def says(self, what: Said) -> bool:
        """Return whether a phrase says something."""
        return any(said is what for said, _ in self.phrases)


def read_draft(texts: Iterable[str]) -> Reading:
    """Return what the parts of a draft say, each read by itself."""
    found: list[tuple[Said, str]] = []
    people: list[float] = []
    hours: list[float] = []
    for text in texts:
        draft = draft_of(text)
        parsed = parse_draft(draft)
        found += [(said, text[span.start : span.end]) for said, span in _phrases(draft, parsed)]
        people += [claim.who.count.stated for claim in parsed.claims if claim.who.count]
        hours += [claim.amount.stated for claim in parsed.claims if claim.statistic is Statistic.HOURS and claim.amount]
    return Reading(tuple(dict.fromkeys(found)), int(min(people)) if people else None, min(hours, default=None))


def _phrases(draft: Draft, parsed: Parsed) -> Iterable[tuple[Said, Span]]:
    yield from ((Said.REPETITION, draft.span(match)) for match in draft.anywhere("repeated"))
    yield from ((Said.ADDRESSED, draft.span(match)) for match in draft.anywhere("spoken_to"))
    yield from (
        (Said.PATHOLOGISING, sound.span) for sound in ways_of_speaking(draft, parsed, people=True) if sound.tone.mocks
    )
    for claim in parsed.claims:
        span = claim.who.span or claim.span
        if claim.who.kind is WhoKind.INDIVIDUAL:
            yield Said.ONE_PERSON, span
        if claim.who.count:
            yield Said.PEOPLE, claim.who.count.span
