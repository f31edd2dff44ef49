"""How a draft speaks of people: grammar first, then phrases, which are data in `tone.toml`, each list with its reason.

Grammar sees a question put to those who were counted ("what did you do?"), a question of a few words after them
("Legend... or lonely?") and advice that nobody asked for. What invites ("ready for season two?") is no such question.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import resources
from typing import Any, Final

from analyzer.messages.claim import BasisKind, Claim, Parsed, Span, WhoKind
from analyzer.messages.phrases import Match, Phrases
from analyzer.messages.sentences import Draft, Sentence
from analyzer.messages.tokens import Piece, Token
from analyzer.messages.wording import is_protected
from analyzer.policy.words import condition_words


class Tone(Enum):
    """What a way of speaking does."""

    RIDICULE = "ridicule"
    PATHOLOGISING = "pathologising"
    PITY = "pity"
    DIAGNOSIS = "diagnosis"
    PRIVATE_LIFE = "private-life inference"
    REMARK = "remark"  # something is said to those who were counted that is neither thanks nor praise
    TEASE = "tease"  # a question or advice to the very people who are counted
    JUDGING_PRAISE = "judging praise"

    @property
    def mocks(self) -> bool:
        """Whether it holds people up; praise, or a condition that is named, does not by itself."""
        return self not in (Tone.JUDGING_PRAISE, Tone.DIAGNOSIS, Tone.REMARK)


@dataclass(frozen=True, slots=True)
class Sounds:
    """A way of speaking that was found.

    Attributes
    ----------
    tone : what it does.
    because : why it counts.
    span : the words.
    """

    tone: Tone
    because: str
    span: Span


_CERTAIN: Final = frozenset({WhoKind.INDIVIDUAL, WhoKind.GROUP, WhoKind.SHARE, WhoKind.UNSTATED})
_SENSITIVE: Final = frozenset({"health", "sex", "money", "drink"})
_SHORT: Final = 5  # words of a question that needs no verb
_REMARKED: Final = "It says something to the very people who are counted, and it is neither thanks nor praise."
_QUESTION: Final = "It puts a question to the very people who are counted."
_ADVICE: Final = "It tells people what to do because of what they did, and nobody asked for that."
_REMARK: Final = "It adds a remark in the form of a question to what people did."
_DIAGNOSIS: Final = "It names a condition beside what people watch; no data can tell."
_BESIDE: Final = frozenset({WhoKind.INDIVIDUAL, WhoKind.GROUP, WhoKind.UNSTATED})


def sounds_of(draft: Draft, parsed: Parsed) -> tuple[Sounds, ...]:
    """Return how a draft speaks of people, in the order of the draft.

    Parameters
    ----------
    draft : Draft
        In pieces.
    parsed : Parsed
        What it claims; many ways of speaking only count beside certain people.
    """
    return ways_of_speaking(draft, parsed, people=any(_is_told_apart(claim) for claim in parsed.claims))


def ways_of_speaking(draft: Draft, parsed: Parsed, *, people: bool) -> tuple[Sounds, ...]:
    """Return how a draft speaks, where it is told whether it speaks of certain people; see `sounds_of`."""
    found = [
        sound
        for when, tone, because, phrases in _lists()
        if people or when == "always"
        for sound in _phrased(draft, tone, because, phrases)
    ]
    if people:
        found += _questions(draft, surveyed=any(c.basis.kind is BasisKind.SURVEY for c in parsed.claims))
        found += _advice(draft)
        found += _remarks(draft)
        found += _afterthoughts(draft, parsed)
        found += _diagnoses(draft, parsed)
    return tuple(sorted(dict.fromkeys(found), key=lambda sound: (sound.span.start, sound.span.end, sound.tone.value)))


def _is_told_apart(claim: Claim) -> bool:
    """Whether a claim is of certain people, or of everybody and a habit that people may rely on."""
    return claim.who.kind in _CERTAIN or (
        claim.who.kind is WhoKind.EVERYONE
        and claim.who.role is not None
        and (is_protected(claim) or (claim.who.viewers and bool(_SENSITIVE & set(claim.topics))))
    )


def _phrased(draft: Draft, tone: Tone, because: str, phrases: Phrases) -> Iterable[Sounds]:
    for sentence in draft.sentences:
        for _, match in phrases.find(draft.tokens, sentence.low, sentence.high):
            if not (_is_turned_around(draft.tokens, sentence, match) or _is_in_a_name(draft.tokens, sentence, match)):
                yield Sounds(tone, because, draft.span(match))


def _is_turned_around(tokens: Sequence[Token], sentence: Sentence, match: Match) -> bool:
    """Whether "isn't" or the like stands just before; not where the phrase itself begins so, as "no judgement" does."""
    before = tokens[max(sentence.low, match.start - 2) : match.start]
    return any("word.not" in token.tags for token in before)


def _is_in_a_name(tokens: Sequence[Token], sentence: Sentence, match: Match) -> bool:
    """Whether a single word is part of a name in a sentence that else has small letters: Breaking Bad, Lee Child."""
    at = match.start
    if match.end - at > 1 or not tokens[at].capital:
        return False
    words = [token for token in tokens[sentence.low : sentence.high] if token.piece is Piece.WORD]
    if 2 * sum(word.capital for word in words) > len(words):  # capitals tell nothing here
        return False
    following = tokens[at + 1] if at + 1 < sentence.high else None
    opens = following is not None and following.capital and not following.tags
    return opens if at == sentence.low else opens or _is_capital(tokens[at - 1]) or _is_capital(following)


def _is_capital(token: Token | None) -> bool:
    if token is None or "nation" in token.tags:
        return False
    return token.capital and token.piece in (Piece.WORD, Piece.TITLE)


def _questions(draft: Draft, *, surveyed: bool) -> Iterable[Sounds]:
    """Return questions about those who were counted; one that opens a survey is put to every reader."""
    for sentence in draft.sentences:
        if surveyed and sentence.low == 0 and draft.first("asks_readers", sentence):
            continue
        tokens = draft.tokens[sentence.low : sentence.high]
        if not tokens or tokens[-1].piece is not Piece.STOP or "?" not in tokens[-1].text:
            continue
        if _offers().first(draft.tokens, sentence.low, sentence.high):
            continue
        clause = _last_clause(tokens)
        words = [token for token in clause if token.piece is Piece.WORD]
        if not words:
            continue
        span = draft.text.span(clause[0].start, clause[-1].end)
        theirs = any(token.tags & {"word.you", "word.they"} for token in words)
        asks = any(token.tags & {"word.ask", "word.be"} for token in words)
        if theirs and asks:
            yield Sounds(Tone.TEASE, _QUESTION, span)
        elif len(words) <= _SHORT:
            yield Sounds(Tone.TEASE, _REMARK, span)


def _advice(draft: Draft) -> Iterable[Sounds]:
    """Return sentences and clauses that tell people what to do, and do not invite them to anything."""
    for sentence in draft.sentences:
        starts = [sentence.low] + [
            at + 1
            for at in range(sentence.low, sentence.high)
            if draft.tokens[at].text in _OPENING or draft.tokens[at].norm == "please"
        ]
        for start in starts:
            if (
                _asks_you(draft, sentence, start)
                or _advises().first(draft.tokens, start, min(start + 1, sentence.high)) is None
            ):
                continue
            if _invites().first(draft.tokens, start, sentence.high) is None:
                yield Sounds(Tone.TEASE, _ADVICE, draft.span(Match(start, sentence.high)))
                break


def _asks_you(draft: Draft, sentence: Sentence, start: int) -> bool:
    """Whether a question to the reader begins here, and no advice: "Do you ...?"."""
    ahead = draft.tokens[start + 1 : start + 2]
    return bool(ahead) and "word.you" in ahead[0].tags and "?" in draft.tokens[sentence.high - 1].text


def _remarks(draft: Draft) -> Iterable[Sounds]:
    """Return what is said to people after they were addressed, where it is neither thanks nor praise."""
    tokens = draft.tokens
    opens = next(
        (s for s in draft.sentences if tokens[s.low].tags & {"word.to", "word.dear"} and tokens[s.low].capital), None
    )
    if opens is None:
        return
    cut = next(
        (at for at in range(opens.low + 2, len(tokens)) if tokens[at].text in _CUTS or tokens[at].piece is Piece.STOP),
        None,
    )
    if cut is None or sum(token.piece is Piece.WORD for token in tokens[cut:]) < _FEWEST:
        return
    rest = Sentence(cut + 1, len(tokens))
    if all(phrases.first(tokens, rest.low, rest.high) is None for phrases in (_kind(), _offers(), _invites())):
        yield Sounds(Tone.REMARK, _REMARKED, draft.span(Match(rest.low, rest.high)))


def _afterthoughts(draft: Draft, parsed: Parsed) -> Iterable[Sounds]:
    """Return short sentences after a habit was told that tell nothing, and neither thank nor praise nor invite."""
    somebody = [claim for claim in parsed.claims if claim.who.kind is not WhoKind.NOBODY]
    habits = [claim for claim in somebody if is_protected(claim) or claim.recap]
    ends = min((claim.span.end for claim in habits), default=None)
    for sentence in draft.sentences if ends is not None else ():
        tokens = draft.tokens[sentence.low : sentence.high]
        words = [token for token in tokens if token.piece is Piece.WORD]
        span = draft.span(Match(sentence.low, sentence.high))
        tells = any(token.piece in _TELLING or "use" in token.tags for token in tokens) or tokens[0].norm in _YOURS
        if span.start < (ends or 0) or tells or not 0 < len(words) <= _SHORT:
            continue
        denied = any("word.not" in token.tags for token in words)
        kind = (_kind(),) if denied else (_kind(), _offers(), _invites())
        if all(phrases.first(draft.tokens, sentence.low, sentence.high) is None for phrases in kind):
            yield Sounds(Tone.REMARK, _REMARKED, span)


_TELLING: Final = frozenset({Piece.NUMBER, Piece.SHARE, Piece.MONEY, Piece.TITLE, Piece.ORDINAL, Piece.HASHTAG})
_YOURS: Final = frozenset({"your", "dein", "deine", "ton", "ta", "tes", "votre", "vos", "tu", "tus"})
_OPENING: Final = frozenset({":", "—", "(", ")", '"'})
_CUTS: Final = frozenset({":", "—", "-"})
_FEWEST: Final = 2


def _last_clause(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return what is asked: the tokens after the last colon, dash or comma that a question word follows."""
    cut = 0
    for at, token in enumerate(tokens):
        if token.text in (":", "—", "...") or (
            token.text in (",", "-") and at + 1 < len(tokens) and "word.ask" in tokens[at + 1].tags
        ):
            cut = at + 1
    return tokens[cut:]


def _diagnoses(draft: Draft, parsed: Parsed) -> Iterable[Sounds]:
    if not any(claim.who.kind in _BESIDE for claim in parsed.claims):
        return
    for sentence in draft.sentences:
        tokens = [token for token in draft.tokens[sentence.low : sentence.high] if token.piece is Piece.WORD]
        if tokens and condition_words(" ".join(token.norm for token in tokens)):
            yours = any("word.you" in token.tags for token in tokens)
            yield Sounds(
                Tone.PATHOLOGISING if yours else Tone.DIAGNOSIS,
                _DIAGNOSIS,
                draft.text.span(tokens[0].start, tokens[-1].end),
            )


@cache
def _told() -> dict[str, Any]:
    return tomllib.loads((resources.files("analyzer.messages") / "tone.toml").read_text("utf-8"))


@cache
def _lists() -> tuple[tuple[str, Tone, str, Phrases], ...]:
    return tuple((one["when"], Tone(one["tone"]), one["reason"], Phrases(one["patterns"])) for one in _told()["tone"])


@cache
def _offers() -> Phrases:
    return Phrases(_told()["offers"]["patterns"])


@cache
def _advises() -> Phrases:
    return Phrases(_told()["advises"]["patterns"])


@cache
def _invites() -> Phrases:
    return Phrases(_told()["invites"]["patterns"])


@cache
def _kind() -> Phrases:
    return Phrases(_told()["kind"]["patterns"])
