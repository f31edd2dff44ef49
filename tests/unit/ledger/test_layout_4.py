"""A ledger of layout 4, whose notes and requests had no seals, is brought up to date with all that it vouched for."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from analyzer.ledger.audit import appended
from analyzer.ledger.canonical import digest
from analyzer.ledger.events import What
from analyzer.ledger.requested import RequestStatus
from analyzer.ledger.tables import SCHEMA_VERSION

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from earlier import ledger_of_layout  # noqa: E402 - the folder is no package

sys.path.remove(str(FOLDER))

AT = "2026-11-01T10:00:00.000000+00:00"
NOTE = {"number": 1, "pattern": "P02", "who": "Ana", "text": "The daily film may be a bedtime story.", "at": AT}
ASKED = {"by": '["country"]', "measure": "households", "purpose": "press", "source": "ours", "window": "March"}
REQUEST = {"number": 1, "who": "Cleo", **ASKED, "why": "The yearly report needs it.", "at": AT}
ANSWER = {"number": 1, "request": 1, "status": "approved", "who": "Ana", "reason": "They are large.", "release": None}
ROWS = (
    ("notes", "note", What.NOTED, NOTE),
    ("release_requests", "release request", What.REQUESTED, REQUEST),
    ("release_request_answers", "answer to a release request", What.REQUEST_ANSWERED, {**ANSWER, "at": AT}),
)
ITEMS = [f"{word} 1" for _, word, _, _ in ROWS]
IN_TEN_YEARS = datetime.now(UTC).date() + timedelta(days=3_650)


@pytest.fixture
def old(place):
    """A ledger as layout 4 left it: a note, and a request that was approved, each vouched for with its words."""
    with ledger_of_layout(place, 4) as (connection, tables, _):
        for table, word, what, row in ROWS:
            connection.execute(sa.insert(tables[table]).values(row))
            appended(connection, row["who"], what, f"{word} 1", {"digest": digest(row)})
    return place


def test_everything_is_there_and_vouched_for(old):
    ledger = old.open()
    assert ledger.audit.verify().findings == ()
    assert [(e.what, e.item) for e in ledger.audit.events(after=3)] == [
        (What.UPGRADED, "ledger"),
        *[(What.ADOPTED, item) for item in ITEMS],
    ]
    assert [note.text for note in ledger.notes("P02")] == [NOTE["text"]]
    kept = ledger.request(1)
    assert (kept.asked.why, kept.status, kept.answers[0].reason) == (
        REQUEST["why"],
        RequestStatus.APPROVED,
        ANSWER["reason"],
    )
    anchor = ledger.audit.anchor()
    assert old.open().audit.anchor() == anchor


def test_it_goes_on_and_its_words_can_be_deleted(old):
    ledger = old.open()
    ledger.add_note("P02", "Ben", "Seen with the researchers.")
    assert ledger.request(1).answers[0].number == 1
    ledger.delete_due(today=IN_TEN_YEARS)
    assert [note.text for note in ledger.notes("P02")] == [None, None]
    assert ledger.request(1).asked.why is None
    assert ledger.audit.verify().good


@pytest.mark.parametrize(
    ("table", "column", "item"),
    [
        ("notes", "text", "note 1"),
        ("release_requests", "why", "release request 1"),
        ("release_request_answers", "who", "answer to a release request 1"),
    ],
)
def test_what_was_changed_before_is_not_vouched_for_by_the_upgrade(old, table, column, item):
    old.execute(f"UPDATE {table} SET {column} = 'something else'")
    ledger = old.open()
    assert f"The {item} was changed: it is not what the audit trail vouches for." in [
        finding.sentence for finding in ledger.audit.verify().findings
    ]
    adopted = {event.item for event in ledger.audit.events() if event.what is What.ADOPTED}
    assert adopted == set(ITEMS) - {item}


def test_its_layout_is_the_newest_afterwards(old):
    old.open()
    assert old.rows("SELECT version FROM ledger_schema") == [str(SCHEMA_VERSION)]
