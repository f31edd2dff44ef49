"""Worked examples about numbers beside each other: rounding, shares and totals, differences of groups."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from analyzer.disclosure.derivable import derived_groups
from analyzer.disclosure.group_labels import Named, Span, parsed
from analyzer.disclosure.limits import Limits
from analyzer.disclosure.rounding import MARKER, Rounding, coded_share, midpoint, significant, strict, title_hours
from analyzer.disclosure.shares import counts_behind
from analyzer.errors import InputError
from analyzer.workflow.examples_cells import Compared
from analyzer.workflow.examples_words import THRESHOLDS, close, decided, label_of, threshold_of

_MARKERS: Final = frozenset(
    {"*", "c", "x", "[c]", "s", "suppressed", "withheld", "redacted", "[redacted]", "..", "-", "none"}
)
_WORDS: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
_TOTAL: Final = re.compile(r"^(?:total|n|N|population|base|denominator|known_total|grand_total)(?:$|_)")
_SHARE: Final = re.compile(r"share|percent|pct|proportion|rate|%")

_LIMITED: Final = re.compile(r"\d+\s*(?:-|–|to)\s*\d+|<|≤|fewer|less|below|under|at most|_l(?:e|t|te)$|_max$|^max_?n$")
_BASE: Final = re.compile(
    r"(?:base|nearest|multiples? of|steps? of|round(?:ed|ing)?(?: up| down)? to(?: the)?(?: nearest)?)"
    r"\D{0,3}(\d[\d,]*)"
)
_GROUP: Final = ("group", "label", "filter", "query", "name", "window")
_TIMES: Final = re.compile(r"(?:before|after|first|second|earlier|later|old|new|with|without|[a-z]+_?\d+)\w*")

Teller = Callable[[Any], object]


def rounding(given: Mapping[str, Any], expected: Mapping[str, Any], source: str = "") -> Compared:
    """Compare how numbers are told."""
    values = next((v for v in given.values() if isinstance(v, list)), None)
    if values is None:
        values = [v for n, v in given.items() if n in ("value", "hours", "share", "count", "n", "percent")]
    tell = _teller(given, source)
    got = [tell(value) for value in values]
    told: Compared = {}
    for name, value in expected.items():
        if isinstance(value, list):
            told[name] = (value, got, len(value) == len(got) and all(map(_same, value, got)))
        elif isinstance(value, Mapping):
            mine = {label: tell(_number(label)) for label in value}
            told[name] = (value, mine, all(_same(value[label], mine[label]) for label in value))
        elif name == "decision":
            told[name] = decided(value, any(one == MARKER for one in got))
        elif name in ("out", "rounded", "value", "published", "shown", "result") and got:
            told[name] = (value, got[0], _same(value, got[0]))
    return told


def _number(told: str) -> float:
    text = told.replace(",", "").strip()
    return int(text) if text.isdigit() else float(text.rstrip(" %")) / (100 if "%" in text else 1)


def _teller(given: Mapping[str, Any], source: str) -> Teller:
    """Return the rule of an example: by its figures and words, else by its source, at last the strict preset."""
    words = f"{given.get('rule', '')} {given.get('method', '')} {given.get('preset', '')} {' '.join(given)} ".casefold()
    for text in (words, f"{words} {source.casefold()}"):
        if re.search(r"midpoint", text):
            base = _base(given, text) or 6
            return lambda value: midpoint(int(value), int(base))
        if re.search(r"\bdrb\b|significant|census bureau", text):
            return lambda value: significant(int(value))
        if re.search(r"share|percent|top.?cod|bottom.?cod|proportion|delaware", text):
            return _shares(given)
        if re.search(r"hours|netflix|engagement", text):
            limits = _hours(given, text)
            return lambda value: title_hours(value, limits)
        found = _counts(given, text)
        if found is not None:
            return found.told
    return strict(Limits()).told


def _base(given: Mapping[str, Any], text: str) -> float | None:
    for name in ("base", "round_to", "rounding", "rounding_base", "step", "steps", "nearest", "multiple"):
        if isinstance(given.get(name), int | float):
            return given[name]  # type: ignore[no-any-return]
    match = _BASE.search(text)
    return int(match[1].replace(",", "")) if match else None


def _counts(given: Mapping[str, Any], text: str) -> Rounding | None:
    base = _base(given, text)
    limits = strict(Limits())
    low, high = given.get("low", given.get("suppress_low")), given.get("high", given.get("suppress_high"))
    if isinstance(given.get("suppress"), list) and len(given["suppress"]) == 2:
        low, high = given["suppress"]
    has = any(name in (*THRESHOLDS, "preset") or _LIMITED.search(name) for name in given) or _LIMITED.search(text)
    if high is None and has:
        rule = threshold_of({**given, "rule": re.sub(r"round\w*.*", "", text) if "rule" in given else text}, 1)
        low, high = rule.low, rule.high
    if base is None and high is None:
        return None
    none = base is not None and high is None
    return Rounding(int(low or limits.low), 0 if none or high is None else int(high), base or 1)


def _shares(given: Mapping[str, Any]) -> Teller:
    limits = Limits()
    top, bottom = given.get("top", limits.share_top), given.get("bottom", limits.share_bottom)
    limits = replace(limits, share_top=_fraction(top), share_bottom=_fraction(bottom))
    numbers = [v for value in given.values() if isinstance(value, list) for v in value if isinstance(v, int | float)]
    percent = any(v > 1 for v in numbers) or any("percent" in name or "pct" in name for name in given)

    def tell(value: Any) -> object:
        if isinstance(value, str):
            value = _number(value)
            return coded_share(value if value <= 1 else value / 100, limits)
        return coded_share(float(str(value)) / 100 if percent else value, limits)

    return tell


def _fraction(told: Any) -> float:
    number = _number(told) if isinstance(told, str) else float(told)
    return number / 100 if number > 1 else number


def _hours(given: Mapping[str, Any], text: str) -> Limits:
    limits = Limits()
    least = next((given[n] for n in ("floor", "minimum", "least", "threshold") if n in given), limits.title_hours_floor)
    return replace(limits, title_hours_floor=least, title_hours_step=_base(given, text) or limits.title_hours_step)


def _same(told: object, got: object) -> bool:
    if isinstance(told, int | float) and isinstance(got, int | float):
        return float(told) == float(got)
    return _plain(told) == _plain(got)


def _plain(told: object) -> str:
    """Return one spelling for markers and for coded shares."""
    text = re.sub(r"\s+", "", str(told).casefold().replace("percent", "%"))
    text = re.sub(r"^(?:≥|>=|morethan|over|above)", ">", re.sub(r"^(?:≤|<=|lessthan|fewerthan|under|below)", "<", text))
    text = re.sub(r"^(.*)(?:ormore|orabove|\+)$", r">\1", re.sub(r"^(.*)(?:orless|orfewer|orbelow)$", r"<\1", text))
    if re.fullmatch(r"[<>]?0\.\d+", text):
        text = f"{text.rstrip('0123456789.')}{float(text.lstrip('<>')) * 100:g}%"
    return MARKER if text in _MARKERS else text.rstrip("%")


# Shares of known totals


def derived(given: Mapping[str, Any], expected: Mapping[str, Any]) -> Compared:
    """Compare what a published share or part of a known total gives away."""
    rule = threshold_of(given, Limits().derivable_high + 1)
    total = next((int(v) for n, v in given.items() if _TOTAL.search(n) and isinstance(v, int)), None)
    if total is None:
        raise InputError("The example gives no total as a whole number.", "Give it as `total`.")
    known = list(_known(given, total))
    found = _derivable(known, total, rule.floor)
    told: Compared = {}
    for name, value in expected.items():
        counted = re.fullmatch(rf"({'|'.join(_WORDS)}|\d+)_(allowed|blocked)", name)
        if name == "decision":
            told[name] = decided(value, found)
        elif counted:
            number = _WORDS.index(counted[1]) if counted[1] in _WORDS else int(counted[1])
            large = max(total, 100 * (number + rule.floor))
            free = not _derivable([("", large - number, large - number)], large, rule.floor)
            told[name] = (value, free is (counted[2] == "allowed"), (free is (counted[2] == "allowed")) is value)
        elif name.startswith(("derived", "implied", "complement", "recovered", "inside", "interval", "count")):
            got = _asked(name, known, total)
            told[name] = (value, got, _among(value, got))
    return told


Known = tuple[str, int, int]


def _known(given: Mapping[str, Any], total: int) -> Iterable[Known]:
    """Yield each published part with the fewest and the most households that it can be."""
    for name, value in given.items():
        if _TOTAL.search(name) or name in (*THRESHOLDS, "rule"):
            continue
        parts = value.items() if isinstance(value, Mapping) else [(name.rsplit("_", 1)[-1], value)]
        for label, part in parts:
            if isinstance(part, bool) or not isinstance(part, int | float | str) or not re.search(r"\d", str(part)):
                continue  # a name, not a number
            if isinstance(part, int) and not _SHARE.search(name):
                yield label, part, part
            else:
                percent = re.search(r"percent|pct|%", name) or (isinstance(part, int | float) and part > 1)
                text = f"{part} %" if percent and "%" not in str(part) else str(part)
                if isinstance(part, float) and re.fullmatch(r"[01]\.\d", text):
                    text += "0"  # a number in JSON loses its last zeros: at least whole percents are meant
                yield (label, *counts_behind(text, total))


def _derivable(known: Iterable[Known], total: int, floor: int) -> bool:
    """Return whether a part or what it leaves over is known to be of some, but fewer than the floor."""
    pieces = [(low, high) for _, low, high in known]
    sums = [*pieces, (sum(low for low, _ in pieces), min(sum(high for _, high in pieces), total))]
    return any(a >= 1 and b < floor for low, high in sums for a, b in ((low, high), (total - high, total - low)))


def _asked(name: str, known: list[Known], total: int) -> list[list[int]]:
    label = name.rsplit("_", 1)[-1]
    own = [[low, high] for other, low, high in known if other == label]
    if own:
        return own
    low, high = sum(low for _, low, _ in known), min(sum(high for _, _, high in known), total)
    every = [[fewest, most] for _, fewest, most in known] if "_" not in name else []
    return [*every, [total - high, total - low]]


def _among(told: Any, got: list[list[int]]) -> bool:
    if isinstance(told, list):
        return told in got
    return isinstance(told, int | float) and [told, told] in [[float(a), float(b)] for a, b in got]


# Differences of groups


def differencing(given: Mapping[str, Any], expected: Mapping[str, Any]) -> Compared:
    """Compare which small groups follow from published ones."""
    tables = _tables(given)
    rule = threshold_of({n: v for n, v in given.items() if n in (*THRESHOLDS, "rule")}, Limits().derivable_high + 1)
    found = dict(derived_groups(tables))
    small = {label: number for label, number in found.items() if 0 < abs(number) < rule.floor}
    told: Compared = {}
    for name, value in expected.items():
        if name == "decision":
            published = any(0 < n < rule.floor for cells in tables.values() for n in cells.values())
            told[name] = decided(value, small or published)
        elif isinstance(value, Mapping):
            got = {label: _follows(label, found, tables) for label in value}
            told[name] = (value, got, all(close(value[label], got[label]) for label in value))
        elif isinstance(value, list):
            groups = [parsed(label) for label in found]
            told[name] = (value, found, all(parsed(str(label)) in groups for label in value))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            numbers = list(found.values())
            told[name] = (value, numbers, any(close(value, number) for number in numbers))
    return told


def _tables(given: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return published groups by table; numbers without a table, and lists of groups, are tables of their own."""
    tables: dict[str, dict[str, float]] = {}
    alone: dict[str, float] = {}
    for name, value in given.items():
        if name in (*THRESHOLDS, "rule", "note", "population"):
            continue
        if isinstance(value, Mapping):
            cells = {_label(g): float(n) for g, n in value.items() if isinstance(n, int | float)}
            inner = {f"{name} {g}": n for g, n in value.items() if isinstance(n, Mapping)}
            tables |= {name: cells} if cells else {}
            tables |= _tables(inner) if inner else {}
        elif isinstance(value, list):
            for number, row in enumerate(value):
                label, count = _queried(row)
                if label is not None and count is not None:
                    tables[f"{name} {number + 1}"] = {_label(label): float(count)}
        elif isinstance(value, int | float) and not isinstance(value, bool):
            alone[label_of(name)] = float(value)
    if alone and all(_TIMES.fullmatch(name) for name in alone):  # one group, asked about several times
        tables |= {name: {"all": number} for name, number in alone.items()}
    elif alone:
        tables[""] = alone
    if not tables:
        raise InputError("The example has no published groups.", 'Give tables such as {"<20": 6, "20-39": 9}.')
    return tables


def _label(told: object) -> str:
    """Return a label without the word for what its range is of."""
    return re.sub(r"^(?:aged?|ages|days?|hours?|years?|weeks?|plays)\s*(?=[<>≤≥]?=?\s*\d)", "", label_of(told))


def _queried(row: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the group of a query, or its window, and the number that it gave."""
    window = f"{row['start']}..{row['end']}" if {"start", "end"} <= set(row) else None
    label = next((row[name] for name in _GROUP if name in row), window)
    return label, next((row[name] for name in ("n", "count", "value", "households") if name in row), None)


def _follows(label: str, found: Mapping[str, float], tables: Mapping[str, Mapping[str, float]]) -> float | None:
    """Return the number of a group that is derived, or is made of derived and published ones."""
    wanted = parsed(_label(label))
    numbers = [(parsed(g), n) for g, n in found.items()] + [
        (parsed(g), n) for t in tables.values() for g, n in t.items()
    ]
    for group, number in numbers:
        if group == wanted:
            return number
    if isinstance(wanted, Named):
        named = {name for group, _ in numbers if isinstance(group, Named) for name in group.names}
        rest = [number for group, number in numbers if isinstance(group, Named) and group.others and group.names]
        return rest[0] if len(rest) == 1 and not wanted.names & named else None  # a name for whoever is left over
    return _between(wanted, [(g, n) for g, n in numbers if isinstance(g, Span)])


def _between(wanted: Span, spans: list[tuple[Span, float]]) -> float | None:
    """Return the number between two ends that a chain of ranges ties together."""
    reached = {wanted.low: 0.0}
    for _ in spans:
        for span, number in spans:
            if span.line is not wanted.line:
                continue
            if span.low in reached:
                reached.setdefault(span.high, reached[span.low] + number)
            if span.high in reached:
                reached.setdefault(span.low, reached[span.high] - number)
    return reached.get(wanted.high)
