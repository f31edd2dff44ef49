"""Profile and rulebook make the mark: the worst wins, size never rescues, and what cannot be evaluated withholds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.features.catalog import CATALOG, Family
from analyzer.patterns.profile import QUANTILES, OverRepresentation, PatternProfile
from analyzer.policy.marks import NO_PATTERN_ID, guarded, mark_patterns
from analyzer.policy.rulebook import Rulebook, load_rulebook, rulebook_from
from analyzer.policy.rules import IfUnknown, MarkStatus, Rule

OPEN, REVIEW, NEVER = MarkStatus
CLAUSES = [clause for rule in load_rulebook().rule for clause in rule.any_of + rule.all_of]
PROTECTED = sorted({clause.feature for clause in CLAUSES})
SEEN_BY_FEW = {clause.feature for clause in CLAUSES if clause.if_unknown is IfUnknown.NO_EVIDENCE}
FEATURES = ["plays", "titles", "night_share"]


def mark_of(profile, rulebook=None):
    return mark_patterns([profile], rulebook)[0]


def test_a_quiet_pattern_is_open_and_nothing_is_said_against_it(make_profile):
    mark = mark_of(make_profile())
    assert (mark.pattern_id, mark.status, mark.reasons) == ("P01", OPEN, ())
    assert mark.rulebook_hash == load_rulebook().hash


def test_marks_come_in_the_order_of_the_patterns_and_no_pattern_last(make_profile):
    profiles = [make_profile(id=f"P{n:02d}") for n in (1, 2, 3)]
    assert [mark.pattern_id for mark in mark_patterns(profiles)] == ["P01", "P02", "P03", NO_PATTERN_ID]


def test_a_fitted_estimator_and_its_profiles_are_marked_alike(fitted):
    assert mark_patterns(fitted.patterns) == mark_patterns(fitted.patterns.profiles_) == list(fitted.marks)


@pytest.mark.parametrize("feature", PROTECTED)
def test_a_pattern_with_a_protected_behaviour_is_not_open(make_profile, feature):
    mark = mark_of(make_profile(upper={feature: 1e6}))
    assert mark.status is NEVER
    assert any(e.attribute.startswith(feature) for reason in mark.reasons for e in reason.evidence)


@pytest.mark.parametrize("households", [10, 53, 53_000, 10**9])
@pytest.mark.parametrize("feature", PROTECTED)
def test_a_mark_does_not_depend_on_how_many_viewers_there_are(make_profile, feature, households):
    """The tweet's 53 viewers, or 53,000: size never rescues a pattern."""
    mark = mark_of(make_profile(households, upper={feature: 50.0}))
    assert mark == mark_of(make_profile(53, upper={feature: 50.0}))
    assert mark.status is NEVER


@given(
    st.dictionaries(st.sampled_from(PROTECTED), st.floats(0, 50)),
    st.integers(10, 100),
    st.integers(101, 10**9),
)
def test_more_households_never_make_a_mark_milder(values, few, many):
    quantiles = {n: dict.fromkeys(QUANTILES, values.get(n, 0.0)) for n in PROTECTED}
    small = PatternProfile("P01", "A", few, True, quantiles, largest_household_share=0.1, stability=0.9)
    assert mark_of(replace(small, households=many)) == mark_of(small)


@pytest.mark.parametrize("households", [0, 1, 9])
def test_fewer_than_ten_households_withhold_whatever_they_do(make_profile, households):
    mark = mark_of(make_profile(households))
    assert mark.status is NEVER
    assert "too-few-households" in mark.rule_ids


def test_a_pattern_that_is_not_described_is_withheld_whatever_the_rulebook(make_profile, make_rulebook):
    lenient = make_rulebook({"effect": "review", "no_pattern": True})
    assert mark_of(make_profile(), lenient).status is OPEN
    assert mark_of(make_profile(described=False), lenient).status is NEVER


def test_one_household_that_dominates_is_for_a_person_to_decide(make_profile):
    assert mark_of(make_profile(largest_household_share=0.5)).status is REVIEW


def test_the_worst_of_all_reasons_wins_and_every_reason_is_kept(make_profile):
    mark = mark_of(
        make_profile(largest_household_share=0.5, upper={"title_recent_plays_max": 3.0, "title_night_replays_max": 9.0})
    )
    assert mark.status is NEVER
    assert mark.rule_ids == ("replays-at-night", "one-title-returns", "one-household-dominates")
    assert {reason.status for reason in mark.reasons} == {NEVER, REVIEW}


# What cannot be evaluated


def without(lost, feature):
    """Quantiles of which something is missing."""
    quantiles = {n: dict.fromkeys(QUANTILES, 0.0) for n in PROTECTED}
    if lost == "feature":
        del quantiles[feature]
    elif lost == "quantile":
        del quantiles[feature][0.75]
    else:
        quantiles[feature][0.75] = float("nan")
    return quantiles


@pytest.mark.parametrize("feature", sorted(SEEN_BY_FEW))
@pytest.mark.parametrize("lost", ["feature", "quantile", "value"])
def test_what_only_player_events_tell_is_no_evidence_where_there_are_none(make_profile, feature, lost):
    quiet, silent = make_profile(), make_profile(quantiles=without(lost, feature))
    assert mark_of(silent).status is mark_of(quiet).status is OPEN


def test_all_that_is_no_evidence_where_unknown_is_about_navigation():
    """Whoever adds such a clause for a behaviour that session rows tell opens a door: here it shows."""
    assert {CATALOG[feature].family for feature in SEEN_BY_FEW} == {Family.NAVIGATION}


@pytest.mark.parametrize("feature", sorted(set(PROTECTED) - SEEN_BY_FEW))
@pytest.mark.parametrize("lost", ["feature", "quantile", "value"])
def test_a_quantile_that_is_missing_withholds_and_the_sentence_says_so(make_profile, feature, lost):
    mark = mark_of(make_profile(quantiles=without(lost, feature)))
    assert mark.status is NEVER
    failed = [reason for reason in mark.reasons if reason.failure]
    assert failed
    for reason in failed:
        assert reason.status is NEVER
        assert feature in reason.sentence()
        assert reason.sentence().endswith("is missing; so it withholds.")
        assert reason.rule_id in reason.sentence()


@pytest.mark.parametrize("error", [RuntimeError("x"), ZeroDivisionError(), TypeError(), KeyError("x"), MemoryError()])
def test_a_rule_that_raises_withholds_and_says_so(make_profile, monkeypatch, error):
    def fail(self, profile):
        raise error

    monkeypatch.setattr(Rule, "on_pattern", fail)
    mark = mark_of(make_profile())
    assert mark.status is NEVER
    assert len(mark.reasons) == len(load_rulebook().marking)
    assert f"it raised {type(error).__name__}; so it withholds" in mark.reasons[0].sentence()


def test_one_rule_that_raises_withholds_though_all_others_are_quiet(make_profile, make_rulebook):
    class Broken(Rule):
        def on_pattern(self, profile):
            raise RuntimeError

        def on_vectors(self, vectors):
            raise RuntimeError

    (rule,) = make_rulebook({"effect": "review", "no_pattern": True}).rule
    quiet = load_rulebook()
    broken = Rulebook.model_construct(
        id="x", version="1", owner="o", rule=(*quiet.rule, Broken.model_construct(**dict(rule)))
    )
    assert mark_of(make_profile(), quiet).status is OPEN
    assert mark_of(make_profile(), broken).status is NEVER
    frame = pd.DataFrame(np.zeros((3, len(PROTECTED))), columns=PROTECTED)
    assert not guarded(frame, quiet).any()
    assert guarded(frame, broken).all()


@pytest.mark.parametrize("answer", [np.zeros(2, dtype=bool), "x", None, np.zeros((3, 3), dtype=float)])
def test_a_rule_that_answers_nonsense_for_vectors_withholds(monkeypatch, answer):
    monkeypatch.setattr(Rule, "on_vectors", lambda self, vectors: answer)
    assert guarded(pd.DataFrame({"plays": [1.0, 2.0, 3.0]})).all()


def test_a_reason_gives_the_rules_own_words_and_its_evidence(make_profile):
    (reason,) = mark_of(make_profile(upper={"title_night_replays_max": 9.0})).reasons
    (rule,) = (rule for rule in load_rulebook().rule if rule.id == "replays-at-night")
    assert reason.sentence() == (
        f"{rule.because} (replays-at-night: title_night_replays_max (quantile 0.75) is 9 (at least 2))"
    )
    assert reason.cites


# Accessibility settings


OVER = (OverRepresentation("captions", 3.0, 1e-6),)


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_over_represented_settings_raise_a_mark(make_profile, share):
    mark = mark_of(make_profile(over_represented=OVER, largest_household_share=share))
    assert mark.status is NEVER
    assert "accessibility-settings-over-represented" in mark.rule_ids


@given(
    st.dictionaries(st.sampled_from(PROTECTED), st.floats(0, 50)),
    st.floats(0, 10),
    st.floats(0, 1),
    st.integers(0, 100),
)
def test_settings_never_lower_a_mark(values, ratio, p_value, households):
    quantiles = {n: dict.fromkeys(QUANTILES, values.get(n, 0.0)) for n in PROTECTED}
    without = PatternProfile("P01", "A", households, True, quantiles, largest_household_share=0.1, stability=0.9)
    with_ = replace(without, over_represented=(OverRepresentation("captions", ratio, p_value),))
    assert mark_of(with_).status.severity >= mark_of(without).status.severity


def test_settings_that_are_rarer_than_elsewhere_say_nothing(make_profile):
    assert mark_of(make_profile(over_represented=(OverRepresentation("captions", 0.1, 1.0),))).status is OPEN


# Whatever the rulebook


CLAUSES = st.builds(
    lambda feature, bound, way, quantile: {"feature": feature, way: bound, "quantile": quantile},
    st.sampled_from(FEATURES),
    st.integers(0, 10),
    st.sampled_from(["at_least", "at_most"]),
    st.sampled_from(QUANTILES),
)
CONDITIONS = st.one_of(
    st.builds(lambda c: {"any_of": c}, st.lists(CLAUSES, min_size=1, max_size=3)),
    st.builds(lambda c: {"all_of": c}, st.lists(CLAUSES, min_size=1, max_size=3)),
    st.builds(lambda r: {"over_represented": {"ratio_at_least": r, "p_at_most": 0.01}}, st.floats(1.1, 9)),
    st.builds(lambda n: {"households_below": n}, st.integers(2, 1_000)),
    st.builds(lambda s: {"largest_household_share_above": s}, st.floats(0.01, 0.99)),
    st.just({"no_pattern": True}),
)
WORDS = {"because": "A reason long enough.", "cites": ["somebody"], "since": "2026-11-26"}
RULES = st.lists(st.tuples(st.sampled_from(["review", "forbid"]), CONDITIONS), min_size=1, max_size=5)
PROFILES = st.builds(
    lambda quantiles, households, share, ratio: PatternProfile(
        "P01",
        "A",
        households,
        True,
        quantiles,
        over_represented=(OverRepresentation("captions", ratio, 0.001),),
        largest_household_share=share,
    ),
    st.dictionaries(
        st.sampled_from(FEATURES), st.dictionaries(st.sampled_from(QUANTILES), st.floats(0, 12) | st.just(np.nan))
    ),
    st.integers(0, 2_000),
    st.none() | st.floats(0, 1),
    st.floats(0, 10),
)


def book(rules):
    told = [{"id": f"r{n}", "effect": effect, **WORDS, **condition} for n, (effect, condition) in enumerate(rules)]
    return rulebook_from({"id": "x", "version": "1", "owner": "o", "rule": told}, "random")


@given(RULES)
def test_no_pattern_is_never_open_whatever_the_rulebook(rules):
    mark = mark_patterns([], book(rules))[-1]
    assert mark.pattern_id == NO_PATTERN_ID
    assert mark.status is NEVER


@given(RULES, RULES, PROFILES)
def test_adding_a_rule_never_makes_a_mark_milder(rules, more, profile):
    before, after = mark_of(profile, book(rules)), mark_of(profile, book(rules + more))
    assert after.status.severity >= before.status.severity
    assert set(before.rule_ids) <= set(after.rule_ids)


@given(RULES, PROFILES, st.randoms(use_true_random=False))
def test_the_order_of_rules_never_changes_a_mark(rules, profile, random):
    shuffled = random.sample(rules, len(rules))
    assert mark_of(profile, book(rules)).status is mark_of(profile, book(shuffled)).status


VECTORS = st.lists(
    st.fixed_dictionaries({name: st.floats(0, 12) | st.just(np.nan) for name in FEATURES}), min_size=1, max_size=6
).map(pd.DataFrame)


@given(RULES, RULES, VECTORS)
def test_adding_a_rule_never_lifts_a_guard(rules, more, vectors):
    assert (guarded(vectors, book(rules + more)) >= guarded(vectors, book(rules))).all()


@given(RULES, VECTORS, st.sampled_from(FEATURES))
def test_losing_a_column_or_a_value_never_lifts_a_guard(rules, vectors, feature):
    before = guarded(vectors, book(rules))
    assert (guarded(vectors.drop(columns=feature), book(rules)) >= before).all()
    assert (guarded(vectors.assign(**{feature: np.nan}), book(rules)) >= before).all()


@given(RULES, PROFILES, st.sampled_from(FEATURES))
def test_losing_a_quantile_never_makes_a_mark_milder(rules, profile, feature):
    poorer = replace(profile, quantiles={n: q for n, q in profile.quantiles.items() if n != feature})
    assert mark_of(poorer, book(rules)).status.severity >= mark_of(profile, book(rules)).status.severity
