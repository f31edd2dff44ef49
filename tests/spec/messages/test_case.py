"""The case behind the project: each row of `case.toml` is judged as it says, with its reasons on the right words."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from analyzer.messages.verdict import check_words
from analyzer.policy.marks import mark_patterns

CASES = tomllib.loads(Path(__file__).with_name("case.toml").read_text("utf-8"))["case"]


def rows(needs):
    return [pytest.param(row, id=row["says"]) for row in CASES if row["needs"] == needs]


def pointed_at(verdict, text):
    """The words that the verdict's reasons point at, in the order of the sentence."""
    marked = {at for reason in verdict.reasons for start, end in reason.spans for at in range(start, end)}
    return "".join(letter if at in marked else " " for at, letter in enumerate(text))


@pytest.mark.parametrize("row", rows("words"))
def test_a_sentence_of_the_case_is_judged_as_its_row_says(row):
    assert check_words(row["text"]).status.value == row["expected"]


@pytest.mark.parametrize("row", rows("words"))
def test_the_reasons_point_at_the_words_that_matter(row):
    found = pointed_at(check_words(row["text"]), row["text"])
    for words in row.get("words", []):
        start = row["text"].index(words)
        assert found[start : start + len(words)].strip(), words


@pytest.mark.parametrize("row", [one for one in rows("words") if one.values[0]["expected"] == "block"])
def test_a_draft_that_is_blocked_says_by_which_rule_and_why(row):
    reasons = check_words(row["text"]).reasons
    assert reasons
    for reason in reasons:
        assert reason.rule_id
        assert len(reason.because) > 20
        assert reason.cites


@pytest.mark.parametrize("row", rows("words"))
def test_whoever_judges_by_words_says_so(row):
    assert "words" in check_words(row["text"]).basis


@pytest.mark.parametrize("households", [1, 53, 53_000, 5_300_000])
@pytest.mark.parametrize("row", rows("a pattern"))
def test_a_passage_played_again_and_again_is_never_singled_out_at_any_size(row, households, make_profile):
    profile = make_profile(households=households, upper={"rewind_chain_max": 3.0})
    assert mark_patterns([profile])[0].status.value == row["expected"]


@pytest.mark.parametrize("number", ["53", "5,300", "53,000", "5.3 million", "fifty-three"])
def test_no_number_of_people_rescues_a_ridiculed_pattern(number):
    text = f"To the {number} people who've watched A Christmas Prince every day for the past 18 days: Who hurt you?"
    assert check_words(text).status.value == "block"
