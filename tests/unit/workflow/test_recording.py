"""What a model and a run leave in the ledger: the hashes that belong to them, and nothing of viewers."""

import shutil
from dataclasses import replace

import pytest

from analyzer.errors import InputError
from analyzer.ledger.store import open_ledger
from analyzer.policy.effects import MarkStatus
from analyzer.policy.marks import Mark, Reason
from analyzer.sessions.synthetic import Population, synthesize
from analyzer.workflow import recording
from analyzer.workflow.model import load_model, reference_folder
from analyzer.workflow.recording import bundle_record, fingerprint_of, mildest_of, record_run, rulebook_record
from analyzer.workflow.run import RunOptions, run


def reason(rule_id, status=MarkStatus.NEVER_SINGLE_OUT, failure=""):
    return Reason(rule_id, status, "A reason long enough to be one.", ("a source",), failure=failure)


def marked(*reasons):
    status = MarkStatus.worst([r.status for r in reasons]) if reasons else MarkStatus.NEVER_SINGLE_OUT
    return Mark("P01", status, reasons, "0" * 64)


def test_the_reference_model_is_kept_with_the_rulebook_that_marked_it(tmp_path):
    model = load_model()
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    ledger.record_bundle(bundle_record(model), "ana")
    told = {mark.pattern_id: mark.status for mark in model.marks}
    kept = {state.pattern: state.mark for state in ledger.patterns()}
    assert kept == {name: told[name] for name in kept}
    assert set(told) - set(kept) == {"no pattern"}
    assert ledger.rulebook(model.rulebook.hash).hash == model.rulebook.hash


def test_the_kept_text_of_a_rulebook_has_the_hash_of_the_rulebook():
    book = load_model().rulebook
    assert rulebook_record(book).hash == book.hash


def test_the_same_bundle_under_another_rulebook_is_another_one_to_reviewers(make_rulebook):
    model = load_model()
    stricter = model.under(make_rulebook({"households_below": 10_000_000}))
    assert bundle_record(stricter).fingerprint != bundle_record(model).fingerprint
    assert bundle_record(load_model()).fingerprint == bundle_record(model).fingerprint


def test_a_model_that_was_not_loaded_has_no_fingerprint():
    with pytest.raises(InputError, match="no fingerprint"):
        bundle_record(replace(load_model(), digest=""))


@pytest.fixture
def views(tmp_path):
    sessions, _ = synthesize(Population(viewers=60, days=28, seed=1))
    sessions.to_pandas().to_parquet(tmp_path / "views.parquet")
    return tmp_path / "views.parquet"


@pytest.mark.parametrize("given", [True, False], ids=["a given model", "the reference model"])
@pytest.mark.parametrize("rules", [True, False], ids=["its own rulebook", "another rulebook"])
def test_a_run_is_recorded_with_the_model_that_classified_and_reads_no_bundle_again(
    tmp_path, views, given, rules, make_rulebook, monkeypatch
):
    book = load_model().rulebook if rules else make_rulebook({"households_below": 10_000_000})
    folder = shutil.copytree(reference_folder(), tmp_path / "given")
    options = RunOptions(model_folder=folder if given else None, rulebook=book)
    result = run(str(views), tmp_path / "out", options)
    shutil.rmtree(folder)  # what lies there now may be another one
    monkeypatch.setattr(recording, "load_model", None)
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    assert record_run(ledger, result, [views]) == 1
    expected = bundle_record(load_model().under(book))
    assert ledger.bundles()[-1].fingerprint == ledger.runs()[0].bundle_fingerprint == expected.fingerprint
    assert {state.pattern: state.by_rules for state in ledger.patterns()} == {m.pattern: m.mark for m in expected.marks}


def test_two_people_loosen_a_mark_down_to_what_cannot_be_set_aside(make_rulebook):
    book = make_rulebook({"households_below": 20, "overridable": True}, {"households_below": 10})
    never, review, opened = MarkStatus.NEVER_SINGLE_OUT, MarkStatus.REVIEW, MarkStatus.OPEN
    assert mildest_of(marked(reason("rule-1")), book) is opened
    assert mildest_of(marked(reason("rule-2", review)), book) is review
    assert mildest_of(marked(reason("rule-1"), reason("rule-2", review)), book) is review
    for absolute in ("rule-2", "inherited-mark", "a rule that was removed"):
        assert mildest_of(marked(reason("rule-1"), reason(absolute)), book) is never
    assert mildest_of(marked(reason("rule-1", failure="it raised ValueError")), book) is never
    assert mildest_of(marked(), book) is never
    assert mildest_of(replace(marked(reason("rule-1", review)), status=never), book) is never


def test_a_file_has_the_fingerprint_of_its_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert fingerprint_of(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    with pytest.raises(InputError, match="cannot be read"):
        fingerprint_of(tmp_path / "b")
