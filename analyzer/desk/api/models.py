"""What programs send and are answered."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictStr

Text = Annotated[StrictStr, Field(min_length=1, max_length=20_000)]
Short = Annotated[StrictStr, Field(min_length=1, max_length=100)]
Status = Literal["block", "review", "allow"]
MarkWord = Literal["never_single_out", "review", "open"]


class _Sent(BaseModel):
    """A body; what it should not have is refused."""

    model_config = ConfigDict(extra="forbid")


class DraftToCheck(_Sent):
    """A draft that wants to be judged; nothing is kept of it."""

    text: Text


class DraftToSubmit(_Sent):
    """A draft that is judged again and kept for a reviewer."""

    text: Text
    purpose: Short = "public message"


class ReleaseToAskFor(_Sent):
    """Numbers that are needed; see `analyzer release` for what the words mean."""

    by: Annotated[list[Short], Field(min_length=1, max_length=4)]
    measure: Short
    purpose: Short
    source: Annotated[StrictStr, Field(min_length=1, max_length=200)]
    window: Short
    why: Annotated[StrictStr, Field(min_length=1, max_length=2_000)]


class ReasonTold(BaseModel):
    """One reason of a verdict, with the words of the draft that it is about."""

    rule: str
    status: Status
    because: str
    cites: list[str]
    layer: str
    spans: list[tuple[int, int]]
    words: list[str]


class FactTold(BaseModel):
    """A sentence that may be said, and where its figure is from."""

    model_config = ConfigDict(extra="allow")

    sentence: str
    source: str | None = None


class VerdictTold(BaseModel):
    """What `analyzer check --json` prints."""

    model_config = ConfigDict(extra="allow")

    text: str
    verdict: Status
    rules: list[str]
    reasons: list[ReasonTold]
    unclear: list[str]
    language: str
    basis: str
    purpose: str
    instead: list[FactTold]
    rulebook_hash: str
    wording_hash: str


class SuggestionsTold(BaseModel):
    """What `analyzer suggest --json` prints."""

    model_config = ConfigDict(extra="allow")

    title: str
    known: bool
    hint: str
    facts: list[FactTold]


class PatternTold(BaseModel):
    """Where a pattern stands; how many households share it is a band."""

    pattern: str
    name: str
    households: str
    mark: MarkWord
    by_rules: MarkWord
    absolute: bool
    rules: list[str]
    decided: bool
    stale: str


class PatternsTold(BaseModel):
    """The patterns of the newest bundle."""

    bundle: str
    patterns: list[PatternTold]


class StepTold(BaseModel):
    """One step in the history of a pattern."""

    at: str
    who: str
    mark: MarkWord
    sentence: str


class PatternInFull(PatternTold):
    """A pattern with its history."""

    history: list[StepTold]


class AnswerTold(BaseModel):
    """What a reviewer said; the reason is null once it was deleted."""

    at: str
    who: str
    status: str
    reason: str | None


class DraftTold(BaseModel):
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
    answers: list[AnswerTold]


class DraftsTold(BaseModel):
    """Drafts, oldest first."""

    drafts: list[DraftTold]


class ReleaseTold(BaseModel):
    """A release that left, without its cells."""

    number: int
    population: str
    purpose: str
    made_on: str
    with_noise: bool


class ReleasesTold(BaseModel):
    """All releases, oldest first."""

    releases: list[ReleaseTold]


class ReleaseInFull(BaseModel):
    """What left, as it was recorded."""

    number: int
    content: dict[str, Any]


class RequestTold(BaseModel):
    """A release request and what was answered."""

    number: int
    at: str
    who: str
    by: list[str]
    measure: str
    purpose: str
    source: str
    window: str
    why: str
    status: Literal["waiting", "approved", "rejected", "fulfilled"]
    release: int | None
    answers: list[AnswerTold]


class RequestsTold(BaseModel):
    """All release requests, oldest first."""

    requests: list[RequestTold]


class WaitingTold(BaseModel):
    """One thing that waits for a person."""

    why: str
    item: str
    sentence: str
    since: str


class QueueTold(BaseModel):
    """What waits, most pressing first."""

    waiting: list[WaitingTold]


class RulebookTold(BaseModel):
    """The rulebook that marks the patterns."""

    hash: str
    id: str
    version: str
    rulebook: dict[str, Any]


class EventTold(BaseModel):
    """An entry of the audit trail."""

    number: int
    at: str
    who: str
    what: str
    item: str
    details: dict[str, Any]
    previous: str
    hash: str


class AuditTold(BaseModel):
    """Entries, oldest first, and how many there are in all."""

    entries: int
    events: list[EventTold]


class HealthTold(BaseModel):
    """That the desk and its ledger answer."""

    status: Literal["ok"]
    version: str
    entries: int


class ProblemTold(BaseModel):
    """Something that was not done (RFC 9457): what is wrong, and what to do."""

    type: str
    title: str
    status: int
    detail: str
    remedy: str
