"""The words a policy answers with: the effect of a rule, the mark of a pattern, the outcome of a decision."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class MarkStatus(Enum):
    """The policy's word on a pattern, mildest first; the worst wins."""

    OPEN = "open"
    REVIEW = "review"
    NEVER_SINGLE_OUT = "never_single_out"

    @property
    def severity(self) -> int:
        """0 for the mildest."""
        return list(MarkStatus).index(self)

    @property
    def words(self) -> str:
        """The mark as it is said in a sentence."""
        return self.value.replace("_", " ")

    @staticmethod
    def worst(statuses: Iterable[MarkStatus]) -> MarkStatus:
        """Return the most severe of the statuses; open where there is none."""
        return max(statuses, key=lambda s: s.severity, default=MarkStatus.OPEN)


class Effect(Enum):
    """What a rule does where its conditions hold."""

    FORBID = "forbid"
    REVIEW = "review"
    ALLOW = "allow"

    @property
    def refuses(self) -> bool:
        """Whether it withholds, or asks a person first."""
        return self is not Effect.ALLOW

    @property
    def mark(self) -> MarkStatus:
        """The mark that a rule about a pattern gives; an allow rule gives none, and open is what remains."""
        given = {Effect.FORBID: MarkStatus.NEVER_SINGLE_OUT, Effect.REVIEW: MarkStatus.REVIEW}
        return given.get(self, MarkStatus.OPEN)


class Outcome(Enum):
    """The answer to "may this be said?", mildest first; the worst wins."""

    ALLOWED = "allowed"
    REVIEW = "review"
    WITHHELD = "withheld"

    @property
    def severity(self) -> int:
        """0 for the mildest."""
        return list(Outcome).index(self)

    @staticmethod
    def worst(outcomes: Iterable[Outcome]) -> Outcome:
        """Return the most severe of the outcomes; withheld where there is none, for silence permits nothing."""
        return max(outcomes, key=lambda outcome: outcome.severity, default=Outcome.WITHHELD)
