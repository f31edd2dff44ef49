"""A printed share of a known total is an interval of counts; it tells too much where all of it is few."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.disclosure.shares import counts_behind, pins_few
from analyzer.errors import InputError

CASES = """
share          total  fewest  most  few
95 %           100    95      95    yes
95 %           10000  9450    9550  no
12 %           50     6       6     yes
89 %           100    89      89    no
98.0%          200    196     196   yes
0.995          1000   995     995   yes
0.99           1000   985     995   no
99 per cent    1000   985     995   no
100 %          100    100     100   no
0 %            100    0       0     no
0 %            1000   0       5     no
95 % or more   200    190     200   no
less than 5 %  100    0       5     no
> 95 %         100    95      100   no
4 %            100    4       4     yes
96 %           100    96      96    yes
12,5 %         80     10      10    yes
12,5 %         88     11      11    no
"""
ROWS = [row.rsplit(maxsplit=4) for row in CASES.strip().splitlines()[1:]]


@pytest.mark.parametrize(("share", "total", "fewest", "most", "few"), ROWS, ids=[f"{r[0]} of {r[1]}" for r in ROWS])
def test_a_share_is_an_interval_of_counts(share, total, fewest, most, few):
    assert counts_behind(share, int(total)) == (int(fewest), int(most))
    assert pins_few(share, int(total), 11) is (few == "yes")


def test_a_share_that_cannot_be_read_is_not_shown_to_be_harmless():
    with pytest.raises(InputError, match="'most' cannot be read"):
        counts_behind("most", 100)
    assert pins_few("most", 100, 11)


@given(st.integers(1, 3_000), st.data(), st.integers(0, 2))
def test_no_count_that_is_printed_as_the_share_is_left_out_and_no_other_is_in(total, data, digits):
    count = data.draw(st.integers(0, total))
    step = Fraction(1, 100 * 10**digits)
    told = round(Fraction(count, total) / step) * step  # halves to even: the interval holds both ways to round
    low, high = counts_behind(f"{float(100 * told):.{digits}f} %", total)
    assert low <= count <= high
    for other in (low, high):
        assert abs(Fraction(other, total) - told) <= step / 2
    for other in (low - 1, high + 1):
        assert not 0 <= other <= total or abs(Fraction(other, total) - told) > step / 2


@given(st.integers(1, 500), st.data(), st.integers(2, 20))
def test_a_share_is_refused_only_where_every_reading_of_it_is_few(total, data, floor):
    count = data.draw(st.integers(0, total))
    share = f"{100 * count / total:.1f} %"
    low, high = counts_behind(share, total)
    few = [all(1 <= n < floor for n in range(low, high + 1)), all(1 <= total - n < floor for n in range(low, high + 1))]
    assert pins_few(share, total, floor) is any(few)
