"""Nobody is told apart by adding and subtracting what left, whatever is asked in whatever order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.disclosure.differencing import compare

from .random_releases import FLOOR, LIMITS, History, counter, isolated, releases, through, told


@settings(max_examples=150, deadline=None)
@given(releases())
def test_no_two_or_three_numbers_that_left_tell_of_few(asked):
    assert list(isolated(through(asked))) == []


@settings(max_examples=60, deadline=None)
@given(releases())
def test_no_two_or_three_numbers_tell_of_few_where_the_release_at_hand_is_counted(asked):
    assert list(isolated(through(asked, exact=True))) == []


@settings(max_examples=30, deadline=None)
@given(releases())
def test_a_release_that_left_tells_nothing_new_when_it_leaves_again(asked):
    left = through(asked)
    again = through([*asked, *asked])
    assert again[: len(asked)] == left
    history = History(*(told(groups) for groups in left))
    assert all(compare(told(groups), history, LIMITS) == () for groups in left)


@settings(max_examples=60, deadline=None)
@given(releases(), st.randoms(use_true_random=False))
def test_the_order_of_cells_changes_nothing_but_their_numbers(asked, random):
    before, groups = History(told(asked[0])), list(asked[1])
    shuffled = random.sample(groups, len(groups))
    one = {frozenset(groups[cell] for cell in found.cells) for found in compare(told(groups), before, LIMITS)}
    other = {frozenset(shuffled[cell] for cell in found.cells) for found in compare(told(shuffled), before, LIMITS)}
    assert one == other


@settings(max_examples=60, deadline=None)
@given(releases(), st.integers(0, 2**32))
def test_inside_one_release_neither_the_key_nor_names_decide_where_it_is_counted(asked, seed):
    groups = [group for group in asked[0] if group]
    keys = (b"k" * 32, seed.to_bytes(32, "big"))
    found = [
        {(d.cells, d.combination) for d in compare(told(groups, key), History(), LIMITS, counter(groups))}
        for key in keys
    ]
    assert found[0] == found[1]
    assert bool(found[0]) >= any(0 < len(one) < FLOOR for one in isolated([groups], most=2))


@settings(max_examples=60, deadline=None)
@given(releases())
def test_a_group_that_is_withheld_is_no_observation(asked):
    first, second = asked[:2]
    nothing = told(first).keep(told(first).sketches.households < 0)
    assert compare(told(second), History(nothing), LIMITS) == compare(told(second), History(), LIMITS)
