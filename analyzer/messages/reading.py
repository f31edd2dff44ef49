"""Which phrases of a draft say what; the phrases are data, in `words.toml`.

A small reader: it recognises how repetition, address and blame are commonly said. What it does not recognise is not
thereby harmless, and whoever asks it treats silence about whom a count is of as unknown.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import resources
from typing import Final

_SCALES: Final = {"thousand": 10**3, "k": 10**3, "million": 10**6, "m": 10**6, "billion": 10**9}


class Said(Enum):
    """What a phrase says."""

    REPETITION = "repetition"
    ADDRESSED = "person-addressed"
    PATHOLOGISING = "pathologising"
    ONE_PERSON = "one-person"
    PEOPLE = "people"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class Reading:
    """A draft as it is read.

    Attributes
    ----------
    phrases : what is said, and on which words.
    people, hours : the fewest people and hours that are counted; None where none are.
    """

    phrases: tuple[tuple[Said, str], ...]
    people: int | None
    hours: float | None

    def says(self, what: Said) -> bool:
        """Return whether a phrase says something."""
        return any(said is what for said, _ in self.phrases)


def read_draft(texts: Iterable[str]) -> Reading:
    """Return what the parts of a draft say: its sentence, or behaviour, tone and title apart."""
    found: list[tuple[Said, str]] = []
    counted: dict[Said, list[float]] = {Said.PEOPLE: [], Said.HOURS: []}
    for text in texts:
        for said, phrases in _phrases().items():
            for match in (m for phrase in phrases for m in phrase.finditer(text)):
                found.append((said, match[0]))
                if said in counted:
                    counted[said].append(_number(match["n"]) * _SCALES.get((match["scale"] or "").casefold(), 1))
    people, hours = counted[Said.PEOPLE], counted[Said.HOURS]
    return Reading(tuple(dict.fromkeys(found)), int(min(people)) if people else None, min(hours) if hours else None)


def _number(text: str) -> float:
    plain = text.rstrip(".,").replace(",", "")
    return float(plain) if re.fullmatch(r"\d+(?:\.\d+)?", plain) else float(re.sub(r"\D", "", plain))


@cache
def _phrases() -> dict[Said, tuple[re.Pattern[str], ...]]:
    told = tomllib.loads((resources.files("analyzer.messages") / "words.toml").read_text("utf-8"))["finding"]
    return {said: tuple(re.compile(p, re.IGNORECASE) for p in told[said.value]["phrases"]) for said in Said}
