"""Which language a draft is in, by its small words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from analyzer.messages.lexicon import LANGUAGES, lexicon, own_words
from analyzer.messages.lists import words_of
from analyzer.messages.text import plain_form

_NUMBERS: Final = words_of("english-numbers")
_FEWEST: Final = 5
_LEAST: Final = 0.25
_ENOUGH: Final = 1.5  # votes
_KNOWN: Final = {language: words_of(f"small-{language}") for language in (*LANGUAGES, "other")}


def language_of(words: Sequence[str], given: str, small: Sequence[str]) -> str:
    """Return "en", "de", "fr" or "es", or "" where it is none of these.

    Parameters
    ----------
    words : sequence of str
        The words of the draft in plain form.
    given : str
        The draft as it was given: letters of other scripts tell that it is none of the four.
    small : sequence of str
        Those of the words that have no capital.
    """
    if _is_foreign(given):
        return ""
    votes = _votes(words)
    best = max(votes, key=lambda language: votes[language])
    if votes["en"] >= votes[best] or votes[best] < _ENOUGH:
        return "en" if _may_be_english(small) else ""
    return "" if best == "other" else best


def _may_be_english(words: Sequence[str]) -> bool:
    """Whether enough words in small letters are English; names and titles have capitals and tell nothing."""
    known = sum(word in _KNOWN["en"] or word in _NUMBERS or bool(lexicon("en").of(word)) for word in words)
    return len(words) < _FEWEST or known >= _LEAST * len(words)


def language_of_part(words: Iterable[str], whole: str) -> str:
    """Return the language of a sentence: that of its draft, where its own words do not clearly tell another."""
    votes = _votes(words)
    best = max(votes, key=lambda language: votes[language])
    clear = votes[best] >= _ENOUGH and votes[best] >= votes.get(whole or "other", 0) + 1
    return best if clear and best != "other" else whole


def _votes(words: Iterable[str]) -> dict[str, float]:
    told = list(words)
    votes = {language: sum(_weight(word) for word in told if word in known) for language, known in _KNOWN.items()}
    for language in votes.keys() - {"en"}:
        votes[language] += sum(word in own_words(language) for word in told)
    return votes


def _weight(word: str) -> float:
    """Return how much a small word tells: less, the more languages have it."""
    return 1 / sum(word in known for known in _KNOWN.values())


def _is_foreign(given: str) -> bool:
    """Whether most letters belong to no alphabet of these languages, nor look like one of theirs."""
    letters = [char for char in given[:2_000] if char.isalpha()]
    foreign = sum(_far(char) for char in letters)
    return foreign * 2 > len(letters) and bool(letters)


def _far(char: str) -> bool:
    return not char.isascii() and not plain_form(char)[:1].isascii()
