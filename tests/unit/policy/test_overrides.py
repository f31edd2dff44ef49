"""Setting a rule aside takes two different people, a reason and a last day; anything less changes nothing."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from analyzer.errors import InputError
from analyzer.policy.overrides import Override, override_from, sort_overrides
from analyzer.policy.rulebook import load_rulebook

TODAY = date(2026, 12, 1)
BOOK = load_rulebook()
GOOD = {
    "rule_id": "people-beside-a-title",
    "by": ("Ada", "Grace"),
    "reason": "The people in it asked us to.",
    "expires": date(2026, 12, 2),
}


def refusal(today=TODAY, **changes):
    """Return why an override is refused, or nothing where it is valid."""
    valid, refused = sort_overrides([Override(**{**GOOD, **changes})], BOOK, today)
    assert len(valid) + len(refused) == 1
    return refused[0].because if refused else ""


def test_two_people_a_reason_and_a_day_to_come_are_enough():
    assert refusal() == ""
    assert refusal(by=("Ada", "Grace", "Ada")) == ""
    assert refusal(by=("Jürgen Müller", "Jurgen Muller-Lang")) == ""


@pytest.mark.parametrize(
    "by",
    [
        (),
        ("Ada",),
        ("Ada", "Ada"),
        ("Ada", "ada"),
        ("Ada", " ADA "),
        ("Ada", "Ａｄａ"),
        ("Ada", "A\u200bda"),
        ("Ada\tLovelace", "Ada  Lovelace"),
        ("Straße", "STRASSE"),
        ("Ada Lovelace", "ada.lovelace"),
        ("José", "Jose\u0301"),
    ],
    ids=repr,
)
def test_one_person_spelled_twice_is_one_person(by):
    assert refusal(by=by) in ("two different people must decide", "a person has no name")


@pytest.mark.parametrize("by", [("Ada", ""), ("Ada", "  "), ("Ada", "-"), ("Ada", "\u200b"), ("", "...")], ids=repr)
def test_a_person_without_a_name_is_nobody(by):
    assert refusal(by=by) == "a person has no name"


@pytest.mark.parametrize("by", ["Ada Grace", None, ("Ada", None), ("Ada", 3), 7], ids=repr)
def test_what_is_no_list_of_names_names_nobody(by):
    assert refusal(by=by) == "nobody is named who decided"


@pytest.mark.parametrize(
    "reason", ["", "ok", "          ", "aaaaaaaaaaaa aaaa", "1234567890 1234", "Because", None, 5], ids=repr
)
def test_a_reason_that_says_nothing_is_none(reason):
    assert refusal(reason=reason) == "no reason is given that somebody could check"


@pytest.mark.parametrize(
    ("expires", "why"),
    [
        (TODAY, "it ended on 2026-12-01"),
        (date(2020, 1, 1), "it ended on 2020-01-01"),
        (None, "it has no last day"),
        ("2026-12-31", "it has no last day"),
        (datetime(2026, 12, 31), "it has no last day"),  # noqa: DTZ001 - a moment is what is refused here
    ],
    ids=repr,
)
def test_an_override_ends(expires, why):
    assert refusal(expires=expires) == why


def test_without_a_known_day_none_is_valid():
    assert refusal(today=None) == "nobody said what day it is"


@pytest.mark.parametrize("rule", [rule for rule in BOOK.rule if not rule.overridable], ids=lambda rule: rule.id)
def test_no_rule_without_overridable_can_be_set_aside(rule):
    assert refusal(rule_id=rule.id) != ""


@pytest.mark.parametrize("rule", [rule for rule in BOOK.rule if rule.overridable], ids=lambda rule: rule.id)
def test_every_rule_with_overridable_can_be_set_aside(rule):
    assert refusal(rule_id=rule.id) == ""


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("no-such-rule", "the rulebook has no such rule"),
        ("", "the rulebook has no such rule"),
        ("protected-pattern-in-public", "the rule is absolute"),
        ("too-few-households", "the rule is absolute"),
        ("patterns-outside", "the rule allows, and there is nothing to set aside"),
        ("one-title-over-days", "the rule is absolute"),
    ],
)
def test_why_a_rule_cannot_be_set_aside_is_told(rule, why):
    assert refusal(rule_id=rule).startswith(why)


def test_overrides_are_read_from_plain_values():
    told = {"rule": "r", "by": ["Ada", "Grace"], "reason": "why", "expires": "2026-12-31"}
    assert override_from(told) == Override("r", ("Ada", "Grace"), "why", date(2026, 12, 31))


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        {},
        {"rule": "r", "by": ["a"], "reason": "why"},
        {"rule": "r", "by": "Ada", "reason": "why", "expires": "2026-12-31"},
        {"rule": "r", "by": ["a", 1], "reason": "why", "expires": "2026-12-31"},
        {"rule": 1, "by": ["a"], "reason": "why", "expires": "2026-12-31"},
        {"rule": "r", "by": ["a"], "reason": "why", "expires": "soon"},
        {"rule": "r", "by": ["a"], "reason": "why", "expires": 20261231},
        {"rule": "r", "by": ["a"], "reason": "why", "expires": "2026-12-31", "more": 1},
    ],
    ids=str,
)
def test_plain_values_that_are_no_override_are_refused(wrong):
    with pytest.raises(InputError):
        override_from(wrong)
