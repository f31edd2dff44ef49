"""What changes when one rulebook takes the place of another, and which way."""

from __future__ import annotations

import pytest

from analyzer.policy.decisions import decide
from analyzer.policy.diff import Direction, decision_changes, mark_changes, rule_changes
from analyzer.policy.marks import mark_patterns
from analyzer.policy.rulebook import load_rulebook

LOOSENED, TIGHTENED, BOTH, REWORDED = Direction.LOOSENED, Direction.TIGHTENED, Direction.BOTH, Direction.REWORDED
PLAYS, TITLES = ({"feature": name, "at_least": 4} for name in ("plays", "titles"))
OVER = {"ratio_at_least": 1.5, "p_at_most": 0.01}


def change(make_rulebook, before, after):
    (found,) = rule_changes(make_rulebook(before), make_rulebook(after))
    return found


def test_a_rulebook_does_not_differ_from_itself():
    assert rule_changes(load_rulebook(), load_rulebook()) == ()


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        ({"any_of": [PLAYS]}, {"any_of": [PLAYS | {"at_least": 5}]}, LOOSENED),
        ({"any_of": [PLAYS]}, {"any_of": [PLAYS | {"at_least": 3}]}, TIGHTENED),
        ({"any_of": [PLAYS]}, {"any_of": [PLAYS, TITLES]}, TIGHTENED),
        ({"any_of": [PLAYS, TITLES]}, {"any_of": [PLAYS]}, LOOSENED),
        ({"all_of": [PLAYS]}, {"all_of": [PLAYS, TITLES]}, LOOSENED),
        ({"any_of": [PLAYS]}, {"any_of": [TITLES]}, BOTH),
        ({"any_of": [PLAYS]}, {"any_of": [PLAYS | {"if_unknown": "no evidence"}]}, LOOSENED),
        ({"any_of": [PLAYS]}, {"any_of": [PLAYS], "stability_below": 0.5}, LOOSENED),
        ({"any_of": [PLAYS], "all_of": [TITLES]}, {"any_of": [PLAYS]}, TIGHTENED),
        ({"households_below": 10}, {"households_below": 5}, LOOSENED),
        ({"stability_below": 0.6}, {"stability_below": 0.7}, TIGHTENED),
        ({"largest_household_share_above": 0.4}, {"largest_household_share_above": 0.5}, LOOSENED),
        ({"over_represented": OVER}, {"over_represented": OVER | {"ratio_at_least": 2.0}}, LOOSENED),
        ({"over_represented": OVER}, {"over_represented": OVER | {"odds_at_least": 2.0}}, TIGHTENED),
        ({"over_represented": OVER}, {"over_represented": OVER | {"p_at_most": 0.001}}, LOOSENED),
        ({"purposes": ["press"]}, {"purposes": ["press", "advertising"]}, TIGHTENED),
        ({"purposes": ["press"]}, {"purposes": ["advertising"]}, BOTH),
        ({"purposes": ["press"], "names_title": True}, {"purposes": ["press"]}, TIGHTENED),
        ({"no_pattern": True}, {"no_pattern": True, "purposes": ["press"]}, LOOSENED),
        ({"no_pattern": True}, {"no_pattern": True, "effect": "review"}, LOOSENED),
        ({"no_pattern": True, "effect": "review"}, {"no_pattern": True}, TIGHTENED),
        ({"names_title": True}, {"names_title": True, "overridable": True}, LOOSENED),
        ({"names_title": True, "overridable": True}, {"names_title": True}, TIGHTENED),
        ({"no_pattern": True}, {"no_pattern": True, "because": "Another reason, in words."}, REWORDED),
        ({"no_pattern": True}, {"no_pattern": True, "since": "2027-01-01"}, REWORDED),
        ({"any_of": [PLAYS]}, {"any_of": [PLAYS | {"at_least": 5}, TITLES]}, BOTH),
    ],
    ids=str,
)
def test_a_rule_that_can_fire_less_is_looser_where_it_forbids(make_rulebook, before, after, direction):
    found = change(make_rulebook, before, after)
    assert (found.rule_id, found.direction) == ("rule-1", direction)
    assert found.details


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        ({"households_at_least": 10}, {"households_at_least": 100}, TIGHTENED),
        ({"households_at_least": 10}, {"households_at_least": 5}, LOOSENED),
        ({"purposes": ["press"]}, {"purposes": ["press", "advertising"]}, LOOSENED),
        ({"households_at_least": 9, "purposes": ["press"]}, {"purposes": ["press"]}, LOOSENED),
        ({"purposes": ["press"]}, {"purposes": ["press"], "pattern_marked": ["open", "review"]}, LOOSENED),
        ({"purposes": ["press"]}, {"purposes": ["press"], "addressed": ["nobody"]}, TIGHTENED),
    ],
    ids=str,
)
def test_a_rule_that_can_fire_less_is_tighter_where_it_allows(make_rulebook, before, after, direction):
    allow = {"effect": "allow"}
    assert change(make_rulebook, allow | before, allow | after).direction is direction


def test_rules_that_come_and_go_are_told_with_what_they_do(make_rulebook):
    one = {"no_pattern": True}
    longer, shorter = make_rulebook(one, {"households_below": 10}), make_rulebook(one)
    (gone,), (come,) = rule_changes(longer, shorter), rule_changes(shorter, longer)
    assert (gone.rule_id, gone.direction, gone.details) == (
        "rule-2",
        Direction.REMOVED,
        ("it could withhold and mark patterns never single out",),
    )
    assert (come.rule_id, come.direction) == ("rule-2", Direction.ADDED)


def test_the_border_is_compared_too():
    book = load_rulebook()
    wider = book.model_copy(update={"border": book.border.model_copy(update={"closed_share_above": 0.2})})
    none = book.model_copy(update={"border": None})
    for before, after, direction in (
        (book, wider, LOOSENED),
        (wider, book, TIGHTENED),
        (book, none, LOOSENED),
        (none, book, TIGHTENED),
    ):
        (found,) = rule_changes(before, after)
        assert (found.rule_id, found.direction) == ("[border]", direction)


def test_patterns_whose_mark_changes_are_told_and_no_others(make_rulebook, make_profile):
    profiles = [make_profile(id=f"P0{n}", upper={"plays": float(n)}) for n in (1, 5)]
    strict, mild = (make_rulebook({"any_of": [PLAYS], "effect": effect}) for effect in ("forbid", "review"))
    (found,) = mark_changes(mark_patterns(profiles, strict), mark_patterns(profiles, mild))
    assert (found.name, found.before, found.after, found.looser) == ("P05", "never_single_out", "review", True)
    assert found.rules_before == found.rules_after == ("rule-1",)
    assert mark_changes(mark_patterns(profiles, strict), mark_patterns(profiles, strict)) == ()


def test_uses_whose_outcome_changes_are_told_and_no_others(make_use, make_rulebook):
    allow, deny = make_rulebook({"effect": "allow", "households_at_least": 10}), make_rulebook({"households_below": 2})
    uses = {"many": make_use(), "few": make_use(households=5)}
    (found,) = decision_changes((name, decide(use, deny), decide(use, allow)) for name, use in uses.items())
    assert (found.name, found.before, found.after, found.looser) == ("many", "withheld", "allowed", True)
