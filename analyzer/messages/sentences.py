"""A draft as tokens with what they mean, in sentences: what every reader of a draft works on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from analyzer.messages.claim import Span
from analyzer.messages.grammar import patterns
from analyzer.messages.language import language_of, language_of_part
from analyzer.messages.lexicon import Lexicon, counted_people_tags, lexicon, superlative_tags, without_figures
from analyzer.messages.numbers import with_numbers
from analyzer.messages.numerals import number_words
from analyzer.messages.phrases import Match
from analyzer.messages.small_letters import give_capitals
from analyzer.messages.text import Canonical, canonical
from analyzer.messages.titles import Catalogue, capital_titles, is_shouted, quoted_titles
from analyzer.messages.tokens import Piece, Token, tokens_of

_SHORTEST: Final = 4  # letters of a word in which figures stand for the first ones


@dataclass(frozen=True, slots=True)
class Sentence:
    """The tokens of one sentence: those of the draft from `low` up to `high`, not included."""

    low: int
    high: int


@dataclass(frozen=True)
class Draft:
    """A draft in pieces.

    Attributes
    ----------
    text : in plain form.
    language : "en", "de", "fr", "es", or "" where it is none of these.
    tokens : all pieces.
    sentences : where each begins and ends.
    """

    text: Canonical
    language: str
    tokens: tuple[Token, ...]
    sentences: tuple[Sentence, ...]

    def span(self, match: Match) -> Span:
        """Return where tokens stand in the text as it was given."""
        if match.start >= match.end or not self.tokens:
            return Span(0, 0)
        return self.text.span(self.tokens[match.start].start, self.tokens[match.end - 1].end)

    def before(self, sentence: Sentence) -> Sentence | None:
        """Return the sentence before one, or None."""
        at = bisect_left(self.sentences, sentence.low, key=lambda one: one.low)
        return self.sentences[at - 1] if at else None

    def find(self, name: str, sentence: Sentence) -> list[Match]:
        """Return where the patterns of a list of `grammar.toml` match, in order; the longest match at each place."""
        found = [match for _, match in patterns(name).find(self.tokens, sentence.low, sentence.high)]
        longest: dict[int, Match] = {}
        for match in found:
            longest.setdefault(match.start, match)
        return [longest[start] for start in sorted(longest)]

    def first(self, name: str, sentence: Sentence) -> Match | None:
        """Return the first of these matches, or None."""
        return next(iter(self.find(name, sentence)), None)

    def anywhere(self, name: str) -> list[Match]:
        """Return the matches in all sentences."""
        return [match for sentence in self.sentences for match in self.find(name, sentence)]

    def words(self, match: Match) -> str:
        """Return the words of a match as they were given."""
        span = self.span(match)
        return self.text.given[span.start : span.end]


def draft_of(given: str, catalogue: Catalogue | None = None, *, as_one_line: bool = False) -> Draft:
    """Return a draft in pieces.

    Parameters
    ----------
    given : str
        Any text.
    catalogue : Catalogue, optional
        The titles of the service; without it quotes and capitals tell what is a title.
    as_one_line : bool
        Blank lines end no sentence.
    """
    text = canonical(given)
    if as_one_line:
        text = replace(text, plain=text.plain.replace("\n", " "))
    raw = quoted_titles(tokens_of(text.plain), text, catalogue)
    small = [token.norm for token in raw if token.piece is Piece.WORD and not token.capital]
    language = language_of(_words(raw), given[:20_000], small)
    shouted = is_shouted(raw)
    tokens: list[Token] = []
    sentences: list[Sentence] = []
    for part in _parts(raw):
        spoken = language_of_part(_words(part), language)
        words = lexicon(spoken or "other")
        tagged = _tagged(_spelt_out(part, words), words)
        give_capitals(tagged)
        named = tagged if shouted else capital_titles(tagged, text, spoken)
        low = len(tokens)
        tokens += with_numbers(named, text, spoken or "other")
        sentences.append(Sentence(low, len(tokens)))
    return Draft(text, language, tuple(tokens), tuple(sentences))


def _words(tokens: Iterable[Token]) -> list[str]:
    return [token.norm for token in tokens if token.piece is Piece.WORD]


def _parts(tokens: Sequence[Token]) -> Iterable[list[Token]]:
    """Cut a draft at the ends of its sentences, but not within a number."""
    part: list[Token] = []
    for at, token in enumerate(tokens):
        part.append(token)
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        inside = (
            following is not None and following.glued and (following.piece is Piece.NUMBER or following.text == ")")
        )
        if token.piece is Piece.STOP and not inside:
            yield part
            part = []
    if part:
        yield part


def _spelt_out(tokens: Sequence[Token], words: Lexicon) -> list[Token]:
    """Join what figures and letters spell together, where it is a word: 3ighty, s3v3nt33n, pe0ple."""
    made: list[Token] = []
    at = 0
    while at < len(tokens):
        end = at + 1
        while (
            end < len(tokens)
            and tokens[end].glued
            and {tokens[end - 1].piece, tokens[end].piece} == {Piece.WORD, Piece.NUMBER}
        ):
            end += 1
        told = without_figures("".join(token.norm for token in tokens[at:end]))
        if end - at > 1 and (_is_a_number(told) or (len(told) >= _SHORTEST and words.of(told))):
            first, last = tokens[at], tokens[end - 1]
            made.append(Token(Piece.WORD, told, told, first.start, last.end, capital=first.capital, glued=first.glued))
        else:
            made += tokens[at:end]
        at = end
    return made


def _is_a_number(word: str) -> bool:
    known = number_words("en")
    return len(word) > len("st") and (word in known.units or word in known.scales)


def _tagged(tokens: list[Token], words: Lexicon) -> list[Token]:
    made: list[Token] = []
    for token in tokens:
        if made and _spells_a_word(made, token, words):
            _join(made, token, words)
            continue
        if _makes_a_compound(made, token, words):
            _join_compound(made, token, words)
            continue
        if token.piece is Piece.WORD:
            before = [one for one in made[-2:] if one.text != ")"]
            counted = bool(before) and before[-1].piece is Piece.NUMBER and not token.glued
            token.norm = words.meant(token.norm, counted=counted)
            known = words.of(token.norm) or superlative_tags(token.norm)
            token.tags = known or (counted_people_tags(token.norm) if counted else known)
        made.append(token)
    return made


def _spells_a_word(made: list[Token], token: Token, words: Lexicon) -> bool:
    """Whether a figure stands inside a word: "wh0", "pe0ple"."""
    last = made[-1]
    if not token.glued or last.piece is not Piece.WORD or {last.piece, token.piece} != {Piece.WORD, Piece.NUMBER}:
        return bool(token.glued and last.piece is Piece.WORD and token.piece is Piece.WORD and _figured(last))
    return len(token.text) == 1 and last.norm != "x" and len(last.norm) > 1


def _makes_a_compound(made: list[Token], token: Token, words: Lexicon) -> bool:
    """Whether two words around a hyphen are one word of the vocabulary: grown-ups, night-owls."""
    if len(made) < 2 or made[-1].text != "-" or not (token.glued and made[-1].glued):
        return False
    first = made[-2]
    return first.piece is Piece.WORD is token.piece and bool(words.of(f"{first.norm}-{token.norm}"))


def _join_compound(made: list[Token], token: Token, words: Lexicon) -> None:
    made.pop()
    last = made[-1]
    last.text, last.norm, last.end = f"{last.text}-{token.text}", f"{last.norm}-{token.norm}", token.end
    last.tags = words.of(last.norm)


def _figured(token: Token) -> bool:
    return any(c.isdigit() for c in token.text)


def _join(made: list[Token], token: Token, words: Lexicon) -> None:
    last = made[-1]
    last.text, last.end, last.piece = last.text + token.text, token.end, Piece.WORD
    last.norm = words.meant(without_figures(last.text.casefold()))
    last.tags = words.of(last.norm)
