"""What each kind of rule means, for a pattern and for a vector; whoever cannot be judged is withheld."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import RulebookError
from analyzer.features.catalog import CATALOG, select
from analyzer.patterns.profile import OverRepresentation
from analyzer.policy.marks import guarded, mark_patterns
from analyzer.policy.rulebook import load_rulebook
from analyzer.policy.rules import Clause, IfUnknown, MarkStatus, UnknownValueError

PROTECTED = sorted(set().union(*(rule.features for rule in load_rulebook().rule)))
SEEN_BY_FEW = {
    clause.feature
    for rule in load_rulebook().rule
    for clause in rule.any_of + rule.all_of
    if clause.if_unknown is IfUnknown.NO_EVIDENCE
}
EVERYWHERE = sorted(set(PROTECTED) - SEEN_BY_FEW)
CALM = dict.fromkeys(PROTECTED, 0.0)


def vectors(*rows):
    return pd.DataFrame([{**CALM, **row} for row in rows], dtype=float)


def test_marks_are_ordered_from_mild_to_severe_and_the_worst_wins():
    open_, review, never = MarkStatus
    assert [status.severity for status in (open_, review, never)] == [0, 1, 2]
    assert MarkStatus.worst([review, open_]) is review
    assert MarkStatus.worst([review, never, open_]) is never
    assert MarkStatus.worst([]) is open_


# On patterns


def test_a_clause_reads_one_quantile_of_a_pattern_and_its_bound_is_included(make_profile):
    quantiles = {"plays": {0.1: 1.0, 0.25: 2.0, 0.5: 3.0, 0.75: 4.0, 0.9: 5.0}}
    profile = make_profile(quantiles=quantiles)
    assert Clause(feature="plays", at_least=4).on_pattern(profile).value == 4.0
    assert Clause(feature="plays", at_least=4.001).on_pattern(profile) is None
    assert Clause(feature="plays", at_least=5, quantile=0.9).on_pattern(profile).value == 5.0
    assert Clause(feature="plays", at_most=1, quantile=0.1).on_pattern(profile).value == 1.0
    assert Clause(feature="plays", at_most=0.9, quantile=0.1).on_pattern(profile) is None


@pytest.mark.parametrize(
    "quantiles", [{}, {"plays": {}}, {"plays": {0.5: 9.0}}, {"plays": {0.75: float("nan")}}, {"titles": {0.75: 9.0}}]
)
def test_a_quantile_that_is_not_known_is_said_to_be_unknown(make_profile, quantiles):
    with pytest.raises(UnknownValueError, match="plays"):
        Clause(feature="plays", at_least=4).on_pattern(make_profile(quantiles=quantiles))


def test_evidence_says_what_was_found_and_what_the_rule_says(make_profile):
    evidence = Clause(feature="plays", at_least=4).on_pattern(make_profile(upper={"plays": 6.5}))
    assert evidence.sentence() == "plays (quantile 0.75) is 6.5 (at least 4)"


def test_any_of_fires_on_one_clause_and_all_of_only_on_all(make_rulebook, make_profile):
    clauses = [{"feature": "plays", "at_least": 4}, {"feature": "titles", "at_most": 1}]
    any_of, all_of = make_rulebook({"any_of": clauses}, {"all_of": clauses}).rule
    for plays, titles, some, every in ((5, 1, 2, 2), (5, 9, 1, 0), (1, 1, 1, 0), (1, 9, 0, 0)):
        profile = make_profile(upper={"plays": float(plays), "titles": float(titles)})
        assert (len(any_of.on_pattern(profile)), len(all_of.on_pattern(profile))) == (some, every)


def test_a_missing_value_matters_only_where_it_could_decide(make_rulebook, make_profile):
    clauses = [{"feature": "plays", "at_least": 4}, {"feature": "titles", "at_least": 4}]
    any_of, all_of = make_rulebook({"any_of": clauses}, {"all_of": clauses}).rule
    fires, quiet = (make_profile(quantiles={"plays": {0.75: value}}) for value in (9.0, 0.0))
    assert len(any_of.on_pattern(fires)) == 1
    for rule, profile in ((any_of, quiet), (all_of, fires), (all_of, quiet)):
        with pytest.raises(UnknownValueError, match="titles"):
            rule.on_pattern(profile)


def over(ratio=2.0, p_value=0.001):
    return (OverRepresentation("captions", ratio, p_value),)


@pytest.mark.parametrize(
    ("found", "fires"),
    [((), 0), (over(), 1), (over(ratio=1.49), 0), (over(p_value=0.011), 0), (over(1.5, 0.01), 1), (over() * 2, 2)],
)
def test_a_setting_is_evidence_only_beyond_both_bounds(make_rulebook, make_profile, found, fires):
    (rule,) = make_rulebook({"over_represented": {"ratio_at_least": 1.5, "p_at_most": 0.01}}).rule
    assert len(rule.on_pattern(make_profile(over_represented=found))) == fires


@pytest.mark.parametrize(("households", "fires"), [(0, 1), (9, 1), (10, 0), (53, 0), (53_000, 0)])
def test_a_floor_counts_households_and_its_evidence_gives_no_small_count_away(
    make_rulebook, make_profile, households, fires
):
    (rule,) = make_rulebook({"households_below": 10}).rule
    evidence = rule.on_pattern(make_profile(households))
    assert [e.sentence() for e in evidence] == ["households is 10 (fewer than 10)"] * fires


def test_one_household_that_makes_up_much_of_a_pattern_is_noticed(make_rulebook, make_profile):
    (rule,) = make_rulebook({"largest_household_share_above": 0.4}).rule
    assert rule.on_pattern(make_profile(largest_household_share=0.4)) == []
    assert len(rule.on_pattern(make_profile(largest_household_share=0.41))) == 1
    with pytest.raises(UnknownValueError, match="largest_household_share"):
        rule.on_pattern(make_profile(largest_household_share=None))


def test_the_rule_on_no_pattern_speaks_of_no_pattern_alone(make_rulebook, make_profile):
    no_pattern, other = make_rulebook({"no_pattern": True}, {"households_below": 10}).rule
    assert no_pattern.on_pattern(make_profile()) == []
    assert len(no_pattern.on_pattern(None)) == 1
    assert other.on_pattern(None) == []


# On vectors


@pytest.mark.parametrize(
    ("feature", "bound"),
    [
        (clause.feature, clause.at_least)
        for rule in load_rulebook().rule
        for clause in rule.any_of
        if clause.at_least is not None
    ],
)
def test_every_feature_that_a_shipped_rule_names_guards_the_vector_itself(feature, bound):
    told = guarded(vectors({}, {feature: bound}, {feature: bound + 100}, {feature: np.nan}))
    assert told.tolist() == [False, True, True, feature not in SEEN_BY_FEW]


@given(
    st.lists(
        st.dictionaries(st.sampled_from(PROTECTED), st.floats(0, 50) | st.just(np.nan), max_size=4),
        min_size=1,
        max_size=10,
    ),
    st.sampled_from(PROTECTED),
    st.floats(0, 1e6),
)
def test_more_of_a_protected_behaviour_never_lifts_a_guard(rows, feature, more):
    before = vectors(*rows)
    after = before.assign(**{feature: before[feature] + more})
    assert (guarded(after) >= guarded(before)).all()


@given(
    st.lists(
        st.dictionaries(st.sampled_from(PROTECTED), st.floats(0, 50), max_size=4),
        min_size=1,
        max_size=10,
    ),
    st.sampled_from(EVERYWHERE),
)
def test_knowing_less_never_lifts_a_guard(rows, feature):
    before = vectors(*rows)
    assert (guarded(before.assign(**{feature: np.nan})) >= guarded(before)).all()
    assert guarded(before.assign(**{feature: np.nan})).all()


@pytest.mark.parametrize("feature", EVERYWHERE)
def test_a_missing_column_withholds_every_vector(feature):
    assert guarded(vectors({}, {}).drop(columns=feature)).tolist() == [True, True]


@pytest.mark.parametrize("feature", sorted(SEEN_BY_FEW))
def test_a_missing_column_of_what_only_player_events_tell_withholds_nothing(feature):
    assert guarded(vectors({}, {}).drop(columns=feature)).tolist() == [False, False]


def test_a_vector_is_judged_by_itself_and_not_by_its_neighbours():
    rows = vectors({}, {"title_recent_plays_max": 30.0}, {})
    assert guarded(rows).tolist() == [guarded(rows.iloc[[i]])[0] for i in range(3)] == [False, True, False]


def test_all_of_guards_where_everything_is_shown_or_unknown(make_rulebook):
    clauses = [{"feature": "plays", "at_least": 4}, {"feature": "titles", "at_most": 1}]
    rulebook = make_rulebook({"all_of": clauses})
    frame = pd.DataFrame({"plays": [5, 5, 1, 5, np.nan], "titles": [1, 9, 1, np.nan, np.nan]}, dtype=float)
    assert guarded(frame, rulebook).tolist() == [True, False, False, True, True]


def test_an_upper_bound_guards_too(make_rulebook):
    rulebook = make_rulebook({"any_of": [{"feature": "titles", "at_most": 1}]})
    frame = pd.DataFrame({"titles": [0.0, 1.0, 1.5, np.nan]})
    assert guarded(frame, rulebook).tolist() == [True, True, False, True]


def test_a_rule_about_patterns_alone_guards_no_vector(make_rulebook):
    rulebook = make_rulebook({"no_pattern": True}, {"households_below": 10}, {"largest_household_share_above": 0.4})
    assert not guarded(vectors({}, {"plays": 1e6}), rulebook).any()


def test_a_review_rule_guards_as_well(make_rulebook):
    rulebook = make_rulebook({"effect": "review", "any_of": [{"feature": "plays", "at_least": 3}]})
    assert guarded(pd.DataFrame({"plays": [2.0, 3.0]}), rulebook).tolist() == [False, True]


def test_no_vectors_no_guards():
    assert guarded(vectors({}).iloc[:0]).tolist() == []


# Kinds that came with decisions on uses


def repeating(**contrasts):
    """Contrasts of every feature of the catalog, 0 unless told otherwise."""
    select()
    return {**dict.fromkeys(CATALOG, 0.0), **contrasts}


def test_a_contrast_is_bounded_in_standard_deviations_and_its_bound_is_included(make_rulebook, make_profile):
    (rule,) = make_rulebook({"any_of": [{"contrast": "replay_share", "at_least": 1.0}]}).rule
    evidence = rule.on_pattern(make_profile(contrasts={"replay_share": 1.0}))
    assert [e.sentence() for e in evidence] == ["replay_share against everyone, in sd, is 1 (at least 1)"]
    assert rule.on_pattern(make_profile(contrasts={"replay_share": 0.99})) == []
    with pytest.raises(UnknownValueError, match="the contrast of replay_share"):
        rule.on_pattern(make_profile(contrasts={"plays": 3.0}))


def test_a_contrast_guards_no_vector_but_leaves_the_guards_of_others(make_rulebook):
    contrast, feature = {"contrast": "plays", "at_least": 1}, {"feature": "plays", "at_least": 4}
    frame = pd.DataFrame({"plays": [1.0, 5.0]})
    for condition, told in (
        ({"any_of": [contrast]}, [False, False]),
        ({"all_of": [contrast]}, [False, False]),
        ({"any_of": [contrast, feature]}, [False, True]),
        ({"all_of": [contrast, feature]}, [False, True]),
        ({"any_of": [contrast], "all_of": [feature]}, [False, True]),
    ):
        assert guarded(frame, make_rulebook(condition)).tolist() == told


def test_a_family_is_named_where_one_of_it_is_among_the_leading_contrasts(make_rulebook, make_profile):
    (rule,) = make_rulebook({"family": "repetition"}).rule
    (evidence,) = rule.on_pattern(make_profile(contrasts=repeating(replay_share=0.5)))
    assert evidence.attribute == "replay_share against everyone, in sd,"
    assert rule.on_pattern(make_profile(contrasts=repeating(replay_share=0.49))) == []
    stronger = dict.fromkeys(["plays", "hours_played", "night_share", "titles", "episode_share", "active_days"], 2.0)
    assert rule.on_pattern(make_profile(contrasts=repeating(replay_share=1.0, **stronger))) == []


@pytest.mark.parametrize("lost", ["all", "one", "nan"])
def test_a_family_of_which_something_is_not_known_may_lead_for_all_that_anybody_knows(
    make_rulebook, make_profile, lost
):
    (rule,) = make_rulebook({"family": "repetition"}).rule
    contrasts = {} if lost == "all" else repeating()
    if lost == "one":
        del contrasts["repeat_days"]
    elif lost == "nan":
        contrasts["repeat_days"] = np.nan
    with pytest.raises(UnknownValueError, match="a contrast of the family repetition"):
        rule.on_pattern(make_profile(contrasts=contrasts))


def test_conditions_of_several_kinds_must_all_hold(make_rulebook, make_profile):
    (rule,) = make_rulebook({"any_of": [{"feature": "plays", "at_least": 4}], "stability_below": 0.6}).rule
    assert rule.marks_patterns
    for plays, stability, fires in ((5.0, 0.5, 2), (5.0, 0.9, 0), (1.0, 0.5, 0)):
        assert len(rule.on_pattern(make_profile(upper={"plays": plays}, stability=stability))) == fires
    with pytest.raises(UnknownValueError, match="stability"):
        rule.on_pattern(make_profile(upper={"plays": 1.0}, stability=None))


def test_a_guard_takes_what_cannot_be_asked_of_a_vector_to_hold(make_rulebook):
    rulebook = make_rulebook({"any_of": [{"feature": "plays", "at_least": 4}], "stability_below": 0.6})
    assert guarded(pd.DataFrame({"plays": [1.0, 5.0]}), rulebook).tolist() == [False, True]


@pytest.mark.parametrize(
    "more",
    [
        {"purposes": ["press"]},
        {"statements": ["hours"]},
        {"subjects": ["pattern"]},
        {"addressed": ["a group"]},
        {"names_title": False},
        {"pattern_marked": ["never_single_out"]},
        {"condition_words": True},
        {"defined_by_accessibility": True},
        {"effect": "allow"},
    ],
    ids=str,
)
def test_a_rule_about_uses_marks_no_pattern_and_guards_no_vector(make_rulebook, make_profile, more):
    rulebook = make_rulebook({"any_of": [{"feature": "plays", "at_least": 0}], **more})
    assert not rulebook.marking
    assert mark_patterns([make_profile(upper={"plays": 9.0})], rulebook)[0].status is MarkStatus.OPEN
    assert not guarded(pd.DataFrame({"plays": [9.0, np.nan]}), rulebook).any()


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"effect": "allow", "households_below": 10}, "an allow rule cannot use households_below"),
        ({"effect": "allow", "no_pattern": True}, "an allow rule cannot use no_pattern"),
        ({"effect": "allow", "family": "volume"}, "an allow rule cannot use family"),
        ({"effect": "allow", "condition_words": True}, "an allow rule cannot use condition_words"),
        ({"effect": "allow", "purposes": ["press"], "overridable": True}, "an allow rule forbids nothing"),
        ({"effect": "forbid", "households_at_least": 10}, "only an allow rule can use households_at_least"),
        ({"effect": "review", "households_at_least": 10}, "only an allow rule can use households_at_least"),
        ({"effect": "forbid", "pattern_marked": ["open"]}, "lacks the stricter review, never_single_out"),
        ({"effect": "review", "pattern_marked": ["review"]}, "lacks the stricter never_single_out"),
        ({"effect": "allow", "pattern_marked": ["review"]}, "lacks the milder open"),
        ({"effect": "allow", "pattern_marked": ["open", "review", "never_single_out"]}, "no rulebook can allow"),
        ({"effect": "forbid"}, "give at least one condition"),
        ({"effect": "forbid", "no_pattern": False, "names_title": None}, "give at least one condition"),
        ({"no_pattern": True, "stability_below": 0.5}, "the rule could never fire"),
        ({"no_pattern": True, "overridable": True}, "nobody loosens that mark"),
        ({"any_of": [{"feature": "plays", "at_least": 4}], "overridable": True}, "nobody loosens that mark"),
        ({"purposes": []}, "`purposes` is empty"),
        ({"any_of": []}, "`any_of` is empty"),
        ({"no_pattern": 1}, "should be a valid boolean"),
        ({"households_below": 10.0}, "should be a valid integer"),
        ({"households_below": True}, "should be a valid integer"),
        ({"stability_below": "0.5"}, "should be a valid number"),
        ({"no_pattern": True, "since": 5}, "5 is no date"),
        ({"no_pattern": True, "since": "soon"}, "since"),
        ({"any_of": [{"feature": "plays", "contrast": "plays", "at_least": 1}]}, "`feature` is not a word of a clause"),
        ({"any_of": [{"contrast": "captions", "at_least": 1}]}, "accessibility setting"),
        ({"any_of": [{"contrast": "plays", "at_least": 1, "quantile": 0.5}]}, "`quantile` is not a word"),
        ({"any_of": [{"feature": "plays", "at_least": True}]}, "should be a valid number"),
        ({"any_of": [3]}, "any_of > 1"),
        ({"any_of": "plays"}, "any_of"),
    ],
    ids=str,
)
def test_what_no_rule_may_say_is_refused(make_rulebook, rule, told):
    with pytest.raises(RulebookError) as caught:
        make_rulebook(rule)
    assert told in caught.value.cause


def test_inside_and_to_nobody_a_rulebook_may_allow_protected_patterns(make_rulebook):
    marks = {"effect": "allow", "pattern_marked": ["open", "review", "never_single_out"]}
    inside = {"purposes": ["internal research"], "addressed": ["nobody"]}
    assert len(make_rulebook(marks | inside).allowing) == 1
    for key, value in (("purposes", ["internal research", "press"]), ("addressed", ["nobody", "a group"])):
        with pytest.raises(RulebookError, match="no rulebook can allow"):
            make_rulebook(marks | inside | {key: value})


@pytest.mark.parametrize(
    "rule",
    [
        {"effect": "review", "stability_below": 0.5},
        {"effect": "forbid", "households_below": 50},
        {"effect": "forbid", "stability_below": 0.5, "purposes": ["press"]},
        {"effect": "forbid", "pattern_marked": ["never_single_out"]},
    ],
    ids=str,
)
def test_review_floors_and_rules_about_uses_may_be_set_aside(make_rulebook, rule):
    assert make_rulebook(rule | {"overridable": True}).rule[0].overridable
