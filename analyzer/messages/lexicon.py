"""The words that a draft is read with: word -> what it can mean; the words are data, in `lexicon.toml`.

A word with one typing slip (a letter left out, doubled, swapped with its neighbour or mistaken for another) counts as
the word that it is nearest to, where it is no word of the vocabulary itself. A slip must not hide what a draft says.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final

from analyzer.messages.lists import words_of
from analyzer.messages.text import plain_words

LANGUAGES: Final = ("en", "de", "fr", "es")
_NOTHING: Final[frozenset[str]] = frozenset()
_SHORTEST: Final = 5  # letters; shorter words have too many neighbours
_LEET: Final = str.maketrans("013457@$!", "oieastasi")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The vocabulary of one language, beside which English is always known.

    Attributes
    ----------
    tags : word -> what it can mean.
    slips : word with one letter left out -> the words that it comes from, of those that decide most.
    people_slips : the same of all words for people; after a number a word that is nearly one of them is one.
    letters : sorted letters -> the words that have them, of all; two letters swapped are a slip in any word.
    """

    tags: Mapping[str, frozenset[str]]
    slips: Mapping[str, tuple[str, ...]]
    people_slips: Mapping[str, tuple[str, ...]]
    letters: Mapping[str, tuple[str, ...]]

    def of(self, word: str) -> frozenset[str]:
        """Return what a word in small letters can mean; nothing where it is unknown."""
        return self.tags.get(word, _NOTHING)

    def meant(self, word: str, *, counted: bool = False) -> str:
        """Return the word of the vocabulary that is meant: itself, or the one that a slip has made it from.

        Parameters
        ----------
        word : str
            In small letters.
        counted : bool
            Whether a number stands before it, so that it may be a word for people.
        """
        if word in self.tags or len(word) < _SHORTEST or word in common_words():
            return word
        swapped = [known for known in self.letters.get("".join(sorted(word)), ()) if _one_slip(word, known)]
        if swapped:
            return swapped[0]
        known_slips = self.people_slips if counted else self.slips
        near = [known for shorter in _shorter(word) for known in known_slips.get(shorter, ())]
        return next((known for known in sorted(near) if _one_slip(word, known)), word)


def superlative_tags(word: str) -> frozenset[str]:
    """Return what an English superlative means that no list has: "keenest", "sleepiest"."""
    found = len(word) >= _SHORTEST and word.endswith("est") and word not in words_of("no-superlatives")
    return frozenset({"word.most"}) if found else _NOTHING


def counted_people_tags(word: str) -> frozenset[str]:
    """Return what an English plural means after a number that no list has, by its ending: "7,548 capsuleers"."""
    ends = len(word) > _SHORTEST and word.endswith(_OF_PEOPLE)
    return frozenset({"people.viewer", "people"}) if ends and word not in words_of("no-people") else _NOTHING


_OF_PEOPLE: Final = tuple(sorted(words_of("endings-of-people")))


@cache
def lexicon(language: str) -> Lexicon:
    """Return the vocabulary of a language: "en", "de", "fr", "es", or English beside words of other languages."""
    told = _told()
    tags: dict[str, set[str]] = {}
    foreign = frozenset(plain_words(told["slips"]["foreign"].get(language, "")))
    for field in dict.fromkeys(("en", language, "other")):
        for room, lists in told.items():
            if room == "slips" or (field == "other" and room != "people" and language in LANGUAGES):
                continue
            for name, words in lists.items():
                for word, meanings in _forms(words.get(field, ""), words.get("forms", ""), field, room, name):
                    if field == "en" and word in foreign:
                        continue
                    tags.setdefault(word, set()).update(meanings)
    frozen = {word: frozenset(meanings) for word, meanings in tags.items()}
    core = told["slips"]["core"]
    deciding = plain_words(f"{core['en']} {core.get(language, '')}")
    people = [word for word, meanings in frozen.items() if meanings & {"person", "people"} and "nation" not in meanings]
    return Lexicon(frozen, _slips(deciding), _slips([*deciding, *people]), _by_letters([*frozen, *deciding]))


@cache
def own_words(language: str) -> frozenset[str]:
    """Return words of the vocabulary by which a language is known: those that English has not."""
    lists = [words for room, told in _told().items() if room != "slips" for words in told.values()]
    own, english = (
        {form for words in lists for word in plain_words(words.get(field, "")) for form in word.split("/")}
        for field in (language, "en")
    )
    return frozenset(word for word in own - english if len(word) > 2)


@cache
def common_words() -> frozenset[str]:
    """Return frequent words that look like a slip of a deciding one and are none."""
    text = (resources.files("analyzer.messages") / "common_words.txt").read_text("utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


@cache
def _told() -> dict[str, dict[str, dict[str, str]]]:
    told: dict[str, Any] = tomllib.loads((resources.files("analyzer.messages") / "lexicon.toml").read_text("utf-8"))
    return told


def _forms(text: str, forms: str, field: str, room: str, name: str) -> Iterable[tuple[str, set[str]]]:
    for word in plain_words(text):
        tags = {f"{room}.{name}"} | ({"use"} if room == "act" else {"topic"} if room == "topic" else set())
        if room == "people":
            yield from _of_people(word, name, tags)
        elif forms == "noun":
            singular, _, plural = word.partition("/")
            yield singular, tags | {"one"}
            yield plural or _plural(singular), tags | {"many"}
            if field == "de" and not plural.endswith(("n", "s")):
                yield f"{plural}n", tags | {"many"}  # seit 25 Jahren
        elif word.startswith("="):
            yield word[1:], tags | {"past", "did"}
        elif forms == "verb" and field == "en":
            yield from _of_verb(word, tags)
        else:
            yield word, tags | ({"past", "did"} if room == "act" else set())


def _of_people(word: str, name: str, tags: set[str]) -> Iterable[tuple[str, set[str]]]:
    singular, _, plural = word.partition("/")
    more = {"kin"} if name == "kin" else {"staff"} if name == "staff" else {"nation"} if name == "nation" else set()
    yield singular, tags | more | {"person"}
    yield plural or _plural(singular), tags | more | {"people"}


def _of_verb(base: str, tags: set[str]) -> Iterable[tuple[str, set[str]]]:
    stem = base[:-1] if base.endswith("e") else base
    short = re.search(r"(?:^|[^aeiou])[aeiou][bdgmnpt]$", base) and base not in ("open", "listen", "visit", "reopen")
    double = base + base[-1] if short else stem
    ends = "es" if base.endswith(("s", "x", "z", "ch", "sh")) else "s"
    yield base, tags | {"base"}
    yield (base[:-1] + "ies" if re.search(r"[^aeiou]y$", base) else base + ends), tags | {"present"}
    yield (base[:-1] + "ied" if re.search(r"[^aeiou]y$", base) else double + "ed"), tags | {"past", "did"}
    yield double + "ing", tags | {"ing"}


def _plural(noun: str) -> str:
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "z", "ch", "sh")) else "s")


def _by_letters(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for word in words:
        if len(word) >= _SHORTEST:
            found.setdefault("".join(sorted(word)), set()).add(word)
    return {letters: tuple(sorted(known)) for letters, known in found.items()}


def _slips(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for word in words:
        if len(word) >= _SHORTEST:
            for shorter in _shorter(word):
                found.setdefault(shorter, set()).add(word)
    return {shorter: tuple(sorted(known)) for shorter, known in found.items()}


def _shorter(word: str) -> list[str]:
    """Return a word and each form of it with one letter left out; of two words one slip apart, some agree."""
    return [word, *(word[:at] + word[at + 1 :] for at in range(min(len(word), 24)))]


@lru_cache(maxsize=4096)
def _one_slip(word: str, known: str) -> bool:
    """Return whether two words differ by one letter left out, added, mistaken, or swapped with its neighbour."""
    short, long = sorted((word, known), key=len)
    if len(long) - len(short) > 1:
        return False
    at = next((i for i, (one, other) in enumerate(zip(short, long, strict=False)) if one != other), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    swapped = short[:at] + short[at + 1 : at + 2] + short[at : at + 1] + short[at + 2 :]
    mistaken = short[at + 1 :] == long[at + 1 :] and len(word) > _SHORTEST and at > 0
    return swapped == long or mistaken


def without_figures(word: str) -> str:
    """Return a word in which figures stand for letters with letters instead: "wh0" is "who"."""
    return word.translate(_LEET)
