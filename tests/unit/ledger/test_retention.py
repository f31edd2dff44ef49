"""What is kept of every table, and that the words of notes and release requests go without a hole in the trail."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from analyzer.disclosure.budget import Budget
from analyzer.errors import InputError
from analyzer.ledger.events import What
from analyzer.ledger.keeping import DEFAULTS
from analyzer.ledger.people import Role
from analyzer.ledger.records import LedgerError
from analyzer.ledger.requested import ReleaseRequest, RequestStatus
from analyzer.ledger.reviewed import DecisionRefusedError
from analyzer.ledger.tables import METADATA

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from choices import fit  # noqa: E402 - the folder is no package
from recorded import EVERYBODY, PERIOD, record  # noqa: E402 - the folder is no package

sys.path.remove(str(FOLDER))

PASSWORD = "a quiet evening with one film"
NOTE = "The daily film may be the bedtime story of somebody."
WHY = "The yearly report needs households by country."
ANSWER = "Countries are large enough for everybody."
TODAY = datetime.now(UTC).date()
ALMOST, IN_TWO_YEARS = TODAY + timedelta(days=729), TODAY + timedelta(days=730)

# Which kind lists each table; a new table needs a line here, and somebody who thought about how long it is kept.
TABLES = """
accounts                 accounts
audit                    audit
audit_head               audit
budgets                  budgets
bundles                  bundles
clients                  clients
decisions                decisions
draft_answers            drafts
drafts                   drafts
ledger_schema            -
marks                    bundles
notes                    notes
populations              releases
release_request_answers  requests
release_requests         requests
releases                 releases
rulebooks                rulebooks
runs                     runs
sign_ins                 sign-ins
spendings                budgets
"""


@pytest.fixture
def ledger(place):
    return place.open()


def request(ledger, status=None):
    told = {"by": ("country",), "measure": "households", "purpose": "press", "source": "ours", "window": "March"}
    kept = ledger.request_release(ReleaseRequest(who="Cleo", why=WHY, **told))
    return ledger.answer_request(kept.number, "Ana", status, ANSWER, kept.last) if status else kept


def kept(ledger, day=TODAY):
    return {one.keeping.name: one for one in ledger.retention(today=day)}


def test_every_table_is_of_a_kind_that_is_listed():
    listed = dict(line.split() for line in TABLES.strip().splitlines())
    assert set(listed) == set(METADATA.tables)
    assert set(listed.values()) - {"-"} == {keeping.name for keeping in DEFAULTS}


def test_of_each_kind_is_told_how_many_there_are_and_since_when(ledger):
    assert {(one.held, one.oldest) for name, one in kept(ledger).items() if name != "audit"} == {(0, None)}
    ledger.allow(Budget.of(EVERYBODY, PERIOD, 1))
    ledger.record(record(ledger), 0)
    ledger.record_bundle(fit())
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    ledger.disable(ledger.add_account("Ben", Role.REVIEWER, PASSWORD).name)
    ledger.end_client(ledger.add_client("tool", Role.RESEARCHER)[0].number)
    ledger.sign_in(ledger.person("Ana"))
    ledger.add_note("P02", "Ana", NOTE)
    request(ledger)
    told = kept(ledger)
    ones = ("budgets", "releases", "bundles", "rulebooks", "clients", "sign-ins", "notes", "requests")
    assert {name: told[name].held for name in ones} == dict.fromkeys(ones, 1)
    assert told["accounts"].held == 2
    oldest = {name: told[name].oldest for name in (*ones, "accounts", "audit")}
    assert oldest == dict.fromkeys(oldest, TODAY) | {"releases": date(2026, 11, 26)}
    assert not any(one.due for one in told.values())
    in_ten_years = kept(ledger, TODAY + timedelta(days=3_650))
    assert {name for name, one in in_ten_years.items() if one.due} == {"notes", "requests", "sign-ins"}


def test_how_long_is_said_in_words():
    long = {keeping.name: keeping.long for keeping in DEFAULTS}
    assert (long["drafts"], long["releases"]) == ("for 365 days", "for good")
    assert long["sign-ins"] == "until they end, after 12 hours at the latest"


@pytest.mark.parametrize(
    ("begun", "used", "held"),
    [
        (timedelta(hours=13), timedelta(0), 0),
        (timedelta(hours=2), timedelta(minutes=31), 0),
        (timedelta(0),) * 2 + (1,),
    ],
)
def test_sign_ins_that_ended_go_and_leave_accounts_and_entries(ledger, place, begun, used, held):
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    ledger.sign_in(ledger.person("Ana"))
    now = datetime.now(UTC)
    place.execute(f"UPDATE sign_ins SET began = '{(now - begun).isoformat()}', seen = '{(now - used).isoformat()}'")
    before = ledger.audit.anchor()
    assert kept(ledger)["sign-ins"].due == 1 - held
    (gone,) = [one for one in ledger.delete_due() if one.keeping.name == "sign-ins"]
    assert (gone.due, kept(ledger)["sign-ins"].held, kept(ledger)["sign-ins"].due) == (1 - held, held, 0)
    assert ledger.audit.anchor() == before
    assert [account.name for account in ledger.accounts()] == ["Ana"]
    assert What.SIGNED_IN in {event.what for event in ledger.audit.events()}


def test_a_sign_in_clears_away_those_that_have_ended(ledger, place):
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    ana = ledger.person("Ana")
    ledger.sign_in(ana)
    place.execute(f"UPDATE sign_ins SET seen = '{(datetime.now(UTC) - timedelta(minutes=31)).isoformat()}'")
    ledger.sign_in(ana)
    assert kept(ledger)["sign-ins"].held == 1


def test_notes_and_requests_are_due_two_years_after_the_last_word(ledger, place):
    ledger.add_note("P02", "Ana", NOTE)
    number = request(ledger).number
    place.execute("UPDATE release_requests SET at = '2020-01-01T00:00:00.000000+00:00'")
    assert kept(ledger)["requests"].numbers == (1,)
    ledger.answer_request(number, "Ana", RequestStatus.REJECTED, ANSWER, 0)
    assert kept(ledger)["requests"].numbers == ()
    assert (kept(ledger, ALMOST)["notes"].numbers, kept(ledger, ALMOST)["requests"].numbers) == ((), ())
    assert (kept(ledger, IN_TWO_YEARS)["notes"].numbers, kept(ledger, IN_TWO_YEARS)["requests"].numbers) == ((1,), (1,))


def test_their_words_go_and_the_chain_stays_whole(ledger):
    note = ledger.add_note("P02", "Ana", NOTE)
    asked = request(ledger, RequestStatus.REJECTED)
    before = ledger.audit.anchor()
    ledger.delete_due(who="Eva", today=IN_TWO_YEARS)
    (gone,) = ledger.notes("P02")
    assert (gone.number, gone.who, gone.text) == (note.number, "Ana", None)
    left = ledger.request(asked.number)
    assert (left.asked.why, left.answers[0].reason) == (None, None)
    assert (left.asked.measure, left.asked.window, left.status) == ("households", "March", RequestStatus.REJECTED)
    assert [(e.what, e.item, e.who) for e in ledger.audit.events(after=before.entries)] == [
        (What.DELETED, "note 1", "Eva"),
        (What.DELETED, "release request 1", "Eva"),
        (What.DELETED, "answer to a release request 1", "Eva"),
    ]
    assert ledger.audit.verify(before).findings == ()
    assert not any(one.due for one in ledger.delete_due(today=IN_TWO_YEARS))


@pytest.mark.parametrize("status", [None, RequestStatus.APPROVED])
def test_a_request_without_its_words_is_answered_and_fulfilled_no_more(ledger, status):
    number = request(ledger, status).number
    ledger.delete_due(today=IN_TWO_YEARS)
    assert ledger.queue() == ()
    with pytest.raises(DecisionRefusedError, match="deleted"):
        ledger.answer_request(number, "Ana", RequestStatus.APPROVED, ANSWER, ledger.request(number).last)
    with pytest.raises(DecisionRefusedError, match="deleted"):
        ledger.record(record(ledger), 0, request=number)
    assert ledger.all_releases() == ()


def test_nobody_asks_without_a_why(ledger):
    told = {"by": ("country",), "measure": "households", "purpose": "press", "source": "ours", "window": "March"}
    with pytest.raises(InputError, match="why"):
        ledger.request_release(ReleaseRequest(who="Cleo", why=None, **told))


def test_of_deleted_words_no_byte_is_left_in_the_files_nor_in_the_trail(ledger, place, postgresql):
    ledger.add_note("P02", "Ana", NOTE)
    request(ledger, RequestStatus.REJECTED)
    folder = Path(place.where).parent if place.is_file else postgresql.folder / "data" / "base"
    words = [text.encode() for text in (NOTE, WHY, ANSWER)]
    trail = str([event.as_json() for event in ledger.audit.events()])
    assert not [text for text in (NOTE, WHY, ANSWER) if text in trail]
    ledger.delete_due(today=IN_TWO_YEARS)
    if not place.is_file:
        place.execute("CHECKPOINT")
        name = place.where.rsplit("%3D", 1)[1]
        tables = ("notes", "release_requests", "release_request_answers")
        paths = place.rows(*(f"SELECT pg_relation_filepath('{name}.{table}')" for table in tables))
        files = [postgresql.folder / "data" / path for path in paths]
    else:
        files = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in files if any(text in path.read_bytes() for text in words)]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE notes SET text = 'something else'", "The content of the note 1 was changed."),
        (
            "UPDATE release_requests SET why = NULL",
            "The content of the release request 1 was deleted without an entry in the audit trail.",
        ),
        (
            "UPDATE release_request_answers SET reason = 'I never read it.'",
            "The content of the answer to a release request 1 was changed.",
        ),
        ("UPDATE notes SET who = 'Ben'", "The note 1 was changed: it is not what the audit trail vouches for."),
    ],
)
def test_words_that_were_changed_behind_the_trail_are_named(ledger, place, statement, words):
    ledger.add_note("P02", "Ana", NOTE)
    request(ledger, RequestStatus.APPROVED)
    assert ledger.audit.verify().good
    place.execute(statement)
    assert [finding.sentence for finding in ledger.audit.verify().findings] == [words]


def test_words_that_a_reader_keeps_in_the_log_are_not_called_gone(ledger, place, monkeypatch):
    if not place.is_file:
        pytest.skip("a log beside the file is SQLite's")
    monkeypatch.setattr("analyzer.ledger.connections.LOG_WAIT_S", 0.1)
    ledger.record_bundle(fit())
    ledger.add_note("P01", "Ana", NOTE)
    with ledger._database.engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM notes").scalar()
        with pytest.raises(LedgerError, match="may still be in the files"):
            ledger.delete_due(today=IN_TWO_YEARS)
    ledger.close()
    assert NOTE.encode() not in b"".join(file.read_bytes() for file in Path(place.where).parent.glob("*sqlite*"))
