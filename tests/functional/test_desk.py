"""`analyzer account` and `analyzer desk` as a user types them: the first account, the desk on a port, and its end."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

from analyzer.ledger.people import Role
from analyzer.ledger.store import open_ledger
from analyzer.workflow.model import load_model
from analyzer.workflow.recording import bundle_record

PASSWORD = "a quiet evening with one film"
START_S = 60


@pytest.fixture
def results(terminal) -> Path:
    """A folder in which a run left its ledger; nobody has an account."""
    folder = terminal.path("results")
    folder.mkdir()
    open_ledger(folder / "ledger.sqlite").close()
    return folder


def test_a_desk_on_another_model_than_the_ledgers_newest_does_not_open(terminal, results):
    ledger = open_ledger(results / "ledger.sqlite")
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    ledger.record_bundle(replace(bundle_record(load_model()), fingerprint="f" * 64))
    ledger.close()
    terminal.run("desk", "results").refused("is another model than reference", "--model")


def typed(terminal, text: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Run a command to which a password is piped."""
    command = [sys.executable, "-m", "analyzer", *args]
    return subprocess.run(command, cwd=terminal.folder, env=terminal.env, input=text, capture_output=True, text=True)


def test_a_desk_without_an_account_says_how_to_make_the_first(terminal, results):
    answer = terminal.run("desk", "results")
    answer.refused("Nobody has an account", "analyzer account add YOUR-NAME --role", "results/ledger.sqlite")


def test_a_folder_without_a_ledger_says_how_to_make_one(terminal):
    terminal.run("desk", "nothing").refused("There is no ledger", "analyzer run --out nothing")
    assert not terminal.path("nothing").exists()


def test_accounts_are_made_listed_and_disabled(terminal, results):
    at = ("--ledger", "results/ledger.sqlite")
    made = typed(terminal, f"{PASSWORD}\n", "account", "add", "Ana", "--role", "reviewer", "--password-stdin", *at)
    assert (made.returncode, made.stdout) == (0, "Ana may sign in as reviewer.\n"), made.stderr
    assert terminal.run("account", "list", *at).good().stdout == "Ana: reviewer\n"
    ledger = open_ledger(results / "ledger.sqlite")
    assert ledger.known("Ana", PASSWORD)
    token = ledger.sign_in(ledger.person("Ana"))
    other = "another evening with two films"
    assert typed(terminal, f"{other}\n", "account", "password", "Ana", "--password-stdin", *at).returncode == 0
    assert (ledger.known("Ana", PASSWORD), ledger.signed_in(token)) == (None, None)
    terminal.run("account", "disable", "Ana", *at).good()
    assert ledger.known("Ana", other) is None
    assert terminal.run("account", "list", "--json", *at).good().json["accounts"][0]["disabled"] is True
    ledger.close()


def test_no_password_is_an_argument_or_taken_where_nobody_can_type_it(terminal, results):
    at = ("--ledger", "results/ledger.sqlite")
    assert terminal.run("account", "add", "Ana", "--role", "reviewer", "--password", PASSWORD, *at).code == 2
    terminal.run("account", "add", "Ana", "--role", "reviewer", *at).refused("--password-stdin")
    for password in ("short", "", "anaanaanaana"):
        command = ("account", "add", "Ana", "--role", "reviewer", "--password-stdin", *at)
        refused = typed(terminal, f"{password}\n", *command)
        assert refused.returncode == 2
        assert not password or password not in refused.stderr
    assert terminal.run("account", "list", *at).good().stdout.startswith("There are no accounts yet")


def test_a_role_that_there_is_not_is_told_before_a_password_is_asked_for(terminal, results):
    at = ("--ledger", "results/ledger.sqlite")
    terminal.run("account", "add", "Ana", "--role", "boss", *at).refused("There is no role 'boss'", "reviewer")


def test_an_account_is_made_in_a_ledger_that_is_there(terminal):
    answer = typed(terminal, f"{PASSWORD}\n", "account", "add", "Ana", "--role", "reviewer", "--password-stdin")
    assert answer.returncode != 0
    assert not terminal.path("ledger.sqlite").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--host", "0.0.0.0", "--trusted-header", "X-Remote-User"), ("X-Remote-User", "127.0.0.1")),
        (("--name", "*"), ("no name of a host",)),
        (("--host", "256.1.1.1"), ("cannot listen",)),
    ],
)
def test_a_desk_that_could_not_be_guarded_does_not_open(terminal, results, options, words):
    ledger = open_ledger(results / "ledger.sqlite")
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    ledger.close()
    terminal.run("desk", "results", *options).refused(*words)


def test_a_desk_opens_lets_somebody_in_and_closes_without_telling_a_secret(terminal, results):
    ledger = open_ledger(results / "ledger.sqlite")
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    ledger.close()
    with terminal.start("desk", "results", "--port", "0") as process:
        first = process.stderr.readline()
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", first)[1])
        try:
            cookie, heard = signed_in_at(port)
        finally:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=START_S)
    assert process.returncode in (0, 130), err
    assert "Traceback" not in err
    assert out == ""
    assert not [secret for secret in (PASSWORD, cookie, *heard) if secret in first + err]
    assert sorted(path.name for path in results.iterdir()) == ["ledger.sqlite", "ledger.sqlite.key"]


def signed_in_at(port: int) -> tuple[str, list[str]]:
    """Sign in and look at the queue; return the cookie and the form tokens that were seen."""
    connection = HTTPConnection("127.0.0.1", port, timeout=START_S)

    def ask(method: str, path: str, cookie: str = "", **form: str):
        headers = {"Cookie": f"desk={cookie}", "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, urlencode(form) if form else None, headers if cookie else {})
        answer = connection.getresponse()
        return answer, answer.read().decode()

    page, text = ask("GET", "/sign-in")
    assert page.headers["server"] is None
    cookie, csrf = cookie_of(page), re.search(r'name="csrf" value="(\w+)"', text)[1]
    answer, _ = ask("POST", "/sign-in", cookie, csrf=csrf, name="Ana", password=PASSWORD)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    token = cookie_of(answer)
    assert token != cookie
    queue, text = ask("GET", "/queue", token)
    assert queue.status == 200
    assert "<h1>" in text
    large, _ = ask("POST", "/check", token, text="x" * 1_100_000)
    assert large.status == 413
    connection.close()
    return token, [cookie, csrf]


def cookie_of(answer) -> str:
    return re.match(r"desk=([\w-]+);", answer.headers["set-cookie"])[1]
