"""The words that `rephrase.py` puts together: who, how many, what they did, to what, how often, in which tone."""

from __future__ import annotations

from collections.abc import Callable

NOUNS = [
    "people", "members", "viewers", "subscribers", "accounts", "households", "souls", "fans", "users", "customers",
    "profiles", "families", "listeners", "of you", "of our members", "individuals", "folks", "homes", "regulars",
]  # fmt: skip
TITLES = [
    "A Christmas Prince", "Harbour Lights", '"Mostly Otters"', "*Seven*", "The 100", "“Snow on Mabel Street”", "1917",
    "Pip and the Puddle", "'Two Moons Over Delft'", "one and the same film", "the same episode", "the same cartoon",
]  # fmt: skip
FREQUENCIES = [
    "every day", "daily", "each and every night", "day in, day out", "night after night", "on repeat", "on a loop",
    "again and again", "without missing a day", "seven days a week", "twice a day", "every single evening", "nightly",
    "at least once every 24 hours", "40 times", "more than thirty times", "several times a day", "back to back",
]  # fmt: skip
WINDOWS = [
    "for the past 18 days", "for eighteen days running", "since the first of the month", "throughout December",
    "for two and a half weeks", "between Advent and New Year", "in the last fortnight",
    "this month", "since August", "",
]  # fmt: skip
VERBS = [("watched", "watching"), ("streamed", "streaming"), ("rewatched", "rewatching"), ("played", "playing"),
         ("put on", "putting on"), ("viewed", "viewing"), ("looped", "looping"), ("sat through", "sitting through"),
         ("replayed", "replaying"), ("revisited", "revisiting"), ("seen", "seeing")]  # fmt: skip
RIDICULE = [
    "Who hurt you?", "Are you OK?", "Get help.", "Seriously?", "Go outside.", "Blink twice if you need help.",
    "We worry.", "Please talk to someone.", "Get a life.", "What is wrong with you?", "This is a cry for help.",
    "#WhoHurtYou", "Should we send somebody?", "Touch some grass 🌱", "Everything all right at home?", "Poor things.",
    "😬", "Yikes.",
]  # fmt: skip
HARSH = [tone for tone in RIDICULE if tone not in {"Seriously?", "#WhoHurtYou", "😬", "Yikes.", "We worry."}]
"""What is ridicule in any reader's eyes: for a large group, only the tone decides."""
PRAISE = [
    "We salute you.",
    "You are our heroes.",
    "Legends, all of you.",
    "We love you ❤️",
    "Thank you!",
    "Respect.",
    "",
]
ROLES = [
    "A nurse", "One viewer", "Somebody", "A retired teacher", "One account", "A single household", "Someone",
    "One of you", "A grandmother", "One member", "A certain subscriber", "A student", "An American",
    "One lucky fan", "A dad of three",
]  # fmt: skip
PLACES = ["in Hull", "from Leeds", "near Kendal", "in the UK", "somewhere in Ohio", "in Turku", "on St Kilda", ""]
TIMES = [
    "357 times",
    "on 212 days",
    "three hundred times",
    "every day",
    "for 19 hours non-stop",
    "twice a night",
    "x365",
]

ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def in_words(number: int) -> str:
    """Return a number below 1,000 in words."""
    if number >= 100:
        rest = number % 100
        return f"{ONES[number // 100]} hundred" + (f" and {in_words(rest)}" if rest else "")
    if number < 20:
        return ONES[number]
    return TENS[number // 10] + (f"-{ONES[number % 10]}" if number % 10 else "")


def in_other_digits(number: int, zero: int) -> str:
    """Return a number in the digits that begin at a code point."""
    return "".join(chr(zero + int(digit)) for digit in str(number))


NUMBERS: dict[str, Callable[[int], str]] = {
    "digits": str,
    "words": in_words,
    "words without a hyphen": lambda n: in_words(n).replace("-", " "),
    "bold": lambda n: f"**{n}**",
    "full width": lambda n: in_other_digits(n, 0xFF10),
    "mathematical bold": lambda n: in_other_digits(n, 0x1D7CE),
    "Arabic-Indic": lambda n: in_other_digits(n, 0x660),
    "keycaps": lambda n: "".join(f"{digit}\ufe0f\u20e3" for digit in str(n)),
    "letters and digits mixed": lambda n: in_words(n).replace("e", "3").replace("i", "1"),
    "exactly": lambda n: f"exactly {n}",
    "about": lambda n: f"some {n}",
    "twice": lambda n: f"{in_words(n)} ({n})",
    "range": lambda n: f"{n} to {n + 5}",
    "fewer than": lambda n: f"fewer than {n}",
    "no more than": lambda n: f"no more than {in_words(n)}",
    "dozens": lambda n: f"{in_words(max(2, n // 12))} dozen",
    "over": lambda n: f"over {n}",
    "a couple": lambda _: "a couple of dozen",
    "a handful": lambda _: "a handful of",
}  # fmt: skip

LARGE = ["53,000", "53.000", "12,500", "thousands of", "80 thousand", "2 million", "three million", "400 000", "1.2m"]
IN_LANGUAGE = {"German": "de", "French": "fr", "Spanish": "es"}
TONES = {
    "de": ["Wer hat euch wehgetan?", "Alles in Ordnung?", "Holt euch Hilfe.", "Wir lieben euch.", ""],
    "fr": ["Qui vous a fait du mal ?", "Tout va bien ?", "Sortez un peu.", "On vous adore.", ""],
    "es": ["¿Quién os hizo daño?", "¿Estáis bien?", "Buscad ayuda.", "Os queremos.", ""],
}
