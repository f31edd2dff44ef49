"""Whatever is sent: paths, SQL, too much at once, another host; what answers carry, and what logs never hold."""

from __future__ import annotations

import logging
import time
from urllib.parse import quote

import pytest

from analyzer.desk.all_doors import ALL
from analyzer.desk.forgery import form_token
from analyzer.desk.headers import ALWAYS
from analyzer.desk.settings import DeskSettings
from analyzer.errors import InputError
from analyzer.ledger.people import Role
from analyzer.workflow.office import Office

PASSWORD = "a quiet evening with one film"
NAMES = ("Ana", "Cleo", "Dina", "Eva", None)
PAGES = [door for door in ALL if not door.for_programs]
FIELDS = (
    *("decision", "reason", "seen", "ends_day", "ends_month", "ends_year", "about", "note", "text", "purpose"),
    *("answer", "name", "role", "password", "again", "by", "measure", "source", "window", "why"),
)
QUERIES = ("page", "mark", "done", "hash", "before", "after", "title", "anchor")
PATHS = (
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "....//....//etc/passwd",
    "..%5c..%5cwindows%5cwin.ini",
    "%2fetc%2fpasswd",
    "..%252f..%252fetc%252fpasswd",
    "P01%00.json",
    "~root",
    "ledger.sqlite.key",
)
SQL = (
    "' OR '1'='1",
    "1; DROP TABLE accounts; --",
    '"; DELETE FROM audit; --',
    "' UNION SELECT password FROM accounts --",
    "1) OR 1=1 --",
    "P01' AND (SELECT COUNT(*) FROM sign_ins) > 0 --",
    "%' OR name LIKE '%",
    "\x00",
    "９９９",
    "-1",
    "1e9",
    "9" * 400,
    "\ud7ff\U0010ffff\u202e",
)


# ---- paths


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out_of_the_desk(desk, path):
    app, key = desk.app(), desk.ledger.key.hex()
    for visitor in [desk.visitor(name, app) for name in NAMES]:
        for door in PAGES:
            address = door.path
            for name in door.parameters:
                address = address.replace(f"{{{name}}}", path)
            if door.parameters and door.method == "GET":
                refused(visitor.get(address), address, key)
            elif door.parameters:
                refused(visitor.post_form(address), address, key)
        for address in (f"/static/{path}", f"/static/..%2f{path}", f"/{path}", f"/rulebook?hash={path}"):
            refused(visitor.get(address), address, key)


def refused(answer, address, key):
    assert answer.status_code in (303, 400, 403, 404, 405), f"{address}: {answer.status_code}"
    assert "root:" not in answer.text, address
    assert key not in answer.text, address


def test_static_files_are_those_of_the_folder(desk):
    visitor = desk.visitor()
    assert visitor.get("/static/desk.css").status_code == 200
    for path in ("", "desk.py", "../app.py", "%2e%2e/app.py", "..%2fapp.py", "../templates/layout.html.j2"):
        assert visitor.get(f"/static/{path}").status_code == 404, path


# ---- SQL


def doors_of(person):
    """Return the doors that somebody may open, for at the others nothing is read; None is nobody."""
    return [door for door in PAGES if (person.role in door.roles if person else door.path == "/sign-in")]


def everything_is_there(desk, accounts, entries):
    assert [account.name for account in desk.ledger.accounts()] == accounts
    assert desk.ledger.audit.anchor().entries == entries
    assert desk.ledger.audit.verify().good


@pytest.mark.parametrize("text", SQL, ids=range(len(SQL)))
def test_sql_in_every_part_of_an_address_is_a_text(desk, text):
    app = desk.app()
    accounts, entries = [account.name for account in desk.ledger.accounts()], desk.ledger.audit.anchor().entries
    visitors = [(desk.ledger.person(name) if name else None, desk.visitor(name, app)) for name in NAMES]
    entries += len(NAMES) - 1
    for person, visitor in visitors:
        for door in doors_of(person):
            path = door.href(**dict.fromkeys(door.parameters, text))
            if door.method == "POST":
                answer = visitor.post_form(path) if door.parameters else None
            else:
                answer = visitor.get(f"{path}?{'&'.join(f'{name}={quote(text)}' for name in QUERIES)}")
            assert answer is None or answer.status_code in (200, 303, 403, 404, 422), (path, answer.status_code)
            assert answer is None or "argon2" not in answer.text
    everything_is_there(desk, accounts, entries)


@pytest.mark.parametrize("text", SQL, ids=range(len(SQL)))
def test_sql_in_every_field_is_a_text(desk, text):
    app = desk.app()
    places = {"pattern": "P03", "number": "2", "name": "Dina"}
    for name in NAMES[:-1]:
        visitor = desk.visitor(name, app)
        for door in [door for door in doors_of(desk.ledger.person(name)) if door.method == "POST"]:
            if "disable" in door.name or "sign" in door.name:
                continue  # they take no text, or end the walk
            answer = visitor.post_form(door.href(**places), **dict.fromkeys(FIELDS, text))
            assert answer.status_code in (200, 201, 303, 403, 404, 422), (door.path, answer.status_code)
            assert "argon2" not in answer.text
    assert {"Ana", "Ben", "Cleo", "Carl", "Dina", "Eva"} <= {account.name for account in desk.ledger.accounts()}
    assert desk.ledger.account("Dina").role is Role.RESEARCHER
    assert desk.ledger.audit.verify().good


@pytest.mark.parametrize("text", SQL[:7])
def test_nobody_signs_in_by_sql(desk, text):
    app = desk.app()
    for name, password in ((text, text), ("Ana", text), (f"Ana{text}", PASSWORD)):
        assert desk.visitor(app=app).sign_in(name, password).status_code == 422
    for token in (text, quote(text)):
        visitor = desk.visitor(app=app)
        answer = visitor.get("/queue", headers={"Cookie": f"desk={token}"})
        assert answer.headers["location"] == "/sign-in"


# ---- too much


def test_ten_megabytes_are_refused_and_kept_nowhere(desk):
    cleo = desk.visitor("Cleo")
    began = time.perf_counter()
    answer = cleo.post_form("/check", text="x" * 10_000_000)
    assert answer.status_code == 413
    assert "20,000 characters" in answer.text
    assert answer.headers["connection"] == "close"
    assert time.perf_counter() - began < 2


def test_ten_megabytes_that_do_not_say_how_long_they_are_are_refused_on_the_way(desk):
    cleo = desk.visitor("Cleo")

    def pieces():
        yield from [b"x" * 65_536] * 160

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert cleo.post("/check", content=pieces(), headers=headers).status_code == 413


@pytest.mark.parametrize("told", ["-1", "1e3", "٣", "", "9" * 5_000, "16000001"])
def test_a_length_that_is_none_is_refused(desk, told):
    answer = desk.visitor("Cleo").post("/check", content=b"", headers={"Content-Length": told.encode()})
    assert answer.status_code == 413


def test_a_draft_that_is_too_long_is_told_so_and_kept_in_its_field(desk):
    answer = desk.visitor("Cleo").post_form("/check", text="Most viewers finish it. " * 900)
    assert answer.status_code == 422
    assert "Shorten it to 20,000 characters" in answer.text


def test_a_form_with_more_fields_than_any_of_ours_is_refused(desk):
    answer = desk.visitor("Cleo").post_form("/check", **{f"f{n}": "x" for n in range(5_000)})
    assert answer.status_code == 422


# ---- headers and hosts


def answers_of_all_kinds(desk):
    """Return answers by what they are."""
    app = desk.app()
    ana, nobody = desk.visitor("Ana", app), desk.visitor(app=app)
    return {
        "page": ana.get("/queue"),
        "moved": nobody.get("/queue"),
        "sign in": nobody.get("/sign-in"),
        "wrong": nobody.post("/sign-in", data={"name": "x"}),
        "closed": ana.get("/people"),
        "missing": ana.get("/nothing"),
        "no method": ana.delete("/queue"),
        "too large": ana.post_form("/check", text="x" * 1_100_000),
        "not so": ana.post_form("/check", text=""),
        "other host": ana.get("/queue", headers={"Host": "evil.example"}),
        "static": ana.get("/static/desk.css"),
        "no static": ana.get("/static/nothing.css"),
        "api": nobody.get("/api/v1/nothing"),
        "head": ana.head("/queue"),
    }


def test_every_answer_carries_every_header(desk):
    for kind, answer in answers_of_all_kinds(desk).items():
        for name, value in ALWAYS.items():
            assert answer.headers.get(name) == value, f"{kind}: {name}"
        kept = "no-cache" if "static" in kind else "no-store"
        assert answer.headers["cache-control"] == kept, kind
        assert "strict-transport-security" not in answer.headers
        assert "server" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers


def test_the_policy_lets_nothing_in_but_our_own_files(desk):
    told = desk.visitor().get("/sign-in").headers["content-security-policy"]
    policy = dict(part.strip().split(" ", 1) for part in told.split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "script-src": "'self'",
        "img-src": "'self' data:",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "", "127.0.0.1.evil.example", "testserver@e"]
)
def test_another_host_is_refused(desk, host):
    assert desk.visitor("Ana").get("/queue", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["testserver", "TestServer:8717", "127.0.0.1:8717", "localhost", "[::1]:8717"])
def test_our_own_names_are_taken(desk, host):
    assert desk.visitor("Ana").get("/help", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "name", ["*", "*.example.org", "", "a b", "http://desk.example.org", "desk.example.org/x", "a\nb"]
)
def test_what_is_no_host_is_no_name_of_the_desk(name):
    with pytest.raises(InputError):
        DeskSettings(names=(name,))


@pytest.mark.parametrize(
    ("host", "own"),
    [("Desk.Example.org", "desk.example.org"), ("FE80::1", "[fe80::1]"), ("[fe80::1]", "[fe80::1]"), ("10.1.2.3",) * 2],
)
def test_where_the_desk_listens_it_is_asked_for_by_that_name(host, own):
    settings = DeskSettings(host=host)
    assert own in settings.hosts
    assert f"//{own}:8717/" in settings.url


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "[::]"])
def test_everywhere_is_no_name(host):
    assert DeskSettings(host=host).hosts == DeskSettings().hosts


def test_the_desk_listens_on_this_machine_unless_told_otherwise():
    assert DeskSettings().host == "127.0.0.1"
    assert not DeskSettings().in_the_clear
    assert DeskSettings(host="0.0.0.0").in_the_clear
    assert not DeskSettings(host="0.0.0.0", https=True).in_the_clear


# ---- logs and errors


def test_no_secret_is_in_a_log(desk, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    app = desk.app()
    visitor, eva = desk.visitor(app=app), desk.visitor("Eva", app)
    visitor.sign_in("Ana", "not her password at all")
    visitor.sign_in("Ana")
    new = "another evening with two films"
    eva.post_form("/people/Dina/password", password=new, again=new)
    made = eva.post_form("/clients", name="publishing tool", role="communications")
    token = made.text.split('class="once">')[1].split("<")[0]
    assert desk.ledger.client(token)
    draft = "zq7 is what nobody should read in a log"
    monkeypatch.setattr(Office, "check", broken)
    answer = visitor.post_form("/check", text=draft)
    assert answer.status_code == 500
    assert "POST check_draft failed: RuntimeError" in caplog.text
    tokens = (token, visitor.token, eva.token, form_token(visitor.token), form_token(eva.token))
    secrets = (PASSWORD, new, "not her password", *tokens, desk.ledger.key.hex(), draft, "zq7", "argon2id")
    assert [secret for secret in secrets if secret in caplog.text] == []


def broken(self, text):
    raise RuntimeError(text)


def test_what_goes_wrong_is_told_without_a_word_of_its_own(desk, monkeypatch):
    monkeypatch.setattr(Office, "check", broken)
    answer = desk.visitor("Cleo").post_form("/check", text="zq7 is a secret")
    assert answer.status_code == 500
    for word in ("zq7", "RuntimeError", "Traceback", "office.py"):
        assert word not in answer.text
    assert "Something went wrong here" in answer.text


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (RuntimeError("zq7"), 500, "Something went wrong here"),
        (InputError("The ledger cannot keep a value.", "Give other texts."), 422, "cannot keep a value"),
    ],
)
def test_what_goes_wrong_at_any_door_has_its_page(desk, monkeypatch, error, status, said):
    def fails(self, *told):
        raise error

    app = desk.app()
    visitors = {name: desk.visitor(name, app) for name in NAMES}
    places = {"pattern": "P03", "number": "2", "name": "Dina"}
    for name in ("pattern", "draft", "release", "request", "account", "end_client"):
        monkeypatch.setattr(f"analyzer.ledger.store.Ledger.{name}", fails)
    for door in [door for door in PAGES if door.parameters]:
        visitor = next(visitors[name] for name in NAMES if desk.ledger.person(name or "Ana").role in door.roles)
        path = door.href(**{name: places[name] for name in door.parameters})
        for address in (path, f"{path}?done=approved"):
            answer = visitor.post_form(address) if door.method == "POST" else visitor.get(address)
            if status == 500:
                assert (answer.status_code, said in answer.text) == (500, True), address
            assert answer.status_code in (status, 404), address
            assert "zq7" not in answer.text


def test_a_ledger_that_cannot_be_used_is_told_without_its_address(desk, monkeypatch):
    from analyzer.ledger.records import LedgerError

    def gone(self, *told):
        raise LedgerError("The ledger postgresql://ana:geheim@db/x cannot be used: zq7.", "Look at /srv/zq7.")

    app = desk.app()
    ana = desk.visitor("Ana", app)
    monkeypatch.setattr("analyzer.ledger.store.Ledger.signed_in", gone)
    answer = ana.get("/queue")
    assert answer.status_code == 503
    assert "zq7" not in answer.text
    assert "geheim" not in answer.text


def test_no_page_shows_a_hash_of_a_password_or_of_a_token(desk):
    app = desk.app()
    eva = desk.visitor("Eva", app)
    desk.ledger.add_client("publishing tool", Role.COMMUNICATIONS)
    for path in ("/people", "/people/Ana", "/clients", "/audit", "/retention"):
        text = eva.get(path).text
        assert "argon2" not in text
        assert "$" not in text
    assert "once" not in eva.get("/clients").text  # a token is shown where it is made, and never again
