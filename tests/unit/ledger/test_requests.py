"""Release requests: who may ask, who may answer, and that only an approved one is fulfilled."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from analyzer.disclosure.budget import BudgetSpentError
from analyzer.errors import InputError
from analyzer.ledger.records import LedgerMovedError
from analyzer.ledger.requested import ReleaseRequest, RequestStatus
from analyzer.ledger.reviewed import DecisionRefusedError
from analyzer.ledger.waiting import Why

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from choices import draft, fit  # noqa: E402 - the folder is no package
from recorded import record  # noqa: E402 - the folder is no package

sys.path.remove(str(FOLDER))

WHY = "The yearly report needs households by country."
APPROVED, REJECTED = RequestStatus.APPROVED, RequestStatus.REJECTED


@pytest.fixture
def ledger(place):
    return place.open()


def asked(**other) -> ReleaseRequest:
    told = {"who": "Cleo", "by": ("country",), "measure": "households", "purpose": "press", "source": "our sessions"}
    return ReleaseRequest(**{**told, "window": "March 2026", "why": WHY, **other})


def test_a_request_waits_in_the_queue_until_somebody_answers(ledger):
    kept = ledger.request_release(asked())
    waiting = [one for one in ledger.queue() if one.why is Why.REQUEST]
    assert [one.item for one in waiting] == [f"release request {kept.number}"]
    assert WHY in waiting[0].sentence
    answered = ledger.answer_request(kept.number, "Ana", APPROVED, "Countries are large enough.", kept.last)
    assert answered.status is APPROVED
    assert not [one for one in ledger.queue() if one.why is Why.REQUEST]
    assert ledger.audit.verify().good


def test_the_desk_is_read_once_whatever_lies_on_it(ledger):
    def statements():
        told = []
        listener = (ledger._database.engine, "before_cursor_execute", lambda *each: told.append(each[2]))
        sa.event.listen(*listener)
        try:
            ledger.on_the_desk()
        finally:
            sa.event.remove(*listener)
        return [one for one in told if "FROM" in one]

    ledger.record_bundle(fit())
    ledger.record_bundle(fit("second"))
    first = statements()
    assert len([one for one in first if "FROM bundles" in one]) == 1
    for _ in range(5):
        ledger.request_release(asked())
        approved(ledger)
        ledger.submit(draft())
    assert len(statements()) == len(first)
    assert len([one for one in ledger.queue() if one.why is Why.REQUEST]) == 5


def test_nobody_approves_their_own_under_whatever_spelling(ledger):
    kept = ledger.request_release(asked())
    for name in ("Cleo", "cleo", " C-l-e-o "):
        with pytest.raises(DecisionRefusedError, match="own"):
            ledger.answer_request(kept.number, name, APPROVED, "I checked it myself.", kept.last)
    assert ledger.answer_request(kept.number, "Cleo", REJECTED, "Not needed any more.", kept.last).status is REJECTED


@pytest.mark.parametrize("reason", ["", "ok", "aaaaaaaaaaaa"])
def test_an_answer_has_a_reason(ledger, reason):
    kept = ledger.request_release(asked())
    with pytest.raises(DecisionRefusedError, match="reason"):
        ledger.answer_request(kept.number, "Ana", APPROVED, reason, kept.last)


def test_two_reviewers_on_one_request_are_told(ledger):
    kept = ledger.request_release(asked())
    ledger.answer_request(kept.number, "Ana", REJECTED, "The places are too small.", kept.last)
    with pytest.raises(LedgerMovedError, match="Ana"):
        ledger.answer_request(kept.number, "Ben", APPROVED, "Countries are large enough.", kept.last)


def approved(ledger) -> int:
    """Return the number of a request that somebody else approved."""
    kept = ledger.request_release(asked())
    return ledger.answer_request(kept.number, "Ana", APPROVED, "Countries are large enough.", kept.last).number


def test_only_an_approved_request_is_fulfilled_and_only_once(ledger):
    waiting, rejected = ledger.request_release(asked()), ledger.request_release(asked())
    ledger.answer_request(rejected.number, "Ana", REJECTED, "The places are too small.", rejected.last)
    for kept, word in ((waiting, "waiting"), (rejected, "rejected")):
        with pytest.raises(DecisionRefusedError, match=word):
            ledger.record(record(ledger), 0, request=kept.number)
    with pytest.raises(InputError, match="no release request 9"):
        ledger.record(record(ledger), 0, request=9)
    assert ledger.all_releases() == ()
    asked_for = approved(ledger)
    number = ledger.record(record(ledger), 0, "Dina", asked_for)
    kept = ledger.request(asked_for)
    assert (kept.status, kept.release, kept.answers[-1].who) == (RequestStatus.FULFILLED, number, "Dina")
    with pytest.raises(DecisionRefusedError, match=f"release {number}"):
        ledger.record(record(ledger), number, request=asked_for)
    with pytest.raises(DecisionRefusedError, match="have left"):
        ledger.answer_request(asked_for, "Ana", REJECTED, "Too late, I fear.", kept.last)
    assert len(ledger.all_releases()) == 1
    assert ledger.audit.verify().good


def test_a_release_that_is_not_recorded_fulfils_nothing(ledger):
    number = approved(ledger)
    ledger.record(record(ledger), 0)
    with pytest.raises(LedgerMovedError):
        ledger.record(record(ledger), 0, request=number)
    with pytest.raises(BudgetSpentError):
        ledger.record(record(ledger, amount="0.5"), 1, request=number)
    assert ledger.request(number).status is APPROVED
    assert len(ledger.all_releases()) == 1


def test_of_two_that_fulfil_one_request_at_a_time_one_is_recorded(place):
    ledgers = place.open(), place.open()
    number, start, outcomes = approved(ledgers[0]), threading.Barrier(2), []

    def release(ledger, population):
        mine = record(ledger, population)
        start.wait()
        try:
            outcomes.append(ledger.record(mine, 0, request=number))
        except DecisionRefusedError as refused:
            outcomes.append(refused)

    names = ("all viewers", "viewers in Norway")  # neither is told that the other one's population moved
    threads = [threading.Thread(target=release, args=told) for told in zip(ledgers, names, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    (refused,) = [outcome for outcome in outcomes if outcome != 1]
    assert "fulfilled, by release 1" in refused.cause
    assert (len(outcomes), len(ledgers[0].all_releases()), ledgers[0].request(number).release) == (2, 1, 1)
    assert len(ledgers[0].request(number).answers) == 2
    assert ledgers[0].audit.verify().good


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": ()},
        {"by": ("a", "b", "c", "d", "e")},
        {"by": ("a", "a")},
        {"why": " "},
        {"measure": "x" * 101},
        {"source": "\x00"},
    ],
    ids=str,
)
def test_a_request_that_cannot_be_read_is_refused(wrong):
    with pytest.raises(InputError):
        asked(**wrong)


@pytest.mark.parametrize("number", [0, -1, 7, 2**70])
def test_a_request_that_is_not_there_is_said(ledger, number):
    with pytest.raises(InputError, match="no release request"):
        ledger.request(number)


def test_a_request_is_for_one_table_whatever_the_order_of_its_columns():
    told = ("households", "press", "our sessions", "March 2026")
    assert asked(by=("country", "device")).asks_for(["device", "country"], *told)
    assert not asked().asks_for(["device"], *told)
    for place in range(4):
        assert not asked().asks_for(["country"], *told[:place], "other", *told[place + 1 :])
