"""Numbers that ask to leave: the policy is asked first, then the door, and the ledger keeps what left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.limits import Limits, limits_for
from analyzer.disclosure.noised import Noise
from analyzer.disclosure.release import Draft
from analyzer.disclosure.released import Withheld
from analyzer.disclosure.table import Table, tabulated
from analyzer.disclosure.told import Definition, Statistic
from analyzer.errors import InputError
from analyzer.grouping.arrays import Bools
from analyzer.policy.effects import Outcome
from analyzer.policy.overrides import Override
from analyzer.policy.rulebook import Rulebook, load_rulebook
from analyzer.policy.uses import Purpose
from analyzer.workflow.asking import (
    HOUSEHOLDS,
    Asking,
    check_columns,
    check_request,
    columns_together,
    household_of,
    paid_from,
    purpose_of,
    said,
    statistic_of,
    with_hours,
)
from analyzer.workflow.in_force import in_force
from analyzer.workflow.leaving import Answer, Ready, left
from analyzer.workflow.model import Model
from analyzer.workflow.provenance import Source, provenance_of
from analyzer.workflow.release_policy import Asker, as_a_whole, closed_labels, loosened_words

if TYPE_CHECKING:
    from analyzer.ledger.store import Ledger

MOST_LINKED: Final = 20_000
"""Cells of the table behind several tables of one request: how long an attack on all of them may take."""


def release_table(
    frame: pd.DataFrame,
    by: Sequence[str],
    measure: str = HOUSEHOLDS,
    *,
    purpose: Purpose | str,
    source: str,
    window: str,
    ledger: Ledger | str | Path,
    statistic: Statistic | str | None = None,
    population: str = "all viewers",
    household: str | None = None,
    model: Model | None = None,
    rulebook: Rulebook | None = None,
    hierarchies: Mapping[str, Mapping[str, str]] | None = None,
    built_on: Mapping[str, Sequence[str]] | None = None,
    limits: Limits | None = None,
    noise: Noise | None = None,
    period: str | None = None,
    overrides: Iterable[Override] = (),
    today: date | None = None,
    request: int | None = None,
) -> Answer:
    """Release a table of households or of a total, or say why it is withheld.

    Parameters
    ----------
    frame : DataFrame
        Any rows: sessions, or classified vectors. One household may have many.
    by : sequence of str
        One to three columns. A column called `pattern` holds ids of `model`, or `withheld`.
    measure : str
        "households", or a column of numbers to be added up. `hours` is made of `played_s` where there is none.
    purpose : Purpose or str
        "public message", "press", "internal research", "advertising" or "retention campaign".
    source, window : str
        The data set and its period, in words; a number without them does not leave.
    ledger : Ledger or path
        Compares the tables with everything that left before, and keeps them.
    statistic : Statistic or str, optional
        "households" or "share" of all households of the frame; of another measure "total" or "mean" of a household.
    population : str
        Whom the tables are about; releases of one population are compared with each other.
    household : str, optional
        The column that says whose a row is; `household_id`, else `viewer_id` by default.
    model : Model, optional
        Made the patterns; needed where a table is by pattern.
    rulebook : Rulebook, optional
        The model's, else the shipped one by default.
    hierarchies : optional
        Groups of labels, by column; see `tabulated`.
    built_on : mapping of column to columns, optional
        Of a column that is neither a session's nor a feature: what it is made of, such as {"evening": ["started_at"]};
        an empty list where nothing of a session is behind it. Without it the policy cannot see that no accessibility
        setting defines the table, and withholds.
    limits : Limits, optional
        Those of the purpose by default. The rulebook may ask for more households; fewer it cannot allow.
    noise : Noise, optional
        Differential privacy: finest cells only, paid for from the budget of the population and `period`.
    period : str, optional
        Whose budget the noise is paid from, such as "2026-11".
    overrides : iterable of Override, optional
        What two people decided on rules that allow it.
    today : date, optional
        The day on which is asked; today by default.
    request : int, optional
        Number of the release request of the desk that this fulfils: approved, not yet fulfilled, and for this table.

    Returns
    -------
    Release or Withheld

    Raises
    ------
    InputError
        When the table cannot be made of the frame, the ledger cannot be used, or the request asks for another table.
    DecisionRefusedError
        When the request is not approved, or another release fulfilled it.
    """
    return release_tables(
        frame,
        [by],
        measure,
        purpose=purpose,
        source=source,
        window=window,
        ledger=ledger,
        statistic=statistic,
        population=population,
        household=household,
        model=model,
        rulebook=rulebook,
        hierarchies=hierarchies,
        built_on=built_on,
        limits=limits,
        noise=noise,
        period=period,
        overrides=overrides,
        today=today,
        request=request,
    )[0]


def release_tables(
    frame: pd.DataFrame,
    tables: Sequence[Sequence[str]],
    measure: str = HOUSEHOLDS,
    *,
    purpose: Purpose | str,
    source: str,
    window: str,
    ledger: Ledger | str | Path,
    statistic: Statistic | str | None = None,
    population: str = "all viewers",
    household: str | None = None,
    model: Model | None = None,
    rulebook: Rulebook | None = None,
    hierarchies: Mapping[str, Mapping[str, str]] | None = None,
    built_on: Mapping[str, Sequence[str]] | None = None,
    limits: Limits | None = None,
    noise: Noise | None = None,
    period: str | None = None,
    overrides: Iterable[Override] = (),
    today: date | None = None,
    request: int | None = None,
) -> tuple[Answer, ...]:
    """Release several tables over the same rows, so that none gives away what another one withholds.

    Parameters
    ----------
    frame, measure, purpose and all others
        As of `release_table`.
    tables : sequence of sequence of str
        The columns of each table; at most three different ones together. What is linked by more is asked for in
        several requests: the later one is compared with the earlier one.

    Returns
    -------
    tuple of Release or Withheld, one a table
    """
    book = rulebook or (model.rulebook if model else load_rulebook())
    day, kept = today or datetime.now(UTC).date(), _ledger(ledger)
    if model is not None:
        model = in_force(model if model.rulebook.hash == book.hash else model.under(book), kept, day)
    asker = Asker(book, tuple(overrides), day, model, built_on or {})
    meant = purpose_of(purpose)
    told = Source(said(source, "source"), said(window, "window"), asker.built_on)
    names = tuple(tuple(str(column) for column in by) for by in tables)
    if request is not None:
        check_request(kept.request(request), names, measure, meant, told.name, told.window)
    whose = household or household_of(frame)
    check_columns(frame, names, whose)
    asking = Asking(
        columns_together(names),
        measure,
        statistic_of(statistic, measure),
        meant,
        population,
        whose,
        told,
        hierarchies or {},
        limits or limits_for(meant.value),
        paid_from(noise, period),
        request,
    )
    return _released(with_hours(frame, measure), names, asking, asker, kept)


def _released(
    frame: pd.DataFrame,
    tables: tuple[tuple[str, ...], ...],
    asking: Asking,
    asker: Asker,
    ledger: Ledger,
) -> tuple[Answer, ...]:
    """Ask the policy about each table as a whole, and let the others go on to the door together."""
    households = int(frame[asking.household].nunique())
    refused: dict[tuple[str, ...], Withheld] = {}
    for by in tables:
        use = as_a_whole(by, asking.statement, asking.purpose, households, asker)
        decision, named = asker.decide(use), asker.named(use, ", ".join(by))
        if decision.outcome is not Outcome.ALLOWED or named:
            reasons = tuple(ground.sentence() for ground in (*named, *decision.reasons))
            review = decision.outcome is Outcome.REVIEW and not named
            refused[by] = Withheld(by, asking.measure, asking.purpose.value, reasons, review)
    open_ones = tuple(by for by in tables if by not in refused)
    if not open_ones:
        return tuple(refused[by] for by in tables)
    answers = _through_the_door(frame, open_ones, replace(asking, by=columns_together(open_ones)), asker, ledger)
    told = dict(zip(open_ones, answers, strict=True))
    return tuple(refused.get(by) or told[by] for by in tables)


def _through_the_door(
    frame: pd.DataFrame,
    tables: tuple[tuple[str, ...], ...],
    asking: Asking,
    asker: Asker,
    ledger: Ledger,
) -> tuple[Answer, ...]:
    table, members = tabulated(frame, asking.by, asking.household, asking.column, asking.hierarchies)
    if len(tables) > 1 and len(table) > MOST_LINKED:
        raise InputError(
            f"The tables together have {len(table):,} cells behind them.",
            f"At most {MOST_LINKED:,} are allowed; ask for them one after the other.",
        )
    whole = as_a_whole(asking.by, asking.statement, asking.purpose, int(table.households[-1]), asker)
    bounds = asking.limits.at_least(asker.least(whole) or 0)
    closing = closed_labels(table, whole, asker, bounds, whatever_size=asking.paid is not None)
    draft = Draft(
        table,
        members,
        Definition(asking.population, asking.by, asking.source.window, asking.measure, asking.statistic),
        closing.findings,
        bounds.title_hours_floor * asking.hours,
        bounds.title_hours_step * asking.hours,
        _asked(table, tables) if len(tables) > 1 else None,
    )
    columns = [*asking.by, asking.household, *([asking.measure] if asking.column else [])]
    origin = provenance_of(frame, columns, table, asking.source, asker.rulebook, bounds, asker.model, asker.today)
    origin = replace(origin, decisions=loosened_words(table, asker) or None)
    return left(Ready(draft, bounds, tables, asking, closing.review, origin), ledger)


def _ledger(where: Ledger | str | Path) -> Ledger:
    from analyzer.ledger.store import open_ledger

    return open_ledger(where) if isinstance(where, str | Path) else where


def _asked(table: Table, tables: Sequence[tuple[str, ...]]) -> Bools:
    """Return which cells of the table by all columns are cells of one of the tables."""
    names = [dimension.name for dimension in table.dimensions]
    used = np.array([[label != ALL for label in key] for key in table.keys])
    inside: Bools = np.any([~used[:, [name not in by for name in names]].any(axis=1) for by in tables], axis=0)
    return inside
