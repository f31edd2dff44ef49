"""A release request: asked for field by field, answered by somebody else, made with a command to copy."""

from __future__ import annotations

import shlex

import pytest

from analyzer.desk.views import queue, requests
from analyzer.ledger.requested import ReleaseRequest, RequestStatus
from analyzer.ledger.store import memory_ledger
from analyzer.policy.uses import Purpose

FORM = {
    "by": " country , kind,",
    "measure": "hours",
    "purpose": "press",
    "source": "sessions",
    "window": "March 2026",
    "why": "A journalist asks how long people watch.",
}


@pytest.fixture
def ledger():
    made = memory_ledger()
    made.request_release(requests.asked_by(FORM, "Cleo").request)
    return made


def test_a_form_becomes_a_request():
    asked = requests.asked_by(FORM, "Cleo")
    assert asked.errors == {}
    assert asked.request == ReleaseRequest(**{**FORM, "by": ("country", "kind"), "who": "Cleo"})


def test_what_is_missing_is_said_beside_each_field():
    assert list(requests.asked_by({}, "Cleo").errors) == ["by", "measure", "purpose", "source", "window", "why"]
    for name in FORM:
        assert list(requests.asked_by(FORM | {name: " "}, "Cleo").errors) == [name]


@pytest.mark.parametrize(
    ("field", "text"),
    [("by", "a,b,c,d,e"), ("by", "a,a"), ("by", ","), ("purpose", "gossip"), ("window", "\x07"), ("why", "x" * 3_000)],
)
def test_what_the_ledger_would_refuse_is_said_beside_the_field(field, text):
    asked = requests.asked_by(FORM | {field: text}, "Cleo")
    assert asked.request is None
    assert list(asked.errors) == [field]


def test_the_purposes_are_those_of_the_rulebook():
    assert set(requests.PURPOSES) == {purpose.value for purpose in Purpose}


def test_nobody_approves_their_own_and_an_answered_one_is_answered(ledger):
    kept = ledger.request(1)
    assert [option.value for option in requests.answer_options(kept, "Cleo")] == ["rejected"]
    assert [option.value for option in requests.answer_options(kept, "Ana")] == ["approved", "rejected"]
    assert requests.command(kept, "l.sqlite") == ""
    kept = ledger.answer_request(1, "Ana", RequestStatus.APPROVED, "Large enough to tell.", 0)
    assert [option.label for option in requests.answer_options(kept, "Ana")] == ["Take the approval back"]
    assert [(one.who, one.status, one.reason) for one in requests.answers(kept)] == [
        ("Ana", "approved", "Large enough to tell.")
    ]
    kept = ledger.answer_request(1, "Ben", RequestStatus.REJECTED, "The window was another one.", kept.last)
    assert [one.status for one in requests.answers(kept)] == ["took the approval back", "approved"]
    assert (requests.answer_options(kept, "Ana"), requests.command(kept, "l.sqlite")) == ((), "")


def test_the_command_asks_for_the_very_table_whatever_the_words_are():
    ledger = memory_ledger()
    ledger.request_release(requests.asked_by(FORM | {"source": "sessions; rm -rf $HOME 'x'"}, "Cleo").request)
    kept = ledger.answer_request(1, "Ana", RequestStatus.APPROVED, "Large enough to tell.", 0)
    words = shlex.split(requests.command(kept, "our results/ledger.sqlite"))
    assert words[:3] == ["analyzer", "release", "TABLE"]
    told = dict(zip(words[3::2], words[4::2], strict=True))
    assert told["--by"] == "country,kind"
    assert told["--source"] == "sessions; rm -rf $HOME 'x'"
    assert told["--request"] == "1"
    assert told["--ledger"] == "our results/ledger.sqlite"
    assert requests.command(kept, "postgresql://ana@db.example.org/ledger").endswith("--ledger LEDGER")


def test_it_waits_in_the_queue_and_every_status_has_words(ledger):
    (group,) = queue.groups(ledger.queue(), (), ())
    assert (group.title, group.rows[0].href) == ("Release requests", "/requests/1")
    assert set(requests.STATUSES) == set(RequestStatus)
