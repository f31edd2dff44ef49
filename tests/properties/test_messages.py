"""Whatever is done to a blocked sentence, its verdict gets no milder: in other words, looks or company."""

from __future__ import annotations

import random
import re
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.messages.verdict import check_words

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "benchmarks"), str(TESTS / "spec/messages/own")]

from rephrase import harmless, judged, misspelt, paraphrases  # noqa: E402 - the folder is no package
from rephrase_words import in_other_digits, in_words  # noqa: E402
from sentences import sentences_of  # noqa: E402

del sys.path[:2]

STRICTNESS = {"allow": 0, "review": 1, "block": 2}
BLOCKED = [one.text for one in sentences_of("block")]
REVIEWED = [one.text for one in sentences_of("review")]


@cache
def verdict_of(text):
    return check_words(text).status.value


def strictness(text):
    return STRICTNESS[verdict_of(text)]


def chosen_by(seed):
    return random.Random(seed)  # noqa: S311 - to be repeated, not to be secret


def said(**changes):
    """The sentence with some of its parts in other words."""
    return TWEET.format(**{**AS_SAID, **changes}).replace(" of of ", " of ").replace(" ,", ",").replace(" :", ":")


def assert_no_milder(text, changed):
    assert strictness(changed) >= strictness(text), (verdict_of(text), verdict_of(changed), changed)


# ---- One sentence, said in other words ----

TWEET = "To the {n} {people} who've {did} {title} {often} {when}{tone}"
AS_SAID = {
    "n": "53",
    "people": "people",
    "did": "watched",
    "title": "A Christmas Prince",
    "often": "every day",
    "when": "for the past 18 days",
    "tone": ": Who hurt you?",
}
OTHER_WORDS = {
    "n": [
        "fifty-three", "fifty three", "FIFTY-THREE", "**53**", "５３", "𝟓𝟑", "٥٣", "5️⃣3️⃣", "fewer than 60", "50-odd",
        "53,000", "53.000", "53 000", "thousands of", "5.3 million", "fifty-three thousand", "four dozen", "some 53",
        "53 (fifty-three)", "exactly 53", "50 to 55", "53 lovely", "53 or so", "5\u200b3",
    ],
    "people": ["members", "viewers", "of you", "households", "accounts", "souls", "fans", "users", "folks"],
    "did": ["rewatched", "streamed", "played", "put on", "looped", "been watching", "sat through"],
    "title": [
        "Seven", "The 100", "1917", "“Harbour Lights”", "*Mostly Otters*", "13 Reasons Why", "You", "Get a Life",
        "Snow on Mabel Street", "the same film", "Sick of Myself", "our film",
    ],
    "often": ["daily", "each and every night", "on repeat", "again and again", "18 times", "non-stop", "nightly"],
    "when": ["since the first", "for eighteen days running", "in December", "", "for 2.5 weeks", "from 1 to 18 May"],
}  # fmt: skip
PRAISE = [
    ": we love you.",
    ": you are our heroes!",
    ": respect.",
    ", thank you.",
    ": keep going ❤️",
    ".",
    ": enjoy tonight.",
]


@pytest.mark.parametrize("part", OTHER_WORDS)
def test_one_part_in_other_words_rescues_nothing(part):
    for words in OTHER_WORDS[part]:
        text = said(**{part: words})
        assert verdict_of(text) == "block", text


@pytest.mark.parametrize("tone", PRAISE)
def test_praise_instead_of_ridicule_rescues_no_small_group(tone):
    assert verdict_of(said(tone=tone)) == "block"


@pytest.mark.parametrize(
    "text",
    [
        "A Christmas Prince was watched every day for the past 18 days by 53 people: who hurt them?",
        "A Christmas Prince has been watched by 53 people every day for the past 18 days.",
        "By 53 of our members, A Christmas Prince was being watched daily.",
        "Watched daily by fifty-three people for eighteen days: A Christmas Prince.",
        "Who hurt the 53 people by whom A Christmas Prince was watched every day for the past 18 days?",
        "18 days, 53 people, one film (A Christmas Prince). Who hurt you?",
        "There is a film that 53 people have watched every day for the past 18 days.",
    ],
)
def test_the_passive_voice_rescues_nothing(text):
    assert verdict_of(text) == "block"


@given(st.fixed_dictionaries({part: st.sampled_from(words) for part, words in OTHER_WORDS.items()}))
@settings(max_examples=150)
def test_all_parts_in_other_words_at_once_rescue_nothing(words):
    assert verdict_of(said(**words)) == "block"


@given(st.integers(2, 999), st.sampled_from(["digits", "words", "full width", "bold", "Arabic-Indic"]), st.booleans())
@settings(max_examples=150)
def test_a_small_group_is_small_in_every_form_of_its_number(number, form, ridiculed):
    forms = {
        "digits": str(number),
        "words": in_words(number),
        "full width": in_other_digits(number, 0xFF10),
        "bold": f"**{number}**",
        "Arabic-Indic": in_other_digits(number, 0x660),
    }
    tone = ": Who hurt you?" if ridiculed else ": thank you."
    assert verdict_of(said(n=forms[form], tone=tone)) == "block"


@given(st.integers(1_000, 300_000_000), st.sampled_from(["{:,}", "{}", "{:_}"]))
@settings(max_examples=100)
def test_no_size_rescues_ridicule(number, form):
    text = form.format(number).replace("_", ".")
    assert verdict_of(said(n=text)) == "block"


# ---- The looks of a text change nothing ----


def upper(text, rng):
    return text.upper()


def line_break(text, rng):
    at = rng.choice([at for at, letter in enumerate(text) if letter.isspace()])
    return f"{text[:at]}\n{text[at + 1 :]}"


def invisible(text, rng):
    at = rng.randrange(1, len(text))
    return text[:at] + rng.choice("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202e") + text[at:]


def emoji(text, rng):
    return text + rng.choice([" 😀", " 🎄❤️", " 👩‍👩‍👧", " 🇬🇧", " 💔", "😬😬😬"])


def full_width(text, rng):
    return re.sub("[0-9]", lambda found: chr(ord(found.group()) + 0xFEE0), text)


def bold(text, rng):
    return re.sub(r"(?<![\w.,])[0-9]+(?:[.,][0-9]+)*(?!\w)", lambda found: f"**{found.group()}**", text)


def look_alike(text, rng):
    return text.translate(str.maketrans("aeopc", "аеорс"))


def wide_spaces(text, rng):
    return text.replace(" ", rng.choice(["\u00a0", "  ", "\t", "\u2009", " \n", "\r\n"]))


def straight_quotes(text, rng):
    return text.translate(str.maketrans("“”„’‘", '"""\'\''))


LOOKS = [upper, line_break, invisible, emoji, full_width, bold, look_alike, wide_spaces, straight_quotes]


@pytest.mark.parametrize("change", LOOKS, ids=lambda change: change.__name__.replace("_", " "))
def test_the_looks_of_a_text_make_its_verdict_no_milder(change):
    rng = chosen_by(change.__name__)
    for text in BLOCKED + REVIEWED:
        assert_no_milder(text, change(text, rng))


@given(st.sampled_from(BLOCKED), st.lists(st.sampled_from(LOOKS), min_size=2, max_size=5), st.integers(0, 1_000))
@settings(max_examples=200)
def test_several_changes_of_looks_together_make_no_verdict_milder(text, changes, seed):
    rng = chosen_by(seed)
    changed = text
    for change in changes:
        changed = change(changed, rng)
    assert_no_milder(text, changed)


@given(st.integers(0, 100_000))
@settings(max_examples=100)
def test_a_typing_error_rescues_no_form_of_the_sentence(seed):
    changed = misspelt(said(), chosen_by(seed))
    assert verdict_of(changed) == "block", changed


@given(st.sampled_from(BLOCKED), st.integers(0, 100_000))
@settings(max_examples=200)
def test_a_blocked_sentence_with_a_typing_error_is_never_allowed(text, seed):
    changed = misspelt(text, chosen_by(seed))
    assert strictness(changed) >= min(1, strictness(text)), changed


@pytest.mark.parametrize(
    "around",
    [
        "{}\n\nHarbour Lights was watched for 40 million hours.",
        "The new season starts in May. {}",
        "(draft) {}",
        "“{}”",
        "{} No viewer data was used.",
        "Just kidding: {}",
        "{} #ad",
        "Merry Christmas to all of you! {} See you next year.",
        "<p>{}</p>",
        "RT @somebody: {}",
    ],
)
def test_harmless_words_around_it_make_no_verdict_milder(around):
    for text in BLOCKED:
        assert_no_milder(text, around.format(text))


# ---- Attack by rephrasing ----


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_paraphrase_of_a_blocked_sentence_is_allowed(seed):
    """A hundred each; tests/benchmarks/rephrase.py for more."""
    found = judged(paraphrases(100, seed))
    assert not found["allow"], found["allow"]
    assert len(found["block"]) >= 90, found["review"]


def test_not_everything_of_the_same_grammar_is_blocked():
    found = judged(harmless(100, 0))
    assert len(found["block"]) <= 5, found["block"]
    assert len(found["allow"]) >= 85, found["review"]
