"""`analyzer evaluate disclosure`: worked examples with known answers, as a user judges them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "spec" / "disclosure" / "given.json"
GOOD = {
    "id": "one",
    "kind": "primary",
    "input": {"counts": {"a": 9, "b": 10}, "k": 10},
    "expected": {"primary": ["a"]},
}


def written(terminal, *examples):
    path = terminal.path("examples.json")
    path.write_text(json.dumps(list(examples)), "utf-8")
    return path


def test_all_given_examples_agree(terminal):
    told = terminal.run("evaluate", "disclosure", EXAMPLES, "--json").good().json
    assert told["all_agree"]
    assert told["agree"] == len(told["examples"]) == 16


def test_a_person_reads_what_was_expected_and_found(terminal):
    told = terminal.run("evaluate", "disclosure", EXAMPLES).good().stdout
    assert "S01  secondary: ok" in told
    assert told.endswith("16 of 16 examples agree; 0 differ, 0 are not understood.\n")


def test_a_difference_ends_with_3_and_is_shown(terminal):
    answer = terminal.run("evaluate", "disclosure", written(terminal, GOOD, {**GOOD, "expected": {"primary": ["b"]}}))
    assert answer.code == 3
    assert 'expected ["b"]; got [["a"]]  <- differs' in answer.stdout


def test_an_unknown_kind_is_a_failure_with_its_reason(terminal):
    answer = terminal.run("evaluate", "disclosure", written(terminal, {**GOOD, "kind": "primery"}), "--json")
    assert answer.code == 3
    assert answer.json["not_understood"] == 1
    assert "'primary'" in answer.json["examples"][0]["because"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", ["no JSON"]),
        ("[]", ["no list of examples"]),
        ("[1]", ["Example 1", "no object"]),
        ('[{"id": 1, "kind": "primary"}]', ["Example 1", "input, expected"]),
        ('[{"id": 1, "kind": "primary", "input": [], "expected": {}}]', ["input of example 1"]),
        ('[{"id": 1, "kind": "primary", "input": {"k": NaN}, "expected": {}}]', ["NaN"]),
        ("[" * 100_000, ["no JSON"]),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(terminal, text, words):
    terminal.path("examples.json").write_text(text, "utf-8")
    terminal.run("evaluate", "disclosure", "examples.json").refused(*words)


def test_a_missing_file_is_refused(terminal):
    terminal.run("evaluate", "disclosure", "none.json").refused("none.json", "cannot be read")
