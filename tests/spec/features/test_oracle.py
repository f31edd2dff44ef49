"""On small random histories the kernel gives what the definitions say, feature by feature."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.features.catalog import select
from analyzer.features.extract import extract_features

from .oracle import MOVES, ORACLE, vectors
from .table import sessions_of

# Few values that lie close to the rules' borders (glance, fifth, tenth, 90 %, half an hour, 36 hours), so that a few
# sessions often resume, repeat, tie and overrun.
_LENGTHS = [20, 100, 600, 3600, 5400]
_SHARES = [0.01, 0.05, 0.09, 0.1, 0.2, 0.25, 0.45, 0.5, 0.55, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 2.0]
_PAUSES = [0, 1, 60, 1799, 1800, 1801, 7200, 80_000, 86_400, 129_599, 129_600, 129_601, 2_000_000]
_FIRST = 1_704_067_200 - 3 * 3600  # the evening before 2024-01-01
_OPTIONAL = ["series_id", "runtime_s", "end_position_s", "utc_offset_min", *MOVES]


@st.composite
def moves(draw: st.DrawFn) -> dict[str, float | None]:
    """Draw what player events may tell of a session: nothing, or measures that can go together."""
    if draw(st.booleans()):
        return dict.fromkeys(MOVES)
    unique, rewinds = draw(st.sampled_from([None, 10.0, 600.0])), draw(st.sampled_from([None, 0.0, 1.0, 2.0, 7.0]))
    return {
        "content_s": None if unique is None else unique * draw(st.sampled_from([1.0, 1.5, 9.0])),
        "unique_s": unique,
        "passage_passes": draw(st.sampled_from([None, 1.0, 2.9, 3.0, 12.5])),
        "pauses": draw(st.sampled_from([None, 0.0, 3.0])),
        "rewinds": rewinds,
        "rewind_s": draw(st.sampled_from([5.0, 20.0, 31.5])) if rewinds else None,
        "rewind_gap_s": draw(st.sampled_from([8.0, 600.0])) if rewinds and rewinds > 1 else None,
        "rewind_chain": None if rewinds is None else min(rewinds, draw(st.sampled_from([1.0, 4.0]))),
        "forward_skips": draw(st.sampled_from([None, 0.0, 2.0])),
        "undirected_seeks": draw(st.sampled_from([None, 0.0, 6.0])),
    }


@st.composite
def histories(draw: st.DrawFn) -> pd.DataFrame:
    """Draw sessions of up to three viewers, in any order."""
    rows: list[dict[str, object]] = []
    for viewer in ["ana", "ben", "eva"][: draw(st.integers(1, 3))]:
        moment = _FIRST + draw(st.integers(0, 86_400 * 40))
        for _ in range(draw(st.integers(1, 9))):
            title = draw(st.integers(0, 2))
            length = _LENGTHS[draw(st.integers(0, len(_LENGTHS) - 1))] if title == 2 else _LENGTHS[title + 2]
            played = max(0, round(length * draw(st.sampled_from(_SHARES))))
            rows.append(
                {
                    "viewer_id": viewer,
                    "title_id": f"title-{title}",
                    "started_at": moment,
                    "played_s": float(played),
                    "series_id": draw(st.sampled_from([None, "series-a", "series-b"])) if title else None,
                    "runtime_s": draw(st.sampled_from([None, float(length), float(length)])),
                    "end_position_s": draw(
                        st.one_of(st.none(), st.sampled_from(_SHARES).map(lambda s, n=length: float(round(n * s))))
                    ),
                    "utc_offset_min": draw(st.sampled_from([None, 0, 60, -480, 330])),
                    **draw(moves()),
                }
            )
            together = draw(st.integers(0, 9)) == 0
            moment += 0 if together else played + draw(st.sampled_from(_PAUSES))
    frame = pd.DataFrame(draw(st.permutations(rows)))
    frame["started_at"] = pd.to_datetime(frame["started_at"], unit="s", utc=True)
    for name in draw(st.sets(st.sampled_from(_OPTIONAL), max_size=4)):
        frame = frame.drop(columns=name)
    return frame.drop_duplicates(ignore_index=True)


@settings(max_examples=80, deadline=None)
@given(frame=histories(), days=st.sampled_from([1, 7, 28, None]))
def test_every_feature_is_what_its_definition_says(frame: pd.DataFrame, days: int | None) -> None:
    expected = vectors(frame, days)
    actual = extract_features(sessions_of(frame), days)
    assert list(actual.index) == list(expected.index)
    for spec in select():
        pd.testing.assert_series_equal(
            actual[spec.name], expected[spec.name], rtol=1e-9, atol=1e-9, check_index=False, obj=spec.name
        )


def test_the_oracle_knows_every_feature_of_the_catalog() -> None:
    assert set(ORACLE) == {spec.name for spec in select()}


@pytest.mark.parametrize("days", [1, 28, None])
def test_a_viewer_with_nothing_but_glances_has_no_vector(days: int | None) -> None:
    table = """viewer|title|start|played
    ana|a|2024-01-01 20:00|90m
    ben|a|2024-01-01 20:00|20s
    ben|a|2024-01-09 20:00|60m"""
    actual = extract_features(sessions_of(table), days)
    expected = vectors(sessions_of(table).to_pandas(), days)
    assert list(actual.index) == list(expected.index)
    only_glances = "viewer|title|start|played|runtime\nana|a|2024-01-01 20:00|20s|90m"
    assert len(extract_features(sessions_of(only_glances), days)) == 0
