"""A privacy budget as a value: how much epsilon a population has for a period, and how much of it is spent.

Amounts are exact fractions. Added up as floats, ten times a tenth would not be one, and a budget would be overdrawn or
refuse its last tenth by a rounding error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from analyzer.errors import AnalyzerError, ExitCode, InputError

Amount = str | int | Decimal | Fraction


class BudgetSpentError(AnalyzerError):
    """A release asks for more than what is left of a budget; it is withheld."""

    exit_code = ExitCode.WITHHELD


def exact(amount: Amount) -> Fraction:
    """Return an amount of epsilon as an exact fraction.

    Parameters
    ----------
    amount : str, int, Decimal or Fraction
        "0.1", "1/3", 2.

    Raises
    ------
    InputError
        When it is a float, which is nearly never the number that was typed, no number, or not above 0.
    """
    if isinstance(amount, float | bool):
        raise InputError(f"The amount {amount!r} of epsilon is not exact.", f'Write it as text: "{amount}".')
    try:
        value = Fraction(amount)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        raise InputError(f"{amount!r} is no amount of epsilon.", 'Write it as "0.1" or "1/3".') from None
    if value <= 0:
        raise InputError(
            f"An amount of epsilon is above 0; {amount} is not.", "Leave the charge out where none is due."
        )
    return value


def written(amount: Fraction) -> str:
    """Return an amount for people: as a decimal where that is exact, else as a fraction."""
    decimal = Decimal(amount.numerator) / Decimal(amount.denominator)
    return f"{decimal.normalize():f}" if Fraction(decimal) == amount else str(amount)


@dataclass(frozen=True, slots=True)
class Charge:
    """What a release costs.

    Attributes
    ----------
    period : whose budget, such as "2026-11"; periods are the caller's, and are compared as text.
    amount : epsilon, above 0; see `exact`.
    """

    period: str
    amount: Fraction

    @classmethod
    def of(cls, period: str, amount: Amount) -> Charge:
        """Return a charge from an amount as it is typed."""
        return cls(period, exact(amount))


@dataclass(frozen=True, slots=True)
class Budget:
    """Epsilon of one population and period.

    What is spent adds up (sequential composition: Dwork and Roth, The algorithmic foundations of differential privacy,
    theorem 3.16), so nobody learns more from all releases together than the total allows.

    Attributes
    ----------
    population, period : what it is for.
    total, spent : epsilon, exact.
    """

    population: str
    period: str
    total: Fraction
    spent: Fraction = Fraction(0)

    @classmethod
    def of(cls, population: str, period: str, total: Amount) -> Budget:
        """Return a budget of which nothing is spent."""
        return cls(population, period, exact(total))

    @property
    def left(self) -> Fraction:
        """What may still be spent."""
        return self.total - self.spent

    def affords(self, amount: Amount) -> bool:
        """Tell whether an amount may be spent."""
        return exact(amount) <= self.left

    def spend(self, amount: Amount) -> Budget:
        """Return the budget after spending an amount; this one stays as it is.

        Raises
        ------
        BudgetSpentError
            When more is asked for than is left.
        InputError
            When the amount is none, see `exact`.
        """
        asked = exact(amount)
        if asked > self.left:
            raise BudgetSpentError(
                f"The privacy budget of {self.population!r} for {self.period!r} has {written(self.left)} of"
                f" {written(self.total)} left; this release asks for {written(asked)}.",
                "Ask for less, which adds more noise, or wait for the next period.",
            )
        return replace(self, spent=self.spent + asked)

    def as_json(self) -> Mapping[str, str]:
        """Return the budget as plain JSON values; amounts are texts, since JSON has no exact ones."""
        return {
            "population": self.population,
            "period": self.period,
            "total": written(self.total),
            "spent": written(self.spent),
            "left": written(self.left) if self.left else "0",
        }
