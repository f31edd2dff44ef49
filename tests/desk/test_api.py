"""The API answers programs: the same things as the pages, by the same roles, and no program is a person."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from analyzer.desk import problems
from analyzer.desk.api import models
from analyzer.desk.api.doors import OPERATIONS
from analyzer.desk.api.openapi import document
from analyzer.ledger.people import Role
from analyzer.ledger.requested import RequestStatus
from analyzer.policy.uses import Purpose
from analyzer.workflow.message_jobs import Settings, check_job
from analyzer.workflow.progress import SILENT

TWEET = "To the 53 people who've watched A Christmas Prince every day for the past 18 days: Who hurt you?"
ASKED = {
    "by": ["country"],
    "measure": "households",
    "purpose": "press",
    "source": "our sessions",
    "window": "March 2026",
    "why": "The yearly report needs them.",
}
DRAFTS = [TWEET, "The finale is out now.", "Zeile eins\r\nund „zwei“ – 53 Leute 🎄", "\u202eevil\u202c \0 null", " "]


@pytest.fixture
def api(desk):
    """Return a program of a role: method, path and body in, answer out."""
    app = desk.app()

    def of(role: Role | None):
        told = (
            {} if role is None else {"Authorization": f"Bearer {desk.ledger.add_client(f'tool {role.value}', role)[1]}"}
        )
        visitor = desk.visitor(app=app)
        return lambda method, path, **more: visitor.request(method, f"/api/v1{path}", headers=told, **more)

    return of


@pytest.mark.parametrize("text", DRAFTS, ids=range(len(DRAFTS)))
def test_a_draft_is_judged_as_the_command_line_judges_it(api, desk, text):
    said = api(Role.COMMUNICATIONS)("POST", "/check", json={"text": text})
    expected = check_job(
        text, Settings(model="reference", ledger=str(desk.ledger_folder / "ledger.sqlite")), False, True, SILENT
    )
    assert said.status_code == 200
    assert said.json() == json.loads(json.dumps(expected))


def test_a_value_that_is_in_no_model_does_not_leave():
    told = [model for model in vars(models).values() if isinstance(model, type) and issubclass(model, models._Told)]
    assert len(told) > 20
    assert [model.__name__ for model in told if model.model_config.get("extra") == "allow"] == []
    fact = {"kind": "warmth", "sentence": "Thank you for watching.", "source": None, "households": 7}
    assert "households" not in models.FactTold.model_validate(fact).model_dump()


def test_what_may_be_said_of_a_title_is_told_as_the_command_line_tells_it(desk, monkeypatch):
    told = {
        "title": "A", "known": True, "hint": "", "window": "March 2026", "fingerprint": "f" * 64, "purpose": "press",
        "facts": [{"kind": "rank", "sentence": "A is among the ten.", "source": "sessions"}],
    }  # fmt: skip
    app = desk.app()
    monkeypatch.setattr(desk.offices[-1], "suggest", lambda title: told | {"viewers": ["v-7"]})
    _, token = desk.ledger.add_client("tool", Role.COMMUNICATIONS)
    said = desk.visitor(app=app).get("/api/v1/suggest?title=A", headers={"Authorization": f"Bearer {token}"})
    assert said.json() == told


def test_checking_keeps_nothing(api, desk):
    before = desk.ledger.audit.anchor()
    program = api(Role.COMMUNICATIONS)
    made = desk.ledger.audit.anchor()
    program("POST", "/check", json={"text": TWEET})
    assert desk.ledger.audit.anchor() == made != before


def test_a_submitted_draft_waits_for_a_person_and_no_program_answers(api, desk):
    program = api(Role.REVIEWER)
    said = program("POST", "/drafts", json={"text": "The finale is out now.", "purpose": "press"})
    assert said.status_code == 201
    number = said.json()["number"]
    assert f"draft {number}" in [one["item"] for one in program("GET", "/queue").json()["waiting"]]
    for path in (f"/drafts/{number}/answers", f"/drafts/{number}", "/patterns/P01/decisions", "/patterns/P01"):
        assert program("POST", path, json={"answer": "approved"}).status_code in (404, 405)
    assert desk.ledger.draft(number).status.value == "waiting"


def test_a_blocked_draft_is_not_kept_for_no_reviewer_could_open_it(api, desk):
    before = len(desk.ledger.drafts())
    said = api(Role.COMMUNICATIONS)("POST", "/drafts", json={"text": TWEET})
    assert said.status_code == 422
    assert "one-title-over-days" in said.json()["detail"]
    assert len(desk.ledger.drafts()) == before


def test_a_program_sees_its_own_drafts_and_a_reviewing_one_sees_all(api):
    own = api(Role.COMMUNICATIONS)("POST", "/drafts", json={"text": "Out now."}).json()["number"]
    assert [one["number"] for one in api(Role.COMMUNICATIONS)("GET", "/drafts").json()["drafts"]] == [own]
    assert len(api(Role.REVIEWER)("GET", "/drafts").json()["drafts"]) > 1
    assert api(Role.COMMUNICATIONS)("GET", "/drafts/1").status_code == 404


def test_a_release_is_asked_for_and_answered_at_the_desk(api, desk):
    program = api(Role.RESEARCHER)
    number = program("POST", "/release-requests", json=ASKED).json()["number"]
    desk.ledger.answer_request(number, "Ana", RequestStatus.APPROVED, "Countries are large enough.", 0)
    told = program("GET", f"/release-requests/{number}").json()
    assert (told["status"], told["answers"][0]["who"]) == ("approved", "Ana")


def test_a_program_sees_its_own_requests_and_a_reviewing_one_sees_all(api):
    own = api(Role.RESEARCHER)("POST", "/release-requests", json=ASKED).json()["number"]
    other = api(Role.COMMUNICATIONS)
    assert other("GET", "/release-requests").json()["requests"] == []
    assert other("GET", f"/release-requests/{own}").status_code == 404
    seen = api(Role.REVIEWER)("GET", "/release-requests").json()["requests"]
    assert own in [one["number"] for one in seen]


def test_a_release_is_asked_for_a_purpose_of_the_rulebook(api):
    said = api(Role.RESEARCHER)("POST", "/release-requests", json={**ASKED, "purpose": "gossip"})
    assert (said.status_code, said.json()["detail"].split(":")[0]) == (422, "purpose")
    assert get_args(models.Purpose) == tuple(purpose.value for purpose in Purpose)


def test_no_answer_holds_a_count_of_households_below_the_floor(api):
    told = api(Role.RESEARCHER)("GET", "/patterns").json()["patterns"]
    assert told
    assert all("to" in one["households"] or "or more" in one["households"] for one in told)


@pytest.mark.parametrize("role", [None, Role.COMMUNICATIONS, Role.RESEARCHER, Role.REVIEWER])
def test_every_operation_is_for_its_roles_alone(api, role):
    program = api(role)
    for one in OPERATIONS:
        path = one.door.href(**dict.fromkeys(one.door.parameters, "1")).removeprefix("/api/v1")
        status = program(one.door.method, path, **({"json": {}} if one.body else {})).status_code
        allowed = role is not None and role in one.door.roles
        assert (status in (401, 403)) != allowed, (one.door.name, status)


def test_a_cookie_opens_no_door_of_the_api(desk):
    visitor = desk.visitor("Ana")
    assert visitor.get("/queue").status_code == 200
    assert visitor.get("/api/v1/queue").status_code == 401


def test_an_ended_client_is_a_stranger(api, desk):
    program = api(Role.REVIEWER)
    assert program("GET", "/health").json()["status"] == "ok"
    desk.ledger.end_client(desk.ledger.clients()[-1].number)
    assert program("GET", "/health").status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"text": 53}', 422),
        (b'{"text": ""}', 422),
        (b'{"text": "a", "role": "administrator"}', 422),
    ],
)
def test_a_body_that_cannot_be_read_is_said_and_what_to_send(api, body, status):
    said = api(Role.COMMUNICATIONS)("POST", "/check", content=body)
    assert said.status_code == status
    assert said.headers["content-type"] == "application/problem+json"
    assert {"title", "detail", "remedy", "status", "type"} == set(said.json())


@pytest.mark.parametrize("path", ["/audit?limt=5", "/queue?page=2", "/audit?limit=1001", "/audit?after=-1"])
def test_a_parameter_that_means_nothing_is_said(api, path):
    said = api(Role.REVIEWER)("GET", path)
    assert said.status_code == 422
    assert said.json()["remedy"].startswith("Send ")


@pytest.mark.parametrize(("path", "name"), [("/drafts", "drafts"), ("/release-requests", "requests")])
def test_lists_are_read_in_pages(api, path, name):
    program = api(Role.REVIEWER)
    numbers = [one["number"] for one in program("GET", path).json()[name]]
    assert len(numbers) > 1
    assert [one["number"] for one in program("GET", f"{path}?limit=1").json()[name]] == numbers[:1]
    assert [one["number"] for one in program("GET", f"{path}?after={numbers[0]}").json()[name]] == numbers[1:]


def test_the_audit_trail_is_read_in_pages(api, desk):
    program = api(Role.REVIEWER)
    pages, after = [], 0
    while events := program("GET", f"/audit?after={after}&limit=40").json()["events"]:
        pages.append(len(events))
        after = events[-1]["number"]
    assert (sum(pages), max(pages)) == (desk.ledger.audit.anchor().entries, 40)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/patterns/P01/decisions", 404), ("POST", "/drafts/1/answers", 404), ("POST", "/queue", 405)],
)
def test_an_address_that_is_none_says_where_all_are_listed_and_who_decides(api, method, path, status):
    said = api(Role.REVIEWER)(method, path)
    assert said.status_code == status
    assert "openapi.json" in said.json()["remedy"]
    assert "decisions are for people" in said.json()["remedy"]
    assert ("GET" in said.headers.get("allow", "")) == (status == 405)


def test_a_program_that_asks_too_often_waits(api):
    program = api(Role.REVIEWER)
    answers = [program("GET", "/health") for _ in range(601)]
    assert answers[599].status_code == 200
    assert answers[600].status_code == 429
    assert int(answers[600].headers["retry-after"]) > 0


def test_the_document_tells_of_every_operation(api):
    told = api(Role.RESEARCHER)("GET", "/openapi.json").json()
    assert told == json.loads(json.dumps(document(OPERATIONS)))
    described = {(path, method.upper()) for path, methods in told["paths"].items() for method in methods}
    assert described == {(one.door.path, one.door.method) for one in OPERATIONS}


def test_the_document_tells_of_every_refusal_that_the_desk_knows():
    known = {str(one.status) for one in vars(problems).values() if isinstance(one, problems.Problem)}
    elsewhere = {str(problems.NO_METHOD.status)}  # of an address that is no operation
    for methods in document(OPERATIONS)["paths"].values():
        for told in methods.values():
            assert known - elsewhere <= set(told["responses"])
