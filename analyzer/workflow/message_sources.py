"""Figures that left before: a number of a draft that a release of the ledger holds has its source there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from analyzer.disclosure.limits import Limits
from analyzer.errors import InputError
from analyzer.messages.bands import fits
from analyzer.messages.claim import Amount, Claim, Statistic
from analyzer.messages.title_figures import Figure
from analyzer.messages.verdict import Layer, Reason, VerdictStatus

if TYPE_CHECKING:
    from analyzer.ledger.store import Ledger

POPULATION: Final = "all viewers"
_TITLES: Final = frozenset({"title_name", "title_id", "series_id"})
_MEASURES: Final = {Statistic.HOURS: ("hours",), Statistic.PEOPLE: ("households",), Statistic.PLAYS: ("plays",)}


@dataclass(frozen=True)
class Released:
    """What left over all viewers for one purpose.

    Attributes
    ----------
    releases : each with its number in the ledger and what left, as JSON values.
    """

    releases: tuple[tuple[int, Mapping[str, Any]], ...]

    @staticmethod
    def of(ledger: Any, purpose: str) -> Released:
        """Return the releases of a ledger for a purpose: what left for another one has no source here.

        Raises
        ------
        InputError
            When there is no such ledger.
        """
        if ledger is None:
            return Released(())
        ledger = ledger_of(ledger)
        numbers = range(1, ledger.last(POPULATION) + 1)
        told = [(number, table) for number in numbers for table in _tables(ledger.release(number))]
        return Released(
            tuple((n, one) for n, one in told if (one["purpose"], one["population"]) == (purpose, POPULATION))
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the titles that are told of."""
        named = [one for _, one in self.releases if len(one["by"]) == 1 and one["by"][0] in _TITLES]
        return tuple(dict.fromkeys(cell["labels"][0] for one in named for cell in one["cells"]))

    def source_of(self, claim: Claim, limits: Limits) -> Reason | None:
        """Return the release that a claim's figure left with, as a reason that speaks for it; None where none did."""
        stated = claim.who.count if claim.statistic is Statistic.PEOPLE else claim.amount
        if stated is None or claim.frequency is not None or claim.statistic not in _MEASURES:
            return None
        for number, release in self.releases:
            cell = next(_cells(release, claim), None) if release["measure"] in _MEASURES[claim.statistic] else None
            if cell is not None and _is(stated, cell, release["measure"], limits):
                return _reason(number, release, stated)
        return None


def ledger_of(given: Any) -> Ledger:
    """Return an open ledger of whatever names one.

    Raises
    ------
    InputError
        When there is no such ledger.
    """
    from analyzer.ledger.store import Ledger, open_ledger

    if isinstance(given, str | os.PathLike):
        if "://" not in str(given) and not Path(given).is_file():
            raise InputError(f"There is no ledger {given}.", "Name the one that `analyzer release` keeps.")
        given = open_ledger(os.fspath(given), make=False)
    if not isinstance(given, Ledger):
        raise InputError(f"The ledger is a {type(given).__name__}.", "Give a file, a URL or an open ledger.")
    return given


def _tables(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the tables that left together."""
    found: list[Mapping[str, Any]] = list(content.get("releases", ()))
    return found


def _cells(release: Mapping[str, Any], claim: Claim) -> Iterator[float]:
    """Yield the numbers of a release that are of the claim's title alone."""
    if len(release["by"]) != 1 or release["by"][0] not in _TITLES or claim.content is None:
        return
    name = (claim.content.title or claim.content.name).casefold()
    for cell in release["cells"]:
        if cell["value"] is not None and cell["labels"][0].casefold() == name:
            yield float(cell["value"])


def _is(stated: Amount, value: float, unit: str, limits: Limits) -> bool:
    return fits(stated, Figure("released", unit, value), limits)


def _reason(number: int, release: Mapping[str, Any], stated: Amount) -> Reason:
    told = release["provenance"]
    because = f"It left as release {number} of {told['made_on']}: {told['source']}, {told['window']}."
    return Reason("figure-released", VerdictStatus.ALLOW, because, (told["definition"],), (stated.span,), Layer.TRUTH)
