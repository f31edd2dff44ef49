"""How worked examples are written: labels of cells, decisions, thresholds and rules in words, in several spellings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.limits import Limits
from analyzer.disclosure.table import Table
from analyzer.errors import InputError

MARGIN_WORDS: Final = frozenset(
    {"total", "all", "(all)", "sum", "margin", "overall", "totals", "everybody", "everyone"}
)
_DECISIONS: Final = {
    "withheld": "suppress suppressed withhold withheld block blocked deny denied forbid forbidden unsafe refuse refused"
    " reject no fail disclosive",
    "review": "review refer ask manual",
    "allowed": "allow allowed publish published release released permit permitted safe ok pass yes accept"
    " non-disclosive",
}
_DECISION: Final = {word: name for name, words in _DECISIONS.items() for word in words.split()}
THRESHOLDS: Final = (
    "k",
    "threshold",
    "min_frequency",
    "minimum",
    "min_count",
    "floor",
    "safe_threshold",
    "tau",
    "min_n",
)
_LARGEST_UNSAFE: Final = re.compile(r"^max_?n$|_(?:le|lte|max|up_to)$", re.IGNORECASE)
_SMALLEST_SAFE: Final = re.compile(r"_(?:lt|below|under)$")
_RANGE: Final = re.compile(r"(\d+)\s*(?:-|–|to|\.\.+)\s*(\d+)")
_UP_TO: Final = re.compile(r"(?:<=|≤|=<|at most|up to|no more than|maxn\s*=?)\s*(\d+)|(\d+)\s+or\s+(?:fewer|less)")
_BELOW: Final = re.compile(r"(?:<|below|under|fewer than|less than)\s*(\d+)")
_FROM: Final = re.compile(
    r"(?:>=|≥|at least|minimum(?: of)?|threshold(?: of)?|min(?:imum)?[_ ]?(?:freq\w*|n)?\s*[:=]?)\s*(\d+)"
)
_ZEROS_OUT: Final = re.compile(
    r"zeros?\W+(?:\w+\W+){0,2}?(?:excluded|safe|published|allowed|not|shown|exempt)"
    r"|(?:exclud\w+|without|except|non-?)\s*zeros?"
)
_ZEROS_IN: Final = re.compile(
    r"zeros?\W+(?:\w+\W+){0,2}?(?:included|unsafe|protected|primary|suppressed)|(?:includ\w+|protect\w*)\s*zeros?"
)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Which counts are unsafe: from `low` up to `high`, both included, and perhaps nobody."""

    low: int
    high: int
    zeros: bool

    @property
    def floor(self) -> int:
        """The smallest safe count."""
        return self.high + 1


def decision(word: object) -> str:
    """Return "allowed", "review" or "withheld" for any common word for it; what is no such word withholds."""
    if isinstance(word, bool):
        return "allowed" if word else "withheld"
    return _DECISION.get(str(word).strip().casefold().split(" ")[0] if str(word).strip() else "", "withheld")


def decided(told: object, is_unsafe: object) -> tuple[object, object, bool]:
    """Return an expected decision, ours, and whether they agree."""
    got = "withheld" if is_unsafe else "allowed"
    return told, got, decision(told) == got


def names_of(table: Table, cells: Iterable[int]) -> list[list[str]]:
    """Return the labels of cells, in the order of their numbers."""
    return [list(table.keys[cell]) for cell in sorted(cells)]


def is_decision(word: object) -> bool:
    """Return whether a word is a decision at all."""
    return isinstance(word, str) and word.strip().casefold() in _DECISION


def threshold_of(given: Mapping[str, Any], default: int) -> Threshold:
    """Return the threshold that an example gives as a number or as a rule in words; else the default."""
    rule = str(given.get("rule", "")).casefold()
    zeros = _zeros(given, rule)
    for name in THRESHOLDS:
        if isinstance(given.get(name), int | float) and not isinstance(given.get(name), bool):
            return Threshold(1, int(given[name]) - 1, zeros)
    for name, value in given.items():
        if _LARGEST_UNSAFE.search(name) and isinstance(value, int):
            return Threshold(1, value, zeros)
        if _SMALLEST_SAFE.search(name) and isinstance(value, int):
            return Threshold(1, value - 1, zeros)
    limits = Limits()
    if any(given.get(name) == "strict" for name in ("preset", *THRESHOLDS)):
        return Threshold(limits.strict_low, limits.strict_high, zeros)
    for name in ("preset", "readers", *THRESHOLDS):
        if given.get(name) in ("public", "internal"):
            return Threshold(1, (limits.public_floor if given[name] == "public" else limits.internal_floor) - 1, zeros)
    if match := _UP_TO.search(rule):
        return Threshold(1, int(match[1] or match[2]), zeros)
    if match := _BELOW.search(rule):
        return Threshold(1, int(match[1]) - 1, zeros)
    if match := _RANGE.search(rule):
        return Threshold(max(int(match[1]), 1), int(match[2]), zeros or match[1] == "0")
    if match := _FROM.search(rule):
        return Threshold(1, int(match[1]) - 1, zeros)
    if match := re.search(r"\bn\s*=+\s*(\d+)", rule):
        return Threshold(int(match[1]), int(match[1]), zeros)
    if rule and re.search(r"\d", rule):
        raise InputError(f"The rule {rule!r} is not understood.", 'Write it as "n<=3", "n<10" or "1 to 7".')
    return Threshold(1, default - 1, zeros)


def _zeros(given: Mapping[str, Any], rule: str) -> bool:
    told = next((given[name] for name in ("zeros", "zero", "protectZeros", "protect_zeros") if name in given), None)
    if told is None:
        return bool(_ZEROS_IN.search(rule)) and not _ZEROS_OUT.search(rule)
    if isinstance(told, bool):
        return told
    return str(told).casefold() in ("included", "unsafe", "protected", "withhold", "suppress", "primary", "true")


def label_of(word: object) -> str:
    """Return a label as the tables of this package have it; every word for a total is the margin."""
    text = str(word).strip()
    return ALL if text.casefold() in MARGIN_WORDS else text


def cell_of(table: Table, told: object) -> int:
    """Return the cell that an example names: labels in a list, joined by a sign, or places such as "12" or "r1c2".

    Raises
    ------
    InputError
        When it is no cell of the table.
    """
    parts = list(told) if isinstance(told, Sequence) and not isinstance(told, str) else [told]
    for labels in _readings(table, parts):
        if len(labels) == len(table.dimensions):
            found = [_label_in(table, axis, label) for axis, label in enumerate(labels)]
            if all(label is not None for label in found):
                return table.index([label for label in found if label is not None])
    raise InputError(f"The table has no cell {told!r}.", "Name one label a dimension.")


def _readings(table: Table, parts: list[Any]) -> Iterable[list[Any]]:
    yield parts
    if len(parts) == 1 and isinstance(parts[0], str):
        text = parts[0]
        for sign in ("|", ",", ";", "/", ":", "*", " x ", " ", "-", "."):
            yield [part.strip(" ()[]") for part in text.split(sign)]
        forms = (r"\D?(\d+)\D(\d+)(?:\D(\d+))?\D?", r"(\d)(\d)(\d)?", r"\D?(\d+)")
        for places in filter(None, (re.fullmatch(form, text) for form in forms)):
            yield [int(place) - 1 for place in places.groups() if place is not None]


def _label_in(table: Table, axis: int, told: Any) -> str | None:
    """Return the label; whole numbers that are no labels are places from 0 on in the order of the example."""
    dimension = table.dimensions[axis]
    if label_of(told) in dimension.number:
        return label_of(told)
    folded = {label.casefold(): label for label in dimension.labels}
    if str(told).strip().casefold() in folded:
        return folded[str(told).strip().casefold()]
    if isinstance(told, int) and 0 <= told < len(dimension.labels):
        return dimension.labels[told]
    return None


def numbers_in(values: Iterable[Any]) -> list[float]:
    """Return the numbers among values."""
    return [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]


def close(told: object, got: object) -> bool:
    """Return whether a number is the expected one, as far as that was printed."""
    if isinstance(told, bool) or isinstance(got, bool) or not isinstance(told, int | float):
        return told == got
    if not isinstance(got, int | float):
        return False
    digits = str(told).partition(".")[2]
    room = 0.0 if isinstance(told, int) and isinstance(got, int) else 0.5 * 10.0 ** -len(digits) if digits else 1e-9
    return abs(float(told) - float(got)) <= room * (1 + 1e-9) + 1e-12
