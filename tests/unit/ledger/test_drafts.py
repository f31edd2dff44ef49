"""Drafts wait for a reviewer who is not their author, and go again when their time is over."""

import hashlib
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analyzer.errors import InputError
from analyzer.ledger.chain import Fault
from analyzer.ledger.events import What
from analyzer.ledger.fitted import RunRecord
from analyzer.ledger.keeping import DEFAULTS, keepings_from
from analyzer.ledger.records import LedgerMovedError
from analyzer.ledger.reviewed import Checked, DecisionRefusedError, DraftStatus
from analyzer.ledger.store import memory_ledger
from analyzer.ledger.waiting import Why
from analyzer.messages.verdict import VerdictStatus, check_words
from analyzer.sessions.tally import Tally

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from choices import (  # noqa: E402 - the folder is no package
    OTHER_BOOK,
    TODAY,
    WHY,
    checked,
    draft,
    fit,
    known_as,
)

sys.path.remove(str(FOLDER))

WORDS = "Our 7,312 quietest households"
RUN = RunRecord(inputs=("a" * 64,), tally=Tally(10, 7, {"autoplay": 2}, 1), window="28d", rulebook_hash="b" * 64)


@pytest.fixture
def ledger(place):
    return place.open()


def approve(ledger, number, who="ana", reason=WHY):
    return ledger.answer(number, who, DraftStatus.APPROVED, reason, ledger.draft(number).last)


def reject(ledger, number, who="ana", reason=WHY):
    return ledger.answer(number, who, DraftStatus.REJECTED, reason, ledger.draft(number).last)


# ---------------------------------------------------------------- submitting


def test_a_draft_comes_back_as_it_was_submitted(ledger):
    asked = draft(text="“So many” \ud83d watched; DROP TABLE drafts; --".replace("\ud83d", "👀"))
    kept = ledger.submit(asked)
    assert (kept.author, kept.text, kept.verdict, kept.purpose) == ("cora", asked.text, asked.verdict, asked.purpose)
    assert (kept.checked, kept.status, kept.answers, kept.last) == (Checked.REVIEW, DraftStatus.WAITING, (), 0)
    assert ledger.draft(kept.number) == kept == ledger.drafts()[0]


def test_the_words_of_a_verdict_are_those_of_the_check(ledger):
    assert {checked.value for checked in Checked} == {status.value for status in VerdictStatus}
    text = "To the 53 people who watched it every day: who hurt you?"
    asked = draft(text=text)
    verdict = check_words(text)
    kept = ledger.submit(type(asked)(author="cora", text=text, verdict=verdict.as_json()))
    assert (kept.checked, kept.rules) == (Checked.BLOCK, verdict.rule_ids)


@pytest.mark.parametrize("verdict", [{}, {"verdict": "yes"}, {"verdict": "allow", "rules": 3}])
def test_a_verdict_that_is_none_is_refused(ledger, verdict):
    asked = draft()
    base = {"rules": [], "rulebook_hash": "", "wording_hash": ""} if verdict else {}
    with pytest.raises(InputError, match="verdict"):
        ledger.submit(type(asked)(author="cora", text="text", verdict=base | verdict))


@pytest.mark.parametrize("purpose", ["", "x" * 101, "two\nlines"])
def test_the_purpose_of_a_draft_is_said_in_a_few_words(ledger, purpose):
    with pytest.raises(InputError, match="purpose in a few words"):
        ledger.submit(replace(draft(), purpose=purpose))


def test_an_empty_draft_is_refused_and_an_unknown_one_is_said(ledger):
    with pytest.raises(InputError, match="empty"):
        ledger.submit(draft(text=" \n"))
    with pytest.raises(InputError, match="no draft 1"):
        ledger.draft(1)


# ---------------------------------------------------------------- answering


def test_somebody_else_approves_and_the_queue_is_empty(ledger):
    number = ledger.submit(draft()).number
    assert [(w.why, w.item) for w in ledger.queue()] == [(Why.DRAFT, f"draft {number}")]
    kept = approve(ledger, number)
    assert (kept.status, kept.answers[0].who, kept.answers[0].reason) == (DraftStatus.APPROVED, "ana", WHY)
    assert ledger.queue() == ()


@pytest.mark.parametrize("who", ["cora", "CORA", "c.o.r.a"])
def test_nobody_approves_their_own_draft_but_may_take_it_back(ledger, who):
    number = ledger.submit(draft()).number
    with pytest.raises(DecisionRefusedError, match="own"):
        approve(ledger, number, who)
    assert reject(ledger, number, who).status is DraftStatus.REJECTED


def test_what_is_blocked_no_reviewer_opens(ledger):
    number = ledger.submit(draft(status="block")).number
    with pytest.raises(DecisionRefusedError, match="blocked"):
        approve(ledger, number)
    assert reject(ledger, number).status is DraftStatus.REJECTED


def test_an_answer_has_a_reason_except_where_the_rules_allow_the_draft(ledger):
    number = ledger.submit(draft()).number
    with pytest.raises(DecisionRefusedError, match="no reason"):
        approve(ledger, number, reason="ok")
    allowed = ledger.submit(draft(status="allow")).number
    with pytest.raises(DecisionRefusedError, match="no reason"):
        reject(ledger, allowed, reason="")
    assert approve(ledger, allowed, reason="").status is DraftStatus.APPROVED


def test_of_two_reviewers_on_one_draft_the_second_is_told(ledger):
    number = ledger.submit(draft()).number
    reject(ledger, number, "ben")
    with pytest.raises(LedgerMovedError, match="ben answered"):
        ledger.answer(number, "ana", DraftStatus.APPROVED, WHY, 0)
    with pytest.raises(DecisionRefusedError, match="approved or rejected"):
        ledger.answer(number, "ana", DraftStatus.WAITING, WHY, ledger.draft(number).last)


def test_a_draft_that_was_checked_before_a_refit_is_checked_again(ledger):
    ledger.record_bundle(known_as("first"))
    number = ledger.submit(checked(ledger)).number
    assert ledger.draft(number, TODAY).stale == ""
    ledger.record_bundle(fit("second"))
    assert "fitted again" in ledger.draft(number, TODAY).stale
    with pytest.raises(DecisionRefusedError, match="fitted again"):
        approve(ledger, number)


def test_a_draft_that_was_checked_by_another_rulebook_is_checked_again(ledger):
    ledger.record_bundle(known_as("first"))
    number = ledger.submit(checked(ledger, book=OTHER_BOOK)).number
    with pytest.raises(DecisionRefusedError, match="another rulebook"):
        approve(ledger, number)


# ---------------------------------------------------------------- runs


def test_a_run_is_kept_as_fingerprints_and_counts(ledger):
    number = ledger.record_run(RUN, "ana")
    (kept,) = ledger.runs()
    assert (kept.number, kept.inputs, kept.window) == (number, RUN.inputs, "28d")
    assert kept.tallies == {"sessions": RUN.tally.as_json()}
    assert [(e.what, e.who, e.item) for e in ledger.audit.events(after=1)] == [(What.RUN, "ana", "run 1")]


@pytest.mark.parametrize(
    "told",
    [
        {"inputs": ("home-00001",)},
        {"rulebook_hash": "viewer-7"},
        {"bundle_fingerprint": "A" * 64},
        {"tally": Tally(3, 0, {"viewer-7": 3})},
        {"events": Tally(3, 0, {"home-00001": 3})},
    ],
)
def test_a_run_cannot_tell_of_viewers(told):
    with pytest.raises(InputError):
        RunRecord(**{"inputs": (), "tally": Tally(), "window": "28d"} | told)


# ---------------------------------------------------------------- retention


IN_A_YEAR = datetime.now(UTC).date() + timedelta(days=365)
IN_TWO_YEARS = datetime.now(UTC).date() + timedelta(days=730)


def kept(ledger, day):
    return {one.keeping.name: (one.held, one.numbers) for one in ledger.retention(today=day)}


def test_everything_that_is_kept_says_how_long_and_why(ledger):
    told = ledger.retention()
    assert [one.keeping for one in told] == list(DEFAULTS)
    assert all(len(one.keeping.because) > 10 for one in told)
    assert {one.keeping.name for one in told if one.keeping.days is None}.isdisjoint({"drafts", "runs"})


def test_drafts_and_runs_are_due_when_their_time_is_over(ledger):
    ledger.submit(draft())
    ledger.record_run(RUN)
    assert kept(ledger, IN_A_YEAR - timedelta(days=1))["drafts"] == (1, ())
    assert kept(ledger, IN_A_YEAR) | {"audit": 0} == {
        **dict.fromkeys((keeping.name for keeping in DEFAULTS), (0, ())),
        "drafts": (1, (1,)),
        "runs": (1, ()),
        "audit": 0,
    }
    assert kept(ledger, IN_TWO_YEARS)["runs"] == (1, (1,))


def test_a_draft_is_kept_from_its_last_answer(ledger, place):
    number = ledger.submit(draft()).number
    place.execute("UPDATE drafts SET at = '2020-01-01T00:00:00.000000+00:00'")
    assert kept(ledger, datetime.now(UTC).date())["drafts"] == (1, (1,))
    approve(ledger, number)
    assert kept(ledger, datetime.now(UTC).date())["drafts"] == (1, ())


def test_what_is_due_goes_and_the_chain_stays_whole(ledger):
    number = ledger.submit(draft(text=WORDS)).number
    reject(ledger, number, reason=f"Nobody may say {WORDS}.")
    ledger.record_run(RUN)
    before = ledger.audit.anchor()
    ledger.delete_due(who="ana", today=IN_TWO_YEARS)
    gone = ledger.draft(number)
    assert (gone.text, gone.verdict, gone.answers[0].reason) == (None, None, None)
    assert (gone.status, gone.checked) == (DraftStatus.REJECTED, Checked.REVIEW)
    assert (ledger.runs()[0].inputs, ledger.runs()[0].tallies) == (None, None)
    assert [(e.what, e.item, e.who) for e in ledger.audit.events(after=before.entries)] == [
        (What.DELETED, "draft 1", "ana"),
        (What.DELETED, "answer 1", "ana"),
        (What.DELETED, "run 1", "ana"),
    ]
    assert ledger.audit.verify(before).findings == ()
    assert ledger.delete_due(today=IN_TWO_YEARS)[0].due == 0
    with pytest.raises(DecisionRefusedError, match="deleted"):
        approve(ledger, number)
    assert ledger.queue() == ()


def test_of_a_deleted_draft_no_byte_is_left_in_the_files(ledger, place, postgresql):
    text = f"Nobody else says {place.where[-12:]} so"
    ledger.submit(draft(text=text))
    folder = Path(place.where).parent if place.is_file else postgresql.folder / "data" / "base"
    if not place.is_file:
        place.execute("CHECKPOINT")
    words = text.encode()
    assert [path for path in folder.rglob("*") if path.is_file() and words in path.read_bytes()]
    ledger.delete_due(today=IN_A_YEAR)
    if not place.is_file:
        place.execute("CHECKPOINT")
    assert not [path for path in folder.rglob("*") if path.is_file() and words in path.read_bytes()]


def test_the_trail_tells_no_word_of_a_draft_nor_a_hash_that_could_be_guessed(ledger):
    number = ledger.submit(draft(text=WORDS)).number
    reject(ledger, number, reason=f"Nobody may say {WORDS}.")
    told = "".join(str(event.as_json()) for event in ledger.audit.events())
    assert WORDS not in told
    assert hashlib.sha256(WORDS.encode()).hexdigest() not in told


def test_without_the_key_nobody_can_try_out_what_a_deleted_draft_said():
    seals = set()
    for _ in range(2):
        ledger = memory_ledger()
        ledger.submit(draft(text=WORDS))
        with ledger._database.connected() as connection:
            seals.add(connection.exec_driver_sql("SELECT seal FROM drafts").scalar())
    assert len(seals) == 2


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE drafts SET text = 'something else'", "The content of the draft 1 was changed."),
        ("UPDATE drafts SET text = NULL", "The content of the draft 1 was changed."),
        (
            "UPDATE drafts SET text = NULL, verdict = NULL",
            "The content of the draft 1 was deleted without an entry in the audit trail.",
        ),
        ("UPDATE drafts SET author = 'dan'", "The draft 1 was changed: it is not what the audit trail vouches for."),
    ],
)
def test_a_draft_that_was_changed_behind_the_trail_is_named(ledger, place, statement, words):
    ledger.submit(draft())
    place.execute(statement)
    findings = ledger.audit.verify().findings
    assert [(f.fault, f.sentence) for f in findings] == [(Fault.DISAGREES, words)]


def test_how_long_things_are_kept_is_set_in_a_file(tmp_path):
    file = tmp_path / "keep.toml"
    file.write_text("[keep]\ndrafts = 90\n")
    days = {keeping.name: keeping.days for keeping in keepings_from(file)}
    assert days == {keeping.name: keeping.days for keeping in DEFAULTS} | {"drafts": 90}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("keep = 3", "table"),
        ("[keep]\ndrafts = 0", "number of days"),
        ("[keep]\ndrafts = true", "number of days"),
        ("[keep]\nruns = '30'", "number of days"),
        ("[keep]\nreleases = 30", "kept for good"),
        ("[keep]\nsign-ins = 1", "kept until they end"),
        ("[keep]\ndraft = 30", "Did you mean 'drafts'"),
        ("[keep]\ndrafts = 9\n[more]\n", "table"),
        ("[keep", "cannot be read"),
    ],
)
def test_a_file_that_sets_something_else_is_refused(tmp_path, text, words):
    file = tmp_path / "keep.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=words):
        keepings_from(file)
