"""A use is checked before it is judged: no word, number or key that is none gets as far as a rule."""

from __future__ import annotations

import json

import numpy as np
import pytest

from analyzer.errors import ExitCode, InputError
from analyzer.patterns.profile import QUANTILES, OverRepresentation
from analyzer.policy.effects import MarkStatus
from analyzer.policy.marks import mark_patterns
from analyzer.policy.plain import profile_as_json, profile_from, use_as_json, use_from
from analyzer.policy.uses import Addressed, Purpose, Standing, Statement, Subject, Use


def test_purposes_are_judged_as_each_narrower_one():
    inside = Purpose.INTERNAL_RESEARCH
    assert inside.narrower == (inside,)
    assert {purpose: purpose.narrower for purpose in Purpose if purpose is not inside} == {
        purpose: (purpose, inside) for purpose in Purpose if purpose is not inside
    }
    assert Addressed.PERSON.narrower == (Addressed.NOBODY, Addressed.GROUP, Addressed.PERSON)
    assert Addressed.NOBODY.narrower == (Addressed.NOBODY,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"households": -1},
        {"households": True},
        {"households": 5.0},
        {"households": float("nan")},
        {"households": "53"},
        {"households": np.float64(53)},
        {"purpose": "press"},
        {"statement": Purpose.PRESS},
        {"mark": "open"},
        {"names_title": 1},
        {"names_title": "yes"},
        {"name": 3},
        {"defined_by": ["pattern"]},
        {"defined_by": "pattern"},
        {"defined_by": ("pattern", 1)},
        {"defined_by": ("",)},
        {"profile": {"households": 10}},
        {"subject": Subject.TITLE, "mark": MarkStatus.OPEN},
    ],
    ids=str,
)
def test_a_value_of_another_kind_is_refused(wrong):
    with pytest.raises(InputError) as caught:
        Use(**wrong)
    assert caught.value.remedy


def test_a_title_has_no_profile(make_profile):
    with pytest.raises(InputError, match="a title, but has a profile or a mark"):
        Use(subject=Subject.TITLE, profile=make_profile())
    with pytest.raises(InputError, match="everyone, but has a profile or a mark"):
        Use(subject=Subject.EVERYONE, profile=make_profile())


def test_a_use_is_read_from_plain_values_and_what_is_left_out_stays_unknown():
    told = {"purpose": "press", "statement": "rank", "subject": "group", "households": 120, "defined_by": ["country"]}
    use = use_from(told)
    assert use == Use(
        purpose=Purpose.PRESS,
        statement=Statement.RANK,
        subject=Subject.GROUP,
        households=120,
        defined_by=("country",),
    )
    assert (use.mark, use.profile, use.addressed, use.names_title, use.name, use.standing) == (None,) * 6
    assert use_from({}) == Use()
    assert use_from(dict.fromkeys(told)) == Use()


def test_a_use_survives_its_way_through_json(make_use, make_profile):
    over = (OverRepresentation("captions", 2.0, 0.001, 3.0), OverRepresentation("captions", 2.0, 0.001))
    use = make_use(profile=make_profile(over_represented=over, contrasts={"plays": 1.5}), marked_by=("newborn", "r"))
    assert use_from(json.loads(json.dumps(use_as_json(use)))) == use


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"purpos": "press"}, ("`purpos`", "Did you mean 'purpose'?")),
        ({"purpose": "Press"}, ("'Press'", "one of public message, press")),
        ({"purpose": ["press"]}, ("['press']",)),
        ({"households": -1}, ("-1", "whole number from 0")),
        ({"households": 5.5}, ("5.5",)),
        ({"households": True}, ("True",)),
        ({"households": float("nan")}, ("nan",)),
        ({"households": "12"}, ("'12'",)),
        ({"names_title": "no"}, ("'no'", "true or false")),
        ({"defined_by": "captions"}, ("'captions'", "list of names")),
        ({"defined_by": [1]}, ("[1]",)),
        ({"marked_by": "newborn"}, ("'newborn'", "list of rule ids")),
        ({"marked_by": [], "pattern": "P01"}, ("`pattern` stands beside",)),
        ({"profile": 3}, ("profile", "a table")),
        ({"profile": {"households": 3, "moods": 1}}, ("`moods`",)),
        ({"profile": {}}, ("`households` is missing",)),
        ({"mark": "open", "pattern": "P01"}, ("`pattern` stands beside",)),
        ({"mark": "closed"}, ("'closed'", "open, review, never_single_out")),
        ([], ("no table",)),
        (None, ("no table",)),
    ],
    ids=str,
)
def test_plain_values_that_are_no_use_are_refused_with_what_is_allowed(values, words):
    with pytest.raises(InputError) as caught:
        use_from(values)
    told = f"{caught.value.cause} {caught.value.remedy}"
    assert all(word in told for word in words), told
    assert caught.value.exit_code is ExitCode.BAD_INPUT


def test_all_mistakes_of_a_use_are_told_at_once():
    with pytest.raises(InputError, match=r"The claim has 4 mistakes: .*mood.*purpose.*households.*names_title"):
        use_from({"mood": 1, "purpose": "x", "households": -3, "names_title": 0}, what="The claim")


def test_a_pattern_is_looked_up_by_its_id(make_profile):
    known = {"P07": (make_profile(id="P07"), MarkStatus.REVIEW), "no pattern": (None, MarkStatus.NEVER_SINGLE_OUT)}
    use = use_from({"subject": "pattern", "pattern": "P07"}, known)
    assert (use.profile, use.mark) == known["P07"]
    assert use_from({"subject": "pattern", "pattern": "no pattern"}, known).mark is MarkStatus.NEVER_SINGLE_OUT


def test_a_whole_mark_says_which_rules_gave_it_and_its_status_alone_does_not(make_profile):
    mark = mark_patterns([make_profile(id="P07", stability=0.5)])[0]
    whole, status = (
        use_from({"subject": "pattern", "pattern": "P07"}, {"P07": (None, told)}) for told in (mark, mark.status)
    )
    assert whole.mark is status.mark is MarkStatus.REVIEW
    assert (whole.marked_by, status.marked_by) == (("unstable-pattern",), None)


@pytest.mark.parametrize("known", [None, {}])
def test_a_pattern_that_nobody_knows_leaves_profile_and_mark_unknown(known):
    use = use_from({"subject": "pattern", "pattern": "P07", "standing": "current"}, known)
    assert (use.profile, use.mark, use.standing) == (None, None, Standing.CURRENT)


# Profiles


def test_a_sparse_profile_has_what_is_said_and_nothing_else():
    profile = profile_from({"households": 53, "quantiles": {"plays": {"0.75": 4}, "titles": 2}}, "p", "P03")
    assert (profile.id, profile.name, profile.households, profile.described) == ("P03", "P03", 53, True)
    assert profile.quantiles == {"plays": {0.75: 4.0}, "titles": dict.fromkeys(QUANTILES, 2.0)}
    assert (profile.contrasts, profile.stability, profile.largest_household_share) == ({}, None, None)


def test_null_is_missing_and_few_households_are_not_described():
    profile = profile_from({"households": 9, "quantiles": {"plays": {"0.75": None}, "titles": None}, "stability": None})
    assert (profile.described, profile.quantiles, profile.stability) == (False, {"plays": {}}, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"households": 1.5},
        {"households": True},
        {"quantiles": {"plays": {"0.7": 1}}},
        {"quantiles": {"plays": {"most": 1}}},
        {"quantiles": {"plays": "many"}},
        {"quantiles": {"plays": True}},
        {"quantiles": {"plays": float("inf")}},
        {"quantiles": [1]},
        {"contrasts": {"plays": "high"}},
        {"stability": 1.5},
        {"stability": 10**400},
        {"largest_household_share": -0.1},
        {"over_represented": [{"setting": "captions"}]},
        {"over_represented": [{"setting": "captions", "ratio": 2, "p_value": 0.1, "more": 1}]},
        {"described": "yes"},
        {"name": 1},
    ],
    ids=str,
)
def test_a_profile_with_a_value_of_another_kind_is_refused(wrong):
    with pytest.raises(InputError, match="The profile has 1 mistake"):
        profile_from({"households": 100, **wrong})


def test_a_profile_survives_its_way_through_json(make_profile):
    profile = make_profile(contrasts={"plays": 1.5}, drift=0.2)
    assert profile_from(json.loads(json.dumps(profile_as_json(profile)))) == profile
