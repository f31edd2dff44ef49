"""Who may open what: the table below is written by hand, and the doors have to match it line by line."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from analyzer.desk.all_doors import ALL
from analyzer.desk.doors import Door
from analyzer.desk.problems import FORBIDDEN
from analyzer.ledger.people import Role

# c communications, r researcher, v reviewer, a administrator.
# A new door needs a line here, and somebody who thought about it.
TABLE = """
GET  /                                  c r v a
GET  /sign-in                           c r v a
POST /sign-in                           c r v a
POST /sign-out                          c r v a
GET  /queue                             . . v .
GET  /patterns                          . r v .
GET  /patterns/{pattern}                . r v .
POST /patterns/{pattern}/decisions      . . v .
POST /patterns/{pattern}/notes          . . v .
GET  /check                             c . v .
POST /check                             c . v .
POST /drafts                            c . v .
GET  /drafts                            c . v .
GET  /drafts/{number}                   c . v .
POST /drafts/{number}/answers           c . v .
GET  /suggest                           c . v .
GET  /releases                          c r v .
GET  /releases/{number}                 c r v .
GET  /requests                          c r v .
GET  /requests/new                      c r v .
POST /requests                          c r v .
GET  /requests/{number}                 c r v .
POST /requests/{number}/answers         c r v .
GET  /rulebook                          . r v .
GET  /rulebook/changes                  . r v .
GET  /audit                             . . v a
GET  /audit/verify                      . . v a
GET  /retention                         . . . a
GET  /people                            . . . a
POST /people                            . . . a
GET  /people/{name}                     . . . a
POST /people/{name}/role                . . . a
POST /people/{name}/disable             . . . a
POST /people/{name}/enable              . . . a
POST /people/{name}/sign-ins            . . . a
POST /people/{name}/password            . . . a
GET  /clients                           . . . a
POST /clients                           . . . a
POST /clients/{number}/end              . . . a
GET  /password                          c r v a
POST /password                          c r v a
GET  /help                              c r v a
"""
API_TABLE = """
GET  /api/v1/health                     c r v .
GET  /api/v1/openapi.json               c r v .
POST /api/v1/check                      c . v .
GET  /api/v1/suggest                    c . v .
GET  /api/v1/patterns                   . r v .
GET  /api/v1/patterns/{pattern}         . r v .
POST /api/v1/drafts                     c . v .
GET  /api/v1/drafts                     c . v .
GET  /api/v1/drafts/{number}            c . v .
GET  /api/v1/releases                   c r v .
GET  /api/v1/releases/{number}          c r v .
POST /api/v1/release-requests           c r v .
GET  /api/v1/release-requests           c r v .
GET  /api/v1/release-requests/{number}  c r v .
GET  /api/v1/queue                      . . v .
GET  /api/v1/rulebook                   . r v .
GET  /api/v1/audit                      . . v .
"""
LETTERS = dict(zip("crva", Role, strict=True))
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
OPEN = {"/sign-in", "/sign-out"}  # where nobody has to have signed in
API = "/api/"


def told_by(table: str) -> dict[tuple[str, str], frozenset[Role]]:
    """Return the roles of each line."""
    lines = [line.split() for line in table.strip().splitlines()]
    return {(method, path): frozenset(LETTERS[c] for c in who if c != ".") for method, path, *who in lines}


EXPECTED = told_by(TABLE)
FOR_PROGRAMS = told_by(API_TABLE)
PATHS = sorted({path for _, path in EXPECTED})


def at(path: str) -> str:
    """Return an address at which nothing can happen: nobody and nothing is called so."""
    return path.replace("{pattern}", "P99").replace("{number}", "999").replace("{name}", "nobody")


def test_the_doors_are_exactly_those_of_the_table():
    assert {(door.method, door.path): door.roles for door in ALL} == EXPECTED | FOR_PROGRAMS


def test_a_door_without_roles_cannot_be_made():
    with pytest.raises(TypeError):
        Door("new", "GET", "/new", handler=lambda ask: None)


@pytest.mark.parametrize("role", [*Role, None], ids=lambda role: role.value if role else "nobody")
def test_every_role_at_every_door_with_every_method(role, signed_in, desk):
    visitor = signed_in(role) if role else desk.visitor()
    before = desk.ledger.audit.anchor()
    for path in [path for path in PATHS if path not in OPEN]:
        for method in METHODS:
            answer = ask(visitor, method, at(path))
            told = f"{method} {path}: {answer.status_code}"
            roles = EXPECTED.get(("GET" if method == "HEAD" else method, path))
            if roles is None:
                assert answer.status_code == 405, told
            elif role is None:
                assert (answer.status_code, answer.headers.get("location")) == (303, "/sign-in"), told
            elif role not in roles:
                assert answer.status_code == 403, told
                assert method == "HEAD" or FORBIDDEN.title in answer.text, told
            else:
                assert answer.status_code in (200, 303, 404, 422), told
    assert desk.ledger.audit.anchor() == before


def ask(visitor, method, path):
    return visitor.post_form(path) if method == "POST" else visitor.request(method, path)


@pytest.mark.parametrize("role", [*Role, None], ids=lambda role: role.value if role else "nobody")
def test_what_is_no_door_is_not_there_for_anybody(role, signed_in, desk):
    visitor = signed_in(role) if role else desk.visitor()
    for path in ("/admin", "/queue/", "/people/Ana/delete", "/docs", "/openapi.json", "/static/", "/.env", "/QUEUE"):
        for method in ("GET", "POST"):
            assert ask(visitor, method, path).status_code in (404, 405), path


@pytest.mark.parametrize("role", Role)
def test_nobody_is_shown_a_way_to_a_page_that_is_closed_to_them(role, signed_in):
    links: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag, attrs):
            links.extend(value for name, value in attrs if (tag, name) == ("a", "href") and value.startswith("/"))

    visitor = signed_in(role)
    first = visitor.get("/").headers["location"]
    Links().feed(visitor.get(first).text)
    assert len(links) >= 4
    assert {visitor.get(link).status_code for link in links} <= {200, 303}


def test_the_api_wants_a_token_and_reads_no_cookie(signed_in):
    for role in Role:
        visitor = signed_in(role)
        for method, path in FOR_PROGRAMS:
            for headers in ({}, {"Authorization": f"Bearer {visitor.token}"}, {"Authorization": "Bearer "}):
                answer = visitor.request(method, at(path), headers=headers)
                assert answer.status_code == 401, path
                assert answer.headers["www-authenticate"] == "Bearer"
                assert "set-cookie" not in answer.headers


def test_a_client_opens_the_doors_of_its_role_and_no_page(desk):
    visitor = desk.visitor()
    for role in [role for role in Role if role is not Role.ADMINISTRATOR]:
        _, token = desk.ledger.add_client(f"the {role.value} tool", role)
        headers = {"Authorization": f"Bearer {token}"}
        for path in [path for path in PATHS if path not in OPEN]:
            answer = visitor.get(at(path), headers=headers)
            assert answer.status_code == 405 or answer.headers["location"] == "/sign-in", path
        for method in METHODS:
            for path in {path for _, path in FOR_PROGRAMS}:
                answer = visitor.request(method, at(path), headers=headers)
                roles = FOR_PROGRAMS.get(("GET" if method == "HEAD" else method, path))
                told = f"{method} {path}: {answer.status_code}"
                if roles is None:
                    assert answer.status_code == 405, told
                elif role in roles:
                    assert answer.status_code in (200, 400, 404, 422), told
                else:
                    assert answer.status_code == 403, told


def test_an_ended_client_opens_nothing(desk):
    client, token = desk.ledger.add_client("an old tool", Role.REVIEWER)
    desk.ledger.end_client(client.number)
    assert desk.ledger.client(token) is None


def test_another_role_holds_at_once(desk, signed_in):
    ana, eva = signed_in(Role.REVIEWER), signed_in(Role.ADMINISTRATOR)
    assert ana.get("/queue").status_code == 200
    assert eva.post_form("/people/Ana/role", role="researcher").status_code == 303
    assert ana.get("/queue").headers["location"] == "/sign-in"
    again = desk.visitor("Ana", desk.app())
    assert again.get("/queue").status_code == 403
    assert again.get("/patterns").status_code == 200


def test_a_writer_sees_their_own_drafts_and_answers_none_but_to_take_it_back(desk, signed_in):
    cleo, carl = signed_in(Role.COMMUNICATIONS), desk.visitor("Carl", desk.app())
    assert carl.get("/drafts/2").status_code == 404
    assert carl.post_form("/drafts/2/answers", answer="rejected", seen="0").status_code == 404
    assert cleo.get("/drafts/2").status_code == 200
    tried = cleo.post_form("/drafts/2/answers", answer="approved", reason="It looks good to me.", seen="0")
    assert tried.status_code == 422
    assert desk.ledger.draft(2).status.value == "waiting"
    back = cleo.post_form("/drafts/2/answers", answer="rejected", reason="We say it differently now.", seen="0")
    assert back.status_code == 303
    assert desk.ledger.draft(2).status.value == "rejected"


def test_nobody_but_a_reviewer_sees_what_others_wrote_or_asked_for(desk, signed_in):
    words = {"text": "Most viewers finish the first season within a week.", "purpose": "zq7 of Cleo"}
    asked = {"by": "country", "measure": "households", "purpose": "press", "source": "sessions", "window": "March 2026"}
    cleo = signed_in(Role.COMMUNICATIONS)
    draft = cleo.post_form("/drafts", **words).headers["location"].split("?")[0]
    request = cleo.post_form("/requests", **asked, why="A newspaper asks zq7.").headers["location"].split("?")[0]
    others = [(desk.visitor("Carl", desk.app()), (draft, request)), (signed_in(Role.RESEARCHER), (request,))]
    for visitor, places in others:
        for place in places:
            listed = visitor.get(place.rpartition("/")[0]).text
            assert "zq7" not in listed
            assert f'"{place}"' not in listed
            assert visitor.get(place).status_code == 404
            for said in ("approved", "rejected"):
                answer = visitor.post_form(f"{place}/answers", answer=said, reason="It looks good to us.", seen="0")
                assert (answer.status_code, "zq7" in answer.text) == (404, False)
    for visitor in (cleo, signed_in(Role.REVIEWER)):
        for place in (draft, request):
            assert f'"{place}"' in visitor.get(place.rpartition("/")[0]).text
            assert visitor.get(place).status_code == 200
    own = cleo.post_form(f"{request}/answers", answer="approved", reason="It looks good to me.", seen="0")
    assert own.status_code == 422
    assert desk.ledger.request(int(request.split("/")[2])).status.value == "waiting"


def test_a_reviewer_answers_no_draft_of_their_own(desk, signed_in):
    ana = signed_in(Role.REVIEWER)
    sent = ana.post_form("/drafts", text="Most viewers finish the first season within a week.", purpose="press")
    number = int(sent.headers["location"].split("/")[2].split("?")[0])
    assert ana.post_form(f"/drafts/{number}/answers", answer="approved", seen="0").status_code == 422
    assert desk.ledger.draft(number).status.value == "waiting"


def test_the_last_administrator_stays(desk, signed_in):
    eva = signed_in(Role.ADMINISTRATOR)
    assert eva.post_form("/people/Eva/disable").status_code == 422
    assert eva.post_form("/people/Eva/role", role="reviewer").status_code == 422
    assert desk.ledger.account("Eva").role is Role.ADMINISTRATOR
