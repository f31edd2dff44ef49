"""A new release beside earlier ones: which of its cells would tell few households apart, and in which words."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analyzer.disclosure.behind import Behind
from analyzer.disclosure.combining import Bound, estimates_of
from analyzer.disclosure.differencing import Combination, Difference, cells_to_withhold, compare
from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.limits import Limits, Readers
from analyzer.disclosure.reducing import reduced
from analyzer.disclosure.remainders import PRIMES
from analyzer.disclosure.sketch import STEPS_PER_UNIT, WIDTH, sketch_groups, whole_steps
from analyzer.disclosure.table import tabulated
from analyzer.disclosure.told import Definition, Earlier, Statistic, Told

KEY = b"k" * 32
LIMITS = Limits(internal_floor=10, public_floor=100)
INSIDE, PUBLIC = Readers.INTERNAL, Readers.PUBLIC


def homes(first, last):
    """Return the households numbered from `first` up to `last`, exclusive."""
    return set(range(first, last))


def told(cells, readers=INSIDE, statistic=Statistic.HOUSEHOLDS, texts=None, amount=None, population="everybody"):
    """Return a release of labelled sets of households; a label of several dimensions is a tuple."""
    labels = tuple(label if isinstance(label, tuple) else (label,) for label in cells)
    number = np.repeat(np.arange(len(cells)), [len(group) for group in cells.values()])
    names = np.array([home for group in cells.values() for home in sorted(group)], dtype=np.int64)
    totals = None if amount is None else np.array([amount(label, h) for label in cells for h in sorted(cells[label])])
    measure = "households" if amount is None else "hours"
    by = tuple(f"dimension {n}" for n in range(len(labels[0])))
    definition = Definition(population, by, "May", measure, statistic)
    sketches = sketch_groups(number, names, len(cells), KEY, None if totals is None else whole_steps(totals))
    return Told(definition, readers, labels, texts or ("",) * len(cells), sketches)


class History:
    """What left before, in memory."""

    def __init__(self, *releases):
        self.left = [Earlier(n, f"2026-11-0{n}", release) for n, release in enumerate(releases, 1)]

    def releases(self, population):
        return [earlier for earlier in self.left if earlier.told.definition.population == population]


def found(new, *before):
    return [({new.labels[cell][0] for cell in d.cells}, set(d.earlier)) for d in compare(new, History(*before), LIMITS)]


# ------------------------------------------------------------------ what is found


def test_overlapping_ages_are_subtracted():
    before = told({"<20": homes(0, 60), "20-39": homes(60, 150)})
    assert found(told({"<25": homes(0, 67), "25-39": homes(67, 150)}), before) == [({"<25"}, {1}), ({"25-39"}, {1})]


def test_overlapping_ages_that_differ_by_many_may_both_be_told():
    assert found(told({"<40": homes(0, 150)}), told({"<20": homes(0, 60)})) == []


def test_a_window_that_is_a_day_longer_is_subtracted():
    assert found(told({"17 days": homes(0, 400)}), told({"18 days": homes(0, 403)})) == [({"17 days"}, {1})]


@pytest.mark.parametrize("left", [1, 2, 9])
def test_the_same_query_after_few_households_left_is_withheld(left):
    assert found(told({"all of it": homes(left, 200)}), told({"all of it": homes(0, 200)})) == [({"all of it"}, {1})]


def test_one_that_came_for_one_that_left_is_told_apart_although_the_number_is_the_same():
    assert found(told({"a": homes(1, 201)}), told({"a": homes(0, 200)})) == [({"a"}, {1})]


def test_parts_of_one_release_make_up_a_group_of_another_one():
    before = told({"region 1": homes(0, 50), "region 2": homes(50, 120), "region 3": homes(120, 180)})
    assert found(told({"all": homes(0, 183)}), before) == [({"all"}, {1})]


def test_groups_of_three_releases_are_combined():
    before = [told({"a and b": homes(0, 103)}), told({"b": homes(50, 100)})]
    assert found(told({"a": homes(0, 50)}), *before) == [({"a"}, {1, 2})]


def test_what_earlier_releases_leave_of_each_other_is_found_however_long_the_chain():
    devices = told({"tv": homes(0, 30), "web": homes(30, 84), "box": homes(84, 157)})
    region = told({"region": homes(0, 210)})  # less the devices above: 157 to 210
    phones = told({"phones": homes(157, 275)})  # less these: 210 to 275
    towns = told({"town 1": homes(210, 234), "town 2": homes(234, 249)})  # less these: 249 to 275
    assert found(told({"rest": homes(249, 273)}), devices, region, phones, towns) == [({"rest"}, {1, 2, 3, 4})]


def test_what_a_margin_leaves_over_is_compared_though_no_cell_tells_it():
    before = told({("a", "x"): homes(0, 50), ("a", "y"): homes(50, 90), ("a", ALL): homes(0, 130)})
    new = told({"z": homes(90, 127)})
    assert [d.earlier for d in compare(new, History(before), LIMITS)] == [(1,)]


def test_two_cells_of_one_release_are_combined():
    assert found(told({"a": homes(0, 100), "b": homes(0, 104)})) == [({"a", "b"}, set())]


def test_a_group_that_left_before_tells_nothing_new_under_any_label():
    before = told({"a": homes(0, 100), "b": homes(0, 104)})
    assert found(told({"c": homes(0, 100)}), before) == []
    assert found(told({"b": homes(0, 104), "a": homes(0, 100)}), before) == []


def test_cells_that_were_withheld_are_no_observations():
    before = told({"a": homes(0, 100), "b": homes(100, 300)}).keep(np.array([False, True]))
    assert found(told({"a": homes(0, 101)}), before) == []


def test_releases_of_another_population_are_not_compared():
    assert found(told({"a": homes(0, 101)}), told({"a": homes(0, 100)}, population="others")) == []


def test_numbers_of_households_and_totals_are_not_subtracted_from_each_other():
    hours = told({"a": homes(0, 101)}, statistic=Statistic.TOTAL, amount=lambda *_: 2.0)
    assert found(hours, told({"a": homes(0, 100)})) == []


def test_a_total_of_the_same_households_in_which_few_sums_changed_is_withheld():
    before = told({"a": homes(0, 100)}, statistic=Statistic.TOTAL, amount=lambda *_: 2.0)
    one_more = told({"a": homes(0, 100)}, statistic=Statistic.TOTAL, amount=lambda _, home: 2.5 if home == 7 else 2.0)
    all_more = told({"a": homes(0, 100)}, statistic=Statistic.TOTAL, amount=lambda *_: 2.5)
    assert found(one_more, before) == [({"a"}, {1})]
    assert found(all_more, before) == []


def test_an_empty_release_and_an_empty_history_tell_nothing():
    new = told({"a": homes(0, 100)})
    assert compare(new, History(), LIMITS) == ()
    assert compare(new.keep(np.array([False])), History(new), LIMITS) == ()


# ------------------------------------------------------------------ who reads


def test_insiders_read_all_and_the_public_only_what_is_public():
    fifty = told({"a": homes(0, 450)}, PUBLIC)
    assert [d.floor for d in compare(fifty, History(told({"a": homes(0, 500)}, PUBLIC)), LIMITS)] == [100]
    assert compare(fifty, History(told({"a": homes(0, 500)}, INSIDE)), LIMITS) == ()
    assert compare(replace(fifty, readers=INSIDE), History(told({"a": homes(0, 500)}, PUBLIC)), LIMITS) == ()


def test_what_is_published_is_compared_with_what_insiders_know_at_their_floor():
    differences = compare(told({"a": homes(0, 495)}, PUBLIC), History(told({"a": homes(0, 500)}, INSIDE)), LIMITS)
    assert [(d.floor, d.earlier) for d in differences] == [(10, (1,))]


def test_a_difference_below_both_floors_is_told_once():
    differences = compare(told({"a": homes(0, 495)}, PUBLIC), History(told({"a": homes(0, 500)}, PUBLIC)), LIMITS)
    assert [(d.floor, d.earlier) for d in differences] == [(10, (1,))]


# ------------------------------------------------------------------ shares


def share(text, readers=INSIDE):
    cells = {"a": homes(0, 95), "b": homes(95, 100), ALL: homes(0, 100)}
    return told(cells, readers, Statistic.SHARE, (text, "", "100 %")).keep(np.array([True, False, True]))


def by_share(new, *before):
    return [d for d in compare(new, History(*before), LIMITS) if d.combination is Combination.SHARE]


def test_a_share_of_a_known_total_counts_who_is_left_over():
    total = told({"everybody": homes(0, 100)})
    (told_apart,) = by_share(share("95 %"), total)
    assert (told_apart.cells, told_apart.earlier) == ((0,), (1,))
    assert "are a share and its total" in told_apart.sentence
    assert [d.cells for d in by_share(total, share("95 %"))] == [(0,)]


def test_a_share_of_which_the_total_is_not_known_or_that_leaves_many_possible_is_told():
    assert by_share(share("95 %"), told({"others": homes(0, 115)})) == []
    assert by_share(share("89 %"), told({"everybody": homes(0, 100)})) == []


def test_a_share_that_cannot_be_read_is_withheld():
    assert by_share(share("nearly all"), told({"everybody": homes(0, 100)}))


# ------------------------------------------------------------------ in which words


def test_a_difference_is_told_with_both_names_and_without_a_number_of_households():
    (difference,) = compare(told({"<25": homes(0, 67)}), History(told({"<20": homes(0, 60)})), LIMITS)
    assert difference.combination is Combination.DIFFERENCE
    assert difference.band == "fewer than 10 households"
    assert difference.sentence == (
        "By subtracting `<20` of release 1 (2026-11-01) from `<25` of this release fewer than 10 households may be told"
        " apart."
    )


def test_a_long_combination_names_three_cells_at_most():
    before = told({f"region {n}": homes(40 * n, 40 * n + 40) for n in range(6)})
    (difference,) = compare(told({"all of them": homes(0, 243)}), History(before), LIMITS)
    assert difference.combination is Combination.UNION
    assert "`region 1` of release 1 (2026-11-01) and 4 more" in difference.sentence


@pytest.mark.parametrize(
    ("differences", "withheld"),
    [([], []), ([(0,)], [0]), ([(0, 1), (1, 2)], [1]), ([(0, 1), (2, 3)], [0, 2]), ([(0, 1), (0, 1, 2), (2,)], [0, 2])],
)
def test_the_cell_of_the_most_differences_is_withheld_first(differences, withheld):
    given = [Difference(cells, (), Combination.UNION, 10, "") for cells in differences]
    assert np.flatnonzero(cells_to_withhold(given, 4)).tolist() == withheld


# ------------------------------------------------------------------ the release at hand, counted


def rows():
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {"home": rng.integers(0, 80, 300), "a": rng.choice(list("xyz"), 300), "hours": rng.integers(1, 5, 300) / 2}
    )


@pytest.mark.parametrize("measure", [None, "hours"])
@pytest.mark.parametrize("times", [(1, 0, 0, 0), (1, -1, 0, 0), (-1, -1, -1, 1), (2, 1, 0, -1), (0, 0, 0, 1)])
def test_households_of_the_release_at_hand_are_counted_exactly(measure, times):
    frame = rows()
    table, whose = tabulated(frame, ["a"], "home", measure)
    counted = Behind(whose, table.dimensions, np.arange(len(table)), measure is None)
    left = pd.Series(0.0, index=range(80))
    for key, count in zip(table.keys, times, strict=True):
        there = frame if key == (ALL,) else frame[frame.a == key[0]]
        had = there.groupby("home")["hours"].sum() if measure else there.groupby("home").size().clip(upper=1)
        left = left.add(count * had, fill_value=0)
    recipe = tuple((cell, count) for cell, count in enumerate(times) if count)
    assert counted(recipe) == (left.abs() > 1e-9).sum()


def test_places_are_those_of_the_cells_that_would_be_told():
    table, whose = tabulated(rows(), ["a"], "home", None)
    counted = Behind(whose, table.dimensions, np.array([3, 1]), counts=True)
    assert [counted(((0, 1),)), counted(((1, 1),))] == table.households[[3, 1]].tolist()


ALIKE = {"a": homes(0, 100), "b": homes(6, 106)}
"""As many households in each, and twelve in one of them only."""


def test_twelve_households_are_refused_where_they_are_estimated_and_told_where_they_are_counted():
    new = told(ALIKE)
    assert compare(new, History(), LIMITS)
    assert compare(new, History(), LIMITS, lambda recipe: 12 if len(recipe) == 2 else 100) == ()


@pytest.mark.parametrize(("left", "least", "most"), [(2, 1, 1), (8, 1, 1), (12, 0.8, 1), (16, 0.4, 0.9), (36, 0, 0)])
def test_an_estimate_errs_by_refusing_and_lets_nothing_below_the_floor_through(left, least, most):
    half, names = left // 2, np.concatenate([np.arange(100), np.arange(left // 2, 100 + left // 2)])
    keys = [seed.to_bytes(32, "big") for seed in range(200)]
    both = [sketch_groups(np.repeat([0, 1], 100), names, 2, key).signed for key in keys]
    few = Bound(10).few(estimates_of(np.array([one - other for one, other in both])), np.zeros(200))
    assert len(set(names[:100]) ^ set(names[100:])) == 2 * half == left
    assert least <= few.mean() <= most


def test_what_another_release_told_is_estimated_even_where_the_release_at_hand_is_counted():
    assert compare(told({"a": ALIKE["a"]}), History(told({"b": ALIKE["b"]})), LIMITS, lambda _: 100)


def test_a_group_told_again_is_counted_too():
    asked = []

    def counted(recipe):
        asked.append(dict(recipe))
        return 12

    assert compare(told(ALIKE), History(told({"a": ALIKE["a"]})), LIMITS, counted) == ()
    assert asked[0] == {0: -1, 1: 1}


# ------------------------------------------------------------------ totals


HOURS = np.random.default_rng(5).gamma(1.0, 2.0, (300, 400)).round(1) * (np.arange(400) % 7 > 1)
"""Of each household on each day; two days a week nobody watches."""


def watched(first, last, folk, extra=()):
    """Return a release of the hours of days `first` to `last`; some households watch half an hour more on each."""
    hours = HOURS[:, first : last + 1].sum(axis=1)
    return told({"all": folk}, amount=lambda _, home: hours[home] + 0.5 * (home in extra))


PERIODS = ((2, 9), (1, 9), (2, 10))


def test_hours_of_four_periods_that_cancel_for_whoever_stayed_tell_of_the_few_who_did_not():
    before = [watched(*period, homes(0, 200)) for period in PERIODS]
    assert compare(watched(1, 10, homes(0, 200), extra=homes(0, 4)), History(*before), LIMITS)
    assert not compare(watched(1, 10, homes(0, 200)), History(*before), LIMITS)
    assert not compare(watched(1, 10, homes(0, 200), extra=homes(0, 30)), History(*before), LIMITS)


def test_hours_of_households_in_several_cells_cancel_with_their_margin():
    """Every third household has hours on both devices; four of another release have none on the second."""
    tv, phone = homes(0, 150), {home for home in range(150) if home % 3 == 0} | homes(150, 300)

    def amount(label, home):
        parts = {"tv": 2.0 * (home in tv), "phone": 1.0 * (home in phone)}
        return (home % 5 + 1) * (sum(parts.values()) if label == "all" else parts[label])

    before = told({"tv": tv, "phone": phone}, amount=amount)
    assert not compare(told({"all": tv | phone}, amount=amount), History(before), LIMITS)

    def fewer(label, home):
        return amount(label, home) - (home in homes(150, 154))

    assert compare(told({"all": tv | phone}, amount=fewer), History(before), LIMITS)


def test_the_same_hours_of_the_same_households_tell_nothing_new():
    assert not compare(watched(1, 9, homes(0, 200)), History(watched(1, 9, homes(0, 200))), LIMITS)


@pytest.mark.parametrize("prime", PRIMES)
def test_one_household_whose_hours_changed_by_a_multiple_of_a_prime_is_seen(prime):
    def more(_, home):
        return 9.0 + (home == 3) * prime / STEPS_PER_UNIT

    before = told({"all": homes(0, 200)}, amount=lambda *_: 9.0)
    assert compare(told({"all": homes(0, 200)}, amount=more), History(before), LIMITS)


def test_a_month_less_its_weeks_tells_of_the_few_who_left_meanwhile():
    folk = homes(0, 300)
    weeks = [watched(first, first + 6, folk) for first in (1, 8, 15, 22)]
    assert compare(watched(1, 28, folk, extra=homes(0, 1)), History(*weeks), LIMITS)
    assert compare(watched(1, 28, folk - homes(0, 5)), History(*weeks), LIMITS)
    assert not compare(watched(1, 28, folk), History(*weeks), LIMITS)


def test_a_year_less_its_months_tells_of_the_few_who_left_meanwhile():
    folk = homes(0, 300)
    months = [watched(first, first + 29, folk) for first in range(1, 361, 30)]
    assert compare(watched(1, 360, folk - homes(0, 3)), History(*months), LIMITS)
    assert not compare(watched(1, 360, folk), History(*months), LIMITS)


# ------------------------------------------------------------------ made short by one another


def test_groups_are_made_short_by_one_another_and_stay_the_same_lattice():
    rng = np.random.default_rng(5)
    parts = rng.integers(-1, 2, (6, WIDTH)).astype(float)
    mixed = np.cumsum(parts, axis=0) + np.roll(parts, 2, axis=0)
    short, times = reduced(mixed)
    assert (times @ mixed == short).all()
    assert round(abs(np.linalg.det(times))) == 1
    assert (short**2).sum() < (mixed**2).sum()


def test_nothing_is_made_of_nothing():
    assert reduced(np.zeros((0, 4)))[0].shape == (0, 4)
    assert not reduced(np.zeros((3, 4)))[0].any()
    same, times = reduced(np.ones((2, 4)))
    assert same.any(axis=1).sum() == 1
    assert (times @ np.ones((2, 4)) == same).all()
