"""Every story is answered as it expects; no shipped rule can be dropped or loosened without a story that notices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import pytest

from analyzer.errors import RulebookError
from analyzer.policy.rulebook import Rulebook, load_rulebook, rulebook_from
from analyzer.policy.rules import Rule as ParsedRule
from analyzer.policy.sandbox import Sandbox, judge, load_sandbox
from analyzer.policy.uses import Addressed, Purpose, Statement, Subject

FOLDERS: Final = sorted(path.parent for path in Path(__file__).parent.glob("*/README.md"))
SCOPES: Final = {"purposes": Purpose, "statements": Statement, "subjects": Subject, "addressed": Addressed}
QUANTILES: Final = [0.1, 0.25, 0.5, 0.75, 0.9]

Rule = dict[str, Any]
Mutant = tuple[str, Rule | None]  # what was done to the rule, and what is left of it

# Mutants that answer every use as the shipped rulebook does, for something else answers so already. They are listed one
# by one: a mutant that survives for any other reason fails the test, and so does one that a story has come to notice.
NOT_ALLOWED: Final = "no rule allows such a use, and what no rule allows is withheld"
DENIED: Final = "windows without a pattern are never single out by default"
NARROWER: Final = "whoever speaks to a person also speaks to a group"
FLOOR: Final = "too-few-households withholds below ten, whatever is allowed"
ASKED_AS_WELL: Final = "what is addressed is judged also as addressed to nobody, and this rule does not allow that"
HIDDEN: Final = {
    **{
        (rule, "review in place of forbid"): NOT_ALLOWED
        for rule in (
            "protected-pattern-in-public",
            "protected-pattern-under-pressure",
            "protected-pattern-addressed",
            "one-person-one-title",
            "one-person-one-title-quoted",
            "list-of-persons",
        )
    },
    ("no-pattern", "review in place of forbid"): DENIED,
    ("protected-pattern-addressed", "addressed without a person"): NARROWER,
    ("group-addressed-outside", "addressed without a person"): NARROWER,
    **{
        (rule, f"households_at_least {bound}"): FLOOR
        for rule in ("titles-and-everyone-inside", "patterns-inside", "open-patterns-addressed-inside")
        for bound in (9, 2, None)
    },
    **{
        ("open-patterns-addressed-inside", told): ASKED_AS_WELL
        for told in (
            *(f"purposes with {p.value}" for p in Purpose if p is not Purpose.INTERNAL_RESEARCH),
            "every purpose",
        )
    },
}


@cache
def stories() -> tuple[Sandbox, ...]:
    return tuple(load_sandbox(folder) for folder in FOLDERS)


def nudges(value: float) -> list[float]:
    """A bound that somebody may find as good, and one far away: 4 becomes 5 and 12, 0.5 becomes 0.51 and 0.99."""
    if value < 1:
        return [value + 0.01, min(value * 3, 0.99)]
    return [value + 0.05 if value < 3 else value + 1, value * 3]


def changed(rule: Rule, **parts: Any) -> Rule:
    """The rule with other parts; a part that is None is taken out."""
    return {name: part for name, part in (rule | parts).items() if part is not None}


def loosened_bounds(rule: Rule) -> Iterator[Mutant]:
    over = rule.get("over_represented", {})
    for name in ("ratio_at_least", "odds_at_least"):
        for bound in nudges(over[name]) if name in over else []:
            yield f"{name} {bound:g}", changed(rule, over_represented=over | {name: bound})
    if over:
        yield "no odds", changed(rule, over_represented=changed(over, odds_at_least=None))
        yield "p_at_most 0.009", changed(rule, over_represented=over | {"p_at_most": 0.009})
    for name, away in (("largest_household_share_above", 0.01), ("stability_below", -0.01), ("households_below", -1)):
        for times in (1, 5) if name in rule else ():
            yield f"{name} moved {times}", changed(rule, **{name: rule[name] + times * away})
    for floor in (rule["households_at_least"] - 1, 2, None) if "households_at_least" in rule else ():
        yield f"households_at_least {floor}", changed(rule, households_at_least=floor)


def loosened_clauses(rule: Rule) -> Iterator[Mutant]:
    clauses = rule.get("any_of", [])
    for number, clause in enumerate(clauses):
        others = [*clauses[:number], *clauses[number + 1 :]]
        if others:
            yield f"without {clause['feature']}", changed(rule, any_of=others)
        lower = [q for q in QUANTILES if q < clause.get("quantile", 0.75)]
        looser = [clause | {"at_least": bound} for bound in nudges(clause["at_least"])]
        looser += [clause | {"quantile": quantile} for quantile in lower]
        looser += [clause | {"if_unknown": "no evidence"}] if "if_unknown" not in clause else []
        for one in looser:
            yield f"clause {one}", changed(rule, any_of=[*clauses[:number], one, *clauses[number + 1 :]])


def other_scopes(rule: Rule) -> Iterator[Mutant]:
    """What a rule speaks about, one word less; of an allow rule also one purpose more; of a refusal only outside."""
    for name in (*SCOPES, "pattern_marked"):
        told = rule.get(name, [])
        for word in told if len(told) > 1 else []:
            yield f"{name} without {word}", changed(rule, **{name: [w for w in told if w != word]})
    if "names_title" in rule:
        yield "names_title turned", changed(rule, names_title=not rule["names_title"])
    purposes = [purpose.value for purpose in Purpose]
    if rule["effect"] == "allow":
        for word in [p for p in purposes if p not in rule["purposes"]]:
            yield f"purposes with {word}", changed(rule, purposes=[*rule["purposes"], word])
        yield "every purpose", changed(rule, purposes=None)
        if "addressed" in rule:
            yield "whoever is addressed", changed(rule, addressed=None)
    elif "purposes" not in rule:
        outside = [p for p in purposes if p != Purpose.INTERNAL_RESEARCH.value]
        yield "only outside", changed(rule, purposes=outside)


def narrowed(rule: Rule, marking: bool) -> Iterator[Mutant]:
    """An absolute refusal that no longer speaks about one kind of statement or subject."""
    if rule["effect"] != "forbid" or rule.get("overridable") or marking:
        return
    for name, kind in (("statements", Statement), ("subjects", Subject)):
        words = [word.value for word in kind]
        for word in words if name not in rule else []:
            yield f"{name} but {word}", changed(rule, **{name: [w for w in words if w != word]})


def mutants_of(rule: Rule, marking: bool) -> Iterator[Mutant]:
    yield "dropped", None
    if rule["effect"] == "forbid":
        yield "review in place of forbid", changed(rule, effect="review")
    if rule["effect"] != "allow" and not rule.get("overridable"):
        yield "overridable", changed(rule, overridable=True)
    yield from loosened_bounds(rule)
    yield from loosened_clauses(rule)
    yield from other_scopes(rule)
    yield from narrowed(rule, marking)


def mutated(values: Mapping[str, Any], number: int, left: Rule | None) -> Rulebook | None:
    """The shipped rulebook with one rule changed; None where no rulebook may say that."""
    rules = deepcopy(values["rule"])
    rules[number : number + 1] = [] if left is None else [left]
    try:
        return rulebook_from({**values, "rule": rules}, "a mutant")
    except RulebookError:
        return None


def keep_what_is_derived(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules and rulebooks are frozen: what follows from one is worked out once here, which saves most of the time."""
    names = {Rulebook: ("marking", "deciding", "allowing", "hash"), ParsedRule: ("marks_patterns", "features")}
    for kind, kept in names.items():
        for name in kept:
            once = cached_property(getattr(kind, name).fget)
            once.__set_name__(kind, name)
            monkeypatch.setattr(kind, name, once)


def noticed(book: Rulebook, rule_id: str) -> bool:
    """Whether a story fails; those that tell of the rule are asked first, for they mostly know."""
    asked = [story for story in stories() if story.rulebook is None]
    asked.sort(key=lambda story: not tells_of(story, rule_id))
    return any(judge(story, book) for story in asked)


def tells_of(story: Sandbox, rule_id: str) -> bool:
    return any(rule_id in answer.rules for answer in (*story.marks.values(), *story.outcomes.values()))


def shipped_mutants() -> Iterator[tuple[tuple[str, str], Rulebook | None]]:
    book = load_rulebook()
    values: dict[str, Any] = book.as_json()
    marking = {rule.id for rule in book.marking}
    for number, rule in enumerate(values["rule"]):
        for told, left in mutants_of(rule, rule["id"] in marking):
            yield (rule["id"], told), mutated(values, number, left)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_story_is_answered_as_it_expects(folder: Path) -> None:
    assert [difference.sentence() for difference in judge(load_sandbox(folder))] == []


def test_there_are_at_least_twenty_five_stories_each_in_plain_words() -> None:
    folders = {path for path in Path(__file__).parent.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(FOLDERS)
    assert len(FOLDERS) >= 25
    assert all(len(story.story.split()) >= 25 for story in stories())


def test_no_shipped_rule_can_be_dropped_or_loosened_without_a_story_that_notices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mutants = dict(shipped_mutants())
    assert len(mutants) > 250
    assert {rule for rule, _ in mutants} == {rule.id for rule in load_rulebook().rule}
    keep_what_is_derived(monkeypatch)
    books = {key: book for key, book in mutants.items() if book is not None}
    survivors = {key for key, book in books.items() if not noticed(book, key[0])}
    print(
        f"{len(mutants)} mutants: {len(mutants) - len(books)} no rulebook may say, {len(books) - len(survivors)} killed"
    )
    assert survivors == set(HIDDEN)


def test_every_shipped_rule_is_dropped_among_the_mutants_and_none_of_those_hides() -> None:
    assert not [key for key in HIDDEN if key[1] == "dropped"]
    assert {rule for (rule, told), _ in shipped_mutants() if told == "dropped"} == {r.id for r in load_rulebook().rule}
