"""How a draft speaks of people: what mocks them, pities them or guesses at their lives, and what does not."""

from __future__ import annotations

import pytest

from analyzer.messages.parse import parse_draft
from analyzer.messages.sentences import draft_of
from analyzer.messages.tone import Tone, sounds_of

OPENING = "To the 53 people who've watched it every day: "

MOCKS = """
Who hurt you?
who hurt u
Are you OK?
Everything all right at home?
Seriously?
Get help.
Please talk to someone.
Go outside.
Touch some grass.
Blink twice if you need help.
Should we call someone?
What is wrong with you?
We worry.
We see you.
No judgement.
Poor things.
Yikes.
😬
#WhoHurtYou
This is a cry for help.
Legend... or lonely?
Still single?
"""

KIND = """
Thank you!
We love you.
Enjoy tonight.
See you next year.
Ready for season two?
Season two starts in May.
Happy New Year!
"""


def sounds(text):
    draft = draft_of(text)
    return sounds_of(draft, parse_draft(draft))


@pytest.mark.parametrize("words", MOCKS.strip().splitlines())
def test_it_mocks_those_who_are_counted(words):
    assert any(sound.tone.mocks for sound in sounds(OPENING + words)), sounds(OPENING + words)


@pytest.mark.parametrize("words", KIND.strip().splitlines())
def test_thanks_wishes_and_invitations_mock_nobody(words):
    assert not [sound for sound in sounds(OPENING + words) if sound.tone.mocks]


@pytest.mark.parametrize("words", ["The winner is Harbour Lights.", "Ears exist.", "Couldn't be us."])
def test_what_is_neither_thanks_nor_praise_is_a_remark(words):
    assert Tone.REMARK in {sound.tone for sound in sounds(f"50,000 people watch it again every night. {words}")} | {
        sound.tone for sound in sounds(OPENING + words)
    }


@pytest.mark.parametrize(
    "text", ["Are you OK? Find out in episode 6.", "Get 20 % off.", "Crazy Ex-Girlfriend leaves in June."]
)
def test_without_people_the_same_words_mock_nobody(text):
    assert not [sound for sound in sounds(text) if sound.tone.mocks]


def test_a_condition_beside_what_people_watch_is_named_as_such():
    assert Tone.DIAGNOSIS in {sound.tone for sound in sounds("The 53 autistic people who watched it daily are great.")}


def test_every_way_of_speaking_has_a_reason_and_its_words():
    text = OPENING + "Who hurt you? Get help. Poor things."
    for sound in sounds(text):
        assert sound.because.endswith(".")
        assert text[slice(*sound.span)].strip()
