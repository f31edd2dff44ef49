"""The sentences of docs/explanation/how-a-rulebook-decides.md hold for every rulebook and use.

Each property says its sentence as its docstring, and one test checks that the page says it too.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import Phase, assume, find, given, settings
from hypothesis import strategies as st

from analyzer.policy.decisions import decide
from analyzer.policy.effects import Effect, MarkStatus, Outcome
from analyzer.policy.marks import mark_patterns
from analyzer.policy.rulebook import Rulebook
from analyzer.policy.rules import Rule
from analyzer.policy.uses import Addressed, Purpose, Standing, Subject

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from random_rulebooks import (  # noqa: E402 - the folder is no package
    ABOUT_VIEWERS,
    AGAINST,
    ASKED_FOR,
    ATTRIBUTES,
    BOOKS,
    COMPLETE,
    FEATURES,
    HARD,
    IN_FAVOUR,
    ON_PROFILES,
    OUTSIDE,
    PROTECTIVE,
    RULES,
    SHIPPED,
    USES,
    book,
    near,
    written,
)

sys.path.remove(str(FOLDER))

PAGE = Path(__file__).resolve().parents[2] / "docs/explanation/how-a-rulebook-decides.md"


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


def test_the_page_says_what_is_tested_here():
    page = " ".join(re.sub(r"[*`>#]", "", PAGE.read_text("utf-8")).split())
    tested = [value for name, value in globals().items() if name.startswith("test_") and value.__doc__]
    sentences = {" ".join(test.__doc__.split()) for test in tested}
    assert len(sentences) >= 15
    assert not [sentence for sentence in sentences if sentence not in page]
