"""Worked examples about single cells: floors, contributors, dominance, class disclosure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain, repeat
from typing import Any, Final

import numpy as np
import pandas as pd

from analyzer.disclosure.checks import Check, check
from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.given import table_of_counts, table_of_totals
from analyzer.disclosure.limits import Limits, Zeros
from analyzer.disclosure.table import Table, tabulate
from analyzer.errors import InputError
from analyzer.grouping.arrays import Bools
from analyzer.workflow.examples_tables import counts_in, shaped
from analyzer.workflow.examples_words import (
    THRESHOLDS,
    Threshold,
    cell_of,
    close,
    decided,
    decision,
    is_decision,
    names_of,
    numbers_in,
    threshold_of,
)

Compared = dict[str, tuple[object, object, bool]]
"""Name of an expectation -> expected, got, whether they agree."""

INTERNAL: Final = Limits().internal_floor
_CELLS_UNSAFE: Final = ("primary", "unsafe", "suppressed", "suppress", "withheld")
_CELLS_SAFE: Final = ("not_primary", "safe", "published", "publish")
_AT_LIMIT: Final = "unsafe, at the limit"
_AT_LIMIT_SAFE: Final = "safe, at the limit"
_PEOPLE: Final = re.compile(r"distinct|account|household|viewer|contributor|person|people|profile|member|unit")
_ROWS: Final = re.compile(r"rows|records|sessions|plays|views|events")


def limits_of(rule: Threshold) -> Limits:
    """Return limits with the threshold of an example."""
    zeros = Zeros.WITHHOLD if rule.zeros else Zeros.PUBLISH
    return replace(Limits().with_floor(max(rule.floor, 1)), zeros=zeros)


def unsafe(table: Table, rule: Threshold) -> Bools:
    """Return which cells the floor finds, shape (n_cells,)."""
    found = check(table, limits_of(rule), (Check.FLOOR, Check.ZERO))
    primary = np.zeros(len(table), dtype=bool)
    primary[[finding.cell for finding in found]] = True
    return primary & ~((table.households > 0) & (table.households < rule.low))


def primary(given: Mapping[str, Any], expected: Mapping[str, Any]) -> Compared:
    """Compare which cells a floor withholds."""
    table = counts_in(given)
    found = unsafe(table, threshold_of(given, INTERNAL))
    leaves = found & table.leaf
    told: Compared = {}
    for name, value in expected.items():
        if name in _CELLS_UNSAFE and isinstance(value, list):
            cells = {cell_of(table, cell) for cell in value}
            got = {*np.flatnonzero(leaves).tolist(), *(cell for cell in cells if found[cell])}
            told[name] = (value, names_of(table, got), got == cells)
        elif name in _CELLS_SAFE and isinstance(value, list):
            wrong = {cell for cell in (cell_of(table, one) for one in value) if found[cell]}
            told[name] = (value, f"withheld of them: {names_of(table, wrong)}", not wrong)
        elif name in ("n_primary", "n_unsafe", "n_suppressed", "n_withheld", "count"):
            told[name] = (value, int(leaves.sum()), value == leaves.sum())
        elif name in ("n_safe", "n_published", "n_not_primary"):
            safe = int((table.leaf & ~found).sum())
            told[name] = (value, safe, value == safe)
        elif name == "decision":
            told[name] = decided(value, bool(leaves.any()))
    return told


def contributors(given: Mapping[str, Any], expected: Mapping[str, Any]) -> Compared:
    """Compare whether households are counted, and not rows."""
    table = tabulate(_frame_of(given), ["cell"], "household")
    found = unsafe(table, threshold_of(given, INTERNAL))
    told: Compared = {}
    for name, value in expected.items():
        if name == "decision":
            told[name] = decided(value, bool(found[table.leaf].any()))
        elif name in (*_CELLS_UNSAFE, *_CELLS_SAFE) and isinstance(value, list):
            right = name in _CELLS_UNSAFE
            cells = np.flatnonzero(table.leaf & (found if right else ~found)).tolist()
            got = [table.keys[cell][0] for cell in cells]
            told[name] = (value, got, sorted(map(str, value)) == sorted(got))
        elif isinstance(value, Mapping):
            counted = {label: int(table.households[cell_of(table, label)]) for label in value}
            told[name] = (value, counted, counted == dict(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            told[name] = (value, total := int(table.households[table.index([ALL])]), total == value)
        elif name == "unit" or (name == "reason" and re.search(r"account|household|distinct", str(value))):
            rows, people = table.rows_used, int(table.households[table.index([ALL])])
            told[name] = (value, f"{people} households counted in {rows} rows", people <= rows)
    return told


def _frame_of(given: Mapping[str, Any]) -> pd.DataFrame:
    """Return rows of households in cells: from lists of them, or from a number of rows and of households."""
    cells = next((v for v in given.values() if isinstance(v, Mapping) and _lists(v)), None)
    if cells is not None:
        pairs = [(str(cell), str(who)) for cell, people in cells.items() for who in people]
        return pd.DataFrame(pairs, columns=["cell", "household"])
    people = next((v for n, v in given.items() if n not in THRESHOLDS and _PEOPLE.search(n)), None)
    if isinstance(people, list):
        rows_of_each = bool(people) and isinstance(people[0], int | float)
        who = chain(*map(repeat, range(len(people)), people)) if rows_of_each else people
        return pd.DataFrame({"cell": "cell", "household": [str(one) for one in who]})
    rows = next((v for n, v in given.items() if n not in THRESHOLDS and _ROWS.search(n) and isinstance(v, int)), people)
    if not isinstance(people, int) or not isinstance(rows, int) or not 0 < people <= rows <= 10_000_000:
        raise InputError("The example does not say how many households are behind its rows.", "Give both numbers.")
    return pd.DataFrame({"cell": "cell", "household": np.arange(rows) % people})


def _lists(told: Mapping[str, Any]) -> bool:
    return bool(told) and all(isinstance(people, list) for people in told.values())


# Dominance


def dominance(given: Mapping[str, Any], expected: Mapping[str, Any]) -> Compared:
    """Compare which totals are dominated by few; a share that meets its limit exactly is unsafe, and a boundary."""
    cells, totals = _contributions(given)
    rules = {name: _rule(name) for name in expected if _rule(name)} or {"": _own_rule(given)}
    answers = {name: _dominated(cells, totals, rule or _own_rule(given)) for name, rule in rules.items()}
    own = next(iter(answers.values()))
    told: Compared = {}
    for name, value in expected.items():
        if name in answers and name:
            states = dict(value) if isinstance(value, Mapping) else {next(iter(cells)): value}
            got = {cell: answers[name][cell] for cell in states}
            told[name] = (value, got, all(_same(states[cell], got[cell]) for cell in states))
        elif name in ("unsafe", "safe", "boundary") and isinstance(value, list):
            got_list = [cell for cell, state in own.items() if _same(name, state)]
            at_limit = {cell for cell, state in own.items() if state in (_AT_LIMIT, _AT_LIMIT_SAFE)}
            told[name] = (value, got_list, set(got_list) - at_limit <= {str(v) for v in value} <= set(got_list))
        elif name == "decision" or (name in cells and is_decision(value)):
            state = (
                own[name]
                if name in cells
                else "unsafe"
                if any(s in ("unsafe", _AT_LIMIT) for s in own.values())
                else "safe"
            )
            told[name] = decided(value, state in ("unsafe", _AT_LIMIT))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            figures = _figures(next(iter(cells.values())), next(iter(totals.values())), given)
            found = [figure for word, figure in figures.items() if word in name] or list(figures.values())
            fits = next((figure for figure in found if close(value, figure)), found[0])
            told[name] = (value, fits, close(value, fits))
    return told


def _same(told: object, state: str) -> bool:
    if str(told).casefold() == "boundary":
        return state in (_AT_LIMIT, _AT_LIMIT_SAFE)
    return (decision(told) == "allowed") == (state in ("safe", _AT_LIMIT_SAFE))


def _contributions(given: Mapping[str, Any]) -> tuple[dict[str, list[float]], dict[str, float]]:
    told = next((v for v in given.values() if isinstance(v, Mapping) and _lists(v)), None)
    one = next((v for v in given.values() if isinstance(v, list)), None)
    if told is None and one is None:
        named = {n: float(v) for n, v in given.items() if re.fullmatch(r"x_?\d+|largest|second", n)}
        one = [named[name] for name in sorted(named)]
    cells = {str(n): numbers_in(v) for n, v in told.items()} if told is not None else {"cell": numbers_in(one or [])}
    total = next((given[name] for name in ("total", "X", "sum", "cell_total") if name in given), None)
    totals = given.get("totals") if isinstance(given.get("totals"), Mapping) else {}
    return cells, {
        name: float((totals or {}).get(name, total if total is not None else sum(sorted(amounts))))
        for name, amounts in cells.items()
    }


Rule = tuple[str, float, float]


def _rule(name: str) -> Rule | None:
    """Return a rule by its name: dom_2_90, nk_1_75, p10, p%_15, pq_10_80, freq_3."""
    text = name.casefold().replace("%", "").replace("-", "_")
    if match := re.fullmatch(r"(?:dom(?:inance)?|nk|n_?k|top)[_ (]*(\d+)[_, ]+(?:k_?)?(0?\.?\d+)\)?", text):
        return ("dominance", float(match[1]), _share(match[2]))
    if match := re.fullmatch(r"(?:p_?q|prior_posterior)[_ (]*(\d+(?:\.\d+)?)[_, q]+(\d+(?:\.\d+)?)\)?", text):
        return ("p", _share(match[1]) / _share(match[2]), 0)
    if match := re.fullmatch(r"(?:p(?:_?ratio|_?percent|_?rule)?|p_?p)_?(\d+(?:\.\d+)?)(?:_?q_?(\d+))?", text):
        return ("p", _share(match[1]) / (_share(match[2]) if match[2] else 1), 0)
    if match := re.fullmatch(r"(?:freq\w*?|min\w*?|f|threshold|nc)_?(\d+)", text):
        return ("floor", float(match[1]), 0)
    return None


def _share(told: object) -> float:
    number = float(str(told))
    return number / 100 if number > 1 or "." not in str(told) else number


def _own_rule(given: Mapping[str, Any]) -> Rule:
    """Return the rule whose figures the example gives; (2,90) dominance where it gives none."""
    words = str(given.get("rule", ""))
    if (named := _rule(words.replace(" ", ""))) or (named := _rule(words)):
        return named
    if match := re.search(r"\(\s*(\d+)\s*,\s*(0?\.?\d+)\s*%?\s*\)", words):
        return ("dominance", float(match[1]), _share(match[2]))
    if match := re.search(r"\bp\s*(?:=|%|-?ratio)?\s*[<:=]?\s*(0?\.?\d+)", words):
        return ("p", _share(match[1]), 0)
    if "p" in given:
        return ("p", _share(given["p"]) / (_share(given["q"]) if "q" in given else 1), 0)
    limits = Limits()
    return ("dominance", float(given.get("n", limits.dominance_n)), _share(given.get("k", limits.dominance_share)))


def _dominated(cells: Mapping[str, list[float]], totals: Mapping[str, float], rule: Rule) -> dict[str, str]:
    """Return for each cell whether it is unsafe or safe, and whether it meets the limit exactly."""
    kind, first, second = rule
    table = table_of_totals(cells, totals, int(first) if kind == "dominance" else 3)
    base = replace(Limits(), class_disclosure=False)
    limits = {
        "dominance": lambda: replace(base, dominance_n=int(first), dominance_share=second),
        "p": lambda: replace(base, p_ratio=first),
        "floor": lambda: base.with_floor(int(first)),
    }[kind]()
    name = {"dominance": Check.DOMINANCE, "p": Check.P_RATIO, "floor": Check.FLOOR}[kind]
    found = {table.keys[finding.cell][0] for finding in check(table, limits, (name,))}
    states = {cell: "unsafe" if cell in found else "safe" for cell in cells}
    words = {"unsafe": _AT_LIMIT, "safe": _AT_LIMIT_SAFE}
    return {c: words[state] if _at_limit(cells[c], totals[c], rule) else state for c, state in states.items()}


def _at_limit(amounts: list[float], total: float, rule: Rule) -> bool:
    kind, first, second = rule
    ordered = [*sorted(amounts, reverse=True), 0.0, 0.0]
    if kind == "dominance":
        return abs(sum(ordered[: int(first)]) - second * total) <= 1e-9 * max(total, 1.0)
    return kind == "p" and abs(total - ordered[0] - ordered[1] - first * ordered[0]) <= 1e-9 * max(total, 1.0)


def _figures(amounts: list[float], total: float, given: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures behind the rules: the share of the n largest, and what is left beside the largest two."""
    ordered = [*sorted(amounts, reverse=True), 0.0, 0.0]
    count = int(given.get("n", Limits().dominance_n))
    ratio = (total - ordered[0] - ordered[1]) / ordered[0] if ordered[0] else 0.0
    share = sum(ordered[:count]) / total if total else 0.0
    return {
        "ratio": ratio,
        "p": ratio,
        "top1": ordered[0] / total if total else 0.0,
        "share": share,
        "percent": 100 * share,
    }


# Class disclosure


def class_disclosure(given: Mapping[str, Any], expected: Mapping[str, Any]) -> Compared:
    """Compare of which groups all, or all but very few, are in one cell."""
    labels, rows = shaped(given, ("rows", "counts", "table", "cells", "data"))
    limits = Limits().with_floor(1)
    limits = replace(limits, within_group_rest=int(given.get("rest", given.get("within", limits.within_group_rest))))
    found: dict[str, Check] = {}
    for group, counts in zip(labels[0], rows, strict=True):
        inner = {"cell": [str(place) for place in range(len(counts))]}
        checks = {finding.check for finding in check(table_of_counts(inner, counts), limits, (Check.CLASS,))}
        found |= {group: min(checks, key=list(Check).index)} if checks and group != ALL else {}
    told: Compared = {}
    for name, value in expected.items():
        kinds = _class_words(name)
        if kinds and isinstance(value, list):
            got = [group for group, kind in found.items() if kind in kinds]
            told[name] = (value, got, sorted(map(str, value)) == sorted(got))
        elif name in ("safe", "none", "not_disclosive") and isinstance(value, list):
            wrong = [group for group in map(str, value) if group in found]
            told[name] = (value, f"found of them: {wrong}", not wrong)
        elif name == "decision":
            told[name] = decided(value, bool(found))
    return told


def _class_words(name: str) -> tuple[Check, ...]:
    if "within" in name:
        return (Check.WITHIN_GROUP,)
    if "group" in name or "class" in name or "attribute" in name:
        return (Check.CLASS,)
    return (Check.CLASS, Check.WITHIN_GROUP) if name in ("unsafe", "disclosive") else ()
