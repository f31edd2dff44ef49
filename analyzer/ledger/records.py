"""What goes into the ledger and comes out of it, as frozen values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analyzer.disclosure.budget import Charge
from analyzer.disclosure.limits import Readers
from analyzer.disclosure.sketch import from_bytes
from analyzer.disclosure.told import Definition, Earlier, Statistic, Told
from analyzer.errors import AnalyzerError, InputError


class LedgerError(AnalyzerError):
    """The ledger cannot be used."""


class LedgerMovedError(LedgerError):
    """Something came in after what a writer had seen: a release, a decision or an answer; look again."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """A release that is to be kept.

    Attributes
    ----------
    population, purpose, made_on : whom it is about, what for, and the ISO date.
    told : Told or None
        What later releases are compared with; None where numbers left with noise, which is paid for instead.
    content : what left, as JSON values.
    content_hash, rulebook_hash, sources_hash : SHA-256 in hex.
    charge : Charge or None
        What it costs of the population's budget.

    Raises
    ------
    InputError
        When what is told is about another population: it would never be compared with its own.
    """

    population: str
    purpose: str
    made_on: str
    told: Told | None
    content: Mapping[str, Any]
    content_hash: str
    rulebook_hash: str
    sources_hash: str
    charge: Charge | None = None

    def __post_init__(self) -> None:
        if self.told is not None and self.told.definition.population != self.population:
            raise InputError(
                f"A release over {self.population!r} tells of {self.told.definition.population!r}.",
                "Record it under the population that it is about.",
            )


@dataclass(frozen=True, eq=False)
class Seen:
    """What had left over a population when somebody looked.

    Attributes
    ----------
    population : whose releases they are.
    earlier : oldest first; those with noise are not among them.
    last : number of the newest release; 0 where there is none.
    """

    population: str
    earlier: tuple[Earlier, ...]
    last: int

    def releases(self, population: str) -> tuple[Earlier, ...]:
        """Return every release over the population, oldest first."""
        if population != self.population:
            raise InputError(
                f"The releases over {self.population!r} were looked up, not those over {population!r}.",
                "Look up the population that is to be compared.",
            )
        return self.earlier


def damaged(what: str, error: Exception) -> LedgerError:
    """Return the error for something in the ledger that nobody can have written so."""
    return LedgerError(
        f"{what} in the ledger cannot be read ({error}).",
        "The ledger is damaged or of another version; restore a copy.",
    )


def content_as_text(content: Mapping[str, Any]) -> str:
    """Return what left as JSON.

    Raises
    ------
    InputError
        When a value is none that JSON has.
    """
    try:
        return json.dumps(content, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"What is to be recorded is not JSON: {error}.", "Give plain finite values.") from error


def content_from(text: str) -> Mapping[str, Any]:
    """Return what `content_as_text` wrote.

    Raises
    ------
    LedgerError
        When it was not written so.
    """
    try:
        values = json.loads(text)
    except ValueError as error:
        raise damaged("The content of a release", error) from error
    if not isinstance(values, dict):
        raise damaged("The content of a release", TypeError("it is no object"))
    return values


def told_as_text(told: Told) -> str:
    """Return everything but the sketches as JSON; in ASCII, since a label may be no valid Unicode."""
    by = told.definition
    return json.dumps(
        {
            "population": by.population,
            "by": list(by.by),
            "window": by.window,
            "measure": by.measure,
            "statistic": by.statistic.value,
            "readers": told.readers.value,
            "labels": [list(labels) for labels in told.labels],
            "texts": list(told.texts),
        }
    )


def told_from(text: str, sketches: bytes | None) -> Told:
    """Return what `told_as_text` wrote, with its sketches.

    Raises
    ------
    LedgerError
        When it was not written so, or sketches are missing or of an earlier version.
    """
    held = sketches or b""
    try:
        values = json.loads(text)
        definition = Definition(
            values["population"],
            tuple(values["by"]),
            values["window"],
            values["measure"],
            Statistic(values["statistic"]),
        )
        labels = tuple(tuple(part) for part in values["labels"])
        length = max(len(held) // max(len(labels), 1), 1)
        rows = [held[start : start + length] for start in range(0, len(held), length)]
        told = Told(definition, Readers(values["readers"]), labels, tuple(values["texts"]), from_bytes(rows))
    except (ValueError, KeyError, TypeError) as error:
        raise damaged("A release", error) from error
    if rows and told.sketches.totals != (definition.family is not None):
        raise LedgerError(
            "A total in the ledger was kept by an earlier version, which kept nothing of its amounts.",
            "Begin another ledger for what is to be released from now on; what left before cannot be compared with it.",
        )
    return told
