"""What nobody chose is not learned from, and still protects; what a viewer hid is not even counted."""

from __future__ import annotations

import pandas as pd
import pytest

import analyzer
from analyzer.policy.marks import guarded


def sessions(**columns: object) -> pd.DataFrame:
    """Thirty rows of one title over ten days, beside one ordinary film."""
    start = pd.date_range("2024-01-02", periods=30, freq="8h", tz="UTC")
    loop = pd.DataFrame({"viewer_id": "a", "title_id": "loop", "started_at": start, "played_s": 4_000.0, **columns})
    film = loop.iloc[:1].assign(title_id="film", autoplay=False, content_kind="main", hidden=False)
    return pd.concat([loop, film], ignore_index=True)


@pytest.mark.parametrize("columns", [{"autoplay": True}, {"content_kind": "trailer"}, {"content_kind": "other"}])
def test_a_title_that_runs_in_a_loop_protects_although_its_rows_are_dropped(columns: dict[str, object]) -> None:
    read = analyzer.read_sessions(sessions(**columns))
    vectors = analyzer.extract_features(read)
    assert read.tally.used == 1
    assert vectors["plays"].tolist() == [1.0]
    assert vectors["title_starts_max"].tolist() == [30.0]
    assert guarded(vectors).all()


def test_what_a_viewer_hid_is_not_counted() -> None:
    vectors = analyzer.extract_features(analyzer.read_sessions(sessions(hidden=True)))
    assert vectors["title_starts_max"].tolist() == [1.0]


def test_a_title_started_in_another_window_is_counted_there() -> None:
    frame = sessions(autoplay=True)
    later = frame.assign(started_at=frame["started_at"] + pd.Timedelta(days=28), autoplay=frame["title_id"] == "loop")
    kept = frame[frame["title_id"] == "film"]
    vectors = analyzer.extract_features(analyzer.read_sessions(pd.concat([kept, later], ignore_index=True)))
    assert vectors["title_starts_max"].tolist() == [1.0, 30.0]
