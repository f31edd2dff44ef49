"""Answers to drafts and to release requests, which have the same words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from analyzer.desk.views.forms import Option

APPROVED: Final = "approved"
REJECTED: Final = "rejected"
TAKE_BACK: Final = Option(REJECTED, "Take the approval back", "It holds no longer. Say why.")
"""An approval is the only answer that can be followed by another one."""


def answer_words(status: str, before: Sequence[object]) -> str:
    """Return an answer in a word or two.

    Parameters
    ----------
    status : str
        What was answered.
    before : sequence
        The answers before it: a rejection that follows an approval takes it back.
    """
    return "took the approval back" if status == REJECTED and before else status
