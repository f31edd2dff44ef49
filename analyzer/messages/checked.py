"""A verdict that says what it rests on: purpose, rulebook, bundle, data set, window; and what may be said instead."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

from analyzer.messages.about import About
from analyzer.messages.alternatives import Fact
from analyzer.messages.verdict import WORDS_ONLY, Verdict

WORDS_FORBID: Final = f"{WORDS_ONLY}; what they forbid is not looked up in data"


@dataclass(frozen=True, slots=True)
class Checked(Verdict):
    """The answer to a draft.

    Attributes
    ----------
    purpose : what the draft is for, in the words of the rulebook.
    data : of the data that was at hand: sources, window, fingerprint; empty where there was none.
    looked_up : whether claims were looked up in it.
    bundle : fingerprint of the model whose marks were looked at; empty where none was.
    marks : on which decisions its marks stand, as a ledger says; empty where none was asked. No name and no reason.
    in_force : what says whether the marks in force are still these; empty where no ledger knows the model.
    instead : sentences that may be said instead, each of which passed this check.
    """

    purpose: str = ""
    data: tuple[tuple[str, str], ...] = ()
    looked_up: bool = False
    bundle: str = ""
    marks: tuple[str, ...] = ()
    in_force: str = ""
    instead: tuple[Fact, ...] = ()

    @staticmethod
    def of(verdict: Verdict, **more: Any) -> Checked:
        """Return a verdict with what it rests on."""
        told = {part.name: getattr(verdict, part.name) for part in fields(verdict)}
        return Checked(**told | more)

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as plain JSON values."""
        return {
            **Verdict.as_json(self),
            "purpose": self.purpose,
            "data": dict(self.data) or None,
            "looked_up": self.looked_up,
            "bundle": self.bundle or None,
            "marks": list(self.marks),
            "in_force": self.in_force or None,
            "instead": [
                {"kind": fact.kind.value, "sentence": fact.sentence, "source": fact.source} for fact in self.instead
            ],
        }


def data_words(about: About | None) -> tuple[tuple[str, str], ...]:
    """Return what is told of the data behind a verdict."""
    if about is None:
        return ()
    named = about.sources if len(about.sources) < 4 else (*about.sources[:3], f"and {len(about.sources) - 3} more")
    return (("sources", ", ".join(named)), ("window", about.words()), ("fingerprint", about.fingerprint))


def basis_words(about: About | None, *, looked_up: bool, forbidden: bool) -> str:
    """Return what a verdict rests on, in words."""
    if about is not None and looked_up:
        return f"judged by its words, the policy and the data of {about.words()} (data {about.fingerprint[:12]})"
    return WORDS_FORBID if about is not None and forbidden else WORDS_ONLY
