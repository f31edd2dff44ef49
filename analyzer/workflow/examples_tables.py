"""The table of a worked example: nested lists or mappings, with or without labels and margins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.given import table_of_counts
from analyzer.disclosure.table import Table
from analyzer.errors import InputError
from analyzer.workflow.examples_words import label_of

COUNTS: Final = ("counts", "table", "cells", "n", "values", "data", "rows", "households", "frequencies")
_LABELS: Final = (
    ("rows", "row_labels", "labels", "categories", "groups", "row"),
    ("cols", "columns", "col_labels", "col"),
    ("layers", "slices", "pages", "depth", "layer_labels", "layer"),
)

Shaped = tuple[list[list[str]], Any]


def shaped(given: Mapping[str, Any], names: Sequence[str] = COUNTS) -> Shaped:
    """Return the labels of each dimension and the nested lists of an example; margins are left in.

    Raises
    ------
    InputError
        When the example has no table of numbers.
    """
    told = next((given[name] for name in names if _holds_numbers(given.get(name))), None)
    if told is None:
        raise InputError("The example has no table of numbers.", f"Give one of {', '.join(names)}.")
    if not isinstance(told, Mapping | list):
        return [["cell"]], [told]
    labels: list[list[str]] = []
    while isinstance(told, Mapping) or (isinstance(told, list) and told and isinstance(told[0], Mapping)):
        first = told if isinstance(told, Mapping) else None
        if first is None:
            break
        labels.append([label_of(name) for name in first])
        told = list(first.values())
        inner = told[0] if told else None
        if isinstance(inner, Mapping):
            names_in = list(dict.fromkeys(name for row in told for name in row))
            told = _transposed(told, names_in)
            labels.append([label_of(name) for name in names_in])
            break
    depth = _depth(told)
    return _labelled(given, labels, told, depth), told


def _transposed(rows: list[Mapping[str, Any]], names: list[str]) -> list[list[Any]]:
    return [[row.get(name, 0) for name in names] for row in rows]


def _holds_numbers(told: object) -> bool:
    while isinstance(told, Mapping | list) and told:
        told = next(iter(told.values())) if isinstance(told, Mapping) else told[0]
    return isinstance(told, int | float) and not isinstance(told, bool)


def _depth(told: object) -> int:
    depth = 0
    while isinstance(told, list):
        depth, told = depth + 1, told[0] if told else None
    return depth


def _labelled(given: Mapping[str, Any], known: list[list[str]], told: Any, depth: int) -> list[list[str]]:
    sizes = np.shape(np.array(told, dtype=object))[:depth]
    labels = list(known)
    dims = given.get("dims") or given.get("dimensions")
    named = list(dims.values()) if isinstance(dims, Mapping) else dims if isinstance(dims, list) else []
    for axis in range(len(labels), depth):
        found = [[label_of(name) for name in option] for option in _options(given, named, axis)]
        fits = [names for names in found if len(names) == sizes[axis]]
        labels.append(fits[0] if fits else [f"{'rcl'[min(axis, 2)]}{place + 1}" for place in range(sizes[axis])])
    return labels


def _options(given: Mapping[str, Any], named: list[Any], axis: int) -> list[list[Any]]:
    options = [named[axis]] if axis < len(named) else []
    for names in (_LABELS[min(axis, 2)], *_LABELS):
        options += [given.get(name) for name in names]
    return [
        option for option in options if isinstance(option, list) and option and not isinstance(option[0], list | dict)
    ]


def counts_in(given: Mapping[str, Any], names: Sequence[str] = COUNTS) -> Table:
    """Return the table of counts of an example; margins that are given must be the sums of their parts.

    Raises
    ------
    InputError
        When there is none, or a margin is another number.
    """
    labels, told = shaped(given, names)
    try:
        full = np.array(told, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("The table of the example is not made of numbers.", "Give a number for each cell.") from None
    margins = given.get("margins") == "included"
    labels = [[*names[:-1], ALL] if margins and ALL not in names else names for names in labels]
    inner = full[np.ix_(*([i for i, name in enumerate(names) if name != ALL] for names in labels))]
    axes = {f"axis {axis + 1}": [name for name in names if name != ALL] for axis, names in enumerate(labels)}
    table = table_of_counts(axes, inner, _hierarchies(given, axes))
    for place in np.ndindex(*full.shape):
        key = [names[i] for names, i in zip(labels, place, strict=True)]
        if table.values[table.index(key)] != full[place]:
            raise InputError(f"The margin {key} is {full[place]:g}, and its parts are not.", "Check the table.")
    return table


def _hierarchies(given: Mapping[str, Any], axes: Mapping[str, list[str]]) -> dict[str, dict[str, str]]:
    """Return groups of labels, written as label -> group or group -> labels, for the dimension that has them."""
    told = given.get("hierarchy") or given.get("hierarchies") or {}
    parts = list(told.values()) if told and all(isinstance(v, Mapping) for v in told.values()) else [told]
    found: dict[str, dict[str, str]] = {}
    for part in parts:
        above: dict[str, str] = {}
        for name, value in part.items():
            above |= {str(child): str(name) for child in value} if isinstance(value, list) else {str(name): str(value)}
        above = {child: label_of(group) for child, group in above.items()}
        axis = next((axis for axis, labels in axes.items() if set(labels) & set(above)), None)
        if axis:
            found[axis] = dict.fromkeys(axes[axis], ALL) | {c: g for c, g in above.items() if label_of(c) != ALL}
    return found
