"""What kind of number a sentence tells, and which number it is."""

from __future__ import annotations

from typing import Final

from analyzer.messages.claim import Amount, Statistic
from analyzer.messages.phrases import Phrases
from analyzer.messages.sentences import Draft, Sentence
from analyzer.messages.tokens import Piece

_TIMES: Final = Phrases(["<n> ~m2 times|mal|fois|veces|volte|x"])
_CHANGES: Final = Phrases(
    [
        "<n> times over|more|less|higher|lower|faster|longer|as|the|larger|bigger|greater",
        "twice as ~2 as",
        "<n> ~m1 mal so|mehr",
        "<n> fois plus|moins",
        "<n> veces mas|menos",
        "<n> ~m1 <noun.hours> more|less|longer",
        "more|less|fewer ~4 than those|others|people|anyone|anybody|average",
    ]
)
_HOURS: Final = Phrases(["<n> ~m2 <noun.hours>"])
_PLAYS: Final = Phrases(["<n> ~m3 <noun.event>", "<n> ~m3 <noun.content>", "<noun.event> ~2 <n>"])


def statistic_of(draft: Draft, sentence: Sentence) -> tuple[Statistic, Amount | None]:
    """Return the kind of number of a sentence, people left aside, and the number where one is told."""
    tags = {tag for token in draft.tokens[sentence.low : sentence.high] for tag in token.tags}
    share = _amount(draft, sentence, Piece.SHARE)
    if "word.average" in tags:
        return Statistic.AVERAGE, _amount(draft, sentence, Piece.NUMBER)
    if draft.find("most_of_all", sentence):
        return Statistic.RANK, None
    if _CHANGES.first(draft.tokens, sentence.low, sentence.high):
        return Statistic.TREND, share
    for kind, phrases in ((Statistic.HOURS, _HOURS), (Statistic.PLAYS, _TIMES), (Statistic.PLAYS, _PLAYS)):
        match = phrases.first(draft.tokens, sentence.low, sentence.high)
        if match:
            return kind, _amount(draft, Sentence(match.start, match.end), Piece.NUMBER)
    if share:
        return (Statistic.TREND if "word.trend" in tags else Statistic.SHARE), share
    money = _amount(draft, sentence, Piece.MONEY)
    if money:
        return Statistic.PLAYS, money
    if _has(draft, sentence, Piece.ORDINAL) or "word.rank" in tags or "word.most" in tags:
        return Statistic.RANK, None
    if "word.trend" in tags:
        return Statistic.TREND, None
    number = _amount(draft, sentence, Piece.NUMBER)
    return (Statistic.PLAYS if number else Statistic.NONE), number


def _amount(draft: Draft, sentence: Sentence, piece: Piece) -> Amount | None:
    tokens = draft.tokens[sentence.low : sentence.high]
    return next((t.amount for t in tokens if t.piece is piece and t.amount and "year" not in t.tags), None)


def _has(draft: Draft, sentence: Sentence, piece: Piece) -> bool:
    return any(token.piece is piece for token in draft.tokens[sentence.low : sentence.high])
