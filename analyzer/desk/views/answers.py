"""Answers to drafts and to release requests, which have the same words."""

from __future__ import annotations

from typing import Final

from analyzer.desk.views.forms import Option

APPROVED: Final = "approved"
REJECTED: Final = "rejected"
TAKE_BACK: Final = Option(REJECTED, "Take the approval back", "It holds no longer. Say why.")
"""An approval is the only answer that can be followed by another one."""


def answer_words(status: str, *, again: bool) -> str:
    """Return an answer in a word or two; a rejection after an earlier answer takes an approval back."""
    return "took the approval back" if again and status == REJECTED else status
