"""Nothing is lost: read = used + dropped + quarantined, or it is no tally."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sessions.tally import DropReason, Tally, total

_COUNTS = st.integers(0, 10**9)


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    used, quarantined = draw(_COUNTS), draw(_COUNTS)
    dropped = draw(st.dictionaries(st.sampled_from([reason.value for reason in DropReason]), _COUNTS))
    return Tally(used + quarantined + sum(dropped.values()), used, dropped, quarantined)


@given(tally=tallies(), lost=st.integers(1, 10))
def test_a_tally_refuses_lost_rows_and_invented_rows(tally: Tally, lost: int) -> None:
    for read in (tally.read + lost, tally.read - lost):
        with pytest.raises(ValueError, match="are accounted for"):
            Tally(read, tally.used, tally.dropped, tally.quarantined)


@given(st.lists(tallies(), max_size=4))
def test_tallies_add_up_part_by_part(parts: list[Tally]) -> None:
    everything = total(parts)
    assert everything.read == sum(p.read for p in parts)
    assert everything.used == sum(p.used for p in parts)
    assert everything.quarantined == sum(p.quarantined for p in parts)
    for reason in DropReason:
        assert everything.dropped.get(reason.value, 0) == sum(p.dropped.get(reason.value, 0) for p in parts)


def test_no_tallies_add_up_to_nothing_read() -> None:
    assert total([]) == Tally()


def test_a_tally_cannot_be_changed_afterwards() -> None:
    counts = {"hidden": 2}
    tally = Tally(3, 1, counts)
    counts["hidden"] = 5
    assert tally.dropped["hidden"] == 2
    with pytest.raises(TypeError):
        tally.dropped["hidden"] = 0  # type: ignore[index]


@given(tallies())
def test_a_tally_travels_to_another_process(tally: Tally) -> None:
    assert pickle.loads(pickle.dumps(tally)) == tally  # noqa: S301


def test_the_sentence_names_every_part() -> None:
    tally = Tally(1_234_568, 1_234_500, {"hidden": 3, "autoplay": 60}, 5)
    assert tally.sentence() == (
        "1,234,568 rows read = 1,234,500 used + 63 dropped (60 autoplay, 3 hidden) + 5 quarantined"
    )
    assert Tally(1, 1).sentence() == "1 rows read = 1 used + 0 dropped + 0 quarantined"


def test_as_json_holds_plain_values_only() -> None:
    assert Tally(3, 1, {"hidden": 1}, 1).as_json() == {
        "read": 3,
        "used": 1,
        "dropped": {"hidden": 1},
        "quarantined": 1,
    }
