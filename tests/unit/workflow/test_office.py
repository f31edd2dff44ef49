"""A desk opens the model that its ledger's newest bundle is, under the rulebook of that bundle, and no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.errors import InputError
from analyzer.ledger.reviewed import Choice, DraftRecord, DraftStatus, Kind
from analyzer.ledger.store import open_ledger
from analyzer.policy.effects import MarkStatus
from analyzer.policy.rulebook import rulebook_from
from analyzer.workflow.model import REFERENCE, load_model
from analyzer.workflow.office import OfficeSettings, open_office
from analyzer.workflow.recording import bundle_record

WHY = "It was looked at with the researchers."
TEXT = "Most viewers finish the first season within a week."


@pytest.fixture(scope="module")
def model():
    return load_model(REFERENCE)


def opened(tmp_path, *bundles):
    """Return an office on a ledger that knows bundles, the newest last."""
    place = tmp_path / "ledger.sqlite"
    ledger = open_ledger(place)
    for bundle in bundles:
        ledger.record_bundle(bundle)
    ledger.close()
    return open_office(OfficeSettings(ledger=str(place), model=REFERENCE))


def another_version(model):
    return model.under(rulebook_from({**model.rulebook.as_json(), "version": "9"}, "a rulebook"))


def submitted(office):
    told = office.check(TEXT)
    return office.ledger.submit(DraftRecord(author="cleo", text=TEXT, verdict=told))


def test_a_draft_can_be_approved_after_a_run_with_another_rulebook(model, tmp_path):
    other = another_version(model)
    office = opened(tmp_path, bundle_record(model), bundle_record(other))
    assert office.model.rulebook.hash == other.rulebook.hash
    assert office.cards()
    kept = submitted(office)
    assert kept.stale == ""
    assert office.ledger.answer(kept.number, "ana", DraftStatus.APPROVED, WHY, 0).status is DraftStatus.APPROVED
    office.close()


def test_a_desk_does_not_open_on_another_model_and_says_what_to_do(model, tmp_path):
    with pytest.raises(InputError, match="is another model than reference") as refusal:
        opened(tmp_path, bundle_record(model), replace(bundle_record(model), fingerprint="f" * 64))
    assert "--model" in refusal.value.remedy


def test_a_ledger_without_a_bundle_is_no_hindrance(model, tmp_path):
    office = opened(tmp_path)
    assert office.model.rulebook.hash == model.rulebook.hash
    office.close()


def test_a_desk_that_was_open_during_a_refit_files_no_draft_under_the_new_bundle(model, tmp_path):
    office = opened(tmp_path, bundle_record(model))
    told = office.check(TEXT)
    office.ledger.record_bundle(bundle_record(another_version(model)))
    kept = office.ledger.submit(DraftRecord(author="cleo", text=TEXT, verdict=told))
    assert "another rulebook" in kept.stale
    assert "another rulebook" in submitted(office).stale
    office.close()


def test_a_draft_is_judged_by_the_marks_of_the_moment_and_says_by_which(model, tmp_path):
    office = opened(tmp_path, bundle_record(model))
    before = submitted(office)
    pattern = next(state for state in office.ledger.patterns() if state.mark is MarkStatus.OPEN)
    to = MarkStatus.NEVER_SINGLE_OUT
    choice = Choice(pattern=pattern.pattern, kind=Kind.TIGHTEN, who="ana", to=to, reason=WHY)
    office.ledger.decide(choice, pattern.last)
    assert office.ledger.draft(before.number).stale
    assert submitted(office).stale == ""
    office.close()
