"""What a draft says of people that no claim holds: a number that was not understood, somebody of whom nothing was read.

A draft is only allowed when what it says about people was understood. So whatever looks like a count of people, and
became none, is `Unclear`, and a person looks at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from analyzer.messages.claim import Amount, Claim, Per, Span, Unclear, WhoKind
from analyzer.messages.dates import is_in_a_day
from analyzer.messages.figures import FIGURE
from analyzer.messages.frequencies import frequency_of
from analyzer.messages.lists import words_of
from analyzer.messages.sentences import Draft, Sentence
from analyzer.messages.tokens import Piece, Token

_FEW: Final = 10_000
_NUMBER: Final = "a number that may count people"
_HABIT: Final = "something is done again and again, and it is not told by whom"
_SOMEBODY: Final = "somebody is presented or speaks, and it is not clear who did what"
_QUOTED: Final = "words are quoted, and it is not told whose they are"
_A_SENTENCE: Final = 6  # words; fewer may be a title
_QUOTES: Final = frozenset("\"'")
_GIVEN: Final = frozenset({"word.name"})
_BEFORE: Final = words_of("before-a-name")
_WATCHED: Final = "readers are told that they are watched"
_SIGNS: Final = frozenset("/.#-+v×&=@_'*x")


def doubts_of(draft: Draft, claims: Sequence[Claim]) -> list[Unclear]:
    """Return what is said of people that no claim holds.

    Parameters
    ----------
    draft : Draft
        In pieces.
    claims : sequence of Claim
        What was understood.
    """
    told = [span for claim in claims for span in _spans(claim)]
    about = any(token.tags & {"use", "people", "person"} for token in draft.tokens)
    found = [
        Unclear(span, _NUMBER)
        for sentence in draft.sentences
        if about
        for span in _numbers(draft, sentence, told)
        if not is_in_a_day(draft.text.given, span)  # "from 1 November to 10 December" counts nobody
    ]
    found += _habits(draft, claims)
    found += _unknown_doers(draft, told)
    found += _each(draft, "watches_readers", _WATCHED)
    found += _each(draft, "tells_me", _SOMEBODY)
    found += _each(draft, "person_alone", _SOMEBODY) if draft.anywhere("habit_alone") else []
    found += _few_at_a_place(draft)
    found += _opening_counts(draft, told)
    if all(claim.who.kind in (WhoKind.NOBODY, WhoKind.EVERYONE) for claim in claims):
        found += _said_by_nobody(draft)
        found += _presented(draft)
        found += _perhaps_no_plot(draft)
        found += _of_so_many(draft)
        found += _perhaps_somebody(draft)
        found += _counted_visits(draft)
    return found


def _each(draft: Draft, name: str, why: str) -> list[Unclear]:
    """Return wherever a list of the grammar matches."""
    return [Unclear(draft.span(match), why) for match in draft.anywhere(name)]


def _few_in(token: Token) -> Amount | None:
    """Return a number that is so small that it may count people who can be told apart; no year and no figure."""
    few = token.amount if token.piece is Piece.NUMBER and not token.tags & {"year", FIGURE} else None
    return few if few is not None and 1 < few.stated < _FEW else None


def _is_in(span: Span, told: Sequence[Span]) -> bool:
    return any(one.start <= span.start < one.end for one in told)


def _few_at_a_place(draft: Draft) -> Iterable[Unclear]:
    """Return a small number of orders or rides in a sentence about a house or a place of few people."""
    for sentence in draft.sentences:
        place = draft.first("small_place", sentence) or draft.first("house_of_few", sentence)
        tokens = draft.tokens[sentence.low : sentence.high]
        few = next(
            (t for t in tokens if t.piece is Piece.NUMBER and t.amount and 1 < t.amount.stated < _FEW_EVENTS), None
        )
        events = few is not None and any("noun.event" in token.tags and "many" in token.tags for token in tokens)
        if place and few and few.amount and events and not few.tags & {"year", FIGURE}:
            yield Unclear(few.amount.span, _AT_A_PLACE)


_FEW_EVENTS: Final = 1_000
_AT_A_PLACE: Final = "a number of events at a place of few people"


def _unknown_doers(draft: Draft, told: Sequence[Span]) -> Iterable[Unclear]:
    """Return numbers before a word that is not known, and that does something: "14 skyseekers came back nightly".

    Only beside a habit, or what viewers do: "12 volcanoes erupted" counts nobody.
    """
    for sentence in draft.sentences:
        tokens = draft.tokens[sentence.low : sentence.high]
        frequency = frequency_of(draft, sentence)
        habit = frequency is not None and (frequency.per is not Per.WINDOW or frequency.times is None)
        if frequency is None and not any(token.tags & _OF_VIEWERS for token in tokens):
            continue
        for at, token in enumerate(tokens):
            few = _few_in(token)
            if few and _do_something(_after(tokens, at), habit) and not _is_in(few.span, told):
                yield Unclear(few.span, _NUMBER)


def _after(tokens: Sequence[Token], at: int) -> Sequence[Token]:
    """Return the words after a number: those after "of", where it leaves open how many."""
    low = at + 1
    low += low < len(tokens) and "word.of" in tokens[low].tags
    return tokens[low : low + 4]


def _do_something(ahead: Sequence[Token], habit: bool) -> bool:
    """Whether one or two words that are not known come first, the last in the plural, and then what they do.

    Beside a habit any word that is no preposition may tell that: "31 moonlighters start Frozen at 3 a.m. daily".
    """
    unknown = [at for at, token in enumerate(ahead[:2]) if _is_unknown(token)]
    plural = next((at for at in reversed(unknown) if ahead[at].norm.endswith(("s", "men"))), None)
    if plural is None or plural + 1 >= len(ahead) or any(at not in unknown for at in range(plural)):
        return False
    verb = ahead[plural + 1]
    if verb.piece is not Piece.WORD:
        return habit and verb.text in (":", "—")
    if habit and "word.in" in verb.tags and any(token.capital for token in ahead[plural + 2 : plural + 3]):
        return True  # nine quilters in Ely
    acts = bool(verb.tags & {"did", "word.who", "word.be"}) or verb.norm.endswith("ed")
    return acts or (habit and verb.tags.isdisjoint(_NO_VERB) and verb.norm not in _PREPOSITIONS)


def _is_unknown(token: Token) -> bool:
    return token.piece is Piece.WORD and not token.tags and len(token.norm) > _SHORT_WORD


_NO_VERB: Final = frozenset({"word.of", "word.to", "many"})
_PREPOSITIONS: Final = words_of("no-modifiers")
_SHORT_WORD: Final = 3  # letters
_OF_VIEWERS: Final = words_of("acts-of-viewers")


def _opening_counts(draft: Draft, told: Sequence[Span]) -> Iterable[Unclear]:
    """Return a number that opens a sentence of another language before two words that are not known: "4120 ... ..."."""
    for sentence in draft.sentences if draft.language != "en" else ():
        first, *ahead = draft.tokens[sentence.low : min(sentence.low + 3, sentence.high)]
        few = first.piece is Piece.NUMBER and first.amount is not None and 1 < first.amount.stated < _FEW
        unknown = len(ahead) > 1 and all(t.piece is Piece.WORD and not t.tags for t in ahead)
        if few and unknown and first.amount and not _is_in(first.amount.span, told):
            yield Unclear(first.amount.span, _NUMBER)


def _of_so_many(draft: Draft) -> Iterable[Unclear]:
    """Return "n = 53" in a draft that tells no share: that is a group, and no survey's size."""
    if not any(token.piece is Piece.SHARE for token in draft.tokens):
        yield from _each(draft, "of_so_many", _NUMBER)


def _perhaps_somebody(draft: Draft) -> Iterable[Unclear]:
    """Return names that may be those of a person: "Tejas ordered 3,330 times"."""
    for match in draft.anywhere("perhaps_somebody"):
        names = [token for token in draft.tokens[match.start : match.start + 2] if token.capital]
        if all(token.piece is Piece.WORD and token.tags <= _GIVEN for token in names):
            yield Unclear(draft.span(match), _SOMEBODY)


def _said_by_nobody(draft: Draft) -> Iterable[Unclear]:
    """Return a draft that is all quotation: perhaps somebody's own words, and nobody says whose."""
    words = [at for at, token in enumerate(draft.tokens) if token.piece in (Piece.WORD, Piece.NUMBER)]
    if len(words) < _A_SENTENCE:
        return
    before = draft.tokens[words[0] - 1].text if words[0] else ""
    after = [token.text for token in draft.tokens[words[-1] + 1 :]]
    if before in _QUOTES and any(text in _QUOTES for text in after):
        yield Unclear(draft.text.span(draft.tokens[words[0]].start, draft.tokens[words[-1]].end), _QUOTED)


def _presented(draft: Draft) -> Iterable[Unclear]:
    """Return where somebody is presented or speaks, and it is told what was done."""
    for sentence in draft.sentences:
        tokens = draft.tokens[sentence.low : sentence.high]
        told = any("did" in token.tags and "act.used" not in token.tags for token in tokens) or draft.first(
            "repeated", sentence
        )
        ran = any("did" in token.tags for token in tokens) and any(token.piece is Piece.NUMBER for token in tokens)
        match = draft.first("consented", sentence) if told or ran else None
        if match:
            yield Unclear(draft.span(match), _SOMEBODY)


def _perhaps_no_plot(draft: Draft) -> Iterable[Unclear]:
    """Return people like those of a plot, where nothing says that a story is told, or they do it again and again."""
    story = bool(draft.anywhere("story"))
    for sentence in draft.sentences:
        if not story or frequency_of(draft, sentence) is not None:
            yield from (Unclear(draft.span(match), _SOMEBODY) for match in draft.find("presents_people", sentence))


def _counted_visits(draft: Draft) -> Iterable[Unclear]:
    """Return "third time this week" and the like, where it is not told of a title."""
    for sentence in draft.sentences:
        tokens = draft.tokens[sentence.low : sentence.high]
        of_titles = any(
            t.piece is Piece.TITLE or t.tags & {"noun.content", "staff"} or t.norm in _CHARTS for t in tokens
        )
        for match in draft.find("visits", sentence) if not of_titles else ():
            yield Unclear(draft.span(match), _HABIT)


_CHARTS: Final = words_of("charts")


def _spans(claim: Claim) -> Iterable[Span]:
    parts = (claim.who, claim.frequency, claim.window, claim.content)
    yield from (part.span for part in parts if part is not None and part.span is not None)
    yield from (number.span for number in (claim.who.count, claim.who.share) if number is not None)


def _numbers(draft: Draft, sentence: Sentence, told: Sequence[Span]) -> Iterable[Span]:
    """Return small numbers in a sentence that tells what was done, and that count nothing that is known."""
    tokens = draft.tokens[sentence.low : sentence.high]
    if not any(token.tags & _DONE or token.norm in _PASSIVE or token.norm.endswith("ed") for token in tokens):
        return
    matches = draft.find("no_group", sentence)
    counted_otherwise = {at for match in matches for at in range(match.start, match.end)}
    for at, token in enumerate(tokens):
        few = _few_in(token)
        if few is None or sentence.low + at in counted_otherwise:
            continue
        if not _is_in(few.span, told) and not _counts_something(tokens, at):
            yield few.span


def _counts_something(tokens: Sequence[Token], at: int) -> bool:
    """Whether a number counts things, hours or money, or names one: "episode 53", "40 films", "10:30"."""
    before = tokens[at - 1] if at else None
    if before is not None and (
        before.norm in _BEFORE or (before.text in _SIGNS and tokens[at].glued) or before.piece is Piece.TITLE
    ):
        return True
    parts = at + 1 < len(tokens) and tokens[at + 1].text == ":"  # Pushpa 2: The Rule
    if before is not None and before.capital and before.piece is Piece.WORD and (at > 1 or parts):
        return True  # part of a name: Windows 11, Area 51
    ahead = tokens[at + 1 : at + 6]
    if ahead and ahead[0].piece in (Piece.NUMBER, Piece.MONEY, Piece.TITLE):
        return True
    if len(ahead) > 1 and ahead[0].norm in _TO and ahead[1].piece is Piece.NUMBER:
        return True
    if len(ahead) > 1 and ahead[0].text in _SIGNS and ahead[0].glued and ahead[1].glued:
        return True
    if before is not None and before.norm in _AGENT and ahead and ahead[0].piece is Piece.WORD and not ahead[0].tags:
        return not any(token.norm in _PASSIVE for token in tokens)  # "wurde von 29 ... gesehen"
    for token in ahead:
        if token.piece is Piece.STOP or token.text in (",", ":", ";"):
            return False
        if token.tags & _PEOPLE:
            return "staff" in token.tags
        if token.piece is Piece.WORD and (
            token.norm.endswith(("s", "x", "am", "pm")) or any(tag.startswith("noun.") for tag in token.tags)
        ):
            return True
    return False


_TO: Final = frozenset({"to", "and", "bis", "auf", "a"})
_DONE: Final = frozenset({"did", "present"})
_PASSIVE: Final = words_of("passive")
_AGENT: Final = words_of("agent")
_PEOPLE: Final = frozenset({"people", "person", "word.you", "word.we", "word.they", "word.who"})


def _habits(draft: Draft, claims: Sequence[Claim]) -> Iterable[Unclear]:
    """Return habits that are told of people who are not named: "Rewound again and again, all night long"."""
    for sentence in draft.sentences:
        tokens = draft.tokens[sentence.low : sentence.high]
        if draft.first("asks_around", sentence):
            continue
        if not any("did" in token.tags for token in tokens) or any(_tells_of_titles(token) for token in tokens):
            continue
        frequency = frequency_of(draft, sentence)
        span = draft.text.span(tokens[0].start, tokens[-1].end)
        about = [claim for claim in claims if claim.span == span]
        counted = any(claim.amount is not None or claim.who.kind is not WhoKind.NOBODY for claim in about)
        if frequency is not None and frequency.repeated and not counted:
            yield Unclear(span, _HABIT)


def _tells_of_titles(token: Token) -> bool:
    return token.piece is Piece.TITLE or bool(token.tags & {"staff", "noun.content", "word.rank", "word.most"})
