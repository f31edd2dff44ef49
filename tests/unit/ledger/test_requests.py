"""Release requests: who may ask, who may answer, and that only an approved one is fulfilled."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from analyzer.errors import InputError
from analyzer.ledger.records import LedgerMovedError
from analyzer.ledger.requested import ReleaseRequest, RequestStatus
from analyzer.ledger.reviewed import DecisionRefusedError
from analyzer.ledger.waiting import Why

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

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


def test_only_an_approved_request_is_fulfilled_and_only_once(ledger):
    number = ledger.record(record(ledger), 0)
    kept = ledger.request_release(asked())
    with pytest.raises(DecisionRefusedError, match="waiting"):
        ledger.fulfil(kept.number, number)
    ledger.answer_request(kept.number, "Ana", APPROVED, "Countries are large enough.", kept.last)
    assert ledger.fulfil(kept.number, number).release == number
    with pytest.raises(DecisionRefusedError, match=f"release {number}"):
        ledger.fulfil(kept.number, number)
    with pytest.raises(DecisionRefusedError, match="have left"):
        ledger.answer_request(kept.number, "Ana", REJECTED, "Too late, I fear.", ledger.request(kept.number).last)
    assert ledger.audit.verify().good


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
