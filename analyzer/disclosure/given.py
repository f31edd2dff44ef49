"""Tables whose cells are given as numbers, such as those of a handbook, and not counted from rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.disclosure.dimensions import ALL, Dimension, dimension_of
from analyzer.disclosure.table import LARGEST, MOST_CELLS, MOST_DIMENSIONS, Table, structure
from analyzer.errors import InputError
from analyzer.grouping.arrays import Floats


def table_of_counts(
    labels: Mapping[str, Sequence[str]],
    counts: npt.ArrayLike,
    hierarchies: Mapping[str, Mapping[str, str]] | None = None,
) -> Table:
    """Return the table of households whose finest cells are given; nobody is in two of them.

    Parameters
    ----------
    labels : mapping of dimension to labels
        One to three dimensions.
    counts : array of numbers, one axis a dimension
        Households, whole numbers from 0.
    hierarchies : optional
        As of `analyzer.disclosure.table.tabulate`.

    Raises
    ------
    InputError
        When the counts do not fit the labels, or are no counts.
    """
    told = _checked(labels, counts)
    if (told != np.rint(told)).any():
        raise InputError("A count is not a whole number.", "Counts of households are whole numbers from 0.")
    dimensions = _dimensions(labels, hierarchies or {})
    whole, _ = structure(dimensions)
    values = _with_margins(dimensions, labels, told)
    households = values.astype(np.int64)
    largest = np.zeros((len(values), LARGEST))
    overlap = np.zeros(len(whole), dtype=np.int64)
    keys = tuple(product(*(d.labels for d in dimensions)))
    return Table(dimensions, keys, households, values, largest, True, overlap, int(told.sum()), 0)


def table_of_totals(contributions: Mapping[str, Sequence[float]], totals: Mapping[str, float], depth: int) -> Table:
    """Return a table of one dimension with the contributions that are given of each cell.

    Parameters
    ----------
    contributions : mapping of label to numbers
        One a household, in any order; those beyond the largest need not be given.
    totals : mapping of label to number
        Where it is more than the contributions given, smaller households make up the rest.
    depth : int
        How many of the largest are kept, at least 3.

    Raises
    ------
    InputError
        When a contribution is below 0 or no number, or more than its total.
    """
    names = {"cell": list(contributions)}
    amounts = {label: np.sort(np.asarray(given, dtype=np.float64))[::-1] for label, given in contributions.items()}
    told = _checked(names, [max(float(totals.get(name, 0.0)), float(a.sum())) for name, a in amounts.items()])
    for label, given in amounts.items():
        if not (np.isfinite(given) & (given >= 0)).all() or given.sum() > totals.get(label, np.inf) * (1 + 1e-12):
            raise InputError(
                f"The contributions of {label!r} are below 0, or more than its total.",
                "Numbers from 0, up to the total.",
            )
    dimensions = _dimensions(names, {})
    whole, _ = structure(dimensions)
    values, households = _with_margins(dimensions, names, told), np.zeros(len(dimensions[0].labels), dtype=np.int64)
    largest = np.zeros((len(values), max(depth, LARGEST)))
    for label, given in [*amounts.items(), (ALL, np.sort(np.concatenate(list(amounts.values())))[::-1])]:
        place = dimensions[0].number[label]
        households[place] = (given > 0).sum() + (values[place] > given.sum() * (1 + 1e-12))
        largest[place, : len(given)] = given[: largest.shape[1]]
    keys = tuple((label,) for label in dimensions[0].labels)
    return Table(dimensions, keys, households, values, largest, False, np.zeros(len(whole), np.int64), len(values), 0)


def _checked(labels: Mapping[str, Sequence[str]], numbers: npt.ArrayLike) -> Floats:
    shape = tuple(len(names) for names in labels.values())
    try:
        told: Floats = np.asarray(numbers, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("The cells are not all numbers.", "Give one number a cell.") from None
    if told.shape != shape or not 1 <= told.ndim <= MOST_DIMENSIONS:
        raise InputError(
            f"The numbers are of shape {told.shape}, the labels of shape {shape}.",
            f"Give one to {MOST_DIMENSIONS} dimensions, and one number a combination of labels.",
        )
    if any(len(set(names)) < len(names) for names in labels.values()):
        raise InputError("A label is there twice.", "Each label of a dimension stands for itself.")
    if not (np.isfinite(told) & (told >= 0)).all():
        raise InputError("A number is below 0 or unknown.", "Cells hold numbers from 0.")
    if np.prod([size + 1 for size in shape]) > MOST_CELLS:
        raise InputError("The table is too large.", f"At most {MOST_CELLS:,} cells are allowed.")
    return told


def _dimensions(
    labels: Mapping[str, Sequence[str]], hierarchies: Mapping[str, Mapping[str, str]]
) -> tuple[Dimension, ...]:
    return tuple(
        dimension_of(name, pd.Series(list(names), dtype=object), hierarchies.get(name, {}))
        for name, names in labels.items()
    )


def _with_margins(dimensions: Sequence[Dimension], labels: Mapping[str, Sequence[str]], leaves: Floats) -> Floats:
    """Return all cells; parts of a later dimension are summed after those of an earlier one, so that all are there."""
    full: npt.NDArray[Any] = np.zeros(tuple(len(d.labels) for d in dimensions))
    places = [[d.number[name] for name in names] for d, names in zip(dimensions, labels.values(), strict=True)]
    full[np.ix_(*places)] = leaves
    values: Floats = full.ravel()
    for whole, parts in zip(*structure(dimensions), strict=True):
        values[whole] = values[parts].sum()
    return values
