"""What a release tells is kept whole: a text and a sketch for each cell, its margins, and what they leave over."""

from dataclasses import replace

import numpy as np
import pytest

from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.limits import Readers
from analyzer.disclosure.sketch import sketch_groups
from analyzer.disclosure.told import Definition, Statistic, Told
from analyzer.errors import InputError

LABELS = (("a", "x"), ("a", "y"), ("b", "x"), ("a", ALL), (ALL, "x"), (ALL, ALL))
SKETCHES = sketch_groups(np.arange(6), np.arange(6), 6, b"k" * 32)
TWO_WAYS = Definition("everybody", ("one", "two"), "May", "households", Statistic.HOUSEHOLDS)
TOLD = Told(TWO_WAYS, Readers.PUBLIC, LABELS, tuple("123456"), SKETCHES)


def test_cells_of_one_kind_of_margin_are_one_layer():
    assert set(TOLD.layers) == {(0, 1, 2), (3,), (4,), (5,)}


def test_each_margin_less_its_parts_is_what_anybody_can_compute():
    rests = {(rest[0][0], tuple(cell for cell, _ in rest[1:])) for rest in TOLD.rests}
    assert rests == {(3, (0, 1)), (4, (0, 2)), (5, (3,)), (5, (4,))}
    assert all([times for _, times in rest] == [1] + [-1] * (len(rest) - 1) for rest in TOLD.rests)


def test_kept_cells_keep_their_labels_texts_and_sketches():
    kept = TOLD.keep(np.array([True, False, False, True, False, False]))
    assert kept.labels == (("a", "x"), ("a", ALL))
    assert kept.texts == ("1", "4")
    assert (kept.sketches.coins == SKETCHES.coins[[0, 3]]).all()
    assert kept.name(0) == "a, x"


def test_a_table_without_dimensions_is_everybody():
    one = Told(replace(TWO_WAYS, by=()), Readers.PUBLIC, ((),), ("6",), SKETCHES.take(np.array([5])))
    assert one.name(0) == ALL
    assert one.layers == ((0,),)
    assert one.rests == ()


def test_a_text_too_few_is_refused():
    with pytest.raises(InputError, match="6 cells are told with 5 texts"):
        replace(TOLD, texts=tuple("12345"))


def test_a_cell_with_too_few_labels_is_refused():
    with pytest.raises(InputError, match="one label for each dimension"):
        replace(TOLD, labels=(*LABELS[:5], (ALL,)))


@pytest.mark.parametrize(
    ("statistic", "family"),
    [(Statistic.HOUSEHOLDS, None), (Statistic.SHARE, None), (Statistic.TOTAL, "hours"), (Statistic.MEAN, "hours")],
)
def test_totals_and_means_are_compared_by_measure_and_counts_with_shares(statistic, family):
    assert replace(TWO_WAYS, measure="hours", statistic=statistic).family == family
