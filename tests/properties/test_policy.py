"""The sentences of docs/explanation/how-a-rulebook-decides.md hold for every rulebook, use and override.

Each property says its sentence as its docstring, and one test checks that the page says it too.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import Phase, assume, find, given, settings
from hypothesis import strategies as st

from analyzer.errors import RulebookError
from analyzer.features.catalog import Family, select
from analyzer.patterns.profile import QUANTILES, OverRepresentation, PatternProfile
from analyzer.policy.decisions import decide
from analyzer.policy.effects import Effect, MarkStatus, Outcome
from analyzer.policy.marks import mark_patterns
from analyzer.policy.overrides import Override
from analyzer.policy.rulebook import Rulebook, load_rulebook, rulebook_from
from analyzer.policy.rules import Rule
from analyzer.policy.uses import Addressed, Purpose, Standing, Statement, Subject, Use

PAGE = Path(__file__).resolve().parents[2] / "docs/explanation/how-a-rulebook-decides.md"
SHIPPED = load_rulebook()
READ = sorted(set().union(*(rule.features for rule in SHIPPED.rule)))
FEATURES = ["plays", "titles", "replay_share"]
TODAY = date(2026, 12, 1)
WORDS = {"because": "A reason long enough.", "cites": ["somebody"], "since": "2026-11-26"}
OUTSIDE = [purpose for purpose in Purpose if purpose is not Purpose.INTERNAL_RESEARCH]

# Rulebooks


def words_of(kind):
    words = st.sampled_from([member.value for member in kind])
    return words.map(lambda word: [word]) | st.lists(words, min_size=1, max_size=3, unique=True)


def some_of(**parts):
    """Tables with some of these keys."""
    return st.fixed_dictionaries({}, optional=parts)


CLAUSE = st.builds(
    lambda kind, feature, way, bound: {kind: feature, way: bound},
    st.sampled_from(["feature", "contrast"]),
    st.sampled_from(FEATURES),
    st.sampled_from(["at_least", "at_most"]),
    st.integers(-1, 4),
)
CLAUSES = st.lists(CLAUSE, min_size=1, max_size=2)
SCOPE = {"purposes": words_of(Purpose), "statements": words_of(Statement), "subjects": words_of(Subject)}
ASKED = {"any_of": CLAUSES, "all_of": CLAUSES, "addressed": words_of(Addressed), "names_title": st.booleans()}
MARKS = st.lists(st.sampled_from([mark.value for mark in MarkStatus]), min_size=1, unique=True)
PROTECTIVE = {
    "over_represented": st.just({"ratio_at_least": 1.5, "p_at_most": 0.01}),
    "family": st.sampled_from([family.value for family in Family]),
    "households_below": st.sampled_from([2, 10, 100]),
    "largest_household_share_above": st.just(0.4),
    "stability_below": st.just(0.6),
    "condition_words": st.just(True),
    "defined_by_accessibility": st.just(True),
}
EVERY = {**SCOPE, **ASKED, **PROTECTIVE, "households_at_least": st.sampled_from([2, 10, 100]), "pattern_marked": MARKS}
EFFECTS = st.sampled_from([effect.value for effect in Effect])
BROAD = {"effect": "allow", "households_at_least": 2, "pattern_marked": ["open", "review"]}
INSIDE = {
    "effect": "allow",
    "purposes": ["internal research"],
    "addressed": ["nobody"],
    "pattern_marked": ["open", "review", "never_single_out"],
}


def written(values) -> Rule | None:
    """The rule that these values describe, or None where no rule may say so."""
    try:
        return rulebook_from({"id": "x", "version": "1", "owner": "o", "rule": [WORDS | values]}, "random").rule[0]
    except RulebookError:
        return None


def rules_of(*names, effects=EFFECTS, most=2):
    """Rules with some of these parts; whatever no rule may say is left out, so that this too is put to the test."""
    parts = st.lists(st.sampled_from(names), min_size=1, max_size=most, unique=True)
    chosen = parts.flatmap(lambda some: st.fixed_dictionaries({name: EVERY[name] for name in some}))
    return st.builds(lambda effect, part: {"effect": effect, "id": "r", **part}, effects, chosen).filter(written)


def book(rules) -> Rulebook:
    """A rulebook of these rules, each under an id of its own."""
    made = [written(rule | {"id": f"r{number}"}) for number, rule in enumerate(rules)]
    return Rulebook(id="x", version="1", owner="o", rule=tuple(made))


def books_of(*names):
    """Rulebooks with one or two rules with some of these parts, beside rules that allow much."""
    most = st.sampled_from([[BROAD], [BROAD], [BROAD, INSIDE], []])
    return st.builds(
        lambda rules, more: book([*rules, *more]), st.lists(rules_of(*names), min_size=1, max_size=2), most
    )


AGAINST = rules_of(*EVERY, effects=st.sampled_from(["forbid", "review"]))
NO_PATTERN = st.just({"effect": "forbid", "id": "r", "no_pattern": True})
IN_FAVOUR = rules_of(*EVERY, effects=st.just("allow"))
RULES = st.builds(
    lambda against, favour, usual: [*against, *favour, *usual],
    st.lists(AGAINST | NO_PATTERN, max_size=2),
    st.lists(IN_FAVOUR, max_size=1),
    st.sampled_from([[BROAD], [BROAD, INSIDE], [INSIDE]]),
)
BOOKS = RULES.map(book) | RULES.map(book) | st.just(SHIPPED)
HARD = settings(max_examples=300)


def near(*names):
    """Mostly rulebooks in which these parts decide, for there a property could fail; else any."""
    return st.one_of(*(books_of(name) for name in names), *(books_of(*names) for _ in range(2)), BOOKS)


ON_PROFILES = [name for name in (*ASKED, *PROTECTIVE) if name not in ("names_title", "addressed")]

# Uses


@cache
def features():
    return sorted({spec.name for spec in select()} | set(READ))


def usual(kind, value):
    """Mostly the value with which most things are allowed: what is allowed is where a property could fail."""
    return st.sampled_from([value] * 4 * len(kind) + list(kind))


PROFILES = st.builds(
    lambda values, contrasts, households, share, stability, over: PatternProfile(
        "P01",
        "Many titles",
        households,
        households >= 10,
        {name: dict.fromkeys(QUANTILES, float(values.get(name, 0))) for name in FEATURES + READ},
        {name: float(contrasts.get(name, 0)) for name in features()},
        over,
        share,
        stability,
    ),
    st.just({}) | st.dictionaries(st.sampled_from(FEATURES + READ), st.integers(0, 5), max_size=2),
    st.just({}) | st.dictionaries(st.sampled_from(FEATURES + READ), st.integers(-3, 3), max_size=2),
    usual([9, 10, 99, 100], 5_000),
    usual([0.5], 0.05),
    usual([0.5], 0.95),
    usual([(OverRepresentation("captions", 3.0, 0.001),)], ()),
)


MADE = {
    "purpose": st.sampled_from([*Purpose, *[Purpose.INTERNAL_RESEARCH, Purpose.PRESS] * 3]),
    "statement": usual(Statement, Statement.COUNT_OF_PEOPLE),
    "households": usual([0, 1, 9, 10, 53, 99, 100], 53_000),
    "addressed": usual(Addressed, Addressed.NOBODY),
    "names_title": st.booleans(),
    "name": usual(["Viewers with dementia"], "Many titles"),
    "defined_by": usual([("country",), ("captions",), ("nobody_knows",), ()], ("pattern",)),
    "standing": usual(Standing, Standing.CURRENT),
}
ABOUT_VIEWERS = st.builds(
    Use,
    subject=st.sampled_from([Subject.PATTERN, Subject.PATTERN, Subject.GROUP, Subject.PERSON]),
    profile=PROFILES,
    mark=usual(MarkStatus, MarkStatus.OPEN),
    **MADE,
)
COMPLETE = ABOUT_VIEWERS | st.builds(Use, subject=st.sampled_from([Subject.TITLE, Subject.EVERYONE]), **MADE)
ATTRIBUTES = list(Use.__dataclass_fields__)
ASKED_FOR = ["households", "addressed", "names_title", "name", "defined_by"]
USES = st.builds(
    lambda use, lost: replace(use, **dict.fromkeys(lost)),
    COMPLETE,
    usual([[name] for name in ATTRIBUTES], []),
)


def severity(use, rulebook, **more):
    return decide(use, rulebook, **more).outcome.severity


# The sentences


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("books", [BOOKS, st.just(SHIPPED)], ids=["any rulebook", "the shipped one"])
def test_uses_of_every_outcome_are_among_those_that_are_tried(outcome, books):
    first = settings(max_examples=5_000, phases=[Phase.generate])
    use, rulebook = find(st.tuples(COMPLETE, books), lambda pair: decide(*pair).outcome is outcome, settings=first)
    assert decide(use, rulebook).outcome is outcome


@given(BOOKS, USES)
def test_the_worst_wins(rulebook, use):
    """Forbid is stronger than review, and review than allow."""
    decision = decide(use, rulebook)
    assert decision.outcome is Outcome.worst([reason.outcome for reason in decision.reasons])
    fired = {reason.rule_id for reason in decision.reasons}
    for rule in rulebook.rule:
        if rule.id in fired and rule.effect is not Effect.ALLOW:
            least = Outcome.WITHHELD if rule.effect is Effect.FORBID else Outcome.REVIEW
            assert decision.outcome.severity >= least.severity


@given(st.lists(AGAINST, min_size=1, max_size=3), USES)
def test_silence_permits_nothing(rules, use):
    """What no rule allows is withheld."""
    decision = decide(use, book(rules))
    assert decision.outcome is Outcome.WITHHELD
    assert any(reason.because.startswith("No rule allows") for reason in decision.reasons)


@HARD
@given(
    near("names_title", "addressed", "condition_words", "defined_by_accessibility", "households_below", "any_of"),
    USES,
    st.sampled_from(ATTRIBUTES) | st.sampled_from(ASKED_FOR),
)
def test_taking_an_attribute_away(rulebook, use, lost):
    """Taking an attribute of a use away never makes an outcome milder."""
    assert severity(replace(use, **{lost: None}), rulebook) >= severity(use, rulebook)


@given(BOOKS, USES, st.sampled_from(["purpose", "statement", "subject"]))
def test_what_no_use_can_do_without(rulebook, use, lost):
    """A use that does not say its purpose, its statement or its subject is withheld by every rulebook."""
    decision = decide(replace(use, **{lost: None}), rulebook)
    assert decision.outcome is Outcome.WITHHELD
    assert any(f"`{lost}`" in reason.sentence() for reason in decision.reasons)


@given(BOOKS, USES, st.sampled_from(["profile", "mark", "standing"]))
def test_what_no_pattern_can_do_without(rulebook, use, lost):
    """A pattern without its profile, its mark or the standing of its bundle is withheld by every rulebook."""
    assume(use.subject is Subject.PATTERN)
    assert decide(replace(use, **{lost: None}), rulebook).outcome is Outcome.WITHHELD


@HARD
@given(
    near("any_of", "all_of", "family", "stability_below", "largest_household_share_above"),
    ABOUT_VIEWERS,
    st.sampled_from(["stability", "largest_household_share", "contrasts", *FEATURES]),
)
def test_taking_a_value_of_a_profile_away(rulebook, use, lost):
    """Taking a value of a profile away never makes an outcome milder, unless a clause calls it no evidence."""
    profile = use.profile
    if lost == "contrasts":
        poorer = replace(profile, contrasts={})
    elif lost in FEATURES:
        poorer = replace(
            profile,
            quantiles={name: values for name, values in profile.quantiles.items() if name != lost},
            contrasts={name: value for name, value in profile.contrasts.items() if name != lost},
        )
    else:
        poorer = replace(profile, **{lost: None})
    assert severity(replace(use, profile=poorer), rulebook) >= severity(use, rulebook)


@given(RULES, USES, AGAINST, st.integers(0, 5))
def test_adding_a_rule_that_forbids_or_asks_for_review(rules, use, more, place):
    """Adding a forbid or review rule never makes an outcome milder."""
    place = min(place, len(rules))
    assert severity(use, book([*rules[:place], more, *rules[place:]])) >= severity(use, book(rules))


@given(USES, AGAINST)
def test_adding_a_rule_to_the_shipped_ones(use, more):
    """Adding a forbid or review rule never makes an outcome milder."""
    longer = SHIPPED.model_copy(update={"rule": (*SHIPPED.rule, written(more))})
    assert severity(use, longer) >= severity(use, SHIPPED)


@HARD
@given(near("households_below", "households_at_least"), USES, st.integers(1, 60_000), st.booleans())
def test_fewer_households(rulebook, use, fewer, also_in_the_pattern):
    """Fewer households never make an outcome milder."""
    assume(use.households is not None)
    smaller = replace(use, households=max(0, use.households - fewer))
    if also_in_the_pattern and use.profile:
        smaller = replace(smaller, profile=replace(use.profile, households=max(0, use.profile.households - fewer)))
    assert severity(smaller, rulebook) >= severity(use, rulebook)


@HARD
@given(near("purposes", "addressed"), USES, st.sampled_from(OUTSIDE), st.sampled_from(list(Addressed)))
def test_a_wider_audience(rulebook, use, purpose, addressed):
    """A wider audience never makes an outcome milder."""
    use = replace(use, purpose=Purpose.INTERNAL_RESEARCH) if use.purpose else use
    wider = replace(use, purpose=purpose) if use.purpose else use
    if use.addressed is not None and use.addressed in addressed.narrower:
        wider = replace(wider, addressed=addressed)
    assert severity(wider, rulebook) >= severity(use, rulebook)


@HARD
@given(near("pattern_marked", "purposes"), ABOUT_VIEWERS, st.sampled_from(list(MarkStatus)))
def test_a_stricter_mark(rulebook, use, mark):
    """A stricter mark never makes an outcome milder."""
    assume(use.mark is not None and mark.severity >= use.mark.severity)
    assert severity(replace(use, mark=mark), rulebook) >= severity(use, rulebook)


@given(BOOKS, USES, st.randoms(use_true_random=False))
def test_another_order(rulebook, use, random):
    """The order of the rules changes no outcome."""
    shuffled = rulebook.model_copy(update={"rule": tuple(random.sample(rulebook.rule, len(rulebook.rule)))})
    before, after = decide(use, rulebook), decide(use, shuffled)
    assert after.outcome is before.outcome
    assert set(after.rule_ids) == set(before.rule_ids)


@given(BOOKS, ABOUT_VIEWERS, st.sampled_from([Standing.STALE, Standing.UNKNOWN]))
def test_an_old_bundle(rulebook, use, standing):
    """What is said of a pattern from a bundle that is stale, or of unknown standing, is withheld."""
    old = decide(replace(use, subject=Subject.PATTERN, standing=standing), rulebook)
    assert old.outcome is Outcome.WITHHELD


@given(near(*ON_PROFILES, "pattern_marked"), ABOUT_VIEWERS)
def test_the_mark_that_counts(rulebook, use):
    """The mark that counts is the stricter of what the use brings and of what the rulebook says of the profile."""
    mark = mark_patterns([use.profile], rulebook)[0].status
    stricter = MarkStatus.worst([mark, use.mark])
    assert decide(use, rulebook).outcome is decide(replace(use, mark=stricter), rulebook).outcome


@given(near("pattern_marked", "purposes", "addressed"), ABOUT_VIEWERS)
def test_a_protected_pattern(rulebook, use):
    """No rulebook can allow a pattern that is marked never to be singled out to be spoken of outside, or to anybody."""
    assume(use.purpose is not Purpose.INTERNAL_RESEARCH or use.addressed is not Addressed.NOBODY)
    assert decide(replace(use, mark=MarkStatus.NEVER_SINGLE_OUT), rulebook).outcome is Outcome.WITHHELD


@given(IN_FAVOUR, st.sampled_from(sorted(PROTECTIVE)), st.data())
def test_an_allow_rule_that_rests_on_little(rule, name, data):
    """Nothing is ever allowed because little is known, few are meant or a mark is strict."""
    assert written(rule | {name: data.draw(PROTECTIVE[name])}) is None
    assert written(rule | {"pattern_marked": ["never_single_out"]}) is None
    assert written(rule | {"pattern_marked": ["review"]}) is None


class Raises(Rule):
    """A rule that is broken."""

    @property
    def given(self):
        raise ZeroDivisionError


@given(BOOKS, USES, st.integers(0, 40))
def test_a_rule_that_raises(rulebook, use, place):
    """A rule that raises withholds."""
    whole = dict(rulebook.rule[place % len(rulebook.rule)]) | {"purposes": (), "statements": (), "subjects": ()}
    broken = Raises.model_construct(**whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rulebook, "deciding", property(lambda self: (*DECIDING(self), broken)))
        decision = decide(use, rulebook)
    assert decision.outcome is Outcome.WITHHELD
    assert any(reason.failure == "it raised ZeroDivisionError" for reason in decision.reasons)


DECIDING = Rulebook.deciding.fget

# Overrides

PEOPLE = st.just(("Ada", "Grace")) | st.lists(st.sampled_from(["Ada", "ada ", "ＡＤＡ", "Grace", ""]), max_size=3).map(
    tuple
)
REASONS = usual(["", "ok", "aaaaaaaaaa aaa"], "The people in it asked us to say so.")
DAYS = usual([date(2026, 11, 30), TODAY], date(2026, 12, 2))


def loose(rules):
    """A rulebook of which every forbid and review rule can be set aside."""
    return book([rule if rule["effect"] == "allow" else rule | {"overridable": True} for rule in rules])


@given(USES, PEOPLE, REASONS, DAYS)
def test_overriding_what_is_absolute(use, by, reason, expires):
    """An absolute rule cannot be set aside by anybody."""
    absolute = [rule.id for rule in SHIPPED.rule if not rule.overridable]
    overrides = [Override(name, by, reason, expires) for name in absolute]
    before, after = decide(use, SHIPPED), decide(use, SHIPPED, overrides, TODAY)
    assert (after.outcome, after.reasons, after.overridden) == (before.outcome, before.reasons, ())
    assert len(after.refused) == len(absolute)


@given(st.just(SHIPPED) | RULES.map(loose), USES, PEOPLE, REASONS, DAYS, usual([None], TODAY))
def test_overrides_that_are_not_valid(rulebook, use, by, reason, expires, today):
    """An override that is not valid changes nothing, and the decision says why."""
    people = {"ada" if name.strip() in ("Ada", "ada", "ＡＤＡ") else name for name in by}
    valid = len(people) >= 2 and "" not in people and reason.startswith("The") and today and expires > today
    assume(not valid)
    overrides = [Override(rule.id, by, reason, expires) for rule in rulebook.rule]
    before, after = decide(use, rulebook), decide(use, rulebook, overrides, today)
    assert (after.outcome, after.reasons, after.overridden) == (before.outcome, before.reasons, ())
    assert all(refused.because for refused in after.refused)
    assert len(after.refused) == len(overrides)


@given(st.just(SHIPPED) | RULES.map(loose), USES)
def test_overriding_all_that_can_be(rulebook, use):
    """Two people cannot agree on what no rule allows, nor on what could not be evaluated."""
    agreed = (("Ada", "Grace"), "The people in it asked us.", date(2027, 1, 1))
    overrides = [Override(rule.id, *agreed) for rule in rulebook.rule]
    before, after = decide(use, rulebook), decide(use, rulebook, overrides, TODAY)
    beyond = [reason for reason in before.reasons if reason.failure or not reason.rule_id]
    if beyond:
        assert after.outcome is Outcome.WITHHELD
        assert all(reason in after.reasons for reason in beyond)


def test_the_page_says_what_is_tested_here():
    page = " ".join(re.sub(r"[*`>#]", "", PAGE.read_text("utf-8")).split())
    tested = [value for name, value in globals().items() if name.startswith("test_") and value.__doc__]
    sentences = {" ".join(test.__doc__.split()) for test in tested}
    assert len(sentences) >= 15
    assert not [sentence for sentence in sentences if sentence not in page]
