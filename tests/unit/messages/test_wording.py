"""The rules about wording are checked data: every mistake at once, with its line; what they say has a hash."""

from __future__ import annotations

import pytest

from analyzer.errors import ExitCode, RulebookError
from analyzer.messages.verdict import check_words
from analyzer.messages.wording import load_wording, parse_wording
from analyzer.policy.effects import Effect

HEAD = 'id = "mine"\nversion = "1"\nowner = "me"\n'
RULE = '[[rule]]\nid = "a-rule"\neffect = "review"\nbecause = "A reason long enough."\ncites = ["somebody"]\n'
WHO = 'who = ["an individual"]\n'


def mistakes(text):
    with pytest.raises(RulebookError) as caught:
        parse_wording(text, "mine.toml")
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    return caught.value


@pytest.mark.parametrize("rule", load_wording().rule, ids=lambda rule: rule.id)
def test_every_shipped_rule_says_why_and_on_whose_word(rule):
    assert rule.because.endswith(".")
    assert len(rule.because.split()) >= 6
    assert all(len(cited) > 10 for cited in rule.cites)


def test_no_two_shipped_rules_share_an_id():
    ids = [rule.id for rule in load_wording().rule]
    assert len(ids) == len(set(ids))


def test_nothing_is_allowed_for_being_about_few():
    for rule in load_wording().rule:
        if rule.effect is Effect.ALLOW:
            assert rule.people_below is rule.share_below is rule.amount_below is None
            assert not rule.mocked


@pytest.mark.parametrize(
    ("body", "line", "told"),
    [
        (RULE + WHO + "peple_below = 10\n", 10, "peple_below"),
        (RULE.replace("review", "maybe") + WHO, 6, "effect"),
        (RULE + 'who = ["a martian"]\n', 9, "who"),
        (RULE + WHO + "share_below = 2\n", 10, "share_below"),
        (RULE + WHO + 'mocked = "yes"\n', 10, "mocked"),
        (RULE, 4, "no condition"),
        (RULE.replace("review", "allow") + WHO + "people_below = 10\n", 4, "few"),
        (RULE.replace('["somebody"]', "[]") + WHO, 8, "cites"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_its_name(body, line, told):
    error = mistakes(HEAD + body)
    assert any(mistake.line == line and told in mistake.sentence() for mistake in error.mistakes), error


def test_all_mistakes_are_told_at_once():
    body = RULE.replace("review", "maybe") + 'who = ["a martian"]\npeple = 1\n'
    assert len(mistakes(HEAD + body).mistakes) >= 3


@pytest.mark.parametrize("text", ["", "rule = 1", "= = =", HEAD])
def test_what_is_no_set_of_rules_is_refused(text):
    mistakes(text)


def test_the_hash_is_of_what_is_said_and_not_of_how_it_is_laid_out():
    one = parse_wording(HEAD + RULE + WHO)
    assert parse_wording("# a remark\n" + HEAD + "\n" + RULE + WHO + "mocked = true\n").hash != one.hash
    assert parse_wording("# a remark\n" + HEAD + "\n" + RULE + WHO).hash == one.hash


def test_another_set_of_rules_decides_otherwise():
    text = "One account watched Bee Movie 357 times."
    lenient = parse_wording(HEAD + RULE + WHO)
    assert check_words(text).status.value == "block"
    assert check_words(text, rules=lenient).status.value == "review"
    assert check_words(text, rules=lenient).wording_hash == lenient.hash


def test_a_claim_about_people_that_no_rule_covers_is_reviewed():
    other = parse_wording(HEAD + RULE + 'who = ["a share"]\n')
    assert check_words("5.3 million people watched it.", rules=other).status.value == "review"
