"""Patterns over tokens, written as data: how a phrase is told from words, kinds of words and short gaps.

A pattern is a line of items. `word`, `one|other` and `stem+` stand for words; `<tag>` or `<tag|tag>` for a token that
the vocabulary knows so; `<n>`, `<%>`, `<$>`, `<#>`, `<t>`, `<@>`, `<emoji>`, `<cap>` and `<w>` for a number, a share,
money, an ordinal, a title, a handle, an emoji, a word with a capital and any word. `item?` may be absent, `~3` skips
up to three pieces, `~m3` up to three words that can stand before a noun, `!item` says what must not follow, `^` and `$`
are the ends of a sentence. Every pattern is short and every gap is bounded, so that reading is linear in the length of
a text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from analyzer.errors import RulebookError
from analyzer.messages.lists import words_of
from analyzer.messages.text import plain_text
from analyzer.messages.tokens import Piece, Token

_PIECES: Final = {
    "n": Piece.NUMBER, "%": Piece.SHARE, "$": Piece.MONEY, "#": Piece.ORDINAL, "t": Piece.TITLE, "@": Piece.HANDLE,
    "emoji": Piece.EMOJI, "w": Piece.WORD, "hashtag": Piece.HASHTAG, "sign": Piece.SIGN, "stop": Piece.STOP,
}  # fmt: skip
_LONGEST_GAP: Final = 8
_TORN: Final = re.compile(r"[a-z]+'(?:s|re|ve|ll|d|m)")  # what's: a draft has it as "what" and "'s"
_MOST_SIGNS: Final = 3  # quotes and brackets that stand between two words
_SKIPPED: Final = frozenset("\"'-()[]_")


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a pattern.

    Attributes
    ----------
    words, stems : the words, and the beginnings of words, that it stands for.
    tags, pieces : what else it stands for.
    capital : whether a word with a capital is enough.
    gap : up to how many pieces it skips; 0 for an item that stands for one token.
    modifying : whether the gap skips only words that can stand before a noun.
    optional, negative : whether it may be absent, or must not follow.
    border : "^" or "$" for an end of a sentence.
    """

    words: frozenset[str] = frozenset()
    stems: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    pieces: frozenset[Piece] = frozenset()
    capital: bool = False
    gap: int = 0
    modifying: bool = False
    optional: bool = False
    negative: bool = False
    border: str = ""

    @property
    def plain(self) -> bool:
        """Whether it stands for one token that must be there."""
        return not (self.gap or self.optional or self.negative or self.border)

    def fits(self, token: Token) -> bool:
        """Return whether a token is what the item stands for."""
        if token.norm in self.words or not self.tags.isdisjoint(token.tags) or token.piece in self.pieces:
            return True
        if self.capital and token.capital and token.piece is Piece.WORD:
            return True
        return bool(self.stems) and token.piece is Piece.WORD and token.norm.startswith(self.stems)


@dataclass(frozen=True, slots=True)
class Match:
    """Where a pattern was found: tokens from `start` up to `end`, not included."""

    start: int
    end: int


@dataclass(frozen=True)
class Phrase:
    """A pattern: the line that it was written as, and its items."""

    line: str
    items: tuple[Item, ...]

    def at(self, tokens: Sequence[Token], start: int, low: int, high: int) -> int | None:
        """Return the end of the longest match that begins at a token of a sentence, or None."""
        return _end(self.items, 0, tokens, start, low, high)


def phrase(line: str) -> Phrase:
    """Read one pattern.

    Raises
    ------
    RulebookError
        When it is none.
    """
    items = tuple(_item(word) for word in line.split())
    torn = [word for item in items for word in item.words if _TORN.fullmatch(word)]
    if torn:
        raise RulebookError(
            f"The phrase {line!r} can never be found: {torn[0]!r} is two words in a draft.",
            "Write what stands before the apostrophe as a word of its own: what 's.",
        )
    if not any(not item.optional and not item.negative and not item.gap and not item.border for item in items):
        raise RulebookError(f"The phrase {line!r} can be empty.", "Give it one word that must be there.")
    return Phrase(line, items)


class Phrases:
    """Many patterns, found together: each token is only asked for the patterns that can begin with it."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.by_word: dict[str, list[Phrase]] = {}
        self.by_tag: dict[str, list[Phrase]] = {}
        self.by_piece: dict[Piece, list[Phrase]] = {}
        self.anywhere: list[Phrase] = []
        for made in map(phrase, lines):
            self._file(made)

    def _file(self, made: Phrase) -> None:
        first = made.items[0]
        if first.stems or first.capital or not first.plain:
            self.anywhere.append(made)
            return
        for word in first.words:
            self.by_word.setdefault(word, []).append(made)
        for tag in first.tags:
            self.by_tag.setdefault(tag, []).append(made)
        for piece in first.pieces:
            self.by_piece.setdefault(piece, []).append(made)

    def find(self, tokens: Sequence[Token], low: int, high: int) -> list[tuple[Phrase, Match]]:
        """Return every match in the sentence of the tokens from `low` up to `high`; the longest of each place first."""
        found = []
        for at in range(low, high):
            token = tokens[at]
            tried = [*self.by_word.get(token.norm, ()), *self.by_piece.get(token.piece, ()), *self.anywhere]
            tried += [one for tag in token.tags if tag in self.by_tag for one in self.by_tag[tag]]
            if not tried:
                continue
            ends = [(one, end) for one in tried if (end := one.at(tokens, at, low, high)) is not None]
            found += [(one, Match(at, end)) for one, end in sorted(ends, key=lambda x: (-x[1], x[0].line))]
        return found

    def first(self, tokens: Sequence[Token], low: int, high: int) -> Match | None:
        """Return the first match in a sentence, or None."""
        return next((match for _, match in self.find(tokens, low, high)), None)


def _item(word: str) -> Item:
    optional, negative = len(word) > 1 and word.endswith("?"), len(word) > 1 and word.startswith("!")
    core = word[1 if negative else 0 : -1 if optional else None]
    if core in ("^", "$"):
        return Item(border=core)
    if core.startswith("~") and core.lstrip("~m").isdigit():
        return Item(gap=min(int(core.lstrip("~m")), _LONGEST_GAP), modifying=core.startswith("~m"))
    if core.startswith("<") and core.endswith(">"):
        names = core[1:-1].split("|")
        return Item(
            tags=frozenset(name for name in names if name not in _PIECES and name != "cap"),
            pieces=frozenset(_PIECES[name] for name in names if name in _PIECES),
            capital="cap" in names, optional=optional, negative=negative,
        )  # fmt: skip
    parts = [plain_text(part) for part in core.split("|")]
    stems = tuple(part[:-1] for part in parts if part.endswith("+") and part != "+")
    words = frozenset(part for part in parts if part == "+" or not part.endswith("+"))
    return Item(words=words, stems=stems, optional=optional, negative=negative)


def _end(items: tuple[Item, ...], number: int, tokens: Sequence[Token], at: int, low: int, high: int) -> int | None:
    """Return where items from `number` on end that begin at a token, or None where they do not match."""
    for here in range(number, len(items)):
        item = items[here]
        if item.border:
            rest = tokens[at:high]
            if not (at == low if item.border == "^" else all(t.piece in (Piece.STOP, Piece.EMOJI) for t in rest)):
                return None
            continue
        if item.negative:
            if at < high and item.fits(tokens[at]):
                return None
            continue
        go_on: Callable[[int], int | None] = lambda to, to_item=here + 1: _end(items, to_item, tokens, to, low, high)  # type: ignore[misc]  # noqa: E731
        if item.gap:
            return _over_gap(item, go_on, tokens, at, high)
        for _ in range(_MOST_SIGNS if here else 0):
            if at < high and tokens[at].text in _SKIPPED and not item.fits(tokens[at]):
                at += 1
        fits = at < high and item.fits(tokens[at])
        if item.optional:
            with_it = go_on(at + 1) if fits else None
            return go_on(at) if with_it is None else with_it
        if not fits:
            return None
        at += 1
    return at


def _over_gap(
    item: Item, go_on: Callable[[int], int | None], tokens: Sequence[Token], at: int, high: int
) -> int | None:
    skipped, last = 0, at + item.gap + _MOST_SIGNS
    if item.modifying and _ends_a_name(tokens, at):
        return None
    while (end := go_on(at)) is None:
        if at >= high or at == last or skipped == item.gap or not _can_be_skipped(tokens[at], item.modifying):
            return None
        skipped += tokens[at].text not in _SKIPPED
        at += 1
    return end


def _ends_a_name(tokens: Sequence[Token], at: int) -> bool:
    """Whether a comma comes after a number that ends a name: "since The Ridiculous 6, members have watched"."""
    if at < _NAME_BEFORE or at >= len(tokens) or tokens[at].text != ",":
        return False
    number, before, earlier = tokens[at - 1], tokens[at - 2], tokens[at - 3]
    opens = earlier.piece is Piece.STOP
    return number.piece is Piece.NUMBER and before.piece is Piece.WORD and before.capital and not opens


_NAME_BEFORE: Final = 3  # pieces: a word, one with a capital, a number
_NO_MODIFIER: Final = words_of("no-modifier-tags")
_NO_MODIFIERS: Final = words_of("no-modifiers")


def _can_be_skipped(token: Token, modifying: bool) -> bool:
    if token.piece is Piece.STOP:
        return False
    if not modifying:
        return True
    if token.piece is not Piece.WORD:
        return token.text in _SKIPPED or token.text == "," or token.piece is Piece.TITLE
    return token.norm not in _NO_MODIFIERS and (token.tags.isdisjoint(_NO_MODIFIER) or "word.most" in token.tags)
