"""Sentences of our own, in the tables of `own/`, that stress grammar: written without a look at the code that judges.

`python tests/spec/messages/test_own.py` prints the confusion and every disagreement.
"""

from __future__ import annotations

import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from analyzer.messages.verdict import check_words

OWN = Path(__file__).with_name("own")
sys.path.insert(0, str(OWN))

from sentences import VERDICTS, Sentence, read_sentences  # noqa: E402 - the folder is no package

sys.path.remove(str(OWN))

SENTENCES = read_sentences()
DENIED = {"block", "review"}


@cache
def verdict_of(text: str) -> str:
    return check_words(text).status.value


def confusion() -> Counter[tuple[str, str]]:
    return Counter((one.expected, verdict_of(one.text)) for one in SENTENCES)


def share(expected: str, got: str) -> float:
    """The share of the sentences that expect one verdict and get another."""
    return confusion()[expected, got] / sum(one.expected == expected for one in SENTENCES)


def disagreements() -> str:
    """Every sentence that gets another verdict than expected, with the grammar that it stresses."""
    return "\n".join(
        f"{one.expected:>6} -> {verdict_of(one.text):6} [{one.stresses}, {one.language}] {one.text} ({one.why})"
        for one in SENTENCES
        if verdict_of(one.text) != one.expected
    )


def blocked() -> list[Sentence]:
    return [one for one in SENTENCES if one.expected == "block"]


def test_there_are_enough_sentences_and_no_verdict_is_neglected():
    found = Counter(one.expected for one in SENTENCES)
    assert len(SENTENCES) >= 200
    assert len({one.text for one in SENTENCES}) == len(SENTENCES)
    for verdict, least in (("block", 0.35), ("review", 0.15), ("allow", 0.35)):
        assert found[verdict] / len(SENTENCES) >= least, found


def test_every_sentence_says_why_and_what_it_stresses():
    assert all(one.why and one.stresses and one.service for one in SENTENCES)
    assert {one.language for one in SENTENCES} >= {"en", "de", "fr", "es"}


@pytest.mark.parametrize("one", blocked(), ids=lambda one: one.text[:60])
def test_nothing_that_must_not_be_said_is_allowed(one):
    assert verdict_of(one.text) in DENIED, one


def test_nearly_everything_that_must_not_be_said_is_blocked():
    assert share("block", "block") >= 0.90, disagreements()


def test_hardly_anything_that_may_be_said_is_blocked():
    assert share("allow", "block") <= 0.05, disagreements()


def test_little_that_may_be_said_goes_to_review():
    assert share("allow", "review") <= 0.15, disagreements()


def test_hardly_anything_that_needs_a_second_look_is_allowed():
    assert share("review", "allow") <= 0.10, disagreements()


def test_the_same_sentence_gets_the_same_verdict_each_time():
    for one in SENTENCES:
        assert check_words(one.text).status.value == verdict_of(one.text), one


if __name__ == "__main__":
    for wanted in VERDICTS:
        print(f"{wanted:>6}: " + ", ".join(f"{confusion()[wanted, got]} {got}" for got in VERDICTS))
    print(disagreements())
