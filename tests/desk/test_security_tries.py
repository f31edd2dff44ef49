"""Failed sign-ins are told in the audit trail: who is tried and from where, in few entries, and never a password."""

from __future__ import annotations

import pytest

from analyzer.desk.tries import TOLD_AT_MOST, Failures, Try
from analyzer.ledger import sign_ins
from analyzer.ledger.events import NOT_SIGNED_IN, What
from analyzer.ledger.people import Role

WRONG = "zq9 is not her password at all"
HOUR, DAY = 3_600.0, 86_400.0


def failed(desk):
    """Return what the trail tells of failed sign-ins, oldest first."""
    return [event for event in desk.ledger.audit.events() if event.what is What.SIGN_IN_FAILED]


@pytest.fixture
def quick(monkeypatch):
    """Let no password be right, without the time that it takes to look at one."""
    monkeypatch.setattr(sign_ins, "fits", lambda password, kept: False)


def tried(desk, app, name, times=1, address="10.0.0.7", password=WRONG):
    visitor = desk.visitor(app=app, address=address)
    return [visitor.sign_in(name, password).status_code for _ in range(times)]


def test_five_failures_are_told_with_name_place_and_count(desk, quick):
    app = desk.app()
    tried(desk, app, "Ana", 4)
    assert failed(desk) == []
    tried(desk, app, "ana")  # she writes it otherwise, and looks the same
    (event,) = failed(desk)
    assert (event.who, event.item) == (NOT_SIGNED_IN, "account Ana")
    assert event.details == {"tries": 5, "within minutes": 1, "address": "10.0.0.7"}
    assert desk.ledger.audit.verify().good


def test_a_name_that_is_no_accounts_is_not_told(desk, quick):
    tried(desk, desk.app(), "zq7 my password in the wrong field", 5)
    (event,) = failed(desk)
    assert event.item == "sign-in"
    assert event.details["name"] == "a name that is no account's"
    told = str([one.as_json() for one in desk.ledger.audit.events()])
    assert "zq7" not in told
    assert "zq9" not in told


def test_an_administrator_and_a_reviewer_see_it_on_the_page(desk, signed_in, quick):
    tried(desk, desk.app(), "Ben", 5)
    for role in (Role.ADMINISTRATOR, Role.REVIEWER):
        text = signed_in(role).get("/audit").text
        assert "sign-ins failed" in text
        assert "account Ben" in text
        assert "10.0.0.7" in text


def test_a_flood_is_one_entry_and_what_is_refused_is_counted_in_the_next(desk, quick):
    app = desk.app(minutes=0.02)
    codes = tried(desk, app, "Ana", 300)
    assert codes.count(429) > 0
    told = failed(desk)
    assert len({event.item for event in told}) == 1
    assert 1 <= len(told) <= 40  # one in 1.2 seconds
    assert {"address", "tries", "within minutes"} == set(told[0].details)
    assert sum(event.details["tries"] for event in told) <= 300


def test_of_a_thousand_names_few_entries_come(desk, quick):
    app = desk.app()
    before = desk.ledger.audit.anchor().entries
    for n in range(60):
        tried(desk, app, f"name {n}", 5, f"10.7.{n}.1")
    for n in range(250):
        tried(desk, app, f"another name {n}", 1, "10.8.0.1")
    for n in range(80):
        tried(desk, app, "Cleo", 1, f"10.9.{n}.1")
    assert desk.ledger.audit.anchor().entries - before == len(failed(desk)) == TOLD_AT_MOST


def test_one_address_with_many_names_is_told_without_a_name(desk, quick):
    app = desk.app()
    for n in range(110):
        tried(desk, app, f"name {n}")
    assert [(event.item, event.details) for event in failed(desk)] == [
        ("sign-in", {"tries": 100, "within minutes": 1, "address": "10.0.0.7"})
    ]


def test_one_name_from_many_addresses_is_told_without_an_address(desk, quick):
    app = desk.app()
    for n in range(60):
        tried(desk, app, "Cleo", 1, f"10.9.{n}.1")
    assert [(event.item, event.details) for event in failed(desk)] == [
        ("account Cleo", {"tries": 50, "within minutes": 1})
    ]


def test_whoever_is_let_in_after_all_leaves_no_entry(desk):
    app = desk.app()
    for _ in range(2):
        tried(desk, app, "Ana", 4)
        assert desk.visitor(app=app).sign_in("Ana").status_code == 303
    assert failed(desk) == []


def test_nobody_is_called_like_those_who_did_not_sign_in(desk):
    for name in ("not signed in", "Not-Signed In", "nоt signed in"):
        with pytest.raises(Exception, match=r"no person|mixes"):
            desk.ledger.add_account(name, Role.REVIEWER, "a quiet evening with one film")


# ---- when something is told


@pytest.fixture
def clock():
    return [0.0]


@pytest.fixture
def failures(clock):
    return Failures(5, 300, lambda: clock[0])


ANA = Try("ana", "10.0.0.7")


def test_slow_tries_are_told_too(failures, clock):
    told = []
    for n in range(25):
        clock[0] = n * HOUR
        told.append(failures.count(ANA))
    assert [(n, one.tries, one.minutes) for n, one in enumerate(told) if one] == [
        (4, 5, 241), (9, 5, 241), (14, 5, 241), (19, 5, 241), (24, 5, 241)
    ]  # fmt: skip


def test_tries_of_another_day_are_forgotten(failures, clock):
    for n in range(20):
        clock[0] = n * DAY / 4 * 1.1
        assert failures.count(ANA) is None


def test_it_is_quiet_about_the_same_for_a_while_and_then_tells_all_of_it(failures, clock):
    for n in range(1_000):
        clock[0] = n * 0.2
        told = failures.count(ANA)
        assert bool(told) == (n == 4), n
    clock[0] = 301
    told = failures.count(ANA)
    assert (told.tries, told.compared, told.place) == (996, "ana", "10.0.0.7")


def test_what_was_told_is_told_once(failures):
    others = [Try("ana", f"10.0.1.{n}") for n in range(44)]
    told = [failures.count(one) for one in [ANA] * 5 + others]
    assert [one.place for one in told if one] == ["10.0.0.7"]
    assert all(failures.count(Try("ana", f"10.0.2.{n}")) is None for n in range(5))
    assert failures.count(Try("ana", "10.0.3.1")).tries == 50


def test_what_had_no_room_is_told_later_with_its_count(failures, clock):
    for n in range(TOLD_AT_MOST):
        assert [failures.count(Try(f"name {n}", f"place {n}")) for _ in range(5)][-1]
    assert not any(failures.count(ANA) for _ in range(40))
    clock[0] = 301
    assert failures.count(ANA).tries == 41


def test_many_names_from_many_places_are_told_although_none_stands_out(failures):
    told = [failures.count(Try(f"name {n}", f"place {n}")) for n in range(400)]
    assert [n for n, one in enumerate(told) if one] == [199]
    assert (told[199].tries, told[199].compared, told[199].place) == (200, None, None)


def test_the_memory_of_failures_has_an_end(failures):
    for n in range(30_000):
        failures.count(Try(f"name {n}", f"place {n}"))
    assert len(failures._counts) <= 50_000
