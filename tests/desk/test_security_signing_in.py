"""Signing in: the cookie, how long it holds, how often one may try, and whom a header is believed."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from threading import Event, Thread

import pytest
import uvicorn

from analyzer.desk.forgery import form_token
from analyzer.desk.limits import Attempts, neighbourhood
from analyzer.desk.settings import DeskSettings
from analyzer.errors import InputError
from analyzer.ledger import sign_ins
from analyzer.ledger.people import Role

PASSWORD = "a quiet evening with one film"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def looked_at(monkeypatch):
    """Return a list of the passwords that were looked at; none of them is right, and none takes time."""
    seen: list[str] = []
    monkeypatch.setattr(sign_ins, "fits", lambda password, kept: seen.append(password))
    return seen


def test_the_right_password_opens_the_desk_and_a_wrong_one_says_nothing_of_the_name(desk):
    app = desk.app()
    right = desk.visitor(app=app)
    assert right.sign_in("Ana").headers["location"] == "/"
    assert right.get("/queue").status_code == 200
    wrong, unknown = desk.visitor(app=app), desk.visitor(app=app)
    answers = [wrong.sign_in("Ana", "not her password at all"), unknown.sign_in("Zoe", "not her password at all")]
    texts = [answer.text.replace("Ana", "NAME").replace("Zoe", "NAME") for answer in answers]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert without_token(texts[0], wrong) == without_token(texts[1], unknown)
    assert "not her password" not in "".join(texts)


def without_token(text, visitor):
    return text.replace(form_token(visitor.token), "")


def test_an_unknown_name_costs_as_much_as_a_known_one(desk):
    took = {"Ana": [], "nobody at all": []}
    desk.ledger.known("nobody at all", "x" * 20)  # the first time makes the hash that is compared with
    for _ in range(5):
        for name, times in took.items():
            began = time.perf_counter()
            desk.ledger.known(name, "not her password at all")
            times.append(time.perf_counter() - began)
    known, unknown = (min(times) for times in took.values())
    assert unknown > 0.5 * known


def test_the_cookie_is_for_this_host_and_no_script(desk):
    visitor = desk.visitor()
    told = visitor.get("/sign-in").headers.get_list("set-cookie")
    visitor.token = visitor.cookies["desk"]
    told += visitor.post_form("/sign-in", name="Ana", password=PASSWORD).headers.get_list("set-cookie")
    assert len(told) == 2
    for line in told:
        flags = {part.strip().casefold().split("=")[0] for part in line.split(";")[1:]}
        assert {"httponly", "samesite", "path", "max-age"} <= flags
        assert "domain" not in flags


def test_over_https_the_cookie_goes_over_nothing_else(desk):
    visitor = desk.visitor(app=desk.app(https=True))
    line = visitor.get("/sign-in").headers["set-cookie"]
    assert line.startswith("__Host-desk=")
    assert "; secure" in line.casefold()
    assert "; path=/;" in line.casefold()
    assert "strict-transport-security" in visitor.get("/sign-in").headers


def test_a_token_from_before_signing_in_is_worth_nothing_afterwards(desk):
    app = desk.app()
    victim, thief = desk.visitor(app=app), desk.visitor(app=app)
    victim.cookies.set("desk", "planted-by-somebody-else", domain="testserver.local")
    victim.get("/sign-in")
    victim.token = "planted-by-somebody-else"
    signed = victim.post_form("/sign-in", name="Ana", password=PASSWORD)
    assert signed.status_code == 303
    assert "planted" not in signed.headers["set-cookie"]
    thief.cookies.set("desk", "planted-by-somebody-else", domain="testserver.local")
    assert thief.get("/queue").headers["location"] == "/sign-in"


def test_every_sign_in_has_a_token_of_its_own_and_the_database_none(desk):
    person = desk.ledger.person("Ana")
    tokens = {desk.ledger.sign_in(person) for _ in range(5)}
    assert len(tokens) == 5
    kept = b"".join(path.read_bytes() for path in desk.ledger_folder.iterdir())
    assert not [token for token in tokens if token.encode() in kept]
    assert PASSWORD.encode() not in kept


def test_signing_out_ends_the_token_and_not_only_the_cookie(desk):
    app = desk.app()
    ana = desk.visitor("Ana", app)
    elsewhere = desk.visitor("Ana", app)
    token = ana.token
    out = ana.post_form("/sign-out")
    assert out.headers["location"] == "/sign-in?done=signed-out"
    ana.cookies.set("desk", token, domain="testserver.local")
    assert ana.get("/queue").headers["location"] == "/sign-in"
    assert elsewhere.get("/queue").status_code == 200


def test_nobody_is_signed_out_by_a_link_or_by_another_site(desk):
    ana = desk.visitor("Ana")
    assert ana.get("/sign-out").status_code == 405
    assert ana.post("/sign-out", data={"csrf": "x"}).status_code == 403
    assert ana.get("/queue").status_code == 200


@pytest.mark.parametrize(("minutes", "holds"), [(29, True), (31, False)])
def test_a_sign_in_that_is_not_used_for_half_an_hour_ends(desk, minutes, holds):
    visitor = desk.visitor()
    token = desk.ledger.sign_in(desk.ledger.person("Ana"), datetime.now(UTC) - minutes * MINUTE)
    visitor.cookies.set("desk", token, domain="testserver.local")
    assert (visitor.get("/queue").status_code == 200) is holds


@pytest.mark.parametrize(("minutes", "holds"), [(-1, True), (1, False)])
def test_a_sign_in_ends_after_twelve_hours_however_much_it_is_used(desk, minutes, holds):
    visitor, now = desk.visitor(), datetime.now(UTC)
    began = now - timedelta(hours=12) - minutes * MINUTE
    token = desk.ledger.sign_in(desk.ledger.person("Ana"), began)
    for used in range(20, 721, 20):
        desk.ledger.signed_in(token, began + min(used, 719) * MINUTE)
    visitor.cookies.set("desk", token, domain="testserver.local")
    assert (visitor.get("/queue").status_code == 200) is holds


def test_a_disabled_account_is_out_at_once(desk, signed_in):
    ana, eva = signed_in(Role.REVIEWER), signed_in(Role.ADMINISTRATOR)
    eva.post_form("/people/Ana/disable")
    assert ana.get("/queue").headers["location"] == "/sign-in"
    assert desk.visitor().sign_in("Ana").status_code == 422


def test_another_password_ends_every_sign_in(desk, signed_in):
    ana, eva = signed_in(Role.REVIEWER), signed_in(Role.ADMINISTRATOR)
    other = "another evening with two films"
    assert eva.post_form("/people/Ana/password", password=other, again=other).status_code == 303
    assert ana.get("/queue").headers["location"] == "/sign-in"
    assert desk.visitor().sign_in("Ana").status_code == 422
    assert desk.visitor().sign_in("Ana", other).status_code == 303


def test_of_a_thousand_tries_a_minute_five_are_looked_at_and_nobody_else_is_kept_out(desk, looked_at):
    app = desk.app()
    flood = desk.visitor(app=app)
    flood.get("/sign-in")
    flood.token = flood.cookies["desk"]
    began = time.perf_counter()
    answers = [flood.post_form("/sign-in", name="Ana", password=f"guess number {n}") for n in range(1_000)]
    took = time.perf_counter() - began
    codes = [answer.status_code for answer in answers]
    assert (codes[:5], set(codes[5:])) == ([422] * 5, {429})
    assert len(looked_at) == 5
    assert 0 < int(answers[-1].headers["retry-after"]) <= 300
    assert took < 60
    for name, address in (("Ben", "10.0.0.7"), ("Ana", "10.9.9.9")):
        assert desk.visitor(app=app, address=address).sign_in(name).status_code == 422  # looked at, and not sent away
    assert len(looked_at) == 7


def test_whoever_tries_many_names_is_sent_away_by_the_address(desk, looked_at):
    app = desk.app()
    flood = desk.visitor(app=app)
    codes = [flood.sign_in(f"name {n}", "one of the common passwords").status_code for n in range(130)]
    assert (codes.count(422), set(codes[100:])) == (100, {429})
    assert desk.visitor(app=app, address="10.9.9.9").sign_in("Ana").status_code == 422


def test_whoever_tries_from_many_addresses_is_sent_away_by_the_name(desk, looked_at):
    app = desk.app()
    codes = [
        desk.visitor(app=app, address=f"10.1.{n // 4}.1").sign_in("Ana", "a guess of many").status_code
        for n in range(80)
    ]
    assert codes.count(422) == len(looked_at) == 50
    assert desk.visitor(app=app, address="10.1.99.1").sign_in("Ben").status_code == 422


@pytest.mark.parametrize("letters", ["a" + "\u0316\u0301" * 240_000, "ﷺ" * 330_000], ids=["marks", "ligatures"])
def test_a_name_that_takes_minutes_to_compare_is_cut_before(desk, letters):
    visitor = desk.visitor()
    visitor.get("/sign-in")
    fields = f"csrf={form_token(visitor.cookies['desk'])}&password=x&name={letters}"
    assert 900_000 < len(fields.encode()) < 1_000_000
    began = time.process_time()
    answer = visitor.post(
        "/sign-in", content=fields.encode(), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 422
    assert time.process_time() - began < 2


def test_whoever_has_signed_in_works_on_while_many_try_to(desk, monkeypatch):
    gate, waiting = Event(), []
    monkeypatch.setattr(sign_ins, "fits", lambda password, kept: waiting.append(password) or (gate.wait(20) and False))
    server = uvicorn.Server(uvicorn.Config(desk.app(), log_level="warning", lifespan="off"))
    listens = socket.create_server(("127.0.0.1", 0))
    port = listens.getsockname()[1]
    Thread(target=server.run, kwargs={"sockets": [listens]}, daemon=True).start()
    token = desk.ledger.sign_in(desk.ledger.person("Ana"))
    tries = ThreadPoolExecutor(60)
    try:
        body = f"csrf={form_token('abc')}&password=x&name="
        sent = [tries.submit(asked, port, "POST", "/sign-in", "abc", f"{body}{n}") for n in range(60)]
        while not waiting or len([one for one in sent if one.running()]) < 60:
            time.sleep(0.01)
        time.sleep(0.2)
        began = time.perf_counter()
        assert asked(port, "GET", "/queue", token) == 200
        assert asked(port, "GET", "/sign-in", "abc") == 200
        assert time.perf_counter() - began < 5
        assert len(waiting) == 2
    finally:
        gate.set()
        assert {one.result() for one in sent} == {422}
        server.should_exit = True
        tries.shutdown()


def asked(port, method, path, cookie, body=None):
    """Return the status of an answer over a real connection."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Cookie": f"desk={cookie}", "Content-Type": "application/x-www-form-urlencoded"}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_many_tries_at_one_moment_are_many_tries(desk, monkeypatch):
    seen: list[str] = []
    wait_s = Attempts.wait_s

    def slowly(self, key):
        waited = wait_s(self, key)
        time.sleep(0.01)  # so that others ask meanwhile
        return waited

    monkeypatch.setattr(Attempts, "wait_s", slowly)
    monkeypatch.setattr(sign_ins, "fits", lambda password, kept: seen.append(password))
    app = desk.app()
    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(lambda n: desk.visitor(app=app).sign_in("Ana", f"guess {n}").status_code, range(32)))
    assert len(seen) == 5
    assert sorted(set(codes)) == [422, 429]


def test_after_the_wait_one_may_try_again(desk):
    app = desk.app(minutes=0.02)
    visitor = desk.visitor(app=app)
    codes = [visitor.sign_in("Ana", "not her password at all").status_code for _ in range(6)]
    assert codes == [422] * 5 + [429]
    time.sleep(1.3)
    assert visitor.sign_in("Ana").status_code == 303


def test_everybody_behind_one_proxy_may_sign_in_in_the_morning(desk, monkeypatch):
    monkeypatch.setattr(sign_ins, "fits", lambda password, kept: True)
    app = desk.app()
    names = ("Ana", "Ben", "Cleo", "Carl", "Dina", "Eva")
    codes = {desk.visitor(app=app).sign_in(names[n % 6]).status_code for n in range(150)}
    assert codes == {303}


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_a_customer_with_many_addresses_is_counted_once(address, counted_as):
    assert neighbourhood(address) == counted_as


def test_tries_are_forgotten_after_their_time():
    now = [0.0]
    attempts = Attempts(2, 60, lambda: now[0])
    attempts.count("a")
    now[0] = 30
    attempts.count("a")
    assert attempts.wait_s("a") == 30
    assert attempts.wait_s("b") == 0
    now[0] = 61
    assert attempts.wait_s("a") == 0
    attempts.count("a")
    attempts.give_back("a")
    assert attempts.wait_s("a") == 0


def test_the_memory_of_tries_has_an_end():
    attempts = Attempts(5, 60)
    for n in range(60_000):
        attempts.count(f"name {n}")
    assert len(attempts._counted) == 50_000


# ---- the header of a proxy


def test_without_the_setting_no_header_is_believed(desk):
    visitor = desk.visitor(address="127.0.0.1")
    for header in ("X-Remote-User", "Remote-User", "X-Forwarded-User", "X-Forwarded-For"):
        assert visitor.get("/queue", headers={header: "Ana"}).headers["location"] == "/sign-in"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "desk.example.org", "127.0.0.1.example.org", ""])
def test_a_header_is_believed_on_loopback_only(host):
    with pytest.raises(InputError) as raised:
        DeskSettings(host=host, trusted_header="X-Remote-User")
    assert "127.0.0.1" in raised.value.remedy


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "localhost", "127.8.8.8"])
def test_loopback_has_several_names(host):
    assert DeskSettings(host=host, trusted_header="X-Remote-User").trusted_header


@pytest.mark.parametrize("header", ["", "X Remote", "X-Remote\r\nX", "x:y", "9"])
def test_what_is_no_header_is_refused(header):
    with pytest.raises(InputError):
        DeskSettings(trusted_header=header)


@pytest.fixture
def behind(desk):
    """Return a builder of visitors that come through a proxy on this machine."""
    app = desk.app(trusted_header="X-Remote-User")
    return lambda address="127.0.0.1": desk.visitor(app=app, address=address)


def test_the_header_names_an_account(behind):
    assert behind().get("/queue", headers={"X-Remote-User": "Ana"}).status_code == 200
    assert behind().get("/queue", headers={"X-Remote-User": "Dina"}).status_code == 403


@pytest.mark.parametrize("name", ["nobody", "", "ana", "Ana ", "Ana, Eva", "' OR 1=1 --"])
def test_another_name_is_nobody(behind, name):
    headers = {"X-Remote-User": name}
    assert behind().get("/queue", headers=headers).headers["location"] == "/sign-in"
    told = behind().get("/sign-in", headers=headers)
    assert told.status_code == 403
    assert "account" in told.text


def test_a_name_beside_that_of_the_proxy_is_nobody(behind):
    for names in (["Ana", "Eva"], ["Eva", "Ana"], ["Ana", "Ana"]):
        headers = [("X-Remote-User", name) for name in names]
        assert behind().get("/queue", headers=headers).headers["location"] == "/sign-in"


@pytest.mark.parametrize("address", ["10.0.0.7", "192.168.1.5", "2001:db8::1", ""])
def test_whoever_comes_past_the_proxy_is_nobody(behind, address):
    assert behind(address).get("/queue", headers={"X-Remote-User": "Ana"}).headers["location"] == "/sign-in"


def test_a_disabled_account_is_not_believed(desk, behind):
    desk.ledger.disable("Ana")
    assert behind().get("/queue", headers={"X-Remote-User": "Ana"}).headers["location"] == "/sign-in"


def test_behind_a_sign_on_passwords_and_cookies_are_worth_nothing(desk, behind, looked_at):
    token = desk.ledger.sign_in(desk.ledger.person("Ana"))
    visitor = behind()
    visitor.cookies.set("desk", token, domain="testserver.local")
    assert visitor.get("/queue").headers["location"] == "/sign-in"
    visitor.token = token
    assert visitor.post_form("/sign-in", name="Ana", password=PASSWORD).status_code == 403
    assert looked_at == []


def test_behind_a_sign_on_forms_are_checked_as_well(desk, behind):
    visitor, headers = behind(), {"X-Remote-User": "Ana"}
    page = visitor.get("/patterns/P11", headers=headers).text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    path, note = "/patterns/P11/notes", "Seen with the researchers today."
    assert visitor.post(path, data={"note": note}, headers=headers).status_code == 403
    assert visitor.post(path, data={"note": note, "csrf": csrf}, headers={"X-Remote-User": "Ben"}).status_code == 403
    assert visitor.post(path, data={"note": note, "csrf": csrf}, headers=headers).status_code == 303
    assert desk.ledger.notes("P11")[-1].who == "Ana"
    out = visitor.post("/sign-out", data={"csrf": csrf}, headers=headers)
    assert "sign out elsewhere" in out.text
