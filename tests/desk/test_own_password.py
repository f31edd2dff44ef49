"""Everybody changes their own password: with the old one, for this sign-in alone, and not without end."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from analyzer.desk.said import DONE
from analyzer.ledger import sign_ins
from analyzer.ledger.events import What
from analyzer.ledger.people import Role

sys.path.insert(0, str(Path(__file__).parent))

from walking import Page

sys.path.remove(str(Path(__file__).parent))

OLD, NEW = "a quiet evening with one film", "another evening with two films"
WRONG = "not the password of anybody"
PEOPLE = {Role.COMMUNICATIONS: "Cleo", Role.RESEARCHER: "Dina", Role.REVIEWER: "Ana", Role.ADMINISTRATOR: "Eva"}


def change(visitor, old=OLD, password=NEW, again=None):
    return visitor.post_form("/password", old=old, password=password, again=password if again is None else again)


@pytest.mark.parametrize("role", Role)
def test_everybody_finds_the_page_and_changes_their_own(desk, signed_in, role):
    visitor, name = signed_in(role), PEOPLE[role]
    assert "/password" in Page(visitor.get("/help").text).links
    before = desk.ledger.audit.anchor().entries
    answer = change(visitor)
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/password")
    page = visitor.get(answer.headers["location"])
    assert (page.status_code, DONE["own-password-set"] in page.text) == (200, True)
    (event,) = desk.ledger.audit.events(after=before)
    assert (event.what, event.who, event.item) == (What.ACCOUNT, name, f"account {name}")
    assert event.details == {"change": "password"}
    assert desk.visitor().sign_in(name).status_code == 422
    assert desk.visitor().sign_in(name, NEW).status_code == 303


def test_all_other_sign_ins_end_and_this_one_goes_on(desk):
    app = desk.app()
    here, elsewhere, other = (desk.visitor(name, app) for name in ("Ana", "Ana", "Ben"))
    assert change(here).status_code == 303
    assert here.get("/queue").status_code == 200
    assert elsewhere.get("/queue").headers["location"] == "/sign-in"
    assert other.get("/queue").status_code == 200


@pytest.mark.parametrize(
    ("sent", "field", "words"),
    [
        ({"old": ""}, "old", "Enter your old password"),
        ({"password": ""}, "password", "Enter a new password"),
        ({"again": WRONG}, "again", "The two passwords are not the same"),
        ({"old": WRONG}, "old", "This is not your password"),
        ({"password": "short"}, "password", "12 to 200 characters"),
        ({"password": "password 1234"}, "password", "Others would try this password first"),
        ({"password": "ana-ana-ana-1"}, "password", "Others would try this password first"),
        ({"password": OLD}, "password", "another password than the old one"),
    ],
    ids=str,
)
def test_what_is_wrong_stands_at_the_field_and_in_the_summary(desk, signed_in, sent, field, words):
    visitor = signed_in(Role.REVIEWER)
    before = desk.ledger.audit.anchor()
    answer = change(visitor, **sent)
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text
    assert f'id="{field}-error"' in answer.text
    assert answer.text.count(words) == 2
    for password in (OLD, NEW, WRONG):
        assert password not in answer.text
    assert desk.ledger.audit.anchor() == before
    assert desk.visitor().sign_in("Ana").status_code == 303


def test_tries_of_the_old_password_are_counted_as_those_at_the_sign_in(desk, monkeypatch):
    looked_at = []
    monkeypatch.setattr(sign_ins, "fits", lambda password, kept: looked_at.append(password))
    app = desk.app()
    visitor = desk.visitor("Ana", app)
    codes = [change(visitor, old=f"guess {n}").status_code for n in range(20)]
    assert (codes[:5], set(codes[5:]), len(looked_at)) == ([422] * 5, {429}, 5)
    assert int(change(visitor).headers["retry-after"]) > 0
    assert desk.visitor(app=app).sign_in("Ana").status_code == 429  # from the same address
    assert [event.item for event in desk.ledger.audit.events() if event.what is What.SIGN_IN_FAILED] == ["account Ana"]
    assert desk.visitor("Ana", app).get("/queue").status_code == 200  # and whoever has signed in works on


def test_what_is_missing_or_weak_is_no_try(desk, signed_in):
    visitor = signed_in(Role.REVIEWER)
    for _ in range(8):
        assert change(visitor, old="").status_code == 422
        assert change(visitor, password="short").status_code == 422
    assert change(visitor).status_code == 303


def test_whoever_was_signed_out_meanwhile_sets_no_password(desk, monkeypatch):
    app = desk.app()
    visitor = desk.visitor("Ana", app)
    known = type(desk.ledger).known

    def known_and_then_ended(self, name, password):
        found = known(self, name, password)
        self.set_password("Ana", "a third evening with no film", "Eva")
        return found

    monkeypatch.setattr(type(desk.ledger), "known", known_and_then_ended)
    assert change(visitor).status_code == 422
    monkeypatch.undo()
    assert desk.visitor().sign_in("Ana", NEW).status_code == 422
    assert desk.visitor().sign_in("Ana", "a third evening with no film").status_code == 303


def test_nobody_who_has_not_signed_in_changes_one(desk):
    visitor = desk.visitor()
    assert visitor.get("/password").headers["location"] == "/sign-in"
    assert change(visitor).headers["location"] == "/sign-in"
    assert desk.visitor().sign_in("Ana").status_code == 303


def test_behind_a_sign_on_there_is_no_such_page(desk):
    visitor = desk.visitor(app=desk.app(trusted_header="X-Remote-User"), address="127.0.0.1")
    headers = {"X-Remote-User": "Ana"}
    assert visitor.get("/password", headers=headers).status_code == 404
    assert visitor.post("/password", data={"old": OLD}, headers=headers).status_code == 404
    assert "/password" not in Page(visitor.get("/help", headers=headers).text).links
