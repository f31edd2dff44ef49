"""Use and rulebook make the decision: what is said of whom, by which rules, and visibly so."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from analyzer.policy import decisions
from analyzer.policy.decisions import decide
from analyzer.policy.effects import MarkStatus, Outcome
from analyzer.policy.overrides import Override
from analyzer.policy.rulebook import load_rulebook
from analyzer.policy.uses import Addressed, Purpose, Standing, Statement, Subject, Use

OPEN, REVIEW, NEVER = MarkStatus
ALLOWED, IN_REVIEW, WITHHELD = Outcome
TODAY = date(2026, 12, 1)
MARKS = {"open": OPEN, "review": REVIEW, "never": NEVER, "-": None}

# The shipped rulebook, as reviewers read it. What is not in a row is as in the ordinary use of the builders.
TABLE = """
subject  mark   households purpose            statement            addressed title name             | outcome  rules
title    -      31000      press              hours                nobody    yes   -                | allowed  titles-and-everyone-inside titles-and-everyone-outside
title    -      100        public message     rank                 nobody    yes   -                | allowed  titles-and-everyone-inside titles-and-everyone-outside
title    -      99         public message     rank                 nobody    yes   -                | withheld
title    -      10         internal research  hours                nobody    yes   -                | allowed  titles-and-everyone-inside
title    -      9          internal research  hours                nobody    yes   -                | withheld too-few-households
title    -      31000      public message     hours                a group   yes   -                | review   group-addressed-outside
title    -      31000      public message     hours                a person  yes   -                | withheld one-person-one-title-addressed one-person-addressed-outside group-addressed-outside
title    -      31000      advertising        hours                nobody    yes   -                | withheld
everyone -      90000      press              trend                nobody    no    -                | allowed  titles-and-everyone-inside titles-and-everyone-outside
everyone -      90000      internal research  list of persons      nobody    no    -                | withheld list-of-persons
pattern  open   500        press              count of people      nobody    no    Many titles      | allowed  patterns-inside patterns-outside
pattern  open   99         press              count of people      nobody    no    Many titles      | withheld
pattern  open   99         internal research  count of people      nobody    no    Many titles      | allowed  patterns-inside
pattern  open   500        press              count of people      nobody    yes   Many titles      | review   people-beside-a-title
pattern  open   500        press              hours                nobody    yes   Many titles      | allowed  patterns-inside patterns-outside
pattern  open   500        public message     count of people      a group   no    Many titles      | review   group-addressed-outside
pattern  open   500        press              quote of one person  nobody    no    Many titles      | withheld
pattern  open   500        press              quote of one person  nobody    yes   Many titles      | withheld one-person-one-title-quoted
pattern  open   500        retention campaign count of people      nobody    no    Many titles      | withheld
pattern  review 500        internal research  count of people      nobody    no    Many titles      | review   pattern-in-review-inside
pattern  review 500        press              count of people      nobody    no    Many titles      | withheld pattern-in-review-outside pattern-in-review-inside
pattern  never  53         public message     count of people      a group   yes   One title daily  | withheld protected-pattern-in-public protected-pattern-addressed protected-pattern-inside pattern-in-review-outside pattern-in-review-inside group-addressed-outside people-beside-a-title
pattern  never  53000      public message     count of people      a group   yes   One title daily  | withheld protected-pattern-in-public protected-pattern-addressed protected-pattern-inside pattern-in-review-outside pattern-in-review-inside group-addressed-outside people-beside-a-title
pattern  never  53000      advertising        hours                nobody    no    One title daily  | withheld protected-pattern-under-pressure protected-pattern-inside pattern-in-review-outside pattern-in-review-inside
pattern  never  53000      internal research  hours                nobody    no    One title daily  | withheld protected-pattern-inside pattern-in-review-inside
pattern  never  53000      internal research  hours                a person  no    One title daily  | withheld protected-pattern-addressed protected-pattern-inside pattern-in-review-inside
pattern  open   500        internal research  hours                nobody    no    Autistic-coded   | withheld health-words-in-a-name
group    open   500        press              count of people      nobody    no    Evenings         | allowed  patterns-inside patterns-outside
person   open   500        internal research  hours                nobody    yes   Somebody         | withheld one-person-one-title
person   open   500        internal research  hours                nobody    no    Somebody         | withheld
"""  # noqa: E501 - a table is read by its columns


def rows():
    head, *lines = TABLE.strip().splitlines()
    starts = [
        head.index(word) for word in ("subject", "mark", "households", "purpose", "statement", "addressed", "title")
    ]
    starts += [head.index("name"), head.index("|")]
    for line in lines:
        cells = [line[a:b].strip() for a, b in pairwise(starts)]
        outcome, *rules = line[starts[-1] + 1 :].split()
        yield pytest.param(cells, outcome, rules, id=" ".join(cells))


@pytest.mark.parametrize(("cells", "outcome", "rules"), list(rows()))
def test_the_shipped_rulebook_answers_as_the_table_says(make_use, make_title_use, cells, outcome, rules):
    subject, mark, households, purpose, statement, addressed, title, name = cells
    about = Subject(subject)
    told = {
        "subject": about,
        "households": int(households),
        "purpose": Purpose(purpose),
        "statement": Statement(statement),
        "addressed": Addressed(addressed),
        "names_title": title == "yes",
    }
    use = make_use(**told, mark=MARKS[mark], name=name) if about.has_profile else make_title_use(**told)
    decision = decide(use)
    assert (decision.outcome.value, list(decision.rule_ids)) == (outcome, rules)


@pytest.mark.parametrize("households", [10, 53, 53_000, 10**9])
@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not Purpose.INTERNAL_RESEARCH])
def test_a_protected_pattern_is_spoken_of_nowhere_outside_at_any_number(make_use, households, purpose):
    assert decide(make_use(mark=NEVER, households=households, purpose=purpose)).outcome is WITHHELD


# Visibly


def test_a_decision_says_which_rulebook_said_so(make_use):
    book = load_rulebook()
    decision = decide(make_use())
    assert (decision.rulebook_id, decision.rulebook_version, decision.rulebook_hash) == (
        book.id,
        book.version,
        book.hash,
    )


@pytest.mark.parametrize(
    ("lost", "rule"),
    [
        ("households", "too-few-households"),
        ("addressed", "one-person-addressed-outside"),
        ("names_title", "people-beside-a-title"),
        ("name", "health-words-in-a-name"),
        ("defined_by", "accessibility-defines-a-published-group"),
        ("mark", "protected-pattern-in-public"),
        ("profile", "one-title-over-days"),
        ("purpose", "protected-pattern-in-public"),
        ("purpose", "protected-pattern-under-pressure"),
        ("statement", "list-of-persons"),
        ("subject", "people-beside-a-title"),
    ],
)
def test_what_is_missing_is_named_with_the_rule_that_needs_it(make_use, lost, rule):
    decision = decide(make_use(**{lost: None}))
    assert decision.outcome is WITHHELD
    (ground,) = (ground for ground in decision.reasons if ground.rule_id == rule and ground.failure)
    assert ground.sentence().startswith(f"Rule {rule} could not be evaluated because `{lost}`")
    assert ground.sentence().endswith("missing; so it withholds.")


def test_a_rule_that_the_statement_excludes_needs_nothing(make_use):
    """A rule about counts of people has no word on hours, whatever else is unknown."""
    decision = decide(make_use(statement=Statement.HOURS, names_title=None))
    assert "people-beside-a-title" not in decision.rule_ids


def test_a_rule_is_asked_all_its_conditions_also_where_one_does_not_hold(make_use):
    """Nobody is addressed, so the rule on one person and one title would not fire; but nobody knows of the title."""
    assert "one-person-one-title-addressed" in decide(make_use(names_title=None)).rule_ids


def test_a_quantile_that_is_missing_withholds_and_is_named(make_use, make_profile):
    quantiles = {name: values for name, values in make_profile().quantiles.items() if name != "replay_share"}
    decision = decide(make_use(profile=make_profile(quantiles=quantiles)))
    (ground,) = (ground for ground in decision.reasons if ground.rule_id == "mostly-known-titles")
    assert "could not be evaluated because replay_share is missing" in ground.sentence()
    assert decision.outcome is WITHHELD


@pytest.mark.parametrize("standing", [Standing.STALE, Standing.UNKNOWN, None])
def test_a_bundle_that_is_not_current_withholds_patterns_and_nothing_else(make_use, make_title_use, standing):
    decision = decide(make_use(standing=standing))
    assert decision.outcome is WITHHELD
    assert any("The bundle that the pattern comes from is" in ground.sentence() for ground in decision.reasons)
    assert decide(make_title_use(standing=standing)).outcome is ALLOWED


def test_nothing_at_all_is_withheld_and_says_what_is_missing():
    decision = decide(Use())
    assert decision.outcome is WITHHELD
    told = " ".join(ground.sentence() for ground in decision.reasons)
    assert all(f"`{name}`" in told for name in ("purpose", "statement", "subject", "households", "names_title"))


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), ZeroDivisionError(), KeyError("x"), MemoryError(), RecursionError()]
)
def test_a_rule_that_raises_withholds_and_says_so(make_use, monkeypatch, error):
    def fail(rule, use, marked):
        raise error

    monkeypatch.setattr(decisions, "match", fail)
    decision = decide(make_use())
    assert decision.outcome is WITHHELD
    assert any(f"it raised {type(error).__name__}" in ground.sentence() for ground in decision.reasons)


def test_a_statement_on_few_households_says_the_floor_and_never_the_number(make_title_use):
    decision = decide(make_title_use(households=7))
    assert "households is 10 (fewer than 10)" in decision.reasons[0].sentence()
    assert "7" not in "".join(ground.sentence() for ground in decision.reasons)


def test_what_no_rule_allows_says_which_rule_would_come_nearest(make_use):
    (ground,) = decide(make_use(households=53)).reasons
    assert ground.sentence() == "No rule allows it (patterns-outside is not met: it asks for 100 households)."


def test_decisions_are_plain_values_too(make_use):
    told = json.loads(json.dumps(decide(make_use(mark=REVIEW)).as_json()))
    assert (told["outcome"], told["rules"]) == ("withheld", ["pattern-in-review-outside", "pattern-in-review-inside"])
    assert told["rulebook"]["hash"] == load_rulebook().hash
    assert told["reasons"][0]["nearest"] == "would not fire if it were marked open"


# Marks


def test_a_mark_that_is_milder_than_the_rulebook_says_does_not_count(make_use, make_profile):
    decision = decide(make_use(profile=make_profile(upper={"replay_share": 0.9}), mark=OPEN))
    assert "protected-pattern-in-public" in decision.rule_ids
    assert "marked never single out by mostly-known-titles" in decision.reasons[0].sentence()


def test_a_mark_that_is_stricter_than_the_rulebook_says_counts(make_use):
    assert "protected-pattern-in-public" in decide(make_use(mark=NEVER)).rule_ids


def test_a_pattern_that_is_not_described_is_protected(make_use, make_profile):
    assert "protected-pattern-in-public" in decide(make_use(profile=make_profile(described=False))).rule_ids


def test_a_rulebook_that_only_marks_allows_nothing_of_what_it_marks(make_use, make_profile, make_rulebook):
    """Whoever forbids a behaviour and allows broadly has not allowed that behaviour in passing."""
    rulebook = make_rulebook(
        {"any_of": [{"feature": "plays", "at_least": 4}]}, {"effect": "allow", "households_at_least": 2}
    )
    quiet, marked = (make_use(profile=make_profile(upper={"plays": plays})) for plays in (1.0, 9.0))
    assert decide(quiet, rulebook).outcome is ALLOWED
    assert decide(marked, rulebook).outcome is WITHHELD


# Audiences


def test_what_may_not_be_said_inside_is_not_said_outside(make_use, make_rulebook):
    press_only = make_rulebook({"effect": "allow", "purposes": ["press"]})
    decision = decide(make_use(), press_only)
    assert decision.outcome is WITHHELD
    assert "No rule allows it for internal research, which is narrower" in decision.reasons[-1].sentence()


def test_who_speaks_to_a_person_speaks_to_a_group_too(make_use, make_rulebook):
    only_persons = make_rulebook({"effect": "allow", "addressed": ["a person"]})
    assert decide(make_use(addressed=Addressed.PERSON), only_persons).outcome is WITHHELD
    everybody = make_rulebook({"effect": "allow", "addressed": ["a person", "a group", "nobody"]})
    assert decide(make_use(addressed=Addressed.PERSON), everybody).outcome is ALLOWED
    no_groups = make_rulebook(
        {"effect": "allow", "households_at_least": 2}, {"addressed": ["a group"], "effect": "forbid"}
    )
    assert [decide(make_use(addressed=who), no_groups).outcome for who in Addressed] == [ALLOWED, WITHHELD, WITHHELD]


# Accessibility


@pytest.mark.parametrize(
    "column",
    ["captions", "audio_description", "playback_rate", "assistive_tech", "captions_share", "Captions", "with-captions"],
)
def test_an_accessibility_setting_defines_no_published_group(make_use, column):
    decision = decide(make_use(subject=Subject.GROUP, defined_by=("country", column)))
    assert "accessibility-defines-a-published-group" in decision.rule_ids
    assert any("the group is defined by" in ground.sentence() for ground in decision.reasons)


def test_a_column_that_nobody_knows_could_be_one_and_withholds(make_use):
    decision = decide(make_use(defined_by=("cc_on",)))
    assert decision.outcome is WITHHELD
    assert any("what 'cc_on' of defined_by is built on is missing" in ground.sentence() for ground in decision.reasons)


@pytest.mark.parametrize("column", ["country", "device", "title_id", "pattern", "window_start", "plays"])
def test_known_columns_may_define_a_group(make_use, column):
    assert decide(make_use(subject=Subject.GROUP, defined_by=(column,))).outcome is ALLOWED


# Overrides


def agreed(rule, **changes):
    told = {"by": ("Ada", "Grace"), "reason": "The people in it asked us to.", "expires": date(2026, 12, 31)}
    return Override(rule, **{**told, **changes})


def test_two_people_may_set_a_review_aside_until_a_day(make_use):
    use = make_use(names_title=True)
    assert decide(use).outcome is IN_REVIEW
    decision = decide(use, overrides=[agreed("people-beside-a-title")], today=TODAY)
    assert (decision.outcome, decision.overridden) == (ALLOWED, ("people-beside-a-title",))
    assert decision.rule_ids == ("patterns-inside", "patterns-outside")
    assert "Set aside by two people." in decision.reasons[0].sentence()
    assert decide(use, overrides=[agreed("people-beside-a-title")], today=date(2026, 12, 31)).outcome is IN_REVIEW


def test_a_protected_pattern_may_be_studied_inside_when_two_people_say_why_and_a_third_looks(make_use):
    use = make_use(purpose=Purpose.INTERNAL_RESEARCH, mark=NEVER)
    decision = decide(use, overrides=[agreed("protected-pattern-inside")], today=TODAY)
    assert (decision.outcome, decision.rule_ids) == (IN_REVIEW, ("pattern-in-review-inside",))


def test_a_rule_that_is_set_aside_leaves_all_others(make_use):
    use = make_use(names_title=True, addressed=Addressed.GROUP)
    decision = decide(use, overrides=[agreed("people-beside-a-title")], today=TODAY)
    assert (decision.outcome, decision.rule_ids) == (IN_REVIEW, ("group-addressed-outside",))


def test_a_forbid_that_is_set_aside_still_needs_a_rule_that_allows(make_use, make_rulebook):
    forbid = {"purposes": ["press"], "overridable": True}
    alone, allowing = make_rulebook(forbid), make_rulebook(forbid, {"effect": "allow", "households_at_least": 2})
    for rulebook, outcome in ((alone, WITHHELD), (allowing, ALLOWED)):
        assert decide(make_use(), rulebook).outcome is WITHHELD
        assert decide(make_use(), rulebook, [agreed("rule-1")], TODAY).outcome is outcome


@pytest.mark.parametrize(
    ("changes", "rule", "told"),
    [
        ({}, "group-addressed-outside", "the rule did not fire"),
        ({"names_title": None}, "people-beside-a-title", "the rule could not be evaluated"),
    ],
)
def test_an_override_that_is_not_used_is_told(make_use, changes, rule, told):
    decision = decide(make_use(**changes), overrides=[agreed(rule)], today=TODAY)
    (refused,) = decision.refused
    assert refused.sentence().startswith(f"The override of {rule} changes nothing: {told}")
    assert decision.overridden == ()
    assert decision.outcome is decide(make_use(**changes)).outcome


def test_a_use_never_changes_by_being_decided(make_use):
    use = make_use()
    before = replace(use)
    assert decide(use) == decide(use)
    assert use == before
