"""A privacy budget is exact: nothing drifts, no order matters, and it is never overdrawn."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.disclosure.budget import Budget, BudgetSpentError, exact, written
from analyzer.errors import InputError

AMOUNTS = st.fractions(min_value=Fraction(1, 1_000), max_value=3)


@given(st.lists(AMOUNTS, max_size=8), AMOUNTS, st.randoms())
def test_what_is_spent_adds_up_exactly_whatever_the_order(amounts, total, chance):
    shuffled = chance.sample(amounts, len(amounts))
    if sum(amounts) <= total:
        spent = [Budget.of("p", "q", total)] * 2
        for one, other in zip(amounts, shuffled, strict=True):
            spent = [spent[0].spend(one), spent[1].spend(other)]
        assert spent[0] == spent[1]
        assert spent[0].left == total - sum(amounts)


@given(st.lists(AMOUNTS, max_size=20), AMOUNTS)
def test_a_budget_is_never_overdrawn_and_a_refusal_costs_nothing(amounts, total):
    budget = Budget.of("p", "q", total)
    for amount in amounts:
        before = budget
        try:
            budget = budget.spend(amount)
        except BudgetSpentError:
            assert amount > before.left
            assert not before.affords(amount)
        assert 0 <= budget.spent <= total


@pytest.mark.parametrize(
    ("amount", "value"),
    [("0.1", Fraction(1, 10)), ("1/3", Fraction(1, 3)), (2, Fraction(2)), (Decimal("0.25"), Fraction(1, 4))],
)
def test_amounts_are_read_exactly(amount, value):
    assert exact(amount) == value


@pytest.mark.parametrize("amount", [0.1, True, 0, "-1", "much", "1/0", "nan", "inf", None, ""])
def test_what_is_no_exact_amount_is_refused(amount):
    with pytest.raises(InputError):
        exact(amount)


@pytest.mark.parametrize(("value", "text"), [("0.5", "0.5"), ("1/3", "1/3"), (100, "100"), ("0.10", "0.1")])
def test_amounts_are_written_for_people(value, text):
    assert written(exact(value)) == text
