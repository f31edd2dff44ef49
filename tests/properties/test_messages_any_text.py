"""Any text at all gets an answer, and soon: whatever its letters, its length, its nesting."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from analyzer.messages.verdict import check_words

OWN = Path(__file__).resolve().parents[1] / "spec/messages/own"
sys.path.insert(0, str(OWN))

from sentences import sentences_of  # noqa: E402 - the folder is no package

sys.path.remove(str(OWN))

BLOCKED = [one.text for one in sentences_of("block")]
REVIEWED = [one.text for one in sentences_of("review")]
SECONDS = 1.0
SENTENCE = "To the 53 people who've watched A Christmas Prince every day for the past 18 days: Who hurt you?"


def answered_in_time(text):
    """The verdict, which is one of three and comes within a second of a processor: other programs may be busy."""
    begun = time.thread_time()
    told = check_words(text)
    seconds = time.thread_time() - begun
    assert told.status.value in {"block", "review", "allow"}
    assert seconds <= SECONDS, f"{seconds:.2f} s for {len(text):,} characters"
    return told.status.value


LARGE = {
    "one letter": "a" * 1_000_000,
    "spaces": " " * 1_000_000,
    "line breaks": "\n" * 1_000_000,
    "sentences": f"{SENTENCE} " * 10_000,
    "words": "people watched it every day " * 36_000,
    "numbers in words": "fifty-three hundred and " * 42_000,
    "digits": "9" * 100_000,
    "digits in groups": "1," * 200_000 + "000",
    "digits with spaces": "1 " * 400_000,
    "full stops": "." * 1_000_000,
    "quotation marks": "\"'“”„«»‘’" * 100_000,
    "nested brackets": "(" * 300_000 + "53 people" + ")" * 300_000,
    "nested quotation marks": "“" * 300_000 + "53 people" + "”" * 300_000,
    "markup": "**" * 400_000,
    "tags": "<b>" * 200_000,
    "hashtags": "#WhoHurtYou" * 80_000,
    "handles": "@a " * 300_000,
    "emoji": "👩‍👩‍👧" * 100_000,
    "zero-width": "\u200b" * 1_000_000,
    "from right to left": "\u202e\u200f53 " * 200_000,
    "combining marks": "e" + "\u0301" * 500_000,
    "lone surrogates": "\ud83d" * 300_000,
    "homoglyphs": "５３ реорle " * 80_000,
    "capitals": "To The Of A " * 80_000,
    "hyphens": "fifty-" * 160_000,
    "apostrophes": "who've'" * 140_000,
    "a long ligature": "\ufdfa" * 60_000,
    "percent": "5 % of " * 140_000,
}


@pytest.mark.parametrize("name", LARGE)
def test_a_megabyte_of_anything_is_answered_within_a_second(name):
    answered_in_time(LARGE[name])


@pytest.mark.parametrize("name", ["spaces", "zero-width", "line breaks", "words", "one letter"])
def test_a_sentence_far_inside_a_large_text_is_not_lost(name):
    half = LARGE[name][:200_000]
    assert answered_in_time(f"{half}\n\n{SENTENCE}\n\n{half}") == "block"


@given(st.text(alphabet=st.characters(codec=None, exclude_categories=())))
@example("")
@example("\x00")
@example("\ud800 53 people")
@example("5" * 5_000)
@example("٥٣ ５３ 𝟓𝟑 ⅮⅠⅠⅠ ½ ²³ ①")
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_gets_an_answer(text):
    answered_in_time(text)


ODD = ["\u200b", "\u202e", "1/0", "1e999", "-53", "0", "“", "”", "(", "%", "½", "in", "one", "#", "\n", "\ufe0f\u20e3"]
PIECES = [*SENTENCE.split(" "), *ODD]


@given(st.lists(st.sampled_from(PIECES), max_size=40))
@settings(max_examples=300)
def test_any_order_of_the_words_gets_an_answer(pieces):
    answered_in_time(" ".join(pieces))


@given(st.sampled_from(BLOCKED), st.integers(0, 200), st.integers(0, 200))
@settings(max_examples=150)
def test_any_piece_of_a_sentence_gets_an_answer(text, start, end):
    answered_in_time(text[start:end])


@given(st.sampled_from(BLOCKED + REVIEWED), st.integers(0, 80), st.sampled_from("\u200b\u00ad\u202e\ufdfa"))
@settings(max_examples=100)
def test_every_span_lies_in_the_text(text, at, odd):
    changed = text[:at] + odd + text[at:]
    for reason in check_words(changed).reasons:
        for start, end in reason.spans:
            assert 0 <= start < end <= len(changed)
