"""What is asked for when numbers want to leave, checked before anything is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from analyzer.disclosure.limits import Limits
from analyzer.disclosure.noised import Noise
from analyzer.disclosure.table import MOST_DIMENSIONS
from analyzer.disclosure.told import Statistic
from analyzer.errors import InputError, did_you_mean
from analyzer.ledger.requested import KeptRequest, approved
from analyzer.policy.uses import Purpose, Statement
from analyzer.workflow.provenance import Source
from analyzer.workflow.release_policy import TITLE_COLUMNS

HOUSEHOLDS: Final = "households"
_HOURS: Final = {"hours": 1.0, "played_s": 3_600.0}
_STATEMENTS: Final = {Statistic.HOUSEHOLDS: Statement.COUNT_OF_PEOPLE, Statistic.SHARE: Statement.COUNT_OF_PEOPLE}


@dataclass(frozen=True)
class Asking:
    """What is asked for; see `release_table`.

    Attributes
    ----------
    by : columns of all tables of the request together.
    household : the column that says whose a row is.
    paid : noise, and the period whose budget pays for it.
    request : number of the release request that it fulfils; None where nobody asked at the desk.
    """

    by: tuple[str, ...]
    measure: str
    statistic: Statistic
    purpose: Purpose
    population: str
    household: str
    source: Source
    hierarchies: Mapping[str, Mapping[str, str]]
    limits: Limits
    paid: tuple[Noise, str] | None
    request: int | None = None

    @property
    def column(self) -> str | None:
        """The column that is added up; None where households are counted."""
        return None if self.measure == HOUSEHOLDS else self.measure

    @property
    def statement(self) -> Statement:
        """What kind of statement the policy is asked about."""
        return _STATEMENTS.get(self.statistic, Statement.HOURS)

    @property
    def hours(self) -> float:
        """How many of the measure are an hour, where the public total of a title is meant; else 0."""
        public = self.purpose is not Purpose.INTERNAL_RESEARCH and bool(TITLE_COLUMNS & set(self.by))
        return _HOURS.get(self.measure, 0.0) if public and self.statistic is Statistic.TOTAL else 0.0


def columns_together(tables: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the columns of several tables, each once."""
    columns = tuple(dict.fromkeys(column for by in tables for column in by))
    if len(tables) > 1 and len(columns) > MOST_DIMENSIONS:
        raise InputError(
            f"The tables of the request are by {', '.join(columns)} together.",
            f"Give at most {MOST_DIMENSIONS} columns; further tables in another request, which is compared with this.",
        )
    return columns


def check_columns(frame: pd.DataFrame, tables: Sequence[tuple[str, ...]], household: str) -> None:
    """Refuse tables by columns that are not there, before anybody is asked about them."""
    for by in tables:
        if not 1 <= len(by) <= MOST_DIMENSIONS or len(set(by)) < len(by):
            raise InputError(f"A table is by {', '.join(by) or 'nothing'}.", "Give one to three different columns.")
    known = [str(column) for column in frame.columns]
    for name in (*columns_together(tables), household):
        if name not in known:
            hint = did_you_mean(name, known) or f"There are {', '.join(known[:12])}."
            raise InputError(f"The rows have no column {name!r}.", hint)


def check_request(
    kept: KeptRequest, tables: Sequence[tuple[str, ...]], measure: str, purpose: Purpose, source: str, window: str
) -> None:
    """Refuse a release that is not the one that was asked for and approved."""
    asked = approved(kept).asked
    if len(tables) != 1 or not asked.asks_for(tables[0], measure, purpose.value, source, window):
        raise InputError(
            f"Request {kept.number} asks for {asked.measure} by {', '.join(asked.by)}, for {asked.purpose},"
            f" of {asked.source}, {asked.window}.",
            "Release that one table, with the source and the window as they were asked for, or without the request.",
        )


def said(text: str, name: str) -> str:
    """Return a text that must not be empty."""
    if not text.strip():
        raise InputError(f"The {name} of the numbers is not told.", f"Say in words what the {name} is.")
    return text.strip()


def purpose_of(told: Purpose | str) -> Purpose:
    """Return the purpose of that name."""
    meant = {purpose.value: purpose for purpose in Purpose}
    if isinstance(told, Purpose):
        return told
    if told not in meant:
        hint = did_you_mean(told, list(meant)) or f"A purpose is one of {', '.join(meant)}."
        raise InputError(f"The purpose {told!r} is unknown.", hint)
    return meant[told]


def statistic_of(told: Statistic | str | None, measure: str) -> Statistic:
    """Return what is told of each cell: the first that the measure allows where nothing is said."""
    of_people = (Statistic.HOUSEHOLDS, Statistic.SHARE)
    allowed = of_people if measure == HOUSEHOLDS else (Statistic.TOTAL, Statistic.MEAN)
    names = [one.value for one in allowed]
    word = told.value if isinstance(told, Statistic) else told
    if word is not None and word not in names:
        raise InputError(f"The statistic of {measure} is {word!r}.", f"It is one of {', '.join(names)}.")
    return allowed[0] if word is None else Statistic(word)


def household_of(frame: pd.DataFrame) -> str:
    """Return the column that says whose a row is."""
    for column in ("household_id", "viewer_id"):
        if column in frame.columns:
            return column
    raise InputError("No column says whose a row is.", "Name it with household=...: people are counted, not rows.")


def with_hours(frame: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the frame with hours, where they are asked for and only seconds are there."""
    if measure != "hours" or "hours" in frame or "played_s" not in frame:
        return frame
    return frame.assign(hours=frame["played_s"] / 3_600.0)


def paid_from(noise: Noise | None, period: str | None) -> tuple[Noise, str] | None:
    """Return noise with the period whose budget pays for it."""
    if (noise is None) != (period is None):
        raise InputError(
            "Noise and the period whose budget pays for it belong together.", "Give both, or neither of them."
        )
    return (noise, period) if noise and period else None
