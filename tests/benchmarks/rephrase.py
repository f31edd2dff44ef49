"""Can a blocked sentence be said in other words? python tests/benchmarks/rephrase.py [--count 300] [--seed 0]

A grammar of its own (its words are in `rephrase_words.py`) writes paraphrases of sentences that must not be said:
sentence form x number form x noun x verb and voice x title x frequency x window x tone, disguised or not. Printed: how
many were blocked, sent to review and allowed (the goal is 0), and each that was allowed; `--show` prints those sent to
review too. As a control, sentences of the same grammar about millions of people, without ridicule: whoever blocks
everything is found out there.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rephrase_words import (
    FREQUENCIES,
    HARSH,
    IN_LANGUAGE,
    LARGE,
    NOUNS,
    NUMBERS,
    ONES,
    PLACES,
    PRAISE,
    RIDICULE,
    ROLES,
    TENS,
    TIMES,
    TITLES,
    TONES,
    VERBS,
    WINDOWS,
)


@dataclass(frozen=True)
class Paraphrase:
    """A sentence and how it came about."""

    text: str
    form: str
    disguise: str


def number(rng: random.Random) -> str:
    """Return a number of people from 2 to 900 in some form."""
    of = rng.choice([2, 3, 5, 9, 12, 17, 26, 38, 42, 53, 53, 53, 64, 88, 97, 118, 250, 431, 900])
    return NUMBERS[rng.choice(list(NUMBERS))](of)


@dataclass(frozen=True)
class Parts:
    """The words that a form puts together."""

    who: str
    did: str
    doing: str
    title: str
    often: str
    when: str
    tone: str

    @property
    def how(self) -> str:
        """How often and when."""
        return f"{self.often} {self.when}".strip()


def counted(count: str, noun: str) -> str:
    """Join a number and a noun: "a handful of" needs no second "of"."""
    if count.endswith(" of") and noun.startswith("of "):
        return count + noun.removeprefix("of")
    return f"{count} {noun}"


def parts(rng: random.Random, who: str, tones: list[str]) -> Parts:
    """Choose all words but who."""
    did, doing = rng.choice(VERBS)
    often, when = rng.choice(FREQUENCIES), rng.choice(WINDOWS)
    return Parts(who, did, doing, rng.choice(TITLES), often, when, rng.choice(tones))


FORMS: dict[str, str] = {
    "address": "To the {who} who've {did} {title} {how}: {tone}",
    "letter": "Dear {who} who have {did} {title} {how}, {tone}",
    "statement": "{who} have {did} {title} {how}. {tone}",
    "passive": "{title} was {did} {how} by {who}. {tone}",
    "passive with the agent last but one": "{title} has been {did} by {who}, {how}. {tone}",
    "cleft": "It was {who} who had {did} {title} {how}. {tone}",
    "there are": "There are {who} who have {did} {title} {how}. {tone}",
    "aside": "Some viewers ({who}, to be precise) have {did} {title} {how}. {tone}",
    "nominal": "{title}, {how}: {who}. {tone}",
    "telegram": "{who}. 1 film. {how}. {tone}",
    "noun phrase": "{who} with a habit of {doing} {title} {how}. {tone}",
    "question": "Why have {who} {did} {title} {how}? {tone}",
    "question first": "{tone} We mean the {who} who have {did} {title} {how}.",
    "did you know": "Did you know that {who} have {did} {title} {how}? {tone}",
    "imperative": "Say hello to the {who} who have {did} {title} {how}. {tone}",
    "negation": "Not a day went by without {who} {doing} {title} {how}. {tone}",
    "exception": "Nobody has {did} {title} {how}, except {who}. {tone}",
    "reported": "Our data show that {who} have {did} {title} {how}. {tone}",
    "survey": "In a survey of 60,000 members, {who} had {did} {title} {how}. {tone}",
    "fun fact": "Fun fact: {who} have {did} {title} {how}. {tone}",
    "window first": "This winter, {who} have {did} {title} {how}. {tone}",
    "gerund": "{doing} {title} {how}? {who} did just that. {tone}",
    "thanks": "Thanks to {who}, {title} was {did} {how}. {tone}",
    "comparison": "{who} have {did} {title} {how}, more than anyone else. {tone}",
    "you know": "You know who you are, {who} who have {did} {title} {how}. {tone}",
    "whole and part": "Millions saw {title} once. {who} have {did} it {how}. {tone}",
    "hashtag": "{who} have {did} {title} {how} #streaming #cosy {tone}",
    "German": "An die {count} Leute, die „{bare}“ seit 18 Tagen jeden Abend schauen: {tone}",
    "German passive": "„{bare}“ wurde von {count} Haushalten täglich gesehen. {tone}",
    "French": "Aux {count} personnes qui regardent « {bare} » tous les jours depuis 18 jours : {tone}",
    "French passive": "« {bare} » a été vu chaque soir par {count} abonnés. {tone}",
    "Spanish": "A las {count} personas que ven «{bare}» todos los días desde hace 18 días: {tone}",
    "Spanish passive": "«{bare}» fue visto cada noche por {count} hogares. {tone}",
}
OF_ONE: dict[str, str] = {
    "one, statement": "{who} {place} has {did} {title} {times}. {tone}",
    "one, passive": "{title} was {did} {times} by {lower} {place}. {tone}",
    "one, question": "Which of our members has {did} {title} {times}? {who} {place}. {tone}",
    "one, superlative": "Nobody has {did} {title} more often than {lower} {place}: {times}. {tone}",
    "one, nominal": "{title}, {times}: {lower} {place}. {tone}",
    "one, letter": "Dear viewer {place} who has {did} {title} {times}: {tone}",
    "one, you": "You, the one {place} who has {did} {title} {times}: {tone}",
    "one, whoever": "Whoever it was {place} that had {did} {title} {times}: {tone}",
}


def tidy(text: str) -> str:
    """Take out double spaces and the stop before nothing, and begin with a capital."""
    text = " ".join(text.split()).replace(" .", ".").replace(" ,", ",").removesuffix(":").removesuffix(",")
    return text[:1].upper() + text[1:]


def of_a_few(rng: random.Random, form: str) -> str:
    """A small group, whatever the tone."""
    language = IN_LANGUAGE.get(form.split()[0])
    chosen = parts(rng, counted(number(rng), rng.choice(NOUNS)), TONES[language] if language else RIDICULE + PRAISE)
    count = str(rng.choice([12, 38, 53, 64, 250]))
    return FORMS[form].format(**vars(chosen), how=chosen.how, count=count, bare=chosen.title.strip("\"'*“”"))


def of_one(rng: random.Random, form: str) -> str:
    """One person, whatever the tone."""
    who = rng.choice(ROLES)
    chosen = parts(rng, who, RIDICULE + PRAISE)
    lower = who[0].lower() + who[1:]
    return OF_ONE[form].format(**vars(chosen), lower=lower, place=rng.choice(PLACES), times=rng.choice(TIMES))


def of_many(rng: random.Random, form: str, tones: list[str]) -> str:
    """A large group; with `HARSH` tones it is ridiculed."""
    noun = rng.choice([noun for noun in NOUNS if noun != "regulars"])
    count = rng.choice(LARGE)
    chosen = parts(rng, counted(count, noun), tones)
    return FORMS[form].format(**vars(chosen), how=chosen.how)


ENGLISH = [form for form in FORMS if form.split()[0] not in IN_LANGUAGE]
ADDRESSED = ["address", "letter", "statement", "passive", "cleft", "there are", "question", "reported", "gerund"]
"""Forms in which a large group is what the tone speaks of."""


def misspelt(text: str, rng: random.Random) -> str:
    """Exchange two letters inside one long word that is no number."""
    words = text.split(" ")
    numbers = {*ONES, *TENS, "hundred", "thousands", "thousand", "million", "dozen", "couple", "handful"}
    long = [n for n, word in enumerate(words) if len(word) > 5 and word.isalpha() and word.lower() not in numbers]
    if long:
        chosen = rng.choice(long)
        at = rng.randrange(1, len(words[chosen]) - 2)
        word = words[chosen]
        words[chosen] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)


DISGUISES: dict[str, Callable[[str, random.Random], str]] = {
    "none": lambda text, _: text,
    "upper case": lambda text, _: text.upper(),
    "lower case": lambda text, _: text.lower(),
    "one typing error": misspelt,
    "a line break": lambda text, _: text.replace(" ", "\n", 3),
    "zero-width spaces": lambda text, _: "\u200b".join(text),
    "Cyrillic letters": lambda text, _: text.replace("o", "о").replace("e", "е").replace("a", "а"),
    "bold": lambda text, _: f"**{text}**",
    "no-break spaces": lambda text, _: text.replace(" ", "\u00a0"),
}
SHARES = ("none",) * 12 + tuple(DISGUISES)[1:]


def paraphrase(rng: random.Random) -> Paraphrase:
    """Write one sentence that must not be said."""
    kind = rng.random()
    if kind < 0.6:
        form = rng.choice(list(FORMS))
        text = of_a_few(rng, form)
    elif kind < 0.85:
        form = rng.choice(list(OF_ONE))
        text = of_one(rng, form)
    else:
        form = rng.choice(ADDRESSED)
        text = of_many(rng, form, HARSH)
        form += ", of many"
    disguise = rng.choice(SHARES)
    return Paraphrase(DISGUISES[disguise](tidy(text), rng), form, disguise)


def distinct(write: Callable[[random.Random], Paraphrase], count: int, seed: int) -> Iterator[Paraphrase]:
    """Write as many different sentences as asked for; the same seed writes the same."""
    rng = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    seen: set[str] = set()
    while len(seen) < count:
        written = write(rng)
        if written.text not in seen:
            seen.add(written.text)
            yield written


def paraphrases(count: int, seed: int) -> list[Paraphrase]:
    """Return sentences that must not be said."""
    return list(distinct(paraphrase, count, seed))


def harmless(count: int, seed: int) -> list[Paraphrase]:
    """Return sentences of the same grammar about millions of people, thanked or not, that may be said."""

    def write(rng: random.Random) -> Paraphrase:
        form = rng.choice(["statement", "passive", "there are", "reported", "fun fact", "window first", "cleft"])
        noun = rng.choice(["people", "members", "viewers", "households", "subscribers", "of you", "accounts"])
        count = rng.choice(["5.3 million", "Two million", "31,300,000", "3.000.000", "1.2m", "Half a million"])
        did, doing = rng.choice([("watched", "watching"), ("streamed", "streaming"), ("played", "playing")])
        when = rng.choice(["this year", "in December", "in the first week", "since Friday"])
        title, tone = rng.choice(TITLES[:9]), rng.choice(["Thank you!", "", "A record.", "Season two starts in May."])
        chosen = Parts(counted(count, noun), did, doing, title, "", when, tone)
        return Paraphrase(tidy(FORMS[form].format(**vars(chosen), how=chosen.how)), form, "none")

    return list(distinct(write, count, seed))


def judged(written: list[Paraphrase]) -> dict[str, list[Paraphrase]]:
    """Return the sentences by the verdict that they get."""
    from analyzer.messages.verdict import check_words

    found: dict[str, list[Paraphrase]] = {"block": [], "review": [], "allow": []}
    for one in written:
        found[check_words(one.text).status.value].append(one)
    return found


def main() -> None:
    """Write, judge, and print."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--count", type=int, default=300)
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--show", action="store_true", help="print those sent to review too")
    told = ask.parse_args()
    begun = time.perf_counter()
    found = judged(paraphrases(told.count, told.seed))
    seconds = time.perf_counter() - begun
    print(f"{told.count} paraphrases (seed {told.seed}) in {seconds:.1f} s: "
          + ", ".join(f"{len(them)} {verdict}" for verdict, them in found.items()))  # fmt: skip
    for verdict in ("allow", "review") if told.show else ("allow",):
        print(f"{verdict} by form: {dict(Counter(one.form for one in found[verdict]).most_common())}")
        print(f"{verdict} by disguise: {dict(Counter(one.disguise for one in found[verdict]).most_common())}")
        for one in found[verdict]:
            print(f"  {verdict} [{one.form}; {one.disguise}] {one.text!r}")
    control = judged(harmless(told.count, told.seed))
    print(
        f"control, {told.count} harmless: " + ", ".join(f"{len(them)} {verdict}" for verdict, them in control.items())
    )
    for one in control["block"]:
        print(f"  blocked [{one.form}] {one.text!r}")


if __name__ == "__main__":
    main()
