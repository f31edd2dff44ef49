"""What the report shows, as values. Nothing here is about a viewer; counts below the floor arrive as bands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from analyzer.patterns.profile import PatternProfile
from analyzer.policy.marks import Mark
from analyzer.sessions.records import EventTally
from analyzer.sessions.tally import Tally


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pattern lies on the map: the mean of its prototypes on the two leading axes, in their own units."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Card:
    """One pattern, as a reviewer reads it.

    Attributes
    ----------
    profile, mark : what it is, and the policy's word on it with reasons.
    gives : what the behaviour may give people; sentences from the reviewed vocabulary.
    place : its place on the map; None where it has none.
    features : unit and meaning of each feature that has a contrast.
    """

    profile: PatternProfile
    mark: Mark
    gives: Sequence[str]
    place: Place | None
    features: dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything that one run's report says.

    Attributes
    ----------
    sources, tally, notes : what was read, and choices made while reading.
    events : how many player events are among the rows, and what they tell of; None where there were none.
    quarantine : commonest reasons for quarantine, with counts of rows.
    window, vectors, withheld_share : what was classified; the share is of vectors.
    model, model_reason : "fitted", "reference" or "given", and why.
    no_pattern : the mark on windows without a pattern.
    rulebook, rulebook_hash, made_on : the source of every statement.
    base_rate : the sentence that every explanation carries.
    """

    sources: Sequence[str]
    tally: Tally
    notes: Sequence[str]
    quarantine: Sequence[tuple[str, int]]
    window: str
    vectors: int
    withheld_share: float
    model: str
    model_reason: str
    cards: Sequence[Card]
    no_pattern: Mark
    rulebook: str
    rulebook_hash: str
    made_on: date
    base_rate: str
    events: EventTally | None = None
