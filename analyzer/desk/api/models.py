"""What programs send and are answered."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictStr

from analyzer.desk.views.requests import Purpose

Text = Annotated[StrictStr, Field(min_length=1, max_length=20_000)]
Short = Annotated[StrictStr, Field(min_length=1, max_length=100)]
Status = Literal["block", "review", "allow"]
MarkWord = Literal["never_single_out", "review", "open"]


class _Sent(BaseModel):
    """A body; what it should not have is refused."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class _Told(BaseModel):
    """An answer; each field that does not speak for itself says what it is."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class DraftToCheck(_Sent):
    """A draft that wants to be judged; nothing is kept of it."""

    text: Text


class DraftToSubmit(_Sent):
    """A draft that is judged again and kept for a reviewer."""

    text: Text
    purpose: Short = "public message"
    """What it is for; stays in the audit trail for good."""


class ReleaseToAskFor(_Sent):
    """Numbers that are needed; see `analyzer release` for what the words mean."""

    by: Annotated[list[Short], Field(min_length=1, max_length=4, json_schema_extra={"uniqueItems": True})]
    """The columns of the table, each once."""
    measure: Short
    """households, or a column that is added up, such as hours."""
    purpose: Purpose
    source: Annotated[StrictStr, Field(min_length=1, max_length=200)]
    """What the data are, in words."""
    window: Short
    """Which period they are of, in words."""
    why: Annotated[StrictStr, Field(min_length=1, max_length=2_000)]


class ReasonTold(_Told):
    """One reason of a verdict, with the words of the draft that it is about."""

    rule: str
    status: Status
    because: str
    cites: list[str]
    layer: str
    """Who gives it: wording, tone, policy, disclosure or truth."""
    spans: list[tuple[int, int]]
    """Beginning and end, in characters from 0; the end is not included."""
    words: list[str]
    """The words at the spans."""


class FactTold(_Told):
    """A sentence that may be said, and where its figure is from."""

    kind: Literal["hours", "rank", "households", "warmth"]
    """What it tells; a sentence of warmth tells no figure."""
    sentence: str
    source: str | None = None


class DataTold(_Told):
    """The data that claims can be looked up in."""

    sources: str
    window: str
    fingerprint: str


class VerdictTold(_Told):
    """What `analyzer check --json` prints."""

    text: str
    """The draft as it was judged."""
    verdict: Status
    rules: list[str]
    reasons: list[ReasonTold]
    unclear: list[str]
    """What nobody could tell, such as whom a word means."""
    language: str
    basis: str
    """What it was judged by: words only, or data too."""
    purpose: str
    data: DataTold | None
    """Null where the desk has none."""
    looked_up: bool
    """Whether claims were looked up in the data."""
    bundle: str | None
    """Fingerprint of the model whose marks were looked at."""
    marks: list[str]
    """On which decisions of the ledger its marks stand; never who decided, nor why."""
    in_force: str | None
    """Changes when the marks in force do; then the draft has to be checked again."""
    instead: list[FactTold]
    """What may be said instead."""
    rulebook_hash: str
    wording_hash: str


class SuggestionsTold(_Told):
    """What `analyzer suggest --json` prints."""

    title: str
    known: bool
    hint: str
    """A title with nearly that name, where this one is not known."""
    facts: list[FactTold]
    window: str
    """Which period the data are of."""
    fingerprint: str
    """Of the data."""
    purpose: str


class PatternTold(_Told):
    """Where a pattern stands; how many households share it is a band."""

    pattern: str
    name: str
    households: str
    """A band, never a count."""
    mark: MarkWord
    """In force today."""
    by_rules: MarkWord
    """The rulebook's mark, before anybody decided."""
    absolute: bool
    """Whether nobody may loosen it."""
    rules: list[str]
    decided: bool
    """Whether somebody decided on it as it is now."""
    stale: str
    """Why an earlier decision holds no longer; empty where none does so."""


class PatternsTold(_Told):
    """The patterns of the newest bundle."""

    bundle: str
    """Its fingerprint; empty where nothing was fitted yet."""
    patterns: list[PatternTold]


class StepTold(_Told):
    """One step in the history of a pattern."""

    at: str
    who: str
    mark: MarkWord
    sentence: str


class PatternInFull(PatternTold):
    """A pattern with its history."""

    history: list[StepTold]


class AnswerTold(_Told):
    """What a reviewer said; the reason is null once it was deleted."""

    at: str
    who: str
    status: str
    reason: str | None


class DraftTold(_Told):
    """A draft in the ledger; its words are null once they were deleted."""

    number: int
    at: str
    author: str
    purpose: str
    verdict: Status
    rules: list[str]
    text: str | None
    status: Literal["waiting", "approved", "rejected"]
    stale: str
    """Why it has to be checked again; empty where it has not."""
    answers: list[AnswerTold]


class DraftsTold(_Told):
    """Drafts, oldest first; the next ones are behind the last number."""

    drafts: list[DraftTold]


class ReleaseTold(_Told):
    """A release that left, without its cells."""

    number: int
    population: str
    purpose: str
    made_on: str
    with_noise: bool


class ReleasesTold(_Told):
    """Releases, oldest first; the next ones are behind the last number."""

    releases: list[ReleaseTold]


class ReleaseInFull(_Told):
    """What left, as it was recorded."""

    number: int
    content: dict[str, Any]


class RequestTold(_Told):
    """A release request and what was answered."""

    number: int
    at: str
    who: str
    by: list[str]
    measure: str
    purpose: str
    source: str
    window: str
    why: str | None
    """Null where it was deleted."""
    status: Literal["waiting", "approved", "rejected", "fulfilled"]
    release: int | None
    """Number of the release that fulfilled it."""
    answers: list[AnswerTold]


class RequestsTold(_Told):
    """Release requests, oldest first; the next ones are behind the last number."""

    requests: list[RequestTold]


class WaitingTold(_Told):
    """One thing that waits for a person."""

    why: str
    item: str
    sentence: str
    since: str


class QueueTold(_Told):
    """What waits, most pressing first."""

    waiting: list[WaitingTold]


class RulebookTold(_Told):
    """The rulebook that marks the patterns."""

    hash: str
    id: str
    version: str
    rulebook: dict[str, Any]


class EventTold(_Told):
    """An entry of the audit trail."""

    number: int
    at: str
    who: str
    what: str
    item: str
    details: dict[str, Any]
    previous: str
    """The hash of the entry before."""
    hash: str


class AuditTold(_Told):
    """Entries, oldest first, and how many there are in all."""

    entries: int
    """In all, however many are told here."""
    events: list[EventTold]


class HealthTold(_Told):
    """That the desk and its ledger answer."""

    status: Literal["ok"]
    version: str
    entries: int
    """Of the audit trail."""


class ProblemTold(_Told):
    """Something that was not done (RFC 9457): what is wrong, and what to do."""

    type: str
    title: str
    status: int
    detail: str
    """What is wrong."""
    remedy: str
    """What to do."""
