"""The commands about rulebooks as a reviewer types them: check, diff, test, schema, and why a pattern has its mark."""

from __future__ import annotations

import json

import pytest

from analyzer.policy.rulebook import load_rulebook

RULES = """id = "ours"
version = "1"
owner = "us"

[[rule]]
id = "all"
effect = "review"
because = "We look at everything."
cites = ["our own choice"]
since = 2026-11-26
overridable = true
any_of = [{ feature = "plays", at_least = 0 }]

[[rule]]
id = "research"
effect = "allow"
because = "Research inside may go on."
cites = ["our own choice"]
since = 2026-11-26
purposes = ["internal research"]
"""
USE = {
    "purpose": "internal research",
    "statement": "hours",
    "subject": "title",
    "households": 5_000,
    "addressed": "nobody",
    "names_title": True,
    "defined_by": [],
}


def test_a_good_rulebook_is_said_to_be_good(terminal):
    terminal.path("r.toml").write_text(RULES)
    assert "r.toml is well formed: ours 1" in terminal.run("rulebook", "check", "r.toml").good().stdout
    told = terminal.run("rulebook", "check", "r.toml", "--json").good().json
    assert (told["good"], told["mistakes"], told["rules"], told["allowing"]) == (True, [], 2, 1)


def test_every_mistake_is_told_with_its_line_and_ends_with_code_2(terminal):
    terminal.path("r.toml").write_text(RULES.replace("since", "sinse").replace('"review"', '"reviw"', 1))
    answer = terminal.run("rulebook", "check", "r.toml")
    assert answer.code == 2
    assert "r.toml has 5 mistakes:" in answer.stdout
    assert "line 7, rule `all` > effect" in answer.stdout
    assert "Did you mean 'review'?" in answer.stdout
    assert "line 10, rule `all` > sinse" in answer.stdout


def test_every_mistake_is_told_as_one_json_value(terminal):
    terminal.path("r.toml").write_text(RULES.replace("since", "sinse").replace('"review"', '"reviw"', 1))
    answer = terminal.run("rulebook", "check", "r.toml", "--json")
    assert answer.code == 2
    assert [mistake["line"] for mistake in answer.json["mistakes"]] == [5, 7, 10, 14, 19]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[" * 900_000, None], ids=["binary", "brackets", "missing"])
def test_what_is_no_rulebook_at_all_is_refused(terminal, content):
    if content is not None:
        terminal.path("r.toml").write_bytes(content)
    answer = terminal.run("rulebook", "check", "r.toml")
    assert answer.code == 2
    assert "Traceback" not in answer.stdout + answer.stderr


def test_a_rulebook_that_is_no_toml_is_told_with_the_line(terminal):
    terminal.path("r.toml").write_text(RULES + "[[rule]\n")
    answer = terminal.run("rulebook", "check", "r.toml")
    assert answer.code == 2
    assert f"line {len(RULES.splitlines()) + 1}" in answer.stdout


def test_a_difference_between_rulebooks_names_rules_patterns_and_claims(terminal, bundle):
    terminal.path("r.toml").write_text(RULES)
    terminal.path("claims.jsonl").write_text(f"{json.dumps(USE)}\n\n{json.dumps(USE | {'purpose': 'press'})}\n")
    asked = ("rulebook", "diff", "shipped", "r.toml", "--model", bundle, "--claims", "claims.jsonl")
    told = terminal.run(*asked, "--json").good().json
    assert {change["direction"] for change in told["rules"]} >= {"added", "removed"}
    assert {change["after"] for change in told["patterns"]} == {"review"}
    assert told["claims_compared"] == 2
    (claim,) = told["claims"]
    assert (claim["name"], claim["before"], claim["after"], claim["looser"]) == ("line 3", "allowed", "withheld", False)
    text = terminal.run(*asked).good().stdout
    assert "line 3: allowed -> withheld (stricter)" in text
    assert "one-title-over-days: removed" in text


def test_a_rulebook_does_not_differ_from_itself(terminal):
    told = terminal.run("rulebook", "diff", "shipped", "shipped", "--json").good().json
    assert told["rules"] == told["patterns"] == told["claims"] == []
    assert told["before"] == told["after"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", ("line 2 is not JSON",)),
        ("3", ("line 2 is no use",)),
        ('{"purpos": "press"}', ("claim on line 2", "purpos", "Did you mean 'purpose'?")),
        ('{"households": -3}', ("claim on line 2", "households", "-3")),
        ('{"households": NaN}', ("claim on line 2", "households", "nan")),
    ],
)
def test_a_claim_that_is_none_is_refused_with_its_line(terminal, line, words):
    terminal.path("claims.jsonl").write_text(f"{json.dumps(USE)}\n{line}\n")
    terminal.run("rulebook", "diff", "shipped", "shipped", "--claims", "claims.jsonl").refused(*words)


def sandbox(terminal, outcome):
    place = terminal.path("stories") / "a-title"
    place.mkdir(parents=True)
    (place / "README.md").write_text("Research asks how long a title is watched.")
    (place / "profiles.json").write_text("{}")
    (place / "uses.json").write_text(json.dumps({"hours": USE}))
    rules = '["titles-and-everyone-inside"]'
    (place / "expected.toml").write_text(f'[uses.hours]\noutcome = "{outcome}"\nrules = {rules}\n')
    return place


def test_sandboxes_that_are_answered_as_expected_end_with_code_0(terminal):
    place = sandbox(terminal, "allowed")
    for folder in (place, place.parent):
        assert "1 of 1 sandboxes are answered as expected." in terminal.run("rulebook", "test", folder).good().stdout


def test_a_sandbox_that_is_answered_otherwise_ends_with_code_1(terminal):
    place = sandbox(terminal, "review")
    answer = terminal.run("rulebook", "test", place.parent)
    assert answer.code == 1
    assert "expected review by titles-and-everyone-inside" in answer.stdout
    assert "found    allowed by titles-and-everyone-inside" in answer.stdout
    assert terminal.run("rulebook", "test", place, "--json").json["failed"] == 1


def test_a_folder_without_sandboxes_is_refused(terminal):
    terminal.run("rulebook", "test", ".").refused("holds no sandbox")


def test_the_schema_is_json(terminal):
    told = terminal.run("rulebook", "schema").good().json
    assert "Rule" in told["$defs"]


def test_every_rule_behind_a_mark_is_explained_with_its_values(terminal, bundle):
    marks = terminal.run("marks", "--model", bundle, "--json").good().json["marks"]
    protected = next(m for m in marks if m["mark"] == "never_single_out" and m["pattern"] != "no pattern")
    asked = ("marks", "--model", bundle, "--explain", protected["pattern"].lower())
    told = terminal.run(*asked, "--json").good().json
    assert [rule["rule"] for rule in told["rules"]] == protected["rules"]
    assert all(rule["evidence"] or rule["failure"] for rule in told["rules"])
    overridable = {rule.id: rule.overridable for rule in load_rulebook().rule}
    for rule in told["rules"]:
        assert rule["overridable"] == overridable[rule["rule"]]
        assert bool(rule["nearest"]) == rule["overridable"]
    text = terminal.run(*asked).good().stdout
    assert "Mark: never single out" in text
    assert "this data cannot tell" in text


def test_an_open_pattern_has_no_rule_to_explain(terminal, bundle):
    marks = terminal.run("marks", "--model", bundle, "--json").good().json["marks"]
    name = next(mark["pattern"] for mark in marks if mark["mark"] == "open")
    assert "No rule fired." in terminal.run("marks", "--model", bundle, "--explain", name).good().stdout


def test_an_explanation_of_no_pattern_and_of_none(terminal, bundle):
    told = terminal.run("marks", "--model", bundle, "--explain", "no pattern").good().stdout
    assert "no-pattern (never single out; absolute)" in told
    terminal.run("marks", "--model", bundle, "--explain", "P99").refused("no pattern 'P99'")
