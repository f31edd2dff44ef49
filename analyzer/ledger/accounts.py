"""Budgets in the database: totals that were set, and what releases spent of them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from analyzer.disclosure.budget import Budget, BudgetSpentError, Charge, written
from analyzer.errors import InputError
from analyzer.ledger.events import What
from analyzer.ledger.records import damaged
from analyzer.ledger.tables import BUDGETS, SPENDINGS
from analyzer.ledger.traced import BUDGET, SPENDING
from analyzer.ledger.writing import written as kept


def budget_of(connection: sa.Connection, population: str, period: str) -> Budget | None:
    """Return a budget with what is spent of it; None where none is set."""
    total = connection.scalar(sa.select(BUDGETS.c.total).where(_is(BUDGETS, population, period)))
    return None if total is None else _budget(connection, population, period, total)


def all_budgets(connection: sa.Connection) -> tuple[Budget, ...]:
    """Return all budgets, by population and period."""
    rows = connection.execute(sa.select(BUDGETS).order_by(BUDGETS.c.population, BUDGETS.c.period)).all()
    return tuple(_budget(connection, row.population, row.period, row.total) for row in rows)


def set_total(connection: sa.Connection, asked: Budget, who: str) -> Budget:
    """Set the total of a population and period, which the transaction holds.

    Raises
    ------
    InputError
        When more than that is spent already.
    """
    spent = _spent(connection, asked.population, asked.period)
    if asked.total < spent:
        raise InputError(
            f"Of the budget of {asked.population!r} for {asked.period!r} {written(spent)} is spent already.",
            f"Set it to {written(spent)} or more.",
        )
    connection.execute(sa.delete(BUDGETS).where(_is(BUDGETS, asked.population, asked.period)))
    values = {"population": asked.population, "period": asked.period, "total": str(asked.total)}
    kept(connection, BUDGET, values, who, What.BUDGET_SET, values)
    return Budget(asked.population, asked.period, asked.total, spent)


def spend(connection: sa.Connection, population: str, charge: Charge, release: int, who: str) -> None:
    """Spend what a release costs from the budget of its population, which the transaction holds.

    Raises
    ------
    BudgetSpentError
        When the budget does not pay for it, or none is set.
    """
    budget = budget_of(connection, population, charge.period)
    if budget is None:
        raise BudgetSpentError(
            f"No privacy budget of {population!r} is set for {charge.period!r}.",
            "Set one with `analyzer budget` or Ledger.allow.",
        )
    budget.spend(charge.amount)
    values = {"release": release, "population": population, "period": charge.period, "amount": str(charge.amount)}
    kept(connection, SPENDING, values, who, What.SPENT, values)


def _budget(connection: sa.Connection, population: str, period: str, total: str) -> Budget:
    return Budget(population, period, _amount(total), _spent(connection, population, period))


def _spent(connection: sa.Connection, population: str, period: str) -> Fraction:
    amounts = connection.scalars(sa.select(SPENDINGS.c.amount).where(_is(SPENDINGS, population, period)))
    return sum(map(_amount, amounts), Fraction(0))


def _amount(text: Any) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, TypeError, ZeroDivisionError) as error:
        raise damaged("An amount of epsilon", error) from error


def _is(table: sa.Table, population: str, period: str) -> sa.ColumnElement[bool]:
    return (table.c.population == population) & (table.c.period == period)
