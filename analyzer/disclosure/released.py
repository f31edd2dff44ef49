"""What leaves through the door, or does not: a table in which every cell has a status, or a refusal with reasons.

Whoever holds one of these values sees what the public may see. Why a cell is withheld stays inside: "too small" is
said of few people, "withheld so that its neighbour cannot be computed" is not, and telling them apart helps whoever
wants to compute them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import pandas as pd
from markupsafe import Markup

WITHHELD_TEXT: Final = "withheld"


class CellStatus(Enum):
    """What became of a cell of a table."""

    RELEASED = "released"
    ROUNDED = "rounded"
    CODED = "coded"
    NOISED = "with noise"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class ReleasedCell:
    """One cell as it left.

    Attributes
    ----------
    labels : one a dimension; "(all)" is the margin.
    status : what became of it.
    value : float or None
        In the unit of the measure; None where withheld or told as a band.
    text : as it is to be printed: "1,240", "95 % or more", "withheld".
    """

    labels: tuple[str, ...]
    status: CellStatus
    value: float | None
    text: str


def withheld_cell(labels: tuple[str, ...]) -> ReleasedCell:
    """Return a cell that does not leave; every such cell looks the same, whatever the reason."""
    return ReleasedCell(labels, CellStatus.WITHHELD, None, WITHHELD_TEXT)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where every number of a release comes from; without it a number does not leave.

    Attributes
    ----------
    source, window : the data set and its period, in words.
    definition : what a number counts, in one sentence.
    rows_used, rows_dropped : how many rows of the frame have a label everywhere and how many do not, to two digits: an
        exact number of rows may be the number of households, or of the few that were left out.
    sources_hash : SHA-256 of the rows that were used, whatever their order; hex.
    rulebook : id and version.
    rulebook_hash, limits_hash : SHA-256 of what was decided by; hex.
    bundle : digest of the model whose patterns are named; None where none is.
    made_on : ISO date.
    decisions : which patterns stand milder than by the rulebook, and by which decisions of the ledger; None for none.
    """

    source: str
    window: str
    definition: str
    rows_used: str
    rows_dropped: str
    sources_hash: str
    rulebook: str
    rulebook_hash: str
    limits_hash: str
    bundle: str | None
    made_on: str
    decisions: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the provenance as plain JSON values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class Release:
    """A table that may leave.

    Attributes
    ----------
    by : names of the dimensions.
    measure, unit : what the numbers are, and in which unit.
    purpose : what it was released for; another purpose needs another release.
    population : whom the table is about; releases of one population are compared with each other.
    cells : in the order of the labels, margins last.
    provenance : where the numbers come from.
    number : by which the ledger keeps it, not part of what left; tables that left together share one. None before.
    """

    by: tuple[str, ...]
    measure: str
    unit: str
    purpose: str
    population: str
    cells: tuple[ReleasedCell, ...]
    provenance: Provenance
    number: int | None = None

    @property
    def hash(self) -> str:
        """SHA-256 of all that left, in hex."""
        return hashlib.sha256(json.dumps(self._content(), sort_keys=True).encode()).hexdigest()

    def to_frame(self) -> pd.DataFrame:
        """Return one row a cell: the dimensions, `value` (null where withheld or a band), `text` and `status`."""
        rows = [(*c.labels, c.value, c.text, c.status.value) for c in self.cells]
        return pd.DataFrame(rows, columns=[*self.by, "value", "text", "status"])

    def as_json(self) -> dict[str, Any]:
        """Return the release as plain JSON values, with its hash."""
        return {"status": "released", **self._content(), "hash": self.hash}

    def as_csv(self) -> str:
        """Return the cells as CSV; a field that a spreadsheet would run as a formula begins with an apostrophe."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*self.by, self.measure, "unit", "status"])
        for cell in self.cells:
            told = cell.text if cell.value is None else f"{cell.value:.10g}"
            writer.writerow([*map(_harmless, cell.labels), told, self.unit, cell.status.value])
        return out.getvalue()

    def _content(self) -> dict[str, Any]:
        return {
            "by": list(self.by),
            "measure": self.measure,
            "unit": self.unit,
            "purpose": self.purpose,
            "population": self.population,
            "cells": [
                {"labels": list(c.labels), "status": c.status.value, "value": c.value, "text": c.text}
                for c in self.cells
            ],
            "provenance": self.provenance.as_json(),
        }

    def _repr_html_(self) -> str:
        head = Markup("").join(Markup("<th scope='col'>{}</th>").format(name) for name in (*self.by, self.measure))
        rows = Markup("").join(
            Markup("<tr>{}<td style='text-align:right'>{}</td></tr>").format(
                Markup("").join(Markup("<th scope='row'>{}</th>").format(label) for label in cell.labels), cell.text
            )
            for cell in self.cells
        )
        caption = f"{self.provenance.definition} {self.provenance.source}, {self.provenance.window}."
        return str(
            Markup("<table><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(
                caption, head, rows
            )
        )


@dataclass(frozen=True)
class Withheld:
    """A table that does not leave.

    Attributes
    ----------
    by, measure, purpose : what was asked for.
    reasons : sentences, each with the rule or check behind it.
    review : bool
        True where a person may decide; False where nobody may.
    """

    by: tuple[str, ...]
    measure: str
    purpose: str
    reasons: tuple[str, ...]
    review: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the refusal as plain JSON values."""
        return {
            "status": "review" if self.review else "withheld",
            "by": list(self.by),
            "measure": self.measure,
            "purpose": self.purpose,
            "reasons": list(self.reasons),
        }

    def _repr_html_(self) -> str:
        told = Markup("").join(Markup("<li>{}</li>").format(reason) for reason in self.reasons)
        word = "Needs a person's decision" if self.review else "Withheld"
        return str(Markup("<p>{}: {} by {}</p><ul>{}</ul>").format(word, self.measure, ", ".join(self.by), told))


def _harmless(label: str) -> str:
    return f"'{label}" if label[:1] in ("=", "+", "-", "@", "\t", "\r") else label
