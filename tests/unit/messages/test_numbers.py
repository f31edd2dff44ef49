"""Numbers as people write them, in the four languages: how many is told, and within which bounds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.messages.numerals import german_number, number_words, roman_number
from analyzer.messages.sentences import draft_of
from analyzer.messages.tokens import Piece

NUMBERS = """
en | 53 members watched it            | 53
en | 53,000 members watched it        | 53000
en | 10,09,80,615 orders were placed  | 100980615
en | 31.3 million members watched it  | 31300000
en | 1.2m members watched it          | 1200000
en | 2.5k of you came back            | 2500
en | 6 lakh users paid                | 600000
en | fifty-three members watched it   | 53
en | fifty three members watched it   | 53
en | a hundred and five thousand fans | 105000
en | half a million households        | 500000
en | fifteen hundred households       | 1500
en | two thousand two hundred of you  | 2200
en | four dozen accounts              | 48
en | two score viewers                | 40
en | a dozen superfans                | 12
en | a couple of dozen viewers        | 24
en | fifty-three (53) profiles        | 53
en | f1fty-thr33 people               | 53
en | 5️⃣3️⃣ people                       | 53
en | ５３ people                      | 53
en | ٥٣ people                        | 53
en | LIII people                      | 53
de | 53.000 Menschen haben das gesehen, und wir auch     | 53000
de | dreiundfünfzig Menschen haben das gesehen und gehört | 53
de | zwölfhundertvierzig Menschen haben das gesehen       | 1240
de | rund sechstausend Haushalte haben das nicht gesehen  | 6000
fr | les 1 722 abonnés qui ont aimé la série              | 1722
fr | quatre-vingt-dix abonnés ont regardé la série        | 90
fr | une cinquantaine de foyers ont regardé la série      | 50
es | cincuenta y tres personas han visto la serie         | 53
es | una treintena de hogares ha visto la serie           | 30
"""

BOUNDS = """
about 50 people watched it        | 45  | 55  | 50
nearly 50 people watched it       | 45  | 50  | 50
over 100 people watched it        | 100 | inf | 100
fewer than ten people watched it  | 0   | 9   | 9
a handful of people watched it    | 3   | 9   | 5
50 to 55 people watched it        | 50  | 55  | 50
between 50 and 60 people watched  | 50  | 60  | 50
dozens of people watched it       | 24  | 99  | 36
thousands of people watched it    | 2000 | 9999 | 3000
tens of thousands of people       | 20000 | 99000 | 30000
"""

SHARES = """
40 % of members watched it           | 0.4
0.0001% of members watched it        | 0.000001
1 in 10,000 members watched it       | 0.0001
one in five members watched it       | 0.2
7 in 10 people have done it          | 0.7
seven out of ten members watched it  | 0.7
two-thirds of members watched it     | 0.6666
a third of members watched it        | 0.3333
half of members watched it           | 0.5
three of every million viewers       | 0.000003
212 out of 9 million members         | 0.0000235
"""


def table(text):
    return [tuple(part.strip() for part in line.split(" | ")) for line in text.strip().splitlines()]


def amounts(text, *pieces):
    return [token.amount for token in draft_of(text).tokens if token.piece in pieces and token.amount]


@pytest.mark.parametrize(("language", "text", "expected"), table(NUMBERS), ids=lambda value: value[:40])
def test_a_number_is_read_in_every_form(language, text, expected):
    draft = draft_of(text)
    assert draft.language == language
    assert amounts(text, Piece.NUMBER)[0].stated == float(expected)


@pytest.mark.parametrize(("text", "low", "high", "stated"), table(BOUNDS), ids=lambda value: value[:40])
def test_words_around_a_number_set_its_bounds(text, low, high, stated):
    found = amounts(text, Piece.NUMBER)[0]
    assert (found.low, found.high, found.stated) == pytest.approx((float(low), float(high), float(stated)))


@pytest.mark.parametrize(("text", "share"), table(SHARES), ids=lambda value: value[:40])
def test_a_share_is_read_in_every_form(text, share):
    claim = next(claim for claim in _claims(text) if claim.who.share)
    assert claim.who.share.stated == pytest.approx(float(share), rel=0.01)


def _claims(text):
    from analyzer.messages.parse import parse

    return parse(text).claims


@pytest.mark.parametrize("text", ["they paid £53", "Rs 6 lakh was spent", "a prize of 53 dollars", "€1.200 was spent"])
def test_money_counts_nobody(text):
    assert not amounts(text, Piece.NUMBER)
    assert amounts(text, Piece.MONEY)


def test_53_point_000_may_be_53_in_english_and_is_counted_as_few():
    found = amounts("53.000 people watched it", Piece.NUMBER)[0]
    assert (found.low, found.high, found.stated) == (53, 53_000, 53)


@given(st.integers(1, 999_999))
def test_every_number_is_read_back_from_its_digits(number):
    for text in (f"{number} people", f"{number:,} people", f"**{number}** people"):
        assert amounts(text, Piece.NUMBER)[0].stated == number


@given(st.integers(2, 3999))
def test_every_roman_numeral_of_two_letters_is_read_back(number):
    values = {1000: "M", 900: "CM", 500: "D", 400: "CD", 100: "C", 90: "XC", 50: "L", 40: "XL", 10: "X", 9: "IX",
              5: "V", 4: "IV", 1: "I"}  # fmt: skip
    text, rest = "", number
    for value, letters in values.items():
        text, rest = text + letters * (rest // value), rest % value
    assert roman_number(text) == (number if len(text) > 1 else 0)


@pytest.mark.parametrize("word", ["der", "und", "hundert", "einsam", "zehnter", "tausendmal", ""])
def test_a_german_word_that_is_no_number_is_none(word):
    assert german_number(word, number_words("de").units) is None


def test_a_number_without_end_is_no_error():
    assert amounts("9" * 500 + " people", Piece.NUMBER)[0].stated <= math.inf
