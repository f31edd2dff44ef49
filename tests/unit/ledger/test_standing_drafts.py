"""What a draft's verdict stands on: where that is no longer so, the draft is checked again, approved or not."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest

from analyzer.errors import InputError
from analyzer.ledger.people import Role
from analyzer.ledger.records import LedgerMovedError
from analyzer.ledger.reviewed import DecisionRefusedError, DraftStatus, Kind

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from choices import (  # noqa: E402 - the folder is no package
    LATER,
    NEVER,
    OPEN,
    TODAY,
    WHY,
    checked,
    decide,
    draft,
    fit,
    known_as,
    loosen,
    loosened,
    tighten,
)

sys.path.remove(str(FOLDER))

PASSWORD = "a quiet evening with one film"


@pytest.fixture
def ledger(place):
    """A ledger whose newest bundle is the one that `checked` drafts were checked by."""
    made = place.open()
    made.record_bundle(known_as("first"))
    return made


def stale(ledger, number, day=TODAY):
    return ledger.draft(number, day).stale


def answer(ledger, number, status, who="ben", day=TODAY, reason=WHY):
    return ledger.answer(number, who, status, reason, ledger.draft(number, day).last, day)


def test_a_draft_is_checked_again_once_somebody_tightens_a_pattern(ledger):
    number = ledger.submit(checked(ledger, status="allow")).number
    approved = ledger.submit(checked(ledger)).number
    assert answer(ledger, approved, DraftStatus.APPROVED).stale == ""
    tighten(ledger, "P01")
    for one in (number, approved):
        assert "somebody decided otherwise" in stale(ledger, one)
    with pytest.raises(DecisionRefusedError, match="somebody decided otherwise"):
        answer(ledger, number, DraftStatus.APPROVED)


def test_a_confirmation_or_a_mere_request_makes_no_draft_stale(ledger):
    number = ledger.submit(checked(ledger)).number
    decide(ledger, "P01", Kind.CONFIRM)
    asked = loosen(ledger, "P03", OPEN)
    decide(ledger, "P03", Kind.DECLINE, about=asked.number, reason=WHY)
    assert stale(ledger, number) == ""


def test_a_draft_is_checked_again_when_a_loosening_begins_and_when_it_ends(ledger):
    before = ledger.submit(checked(ledger)).number
    loosened(ledger, "P03", OPEN)
    during = ledger.submit(checked(ledger)).number
    assert stale(ledger, before)
    assert stale(ledger, during, LATER - timedelta(days=1)) == ""
    assert "a loosening has ended" in stale(ledger, during, LATER)
    with pytest.raises(DecisionRefusedError, match="a loosening has ended"):
        answer(ledger, during, DraftStatus.APPROVED, day=LATER)


def test_a_draft_that_was_checked_before_a_tightening_stays_stale_when_it_is_lifted_again(ledger):
    number = ledger.submit(checked(ledger)).number
    tighten(ledger, "P01", NEVER)
    loosened(ledger, "P01", OPEN)
    assert stale(ledger, number)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"bundle": "another"}, "not checked by the newest bundle"),
        ({"bundle": None}, "not checked by the newest bundle"),
        ({"bundle": "first"}, "without a look at what people decided"),
        ({"bundle": "first", "in_force": "0" * 64}, "somebody decided otherwise"),
    ],
)
def test_a_draft_is_filed_under_the_bundle_that_checked_it(ledger, told, words):
    number = ledger.submit(draft(**told)).number
    assert words in stale(ledger, number)
    with pytest.raises(DecisionRefusedError, match=words):
        answer(ledger, number, DraftStatus.APPROVED)


def test_a_draft_that_an_old_model_checks_after_a_refit_is_not_taken_for_the_new_ones(ledger):
    old = checked(ledger)
    ledger.record_bundle(fit("second"))
    assert "fitted again" in stale(ledger, ledger.submit(old).number)


@pytest.mark.parametrize("told", [{"in_force": 3}, {"bundle": ["x"]}, {"bundle": "x" * 65}])
def test_a_verdict_that_names_no_fingerprint_is_refused(ledger, told):
    with pytest.raises(InputError, match="no fingerprint"):
        ledger.submit(draft(**told))


# ---------------------------------------------------------------- answered is closed


def test_an_approval_is_taken_back_with_a_reason_and_the_draft_is_closed_then(ledger):
    number = ledger.submit(checked(ledger, status="allow")).number
    answer(ledger, number, DraftStatus.APPROVED, reason="")
    with pytest.raises(DecisionRefusedError, match="Draft 1 is answered: approved"):
        answer(ledger, number, DraftStatus.APPROVED, "dan")
    with pytest.raises(DecisionRefusedError, match="no reason"):
        answer(ledger, number, DraftStatus.REJECTED, "dan", reason="")
    kept = answer(ledger, number, DraftStatus.REJECTED, "dan")
    assert (kept.status, [one.who for one in kept.answers]) == (DraftStatus.REJECTED, ["ben", "dan"])
    for status in (DraftStatus.APPROVED, DraftStatus.REJECTED):
        with pytest.raises(DecisionRefusedError, match="is answered: rejected"):
            answer(ledger, number, status, "eve")


def test_whoever_is_second_is_told_who_was_first(ledger):
    number = ledger.submit(checked(ledger)).number
    answer(ledger, number, DraftStatus.REJECTED)
    with pytest.raises(LedgerMovedError, match="ben answered"):
        ledger.answer(number, "dan", DraftStatus.APPROVED, WHY, 0, TODAY)


def test_where_there_are_accounts_only_a_reviewer_answers_but_for_an_author_who_takes_it_back(ledger):
    for name, role in (("Ana", Role.REVIEWER), ("Cleo", Role.COMMUNICATIONS), ("Carl", Role.COMMUNICATIONS)):
        ledger.add_account(name, role, PASSWORD)
    numbers = [ledger.submit(checked(ledger, author="Cleo")).number for _ in range(2)]
    for status in (DraftStatus.APPROVED, DraftStatus.REJECTED):
        with pytest.raises(DecisionRefusedError, match="no reviewer"):
            answer(ledger, numbers[0], status, "Carl")
    assert answer(ledger, numbers[0], DraftStatus.REJECTED, "Cleo").status is DraftStatus.REJECTED
    answer(ledger, numbers[1], DraftStatus.APPROVED, "Ana")
    with pytest.raises(DecisionRefusedError, match="no reviewer"):
        answer(ledger, numbers[1], DraftStatus.REJECTED, "Cleo")
    assert answer(ledger, numbers[1], DraftStatus.REJECTED, "Ana").status is DraftStatus.REJECTED
