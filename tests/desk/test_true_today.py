"""What a page says holds on the day on which it is read: approvals, confirmations, sentences that were true before."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from analyzer.desk.said import DONE
from analyzer.ledger.people import Role
from analyzer.ledger.requested import RequestStatus
from analyzer.ledger.reviewed import Choice, DraftStatus, Kind
from analyzer.policy.effects import MarkStatus

WHY = "Looked at with the researchers: it is close to a protected repetition."
SECRET = "The Fischer household complained about this, see ticket 12."
TURNED = "Looked at it \u202ewith the researchers\u202c today."
TEXT = "Most viewers finish the first season within a week."


@pytest.fixture
def submitted(desk, signed_in):
    """The number of a draft that Cleo submitted at the desk."""
    sent = signed_in(Role.COMMUNICATIONS).post_form("/drafts", text=TEXT, purpose="press")
    return int(re.search(r"/drafts/(\d+)", sent.headers["location"])[1])


def tighten(desk, pattern="P03", reason=WHY):
    to = MarkStatus.NEVER_SINGLE_OUT
    choice = Choice(pattern=pattern, kind=Kind.TIGHTEN, who="Ana", to=to, reason=reason)
    return desk.ledger.decide(choice, desk.ledger.pattern(pattern).last)


def approve(ana, number):
    return ana.post_form(f"/drafts/{number}/answers", answer="approved", reason=WHY, seen="0").headers["location"]


def last(desk, number):
    return str(desk.ledger.draft(number).last)


# ---------------------------------------------------------------- who reads what


def test_communications_read_neither_who_decided_on_a_pattern_nor_why(desk, signed_in):
    tighten(desk, reason=SECRET)
    _, token = desk.ledger.add_client("publisher", Role.COMMUNICATIONS)
    asked = {"json": {"text": "hello there"}, "headers": {"Authorization": f"Bearer {token}"}}
    told = desk.visitor().post("/api/v1/check", **asked)
    assert "P03: tightened to never single out (decision" in told.text
    page = signed_in(Role.COMMUNICATIONS).post_form("/check", text="hello there").text
    for text in (told.text, page):
        assert "Fischer" not in text
        assert "Ana" not in text
    assert "Fischer" in signed_in(Role.REVIEWER).get("/patterns/P03").text


def test_a_verdict_says_by_which_patterns_it_was_reached_and_whose_marks_count(desk, signed_in):
    text = signed_in(Role.COMMUNICATIONS).post_form("/check", text=TEXT).text
    assert f"Patterns of the bundle {desk.ledger.bundles()[-1].fingerprint[:12]}." in text
    assert "The marks are those in force on" in text


def test_letters_that_turn_a_text_around_are_shown_as_dots_on_card_and_queue(desk):
    made = tighten(desk, reason=TURNED)
    to, ends = MarkStatus.OPEN, datetime.now(UTC).date() + timedelta(days=9)
    asked = Choice(pattern="P03", kind=Kind.LOOSEN, who="Ana", to=to, reason=TURNED, expires=ends)
    desk.ledger.decide(asked, desk.ledger.pattern("P03").last)
    ben = desk.visitor("Ben", desk.app())
    for path in ("/patterns/P03", "/queue"):
        text = ben.get(path).text
        assert "\u202e" not in text
        assert "Looked at it ·with the researchers· today." in text
    assert made.reason == TURNED


# ---------------------------------------------------------------- approvals


def test_approved_is_said_no_longer_than_it_is_so(desk, signed_in, submitted):
    ana = signed_in(Role.REVIEWER)
    link = approve(ana, submitted)
    assert DONE["approved"] in ana.get(link).text
    back = desk.visitor("Ben", desk.app()).post_form(
        f"/drafts/{submitted}/answers", answer="rejected", reason=WHY, seen=last(desk, submitted)
    )
    assert DONE["approved"] not in ana.get(link).text
    assert "taken-back" in back.headers["location"]


def test_an_approved_draft_says_when_a_decision_ended_its_approval(desk, signed_in, submitted):
    ana, cleo = signed_in(Role.REVIEWER), signed_in(Role.COMMUNICATIONS)
    link = approve(ana, submitted)
    assert "holds no longer" not in cleo.get(f"/drafts/{submitted}").text
    tighten(desk)
    for path in (f"/drafts/{submitted}", "/drafts"):
        assert "holds no longer" in cleo.get(path).text
    assert DONE["approved"] not in ana.get(link).text
    _, token = desk.ledger.add_client("reader", Role.REVIEWER)
    told = desk.visitor().get(f"/api/v1/drafts/{submitted}", headers={"Authorization": f"Bearer {token}"}).json()
    assert (told["status"], bool(told["stale"])) == ("approved", True)


def test_a_reviewer_takes_an_approval_back_and_nobody_else(desk, signed_in, submitted):
    ana, cleo, ben = signed_in(Role.REVIEWER), signed_in(Role.COMMUNICATIONS), desk.visitor("Ben", desk.app())
    approve(ana, submitted)
    assert "Take the approval back" not in cleo.get(f"/drafts/{submitted}").text
    assert "Take the approval back" in ben.get(f"/drafts/{submitted}").text
    fields = {"answer": "rejected", "reason": WHY, "seen": last(desk, submitted)}
    assert cleo.post_form(f"/drafts/{submitted}/answers", **fields).status_code == 422
    assert desk.ledger.draft(submitted).status is DraftStatus.APPROVED
    assert ben.post_form(f"/drafts/{submitted}/answers", **fields | {"reason": ""}).status_code == 422
    done = ben.post_form(f"/drafts/{submitted}/answers", **fields)
    assert DONE["taken-back"] in ben.get(done.headers["location"]).text
    assert "Ben: took the approval back." in cleo.get(f"/drafts/{submitted}").text


def test_an_answered_draft_is_closed_whatever_form_is_sent(desk, signed_in, submitted):
    ana = signed_in(Role.REVIEWER)
    ana.post_form(f"/drafts/{submitted}/answers", answer="rejected", reason=WHY, seen="0")
    assert "Your answer" not in ana.get(f"/drafts/{submitted}").text
    for answer in ("approved", "rejected"):
        sent = {"answer": answer, "reason": WHY, "seen": last(desk, submitted)}
        assert ana.post_form(f"/drafts/{submitted}/answers", **sent).status_code == 422
    assert len(desk.ledger.draft(submitted).answers) == 1


def test_whoever_is_second_is_told_that_it_is_answered_and_keeps_what_they_typed(desk, signed_in, submitted):
    signed_in(Role.REVIEWER).post_form(f"/drafts/{submitted}/answers", answer="rejected", reason=WHY, seen="0")
    typed = "No, this is not so: it was never measured."
    said = desk.visitor("Ben", desk.app()).post_form(
        f"/drafts/{submitted}/answers", answer="rejected", reason=typed, seen="0"
    )
    assert said.status_code == 409
    assert "It is answered" in said.text
    assert "What you had typed" in said.text
    assert typed in said.text


def test_a_reviewer_takes_the_approval_of_a_release_request_back_and_then_it_is_closed(desk, signed_in):
    ana = signed_in(Role.REVIEWER)
    page = ana.get("/requests/2").text
    assert "Take the approval back" in page
    seen = str(desk.ledger.request(2).last)
    done = ana.post_form("/requests/2/answers", answer="rejected", reason=WHY, seen=seen)
    page = ana.get(done.headers["location"]).text
    assert DONE["request-taken-back"] in page
    assert "analyzer release TABLE" not in page
    for answer in ("approved", "rejected"):
        seen = str(desk.ledger.request(2).last)
        assert ana.post_form("/requests/2/answers", answer=answer, reason=WHY, seen=seen).status_code == 422
    assert desk.ledger.request(2).status is RequestStatus.REJECTED


def test_whoever_asked_takes_back_what_waits_and_not_what_was_approved(desk, signed_in):
    cleo, ben = signed_in(Role.COMMUNICATIONS), desk.visitor("Ben", desk.app())
    ben.post_form("/requests/1/answers", answer="approved", reason=WHY, seen="0")
    seen = str(desk.ledger.request(1).last)
    assert cleo.post_form("/requests/1/answers", answer="rejected", reason=WHY, seen=seen).status_code == 422
    assert desk.ledger.request(1).status is RequestStatus.APPROVED


# ---------------------------------------------------------------- decisions


def test_a_confirmation_confirms_the_mark_that_was_on_the_card(desk, signed_in):
    ana = signed_in(Role.REVIEWER)
    page = ana.get("/patterns/P03").text
    assert 'value="confirm:open"' in page
    said = ana.post_form(
        "/patterns/P03/decisions", decision="confirm:review", seen=str(desk.ledger.pattern("P03").last)
    )
    assert said.status_code == 422
    assert "P03 is marked open, not review." in said.text


def test_to_decline_takes_a_reason(desk, signed_in):
    seen = str(desk.ledger.pattern("P02").last)
    said = signed_in(Role.REVIEWER).post_form("/patterns/P02/decisions", decision="decline", reason="", seen=seen)
    assert said.status_code == 422
    assert "Enter a reason that somebody can check later" in said.text
    assert desk.ledger.pattern("P02").waiting


def test_a_loosening_for_longer_than_a_year_is_said_beside_its_day(desk, signed_in):
    tighten(desk)
    ends = {"ends_day": "31", "ends_month": "12", "ends_year": "9999"}
    seen = str(desk.ledger.pattern("P03").last)
    said = signed_in(Role.REVIEWER).post_form(
        "/patterns/P03/decisions", decision="loosen:open", reason=WHY, seen=seen, **ends
    )
    assert said.status_code == 422
    assert 'href="#ends_day">A loosening ends one day: it may end on' in said.text
    assert said.text.count('aria-describedby="ends_day-error"') == 3


def test_a_trail_that_was_changed_is_called_so_in_the_title_too(desk, signed_in):
    ana = signed_in(Role.REVIEWER)
    assert "<title>The trail is whole" in ana.get("/audit/verify").text
    with desk.ledger._database.connected(writing=True) as connection:
        connection.exec_driver_sql("UPDATE accounts SET role = 'reviewer' WHERE name = 'Cleo'")
    text = ana.get("/audit/verify").text
    assert "<title>Something was changed" in text
    assert "The account Cleo was changed" in text
