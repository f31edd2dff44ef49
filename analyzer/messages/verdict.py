"""May this sentence be said: claims, tone and rules -> block, review or allow, with reasons on the very words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from analyzer.messages.claim import Claim, Parsed, Span, WhoKind
from analyzer.messages.parse import parse_draft
from analyzer.messages.sentences import Draft, draft_of
from analyzer.messages.titles import Catalogue
from analyzer.messages.tone import Sounds, Tone, sounds_of, ways_of_speaking
from analyzer.messages.wording import WordingRule, WordingRules, is_protected, load_wording
from analyzer.policy.effects import Effect

WORDS_ONLY: Final = "judged by its words only"
_UNCOVERED: Final = "It says something about people that no rule covers."
_UNCLEAR: Final = "It says something that was not understood: "


class VerdictStatus(Enum):
    """The answer to "may this sentence be said?", mildest first; the worst wins."""

    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"

    @property
    def severity(self) -> int:
        """0 for the mildest."""
        return list(VerdictStatus).index(self)

    @staticmethod
    def worst(statuses: Iterable[VerdictStatus]) -> VerdictStatus:
        """Return the most severe of the statuses; review where there is none, for silence permits nothing."""
        return max(statuses, key=lambda status: status.severity, default=VerdictStatus.REVIEW)


class Layer(Enum):
    """Who gives a reason."""

    WORDING = "wording"
    TONE = "tone"
    POLICY = "policy"
    DISCLOSURE = "disclosure"
    TRUTH = "truth"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a verdict.

    Attributes
    ----------
    rule_id : the rule that speaks; empty where none does.
    status : what this reason alone would lead to.
    because, cites : the rule's sentence and sources.
    spans : the words that it is about, in the text as it was given.
    layer : who gives it.
    """

    rule_id: str
    status: VerdictStatus
    because: str
    cites: tuple[str, ...]
    spans: tuple[Span, ...]
    layer: Layer

    def as_json(self, text: str) -> dict[str, Any]:
        """Return the reason as plain JSON values, with the words of the text."""
        return {
            "rule": self.rule_id,
            "status": self.status.value,
            "because": self.because,
            "cites": list(self.cites),
            "layer": self.layer.value,
            "spans": [[span.start, span.end] for span in self.spans],
            "words": [text[span.start : span.end] for span in self.spans],
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """May a draft be said.

    Attributes
    ----------
    status : the worst of all reasons.
    reasons : worst first.
    parsed : what the draft claims.
    basis : what the verdict rests on: "judged by its words only", or the data that was looked at.
    wording_hash : which rules about wording spoke.
    rulebook_hash : which rulebook spoke; empty where none was asked.
    """

    status: VerdictStatus
    reasons: tuple[Reason, ...]
    parsed: Parsed
    basis: str
    wording_hash: str
    rulebook_hash: str = ""

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """Ids of the rules behind the status."""
        return tuple(dict.fromkeys(r.rule_id for r in self.reasons if r.rule_id and r.status is self.status))

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as plain JSON values."""
        return {
            "verdict": self.status.value,
            "rules": list(self.rule_ids),
            "reasons": [reason.as_json(self.parsed.text) for reason in self.reasons],
            "unclear": [unclear.why for unclear in self.parsed.unclear],
            "language": self.parsed.language,
            "basis": self.basis,
            "wording_hash": self.wording_hash,
            "rulebook_hash": self.rulebook_hash,
        }

    def underlined(self) -> str:
        """Return the text with the words of the worst reasons underlined on a line of their own."""
        spans = [span for reason in self.reasons if reason.status is self.status for span in reason.spans]
        marked = {at for span in spans for at in range(span.start, span.end)} if self.status.severity else set()
        return "\n".join(_line_with_marks(*line, marked) for line in _lines(self.parsed.text))


def check_words(
    text: str,
    catalogue: Catalogue | None = None,
    rules: WordingRules | None = None,
    *,
    to_one_user: bool = False,
) -> Verdict:
    """Judge a draft by its words only.

    Parameters
    ----------
    text : str
        Any text.
    catalogue : Catalogue, optional
        The titles of the service, so that their words are not read.
    rules : WordingRules, optional
        The shipped ones by default.
    to_one_user : bool
        Whether the draft goes to one user alone, as a notification does.

    Returns
    -------
    Verdict
        Never an exception for what the text is.
    """
    book = rules or load_wording()
    draft = draft_of(text, catalogue)
    verdict = _judged(draft, catalogue, book, to_one_user)
    if "\n" not in draft.text.plain:
        return verdict
    # A sentence may go on below a blank line; the stricter of the two readings counts.
    other = _judged(draft_of(text, catalogue, as_one_line=True), catalogue, book, to_one_user)
    return max(verdict, other, key=lambda read: read.status.severity)


def _judged(draft: Draft, catalogue: Catalogue | None, book: WordingRules, to_one_user: bool) -> Verdict:
    parsed = parse_draft(draft, catalogue, to_one_user=to_one_user)
    sounds = sounds_of(draft, parsed)
    private = to_one_user or bool(draft.anywhere("private_to_you"))
    reasons = [reason for claim in parsed.claims for reason in _of_claim(claim, book, sounds, private)]
    reasons += [_tone_alone(sound) for sound in sounds if sound.tone.mocks and not parsed.claims]
    reasons += [_tone_alone(sound) for sound in _of_nobody_known(draft, parsed)]
    reasons += [
        Reason("unclear", VerdictStatus.REVIEW, f"{_UNCLEAR}{unclear.why}.", (), (unclear.span,), Layer.WORDING)
        for unclear in parsed.unclear
    ]
    status = VerdictStatus.worst([VerdictStatus.ALLOW, *(reason.status for reason in reasons)])
    return Verdict(status, _ordered(reasons), parsed, WORDS_ONLY, book.hash)


def _of_nobody_known(draft: Draft, parsed: Parsed) -> Iterable[Sounds]:
    """Return pity and what is said to be wrong with somebody, where nobody was found who did it."""
    found_somebody = any(claim.who.kind not in (WhoKind.NOBODY, WhoKind.EVERYONE) for claim in parsed.claims)
    done = any(token.tags & {"did", "ing"} for token in draft.tokens) or bool(draft.anywhere("repeated"))
    made = any("people.staff" in token.tags for token in draft.tokens)
    if not found_somebody and done and not made:
        told = ways_of_speaking(draft, parsed, people=True)
        habit = any(is_protected(claim) for claim in parsed.claims) and _asks(draft)
        yield from (sound for sound in told if sound.tone in _ALONE or (habit and sound.tone.mocks))


_ALONE: Final = frozenset({Tone.PATHOLOGISING, Tone.PITY})


def _asks(draft: Draft) -> bool:
    """Whether a draft puts a question, or speaks to its readers."""
    return any("?" in token.text or "word.you" in token.tags for token in draft.tokens)


def joined(verdict: Verdict, more: Iterable[Reason], basis: str, rulebook_hash: str = "") -> Verdict:
    """Return a verdict with the reasons of later layers: the worst of all wins, so that none makes it milder.

    Parameters
    ----------
    verdict : Verdict
        By words.
    more : iterable of Reason
        Of policy, disclosure or truth.
    basis : str
        What the verdict now rests on.
    rulebook_hash : str
        Which rulebook was asked.
    """
    added = tuple(more)
    status = VerdictStatus.worst([verdict.status, *(reason.status for reason in added)])
    reasons = _ordered([*verdict.reasons, *added])
    return replace(verdict, status=status, reasons=reasons, basis=basis, rulebook_hash=rulebook_hash)


_STATUS: Final = {
    Effect.FORBID: VerdictStatus.BLOCK,
    Effect.REVIEW: VerdictStatus.REVIEW,
    Effect.ALLOW: VerdictStatus.ALLOW,
}


def _of_claim(claim: Claim, book: WordingRules, sounds: tuple[Sounds, ...], private: bool) -> list[Reason]:
    """Return what the rules say of a claim; where none does, a person is asked."""
    mocking = [sound for sound in sounds if sound.tone.mocks]
    remark = any(sound.tone is Tone.REMARK for sound in sounds)
    told = {"mocked": bool(mocking), "remark": remark, "private": private}
    fired = [rule for rule in book.rule if rule.fires(claim, **told)]
    found = [_reason(rule, claim, mocking) for rule in fired]
    if found:
        return found
    return [Reason("", VerdictStatus.REVIEW, _UNCOVERED, (), (claim.who.span or claim.span,), Layer.WORDING)]


def _reason(rule: WordingRule, claim: Claim, mocking: list[Sounds]) -> Reason:
    spans = [claim.who.span or claim.span]
    spans += [part.span for part in (claim.frequency, claim.window) if part and rule.effect is not Effect.ALLOW]
    spans += [sound.span for sound in mocking] if rule.mocked else []
    layer = Layer.TONE if rule.mocked else Layer.WORDING
    return Reason(rule.id, _STATUS[rule.effect], rule.because, rule.cites, tuple(dict.fromkeys(spans)), layer)


def _tone_alone(sound: Sounds) -> Reason:
    return Reason(
        f"tone-{sound.tone.value.replace(' ', '-')}", VerdictStatus.REVIEW, sound.because, (), (sound.span,), Layer.TONE
    )


def _ordered(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(sorted(dict.fromkeys(reasons), key=lambda r: (-r.status.severity, r.layer.value, r.rule_id)))


def _lines(text: str) -> Iterable[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1


def _line_with_marks(start: int, line: str, marked: set[int]) -> str:
    marks = "".join("^" if start + at in marked else " " for at in range(len(line))).rstrip()
    return f"{line}\n{marks}" if marks else line


def is_about_people(parsed: Parsed) -> bool:
    """Return whether a draft claims anything about people."""
    return any(claim.who.kind is not WhoKind.NOBODY for claim in parsed.claims)
