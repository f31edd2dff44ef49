"""A rulebook is checked data: every mistake is told at once, with its place and what is allowed."""

from __future__ import annotations

import re

import pytest

from analyzer.errors import ExitCode, RulebookError
from analyzer.features.catalog import CATALOG
from analyzer.policy.marks import mark_patterns
from analyzer.policy.rulebook import load_rulebook, parse_rulebook
from analyzer.policy.rules import MarkStatus

HEAD = 'id = "mine"\nversion = "1"\nowner = "me"\n'
RULE = (
    '[[rule]]\nid = "a-rule"\neffect = "review"\nbecause = "A reason long enough."\n'
    'cites = ["somebody"]\nsince = 2026-11-26\n'
)
NO_PATTERN = "no_pattern = true\n"


def mistakes(text):
    with pytest.raises(RulebookError) as caught:
        parse_rulebook(text, "mine.toml")
    assert caught.value.remedy or "TOML" in caught.value.cause
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    return caught.value.cause


# The shipped rulebook


def test_the_shipped_rulebook_parses_and_says_whose_it_is():
    rulebook = load_rulebook()
    assert (rulebook.id, rulebook.owner) == ("analyzer-default", "content policy")
    assert len(rulebook.rule) >= 9


@pytest.mark.parametrize("rule", load_rulebook().rule, ids=lambda rule: rule.id)
def test_every_shipped_rule_gives_a_reason_and_cites_somebody(rule):
    assert rule.because.endswith(".")
    assert len(rule.because.split()) >= 8
    assert rule.cites
    assert all(len(cited) > 10 for cited in rule.cites)


@pytest.mark.parametrize("rule", load_rulebook().rule, ids=lambda rule: rule.id)
def test_no_shipped_reason_judges_or_names_a_condition(rule):
    words = "obsess addict compuls normal weird suspicious anomal outlier autis adhd dement disab disorder suffer"
    assert not [stem for stem in words.split() if re.search(rf"\b{stem}", rule.because + rule.id, re.IGNORECASE)]


def test_the_shipped_rulebook_protects_repetition_settings_few_households_and_no_pattern():
    never = {rule.id for rule in load_rulebook().rule if rule.mark is MarkStatus.NEVER_SINGLE_OUT}
    assert never >= {
        "one-title-over-days",
        "several-plays-a-day",
        "replays-at-night",
        "mostly-known-titles",
        "accessibility-settings-over-represented",
        "too-few-households",
        "no-pattern",
    }


def test_without_a_path_the_shipped_rulebook_is_meant(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + RULE + NO_PATTERN)
    assert load_rulebook() is load_rulebook(None)
    assert load_rulebook(path).id == "mine"
    assert load_rulebook(str(path)) == load_rulebook(path)


# Mistakes


MANY_MISTAKES = 29
MANY = (
    'id = "mine"\nversion = "1"\nsurplus = 3\n'  # owner is missing, surplus is unknown
    '[[rule]]\nid = "Not An Id"\neffect = "forbd"\nbecuase = "A reason long enough."\ncites = []\nsince = 7\n'
    "any_of = [\n"
    '  { feature = "title_plays_maxx", at_least = 1, at_most = 2, quantile = 0.3 },\n'
    '  { feature = "captions", at_least = nan },\n'
    '  { feature = "plays" },\n'
    '  { contrast = "plays", at_leest = 1 },\n'
    "]\nhouseholds_below = 1\n"
    '[[rule]]\nid = "twice"\nmark = "never_single_out"\nbecause = "short"\ncites = ["somebody"]\n'
    '[[rule]]\nid = "twice"\neffect = "allow"\nbecause = "A reason long enough."\ncites = ["somebody"]\n'
    'since = 2026-11-26\noverridable = "no"\nsubjects = []\n'
    "over_represented = { ratio_at_least = 0.5, p_at_most = 2 }\n"
    'purposes = ["public mesage"]\npattern_marked = ["review"]\n'
)


@pytest.mark.parametrize(
    "expected",
    [
        "line 1, rulebook: `owner` is missing. Add owner: who answers for it.",
        "line 3, surplus: `surplus` is not a word of a rulebook. Allowed are id, version, owner, border, rule.",
        "line 4, rule `Not An Id`: `because` is missing. Add because: one sentence that a reviewer understands.",
        "line 5, rule `Not An Id` > id: string should match pattern",
        "line 6, rule `Not An Id` > effect: 'forbd' is not allowed. Allowed are forbid, review, allow."
        " Did you mean 'forbid'?",
        "line 7, rule `Not An Id` > becuase: `becuase` is not a word of a rule. Did you mean 'because'?",
        "line 8, rule `Not An Id` > cites: name at least one source.",
        "line 9, rule `Not An Id` > since: 7 is no date. Write a day, such as since = 2026-11-26.",
        "line 11, rule `Not An Id` > any_of > 1 > feature: 'title_plays_maxx' is an unknown feature."
        " Did you mean 'title_plays_max'?",
        "line 11, rule `Not An Id` > any_of > 1 > quantile: quantile is 0.3; allowed are 0.1, 0.25, 0.5, 0.75, 0.9.",
        "line 11, rule `Not An Id` > any_of > 1: give either at_least or at_most.",
        "line 12, rule `Not An Id` > any_of > 2 > feature: 'captions' is an accessibility setting; it may only be used"
        " in over_represented.",
        "line 12, rule `Not An Id` > any_of > 2 > at_least: input should be a finite number; it is nan.",
        "line 13, rule `Not An Id` > any_of > 3: give either at_least or at_most.",
        "line 14, rule `Not An Id` > any_of > 4 > at_leest: `at_leest` is not a word of a clause on a contrast."
        " Did you mean 'at_least'?",
        "line 14, rule `Not An Id` > any_of > 4: give either at_least or at_most.",
        "line 16, rule `Not An Id` > households_below: input should be greater than or equal to 2; it is 1.",
        "line 17, rule `twice`: `since` is missing.",
        "line 17, rule `twice`: give at least one condition: any_of, all_of, over_represented",
        'line 19, rule `twice` > mark: `mark` is no longer a word of a rule. Write effect = "forbid".',
        "line 20, rule `twice` > because: string should have at least 10 characters; it is 'short'.",
        "line 23, rule `twice` > id: rule 'twice' is there twice. Give each rule an id of its own.",
        "line 28, rule `twice` > overridable: input should be a valid boolean; it is 'no'.",
        "line 29, rule `twice` > subjects: `subjects` is empty. Leave it out, or name one.",
        "line 30, rule `twice` > over_represented > ratio_at_least: input should be greater than 1; it is 0.5.",
        "line 30, rule `twice` > over_represented > p_at_most: input should be less than or equal to 0.05; it is 2.",
        "line 30, rule `twice` > over_represented: an allow rule cannot use over_represented: nothing is permitted",
        "line 31, rule `twice` > purposes > 1: 'public mesage' is not allowed. Allowed are public message, press,",
        "line 32, rule `twice` > pattern_marked: it lacks the milder open: else a stricter mark would",
    ],
)
def test_all_mistakes_are_told_at_once_each_with_its_line_and_place(expected):
    assert expected in mistakes(MANY)


def test_mistakes_are_values_in_the_order_of_the_file():
    with pytest.raises(RulebookError) as caught:
        parse_rulebook(MANY, "mine.toml")
    found = caught.value.mistakes
    assert len(found) == MANY_MISTAKES
    assert [mistake.line for mistake in found] == sorted(mistake.line for mistake in found)
    assert all(mistake.place and mistake.cause.endswith((".", "?")) for mistake in found)
    assert all(mistake.sentence() in caught.value.cause for mistake in found)


def test_a_rule_of_the_old_kind_is_told_once_what_to_write_instead():
    with pytest.raises(RulebookError) as caught:
        parse_rulebook(HEAD + RULE.replace("effect", "mark") + NO_PATTERN)
    (mistake,) = caught.value.mistakes
    assert (mistake.line, mistake.place) == (6, "rule `a-rule` > mark")
    assert mistake.remedy == 'Write effect = "review".'


def test_mistakes_are_counted_and_the_file_is_named():
    assert mistakes(MANY).startswith(f"mine.toml has {MANY_MISTAKES} mistakes:\n  line 1, rulebook: ")
    assert mistakes(HEAD + RULE).startswith("mine.toml has 1 mistake: line 4, rule `a-rule`: give at least one")


@pytest.mark.parametrize("place", ["", RULE + NO_PATTERN])
def test_unknown_keys_are_refused_wherever_they_stand(place):
    assert "no_patern" in mistakes(HEAD + RULE + NO_PATTERN + "no_patern = true\n" + place)


@pytest.mark.parametrize("setting", ["captions", "audio_description", "playback_rate", "assistive_tech"])
@pytest.mark.parametrize("kind", ["any_of", "all_of"])
def test_an_accessibility_setting_can_be_no_feature_of_a_rule(setting, kind):
    told = mistakes(HEAD + RULE + f'{kind} = [{{ feature = "{setting}", at_least = 1 }}]\n')
    assert "accessibility setting; it may only be used in over_represented" in told


def test_a_bound_beyond_what_a_profile_keeps_is_refused_for_it_could_never_fire():
    told = mistakes(HEAD + RULE + "over_represented = { ratio_at_least = 1.5, p_at_most = 0.1 }\n")
    assert "p_at_most: input should be less than or equal to 0.05" in told


@pytest.mark.parametrize("bound", ["nan", "inf", "-inf", '"many"'])
def test_a_bound_that_could_never_decide_is_refused(bound):
    assert "at_least" in mistakes(HEAD + RULE + f'any_of = [{{ feature = "plays", at_least = {bound} }}]\n')
    assert "ratio_at_least" in mistakes(HEAD + RULE + f"over_represented.ratio_at_least = {bound}\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD,
        HEAD + "rule = []\n",
        HEAD + "rule = 3\n",
        HEAD + 'rule = [1, "x"]\n',
        HEAD + '[rule]\nid = "x"\n',
        HEAD + RULE,
        HEAD + RULE + NO_PATTERN + "households_below = 10\n",
        HEAD + RULE + "no_pattern = false\n",
        HEAD + RULE.replace("a-rule", "A Rule") + NO_PATTERN,
        HEAD + RULE.replace('["somebody"]', '[""]') + NO_PATTERN,
        HEAD + RULE.replace('"somebody"', "") + NO_PATTERN,
        HEAD + RULE + NO_PATTERN + RULE + NO_PATTERN,
        HEAD + RULE.replace("review", "open") + NO_PATTERN,
        "id = ",
        "id = 1\nid = 2",
        "\x00",
    ],
)
def test_a_malformed_rulebook_is_an_error_of_the_rulebook_and_never_a_mark(text, make_profile, tmp_path):
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(RulebookError):
        mark_patterns([make_profile()], load_rulebook(tmp_path / "mine.toml"))


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_an_error_of_the_rulebook(content, tmp_path):
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RulebookError, match="cannot be read"):
        load_rulebook(path)
    with pytest.raises(RulebookError, match="cannot be read"):
        load_rulebook(tmp_path)


# The hash


BOOK = HEAD + RULE + 'any_of = [{ feature = "plays", at_least = 5 }]\n'


@pytest.mark.parametrize(
    "other",
    [
        "# A comment\n\n" + BOOK,
        BOOK.replace(" = ", "="),
        BOOK.replace("at_least = 5", "at_least = 5.0"),
        BOOK.replace("at_least = 5", "at_least = 5, quantile = 0.75"),
        'owner = "me"\nversion = "1"\nid = "mine"\n' + BOOK.removeprefix(HEAD),
        BOOK.replace(RULE, "\n".join(["[[rule]]", *reversed(RULE.splitlines()[1:])]) + "\n"),
        BOOK + "no_pattern = false\n",
    ],
)
def test_layout_and_comments_do_not_change_the_hash(other):
    assert other != BOOK
    assert parse_rulebook(other).hash == parse_rulebook(BOOK).hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"mine"', '"yours"'),
        ('"1"', '"2"'),
        ('"me"', '"you"'),
        ("a-rule", "b-rule"),
        ("review", "forbid"),
        ("2026-11-26", "2026-11-27"),
        ("A reason", "Another reason"),
        ("somebody", "somebody else"),
        ('"plays"', '"titles"'),
        ("at_least", "at_most"),
        ("= 5", "= 5.000001"),
        ("= 5 }", "= 5, quantile = 0.9 }"),
        ("any_of", "all_of"),
    ],
)
def test_any_other_content_gives_another_hash(old, new):
    assert BOOK.count(old) >= 1
    assert parse_rulebook(BOOK.replace(old, new)).hash != parse_rulebook(BOOK).hash


def test_a_rulebook_survives_its_way_through_json():
    import json

    from analyzer.policy.rulebook import rulebook_from

    rulebook = load_rulebook()
    again = rulebook_from(json.loads(json.dumps(rulebook.as_json())), "again")
    assert again == rulebook
    assert again.hash == rulebook.hash


def test_every_feature_that_the_shipped_rules_read_is_in_the_catalog():
    assert set().union(*(rule.features for rule in load_rulebook().rule)) <= set(CATALOG)
