"""Release requests: which numbers somebody needs, and what was answered."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from analyzer.desk.views.answers import TAKE_BACK, answer_words
from analyzer.desk.views.forms import Option
from analyzer.desk.views.words import Moment, moment, words_of
from analyzer.errors import InputError
from analyzer.ledger.requested import KeptRequest, ReleaseRequest, RequestStatus

STATUSES: Final = {
    RequestStatus.WAITING: "waits for an answer",
    RequestStatus.APPROVED: "approved",
    RequestStatus.REJECTED: "rejected",
    RequestStatus.FULFILLED: "the numbers have left",
}
Purpose = Literal["public message", "press", "internal research", "advertising", "retention campaign"]
PURPOSES: Final[tuple[str, ...]] = get_args(Purpose)
_FIELDS: Final = {
    "by": "Enter the columns of the table",
    "measure": "Enter what is to be counted",
    "purpose": "Choose what the numbers are for",
    "source": "Enter which data they come from",
    "window": "Enter the period that they are about",
    "why": "Enter why they are needed",
}


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request in a list."""

    number: int
    title: str
    who: str
    purpose: str
    status: str
    at: Moment


@dataclass(frozen=True, slots=True)
class RequestAnswerView:
    """What was said to a request."""

    at: Moment
    who: str
    status: str
    reason: str
    release: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A form for a request as it was sent: the request, or what is wrong by field."""

    request: ReleaseRequest | None
    errors: Mapping[str, str]


def row(kept: KeptRequest) -> RequestRow:
    """Return a request for a list."""
    asked = kept.asked
    title = f"{asked.measure[:1].upper()}{asked.measure[1:]} by {', '.join(asked.by)}"
    return RequestRow(kept.number, title, asked.who, asked.purpose, STATUSES[kept.status], moment(kept.at))


def facts(kept: KeptRequest) -> tuple[tuple[str, str], ...]:
    """Return what is asked for, field by field."""
    asked = kept.asked
    return (
        ("Asked by", asked.who),
        ("For", asked.purpose),
        ("Data", asked.source),
        ("Window", asked.window),
        ("Why", words_of(asked.why)),
    )


def answers(kept: KeptRequest) -> tuple[RequestAnswerView, ...]:
    """Return what was said to a request, newest first."""
    told: Iterable[RequestAnswerView] = (
        RequestAnswerView(
            moment(one.at), one.who, answer_words(STATUSES[one.status], again=at > 0), words_of(one.reason), one.release
        )
        for at, one in enumerate(kept.answers)
    )
    return tuple(reversed(tuple(told)))


def answer_options(kept: KeptRequest, who: str) -> tuple[Option, ...]:
    """Return what a person may answer; the ledger's own rules have the last word."""
    if kept.asked.why is None:
        return ()
    if kept.status is RequestStatus.APPROVED:
        return (TAKE_BACK,)
    if kept.status is not RequestStatus.WAITING:
        return ()
    if kept.asked.who == who:
        return (Option("rejected", "Take it back", "The numbers are not needed any more."),)
    return (
        Option("approved", "Approve", "The release is made with the command line, which checks every number."),
        Option("rejected", "Reject"),
    )


def as_of(kept: KeptRequest) -> str:
    """Return what says whether a page still shows what it showed."""
    return f"{kept.last} {kept.status.value}"


def command(kept: KeptRequest, ledger: str) -> str:
    """Return the command that makes an approved release; empty where it is not approved, or too long ago.

    Parameters
    ----------
    kept : KeptRequest
    ledger : str
        The file of the ledger; of a database, which has a URL that not everybody may read, LEDGER stands for it.
    """
    if kept.status is not RequestStatus.APPROVED or kept.asked.why is None:
        return ""
    asked = kept.asked
    told = ["--by", ",".join(asked.by), "--measure", asked.measure, "--purpose", asked.purpose]
    told += ["--source", asked.source, "--window", asked.window, "--request", str(kept.number)]
    where = "LEDGER" if "://" in ledger else shlex.quote(ledger)
    return f"analyzer release TABLE {shlex.join(told)} --ledger {where}"


def asked_by(form: Mapping[str, str], who: str) -> Asked:
    """Return the request that a form describes, or what is wrong with it."""
    told = {name: form.get(name, "").strip() for name in _FIELDS}
    errors = {name: sentence for name, sentence in _FIELDS.items() if not told[name]}
    if told["purpose"] not in PURPOSES:
        errors["purpose"] = _FIELDS["purpose"]
    if errors:
        return Asked(None, errors)
    columns = tuple(filter(None, (column.strip() for column in told.pop("by").split(","))))
    try:
        return Asked(ReleaseRequest(who=who, by=columns, **told), {})
    except InputError as error:
        field = next((name for name in told if f"The {name} of" in error.cause), "by")
        return Asked(None, {field: f"{error.cause} {error.remedy}"})
