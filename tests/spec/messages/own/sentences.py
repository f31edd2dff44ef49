"""Reads the tables beside it: sentences, the verdicts that they should get, the grammar that they stress.

Sections without "later" in their heading are from before: an author wrote them who had not seen the code that judges.
Those with "later" were written while the grammar grew, each before the change that it led to; how many of them were
judged right at the first try is told in docs/explanation/how-a-draft-is-read.md. Those with "set 3" follow classes
which the grammar missed in messages by a stranger; their second and third rounds were judged once before any change
for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

VERDICTS = ("block", "review", "allow")
"""From the strictest to the mildest; each has a table of its own."""


@dataclass(frozen=True)
class Sentence:
    """One line of a table."""

    text: str
    expected: str
    why: str
    stresses: str
    language: str
    service: str


def sentences_of(expected: str) -> Iterator[Sentence]:
    """Return the sentences of one table; a line that has not four fields is an error, not a sentence less."""
    stresses = ""
    for line in Path(__file__).with_name(f"{expected}.table").read_text("utf-8").splitlines():
        if line.startswith("## "):
            stresses = line[3:]
        elif line and not line.startswith("#"):
            language, service, text, why = line.split(" | ")
            yield Sentence(text, expected, why, stresses, language, service)


def read_sentences() -> list[Sentence]:
    """Return all sentences, those to be blocked first."""
    return [sentence for expected in VERDICTS for sentence in sentences_of(expected)]
