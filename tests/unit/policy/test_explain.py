"""Why a rule fired, in its clauses' values; and for what people may decide otherwise, the nearest change."""

from __future__ import annotations

import pytest

from analyzer.policy.decisions import decide
from analyzer.policy.effects import MarkStatus
from analyzer.policy.explain import explained, nearest_for_pattern
from analyzer.policy.marks import Mark, Reason, mark_patterns
from analyzer.policy.rulebook import load_rulebook
from analyzer.policy.uses import Addressed


def nearest(make_rulebook, profile, condition):
    (rule,) = make_rulebook(condition).rule
    assert rule.on_pattern(profile)
    return nearest_for_pattern(rule, profile)


def test_a_rule_that_people_may_decide_on_says_what_would_flip_it(make_profile):
    profile = make_profile(upper={"title_recent_plays_max": 3.5})
    mark = mark_patterns([profile])[0]
    (found,) = explained(mark, profile, load_rulebook())
    assert (found.reason.rule_id, found.overridable) == ("one-title-returns", True)
    assert found.reason.evidence[0].sentence() == "title_recent_plays_max (quantile 0.5) is 3.5 (at least 3)"
    assert found.nearest == "would not fire if title_recent_plays_max (quantile 0.5) were below 3; it is 3.5"


def test_an_absolute_rule_says_what_fired_it_and_nothing_that_would_flip_it(make_profile):
    profile = make_profile(upper={"replay_share": 0.9})
    (found,) = explained(mark_patterns([profile])[0], profile, load_rulebook())
    assert (found.overridable, found.nearest) == (False, "")
    assert found.reason.evidence


def test_what_could_not_be_evaluated_has_no_nearest_change(make_profile):
    profile = make_profile(stability=None)
    (found,) = explained(mark_patterns([profile])[0], profile, load_rulebook())
    assert (found.reason.failure, found.nearest) == ("stability is missing", "")


def test_a_reason_that_is_not_of_the_rulebook_says_so(make_profile):
    reason = Reason("inherited-mark", MarkStatus.REVIEW, "A reason long enough.", ("somebody",))
    mark = Mark("P01", MarkStatus.REVIEW, (reason,), load_rulebook().hash)
    (found,) = explained(mark, make_profile(), load_rulebook())
    assert (found.reason, found.overridable, found.nearest) == (reason, None, "")


PLAYS, TITLES = ({"feature": name, "at_least": 4} for name in ("plays", "titles"))
FEW = {"feature": "titles", "at_most": 2}


@pytest.mark.parametrize(
    ("condition", "upper", "told"),
    [
        ({"any_of": [PLAYS]}, {"plays": 5.0}, "plays (quantile 0.75) were below 4; it is 5"),
        ({"any_of": [FEW]}, {"titles": 1.0}, "titles (quantile 0.75) were above 2; it is 1"),
        ({"any_of": [PLAYS, TITLES]}, {"plays": 5.0, "titles": 0.0}, "plays (quantile 0.75) were below 4; it is 5"),
        (
            {"any_of": [PLAYS, TITLES]},
            {"plays": 5.0, "titles": 9.0},
            "plays (quantile 0.75) were below 4 (it is 5) and titles (quantile 0.75) were below 4 (it is 9)",
        ),
        (
            {"all_of": [PLAYS, TITLES]},
            {"plays": 5.0, "titles": 9.0},
            "plays (quantile 0.75) were below 4; it is 5",
        ),
    ],
)
def test_any_of_must_be_undone_whole_and_all_of_where_it_is_nearest(
    make_rulebook, make_profile, condition, upper, told
):
    assert nearest(make_rulebook, make_profile(upper=upper), condition) == f"would not fire if {told}"


@pytest.mark.parametrize(
    ("condition", "changes", "told"),
    [
        ({"stability_below": 0.6}, {"stability": 0.5}, "stability were at least 0.6; it is 0.5"),
        (
            {"largest_household_share_above": 0.4},
            {"largest_household_share": 0.5},
            "the largest household's share were at most 0.4; it is 0.5",
        ),
        ({"households_below": 10}, {"households": 7}, "there were at least 10 households; there are fewer"),
    ],
)
def test_bounds_on_the_pattern_are_told_and_small_counts_are_not(make_rulebook, make_profile, condition, changes, told):
    assert nearest(make_rulebook, make_profile(**changes), condition) == f"would not fire if {told}"


def test_of_several_conditions_the_nearest_one_is_told(make_rulebook, make_profile):
    condition = {"any_of": [{"feature": "plays", "at_least": 4}], "stability_below": 0.6}
    profile = make_profile(upper={"plays": 40.0}, stability=0.59)
    assert nearest(make_rulebook, profile, condition) == "would not fire if stability were at least 0.6; it is 0.59"


@pytest.mark.parametrize(
    ("changes", "rule", "told"),
    [
        ({"names_title": True}, "people-beside-a-title", "no title were named"),
        ({"addressed": Addressed.GROUP}, "group-addressed-outside", "nobody were addressed"),
        ({"addressed": Addressed.PERSON}, "one-person-addressed-outside", "a group were addressed"),
        ({"mark": MarkStatus.REVIEW}, "pattern-in-review-outside", "it were marked open"),
    ],
)
def test_a_decision_says_what_would_flip_a_rule_that_can_be_set_aside(make_use, changes, rule, told):
    (ground,) = (ground for ground in decide(make_use(**changes)).reasons if ground.rule_id == rule)
    assert ground.nearest == f"would not fire if {told}"


def test_the_nearest_change_of_a_decision_is_true(make_use):
    assert "people-beside-a-title" not in decide(make_use(names_title=False)).rule_ids
    assert "group-addressed-outside" not in decide(make_use(addressed=Addressed.NOBODY)).rule_ids
    assert "one-person-addressed-outside" not in decide(make_use(addressed=Addressed.GROUP)).rule_ids
