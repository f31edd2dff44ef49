"""Worked examples about what can be computed: judged by what an attacker can bound, never by the cells chosen."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np

from analyzer.disclosure.attack import Interval, attack, audit
from analyzer.disclosure.checks import Check, check, protection
from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.given import table_of_counts
from analyzer.disclosure.problem import Cells
from analyzer.disclosure.relations import Relations
from analyzer.disclosure.solver import Nothing, least
from analyzer.disclosure.suppression import suppress
from analyzer.disclosure.table import Table
from analyzer.errors import InputError
from analyzer.grouping.arrays import Bools, Floats
from analyzer.workflow.examples_cells import INTERNAL, Compared, limits_of, unsafe
from analyzer.workflow.examples_tables import counts_in, shaped
from analyzer.workflow.examples_words import cell_of, close, decided, label_of, names_of, threshold_of

_HIDDEN_WORDS: Final = frozenset({"?", "x", "*", "c", "-", "null", "none", "s", "..", "."})
_LISTS: Final = ("suppressed", "withheld", "hidden", "unknown", "pattern")
_PATTERNS_BAD: Final = ("must_be_unsafe", "unsafe_patterns", "invalid_patterns", "not_valid", "unsafe")
_PATTERNS_GOOD: Final = ("must_be_safe", "safe_patterns", "valid_patterns", "valid")
_PATTERN: Final = ("published_secondary", "secondary", "complementary", "suppressed", "withheld")
_BY_EVERYBODY: Final = 1e-6


def secondary(given: Mapping[str, Any], expected: Mapping[str, Any]) -> Compared:
    """Compare which patterns give cells away, and what they bound; our own pattern must pass the audit."""
    table = counts_in(given)
    rule = threshold_of(given, INTERNAL)
    first = unsafe(table, rule) if "primary" not in given else _marked(table, given["primary"])
    cells = _protected(table, first, given)
    pattern = next(
        (told[n] for told in (expected, given) for n in _PATTERN if n in told), expected.get("intervals", ())
    )
    shown = first | _marked(table, pattern)
    ours = suppress(cells)
    breaches = audit(cells, ours.withheld)
    told: Compared = {"our own pattern": ("passes the audit", f"{len(breaches)} breaches", ours.safe and not breaches)}
    for name, value in expected.items():
        if name == "primary":
            got = first & table.leaf | first & _marked(table, value)
            told[name] = (
                value,
                names_of(table, np.flatnonzero(got).tolist()),
                bool((got == _marked(table, value)).all()),
            )
        elif name in ("n_primary", "n_unsafe"):
            told[name] = (value, int((first & table.leaf).sum()), value == (first & table.leaf).sum())
        elif name in _PATTERN:
            exact = _recovered(cells, shown)
            told[name] = (
                "gives no primary cell away",
                names_of(table, np.flatnonzero(exact).tolist()),
                not exact.any(),
            )
        elif name in _PATTERNS_BAD:
            told[name] = _patterns(table, cells, value, good=False)
        elif name in _PATTERNS_GOOD:
            told[name] = _patterns(table, cells, value, good=True)
        elif name.startswith("max_") and isinstance(value, int):
            count = int((ours.complementary if "secondary" in name else ours.withheld).sum())
            told[name] = (value, f"ours withholds {count}", count <= value)
        elif name == "decision":
            told[name] = decided(value, _recovered(cells, shown).any())
        else:
            told |= _bounded(table, cells, shown, name, value)
    return told


def _protected(table: Table, first: Bools, given: Mapping[str, Any]) -> Cells:
    found = check(table, limits_of(threshold_of(given, INTERNAL)), (Check.FLOOR, Check.ZERO))
    small, low, high = protection(found, table)
    low = np.where(first, np.where(small, low, np.floor(table.values / 2)), table.values)
    high = np.where(first, np.maximum(high, table.values + 1), table.values)
    hidden = _unpublished(table, given)
    return _cells(table.values, table.relations, first, (low, high), hidden, integer=True)


def _unpublished(table: Table, given: Mapping[str, Any]) -> Bools:
    """Return the margins that an example says are not published."""
    told = str(given.get("margins", "published")).casefold()
    margins: Bools = np.array([ALL in key for key in table.keys])
    if re.search(r"none|not|no\b|unpublished|hidden", told):
        return margins
    if "row" in told and "col" not in told and len(table.dimensions) == 2:
        return np.array([key[0] == ALL for key in table.keys], dtype=bool)
    if "col" in told and "row" not in told and len(table.dimensions) == 2:
        return np.array([key[1] == ALL for key in table.keys], dtype=bool)
    if "grand" in told or told in ("total", "total only"):
        margins &= np.array([set(key) != {ALL} for key in table.keys])
        return margins
    return np.zeros(len(table), dtype=bool)


def _cells(
    values: Floats, relations: Relations, first: Bools, around: tuple[Floats, Floats], hidden: Bools, *, integer: bool
) -> Cells:
    return Cells(
        values=values,
        relations=relations,
        primary=first,
        low=around[0],
        high=around[1],
        hidden=hidden,
        required=np.zeros(len(values), dtype=bool),
        integer=integer,
        contributors=values.astype(np.int64) if integer else np.full(len(values), 100),
        weight=np.ones(len(values)),
    )


def _recovered(cells: Cells, withheld: Bools) -> Bools:
    """Return which primary cells everybody can compute exactly."""
    found = np.zeros(len(cells), dtype=bool)
    for cell in np.flatnonzero(cells.primary).tolist():
        found[cell] = attack(cells, withheld, cell).width <= cells.exact
    return found


def _patterns(table: Table, cells: Cells, patterns: Any, *, good: bool) -> tuple[object, object, bool]:
    """Judge patterns: a bad one gives a primary cell away or bounds it too tightly, a good one gives none away."""
    many = [patterns] if patterns and _is_cell(table, patterns[0]) else list(patterns)
    answers = []
    for pattern in many:
        withheld = _marked(table, pattern)
        exact = _recovered(cells, withheld).any()
        answers.append("unsafe" if exact or (not good and audit(cells, withheld)) else "safe")
    wanted = "safe" if good else "unsafe"
    return patterns, answers, all(answer == wanted for answer in answers)


def _is_cell(table: Table, told: Any) -> bool:
    """Return whether something names one cell, and is no list of cells."""
    if not isinstance(told, list) or len(table.dimensions) == 1:
        return not isinstance(told, list)
    try:
        cell_of(table, told)
    except InputError:
        return False
    return True


def _marked(table: Table, told: Any) -> Bools:
    found = np.zeros(len(table), dtype=bool)
    found[[cell_of(table, cell) for cell in told]] = True
    return found


def _bounded(table: Table, cells: Cells, withheld: Bools, name: str, value: Any) -> Compared:
    """Compare intervals, values that can be computed, and cells that are safe."""
    if isinstance(value, Mapping):
        got = {cell: attack(cells, withheld, cell_of(table, cell)) for cell in value}
        plain = {cell: _plain(interval) for cell, interval in got.items()}
        return {name: (value, plain, all(_fits(value[cell], got[cell]) for cell in value))}
    if isinstance(value, list) and name in ("exact", "disclosed", "recovered", "recoverable", "unsafe", "exposed"):
        exact = _computed(cells, withheld)
        wanted = {cell_of(table, cell) for cell in value}
        return {name: (value, [table.keys[cell] for cell in sorted(exact)], exact == wanted)}
    if isinstance(value, list) and name in ("safe", "protected"):
        exact = _computed(cells, withheld)
        return {name: (value, [table.keys[c] for c in sorted(exact)], not exact & {cell_of(table, c) for c in value})}
    if name in ("n_exact", "n_recovered", "n_disclosed"):
        count = len(_computed(cells, withheld))
        return {name: (value, count, value == count)}
    return {}


def _computed(cells: Cells, withheld: Bools) -> set[int]:
    return {c for c in np.flatnonzero(withheld).tolist() if attack(cells, withheld, c).width <= cells.exact}


def _plain(interval: Interval) -> list[float | None]:
    return [round(interval.low, 6), None if np.isinf(interval.high) else round(interval.high, 6)]


def _fits(told: Any, got: Interval) -> bool:
    if isinstance(told, Mapping):
        told = [told.get("low", told.get("min", 0)), told.get("high", told.get("max"))]
    low, high = told if isinstance(told, Sequence) and not isinstance(told, str) else (told, told)
    unbounded = high is None or (isinstance(high, str) and high.casefold() in ("inf", "infinity", "unbounded", "∞"))
    return _near(low or 0, got.low) and (np.isinf(got.high) if unbounded else _near(high, got.high))


def _near(told: Any, got: float) -> bool:
    return isinstance(told, int | float) and (close(told, got) or abs(told - got) <= _BY_EVERYBODY * max(1.0, abs(got)))


# Tables of which only a part is told


def audited(given: Mapping[str, Any], expected: Mapping[str, Any]) -> Compared:
    """Compare what an attacker can bound in a table with withheld cells."""
    seen = _completed(*_partial(given), given)
    values, withheld = seen.values, seen.withheld
    continuous = re.search(r"magnitude|continuous|real", json.dumps(given).casefold())
    integer = bool((values == np.rint(values)).all()) and not continuous
    around = (values.copy(), values.copy())
    cells = _cells(values, seen.table.relations, withheld.copy(), around, seen.absent, integer=integer)
    told: Compared = {}
    for name, value in expected.items():
        if name == "decision":
            told[name] = decided(value, _computed(cells, withheld))
        else:
            told |= _bounded(seen.table, cells, withheld, name, value)
    return told


Partial = tuple[Floats, Bools, list[list[str]]]


@dataclass(frozen=True, eq=False)
class Told:
    """A table of which a part is told.

    Attributes
    ----------
    table : its labels and relations; the numbers in it are not used.
    values : of one table that looks like it, shape (n_cells,).
    withheld, absent : cells that are told to be withheld, and margins that are not told of at all.
    """

    table: Table
    values: Floats
    withheld: Bools
    absent: Bools


def _partial(given: Mapping[str, Any]) -> Partial:
    """Return the numbers of a table, which are withheld, and its labels; from nested lists or from a line of text."""
    told = dict(given)
    text = next((v for v in given.values() if isinstance(v, str) and "[" in v), None)
    listed: list[Any] = next((given[name] for name in _LISTS if isinstance(given.get(name), list)), [])
    if text is not None:
        inside, rest = text[text.index("[") : text.rindex("]") + 1], text[text.rindex("]") + 1 :]
        told["table"] = json.loads(re.sub(r"(?<=[\[,\s])(?:\?|x|X|\*|c|-)(?=[\],\s])", "null", inside))
        listed = listed or re.findall(r"\w+\|\w+(?:\|\w+)?|\(\s*\d+\s*,\s*\d+(?:\s*,\s*\d+)?\s*\)|r\d+c\d+|\d+", rest)
    body = next(
        (told[n] for n in ("table", "counts", "cells", "values", "data") if isinstance(told.get(n), list | Mapping)),
        None,
    )
    if body is None:
        raise InputError("The example has no table.", 'Give nested lists, with null or "?" for what is withheld.')
    filled = _replaced(body)
    labels, lists = shaped({**told, "table": filled}, ("table",))
    full = np.array(lists, dtype=np.float64)
    unseen = full < 0
    for cell in listed:
        unseen[_place(labels, cell)] = True
    return np.where(unseen, 0.0, full), unseen, labels


def _replaced(told: Any) -> Any:
    """Return nested lists with -1 for whatever is no number."""
    if isinstance(told, Mapping):
        return {name: _replaced(value) for name, value in told.items()}
    if isinstance(told, list):
        return [_replaced(value) for value in told]
    if told is None or (isinstance(told, str) and told.casefold() in _HIDDEN_WORDS):
        return -1
    if isinstance(told, int | float) and told >= 0:
        return told
    raise InputError(f"A cell of the table is {told!r}.", 'Give a number from 0, or null or "?".')


def _place(labels: list[list[str]], cell: Any) -> tuple[int, ...]:
    parts = list(cell) if isinstance(cell, list) else re.split(r"[|,;/]", str(cell))
    if len(parts) == len(labels):
        named = [
            names.index(label_of(p)) if label_of(p) in names else -1 for names, p in zip(labels, parts, strict=True)
        ]
        if min(named) >= 0:
            return tuple(named)
    digits = [p for p in parts if isinstance(p, int)] if isinstance(cell, list) else []
    if digits:
        return tuple(digits)
    numbers = re.findall(r"\d+", str(cell))
    numbers = list(numbers[0]) if len(numbers) == 1 and len(numbers[0]) == len(labels) else numbers
    place = tuple(int(number) - 1 for number in numbers)
    if len(place) != len(labels) or any(not 0 <= p < len(names) for p, names in zip(place, labels, strict=True)):
        raise InputError(f"The table has no cell {cell!r}.", "Name one label or place a dimension.")
    return place


def _completed(numbers: Floats, unseen: Bools, labels: list[list[str]], given: Mapping[str, Any]) -> Told:
    """Return a table that looks like the one told, its values and which are withheld.

    What an attacker can bound does not depend on which of the possible tables is the true one. The last label of a
    dimension is its margin where labels or sums say so; most margins first.
    """
    named = [ALL in names for names in labels]
    words = str(given.get("margins", "")).casefold()
    choices = [named] if any(named) else sorted(product((True, False), repeat=len(labels)), key=lambda c: -sum(c))
    if re.search(r"none|not|no\b", words):
        choices = [[False] * len(labels)]
    for choice in choices:
        found = _tried(numbers, unseen, labels, choice)
        if found is not None:
            return found
    raise InputError("No table looks like that: its numbers contradict its margins.", "Check the table.")


def _tried(numbers: Floats, unseen: Bools, labels: list[list[str]], margins: Sequence[bool]) -> Told | None:
    if any(margin and len(names) < 2 for margin, names in zip(margins, labels, strict=True)):
        return None
    titles = [
        names if ALL in names or not margin else [*names[:-1], ALL]
        for names, margin in zip(labels, margins, strict=True)
    ]
    inner = [[name for name in names if name != ALL] for names in titles]
    shape = [len(names) for names in inner]
    table = table_of_counts({f"axis {i + 1}": n for i, n in enumerate(inner)}, np.zeros(shape))
    low, high = np.zeros(len(table)), np.full(len(table), np.inf)
    withheld, absent = np.zeros(len(table), dtype=bool), np.ones(len(table), dtype=bool)
    for place in np.ndindex(*numbers.shape):
        cell = table.index([names[i] for names, i in zip(titles, place, strict=True)])
        withheld[cell], absent[cell] = unseen[place], False
        if not unseen[place]:
            low[cell] = high[cell] = numbers[place]
    told = Cells(*_blank(table))
    whole = bool((numbers == np.rint(numbers)).all())
    rows = (told.rows.low, told.rows.high)
    values = least(np.zeros(len(table)), told.rows.matrix, rows, (low, high), whole=whole)
    if isinstance(values, Nothing):
        return None
    return Told(table, np.rint(values) if whole else np.maximum(values, 0.0), withheld, absent)


def _blank(table: Table) -> tuple[Any, ...]:
    nothing = np.zeros(len(table), dtype=bool)
    zero = np.zeros(len(table))
    return (zero, table.relations, nothing, zero, zero, nothing, nothing, True, zero, np.ones(len(table)))
