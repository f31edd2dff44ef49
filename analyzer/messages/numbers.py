"""Numbers as people write them: digits of any locale, words, ranges, shares, money, and words that leave it open."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from analyzer.messages.claim import Amount
from analyzer.messages.figures import mark_figures
from analyzer.messages.lists import words_of
from analyzer.messages.numerals import NumberWords, german_number, number_words, roman_number
from analyzer.messages.shares import share_at
from analyzer.messages.text import Canonical
from analyzer.messages.tokens import Piece, Token

_INDIAN: Final = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?")
_COMMAS: Final = re.compile(r"(?!0,)\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_POINTS: Final = re.compile(r"(?!0\.)\d{1,3}(?:\.\d{3})+(?:,\d+)?")
_AND: Final = frozenset({"and", "und", "et", "y"})
_TO: Final = frozenset({"-", "to", "bis", "a"})
_MONEY: Final = frozenset(
    {"$", "£", "€", "₹", "rs", "inr", "usd", "eur", "gbp", "dollars", "euros", "euro", "pounds", "rupees"}
)
_TWELVES: Final = {"dozen": 12, "score": 20, "dutzend": 12, "douzaines": 12, "docenas": 12}
_EACH: Final = frozenset({"every", "each", "per", "pro", "jede", "jeden"})
_OF: Final = frozenset({"of", "de", "von"})
_BEFORE_VAGUE: Final = words_of("before-vague-numbers")
_TENS: Final = (20.0, 99.0, 30.0)
_MANY: Final = {
    "hundreds": 100.0, "thousands": 1e3, "milliers": 1e3, "miles": 1e3, "millions": 1e6,
}  # fmt: skip
_LAST_YEAR: Final = 2099
_MILLION: Final = 1e6
_PAIRS: Final = frozenset({"couple", "pair"})  # "a couple in Leeds" is two people, "a couple of people" a number
_AFTER_PAIRS: Final = frozenset({"of", "more", "dozen", "days", "times", "weeks", "hours"})
_ANY_VAGUE: Final = frozenset({"some", "unos", "einige", "algunos"})  # of these nothing but "more than one" is known


def with_numbers(tokens: Sequence[Token], text: Canonical, language: str) -> list[Token]:
    """Return the tokens with each number as one token that has its amount."""
    reader = _Reader(tokens, text, number_words(language), language)
    return reader.read()


@dataclass(slots=True)
class _Reader:
    tokens: Sequence[Token]
    text: Canonical
    words: NumberWords
    language: str

    def read(self) -> list[Token]:
        """Read all numbers, then what stands around them."""
        made: list[Token] = []
        at = 0
        while at < len(self.tokens):
            number, following = self.number(at)
            made.append(number or self.tokens[at])
            at = following
        for step in (self.twice, self.odd, self.ranges, self.shares, self.money, self.modified):
            made = step(made)
        mark_figures(made)
        return made

    def number(self, at: int) -> tuple[Token | None, int]:
        """Return the number that begins here, and where to go on."""
        token = self.tokens[at]
        if token.piece is Piece.NUMBER:
            return self.digits(at)
        if token.piece is not Piece.WORD:
            return None, at + 1
        roman = roman_number(token.text) if at + 1 < len(self.tokens) and "people" in self.tokens[at + 1].tags else 0
        if roman:
            return self.made(Piece.NUMBER, at, at + 1, (roman, roman, roman)), at + 1
        for reading in (self.in_words, self.vague):
            number, following = reading(at)
            if number:
                return number, following
        return None, at + 1

    def digits(self, at: int) -> tuple[Token, int]:
        low, high, stated = _of_digits(self.tokens[at].text, self.language)
        following = at + 1
        while self._continues(at, following):
            low = high = stated = stated * 1000 + float(self.tokens[following].text)
            following += 1
        factor, following = self.scale(following, glued=True)
        rest, following = self.rest(factor, following)
        piece = Piece.NUMBER
        if self._word(following) in ("st", "nd", "rd", "th", "er", "eme") and self.tokens[following].glued:
            piece, following = Piece.ORDINAL, following + 1
        told = (low * factor + rest, high * factor + rest, stated * factor + rest)
        return self.made(piece, at, following, told), following

    def rest(self, factor: float, at: int) -> tuple[float, int]:
        """Return what is added to so many millions, and where to go on: 14 milioni 301 mila."""
        if factor < _MILLION or at >= len(self.tokens) or self.tokens[at].piece is not Piece.NUMBER:
            return 0.0, at
        below, following = self.scale(at + 1, glued=True)
        if not 1 < below < factor:
            return 0.0, at
        return _of_digits(self.tokens[at].text, self.language)[2] * below, following

    def _continues(self, at: int, following: int) -> bool:
        """Whether the next token is a group of thousands: 1 722, 53 000 000."""
        if following >= len(self.tokens):
            return False
        token, text = self.tokens[following], self.tokens[at].text
        grouped = token.piece is Piece.NUMBER and not token.glued and re.fullmatch(r"\d{3}", token.text)
        return bool(grouped and len(text) <= 3 and text.isdigit() and not text.startswith("0"))

    def scale(self, at: int, *, glued: bool) -> tuple[float, int]:
        """Return by what the words from here on multiply: "million", "hundred thousand", "k"."""
        factor = 1.0
        while (word := self._word(at)) in self.words.scales:
            token = self.tokens[at]
            if len(word) <= 2 and not (glued and token.glued) and word not in ("mn", "bn"):
                break
            factor *= self.words.scales[word]
            at += 1
        return factor, at

    def in_words(self, at: int) -> tuple[Token | None, int]:
        """Read fifty-three, a hundred and five thousand, dreiundfünfzig, quatre-vingt-dix, half a million."""
        total, current, end, any_read = 0.0, 0.0, at, False
        here = at
        if self._word(at) in ("a", "an", "ein", "eine", "un", "une", "one") and self._word(at + 1) in self.words.scales:
            current, here = 1.0, at + 1
            any_read = len(self._word(here)) > 2
        if self._word(at) == "half" and self._word(at + 1) == "a" and self._word(at + 2) in self.words.scales:
            current, here, any_read = 0.5, at + 2, True
        if self._word(at) in self.words.scales and at and self._word(at - 1) in _EACH and len(self._word(at)) > 2:
            current = 1.0  # three of every million
            any_read = True
        while True:
            value = self.unit(self._word(here), current)
            word = self._word(here)
            if value is not None:
                current, here, any_read = value, here + 1, True
            elif word in self.words.scales and len(word) > 2 and any_read:
                factor = self.words.scales[word]
                total, current = (
                    (total, (current or 1) * factor) if factor == 100 else (total + (current or 1) * factor, 0.0)
                )
                here += 1
            elif any_read and (word in _AND or self._is_hyphen(here)) and self._goes_on(here + 1):
                here += 1
                continue
            else:
                break
            end = here
        if not any_read or end == at:
            return None, at + 1
        value = total + current
        if self._word(end) in _TWELVES and value:
            value, end = value * _TWELVES[self._word(end)], end + 1
        return self.made(Piece.NUMBER, at, end, (value, value, value)), end

    def unit(self, word: str, current: float) -> float | None:
        """Return the number so far together with a unit, or None where the word is none or cannot follow."""
        value = self.words.units.get(word)
        if value is None and self.language == "de":
            value = german_number(word, self.words.units)
        if value is None:
            return None
        if value == 20 and current == 4 and word.startswith("vingt"):
            return 80.0
        if current == 0:
            return float(value)
        fits = (current % 100 >= 20 and value < 20) or (current % 100 == 0 and value < 100)
        return current + value if fits else None

    def _goes_on(self, at: int) -> bool:
        word = self._word(at)
        return (
            word in self.words.units
            or (word in self.words.scales and len(word) > 2)
            or german_number(word, self.words.units) is not None
        )

    def _is_hyphen(self, at: int) -> bool:
        return at < len(self.tokens) and self.tokens[at].text == "-" and self.tokens[at].glued

    def vague(self, at: int) -> tuple[Token | None, int]:
        """Read "a handful", "dozens", "a few thousand", "tens of thousands"."""
        start = at
        while at < start + 3 and self._word(at) in _BEFORE_VAGUE:
            at += 1
        word, following = self._word(at), at + 1
        if at - start > 2 or word not in {*self.words.vague, "tens"} or not self._counts(word, following):
            return None, start + 1
        low, high, stated = self.words.vague.get(word, _TENS)
        joined = following + 1 if self._word(following) in _OF else following
        beyond = self._word(joined)
        factor, past = self.scale(following, glued=False)
        if beyond in _MANY and beyond in self.words.vague:  # tens of thousands
            factor, past = _MANY[beyond], joined + 1
            low, high, stated = {"hundreds": (200.0, 999.0, 300.0), "tens": _TENS}.get(word, (low, high, stated))
        elif beyond in _TWELVES:  # a couple of dozen
            factor, past = float(_TWELVES[beyond]), joined + 1
        amount = (low * factor, high * factor, stated * factor)
        return self.made(Piece.NUMBER, start, past, amount, vague=True), past

    def _counts(self, word: str, following: int) -> bool:
        """Whether a word that leaves it open counts here: "a couple of people", not "a couple in Leeds"."""
        ahead = self._word(following)
        if word in _PAIRS:
            return ahead in _AFTER_PAIRS or ahead in self.words.scales
        return word not in _ANY_VAGUE or ahead in _OF

    def twice(self, tokens: list[Token]) -> list[Token]:
        """Join fifty-three (53)."""
        made: list[Token] = []
        for token in tokens:
            if token.text == ")" and made and made[-1].piece is Piece.STOP and len(made) > 3 and made[-3].text == "(":
                made.pop()  # seven (7!)
            inside = len(made) > 2 and token.text == ")" and made[-2].text == "("
            if inside and made[-1].piece is Piece.NUMBER is made[-3].piece and _are_equal(made[-1], made[-3]):
                first = made[-3]
                del made[-3:]
                told = first.amount or Amount(0, 0, first.text, self.text.span(first.start, token.end))
                made.append(self.spanning(first, token, (told.low, told.high, told.stated), Piece.NUMBER))
                continue
            made.append(token)
        return made

    def odd(self, tokens: list[Token]) -> list[Token]:
        """Join 800-odd, which is about 800."""
        made: list[Token] = []
        for token in tokens:
            joins = len(made) > 1 and token.norm == "odd" and token.glued and made[-1].text == "-"
            if joins and made[-2].piece is Piece.NUMBER and made[-2].amount:
                made.pop()
                made[-1].end = token.end
                continue
            made.append(token)
        return made

    def ranges(self, tokens: list[Token]) -> list[Token]:
        """Join 50-60, between 50 and 60, 50 to 60."""
        made: list[Token] = []
        for token in tokens:
            joined = len(made) > 1 and (made[-1].norm in _TO or (made[-1].norm in _AND and len(made) > 2))
            if not (joined and token.piece is Piece.NUMBER and made[-2].piece is Piece.NUMBER and token.amount):
                made.append(token)
                continue
            first = made[-2]
            between = len(made) > 2 and made[-3].norm in ("between", "zwischen", "entre")
            rises = first.amount is not None and first.amount.stated < token.amount.stated <= 100 * first.amount.stated
            if (made[-1].norm in _AND and not between) or not rises or first.amount is None:
                made.append(token)
                continue
            del made[-2:]
            low, high = first.amount.low, token.amount.high
            made.append(self.spanning(first, token, (low, high, low), Piece.NUMBER))
            made[-1].tags |= first.tags & token.tags & {"year"}
        return made

    def shares(self, tokens: list[Token]) -> list[Token]:
        """Join 40 %, 1 in 10,000, seven out of ten, a third of."""
        made: list[Token] = []
        at = 0
        while at < len(tokens):
            share, following = share_at(tokens, at, self.words)
            made.append(self.spanning(tokens[at], tokens[following - 1], share, Piece.SHARE) if share else tokens[at])
            at = following
        return made

    def money(self, tokens: list[Token]) -> list[Token]:
        """Mark amounts of money, so that nobody takes them for people."""
        for at, token in enumerate(tokens):
            beside = {tokens[at - 1].norm if at else "", tokens[at + 1].norm if at + 1 < len(tokens) else ""}
            if token.piece is Piece.NUMBER and beside & _MONEY:
                token.piece = Piece.MONEY
            if (
                token.piece is Piece.NUMBER
                and at
                and tokens[at - 1].norm in ("#", "no", "nr", "number", "nummer", "numero")
            ):
                token.piece = Piece.ORDINAL
        return tokens

    def modified(self, tokens: list[Token]) -> list[Token]:
        """Widen numbers by the words before them: about, over, fewer than."""
        for at, token in enumerate(tokens):
            if token.piece in (Piece.NUMBER, Piece.SHARE) and token.amount and at:
                token.amount = _widened(token.amount, tokens, at, self.words.before)
        return tokens

    def made(
        self, piece: Piece, start: int, end: int, amount: tuple[float, float, float], *, vague: bool = False
    ) -> Token:
        first, last = self.tokens[start], self.tokens[end - 1]
        made = self.spanning(first, last, amount, piece, vague=vague)
        made.tags |= {"digits"} if first.piece is Piece.NUMBER and end == start + 1 else frozenset()
        if made.text.isdigit() and len(made.text) == 4 and 1900 <= amount[2] <= _LAST_YEAR:
            made.tags |= {"year"}
        if amount[2] == 1 and first.piece is Piece.WORD:
            made.tags |= {"word.a"}
        return made

    def spanning(
        self, first: Token, last: Token, amount: tuple[float, float, float], piece: Piece, *, vague: bool = False
    ) -> Token:
        text = self.text.plain[first.start : last.end]
        low, high, stated = (value if math.isfinite(value) else math.inf for value in amount)
        told = Amount(low, high, text, self.text.span(first.start, last.end), vague, stated)
        tags = first.tags & {"year", "digits"} if first is last else frozenset[str]()
        return Token(piece, text, text.casefold(), first.start, last.end, tags, told, first.capital, first.glued)

    def _word(self, at: int) -> str:
        return self.tokens[at].norm if at < len(self.tokens) and self.tokens[at].piece is Piece.WORD else ""


def _are_equal(one: Token, other: Token) -> bool:
    return one.amount is not None and other.amount is not None and one.amount.stated == other.amount.stated


def _of_digits(text: str, language: str) -> tuple[float, float, float]:
    """Return the least, the most and the number told; what a point means depends on the language."""
    if _INDIAN.fullmatch(text) or _COMMAS.fullmatch(text):
        value = _float(text.replace(",", ""))
        return value, value, value
    if _POINTS.fullmatch(text):
        grouped, plain = _float(text.replace(".", "").replace(",", ".")), _float(text.partition(",")[0])
        if language == "en" and text.count(".") == 1 and "," not in text:
            return plain, grouped, plain  # 53.000 may be 53: in doubt fewer
        return grouped, grouped, grouped
    value = (
        _float(text.replace(",", ".")) if text.count(",") + text.count(".") == 1 else _float(re.sub(r"\D", "", text))
    )
    return value, value, value


def _float(text: str) -> float:
    try:
        return float(text[:60])
    except ValueError:
        return math.inf


def _widened(amount: Amount, tokens: Sequence[Token], at: int, before: Mapping[str, str]) -> Amount:
    back = [tokens[i].norm for i in range(at - 1, max(at - 4, -1), -1)]
    skipped = back[1:] if back and back[0] in ("than", "als", "de", "que", "of", "to", "the", "a") else back
    effect = before.get(skipped[0], "") if skipped else ""
    low, high, stated = amount.low, amount.high, amount.stated
    if effect == "about":
        low, high = 0.9 * low, 1.1 * high
    elif effect == "below_about":
        low = 0.9 * low
    elif effect == "more" or (skipped[:1] == ["than"] and back[:1] != ["than"]):
        high = math.inf
    elif effect == "less" or (skipped and skipped[0] == "fewer"):
        low, high, stated = 0.0, max(amount.high - 1, 0) if amount.high > 1 else amount.high, _below(amount.stated)
    else:
        return amount
    return Amount(low, high, amount.text, amount.span, amount.vague, stated)


def _below(stated: float) -> float:
    return stated - 1 if stated > 1 else stated
