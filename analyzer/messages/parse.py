"""A draft's text -> what it claims: a grammar of its own over words, without any model.

The same text always gives the same claims, and time grows with its length. What is said of people and not understood is
`Unclear`, and what is unclear is never allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from analyzer.messages.around import Around, around_of, is_told_of
from analyzer.messages.claim import (
    Action,
    BasisKind,
    Claim,
    Content,
    ContentKind,
    Occurrence,
    Parsed,
    Per,
    Span,
    Statistic,
    Unclear,
    Who,
    WhoKind,
)
from analyzer.messages.counts import Mention
from analyzer.messages.doubts import doubts_of
from analyzer.messages.frequencies import frequency_of
from analyzer.messages.lexicon import lexicon
from analyzer.messages.lists import words_of
from analyzer.messages.phrases import Match
from analyzer.messages.sentences import Draft, Sentence, draft_of
from analyzer.messages.statistics import statistic_of
from analyzer.messages.titles import Catalogue, nearest_title
from analyzer.messages.tokens import Piece, Token
from analyzer.messages.who import TOPICS, mentions
from analyzer.messages.windows import at_night, window_of
from analyzer.policy.uses import Addressed

_ACTIONS: Final = (
    ("act.rewound", Action.REWOUND),
    ("act.rewatched", Action.REWATCHED),
    ("act.captioned", Action.CAPTIONED),
    ("act.binged", Action.BINGED),
    ("act.watched", Action.WATCHED),
    ("act.skipped", Action.SKIPPED),
    ("act.paused", Action.PAUSED),
    ("act.finished", Action.FINISHED),
    ("act.searched", Action.SEARCHED),
    ("act.felt", Action.USED),
    ("act.used", Action.USED),
    ("act.wrote", Action.WROTE),
)
_ONE_BY_ONE: Final = frozenset({Action.USED, Action.SEARCHED, Action.WROTE})
_MOST_OF_ONE: Final = 20_000  # events that one reader can have had; more are those of everybody


def parse(text: str, catalogue: Catalogue | None = None, *, to_one_user: bool = False) -> Parsed:
    """Return what a draft claims.

    Parameters
    ----------
    text : str
        Any text; of one that is too long only parts are read, and that is said to be unclear.
    catalogue : Catalogue, optional
        The titles of the service.
    to_one_user : bool
        Whether the draft goes to one user alone, as a notification does.
    """
    return parse_draft(draft_of(text, catalogue), catalogue, to_one_user=to_one_user)


def parse_draft(draft: Draft, catalogue: Catalogue | None = None, *, to_one_user: bool = False) -> Parsed:
    """Return what a draft claims that is already in pieces; see `parse`."""
    around = around_of(draft, to_one_user)
    claims = [claim for sentence in draft.sentences for claim in _claims(around, sentence, catalogue)]
    if not any(claim.who.kind in (WhoKind.INDIVIDUAL, WhoKind.GROUP) for claim in claims):
        yours = _told_to_you(around, catalogue)
        told = {claim.span for claim in yours}
        claims = [claim for claim in claims if claim.span not in told or claim.who.kind is not WhoKind.NOBODY] + yours
    claims += _of_private_text(around, claims, catalogue)
    unclear = (*_unclear(draft, claims), *doubts_of(draft, claims))
    return Parsed(draft.text.given, draft.language, tuple(claims), unclear)


def _of_private_text(around: Around, claims: Sequence[Claim], catalogue: Catalogue | None) -> list[Claim]:
    """Return what is told of words that somebody wrote for few, where no other claim tells of them."""
    span = around.basis.span
    if around.basis.kind is not BasisKind.PRIVATE_TEXT or span is None:
        return []
    if any(claim.span.start <= span.start < claim.span.end for claim in claims):
        return []
    told = [_base(around, sentence, catalogue) for sentence in around.draft.sentences]
    return [replace(base, action=Action.WROTE, quotes=True) for base in told if base.span.end > span.start][:1]


def _claims(around: Around, sentence: Sentence, catalogue: Catalogue | None) -> list[Claim]:
    draft = around.draft
    base = _base(around, sentence, catalogue)
    found = [mention for mention in mentions(draft, sentence) if is_told_of(around, base, sentence, mention)]
    if not found:
        asked = draft.first("asks_around", sentence) is not None
        return [base] if base.statistic is not Statistic.NONE and not asked else []
    return [_of_people(around, base, mention) for mention in found]


def _of_people(around: Around, base: Claim, mention: Mention) -> Claim:
    who = mention.who
    statistic = base.statistic
    own_share = around.recap and who.kind is WhoKind.SHARE and around.addressed
    if own_share:
        who = replace(who, kind=WhoKind.INDIVIDUAL)
    if who.kind is WhoKind.GROUP:
        statistic = Statistic.PEOPLE
    elif who.kind is WhoKind.SHARE:
        statistic = Statistic.SHARE
    elif who.kind is WhoKind.INDIVIDUAL and statistic is Statistic.PLAYS:
        statistic = Statistic.TIMES
    addressed = _addressed(who) if around.addressed else Addressed.NOBODY
    nights = who.kind in (WhoKind.INDIVIDUAL, WhoKind.UNSTATED)
    topics = tuple(topic for topic in base.topics if topic != "night" or nights)
    words = around.draft.tokens[mention.match.start : mention.match.end]
    topics += ("trait",) * any("people.patient" in token.tags for token in words)
    habit = any("noun.habit" in token.tags for token in around.draft.tokens[mention.match.start : mention.match.end])
    occurrence = Occurrence.ONCE if mention.by_event and around.frequency is None and not habit else base.occurrence
    frequency = base.frequency or around.frequency
    told = replace(base, who=who, statistic=statistic, addressed=addressed, frequency=frequency)
    own = around.one_user and around.addressed and who.kind is WhoKind.INDIVIDUAL
    return replace(told, occurrence=occurrence, topics=topics, recap=own or own_share)


def _addressed(who: Who) -> Addressed:
    return Addressed.PERSON if who.kind is WhoKind.INDIVIDUAL else Addressed.GROUP


def _base(around: Around, sentence: Sentence, catalogue: Catalogue | None) -> Claim:
    """Return what a sentence tells, whomever it is about."""
    draft = around.draft
    tokens = draft.tokens[sentence.low : sentence.high]
    statistic, amount = statistic_of(draft, sentence)
    action = action_of(tokens)
    return Claim(
        who=Who(WhoKind.NOBODY),
        statistic=statistic,
        action=action,
        basis=around.basis,
        addressed=Addressed.NOBODY,
        span=draft.text.span(tokens[0].start, tokens[-1].end),
        amount=amount,
        content=_content(draft, tokens, catalogue),
        frequency=frequency_of(draft, sentence),
        window=window_of(draft, sentence),
        occurrence=_occurrence(around, action),
        topics=topics_of(draft, sentence),
        done=any(token.tags & {"did", "present"} for token in tokens)
        or any(token.tags & {"people"} for token in tokens),
        quotes=any("quoted" in token.tags or token.text == '"' for token in tokens),
    )


def _occurrence(around: Around, action: Action) -> Occurrence:
    """Return one event or a habit; of orders and rides a past tense without any count is one event."""
    if around.occurrence is not Occurrence.UNKNOWN or action not in _ONE_BY_ONE:
        return around.occurrence
    present = any({"present"} <= token.tags and "use" in token.tags for token in around.draft.tokens)
    return Occurrence.UNKNOWN if present else Occurrence.ONCE


def action_of(tokens: tuple[Token, ...]) -> Action:
    """Return what people did; of several the one that tells most of a habit."""
    tags = {tag for token in tokens for tag in token.tags if "use" in token.tags or tag == "act.captioned"}
    return next((action for tag, action in _ACTIONS if tag in tags), Action.NONE)


def topics_of(draft: Draft, sentence: Sentence) -> tuple[str, ...]:
    """Return the names of sensitive topics in a sentence; the hours of the night are one of viewing."""
    tokens = draft.tokens[sentence.low : sentence.high]
    known = lexicon(draft.language or "other")
    quoted = [word for token in tokens if token.text == token.norm for word in _quoted_words(token)]
    tags = {tag for token in tokens for tag in token.tags} | {tag for word in quoted for tag in known.of(word)}
    found = {tag.partition(".")[2] for tag in tags if tag.startswith("topic.")}
    found |= {topic for topic in TOPICS if draft.find(f"topic_{topic}", sentence)}
    if at_night(window_of(draft, sentence)):
        found.add("night")
    return tuple(sorted(found))


def _quoted_words(token: Token) -> list[str]:
    """Return the words of a name in small letters: what somebody searched for is read, names with capitals are not."""
    return token.norm.split() if token.piece is Piece.TITLE else []


def _content(draft: Draft, tokens: tuple[Token, ...], catalogue: Catalogue | None) -> Content | None:
    title = next((token for token in tokens if token.piece is Piece.TITLE), None)
    first, last = (title, title) if title else _capitals_after_use(tokens)
    if first is None or last is None:
        return None
    name = draft.text.plain[first.start : last.end]
    known = nearest_title(name, catalogue) if catalogue else None
    return Content(ContentKind.TITLE, name, known, draft.text.span(first.start, last.end))


def _capitals_after_use(tokens: tuple[Token, ...]) -> tuple[Token | None, Token | None]:
    """Return the first and last of the words with capitals that follow what people did."""
    at = next((i for i, token in enumerate(tokens) if "use" in token.tags), len(tokens))
    run: list[Token] = []
    for token in tokens[at + 1 :]:
        if token.capital or (run and token.text in (":", "'s", "of", "the", "and", "-", "&")):
            run.append(token)
        elif run:
            break
    while run and not run[-1].capital:
        run.pop()
    return (run[0], run[-1]) if run else (None, None)


def _told_to_you(around: Around, catalogue: Catalogue | None) -> list[Claim]:
    """Return what the reader is told of their own use, where a number or a frequency is told."""
    found = []
    for sentence in around.draft.sentences:
        match = _told_to_reader(around, sentence)
        base = _base(around, sentence, catalogue) if match else None
        everybody = base is not None and base.amount is not None and base.amount.stated > _MOST_OF_ONE
        often = around.happened and base is not None and _is_a_habit(around, sentence, base)
        if match and base and not everybody and (base.amount or often or (base.frequency and base.frequency.times)):
            who = Who(WhoKind.INDIVIDUAL, span=around.draft.span(match))
            found.append(replace(base, who=who, addressed=Addressed.PERSON, recap=True))
    return found


def _is_a_habit(around: Around, sentence: Sentence, base: Claim) -> bool:
    """Whether a sentence tells how often: every night, "for the ninth time"."""
    if base.frequency is None:
        return False
    return base.frequency.per is not Per.WINDOW or around.draft.first("visits", sentence) is not None


def _told_to_reader(around: Around, sentence: Sentence) -> Match | None:
    """Return where the reader is told what they did; a reminder tells nothing, nor does advice to all."""
    draft = around.draft
    tokens = draft.tokens[sentence.low : sentence.high]
    to_all = draft.find("advice_to_all", sentence) and not any("did" in token.tags for token in tokens)
    if to_all or draft.find("reminders", sentence):
        return None
    found = draft.find("told_to_you", sentence)
    return next((match for match in found if not (match.start and _is_of(draft.tokens[match.start - 1]))), None)


def _is_of(token: Token) -> bool:
    """Whether those addressed are the whole of a part: "one in three of you skipped"."""
    return "word.of" in token.tags


def _unclear(draft: Draft, claims: Sequence[Claim]) -> list[Unclear]:
    given = draft.text.given
    if draft.text.cut:
        return [Unclear(Span(0, len(given)), "the draft is too long to be read whole")]
    letters = any(token.piece is Piece.WORD for token in draft.tokens)
    if not draft.language and letters and not _tells_an_audience(draft, claims):
        return [Unclear(Span(0, len(given)), "the language is none of English, German, French and Spanish")]
    return []


def _tells_an_audience(draft: Draft, claims: Sequence[Claim]) -> bool:
    """Whether a draft in another language tells how many millions watched, and speaks to nobody: "12 milioni di ...".

    It may tell no other number and ask nothing, for what it says of them would not be understood.
    """
    counts = [claim.who.count for claim in claims if claim.who.kind is WhoKind.GROUP and claim.who.count]
    if not counts or len(counts) < len(claims) or min(count.low for count in counts) < _AN_AUDIENCE:
        return False
    told = {count.span.start for count in counts}
    for token in draft.tokens:
        number = token.piece in (Piece.NUMBER, Piece.ORDINAL) and token.amount is not None
        if number and not token.tags & {"year"} and draft.text.span(token.start, token.end).start not in told:
            return False
        if token.piece in (Piece.EMOJI, Piece.HANDLE) or "?" in token.text or token.norm in _YOU_ELSEWHERE:
            return False
    return True


_AN_AUDIENCE: Final = 1_000_000
_YOU_ELSEWHERE: Final = words_of("you-elsewhere")
