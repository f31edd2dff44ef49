"""Number words and numerals: what a word counts, as data in `numbers.toml`, German compounds, Roman numerals."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

_GERMAN_ONES: Final = "ein|zwei|drei|vier|funf|fuenf|sechs|sieben|acht|neun"
_GERMAN_TENS: Final = "zwanzig|dreissig|vierzig|funfzig|fuenfzig|sechzig|siebzig|achtzig|neunzig"
_GERMAN_TEENS: Final = "zehn|elf|zwolf|zwoelf|dreizehn|vierzehn|funfzehn|fuenfzehn|sechzehn|siebzehn|achtzehn|neunzehn"
_BELOW_HUNDRED: Final = f"(?:(?:(?:{_GERMAN_ONES})und)?(?:{_GERMAN_TENS})|{_GERMAN_TEENS}|eins|{_GERMAN_ONES})"
_BELOW_THOUSAND: Final = (
    f"(?:(?:(?:{_GERMAN_TEENS}|{_GERMAN_ONES})?hundert)(?:und)?(?:{_BELOW_HUNDRED})?|{_BELOW_HUNDRED})"
)
_GERMAN: Final = re.compile(
    f"(?:(?P<thousands>{_BELOW_THOUSAND})?(?P<thousand>tausend))?(?:und)?(?P<rest>{_BELOW_THOUSAND})?"
)
_GERMAN_PART: Final = re.compile(
    f"(?:(?P<hundreds>{_GERMAN_TEENS}|{_GERMAN_ONES})?(?P<hundred>hundert))?(?:und)?(?:(?:(?P<one>{_GERMAN_ONES})und)?(?P<word>{_GERMAN_TENS}|{_GERMAN_TEENS}|eins|{_GERMAN_ONES}))?"
)


@dataclass(frozen=True, slots=True)
class NumberWords:
    """Number words of all languages that are read together, as data in `numbers.toml`."""

    units: dict[str, float]
    scales: dict[str, float]
    vague: Mapping[str, tuple[float, float, float]]
    before: Mapping[str, str]
    fractions: Mapping[str, float]


@cache
def number_words(language: str) -> NumberWords:
    """Return the number words of a language and of English."""
    text = (resources.files("analyzer.messages") / "numbers.toml").read_text("utf-8")
    told: dict[str, Any] = tomllib.loads(text)
    fields = dict.fromkeys((language, "en"))
    merged = {key: _merged(told[key], fields) for key in ("units", "scales", "vague")}
    before = {word: effect for effect, words in told["before"].items() for word in words.split()}
    vague = {word: (float(a), float(b), float(c)) for word, (a, b, c) in merged["vague"].items()}
    return NumberWords(merged["units"], merged["scales"], vague, before, told["fractions"]["words"])


def _merged(told: Mapping[str, Mapping[str, Any]], fields: Mapping[str, None]) -> dict[str, Any]:
    return {word: value for field in reversed(list(fields)) for word, value in told.get(field, {}).items()}


def german_number(word: str, units: Mapping[str, float]) -> float | None:
    """Return the number that a German word is, such as sechstausend or dreiundfunfzig; None where it is none."""
    found = _GERMAN.fullmatch(word) if len(word) > len("eins") else None
    if found is None or word in units or word in ("hundert", "tausend"):
        return None
    thousands = _german_part(found["thousands"], units) if found["thousands"] else 1.0
    total = thousands * 1000 if found["thousand"] else 0.0
    return total + (_german_part(found["rest"], units) if found["rest"] else 0.0)


def _german_part(word: str, units: Mapping[str, float]) -> float:
    found = _GERMAN_PART.fullmatch(word)
    if found is None:
        return 0.0
    ones = {**units, "ein": 1.0}
    hundreds = ones.get(found["hundreds"], 1.0) * 100 if found["hundred"] else 0.0
    return hundreds + ones.get(found["one"], 0.0) + ones.get(found["word"], 0.0)


def roman_number(text: str) -> int:
    """Return the number that Roman numerals of at least two letters tell; 0 where there are none."""
    if len(text) < len("II") or not _ROMAN.fullmatch(text):
        return 0
    values = [_ROMAN_VALUES[letter] for letter in text]
    return sum(-one if one < following else one for one, following in zip(values, [*values[1:], 0], strict=True))


_ROMAN: Final = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_ROMAN_VALUES: Final = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
