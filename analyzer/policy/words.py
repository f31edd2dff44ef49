"""Words for health conditions and disabilities in a name; which words these are is data, in `words.toml`.

A name is read as a person would read it: case, accents, hyphens, underscores, joined capitals and invisible characters
do not hide a word. Whole words are compared, so that `title` never holds `tic`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

_JOINS: Final = "-\u2010\u2011\u2012\u2013\u2212"
_POSSESSIVE: Final = re.compile(r"['\u2019\u02bc`\u00b4]s\b")
_SEAMS: Final = re.compile(
    r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])"
)
_STOPS: Final = re.compile(r"(?<=\b\w)\.(?=\w\b)")  # A.D.H.D.
_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words, each as the forms in which it counts.

    Attributes
    ----------
    anywhere : phrases (tuples of words) that count wherever they stand.
    beside_people : phrases that count in a name that also holds a word for people.
    people : the words for people.
    """

    anywhere: frozenset[tuple[str, ...]]
    beside_people: frozenset[tuple[str, ...]]
    people: frozenset[tuple[str, ...]]


def condition_words(text: str) -> tuple[str, ...]:
    """Return the words for a health condition or disability that a name holds, in alphabetical order.

    Parameters
    ----------
    text : str
        The name of a pattern or an audience, or a label in it.
    """
    known = vocabulary()
    phrases = {phrase for reading in _readings(text) for phrase in _phrases(reading)}
    found = phrases & known.anywhere
    if phrases & known.people:
        found |= phrases & known.beside_people
    return tuple(sorted(" ".join(phrase) for phrase in found))


def folded(text: str) -> str:
    """Return a text without case, accents and invisible characters (NFKC, case folding, marks removed)."""
    plain = unicodedata.normalize("NFKD", visible(text).casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))


def visible(text: str) -> str:
    """Return a text without invisible characters, and with one form of each letter (NFKC)."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")


@cache
def vocabulary() -> Vocabulary:
    """Return the shipped words."""
    told = tomllib.loads((resources.files("analyzer.policy") / "words.toml").read_text("utf-8"))
    endings = told["endings"]
    tiers = {bool(tier.get("beside_people")): _forms(tier, endings) for tier in told["tier"]}
    return Vocabulary(tiers[False], tiers[True], _forms(told["people"], endings))


def _forms(words: dict[str, Any], endings: dict[str, list[str]]) -> frozenset[tuple[str, ...]]:
    return frozenset(
        form
        for language, endings_here in endings.items()
        for phrase in words.get(language, ())
        for form in _inflected(tuple(phrase.split()), endings_here)
    )


def _inflected(phrase: tuple[str, ...], endings: Iterable[str]) -> list[tuple[str, ...]]:
    """Return a phrase as it is, with each ending on its last word, and with a plural s on its first one."""
    *front, last = phrase
    lasts = [last, *(last + ending for ending in endings), *([last[:-1] + "ies"] if last.endswith("y") else [])]
    lasts += [last[:-1] + ending for ending in ("a", "as", "os") if last.endswith("o")]
    fronts = [front, [front[0] + "s", *front[1:]]] if front else [front]
    return [(*start, end) for start in fronts for end in lasts]


def _readings(text: str) -> set[tuple[str, ...]]:
    """Return the words of a text, with hyphens as gaps and as joints, joined capitals apart, and initials joined."""
    seen = visible(text)
    spelled = {seen, _SEAMS.sub(" ", seen), _STOPS.sub("", seen)}
    spelled |= {re.sub(f"[{_JOINS}]", "", one) for one in spelled}
    return {tuple(_WORD.findall(folded(_POSSESSIVE.sub("", one)))) for one in spelled}


def _phrases(words: tuple[str, ...], longest: int = 4) -> Iterable[tuple[str, ...]]:
    for start in range(len(words)):
        for end in range(start + 1, min(start + longest, len(words)) + 1):
            yield words[start:end]
