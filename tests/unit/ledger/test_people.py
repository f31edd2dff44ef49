"""Accounts, sign-ins, clients and notes: who is who, for how long, on both databases, and all of it in the trail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.ledger.events import What
from analyzer.ledger.passwords import check_password, fits, hashed, token_hash
from analyzer.ledger.people import Person, Role
from analyzer.ledger.reviewed import DecisionRefusedError
from analyzer.ledger.sign_ins import IDLE, LONGEST
from analyzer.ledger.store import memory_ledger

PASSWORD = "a quiet evening with one film"
OTHER = "another evening with two films"
ANA = Person("Ana", Role.REVIEWER)
MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def ledger(place):
    return place.open()


def changes(ledger):
    return [(e.who, e.item, e.details.get("change")) for e in ledger.audit.events() if e.what is What.ACCOUNT]


def test_an_account_is_known_by_its_password_alone(ledger):
    made = ledger.add_account("Ana", Role.REVIEWER, PASSWORD, "Eva")
    assert (made.name, made.role, made.disabled) == ("Ana", Role.REVIEWER, False)
    assert ledger.known("Ana", PASSWORD) == ledger.person("Ana") == ANA
    assert ledger.known("Ana", OTHER) is ledger.known("Zoe", PASSWORD) is ledger.known("ana", PASSWORD) is None
    assert changes(ledger) == [("Eva", "account Ana", "made")]


@pytest.mark.parametrize("name", ["Ana", "ana", " ANA ", "A-n.a", "Ａna", "Àna", "А-п-а", "ᴀɴᴀ", "ɑna"])
def test_a_name_that_looks_like_another_is_taken(ledger, name):
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    with pytest.raises(InputError, match="already"):
        ledger.add_account(name, Role.REVIEWER, PASSWORD)
    with pytest.raises(InputError, match="account"):
        ledger.add_client(name, Role.COMMUNICATIONS)
    assert len(ledger.accounts()) == 1


@pytest.mark.parametrize(
    ("taken", "name"),
    [("Ilona", "llona"), ("Bob", "B0b"), ("Søren", "Soren"), ("Вера", "Bepa"), ("ΝΙΚΗ", "NIKH"), ("Ali", "A1i")],
)
def test_letters_that_look_alike_make_no_other_person(ledger, taken, name):
    ledger.add_account(taken, Role.REVIEWER, PASSWORD)
    with pytest.raises(InputError, match="already"):
        ledger.add_account(name, Role.REVIEWER, PASSWORD)


@pytest.mark.parametrize("name", ["Аna", "Anа", "Αna", "Веn Smith", "Bеn", "ꓮna", "Ꭺna"])
def test_a_name_that_mixes_alphabets_is_refused(ledger, name):
    for call in (lambda: ledger.add_account(name, Role.REVIEWER, PASSWORD), lambda: ledger.add_client(name, ANA.role)):
        with pytest.raises(InputError, match="alphabet"):
            call()
    assert (ledger.accounts(), ledger.clients()) == ((), ())


@pytest.mark.parametrize("name", ["Анна", "Νίκη", "José Núñez", "Kaʻiulani", "田中 Taro", "たなか タロウ", "Ng"])
def test_people_are_called_in_any_alphabet(ledger, name):
    assert ledger.add_account(name, Role.REVIEWER, PASSWORD).name == name


@pytest.mark.parametrize("name", ["Command Line", "command-line", "C0mmand llne", "ᴄᴏᴍᴍᴀɴᴅ ʟɪɴᴇ"])
def test_nobody_is_called_like_the_command_line(ledger, name):
    for call in (lambda: ledger.add_account(name, Role.REVIEWER, PASSWORD), lambda: ledger.add_client(name, ANA.role)):
        with pytest.raises((InputError, DecisionRefusedError)):
            call()


def test_nobody_takes_the_name_of_a_program(ledger):
    ledger.add_client("publishing tool", Role.COMMUNICATIONS)
    with pytest.raises(InputError, match="already"):
        ledger.add_account("Publishing Tool", Role.REVIEWER, PASSWORD)


@pytest.mark.parametrize(
    "name",
    ["", "  ", "a/b", "a\\b", "../x", "a\nb", "a\x00b", "\ud800", "x" * 201, "ﷺ" * 60, "...", "An\u00ada", "A\u202ena"],
)
def test_a_name_that_is_none_is_refused(ledger, name):
    with pytest.raises((InputError, DecisionRefusedError)):
        ledger.add_account(name, Role.REVIEWER, PASSWORD)
    assert ledger.accounts() == ()


def test_a_command_line_has_no_account(ledger):
    with pytest.raises(DecisionRefusedError):
        ledger.add_account("Command Line", Role.REVIEWER, PASSWORD)


def test_an_unknown_account_is_told(ledger):
    for call in (
        ledger.account,
        ledger.disable,
        ledger.enable,
        ledger.end_sign_ins,
        lambda name: ledger.change_role(name, Role.RESEARCHER),
        lambda name: ledger.set_password(name, PASSWORD),
    ):
        with pytest.raises(InputError, match="no account"):
            call("Zoe")
    with pytest.raises(InputError, match="no client"):
        ledger.end_client(1)
    assert changes(ledger) == []


@pytest.mark.parametrize("text", ["a\x00b", "' OR '1'='1", "x" * 10_000, "\ud800", "１", "%"])
def test_any_text_is_asked_for_safely(ledger, text):
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    for call in (ledger.person, ledger.signed_in, ledger.client, ledger.notes, lambda t: ledger.known(t, t)):
        with suppress(InputError):  # a letter that a database cannot keep is in no name
            assert not call(text)
    ledger.sign_out(text)
    assert ledger.known("Ana", PASSWORD) == ANA


# ---- sign-ins


def test_a_sign_in_holds_until_it_is_not_used(ledger):
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    token = ledger.sign_in(ANA, NOON)
    assert ledger.signed_in(token, NOON + IDLE - MINUTE) == ANA
    assert ledger.signed_in(token, NOON + 2 * IDLE - 2 * MINUTE) == ANA  # used meanwhile
    assert ledger.signed_in(token, NOON + 4 * IDLE) is None


def test_a_sign_in_ends_after_half_a_day_however_much_it_is_used(ledger):
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    token, at = ledger.sign_in(ANA, NOON), NOON
    while at < NOON + LONGEST:
        assert ledger.signed_in(token, at) == ANA
        at += IDLE / 2
    assert ledger.signed_in(token, NOON + LONGEST + MINUTE) is None


def test_sign_ins_are_apart_and_end_together_where_the_account_changes(ledger):
    ledger.add_account("Eva", Role.ADMINISTRATOR, PASSWORD)
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    for change in (
        lambda: ledger.change_role("Ana", Role.REVIEWER),
        lambda: ledger.set_password("Ana", OTHER),
        lambda: ledger.end_sign_ins("Ana"),
        lambda: ledger.disable("Ana"),
    ):
        one, two = ledger.sign_in(ANA), ledger.sign_in(ANA)
        eva = ledger.sign_in(Person("Eva", Role.ADMINISTRATOR))
        ledger.sign_out(one)
        assert (ledger.signed_in(one), ledger.signed_in(two)) == (None, ANA)
        change()
        assert ledger.signed_in(two) is None
        assert ledger.signed_in(eva)
    ledger.enable("Ana")
    assert ledger.known("Ana", OTHER) == ANA


def test_a_disabled_account_is_nobody(ledger):
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    ledger.disable("Ana")
    token = ledger.sign_in(ANA)  # somebody who signed in at that very moment
    assert ledger.known("Ana", PASSWORD) is ledger.person("Ana") is ledger.signed_in(token) is None
    assert ledger.account("Ana").disabled


def test_old_sign_ins_do_not_stay(place):
    ledger = place.open()
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    for hours in (40, 30, 20):
        ledger.sign_in(ANA, NOON - timedelta(hours=hours))
    ledger.sign_in(ANA, NOON)
    with ledger._database.connected() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sign_ins").scalar() == 1


def test_no_password_and_no_token_is_in_the_database(place):
    ledger = place.open()
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    token = ledger.sign_in(ANA)
    _, secret = ledger.add_client("tool", Role.COMMUNICATIONS)
    with ledger._database.connected() as connection:
        kept = str([connection.exec_driver_sql(f"SELECT * FROM {name}").all() for name in TABLES])
    for word in (PASSWORD, token, secret):
        assert word not in kept
    assert token_hash(token) in kept
    assert "$argon2id$" in kept


TABLES = ("accounts", "sign_ins", "clients", "audit")


def test_the_last_administrator_stays_until_there_is_another(ledger):
    ledger.add_account("Eva", Role.ADMINISTRATOR, PASSWORD)
    for call in (lambda: ledger.disable("Eva"), lambda: ledger.change_role("Eva", Role.REVIEWER)):
        with pytest.raises(InputError, match="last administrator"):
            call()
    ledger.add_account("Fay", Role.ADMINISTRATOR, PASSWORD)
    ledger.change_role("Eva", Role.REVIEWER)
    with pytest.raises(InputError, match="last administrator"):
        ledger.disable("Fay")
    ledger.add_account("Gus", Role.ADMINISTRATOR, PASSWORD)
    ledger.disable("Gus")
    ledger.disable("Gus")  # who is out already is no loss
    with pytest.raises(InputError, match="last administrator"):
        ledger.disable("Fay")


def test_two_administrators_who_end_each_other_at_once_leave_one(place):
    ledgers = (place.open(), place.open())
    for name in ("Eva", "Fay"):
        ledgers[0].add_account(name, Role.ADMINISTRATOR, PASSWORD)

    def end(ledger, name):
        with suppress(InputError):
            ledger.disable(name)

    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(end, ledgers, ("Eva", "Fay")))
        left = [account.name for account in ledgers[0].accounts() if not account.disabled]
        assert len(left) == 1
        ledgers[0].enable("Fay" if left == ["Eva"] else "Eva")


def test_every_change_is_in_the_trail_with_who_made_it_and_no_secret(ledger):
    ledger.add_account("Eva", Role.ADMINISTRATOR, PASSWORD)
    ledger.add_account("Ana", Role.RESEARCHER, PASSWORD, "Eva")
    ledger.change_role("Ana", Role.REVIEWER, "Eva")
    ledger.set_password("Ana", OTHER, "Eva")
    ledger.disable("Ana", "Eva")
    ledger.enable("Ana", "Eva")
    ledger.end_sign_ins("Ana", "Eva")
    client, token = ledger.add_client("tool", Role.COMMUNICATIONS, "Eva")
    ledger.end_client(client.number, "Eva")
    ledger.sign_in(ANA)
    told = changes(ledger)[1:]
    kinds = ["made", "role", "password", "disabled", "enabled", "sign-ins ended", "client made", "client ended"]
    assert [change for _, _, change in told] == kinds
    assert {who for who, _, _ in told} == {"Eva"}
    last = ledger.audit.events()[-1]
    assert (last.what, last.who, last.item) == (What.SIGNED_IN, "Ana", "account Ana")
    everything = str([event.as_json() for event in ledger.audit.events()])
    assert not [word for word in (PASSWORD, OTHER, token, "argon2") if word in everything]
    assert ledger.audit.verify().good


# ---- clients and notes


def test_a_client_is_known_by_its_token_until_it_ends(ledger):
    one, token = ledger.add_client("tool", Role.COMMUNICATIONS)
    two, other = ledger.add_client("tool", Role.REVIEWER)  # the next token, before the old one ends
    assert (ledger.client(token), ledger.client(other), ledger.client("x")) == (one, two, None)
    ledger.end_client(one.number)
    assert (ledger.client(token), ledger.client(other)) == (None, two)
    assert [client.ended for client in ledger.clients()] == [True, False]


def test_no_program_makes_accounts(ledger):
    with pytest.raises(InputError, match="administrator"):
        ledger.add_client("tool", Role.ADMINISTRATOR)


def test_notes_stay_in_order_and_the_trail_vouches_for_them(place):
    ledger = place.open()
    for text in ("First.", "  Second, with a gap. ", "Third."):
        ledger.add_note("P01", "Ana", text)
    ledger.add_note("P02", "Ben", "Elsewhere.")
    assert [note.text for note in ledger.notes("P01")] == ["First.", "Second, with a gap.", "Third."]
    with pytest.raises(InputError):
        ledger.add_note("P01", "Ana", " \n ")
    assert ledger.audit.verify().good
    place.tamper("UPDATE notes SET text = 'Never said.' WHERE number = 2")
    assert not ledger.audit.verify().good


# ---- passwords


@pytest.mark.parametrize(
    "password",
    [
        *("", "short", "elevenchars", "x" * 201),
        *("aaaaaaaaaaaaaa", "abababababababab", "121212121212"),
        *("password1234567", "Passwort!!!12345", "ANALYZER-12345678", "administrator2026"),
        *("anastasia2026", "Ana-Stasia-12345", "anastasiaanastasia", "anastasiapassword"),
        *("P@ssw0rd!2026", "passwordpassword", "Welcome2026!!!", "iloveyou123456", "1q2w3e4r5t6y", "qwertyuiop12"),
        *("abcdefghijkl", "123456789012", "asdfghjkl;12", "Admin-Analyzer-1", "4n4st4s14-2026", "netflixnetflix1"),
    ],
)
def test_a_password_that_others_would_try_first_is_refused(password):
    with pytest.raises(InputError):
        check_password(password, "Anastasia")


@pytest.mark.parametrize(
    "password",
    [PASSWORD, "zwölf Zeichen", "correct horse battery", "Ana and the 7 seas", "日本語の長い言葉を四つ並べる"],
)
def test_a_few_words_are_a_password(password):
    check_password(password, "Ana")


@given(st.text(min_size=12, max_size=40))
def test_no_refusal_repeats_the_password(password):
    told = ""
    try:
        check_password(password, "Ana")
    except InputError as error:
        told = str(error)
    assert password not in told


def test_a_password_is_kept_as_argon2id_with_its_own_salt():
    one, two = hashed(PASSWORD), hashed(PASSWORD)
    assert one != two
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert fits(PASSWORD, one)
    assert fits(PASSWORD, two)
    assert not fits(OTHER, one)
    assert not fits(PASSWORD, None)
    assert not fits(PASSWORD, "no hash")


def test_threads_use_one_ledger_at_a_time_in_any_order():
    ledger = memory_ledger()
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: ledger.sign_in(ANA), range(40)))
        assert set(pool.map(ledger.signed_in, tokens)) == {ANA}
    assert ledger.audit.verify().good


# ---------------------------------------------------------------- behind the trail


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE accounts SET role = 'reviewer' WHERE name = 'Cleo'", "The account Cleo was changed"),
        ("UPDATE accounts SET disabled = NOT disabled WHERE name = 'Ana'", "The account Ana was changed"),
        (
            "INSERT INTO accounts SELECT 'Mallory', 'ma11ory', 'reviewer', password, disabled, at FROM accounts"
            " WHERE name = 'Ana'",
            "The account Mallory was added without an entry",
        ),
        ("DELETE FROM accounts WHERE name = 'Cleo'", "The account Cleo is gone"),
        ("UPDATE clients SET role = 'reviewer'", "The client 1 was changed"),
        ("UPDATE clients SET ended = NOT ended", "The client 1 was changed"),
    ],
)
def test_an_account_or_client_that_was_changed_behind_the_trail_is_named(place, statement, words):
    ledger = place.open()
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    ledger.add_account("Cleo", Role.RESEARCHER, PASSWORD)
    ledger.change_role("Cleo", Role.COMMUNICATIONS)
    ledger.add_client("tool", Role.COMMUNICATIONS)
    ledger.set_password("Ana", f"{PASSWORD} and another")
    ledger.disable("Ana")
    assert ledger.audit.verify().good
    place.execute(statement)
    (finding,) = ledger.audit.verify().findings
    assert finding.sentence.startswith(words)


def test_nobody_vouches_for_an_account_but_the_ledger():
    with pytest.raises(InputError, match="only the ledger"):
        memory_ledger().audit.append(What.ACCOUNT, "account Mallory", {"digest": "0" * 64})
