"""A table with noise: what is closed, or of few, is not even listed, and what is listed says how sure it is.

`PLAIN` is an epsilon at which noise of households is 0 but with a chance of e^-1000: what comes before the noise, and
after it, can then be checked exactly.
"""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from analyzer.disclosure.checks import closed
from analyzer.disclosure.limits import Limits, limits_for
from analyzer.disclosure.noised import NOTHING_LEFT, Noise, noised
from analyzer.disclosure.release import Draft
from analyzer.disclosure.released import CellStatus
from analyzer.disclosure.table import tabulated
from analyzer.disclosure.told import Definition, Statistic
from analyzer.errors import InputError

KEY = b"k" * 32
PLAIN = Noise(epsilon=1000)
INSIDE = limits_for("internal research")
ALL_OF_THEM = Limits().with_floor(1)


def homes(sizes, **more):
    """Return one row a household, so many of each label."""
    place = [label for label, count in sizes.items() for _ in range(count)]
    return pd.DataFrame({"home": [f"h{n}" for n in range(len(place))], "place": place, **more})


def draft(frame, by=("place",), measure=None, shut=(), statistic=None, **more):
    """Return a draft in which the cells of these labels are closed."""
    table, whose = tabulated(frame, list(by), "home", measure, more.pop("hierarchies", None))
    cells = np.array([key in shut for key in table.keys])
    findings = tuple(closed(table, cells, lambda _: "the rulebook says no", Limits()))
    statistic = statistic or (Statistic.TOTAL if measure else Statistic.HOUSEHOLDS)
    definition = Definition("all viewers", tuple(by), "December", measure or "households", statistic)
    return Draft(table, whose, definition, findings, **more)


def told(result):
    return {cell.labels: cell.value for cell in result.cells if cell.status is CellStatus.NOISED}


def test_cells_leave_with_their_labels_and_what_they_cost():
    result = noised(draft(homes({"A": 300, "B": 20})), PLAIN, INSIDE, KEY)
    assert [(c.labels, c.status, c.value, c.text) for c in result.cells] == [
        (("A",), CellStatus.NOISED, 300.0, "300"),
        (("B",), CellStatus.NOISED, 20.0, "20"),
    ]
    assert result.charge == 1000
    assert not result.refusals


def test_there_are_no_margins():
    frame = homes({"A": 300, "B": 200})
    result = noised(draft(frame, hierarchies={"place": {"A": "north", "B": "south"}}), PLAIN, INSIDE, KEY)
    assert set(told(result)) == {("A",), ("B",)}
    assert len(result.cells) == 2


def test_a_label_of_few_households_is_not_listed():
    result = noised(draft(homes({"A": 300, "of one": 1, "of nine": 9})), PLAIN, INSIDE, KEY)
    assert [cell.labels for cell in result.cells] == [("A",)]


def test_an_ordinary_budget_lists_no_label_of_a_single_household():
    frame = homes({"A": 500, **{f"alone {n}": 1 for n in range(2_000)}})
    result = noised(draft(frame), Noise(epsilon=1), ALL_OF_THEM, KEY)
    assert [cell.labels for cell in result.cells] == [("A",)]  # fails with a chance of 2,000 delta = 2e-6 at most
    assert result.least > 15


def test_noisy_counts_below_the_floor_do_not_leave():
    frame = homes({f"label {n}": 100 for n in range(200)})
    result = noised(draft(frame), Noise(epsilon=1), limits_for("press"), KEY)
    assert result.least == 100
    assert 0 < len(result.cells) < 200  # fails with a chance of 0.73^200
    assert min(told(result).values()) >= 100


@pytest.mark.parametrize("households", [1, 50, 100_000])
def test_a_closed_label_never_appears_whatever_its_size(households):
    frame = homes({"A": 300, "P07": households})
    result = noised(draft(frame, shut={("P07",)}), PLAIN, INSIDE, KEY)
    assert result.cells == noised(draft(homes({"A": 300})), PLAIN, INSIDE, KEY).cells


def grid():
    """Return a table in which one combination is closed, one of few, one of nobody."""
    sizes = {("A", "tv"): 300, ("A", "web"): 200, ("B", "tv"): 400, ("B", "web"): 3, ("C", "tv"): 500}
    rows = [labels for labels, count in sizes.items() for _ in range(count)]
    frame = pd.DataFrame(rows, columns=["place", "device"])
    return frame.assign(home=[f"h{n}" for n in range(len(frame))])


def test_closed_few_and_nobody_look_the_same_between_labels_that_leave():
    result = noised(draft(grid(), ("place", "device"), shut={("A", "tv")}), PLAIN, INSIDE, KEY)
    withheld = {c.labels: (c.value, c.text) for c in result.cells if c.status is CellStatus.WITHHELD}
    assert withheld == dict.fromkeys([("A", "tv"), ("B", "web"), ("C", "web")], (None, "withheld"))
    assert told(result) == {("A", "web"): 200, ("B", "tv"): 400, ("C", "tv"): 500}


def test_a_label_that_leaves_nowhere_is_listed_nowhere():
    result = noised(draft(grid(), ("place", "device"), shut={("A", "tv"), ("A", "web")}), PLAIN, INSIDE, KEY)
    assert [cell.labels for cell in result.cells] == [("B", "tv"), ("C", "tv")]


def test_what_is_below_a_closed_margin_is_closed_since_it_adds_up_to_it():
    result = noised(draft(grid(), ("place", "device"), shut={("A", "(all)")}), PLAIN, INSIDE, KEY)
    assert set(told(result)) == {("B", "tv"), ("C", "tv")}
    groups = {"place": {"A": "north", "B": "north", "C": "south"}}
    result = noised(draft(grid(), ("place", "device"), shut={("north", "tv")}, hierarchies=groups), PLAIN, INSIDE, KEY)
    assert set(told(result)) == {("A", "web"), ("C", "tv")}
    result = noised(draft(grid(), ("place", "device"), shut={("(all)", "(all)")}), PLAIN, INSIDE, KEY)
    assert result.cells == ()


def test_cells_that_were_not_asked_for_do_not_leave():
    asked = draft(grid(), ("place", "device"))
    some = np.array([key[0] != "C" for key in asked.table.keys])
    result = noised(draft(grid(), ("place", "device"), asked=some), PLAIN, INSIDE, KEY)
    assert set(told(result)) == {("A", "tv"), ("A", "web"), ("B", "tv")}


def test_where_nothing_leaves_it_says_so_and_is_charged():
    for frame, shut in ((homes({"A": 3}), ()), (homes({"A": 300}), {("A",)}), (homes({}), ())):
        result = noised(draft(frame, shut=shut), Noise(epsilon="1/3"), INSIDE, KEY)
        assert (result.cells, result.refusals, result.charge) == ((), (NOTHING_LEFT,), Fraction(1, 3))


def test_a_household_in_many_cells_counts_in_as_many_as_was_said():
    frame = pd.concat([homes({"A": 90}).assign(place=label) for label in "ABCDE"])
    for most in (1, 2, 5, 7):
        result = noised(draft(frame), Noise(epsilon=1000, most=most), ALL_OF_THEM, KEY)
        assert sum(told(result).values()) == 90 * min(most, 5)


def test_who_counts_less_for_being_in_a_closed_cell_would_tell_of_it():
    frame = pd.concat([homes({"A": 90}), homes({"A": 90}).assign(place="P07")])
    assert told(noised(draft(frame, shut={("P07",)}), PLAIN, INSIDE, KEY)) == {("A",): 90}


def test_one_household_adds_at_most_the_cap_to_a_total():
    frame = homes({"A": 200, "B": 200}, hours=2.0)
    frame.loc[0, "hours"] = 1e7
    result = noised(draft(frame, measure="hours"), Noise(epsilon=1000, cap=30.0), INSIDE, KEY)
    assert told(result)["A",] == pytest.approx(199 * 2 + 30, abs=40 * result.scale + 1)
    assert told(result)["B",] == pytest.approx(400, abs=40 * result.scale + 1)
    assert result.scale == pytest.approx(30 / 500)


def test_totals_below_the_least_do_not_leave():
    frame = homes({"A": 200, "B": 500}, hours=2.0)
    result = noised(draft(frame, measure="hours", least=700.0), Noise(epsilon=1000, cap=30.0), INSIDE, KEY)
    assert set(told(result)) == {("B",)}


def test_noise_below_nothing_is_told_as_nothing():
    frame = homes({f"label {n}": 300 for n in range(40)}, hours=0.0)
    values = told(noised(draft(frame, measure="hours"), Noise(epsilon=1, cap=100.0), INSIDE, KEY)).values()
    assert len(values) == 40
    assert min(values) == 0  # fails with a chance of 2^-40


def test_numbers_are_rounded_to_the_step():
    frame = homes({f"label {n}": 1_007 for n in range(50)}, hours=3.0)
    counts = noised(draft(frame), Noise(epsilon=1, step=20), INSIDE, KEY)
    hours = noised(draft(frame, measure="hours"), Noise(epsilon=1, cap=10.0, step=0.5), INSIDE, KEY)
    assert {value % 20 for value in told(counts).values()} == {0}
    assert {value % 0.5 for value in told(hours).values()} == {0}
    assert {cell.text for cell in counts.cells} <= {f"{n:,}" for n in range(900, 1_100, 20)}


@pytest.mark.parametrize(
    ("measure", "noise"),
    [
        (None, Noise(epsilon="1/2")),
        (None, Noise(epsilon=1, step=11)),
        ("hours", Noise(epsilon=1, cap=4.0)),
        ("hours", Noise(epsilon=20, cap=4.0, step=9.0)),
    ],
)
def test_the_half_width_holds_in_19_of_20_cases(measure, noise):
    labels = 2_000
    frame = homes({f"label {n}": 70 + n % 7 for n in range(labels)}, hours=3.0)
    plan = draft(frame, measure=measure)
    result = noised(plan, noise, INSIDE, KEY)
    exactly = dict(zip(plan.table.keys, plan.table.values, strict=True))
    off = np.array([abs(value - exactly[key]) for key, value in told(result).items()])
    assert len(off) == labels  # 70 is beyond the threshold but with a chance of 2,000 e^-15
    assert (off <= result.half_width).mean() > 0.95 - 6 * math.sqrt(0.0475 / labels)
    assert (off <= result.half_width / 4).mean() < 0.95, "it says much more doubt than there is"


def test_all_but_the_cells_follows_from_what_was_asked():
    noise = Noise(epsilon="2/3", delta=1e-7, most=3, cap=5.0)
    for measure in (None, "hours"):
        one, other = (
            noised(draft(homes(sizes, hours=1.0), measure=measure), noise, INSIDE, KEY)
            for sizes in ({"A": 300}, {"A": 40_000, "B": 2, "C": 900})
        )
        names = ("charge", "delta", "scale", "half_width", "least")
        assert [getattr(one, name) for name in names] == [getattr(other, name) for name in names]


def test_the_order_of_rows_changes_nothing_before_the_noise():
    frame = pd.concat([homes({"A": 150, "B": 150}), homes({"C": 120, "A": 120}), homes({"D": 200})])
    other = frame.sample(frac=1, random_state=1)
    assert noised(draft(frame), PLAIN, INSIDE, KEY).cells == noised(draft(other), PLAIN, INSIDE, KEY).cells


def test_the_same_table_has_another_answer_every_time():
    plan = draft(homes({f"label {n}": 400 for n in range(50)}))
    first, again = (noised(plan, Noise(epsilon=1), INSIDE, KEY).cells for _ in range(2))
    assert first != again


@pytest.mark.parametrize(
    ("more", "noise", "says"),
    [
        ({"measure": "hours"}, Noise(epsilon=1), "cap"),
        ({"statistic": Statistic.SHARE}, Noise(epsilon=1), "share"),
        ({"statistic": Statistic.MEAN, "measure": "hours"}, Noise(epsilon=1, cap=1.0), "mean"),
        ({}, Noise(epsilon=1, step=0.5), "whole"),
        ({}, Noise(epsilon=1, most=0), "cells"),
        ({}, Noise(epsilon=1, delta=2.0), "chance"),
        ({"asked": np.array([False, False, True])}, Noise(epsilon=1), "finest"),
    ],
)
def test_what_cannot_be_answered_is_refused_before_anything_is_drawn(more, noise, says):
    plan = draft(homes({"A": 300, "B": 300}, hours=1.0), **more)
    with pytest.raises(InputError, match=says):
        noised(plan, noise, INSIDE, KEY)


@pytest.mark.parametrize(
    "more", [{"epsilon": 0.5}, {"epsilon": 1, "cap": 0.0}, {"epsilon": 1, "cap": math.inf}, {"epsilon": 1, "step": 0.0}]
)
def test_noise_that_makes_no_sense_is_refused(more):
    with pytest.raises(InputError):
        Noise(**more)
