"""What a draft asserts, as frozen values: who, how many, did what, to what, how often, when, and on what basis.

Everything may be unknown (None), and every part knows the words that it was read from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import NamedTuple

from analyzer.policy.uses import Addressed


class WhoKind(Enum):
    """Whom a claim is about."""

    INDIVIDUAL = "an individual"  # one viewer, household or named person
    GROUP = "a counted group"
    UNSTATED = "a group of unstated size"  # "the people who", "some of you"
    SHARE = "a share"
    EVERYONE = "everyone"  # all viewers, a whole audience, a country
    NOBODY = "nobody"  # titles, hours and goods alone


class Action(Enum):
    """What they did."""

    WATCHED = "watched"
    REWATCHED = "watched again"
    REWOUND = "rewound"
    SKIPPED = "skipped"
    PAUSED = "paused"
    FINISHED = "finished"
    BINGED = "watched in one go"
    CAPTIONED = "used an accessibility setting"
    SEARCHED = "searched"
    WROTE = "wrote"  # private or personal text: notes, messages, reviews, playlist names
    USED = "used"  # another service: orders, rides, songs, games
    NONE = "none"


class ContentKind(Enum):
    """What they did it to."""

    TITLE = "title"
    SERIES = "series"
    ARTIST = "artist"
    ITEM = "item"
    SCENE = "scene"
    GENRE = "genre"


class Statistic(Enum):
    """What kind of number is told."""

    PEOPLE = "people"
    SHARE = "share"
    HOURS = "hours"
    PLAYS = "plays"  # views, streams, orders: events of many
    TIMES = "times"  # events of one
    RANK = "rank"
    TREND = "trend"
    AVERAGE = "average"
    NONE = "none"


class Per(Enum):
    """The period of a frequency."""

    HOUR = "hour"
    DAY = "day"
    NIGHT = "night"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    WINDOW = "window"  # so many times in all


class Occurrence(Enum):
    """Whether it is told of one event or of a habit."""

    ONCE = "once"  # one order, one thing left behind
    OFTEN = "often"  # counted, over days, again and again
    UNKNOWN = "unknown"


class BasisKind(Enum):
    """What a claim says that it rests on."""

    SERVICE_DATA = "service data"
    SURVEY = "survey"
    PUBLIC_FIGURES = "public figures"
    PRIVATE_TEXT = "private text"
    NONE = "none"


class Span(NamedTuple):
    """Part of a draft: characters from `start` up to `end`, not included, of the text as it was given."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as it was stated.

    Attributes
    ----------
    low, high : the least and the most that it can mean: "about 50" 45 to 55, "a handful" 3 to 6, "over 100" 100 to inf.
    text : as it was written.
    span : where.
    vague : whether the words leave open how many.
    stated : the number that the words name, by which sizes are judged: "about 50" 50, "fewer than ten" 9, "dozens" 36.
    """

    low: float
    high: float
    text: str
    span: Span
    vague: bool = False
    stated: float = 0


@dataclass(frozen=True, slots=True)
class Who:
    """Whom a claim is about.

    Attributes
    ----------
    kind : WhoKind
    count : how many households or people, where it is told.
    share : of a whole, from 0 to 1.
    place : "Leeds", "a flat in Ohio"; None where none is named.
    role : "nurses", "a teacher"; None where none is named.
    named : the name of a person.
    superlative : "our biggest fan", "the most", "record holder".
    span : the words.
    small_place : whether the place is one with few people: a village, a flat, a country of some thousands.
    whole : whether all are meant who did so: "everybody who watched".
    viewers : whether they are told as people who use a service, and not as a country or a town.
    large_place : whether the place is a country or city with so many people that a share of it names nobody.
    consented : whether the person speaks for themselves, or is presented by the service.
    known : whether the writer knows the person: "a friend of mine".
    staff : whether they work for the service or appear on it.
    """

    kind: WhoKind
    count: Amount | None = None
    share: Amount | None = None
    place: str | None = None
    role: str | None = None
    named: str | None = None
    superlative: bool = False
    span: Span | None = None
    small_place: bool = False
    large_place: bool = False
    viewers: bool = False
    whole: bool = False
    consented: bool = False
    known: bool = False
    staff: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """What was watched.

    Attributes
    ----------
    kind : ContentKind
    name : as written.
    title : the catalogue's name, where one was matched.
    span : the words.
    """

    kind: ContentKind
    name: str
    title: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often: `times` per `per`.

    Attributes
    ----------
    times : None where it is only said that it was again and again.
    per : Per
    repeated : whether it says that one thing came back: "every day", "on repeat", "357 times".
    span : the words.
    """

    times: Amount | None
    per: Per
    repeated: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Window:
    """When.

    Attributes
    ----------
    days : how long, as far as it is told.
    start, end : first and last day, where they are told.
    clock : hours of the day, such as (3, 4) for "at 3 a.m.".
    span : the words.
    """

    days: float | None
    start: date | None
    end: date | None
    clock: tuple[int, int] | None
    span: Span


@dataclass(frozen=True, slots=True)
class Basis:
    """What the number rests on.

    Attributes
    ----------
    kind : BasisKind
    n : people asked in a survey.
    span : the words; None where nothing is said.
    """

    kind: BasisKind
    n: Amount | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that a draft asserts.

    Attributes
    ----------
    who, statistic, amount : whom it is about, what kind of number it tells, and the number where it counts no people.
    action, content, frequency, window, basis : what they did, to what, how often, when; on what it rests.
    addressed : whom the sentence speaks to.
    span : the sentence.
    occurrence : one event, or a habit.
    topics : names of sensitive topics in the sentence, such as "health".
    recap : whether it tells the reader about their own use, and nobody else.
    quotes : whether it gives words in quotes.
    done : whether it tells what was done, and does not invite or explain.
    """

    who: Who
    statistic: Statistic
    action: Action
    basis: Basis
    addressed: Addressed
    span: Span
    amount: Amount | None = None
    content: Content | None = None
    frequency: Frequency | None = None
    window: Window | None = None
    occurrence: Occurrence = Occurrence.UNKNOWN
    topics: tuple[str, ...] = ()
    recap: bool = False
    quotes: bool = False
    done: bool = False


@dataclass(frozen=True, slots=True)
class Unclear:
    """Words about people that were not understood.

    Attributes
    ----------
    span : the words.
    why : what is unclear about them.
    """

    span: Span
    why: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A draft as it was understood.

    Attributes
    ----------
    text : as it was given.
    language : "en", "de", "fr", "es", or "" where it is none of these.
    claims : in the order of the draft; none where nothing is asserted of people, titles or hours.
    unclear : what was not understood.
    """

    text: str
    language: str
    claims: tuple[Claim, ...] = ()
    unclear: tuple[Unclear, ...] = field(default=())
