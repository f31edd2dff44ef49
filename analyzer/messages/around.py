"""What a draft tells as a whole, and whether people in one of its sentences are told of or only stand there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from analyzer.messages.basis import basis_of
from analyzer.messages.claim import Action, Basis, Claim, Frequency, Occurrence, Statistic, WhoKind
from analyzer.messages.counts import Mention
from analyzer.messages.frequencies import frequency_of, occurrence_of
from analyzer.messages.lists import words_of
from analyzer.messages.sentences import Draft, Sentence
from analyzer.messages.tokens import Piece, Token
from analyzer.messages.who import owns_content


@dataclass(frozen=True)
class Around:
    """What the whole draft tells, for each of its sentences."""

    draft: Draft
    basis: Basis
    occurrence: Occurrence
    frequency: Frequency | None
    acted: bool
    happened: bool
    addressed: bool
    recap: bool
    one_user: bool


def around_of(draft: Draft, to_one_user: bool) -> Around:
    """Return what a draft tells as a whole."""
    told = [frequency_of(draft, sentence) for sentence in draft.sentences]
    return Around(
        draft,
        basis_of(draft),
        occurrence_of(draft),
        next((frequency for frequency in told if frequency), None),
        acted=any("use" in token.tags for token in draft.tokens),
        happened=any("did" in token.tags for token in draft.tokens) or any(told),
        addressed=any(token.tags & {"word.you", "word.dear"} for token in draft.tokens) or _opens_with_to(draft),
        recap=to_one_user or bool(draft.anywhere("own_recap")),
        one_user=to_one_user or bool(draft.anywhere("private_to_you")),
    )


def _opens_with_to(draft: Draft) -> bool:
    firsts = [draft.tokens[sentence.low] for sentence in draft.sentences if sentence.low < sentence.high]
    return any(token.norm in _TO.get(draft.language, ("to",)) and token.capital for token in firsts)


_TO: Final = {"de": ("an", "to"), "fr": ("a", "au", "aux", "to"), "es": ("a", "al", "para", "to")}


def is_told_of(around: Around, base: Claim, sentence: Sentence, mention: Mention) -> bool:
    """Return whether something is said of the people in a sentence, so that there is a claim about them.

    Parameters
    ----------
    around : Around
        What the draft tells as a whole.
    base : Claim
        What the sentence tells, whomever it is about.
    sentence, mention : Sentence and Mention
        Where and who.
    """
    if mention.by_event or mention.who.kind is WhoKind.SHARE:
        return True
    words = around.draft.tokens[mention.match.start : mention.match.end]
    tags = {tag for token in words for tag in token.tags}
    if "people.patient" in tags:
        return True
    tokens = around.draft.tokens[sentence.low : sentence.high]
    here = base.action is not Action.NONE or any(token.piece in (Piece.SHARE, Piece.MONEY) for token in tokens)
    here = here or base.frequency is not None
    if "people.anyone" in tags and not tags & {"people.viewer", "word.someone"}:
        if is_of_a_plot(around.draft, sentence, mention):
            return False
        return here or _may_be_no_story(around, base, mention, tokens, tags)
    if mention.who.kind is WhoKind.EVERYONE:
        return here or base.statistic is not Statistic.NONE or bool(base.topics)
    if mention.who.kind is WhoKind.UNSTATED:
        greeted = not here and any(token.norm in _ALL for token in words)  # "all of you" may only be greeted
        return not greeted and not _tells_nothing(around, base, sentence)
    return mention.who.kind is not WhoKind.INDIVIDUAL or here or _is_certain(around, words, tags)


def _tells_nothing(around: Around, base: Claim, sentence: Sentence) -> bool:
    """Whether people met a fault of the service, or are told by what they like: neither is anything that they did."""
    if around.draft.find("incidents", sentence):
        return True
    likes = not around.addressed and base.frequency is None and base.action is Action.NONE and not base.topics
    return likes and bool(around.draft.find("tastes", sentence))


def is_of_a_plot(draft: Draft, sentence: Sentence, mention: Mention) -> bool:
    """Return whether a man or two sisters are people of a story: "A woman watches her neighbours and sees a murder."

    It is told as plots are: in the present, of very few, without a name, a place, a title or a number, and of neither
    a service nor a reader.
    """
    tokens = draft.tokens[sentence.low : sentence.high]
    own = range(mention.match.start - sentence.low, mention.match.end - sentence.low)
    aside = {*own, *(at + 1 for at, token in enumerate(tokens) if token.norm in _MAKERS)}
    words = {tag for at, token in enumerate(tokens) if at not in aside for tag in token.tags}
    words |= {tag for token in draft.tokens for tag in token.tags & _SPOKEN}
    few = mention.who.count is None or mention.who.count.stated <= _CAST
    told = any(_is_a_fact(token) for at, token in enumerate(tokens) if at not in own)
    return few and not told and not words & _OF_A_SERVICE and not _names_a_place(tokens)


def _is_a_fact(token: Token) -> bool:
    figure = token.piece in (Piece.NUMBER, Piece.SHARE) and "year" not in token.tags
    return figure or token.piece in (Piece.TITLE, Piece.MONEY, Piece.HANDLE, Piece.EMOJI) or "did" in token.tags


def _names_a_place(tokens: Sequence[Token]) -> bool:
    return any("word.in" in at.tags and at.norm not in _NO_PLACE and named.capital for at, named in pairwise(tokens))


_SPOKEN: Final = frozenset({"word.we", "word.you", "word.dear"})
_CAST: Final = 5  # people that a sentence about a plot presents
_MAKERS: Final = frozenset({"by", "starring", "von", "par", "por"})  # who comes next made the story
_NO_PLACE: Final = frozenset({"of", "by"})
_OF_A_SERVICE: Final = (
    _SPOKEN
    | {"word.who", "word.name", "word.only", "word.most", "nation"}
    | {"place.large", "place.tiny", "place.small", "noun.audience", "people.kin", "word.someone", "act.used"}
)


def _may_be_no_story(around: Around, base: Claim, mention: Mention, tokens: Sequence[Token], tags: set[str]) -> bool:
    """Whether a man or a nurse is somebody who did something, and not one of a plot."""
    if tags & {"word.who", "word.dear", "word.name"} or base.topics:
        return True
    if mention.who.count is not None and _are_somewhere(around.draft, mention):
        return True
    acts = around.happened or any(token.piece is Piece.WORD and token.norm.endswith("ed") for token in tokens)
    return acts and (mention.who.count is not None or base.content is not None or base.amount is not None)


def _are_somewhere(draft: Draft, mention: Mention) -> bool:
    """Whether a place follows at once: 88 women in Cork."""
    ahead = draft.tokens[mention.match.end : mention.match.end + 2]
    return len(ahead) > 1 and "word.in" in ahead[0].tags and ahead[0].norm != "of" and ahead[1].capital


def _is_certain(around: Around, words: Sequence[Token], tags: set[str]) -> bool:
    """Whether one person is meant, where the sentence does not tell what they did."""
    if words[0].text == "," and "word.name" in tags:  # perhaps one of a cast
        return around.addressed or around.frequency is not None or bool(around.draft.anywhere("visits"))
    if words[0].text == ":" and "word.name" not in tags:  # "...: an American on St Kilda"
        return False
    return "staff" not in tags or bool(tags & {"people.viewer", "word.someone"}) or owns_content(words) or around.acted


_ALL: Final = words_of("all")
