"""Tokens, and patterns over them."""

from __future__ import annotations

import pytest

from analyzer.errors import RulebookError
from analyzer.messages.grammar import patterns
from analyzer.messages.phrases import Phrases, phrase
from analyzer.messages.sentences import draft_of
from analyzer.messages.tokens import Piece, tokens_of

PIECES = """
l'abonné | WORD WORD
who've | WORD WORD
@jess_k | HANDLE
#WhoHurtYou | HASHTAG WORD WORD WORD
3 a.m. | NUMBER WORD STOP
53.000 | NUMBER
https://example.org/53 | LINK
Who? | WORD STOP
😬 | EMOJI
"""


@pytest.mark.parametrize("line", PIECES.strip().splitlines())
def test_a_text_is_cut_into_pieces(line):
    text, pieces = line.split(" | ")
    assert [token.piece for token in tokens_of(text)] == [Piece[name] for name in pieces.split()]


MATCHES = """
who hurt            | Who hurt you?                      | Who hurt
<n> ~m2 <people>    | the 53 very loyal members          | 53 very loyal members
<n> ~m2 <people>    | 53 of those who are members        |
one ~3 two          | one, maybe, two                    | one, maybe, two
obsess+             | they were obsessing                | obsessing
get !help           | get help, get out                  | get
^ watch             | watch what they watch              | watch
again $             | again and again                    | again
who? back           | back                               | back
"""


def table(text):
    return [tuple(part.strip() for part in line.split(" | ")) for line in text.strip().splitlines()]


@pytest.mark.parametrize(("pattern", "text", "expected"), [(*row, "")[:3] for row in table(MATCHES)])
def test_a_pattern_matches_what_it_says(pattern, text, expected):
    draft = draft_of(text)
    match = Phrases([pattern.strip()]).first(draft.tokens, 0, len(draft.tokens))
    assert (draft.words(match) if match else "") == expected.rstrip("|").strip()


@pytest.mark.parametrize("pattern", ["what's wrong", "you|you're ok", "we'd like"])
def test_a_pattern_that_can_never_be_found_is_refused(pattern):
    with pytest.raises(RulebookError, match="two words in a draft"):
        phrase(pattern)


@pytest.mark.parametrize("pattern", ["", "~3", "who?", "^ $", "!not"])
def test_a_pattern_that_can_be_empty_is_refused(pattern):
    with pytest.raises(RulebookError):
        phrase(pattern)


def test_every_list_of_the_grammar_can_be_read_and_has_a_reason():
    import tomllib
    from importlib import resources

    told = tomllib.loads((resources.files("analyzer.messages") / "grammar.toml").read_text("utf-8"))
    for name, one in told.items():
        assert one["reason"].endswith("."), name
        assert len(one["patterns"]) == len(set(one["patterns"])), name
        patterns(name)
