"""Which earlier pattern a new one continues, told by how the same vectors are labelled before and after."""

from __future__ import annotations

import json

import numpy as np
import pytest

from analyzer.errors import BundleError, InputError
from analyzer.patterns.identity import Change, Fate, Lineage, lineage_from, match, overlap, renamed

SAME, BORN, SPLIT, MERGED, GONE = Fate


def table(*rows, none=0):
    """Households in each earlier (row) and new (column) pattern; the last column is no pattern, as is the last row."""
    columns = len(rows[0]) if rows else 1
    last = [none] * columns if isinstance(none, int) else none
    return np.array([*rows, last], dtype=float)


def changes(lineage):
    """Changes as plain tuples."""
    return [(change.id, change.fate, change.earlier) for change in lineage.changes]


# What becomes of a pattern


def test_a_pattern_whose_households_are_the_same_keeps_its_id_whatever_its_new_number():
    lineage = match(table([0, 90, 5], [60, 0, 5]), ["P01", "P02"])
    assert lineage.ids == ("P02", "P01")
    assert changes(lineage) == [("P02", SAME, ("P02",)), ("P01", SAME, ("P01",))]


def test_a_pattern_of_households_that_had_none_is_born_and_gets_a_new_id():
    lineage = match(table([90, 0, 0], none=[0, 40, 9]), ["P01"])
    assert changes(lineage) == [("P01", SAME, ("P01",)), ("P02", BORN, ())]


def test_the_largest_part_of_a_split_keeps_the_id_and_all_parts_say_where_they_come_from():
    lineage = match(table([40, 60, 0], none=5), ["P01"])
    assert changes(lineage) == [("P02", SPLIT, ("P01",)), ("P01", SPLIT, ("P01",))]


def test_the_largest_of_three_equal_parts_still_keeps_the_id_and_none_of_four_does():
    assert match(table([33, 33, 34, 0]), ["P01"]).ids == ("P02", "P03", "P01")
    quarters = match(table([25, 25, 25, 25, 0]), ["P01"])
    assert changes(quarters) == [(f"P0{n}", SPLIT, ("P01",)) for n in (2, 3, 4, 5)]


def test_a_pattern_that_loses_less_than_a_quarter_is_the_same_and_what_it_lost_is_a_part_of_it():
    lineage = match(table([80, 20, 0], none=0), ["P01"])
    assert changes(lineage) == [("P01", SAME, ("P01",)), ("P02", SPLIT, ("P01",))]


def test_a_merged_pattern_keeps_the_id_of_its_largest_part_and_names_all():
    lineage = match(table([40, 0, 0], [60, 0, 0], [0, 50, 0]), ["P01", "P02", "P03"])
    assert changes(lineage) == [("P02", MERGED, ("P01", "P02")), ("P03", SAME, ("P03",))]


def test_a_small_pattern_that_is_absorbed_by_a_large_one_is_not_forgotten():
    lineage = match(table([5_000, 0], [50, 0]), ["P01", "P02"])
    assert changes(lineage) == [("P01", MERGED, ("P01", "P02"))]


def test_the_last_few_of_a_pattern_that_died_out_are_not_absorbed():
    lineage = match(table([5_000, 0], [6, 3]), ["P01", "P02"])
    assert changes(lineage) == [("P01", SAME, ("P01",)), ("P02", GONE, ("P02",))]


def test_a_pattern_whose_households_have_none_any_more_is_gone():
    lineage = match(table([90, 5], [0, 80]), ["P01", "P02"])
    assert changes(lineage) == [("P01", SAME, ("P01",)), ("P02", GONE, ("P02",))]


def test_a_quarter_from_another_pattern_makes_a_merged_one_though_that_other_one_goes_on():
    lineage = match(table([70, 0, 0], [30, 95, 0]), ["P01", "P02"])
    assert changes(lineage) == [("P01", MERGED, ("P01", "P02")), ("P02", SAME, ("P02",))]


def test_what_mostly_had_no_pattern_is_born_even_where_an_earlier_pattern_is_in_it():
    lineage = match(table([45, 0], none=[55, 0]), ["P01"])
    assert changes(lineage) == [("P02", BORN, ("P01",))]


def test_a_pattern_made_of_many_descends_from_all_that_gave_a_tenth():
    given = [[24, 76, 0, 0, 0], [24, 0, 76, 0, 0], [24, 0, 0, 76, 0], [8, 0, 0, 0, 92]]
    lineage = match(table(*given, none=[20, 0, 0, 0, 0]), ["P01", "P02", "P03", "P04"])
    assert changes(lineage)[0] == ("P05", MERGED, ("P01", "P02", "P03"))


def test_every_pattern_is_gone_where_a_refit_finds_none_and_born_where_there_was_none():
    assert changes(match(table([90], [80]), ["P01", "P02"])) == [("P01", GONE, ("P01",)), ("P02", GONE, ("P02",))]
    assert changes(match(table(none=[30, 40, 7]), [])) == [("P02", BORN, ()), ("P01", BORN, ())]
    assert match(np.zeros((1, 1)), []) == Lineage((), (), ())


def test_a_pattern_without_any_household_in_the_table_is_born():
    assert changes(match(table([90, 0, 0]), ["P01"]))[1] == ("P02", BORN, ())


# Ids


def test_an_id_that_was_ever_used_is_never_given_again():
    first = match(table([90, 5], [0, 80]), ["P01", "P02"])
    second = match(table([90, 0, 0], none=[0, 50, 0]), first.ids, first.used)
    assert first.used == ("P01", "P02")
    assert second.ids == ("P01", "P03")
    assert second.used == ("P01", "P02", "P03")


def test_a_new_id_is_the_lowest_number_that_was_never_used():
    assert match(table([90, 0, 0, 0], none=[0, 30, 40, 0]), ["P05"], ["P02"]).ids == ("P05", "P03", "P01")


def test_ids_go_on_beyond_two_digits_and_are_in_order_of_their_numbers():
    used = [f"P{n:02d}" for n in range(1, 100)]
    lineage = match(table(none=[30, 40, 0]), [], used)
    assert lineage.ids == ("P101", "P100")
    assert lineage.used[-3:] == ("P99", "P100", "P101")


def test_of_equal_parts_of_a_merged_pattern_the_lower_number_stays():
    assert match(table([50, 0], [50, 0]), ["P100", "P99"]).ids == ("P99",)


def test_the_best_pair_goes_first_and_no_id_goes_to_a_lesser_heir_to_help_another_pattern():
    """An assignment of the greatest total would give P01 to the second pattern."""
    lineage = match(table([70, 40, 0], [30, 0, 0]), ["P01", "P02"])
    assert lineage.ids == ("P01", "P03")


@pytest.mark.parametrize("fate", Fate)
def test_every_change_can_be_said_in_words(fate):
    assert "P07" in Change("P07", fate, ("P07", "P03")).sentence()
    assert Change("P07", BORN).sentence() == "P07 is new."


# Overlap


def test_a_household_with_vectors_in_several_patterns_counts_once():
    found = overlap(np.array([0, 0, 1, -1]), np.array([0, 0, 0, -1]), np.array(["a", "a", "a", "b"]), 2, 1)
    np.testing.assert_allclose(found, [[2 / 3, 0], [1 / 3, 0], [0, 1]])


def test_no_vector_is_no_household():
    none = np.array([], dtype=np.int64)
    np.testing.assert_array_equal(overlap(none, none, none, 2, 1), np.zeros((3, 2)))


@pytest.mark.parametrize(("earlier", "new"), [([0, 2], [0, 0]), ([0, 0], [0, -2]), ([0, 0], [0, 1]), ([0], [0, 0])])
def test_labels_of_no_pattern_of_the_models_are_refused(earlier, new):
    with pytest.raises(InputError, match="abels"):
        overlap(np.array(earlier), np.array(new), np.array(["a", "b"]), 2, 1)


@pytest.mark.parametrize(
    ("cells", "ids", "used"),
    [
        (np.zeros((2, 2)), ["P01", "P02"], []),
        (np.zeros((2, 0)), ["P01"], []),
        (np.zeros(2), ["P01"], []),
        (-np.ones((2, 2)), ["P01"], []),
        (np.full((2, 2), np.nan), ["P01"], []),
        (np.zeros((3, 2)), ["P01", "P01"], []),
        (np.zeros((2, 2)), ["1"], []),
        (np.zeros((2, 2)), ["P00"], []),
        (np.zeros((2, 2)), ["P1"], []),
        (np.zeros((2, 2)), ["P001"], []),
        (np.zeros((2, 2)), ["P01"], ["everyone"]),
    ],
)
def test_a_table_of_another_shape_and_malformed_ids_are_refused(cells, ids, used):
    with pytest.raises(InputError):
        match(cells, ids, used)


# Keeping it


def test_profiles_take_the_ids_of_their_lineage_and_nothing_else_changes(make_profile):
    lineage = match(table([0, 90, 5], [60, 0, 5]), ["P01", "P02"])
    profiles = [make_profile(id="P01", households=90), make_profile(id="P02", households=60)]
    told = renamed(profiles, lineage)
    assert [profile.id for profile in told] == ["P02", "P01"]
    assert [profile.households for profile in told] == [90, 60]
    with pytest.raises(InputError, match="1 profiles and 2 ids"):
        renamed(profiles[:1], lineage)


LINEAGE = match(table([90, 0, 0, 5], [40, 0, 0, 0], [0, 30, 30, 0], [0, 0, 0, 9]), ["P01", "P02", "P03", "P04"])


def test_a_lineage_comes_back_from_json_as_it_was():
    assert {change.fate for change in LINEAGE.changes} == {MERGED, SPLIT, GONE}
    assert lineage_from(json.loads(json.dumps(LINEAGE.as_json()))) == LINEAGE


def test_a_lineage_on_disk_holds_no_count():
    told = LINEAGE.as_json()
    assert set(told) == {"ids", "changes", "used"}
    assert {type(value) for change in told["changes"] for value in change.values()} == {str, list}


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        "P01",
        {},
        float("nan"),
        {**LINEAGE.as_json(), "more": 1},
        {**LINEAGE.as_json(), "ids": "P01"},
        {**LINEAGE.as_json(), "ids": [1, 2, 3]},
        {**LINEAGE.as_json(), "ids": []},
        {**LINEAGE.as_json(), "used": ["P01"]},
        {**LINEAGE.as_json(), "used": LINEAGE.as_json()["used"] * 2},
        {**LINEAGE.as_json(), "used": [*LINEAGE.used, "nobody"]},
        {**LINEAGE.as_json(), "changes": []},
        {**LINEAGE.as_json(), "changes": LINEAGE.as_json()["changes"][::-1]},
        {**LINEAGE.as_json(), "changes": [{**c, "fate": "renamed"} for c in LINEAGE.as_json()["changes"]]},
        {**LINEAGE.as_json(), "changes": [{**c, "households": 3} for c in LINEAGE.as_json()["changes"]]},
        {**LINEAGE.as_json(), "changes": [{**c, "earlier": ["P77"]} for c in LINEAGE.as_json()["changes"]]},
    ],
)
def test_what_is_no_lineage_is_refused_and_the_error_says_what_to_do(broken):
    with pytest.raises(BundleError, match=r"lineage of the patterns cannot be read: .+ Fit the model again"):
        lineage_from(broken)
