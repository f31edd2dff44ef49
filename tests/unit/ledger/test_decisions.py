"""Who may decide what on a pattern, what of it holds, and what a refit leaves of it."""

import re
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from analyzer.errors import InputError
from analyzer.ledger.people import Role
from analyzer.ledger.records import LedgerMovedError
from analyzer.ledger.reviewed import Choice, DecisionRefusedError, Kind
from analyzer.ledger.store import open_ledger
from analyzer.ledger.waiting import Why

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from choices import (  # noqa: E402 - the folder is no package
    BOOK,
    LATER,
    MARKS,
    NEVER,
    OPEN,
    OTHER_BOOK,
    REVIEW,
    TODAY,
    WHY,
    decide,
    fit,
    in_force,
    loosen,
    loosened,
    mark,
    tighten,
    with_one_bundle,
)

sys.path.remove(str(FOLDER))


@pytest.fixture
def ledger(place):
    return with_one_bundle(place)


# ---------------------------------------------------------------- bundles


def test_a_bundle_is_kept_with_its_rulebook_and_marks(ledger):
    assert [(s.pattern, s.mark, s.absolute) for s in ledger.patterns()] == [
        ("P01", OPEN, False),
        ("P02", REVIEW, False),
        ("P03", NEVER, False),
        ("P04", NEVER, True),
    ]
    assert ledger.rulebook(BOOK.hash) == BOOK
    assert [(kept.hash, kept.version) for kept in ledger.rulebooks()] == [(BOOK.hash, "1")]
    assert [bundle.fingerprint for bundle in ledger.bundles()] == [fit().fingerprint]


def test_a_bundle_that_is_the_newest_changes_nothing_when_it_is_recorded_again(ledger):
    before = ledger.audit.anchor()
    assert ledger.record_bundle(fit()) == 1
    assert ledger.record_rulebook(BOOK) == BOOK.hash
    assert ledger.audit.anchor() == before


def test_a_rulebook_or_pattern_that_nobody_recorded_is_refused(ledger):
    with pytest.raises(InputError, match="no rulebook"):
        ledger.rulebook("0" * 64)
    with pytest.raises(DecisionRefusedError, match="no pattern 'P99'"):
        ledger.pattern("P99")


def test_a_bundle_without_a_fingerprint_or_with_a_pattern_twice_is_refused():
    with pytest.raises(InputError, match="no fingerprint"):
        replace(fit(), fingerprint="new")
    with pytest.raises(InputError, match="twice"):
        fit(marks=(mark("P01"), mark("P01")))


# ---------------------------------------------------------------- one person


def test_one_person_confirms(ledger):
    decision = decide(ledger, "P02", Kind.CONFIRM)
    assert (decision.before, decision.after, decision.who) == (REVIEW, REVIEW, "ana")
    state = ledger.pattern("P02", TODAY)
    assert (state.mark, state.decided, state.decisions) == (REVIEW, True, (decision,))


@pytest.mark.parametrize(("pattern", "to"), [("P01", REVIEW), ("P01", NEVER), ("P02", NEVER)])
def test_one_person_tightens_with_a_reason(ledger, pattern, to):
    with pytest.raises(DecisionRefusedError, match="no reason"):
        decide(ledger, pattern, Kind.TIGHTEN, to=to)
    tighten(ledger, pattern, to)
    assert in_force(ledger, pattern) is to


@pytest.mark.parametrize(
    ("pattern", "kind", "to", "words"),
    [
        ("P02", Kind.CONFIRM, OPEN, "not open"),
        ("P02", Kind.TIGHTEN, OPEN, "does not tighten"),
        ("P02", Kind.TIGHTEN, REVIEW, "does not tighten"),
        ("P02", Kind.TIGHTEN, None, "does not tighten"),
        ("P02", Kind.LOOSEN, NEVER, "does not loosen"),
        ("P02", Kind.LOOSEN, REVIEW, "does not loosen"),
        ("P02", Kind.LOOSEN, None, "does not loosen"),
        ("P02", Kind.AGREE, None, "No loosening None"),
        ("P02", Kind.DECLINE, None, "No loosening None"),
    ],
)
def test_a_decision_says_what_it_does(ledger, pattern, kind, to, words):
    before = ledger.audit.anchor()
    with pytest.raises(DecisionRefusedError, match=words):
        decide(ledger, pattern, kind, to=to, reason=WHY, expires=LATER)
    assert ledger.audit.anchor() == before


@pytest.mark.parametrize("who", ["command line", "Command-Line", "...", "  "])
def test_only_a_person_decides(ledger, who):
    with pytest.raises((DecisionRefusedError, InputError), match=r"no person|no name"):
        decide(ledger, "P02", Kind.CONFIRM, who)


# ---------------------------------------------------------------- two people


def test_a_loosening_waits_for_a_second_person(ledger):
    asked = loosen(ledger, "P03", OPEN)
    state = ledger.pattern("P03", TODAY)
    assert (state.mark, state.decided, state.waiting) == (NEVER, False, asked)
    decide(ledger, "P03", Kind.AGREE, "ben", about=asked.number)
    state = ledger.pattern("P03", TODAY)
    assert (state.mark, state.decided, state.waiting) == (OPEN, True, None)


@pytest.mark.parametrize("who", ["ana", "Ana", " a.n.a ", "ÁNA"])
def test_nobody_agrees_to_their_own_loosening(ledger, who):
    asked = loosen(ledger, "P02", OPEN)
    with pytest.raises(DecisionRefusedError, match="two different people"):
        decide(ledger, "P02", Kind.AGREE, who, about=asked.number)
    assert in_force(ledger, "P02") is REVIEW


@pytest.mark.parametrize("reason", ["", "because", "aaaaaaaaaa aaaaaaaa"])
def test_a_loosening_has_a_reason(ledger, reason):
    with pytest.raises(DecisionRefusedError, match="no reason"):
        decide(ledger, "P02", Kind.LOOSEN, to=OPEN, reason=reason, expires=LATER)


@pytest.mark.parametrize("expires", [None, TODAY, TODAY - timedelta(days=1)])
def test_a_loosening_ends_one_day(ledger, expires):
    with pytest.raises(DecisionRefusedError, match="ends one day"):
        decide(ledger, "P02", Kind.LOOSEN, to=OPEN, reason=WHY, expires=expires)


def test_a_loosening_that_has_ended_holds_no_longer_and_says_so(ledger):
    loosened(ledger, "P02", OPEN)
    assert in_force(ledger, "P02", LATER - timedelta(days=1)) is OPEN
    state = ledger.pattern("P02", LATER)
    assert (state.mark, state.decided) == (REVIEW, False)
    assert state.stale == f"The loosening that ana and ben agreed on ended on {LATER}."


def test_a_loosening_ends_within_a_year(ledger):
    with pytest.raises(DecisionRefusedError, match="ends one day: it may end on"):
        loosen(ledger, "P02", OPEN, expires=TODAY + timedelta(days=367))
    loosen(ledger, "P02", OPEN, expires=TODAY + timedelta(days=366))


def test_a_tightening_ends_requests_that_wait_and_they_do_not_come_back(ledger):
    first = loosen(ledger, "P02", OPEN)
    tighten(ledger, "P02", NEVER, "ben")
    again = loosen(ledger, "P02", REVIEW, "cora")
    decide(ledger, "P02", Kind.AGREE, "dan", about=again.number)
    state = ledger.pattern("P02", TODAY)
    assert (state.mark, state.waiting) == (REVIEW, None)
    with pytest.raises(DecisionRefusedError, match="No loosening"):
        decide(ledger, "P02", Kind.AGREE, "eve", about=first.number)


def test_a_confirmation_that_says_which_mark_it_means_confirms_no_other(ledger):
    loosened(ledger, "P03", OPEN)
    seen = ledger.pattern("P03", LATER - timedelta(days=1)).last
    with pytest.raises(DecisionRefusedError, match="marked never single out, not open"):
        decide(ledger, "P03", Kind.CONFIRM, "cora", LATER, to=OPEN, seen=seen)


PASSWORD = "a quiet evening with one film"


def test_where_there_are_accounts_only_a_reviewer_decides(ledger):
    decide(ledger, "P01", Kind.CONFIRM, "nobody in particular")
    ledger.add_account("Ana", Role.REVIEWER, PASSWORD)
    ledger.add_account("Cleo", Role.COMMUNICATIONS, PASSWORD)
    for who in ("nobody in particular", "Cleo", "ana"):
        with pytest.raises(DecisionRefusedError, match="is no reviewer"):
            decide(ledger, "P02", Kind.CONFIRM, who)
    decide(ledger, "P02", Kind.CONFIRM, "Ana")
    ledger.disable("Ana")
    with pytest.raises(DecisionRefusedError, match="is no reviewer"):
        tighten(ledger, "P02", NEVER, "Ana")


def test_what_was_not_agreed_to_in_time_cannot_be(ledger):
    asked = loosen(ledger, "P02", OPEN)
    with pytest.raises(DecisionRefusedError, match="No loosening"):
        decide(ledger, "P02", Kind.AGREE, "ben", LATER, about=asked.number)


def test_a_loosening_is_declined_or_taken_back(ledger):
    for who in ("ben", "ana"):
        asked = loosen(ledger, "P02", OPEN)
        with pytest.raises(DecisionRefusedError, match="waits already"):
            loosen(ledger, "P02", OPEN, "cora")
        with pytest.raises(DecisionRefusedError, match="no reason"):
            decide(ledger, "P02", Kind.DECLINE, who, about=asked.number)
        decide(ledger, "P02", Kind.DECLINE, who, about=asked.number, reason=WHY)
        with pytest.raises(DecisionRefusedError, match="No loosening"):
            decide(ledger, "P02", Kind.AGREE, "cora", about=asked.number)
    assert in_force(ledger, "P02") is REVIEW


def test_a_loosening_loses_its_ground_when_somebody_tightens(ledger):
    asked = loosen(ledger, "P02", OPEN)
    tighten(ledger, "P02", NEVER, "cora")
    assert ledger.pattern("P02", TODAY).waiting is None
    with pytest.raises(DecisionRefusedError, match="No loosening"):
        decide(ledger, "P02", Kind.AGREE, "ben", about=asked.number)


def test_a_loosening_of_a_loosening_ends_with_the_first_one(ledger):
    loosened(ledger, "P03", REVIEW, TODAY + timedelta(days=5))
    loosened(ledger, "P03", OPEN, LATER)
    assert in_force(ledger, "P03") is OPEN
    assert in_force(ledger, "P03", TODAY + timedelta(days=5)) is NEVER


@pytest.mark.parametrize("to", [OPEN, REVIEW])
def test_what_is_forbidden_absolutely_nobody_loosens(ledger, to):
    with pytest.raises(DecisionRefusedError, match="absolute"):
        loosen(ledger, "P04", to)
    assert in_force(ledger, "P04") is NEVER


def test_nobody_loosens_below_what_a_rule_keeps(ledger):
    ledger.record_bundle(fit("second", marks=(mark("P01", NEVER, mildest=REVIEW), mark("P02", REVIEW, mildest=REVIEW))))
    loosened(ledger, "P01", REVIEW)
    assert in_force(ledger, "P01") is REVIEW
    for pattern in ("P01", "P02"):
        with pytest.raises(DecisionRefusedError, match=f"{pattern} can be loosened to review at the mildest"):
            loosen(ledger, pattern, OPEN)


# ---------------------------------------------------------------- two reviewers, one pattern


def test_of_two_reviewers_on_one_pattern_the_second_is_told(ledger):
    seen = ledger.pattern("P02", TODAY).last
    tighten(ledger, "P02", NEVER, "ben")
    with pytest.raises(LedgerMovedError, match=r"P02 came in meanwhile by ben \(tighten\)"):
        decide(ledger, "P02", Kind.CONFIRM, seen=seen)
    decide(ledger, "P01", Kind.CONFIRM, seen=1)  # another pattern is another matter


def test_whoever_looked_before_a_refit_is_told(ledger):
    decide(ledger, "P02", Kind.CONFIRM, "ben")
    seen = ledger.pattern("P02", TODAY).last
    ledger.record_bundle(fit("second", marks=(mark("P01"), mark("P02", OPEN))))
    with pytest.raises(LedgerMovedError, match=r"fitted again meanwhile, P02 too"):
        decide(ledger, "P02", Kind.CONFIRM, seen=seen)
    assert not ledger.pattern("P02", TODAY).decided


# ---------------------------------------------------------------- refits


def test_a_refit_makes_decisions_stale_and_says_why(ledger):
    decide(ledger, "P02", Kind.CONFIRM)
    ledger.record_bundle(fit("second"))
    state = ledger.pattern("P02", TODAY)
    assert (state.decided, state.decisions) == (False, ())
    old, new = fit().fingerprint[:12], fit("second").fingerprint[:12]
    assert f"on bundle {old}" in state.stale
    assert f"fitted again and marked (bundle {new})" in state.stale
    assert "ana decided (confirm)" in state.stale
    ledger.record_bundle(fit("third", rulebook=OTHER_BOOK))
    assert "by another rulebook" in ledger.pattern("P02", TODAY).stale


def test_a_refit_ends_a_loosening(ledger):
    loosened(ledger, "P03", OPEN)
    ledger.record_bundle(fit("second"))
    assert in_force(ledger, "P03") is NEVER


def test_a_waiting_loosening_does_not_outlive_a_refit(ledger):
    asked = loosen(ledger, "P02", OPEN)
    ledger.record_bundle(fit("second"))
    with pytest.raises(DecisionRefusedError, match="No loosening"):
        decide(ledger, "P02", Kind.AGREE, "ben", about=asked.number)


# ---------------------------------------------------------------- queue and history


def waits(ledger, today=TODAY):
    return [(waiting.why, waiting.item) for waiting in ledger.queue(today)]


def test_the_queue_says_what_waits_and_why(ledger):
    assert waits(ledger) == [(Why.NEW, f"pattern P0{n}") for n in (1, 2, 3, 4)]
    for pattern in ("P01", "P02", "P04"):
        decide(ledger, pattern, Kind.CONFIRM)
    loosen(ledger, "P03", OPEN)
    assert waits(ledger) == [(Why.LOOSENING, "pattern P03")]
    (waiting,) = ledger.queue(TODAY)
    assert waiting.sentence == f"ana asks to loosen P03 from never single out to open until {LATER}: {WHY}"
    changed = (mark("P01", REVIEW), *MARKS[1:], mark("P05"))
    ledger.record_bundle(fit("second", marks=changed))
    assert waits(ledger) == [
        (Why.CHANGED, "pattern P01"),
        (Why.STALE, "pattern P02"),
        (Why.STALE, "pattern P04"),
        (Why.NEW, "pattern P03"),
        (Why.NEW, "pattern P05"),
    ]


def test_the_history_of_a_pattern_tells_every_step(ledger):
    decide(ledger, "P02", Kind.CONFIRM, "ana")
    loosened(ledger, "P02", OPEN)
    tighten(ledger, "P02", NEVER, "cora")
    ledger.record_bundle(fit("second"), "root")
    steps = ledger.history("P02")
    assert [(step.who, step.kind, step.mark) for step in steps] == [
        ("root", None, REVIEW),
        ("ana", Kind.CONFIRM, REVIEW),
        ("ana", Kind.LOOSEN, OPEN),
        ("ben", Kind.AGREE, OPEN),
        ("cora", Kind.TIGHTEN, NEVER),
        ("root", None, NEVER),
    ]
    assert steps[-1].sentence.endswith(
        "the rulebook marks it review; never single out stays, as people decided before."
    )
    assert ledger.history("P99") == ()


def test_the_lines_of_the_how_to_work(tmp_path, monkeypatch, capsys):
    page = (FOLDER.parents[2] / "docs/how-to/keep-the-ledger.md").read_text()
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    monkeypatch.chdir(tmp_path)
    open_ledger("ledger.sqlite").record_bundle(fit())
    exec(code, {})  # noqa: S102 - our own page
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "pattern P01 Nobody has decided on it yet."
    assert told[-1] == "ben agreed to open."


def test_an_empty_ledger_has_nothing_that_waits(place):
    empty = place.open()
    assert (empty.patterns(), empty.queue(), empty.drafts(), empty.runs(), empty.bundles()) == ((), (), (), (), ())
    with pytest.raises(DecisionRefusedError, match="record a bundle first"):
        empty.decide(Choice(pattern="P01", kind=Kind.CONFIRM, who="ana"), 0)


def test_a_decision_that_was_changed_behind_the_trail_is_named(ledger, place):
    tighten(ledger, "P01", NEVER)
    assert ledger.audit.verify().good
    place.execute("UPDATE decisions SET after = 'open'", "UPDATE marks SET absolute = NOT absolute WHERE number = 4")
    told = [finding.sentence.split(":")[0] for finding in ledger.audit.verify().findings]
    assert told == ["The mark 4 was changed", "The decision 1 was changed"]
