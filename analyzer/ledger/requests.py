"""Release requests in the database: who asks for numbers, who answers, and which release fulfils them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from analyzer.errors import InputError
from analyzer.ledger.database import Database
from analyzer.ledger.deciding import open_to, person_of
from analyzer.ledger.events import What, name_of
from analyzer.ledger.records import LedgerMovedError
from analyzer.ledger.request_tables import REQUEST_ANSWERS, REQUESTS
from analyzer.ledger.requested import KeptRequest, ReleaseRequest, RequestAnswer, RequestStatus, approved
from analyzer.ledger.reviewed import DecisionRefusedError
from analyzer.ledger.traced import REQUEST, REQUEST_ANSWER, now
from analyzer.ledger.writing import written
from analyzer.policy.overrides import name_compared, wrong_reason


class Requesting:
    """The part of a ledger that is about numbers that somebody needs."""

    _database: Database
    key: bytes

    def request_release(self, asked: ReleaseRequest) -> KeptRequest:
        """Keep a request, for a reviewer to answer.

        Raises
        ------
        InputError
            When nobody asks, or it does not say why.
        """
        if asked.why is None:
            raise InputError("The request does not say why.", "Say in a sentence what the numbers are for.")
        told = {name: getattr(asked, name) for name in ("measure", "purpose", "source", "window")}
        values = {**told, "why": asked.why.strip(), "by": json.dumps(list(asked.by)), "who": person_of(asked.who)}
        with self._database.connected(writing=True) as connection:
            about = {**told, "by": list(asked.by)}
            row = written(connection, REQUEST, {**values, "at": now()}, values["who"], What.REQUESTED, about, self.key)
            return _one(connection, row["number"])

    def requests(self) -> tuple[KeptRequest, ...]:
        """Return all requests, oldest first."""
        with self._database.connected() as connection:
            return kept_requests(connection)

    def request(self, number: int) -> KeptRequest:
        """Return one request.

        Raises
        ------
        InputError
            When there is none.
        """
        with self._database.connected() as connection:
            return _one(connection, number)

    def answer_request(self, number: int, who: str, status: RequestStatus, reason: str, seen: int) -> KeptRequest:
        """Approve or reject a request. Nobody approves their own; whoever asked may reject it, which takes it back.

        An answered request is closed, but for this: to reject an approved one takes the approval back, until the
        numbers have left.

        Parameters
        ----------
        number : int
        who : str
            The account's name.
        status : RequestStatus
            Approved or rejected.
        reason : str
            Why, in a sentence.
        seen : int
            `KeptRequest.last` of what the person looked at.

        Raises
        ------
        DecisionRefusedError
            When the rules for answers do not allow it.
        LedgerMovedError
            When somebody else answered since.
        """
        name = person_of(who)
        with self._database.connected(writing=True) as connection:
            kept = _one(connection, number)
            _may_answer(connection, kept, name, status, reason, seen)
            values = {"request": number, "status": status.value, "who": name, "reason": reason.strip(), "at": now()}
            about = {"request": number, "status": status.value}
            written(connection, REQUEST_ANSWER, values, name, What.REQUEST_ANSWERED, about, self.key)
            return _one(connection, number)


def check_approved(connection: sa.Connection, number: int) -> None:
    """Refuse a release for a request that is not approved, or fulfilled already.

    Raises
    ------
    InputError
        When there is no such request.
    DecisionRefusedError
        When it is not approved.
    """
    approved(_one(connection, number))


def fulfil(connection: sa.Connection, number: int, release: int, who: str, key: bytes) -> None:
    """Say which release fulfilled an approved request, in the transaction that records the release."""
    about = {"request": number, "status": RequestStatus.FULFILLED.value, "release": release}
    name = name_of(who)
    values = {**about, "who": name, "reason": "", "at": now()}
    written(connection, REQUEST_ANSWER, values, name, What.REQUEST_ANSWERED, about, key)


def kept_requests(connection: sa.Connection, number: int | None = None) -> tuple[KeptRequest, ...]:
    """Return all requests with their answers, oldest first; one where it is named."""
    query, told = sa.select(REQUESTS).order_by(REQUESTS.c.number), sa.select(REQUEST_ANSWERS)
    if number is not None:
        query, told = query.where(REQUESTS.c.number == number), told.where(REQUEST_ANSWERS.c.request == number)
    answers: dict[int, list[RequestAnswer]] = {}
    for row in connection.execute(told.order_by(REQUEST_ANSWERS.c.number)).mappings():
        answer = (row["number"], row["at"], row["who"], RequestStatus(row["status"]), row["reason"], row["release"])
        answers.setdefault(row["request"], []).append(RequestAnswer(*answer))
    rows = connection.execute(query).mappings()
    return tuple(_kept(dict(row), answers.get(row["number"], ())) for row in rows)


def waiting_requests(connection: sa.Connection) -> tuple[KeptRequest, ...]:
    """Return requests that nobody has answered and whose words are there, oldest first."""
    unanswered = REQUESTS.c.number.not_in(sa.select(REQUEST_ANSWERS.c.request)) & REQUESTS.c.why.is_not(None)
    rows = connection.execute(sa.select(REQUESTS).where(unanswered).order_by(REQUESTS.c.number)).mappings()
    return tuple(_kept(dict(row), ()) for row in rows)


def _may_answer(
    connection: sa.Connection, kept: KeptRequest, name: str, status: RequestStatus, reason: str, seen: int
) -> None:
    if seen != kept.last:
        who = kept.answers[-1].who if kept.answers else "Somebody"
        raise LedgerMovedError(f"{who} answered request {kept.number} meanwhile.", "Look at it, then answer again.")
    if status not in (RequestStatus.APPROVED, RequestStatus.REJECTED):
        raise DecisionRefusedError("A request is approved or rejected.", "Say one of the two.")
    if kept.asked.why is None:
        raise DecisionRefusedError(f"The words of request {kept.number} were deleted.", "Ask for the numbers anew.")
    if kept.status is RequestStatus.FULFILLED:
        raise DecisionRefusedError(f"The numbers of request {kept.number} have left.", "Ask for others anew.")
    own = name_compared(name) == name_compared(kept.asked.who)
    open_to(connection, name, f"Request {kept.number}", kept.status.value, status.value, own=own)
    if own and status is RequestStatus.APPROVED:
        raise DecisionRefusedError(
            f"Request {kept.number} is {kept.asked.who}'s own.",
            "Let somebody else approve it; rejecting takes it back.",
        )
    if wrong := wrong_reason(reason):
        raise DecisionRefusedError(f"It cannot be answered so: {wrong}.", "Say in a sentence why.")


def _one(connection: sa.Connection, number: int) -> KeptRequest:
    found = kept_requests(connection, number) if 0 < number < 2**31 else ()
    if not found:
        raise InputError(f"The ledger has no release request {number}.", "Name one that was made.")
    return found[0]


def _kept(row: Mapping[str, Any], answers: Iterable[RequestAnswer]) -> KeptRequest:
    told = tuple(answers)
    fields = {name: row[name] for name in ("who", "measure", "purpose", "source", "window", "why")}
    return KeptRequest(
        number=row["number"],
        at=row["at"],
        asked=ReleaseRequest(by=tuple(json.loads(row["by"])), **fields),
        answers=told,
        status=told[-1].status if told else RequestStatus.WAITING,
        release=next((answer.release for answer in reversed(told) if answer.release), None),
        last=told[-1].number if told else 0,
    )
