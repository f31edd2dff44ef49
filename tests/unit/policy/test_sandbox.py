"""A sandbox tells a story with what is expected of it; what is answered otherwise is told, and no story is empty."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from analyzer.errors import InputError, RulebookError
from analyzer.policy.rulebook import load_rulebook, parse_rulebook
from analyzer.policy.sandbox import judge, load_sandbox

QUIET = dict.fromkeys(sorted(set().union(*(rule.features for rule in load_rulebook().rule))), 0)
BASE = {"households": 500, "largest_household_share": 0.05, "stability": 0.95, "quantiles": QUIET}
PROFILES = {
    "base": BASE,
    "P01": {"name": "Many titles"},
    "P02": {"name": "One title on many days", "households": 53, "quantiles": {"title_days_max": {"0.75": 18}}},
}
USE = {
    "purpose": "press",
    "statement": "count of people",
    "subject": "pattern",
    "pattern": "P01",
    "households": 500,
    "addressed": "nobody",
    "names_title": True,
    "name": "many titles",
    "defined_by": ["pattern"],
    "standing": "current",
}
OVERRIDE = {
    "rule": "people-beside-a-title",
    "by": ["Ada", "Grace"],
    "reason": "The people in it asked us to.",
    "expires": "2026-12-31",
}
USES = {"plain": USE, "agreed": {**USE, "overrides": [OVERRIDE], "today": "2026-12-01"}}
EXPECTED = """
[patterns.P01]
mark = "open"
rules = []
[patterns.P02]
mark = "never_single_out"
rules = ["one-title-over-days"]
[patterns."no pattern"]
mark = "never_single_out"
rules = ["no-pattern"]
[uses.plain]
outcome = "review"
rules = ["people-beside-a-title"]
[uses.agreed]
outcome = "allowed"
rules = ["patterns-outside", "patterns-inside"]
"""


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "a-story"
    place.mkdir()
    (place / "README.md").write_text("Somebody tells the press of a pattern.")
    (place / "profiles.json").write_text(json.dumps(PROFILES))
    (place / "uses.json").write_text(json.dumps(USES))
    (place / "expected.toml").write_text(EXPECTED)
    return place


def test_a_story_that_is_answered_as_expected_differs_in_nothing(folder):
    sandbox = load_sandbox(folder)
    assert (sandbox.name, sandbox.rulebook) == ("a-story", None)
    assert judge(sandbox) == ()


def test_what_is_said_of_a_pattern_is_added_to_the_base_value_by_value(folder):
    profile = load_sandbox(folder).profiles["P02"]
    assert (profile.households, profile.stability) == (53, 0.95)
    assert profile.quantiles["title_days_max"] == {0.75: 18.0}
    assert profile.quantiles["replay_share"][0.5] == 0.0


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ('mark = "open"', 'mark = "review"', "pattern P01"),
        ('["one-title-over-days"]', "[]", "pattern P02"),
        ('["no-pattern"]', '["other"]', "pattern no pattern"),
        ('outcome = "review"', 'outcome = "allowed"', "use plain"),
        ('["patterns-outside", "patterns-inside"]', '["patterns-outside"]', "use agreed"),
    ],
)
def test_what_is_answered_otherwise_is_told_with_both_answers(folder, old, new, name):
    assert old in EXPECTED
    (folder / "expected.toml").write_text(EXPECTED.replace(old, new))
    (found,) = judge(load_sandbox(folder))
    assert found.name == name
    assert found.expected != found.found
    assert found.sentence().startswith(f"{name}: expected ")


def test_a_shipped_rulebook_under_test_takes_the_shipped_ones_place(folder):
    book = load_rulebook()
    without = book.model_copy(update={"rule": tuple(r for r in book.rule if r.id != "one-title-over-days")})
    assert {found.name for found in judge(load_sandbox(folder), without)} == {"pattern P02"}


def test_a_story_of_its_own_rulebook_is_not_about_the_shipped_one(folder, make_rulebook):
    (folder / "rulebook.toml").write_text(
        'id = "own"\nversion = "1"\nowner = "o"\n[[rule]]\nid = "r"\neffect = "review"\n'
        'because = "A reason of theirs."\ncites = ["them"]\nsince = 2026-11-26\nstability_below = 1.0\n'
    )
    sandbox = load_sandbox(folder)
    assert sandbox.rulebook.id == "own"
    assert judge(sandbox, make_rulebook({"no_pattern": True})) == judge(sandbox)
    assert len(judge(sandbox)) == 5


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("README.md", None, "cannot be read"),
        ("README.md", "  \n", "is empty"),
        ("profiles.json", None, "cannot be read"),
        ("profiles.json", "[]", "is no table"),
        ("profiles.json", "{", "is not JSON"),
        ("profiles.json", '{"P01": 3}', "is no table"),
        ("profiles.json", '{"P01": {"quantiles": 3, "households": 10}}', "is no table"),
        ("profiles.json", '{"P01": {"households": 10, "mood": 1}}', "`mood`"),
        ("profiles.json", '{"P01": {"households": 10, "id": "P02"}}', "calls itself P02"),
        ("uses.json", '{"plain": 3}', "is no table"),
        ("uses.json", '{"plain": {"overrides": 3}}', "no list"),
        ("uses.json", '{"plain": {"overrides": [{}]}}', "not made of rule, by, reason"),
        ("uses.json", '{"plain": {"today": "soon"}}', "'soon'"),
        ("expected.toml", None, "cannot be read"),
        ("expected.toml", "a = ", "is not TOML"),
        ("expected.toml", "", "nothing is expected of P01"),
        ("expected.toml", "[marks]\n", "unknown table marks"),
        ("expected.toml", EXPECTED.replace("[uses.plain]", "[uses.plan]"), "nothing is expected of plain"),
        ("expected.toml", EXPECTED + '[uses.more]\noutcome = "allowed"\nrules = []\n', "more is expected, but not"),
        ("expected.toml", EXPECTED.replace('outcome = "review"', 'outcom = "review"'), "not made of outcome and rules"),
        ("expected.toml", EXPECTED.replace("rules = []\n", "", 1), "not made of mark and rules"),
    ],
    ids=str,
)
def test_a_story_that_is_not_whole_is_refused(folder, file, content, told):
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(content)
    with pytest.raises(InputError, match=told.replace("`", ".")):
        load_sandbox(folder)


def test_a_use_that_is_none_is_refused_with_the_storys_name(folder):
    (folder / "uses.json").write_text(json.dumps({**USES, "plain": {"purpos": "press"}}))
    with pytest.raises(InputError, match="a-story: the use plain has 1 mistake"):
        judge(load_sandbox(folder))


def test_a_malformed_rulebook_of_a_story_is_an_error_of_the_rulebook(folder):
    (folder / "rulebook.toml").write_text("id = 3")
    with pytest.raises(RulebookError):
        load_sandbox(folder)


def test_the_story_that_the_guide_tells_is_answered_as_it_says(tmp_path):
    page = (Path(__file__).resolve().parents[3] / "docs/how-to/write-a-rulebook.md").read_text("utf-8")
    blocks = re.findall(r"```(?:json|toml)\n(.*?)```", page, re.DOTALL)
    assert len(parse_rulebook(blocks[0]).rule) == 3
    for name, text in zip(("profiles.json", "uses.json", "expected.toml"), blocks[2:], strict=True):
        (tmp_path / name).write_text(text)
    (tmp_path / "README.md").write_text("Somebody wants to greet the people who watched one film on many days.")
    assert judge(load_sandbox(tmp_path)) == ()
