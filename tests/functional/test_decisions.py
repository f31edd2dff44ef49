"""What people decide takes effect in a batch, in a run and on the list of marks, as an operator types them."""

from __future__ import annotations

import datetime

import pyarrow.parquet as pq
import pytest

from analyzer.ledger.reviewed import Choice, Kind
from analyzer.ledger.store import open_ledger
from analyzer.policy.effects import MarkStatus
from analyzer.workflow.model import load_model
from analyzer.workflow.recording import bundle_record


@pytest.fixture
def ledger(terminal, bundle):
    """A ledger whose newest bundle is the fitted one."""
    made = open_ledger(terminal.path("ledger.sqlite"))
    made.record_bundle(bundle_record(load_model(bundle)))
    yield made
    made.close()


def decide(ledger, pattern, kind, who, **told):
    why = "It was looked at with the researchers."
    choice = Choice(pattern=pattern, kind=kind, who=who, reason=why, **told)
    return ledger.decide(choice, ledger.pattern(pattern).last)


def named(path):
    return set(pq.read_table(path)["pattern"].to_pylist()) - {"withheld"}


def test_a_tightened_pattern_is_withheld_from_the_next_batch_on(terminal, vectors, bundle, ledger):
    command = ("classify", vectors, "--model", bundle, "--ledger", "ledger.sqlite", "--json")
    before = terminal.run(*command, "--out", "before.parquet").good().json
    pattern = sorted(named(terminal.path("before.parquet")))[0]
    assert before["notes"][0].endswith("nobody has decided on any of them.")
    decide(ledger, pattern, Kind.TIGHTEN, "ana", to=MarkStatus.NEVER_SINGLE_OUT)
    after = terminal.run(*command, "--out", "after.parquet").good().json
    assert after["withheld_share"] > before["withheld_share"]
    assert pattern not in named(terminal.path("after.parquet"))
    assert after["notes"][0].endswith(f"people decided on {pattern}.")
    assert after["notes"][0].encode() == pq.read_schema(terminal.path("after.parquet")).metadata[b"analyzer.marks"]
    marks = terminal.run("marks", "--model", bundle, "--ledger", "ledger.sqlite", "--json").good().json
    mark = next(one for one in marks["marks"] if one["pattern"] == pattern)
    assert mark["mark"] == "never_single_out"
    assert "people-tightened" in mark["rules"]
    for command in (("explain", pattern), ("marks", "--explain", pattern)):
        told = terminal.run(*command, "--model", bundle, "--ledger", "ledger.sqlite").good().stdout
        assert "ana tightened this mark to never single out" in " ".join(told.split())


def test_a_loosened_mark_tells_who_stands_by_it_and_what_is_set_aside(terminal, bundle, ledger):
    pattern = next((s.pattern for s in ledger.patterns() if s.mark is not s.mildest), None)
    if pattern is None:  # nothing of this fit is in review: let somebody tighten first
        pattern = next(state.pattern for state in ledger.patterns() if state.mark is MarkStatus.OPEN)
        decide(ledger, pattern, Kind.TIGHTEN, "cora", to=MarkStatus.REVIEW)
    ends = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=9)
    asked = decide(ledger, pattern, Kind.LOOSEN, "ana", to=MarkStatus.OPEN, expires=ends)
    decide(ledger, pattern, Kind.AGREE, "ben", about=asked.number)
    told = terminal.run("explain", pattern, "--model", bundle, "--ledger", "ledger.sqlite").good().stdout
    assert "Mark: open" in told
    assert "ana and ben loosened this mark to open" in told
    assert f"until {ends}" in told
    assert "set aside for now:" in told


def test_a_ledger_of_another_model_changes_nothing_and_says_so(terminal, vectors, bundle, ledger):
    ledger.record_bundle(bundle_record(load_model()))
    told = terminal.run("classify", vectors, "--model", bundle, "--ledger", "ledger.sqlite").good().stdout
    assert "is another one than this model under this rulebook" in told
    assert "the marks are the rulebook's alone" in told


def test_a_ledger_that_is_not_there_withholds_the_whole_batch(terminal, vectors, bundle):
    terminal.run("classify", vectors, "--model", bundle, "--ledger", "none.sqlite").refused("none.sqlite", code=1)
    assert not terminal.path("assignments.parquet").exists()
    assert not terminal.path("none.sqlite").exists()


def test_a_run_with_a_given_model_uses_the_marks_in_force(terminal, few_views, bundle, ledger):
    pattern = next(state.pattern for state in ledger.patterns() if state.mark is MarkStatus.OPEN)
    decide(ledger, pattern, Kind.TIGHTEN, "ana", to=MarkStatus.REVIEW)
    command = ("run", few_views, "--model", bundle, "--ledger", "ledger.sqlite", "--json")
    told = terminal.run(*command).good().json
    assert {one["id"]: one["mark"] for one in told["patterns"]}[pattern] == "review"
    assert any(f"people decided on {pattern}" in note for note in told["notes"])
    assert ledger.pattern(pattern).by_rules is MarkStatus.OPEN


def test_a_second_run_into_the_same_folder_uses_what_was_decided_at_its_desk(terminal, few_views):
    first = terminal.run("run", few_views, "--out", "results", "--json").good().json
    pattern = next(one["id"] for one in first["patterns"] if one["mark"] == "open")
    ledger = open_ledger(terminal.path("results/ledger.sqlite"))
    decide(ledger, pattern, Kind.TIGHTEN, "ana", to=MarkStatus.NEVER_SINGLE_OUT)
    ledger.close()
    again = terminal.run("run", few_views, "--out", "results", "--json").good().json
    assert {one["id"]: one["mark"] for one in again["patterns"]}[pattern] == "never_single_out"
    assert pattern not in named(terminal.path("results/assignments.parquet"))
