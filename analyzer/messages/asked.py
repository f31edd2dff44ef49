"""A claim made ready to be asked of data: which days it means, which rank, and what of its words is no figure.

A reader of words may take "31,300,000 hours" for a length of time and lose nothing by it; whoever looks a figure up may
not. What cannot be made exact is not looked up, and the sentence about it says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from analyzer.messages.about import About, day_of
from analyzer.messages.claim import Amount, Claim, Span, Statistic, WhoKind, Window
from analyzer.messages.dates import days_named, spans_of_days
from analyzer.messages.questions import Unasked

_LAST: Final = re.compile(
    r"\b(?:past|last|previous|letzten?|derniers?|dernières?|últimos?|ultimos?|últimas?)\b", re.IGNORECASE
)
_LONG: Final = re.compile(
    r"\b(?:\d+|(?!for\b|these\b|those\b|all\b|most\b|some\b|many\b|on\b|of\b)[a-zé]+(?:-[a-z]+)?)\s+(?:\w+\s+)?"
    r"(?:days|weeks|months|nights|tagen?|wochen|monaten?|jours|semaines|días|dias|semanas|meses)\b",
    re.IGNORECASE,
)
_CALENDAR: Final = re.compile(
    r"\b(?:this|dieses|cette|este|esta)\s+(?P<unit>year|month|jahr|année|annee|año|mes|mois)\b", re.IGNORECASE
)
_UNTOLD: Final = re.compile(
    r"\b(?:first|next|opening|premiere|debut|erste[nr]?|première?|primer[oa]?)\b", re.IGNORECASE
)
_RANK: Final = re.compile(
    r"(?:number|no\.?|nr\.?|#|rank(?:ed)?|numéro|número|platz)\s*(?P<rank>\d{1,4})\b", re.IGNORECASE
)
_TOP: Final = re.compile(r"\btop\s+(?P<rank>\d{1,4}|ten|five|three)\b", re.IGNORECASE)
_ORDINAL: Final = re.compile(r"\b(?P<rank>second|third|fourth|fifth|\d{1,3}(?:st|nd|rd|th))[\s-]+most\b", re.IGNORECASE)
_MOST: Final = re.compile(
    r"\b(?:most[\s-]+(?:watched|viewed|streamed|played)|meistgesehen\w*|plus\s+regardée?s?|más\s+vist[oa]s?)\b",
    re.IGNORECASE,
)
_PLAYED: Final = re.compile(
    r"\b(?:was|were|is|are|has|have|had)\s+(?:been\s+)?(?:watched|viewed|streamed|played|seen|number|no\b|#|our|the)",
    re.IGNORECASE,
)
_AT: Final = re.compile(r"^(?:in|from|of|at|across|aus|im|en|de|à|au|du)\s+(?:the\s+)?", re.IGNORECASE)
_VAGUE: Final = re.compile(
    r"\b(?:first|opening|next|premiere|launch)\s+(?:\w+\s+)?(?:days?|weeks?|weekends?|months?|nights?|hours)\b"
    r"|\b(?:this|last|over the|on the|each)\s+(?:weekend|week|night|evening|morning|summer|winter|spring|autumn)\b"
    r"|\b(?:today|tonight|yesterday|easter|ramadan|diwali|thanksgiving|ostern|pâques|semana santa)\b",
    re.IGNORECASE,
)
_SOME: Final = frozenset({WhoKind.INDIVIDUAL, WhoKind.GROUP, WhoKind.SHARE, WhoKind.UNSTATED})
_LEAST_LETTERS: Final = 4  # shorter names are words of many sentences
_UNCLEAR_DAYS: Final = "It does not say which days it means; give dates, or so many days up to the last one."
_WORDS: Final = {"second": 2, "third": 3, "fourth": 4, "fifth": 5, "ten": 10, "five": 5, "three": 3}
_ALL: Final = frozenset({
    "the", "a", "an", "our", "all", "of", "in", "every", "everything", "it", "they", "titles", "title", "films",
    "film", "movies", "shows", "series", "hours", "minutes", "content", "members", "viewers", "households",
    "people", "altogether", "together", "total", "service", "viewing", "you", "we", "subscribers", "customers",
    "users", "this", "these", "that", "for", "more", "than", "over", "about", "nearly", "almost", "at", "least",
    "and", "on", "million", "thousand", "billion", "country", "from", "between", "since", "until", "up", "taken",
    "whole",
})  # fmt: skip
"""Words before "was watched" that name no title."""


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Why a claim is not looked up.

    Attributes
    ----------
    unasked : what kind of reason.
    why : a sentence.
    spans : the words that it is about.
    """

    unasked: Unasked
    why: str
    spans: tuple[Span, ...]


def asked_of(claim: Claim, text: str, about: About, names: Iterable[str] = ()) -> Claim | NotAsked:
    """Return a claim with exact days, rank and title, or why it is not looked up.

    Parameters
    ----------
    claim : Claim
        As the reader of words gave it.
    text : str
        The draft.
    about : About
        Of the data: its last day is the one that "past" counts from.
    names : iterable of str
        How titles are called; a figure of several of them together is not looked up as that of one.
    """
    made = _place_known(_content_known(_without_noise(claim), text), text)
    if made.content is None and (named := _name_not_known(made, text)) is not None:
        return NotAsked(Unasked.NOT_HELD, "It names something that is no title of the data.", (named,))
    another = _another_title(made, text, names)
    if another is not None:
        return NotAsked(
            Unasked.NOT_HELD, "It names more than one title, and which figure is whose is not clear.", (another,)
        )
    made = _with_rank(made, text)
    return _with_days(made, text, day_of(about.last_day))


def told_apart(claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """Return the claims to look up: where a number is told of some people, it is not told of everyone once more."""
    return tuple(claim for claim in claims if not any(_is_echo(claim, other) for other in claims))


def _is_echo(claim: Claim, other: Claim) -> bool:
    """Whether a claim about everyone repeats the share, or the number of times, that another one tells of some."""
    if claim.who.kind is not WhoKind.EVERYONE or other.span != claim.span or other.who.kind not in _SOME:
        return False
    shares = claim.statistic is Statistic.SHARE and claim.who.share is None
    return shares or (claim.statistic is Statistic.PLAYS and claim.frequency is not None)


def states_a_figure(claim: Claim) -> bool:
    """Return whether a claim states a number, which somebody must be able to trace."""
    told = _without_noise(claim)
    number = told.amount is not None and told.statistic is not Statistic.NONE
    people = told.who.count is not None and told.who.kind is not WhoKind.INDIVIDUAL
    return number or people or told.who.share is not None


def _without_noise(claim: Claim) -> Claim:
    """Return a claim without an amount that is its survey's n, and without a length that is its hours."""
    amount, n, window = claim.amount, claim.basis.n, claim.window
    if amount is not None and n is not None and amount.span == n.span:
        claim = replace(claim, amount=None, statistic=_unless(claim, Statistic.PLAYS))
    hours = claim.statistic in (Statistic.HOURS, Statistic.AVERAGE)
    if hours and amount is not None and window is not None and _meet(amount.span, window.span):
        claim = replace(claim, window=None if window.clock is None else replace(window, days=None))
    return claim


def _unless(claim: Claim, statistic: Statistic) -> Statistic:
    return Statistic.NONE if claim.statistic is statistic else claim.statistic


def _content_known(claim: Claim, text: str) -> Claim:
    """Return a claim without a "title" that is the name of a month."""
    content = claim.content
    days = spans_of_days(text)
    wrong = content is not None and content.title is None and any(_meet(content.span, span) for span in days)
    return replace(claim, content=None) if wrong else claim


def _another_title(claim: Claim, text: str, names: Iterable[str]) -> Span | None:
    """Return where a sentence names another title than the claim's, as it is written in the catalogue."""
    if claim.content is None:
        return None
    sentence, own = text[claim.span.start : claim.span.end], claim.content.span
    for name in names:
        at = sentence.find(name) if len(name) >= _LEAST_LETTERS else -1
        found = Span(claim.span.start + at, claim.span.start + at + len(name))
        if at >= 0 and name[:1].isupper() and not _meet(found, own) and _is_word(text, found):
            return found
    return None


def _is_word(text: str, span: Span) -> bool:
    around = (text[span.start - 1 : span.start], text[span.end : span.end + 1])
    return not any(sign.isalnum() for sign in around)


def _place_known(claim: Claim, text: str) -> Claim:
    """Return a claim with the name of its place alone, and without a "place" that is the name of a month."""
    place = claim.who.place
    if place is None:
        return claim
    days = " ".join(text[span.start : span.end] for span in spans_of_days(text))
    name = _AT.sub("", place)
    return replace(claim, who=replace(claim.who, place=None if name in days.split() else name))


def _name_not_known(claim: Claim, text: str) -> Span | None:
    """Return the words of a name that may be a title, where a sentence about titles has none that is known."""
    sentence = text[claim.span.start : claim.span.end]
    played = _PLAYED.search(sentence)
    if claim.who.kind is not WhoKind.NOBODY or played is None:
        return None
    taken = [*spans_of_days(sentence), *_numbers(claim)]
    words = list(re.finditer(r"[^\W\d_][\w'’]*|\d+", sentence[: played.start()]))
    named = [
        word
        for at, word in enumerate(words)
        if word[0].casefold() not in _ALL
        and (word[0][:1].isupper() or at == 0)
        and not any(span.start <= word.start() < span.end for span in taken)
    ]
    if not named:
        return None
    return Span(claim.span.start + named[0].start(), claim.span.start + named[-1].end())


def _numbers(claim: Claim) -> list[Span]:
    """Return where the sentence of a claim has its number, counted from where the sentence begins."""
    told = [claim.amount.span] if claim.amount is not None else []
    return [Span(span.start - claim.span.start, span.end - claim.span.start) for span in told]


def _with_rank(claim: Claim, text: str) -> Claim:
    """Return a claim about a rank with the rank that it states."""
    if claim.statistic is not Statistic.RANK or claim.amount is not None:
        return claim
    sentence = text[claim.span.start : claim.span.end]
    told = next((match for form in (_RANK, _ORDINAL, _TOP, _MOST) if (match := form.search(sentence))), None)
    if told is None:
        return claim
    word = told.groupdict().get("rank") or "1"
    rank = float(_WORDS.get(word.casefold()) or re.sub(r"\D", "", word))
    span = Span(claim.span.start + told.start(), claim.span.start + told.end())
    low = 1.0 if told.re is _TOP else rank
    return replace(claim, amount=Amount(low, rank, told[0], span, stated=rank))


def _with_days(claim: Claim, text: str, last: date) -> Claim | NotAsked:
    """Return a claim with the first and last day that it means."""
    window, sentence = claim.window, text[claim.span.start : claim.span.end]
    clock = None if window is None else window.clock
    named = days_named(text, claim.span, last)
    if named is not None:
        return replace(claim, window=Window(None, named.first, named.last, clock, named.span))
    this = _CALENDAR.search(sentence)
    if this is not None:
        year = this["unit"].casefold() in ("year", "jahr", "année", "annee", "año")
        first = last.replace(month=1, day=1) if year else last.replace(day=1)
        span = Span(claim.span.start + this.start(), claim.span.start + this.end())
        return replace(claim, window=Window(None, first, last, clock, span))
    vague = _VAGUE.search(_outside_title(claim, sentence))
    if vague is not None:
        span = Span(claim.span.start + vague.start(), claim.span.start + vague.end())
        return NotAsked(Unasked.NOT_HELD, _UNCLEAR_DAYS, (span,))
    if window is None or (window.days is None and window.start is None) or window.start is not None:
        return claim
    if clock is not None and _only_a_clock(window, text):
        return replace(claim, window=replace(window, days=None))
    words = text[window.span.start : window.span.end]
    if not _UNTOLD.search(words) and (_LAST.search(words) or _LONG.search(words)):
        end = last
        return replace(claim, window=replace(window, start=end - timedelta(days=_whole_days(window) - 1), end=end))
    return NotAsked(Unasked.NOT_HELD, _UNCLEAR_DAYS, (window.span,))


def _outside_title(claim: Claim, sentence: str) -> str:
    """Return a sentence with blanks where its title stands."""
    if claim.content is None:
        return sentence
    low, high = (at - claim.span.start for at in claim.content.span)
    return sentence[: max(low, 0)] + " " * (high - max(low, 0)) + sentence[high:]


def _whole_days(window: Window) -> int:
    return max(round(window.days or 1), 1)


def _only_a_clock(window: Window, text: str) -> bool:
    """Whether a window's words are the hour alone: "at 3 a.m."."""
    words = text[window.span.start : window.span.end].casefold()
    return not re.search(r"day|week|month|year|tag|woche|monat|jahr|jour|semaine|mois|an|d[ií]a|semana|mes|año", words)


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
