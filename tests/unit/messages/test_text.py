"""A draft in plain form: looks change nothing, and every plain character knows where it came from."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.messages.passages import LONGEST, parts_to_read
from analyzer.messages.text import canonical, plain_text

LOOKS = """
**fifty-three** people | fifty-three people
_fifty-three_ people | fifty-three people
<b>53</b> people | 53 people
５３ реорle | 53 people
𝟓𝟑 𝗽𝗲𝗼𝗽𝗹𝗲 | 53 people
٥٣ people | 53 people
5\u200b3\u2060 peo\u00adple | 53 people
wh\u202eo hurt\u200f you | who hurt you
täglich gesehen | taglich gesehen
“who’s” — «it» | "who's" — "it"
53&nbsp;people | 53 people
[53 people](https://example.org/a) | [53 people
ᴡʜᴏ ʜᴜʀᴛ ʏᴏᴜ | who hurt you
"""


@pytest.mark.parametrize("line", LOOKS.strip().splitlines())
def test_the_looks_of_a_text_change_nothing(line):
    given_text, plain = line.split(" | ")
    assert plain_text(given_text) == plain


@given(st.text(max_size=300))
def test_every_plain_character_comes_from_a_place_in_the_text(text):
    found = canonical(text)
    assert len(found.plain) == len(found.starts) == len(found.ends)
    assert list(found.starts) == sorted(found.starts)
    assert all(0 <= start < end <= len(text) for start, end in zip(found.starts, found.ends, strict=True))


@given(st.text(max_size=200))
def test_a_plain_text_stays_as_it_is(text):
    once = plain_text(text)
    assert plain_text(once).split() == once.split() or any(mark in once for mark in "<&[*~`_\\")


def test_of_a_long_text_the_parts_that_count_people_are_read():
    filler = "The sea is blue and so is the sky above it. " * 1_000
    text = f"{filler}\n\nTo the 53 people who watched it: hello.\n\n{filler}"
    told = "".join(text[start:end] for start, end in parts_to_read(text))
    assert "53 people" in told
    assert len(told) <= LONGEST
    assert canonical(text).cut


@given(st.text(alphabet="ab1. \n", max_size=30_000).map(lambda text: text * 3))
def test_parts_to_read_are_in_order_apart_and_not_too_long(text):
    parts = parts_to_read(text)
    assert sum(end - start for start, end in parts) <= max(LONGEST, len(text) if len(text) <= LONGEST else 0)
    assert all(one[1] <= following[0] for one, following in pairwise(parts))
