"""`analyzer audit` and `analyzer retention` as a person types them."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from importlib import resources

import pyarrow.parquet as pq
import pytest

from analyzer.ledger.events import What
from analyzer.ledger.reviewed import Choice, DraftRecord, Kind
from analyzer.ledger.store import open_ledger
from analyzer.policy.effects import MarkStatus
from analyzer.workflow.model import load_model
from analyzer.workflow.recording import bundle_fingerprint


@pytest.fixture
def ledger(terminal):
    """A ledger with a budget, an account and a draft of long ago."""
    made = open_ledger(terminal.path("ledger.sqlite"))
    made.audit.append(What.ACCOUNT, "account ana", {"role": "reviewer"}, "root")
    verdict = {"verdict": "review", "rules": [], "rulebook_hash": "", "wording_hash": ""}
    made.submit(DraftRecord(author="cora", text="Nobody else says so.", verdict=verdict))
    made.close()
    terminal.run("budget", "--population", "all viewers", "--period", "2026-11", "--epsilon", "1").good()
    return terminal.path("ledger.sqlite")


def changed(path, *statements):
    connection = sqlite3.connect(path)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_whole_trail_is_verified_and_its_anchor_printed(terminal, ledger):
    told = terminal.run("audit", "verify").good()
    assert told.stdout.startswith("All 4 entries of the audit trail and all records are as they were written.")
    values = terminal.run("audit", "verify", "--json").good().json
    assert (values["good"], values["entries"], values["findings"]) == (True, 4, [])
    assert values["anchor"] in told.stdout
    terminal.run("audit", "verify", "ledger.sqlite", "--anchor", values["anchor"]).good()


def test_a_changed_entry_is_named_and_ends_the_command_with_1(terminal, ledger):
    changed(ledger, "UPDATE audit SET who = 'ben' WHERE number = 2", "DELETE FROM audit WHERE number = 3")
    told = terminal.run("audit", "verify")
    assert told.code == 1
    assert "Entry 2 was changed" in told.stdout
    assert "Entry 3 is missing" in told.stdout
    assert terminal.run("audit", "verify", "--json").json["findings"][0]["entry"] == 2


def test_an_end_that_was_cut_off_with_its_head_is_found_by_the_anchor(terminal, ledger):
    anchor = terminal.run("audit", "verify", "--json").json["anchor"]
    lines = terminal.run("audit", "export").good().stdout.splitlines()
    kept = json.loads(lines[1])["hash"]
    changed(
        ledger,
        "DELETE FROM audit WHERE number > 2",
        "DELETE FROM budgets",
        "DELETE FROM drafts",
        f"UPDATE audit_head SET entries = 2, hash = '{kept}'",
    )
    terminal.run("audit", "verify").good()
    told = terminal.run("audit", "verify", "--anchor", anchor)
    assert (told.code, "The anchor knows 4 entries; there are 2" in told.stdout) == (1, True)


def test_the_trail_is_exported_as_one_line_of_json_an_entry(terminal, ledger):
    entries = [json.loads(line) for line in terminal.run("audit", "export").good().stdout.splitlines()]
    assert [(e["number"], e["who"], e["what"]) for e in entries] == [
        (1, "command line", "ledger begun"),
        (2, "root", "account changed"),
        (3, "cora", "draft submitted"),
        (4, "command line", "budget set"),
    ]
    assert "Nobody else says so" not in str(entries)


def test_retention_shows_what_is_kept_and_deletes_what_is_due(terminal, ledger):
    told = terminal.run("retention").good()
    assert "drafts: kept for 365 days" in told.stdout
    assert "releases: kept for good" in told.stdout
    changed(ledger, "UPDATE drafts SET at = '2020-01-01T00:00:00.000000+00:00'")
    told = terminal.run("retention").good().stdout
    assert "1 held, the oldest of 2020-01-01, 1 due: --delete deletes them" in told
    assert "sign-ins: kept until they end" in told
    deleted = terminal.run("retention", "--delete", "--json").good().json["kept"]
    assert next(one for one in deleted if one["name"] == "drafts")["deleted"] == 1
    assert open_ledger(ledger).draft(1).text is None


def test_how_long_is_set_in_a_file(terminal, ledger):
    terminal.path("keep.toml").write_text("[keep]\ndrafts = 30\nruns = 7\n")
    told = {one["name"]: one["days"] for one in terminal.run("retention", "--keep", "keep.toml", "--json").json["kept"]}
    assert (told["drafts"], told["runs"], told["releases"]) == (30, 7, None)
    terminal.path("keep.toml").write_text("[keep]\nreleases = 30\n")
    terminal.run("retention", "--keep", "keep.toml").refused("kept for good", "drafts, notes, requests or runs")


def test_a_ledger_that_is_not_there_is_said_and_not_made(terminal):
    for command in (("audit", "verify"), ("audit", "export"), ("retention",)):
        terminal.run(*command, "other.sqlite").refused("no ledger", "other.sqlite", code=1)
    terminal.run("audit", "verify", "postgresql://u:secret@/db").refused("no key", "--key", code=1)
    assert terminal.left_behind() == set()


def test_an_anchor_that_is_none_is_refused(terminal, ledger):
    terminal.run("audit", "verify", "--anchor", "4").refused("no anchor", "COUNT:HASH")


def test_a_run_is_recorded_with_its_model_and_marks_and_tells_of_no_viewer(terminal, views):
    command = ("run", views, "--out", "results", "--ledger", "ours.sqlite")
    marks = terminal.run(*command, "--json").good().json["patterns"]
    ledger = open_ledger(terminal.path("ours.sqlite"))
    assert {state.pattern: state.by_rules.value for state in ledger.patterns()} == {m["id"]: m["mark"] for m in marks}
    (run,) = ledger.runs()
    assert run.inputs == (hashlib.sha256(views.read_bytes()).hexdigest(),)
    assert run.bundle_fingerprint == ledger.bundles()[-1].fingerprint
    assert run.tallies["sessions"]["read"] == pq.read_metadata(views).num_rows
    terminal.run("run", views, "--model", "results/model", "--out", "again", "--ledger", "ours.sqlite").good()
    assert (len(ledger.bundles()), len(ledger.runs())) == (1, 2)
    assert ledger.audit.verify().good
    ledger.close()
    held = b"".join(file.read_bytes() for file in terminal.folder.glob("ours.sqlite*"))
    viewers = pq.read_table(views)["viewer_id"].unique().to_pylist()
    assert viewers
    assert not [viewer for viewer in viewers if viewer.encode() in held]


def test_what_people_tightened_holds_in_the_very_run_that_fits_anew(terminal, views):
    command = ("run", views, "--out", "results")
    terminal.run(*command).good()
    ledger = open_ledger(terminal.path("results/ledger.sqlite"))
    pattern = next(state.pattern for state in ledger.patterns() if state.mark is MarkStatus.OPEN)
    why, never = "It was looked at with the researchers.", MarkStatus.NEVER_SINGLE_OUT
    choice = Choice(pattern=pattern, kind=Kind.TIGHTEN, who="ana", to=never, reason=why)
    ledger.decide(choice, ledger.pattern(pattern).last)
    text = (resources.files("analyzer.policy") / "default.toml").read_text("utf-8")
    book = re.sub(r'^version = ".*"', 'version = "9"', text, count=1, flags=re.MULTILINE)
    terminal.path("house.toml").write_text(book)
    told = terminal.run(*command, "--rulebook", "house.toml", "--json").good().json
    assert {one["id"]: one["mark"] for one in told["patterns"]}[pattern] == "never_single_out"
    assert pattern not in set(pq.read_table(terminal.path("results/assignments.parquet"))["pattern"].to_pylist())
    assert any(f"people decided on {pattern}" in note for note in told["notes"])
    assert (len(ledger.bundles()), ledger.pattern(pattern).mark) == (2, never)
    saved = load_model(terminal.path("results/model"))
    assert bundle_fingerprint(saved) == ledger.bundles()[-1].fingerprint == ledger.runs()[-1].bundle_fingerprint
    again = terminal.run("run", views, "--model", "results/model", "--out", "again", "--json").good().json
    assert not [note for note in again["notes"] if "marks" in note], "no ledger was asked"
    ledger.close()
