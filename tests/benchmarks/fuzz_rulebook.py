"""Mutated copies of the shipped rulebook: rulebooks or mistakes. python tests/benchmarks/fuzz_rulebook.py [N].

Prints how many of each came out, the slowest one, and fails on anything else, with the seed that shows it again.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from importlib import resources

from analyzer.errors import Mistake, RulebookError
from analyzer.policy.rulebook import parse_rulebook

SHIPPED = (resources.files("analyzer.policy") / "default.toml").read_text("utf-8")
WORDS = [
    "[[rule]]", "[rule]", "[border]", "[[", "]", "{", "}", "[", '"', "'", "=", ",", ".", "#", "\\", "\\u0000", "nan",
    "inf", "-1", "0", "1e400", "true", "false", "mark", "effect", "id", "any_of", "all_of", "contrast", "feature",
    "quantile", "at_least", "at_most", "households_below", "households_at_least", "family", "pattern_marked",
    "addressed", "purposes", "statements", "subjects", "no_pattern", "2026-13-40", "1979-05-27T07:32:00", '"allow"',
    '"forbid"', "'''", '"""', "\n", "\x00", "\ufeff", "\u202e", "\xe9", '"one-title-over-days"', "names_title = true",
    "9" * 5_000, "[" * 3_000, "{a=" * 3_000, "a." * 150, "a" * 100_000,
]  # fmt: skip


def mutated(seed: int) -> str:
    """Return the shipped rulebook with one to six things done to it; the same seed does the same."""
    rng = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    text = SHIPPED
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        text = rng.choice(MUTATIONS)(text, rng)
    return text


def cut(text: str, rng: random.Random) -> str:
    """Take a piece away: a few letters, or most of the file."""
    start = rng.randrange(len(text) + 1)
    return text[:start] + text[start + int(2 ** rng.uniform(0, 14)) :]


def insert(text: str, rng: random.Random) -> str:
    """Put a word in somewhere."""
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(WORDS) + text[at:]


def swap_lines(text: str, rng: random.Random) -> str:
    """Exchange two lines."""
    lines = text.split("\n")
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return "\n".join(lines)


def repeat(text: str, rng: random.Random) -> str:
    """Write some lines again, elsewhere."""
    lines = text.split("\n")
    start = rng.randrange(len(lines))
    at = rng.randrange(len(lines))
    return "\n".join([*lines[:at], *lines[start : start + rng.randrange(1, 12)], *lines[at:]])


def drop_line(text: str, rng: random.Random) -> str:
    """Leave a line out."""
    lines = text.split("\n")
    del lines[rng.randrange(len(lines))]
    return "\n".join(lines)


def other_value(text: str, rng: random.Random) -> str:
    """Give a key another value, most often of another kind."""
    lines = text.split("\n")
    keyed = [number for number, line in enumerate(lines) if " = " in line and not line.startswith("#")]
    if keyed:
        number = rng.choice(keyed)
        lines[number] = f"{lines[number].split(' = ')[0]} = {rng.choice([*WORDS, '1', '[]', '{}', '[[]]', '[1, 2]'])}"
    return "\n".join(lines)


def other_word(text: str, rng: random.Random) -> str:
    """Put one of the rulebook's words in the place of another."""
    old = rng.choice(text.split() or [""])
    return text.replace(old, rng.choice(WORDS), 1) if old else text


def other_letter(text: str, rng: random.Random) -> str:
    """Change one letter into any other, also into one that no text should hold."""
    if not text:
        return text
    at = rng.randrange(len(text))
    return text[:at] + chr(rng.choice((rng.randrange(128), rng.randrange(0x2000), 0x1F600))) + text[at + 1 :]


MUTATIONS = (cut, insert, swap_lines, repeat, drop_line, other_value, other_value, other_word, other_letter)


def outcome(text: str) -> str:
    """Parse a text; return what came out, or raise what should never."""
    try:
        parse_rulebook(text, "mutated.toml")
    except RulebookError as error:
        if not error.cause or not all(isinstance(mistake, Mistake) and mistake.cause for mistake in error.mistakes):
            raise AssertionError("an error without a cause") from error
        lines = text.count("\n") + 1
        if any(mistake.line is not None and not 1 <= mistake.line <= lines for mistake in error.mistakes):
            raise AssertionError("a line that is not in the file") from error
        return "mistakes" if error.mistakes else "refused as a whole"
    return "a rulebook"


def main(count: int) -> None:
    """Run `count` mutations and print what came of them."""
    found: Counter[str] = Counter()
    slowest = (0.0, 0)
    begun = time.perf_counter()
    for seed in range(count):
        start = time.perf_counter()
        try:
            found[outcome(mutated(seed))] += 1
        except BaseException:
            print(f"seed {seed} fails")
            raise
        slowest = max(slowest, (time.perf_counter() - start, seed))
    told = ", ".join(f"{number:,} {what}" for what, number in found.most_common())
    print(f"{count:,} mutated rulebooks in {time.perf_counter() - begun:.0f} s: {told}; 0 tracebacks.")
    print(f"The slowest took {slowest[0]:.2f} s (seed {slowest[1]}).")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
