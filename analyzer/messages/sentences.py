"""A draft as tokens with what they mean, in sentences: what every reader of a draft works on."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.messages.claim import Span
from analyzer.messages.grammar import patterns
from analyzer.messages.language import language_of
from analyzer.messages.lexicon import Lexicon, lexicon, without_figures
from analyzer.messages.numbers import with_numbers
from analyzer.messages.phrases import Match
from analyzer.messages.text import Canonical, canonical
from analyzer.messages.titles import Catalogue, capital_titles, quoted_titles
from analyzer.messages.tokens import Piece, Token, tokens_of


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


def draft_of(given: str, catalogue: Catalogue | None = None) -> Draft:
    """Return a draft in pieces.

    Parameters
    ----------
    given : str
        Any text.
    catalogue : Catalogue, optional
        The titles of the service; without it quotes and capitals tell what is a title.
    """
    text = canonical(given)
    raw = quoted_titles(tokens_of(text.plain), text, catalogue)
    language = language_of((t.norm for t in raw if t.piece is Piece.WORD), given[:20_000])
    words = lexicon(language or "other")
    named = capital_titles(_tagged(raw, words), text, language)
    tokens = with_numbers(named, text, language or "other")
    return Draft(text, language, tuple(tokens), _sentences(tokens))


def _tagged(tokens: list[Token], words: Lexicon) -> list[Token]:
    made: list[Token] = []
    for token in tokens:
        if made and _spells_a_word(made, token, words):
            _join(made, token, words)
            continue
        if token.piece is Piece.WORD:
            counted = bool(made) and made[-1].piece is Piece.NUMBER and not token.glued
            token.norm = words.meant(token.norm, counted=counted)
            token.tags = words.of(token.norm)
        made.append(token)
    return made


def _spells_a_word(made: list[Token], token: Token, words: Lexicon) -> bool:
    """Whether a figure stands inside a word: "wh0", "pe0ple"."""
    last = made[-1]
    if not token.glued or last.piece is not Piece.WORD or {last.piece, token.piece} != {Piece.WORD, Piece.NUMBER}:
        return bool(token.glued and last.piece is Piece.WORD and token.piece is Piece.WORD and _figured(last))
    return len(token.text) == 1 and last.norm != "x" and len(last.norm) > 1


def _figured(token: Token) -> bool:
    return any(c.isdigit() for c in token.text)


def _join(made: list[Token], token: Token, words: Lexicon) -> None:
    last = made[-1]
    last.text, last.end = last.text + token.text, token.end
    last.norm = words.meant(without_figures(last.text.casefold()))
    last.tags = words.of(last.norm)


def _sentences(tokens: list[Token]) -> tuple[Sentence, ...]:
    made, low = [], 0
    for at, token in enumerate(tokens):
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        if token.piece is Piece.STOP and not (following and following.glued and following.piece is Piece.NUMBER):
            made.append(Sentence(low, at + 1))
            low = at + 1
    if low < len(tokens):
        made.append(Sentence(low, len(tokens)))
    return tuple(made)
