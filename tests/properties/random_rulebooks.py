"""Random rulebooks and uses, near to where something is allowed: there a property could fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

from hypothesis import settings
from hypothesis import strategies as st

from analyzer.errors import RulebookError
from analyzer.features.catalog import Family, select
from analyzer.patterns.profile import QUANTILES, OverRepresentation, PatternProfile
from analyzer.policy.effects import Effect, MarkStatus
from analyzer.policy.rulebook import Rulebook, load_rulebook, rulebook_from
from analyzer.policy.rules import Rule
from analyzer.policy.uses import Addressed, Purpose, Standing, Statement, Subject, Use

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
