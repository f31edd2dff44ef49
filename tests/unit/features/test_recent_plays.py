"""The look-back of 28 days is exact, and nobody else's clock moves its edge."""

from __future__ import annotations

import pandas as pd
import pytest

import analyzer


def plays(viewer: str, *starts: str) -> pd.DataFrame:
    times = pd.to_datetime(list(starts), utc=True, format="ISO8601")
    return pd.DataFrame({"viewer_id": viewer, "title_id": "film", "started_at": times, "played_s": 5400.0})


@pytest.mark.parametrize(
    ("later", "most"),
    [("2024-01-30 20:00:00.200000", 2.0), ("2024-01-30 20:00:00.200001", 1.0), ("2024-01-30 20:00:00.700000", 1.0)],
    ids=["28 days", "a microsecond more", "half a second more"],
)
@pytest.mark.parametrize(
    "stranger", [None, "2024-01-01 00:00:00", "2024-01-01 00:00:00.500000", "2024-01-02 20:00:00.9"]
)
def test_a_stranger_moves_no_play_over_the_edge(later: str, most: float, stranger: str | None) -> None:
    frame = plays("ana", "2024-01-02 20:00:00.200000", later)
    if stranger is not None:
        frame = pd.concat([frame, plays("zoe", stranger)])
    vectors = analyzer.extract_features(analyzer.read_sessions(frame), window=None)
    assert vectors.loc["ana", "title_recent_plays_max"].tolist() == [most]
