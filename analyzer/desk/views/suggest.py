"""What may be said about a title."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analyzer.desk.views.drafts import Alternative
from analyzer.desk.views.words import shortened


@dataclass(frozen=True, slots=True)
class Suggested:
    """What may be said about a title today: a heading, the sentences, and what to do where there are none."""

    head: str
    facts: tuple[Alternative, ...]
    hint: str


def suggested(told: Mapping[str, Any]) -> Suggested:
    """Return an answer of `office.suggest` in words."""
    title = shortened(told["title"])
    if not told["known"]:
        return Suggested(f"The data knows no title called “{title}”", (), str(told["hint"]))
    facts = tuple(Alternative(one["sentence"], one["source"]) for one in told["facts"])
    if not facts:
        return Suggested(f"Nothing about “{title}” may be said today", (), f"The data is of {told['window']}.")
    return Suggested(f"May be said about “{title}”", facts, f"For: {told['purpose']}. Data of {told['window']}.")
