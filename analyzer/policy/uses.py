"""What somebody wants to say, as one checked value: for what purpose, about whom, and how many they are.

Every attribute may be unknown (None), and unknown never reads as permission. Purposes and addresses are ordered: what
is said to a wider audience is judged also as if it were said to each narrower one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from analyzer.errors import InputError
from analyzer.patterns.profile import PatternProfile
from analyzer.policy.effects import MarkStatus


class Purpose(Enum):
    """What a statement is made for."""

    PUBLIC_MESSAGE = "public message"
    PRESS = "press"
    INTERNAL_RESEARCH = "internal research"
    ADVERTISING = "advertising"
    RETENTION_CAMPAIGN = "retention campaign"

    @property
    def narrower(self) -> tuple[Purpose, ...]:
        """This purpose and each with a narrower audience: what may not be said inside is not said outside."""
        inside = Purpose.INTERNAL_RESEARCH
        return (self,) if self is inside else (self, inside)


class Statement(Enum):
    """What kind of thing is said."""

    COUNT_OF_PEOPLE = "count of people"
    HOURS = "hours"
    RANK = "rank"
    TREND = "trend"
    QUOTE_OF_ONE_PERSON = "quote of one person"
    LIST_OF_PERSONS = "list of persons"  # an export with a row a person, of marks or of anything else


class Subject(Enum):
    """Whom or what a statement is about."""

    EVERYONE = "everyone"
    TITLE = "title"
    PATTERN = "pattern"
    GROUP = "group"  # an audience that is defined otherwise than by a pattern
    PERSON = "person"

    @property
    def has_profile(self) -> bool:
        """Whether it is made of certain viewers, so that a pattern's profile and mark belong to it."""
        return self not in (Subject.EVERYONE, Subject.TITLE)


class Addressed(Enum):
    """Who is spoken to, narrowest audience first."""

    NOBODY = "nobody"
    GROUP = "a group"
    PERSON = "a person"

    @property
    def narrower(self) -> tuple[Addressed, ...]:
        """This address and each narrower one."""
        order = list(Addressed)
        return tuple(order[: order.index(self) + 1])


class Standing(Enum):
    """Whether the bundle that a pattern comes from still describes what is."""

    CURRENT = "current"
    STALE = "stale"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A statement that somebody wants to make.

    Attributes
    ----------
    purpose, statement, subject : what for, what kind, about whom.
    profile : PatternProfile
        Of the pattern, or of the group as if it were one. Title and everyone have none.
    mark : MarkStatus
        The policy's word on the pattern; of a group the worst of the patterns that its households are in.
    marked_by : tuple of str
        Ids of the rules and other reasons behind the mark, as of `Mark.rule_ids`; empty where there is none. Unknown,
        no override of a rule about patterns counts, for nobody can tell whether another reason is behind the mark.
    households : int
        How many the statement is about.
    addressed : who is spoken to.
    names_title : whether a title is named.
    name : how the pattern or the audience is called.
    defined_by : the columns that define the group; empty where nothing does.
    standing : of the bundle that the pattern comes from.

    Raises
    ------
    InputError
        When a value is not of its kind, or profile or mark stand beside a subject that has none.
    """

    purpose: Purpose | None = None
    statement: Statement | None = None
    subject: Subject | None = None
    profile: PatternProfile | None = None
    mark: MarkStatus | None = None
    marked_by: tuple[str, ...] | None = None
    households: int | None = None
    addressed: Addressed | None = None
    names_title: bool | None = None
    name: str | None = None
    defined_by: tuple[str, ...] | None = None
    standing: Standing | None = None

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            value = getattr(self, name)
            if value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
                raise InputError(f"The use's {name} is {value!r:.60}.", f"It is {_WORDS[name]}, or None for unknown.")
        if self.households is not None and self.households < 0:
            raise InputError(f"The use is about {self.households} households.", "A count is 0 or more.")
        if self.defined_by is not None and not all(isinstance(column, str) and column for column in self.defined_by):
            raise InputError("The use's defined_by holds something else than names.", "Give names of columns.")
        if self.marked_by is not None and not all(isinstance(name, str) and name for name in self.marked_by):
            raise InputError("The use's marked_by holds something else than ids.", "Give ids of rules.")
        if self.subject is not None and not self.subject.has_profile and (self.profile or self.mark or self.marked_by):
            raise InputError(
                f"The use is about {_ARTICLE[self.subject]}, but has a profile or a mark.",
                "Only patterns, groups and persons have them; say what the statement is about.",
            )


_KINDS = {
    "purpose": Purpose,
    "statement": Statement,
    "subject": Subject,
    "profile": PatternProfile,
    "mark": MarkStatus,
    "marked_by": tuple,
    "households": int,
    "addressed": Addressed,
    "names_title": bool,
    "name": str,
    "defined_by": tuple,
    "standing": Standing,
}
_WORDS = {name: f"a {kind.__name__}" for name, kind in _KINDS.items()} | {
    "households": "a whole number",
    "names_title": "True or False",
    "name": "a text",
    "defined_by": "a tuple of names",
    "marked_by": "a tuple of ids",
}
_ARTICLE = {Subject.EVERYONE: "everyone", Subject.TITLE: "a title"}
