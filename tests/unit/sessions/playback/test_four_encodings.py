"""The same playback gives the same session, whichever player sent it in whichever format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analyzer
from analyzer.features.catalog import select

from .encodings import Playback, Told, canonical, segment, snowplow, written, xapi

MEASURES = [
    "played_s", "content_s", "unique_s", "passage_passes", "pauses", "rewinds", "rewind_s", "rewind_gap_s",
    "rewind_chain", "forward_skips", "undirected_seeks", "end_position_s", "runtime_s",
]  # fmt: skip
RUNTIME_S = 5_400.0
KNOWN_TO_ALL = [spec.name for spec in select() if "series_id" not in spec.needs]  # only Segment has a word for series
JSON_FORMATS = {"xapi": (xapi, False), "segment": (segment, True), "snowplow": (snowplow, True)}


@st.composite
def playbacks(draw, rates=(1.0,), ads=False, number=0):
    """What somebody may do with a title: play, pause, seek about, speed up, see an ad, leave."""
    told, clock, place, rate = [Told(0.0, "start", 0.0)], 0.0, 0.0, 1.0

    def tell(what, to=None):
        told.append(Told(round(clock, 3), what, round(place, 3), to, rate))

    def ad(length):
        nonlocal clock
        tell("ad_start")
        clock += length
        tell("ad_end")

    if ads and draw(st.booleans()):
        ad(draw(st.integers(5, 60)))
    clock += draw(st.integers(0, 5))
    tell("play")
    actions = ["play on", "play on", "back", "back", "ahead", "pause", *(["rate"] if len(rates) > 1 else [])]
    for _ in range(draw(st.integers(1, 12))):
        action = draw(st.sampled_from([*actions, "ad"] if ads else actions))
        clock, place = clock + 1, place + rate  # formats without a sequence number cannot order what is at one time
        if action == "play on":
            for _ in range(draw(st.integers(1, 3))):
                length = draw(st.integers(3, 40))
                clock, place = clock + length, place + length * rate
                tell("ping")
        elif action in ("back", "ahead"):
            far = draw(st.integers(2, 90)) * (-1 if action == "back" else 1)
            to = min(max(place + far, 0.0), RUNTIME_S)
            tell("seek", round(to, 3))
            place = to
            tell("play")
        elif action == "pause":
            tell("pause")
            clock += draw(st.integers(2, 600))
            tell("play")
        elif action == "rate":
            rate = draw(st.sampled_from(rates))
            tell("rate")
        elif action == "ad":
            ad(draw(st.integers(5, 60)))
            tell("play")
    clock, place = clock + 1, place + rate
    tell("pause")
    tell("stop")
    return Playback(f"viewer{number}", f"session{number}", "https://tv.example/a-title", RUNTIME_S, tuple(told))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("encodings")


def sessions(folder: Path, told: Sequence[Playback], name: str) -> analyzer.Sessions:
    """Read playbacks through one format."""
    if name == "canonical":
        return analyzer.read_sessions(events=canonical(told), pseudonyms=False)
    encoder, lines = JSON_FORMATS[name]
    path = written(encoder(told), folder / f"{name}.json", lines=lines)
    return analyzer.read_sessions(events=path, pseudonyms=False)


def measures(read: analyzer.Sessions) -> pd.DataFrame:
    """Return what the sessions measure, in order of their ids."""
    frame = read.to_pandas().sort_values("session_id").reset_index(drop=True)
    chosen = frame.reindex(columns=["started_at", "session_id", "title_id", *MEASURES])
    return chosen.astype(dict.fromkeys(MEASURES, float)).astype({"session_id": str, "title_id": str})


def assert_same(folder: Path, told: Sequence[Playback], names: list[str]) -> None:
    expected = sessions(folder, told, "canonical")
    assert len(expected) == len(told)
    for name in names:
        got = sessions(folder, told, name)
        pd.testing.assert_frame_equal(measures(got), measures(expected), rtol=1e-9, obj=name)
        vectors = [analyzer.extract_features(each, features=KNOWN_TO_ALL).to_numpy() for each in (got, expected)]
        np.testing.assert_allclose(*vectors, rtol=1e-9, err_msg=name)


def several(**how):
    """Four playbacks that share nothing but the file."""
    return st.tuples(*(playbacks(number=number, **how) for number in range(4)))


@settings(max_examples=15, deadline=None)
@given(told=several())
def test_a_playback_is_the_same_session_in_four_encodings(folder, told):
    assert_same(folder, told, ["xapi", "segment", "snowplow"])


@settings(max_examples=10, deadline=None)
@given(told=several(rates=(1.0, 1.25, 1.5, 2.0)))
def test_so_it_is_at_other_speeds_also_where_the_format_has_no_word_for_speed(folder, told):
    assert_same(folder, told, ["xapi", "segment", "snowplow"])


@settings(max_examples=10, deadline=None)
@given(told=several(ads=True))
def test_ads_are_no_playing_also_where_positions_count_them(folder, told):
    assert_same(folder, told, ["segment", "snowplow"])


def test_a_loop_is_a_loop_in_every_encoding(folder):
    told = [Told(0, "start"), Told(0, "play"), Told(60, "ping", 60)]
    for nth in range(8):
        told += [Told(80 + nth * 20, "seek", 80, 60), Told(80 + nth * 20, "play", 60)]
    told += [Told(240, "pause", 80), Told(240, "stop", 80)]
    playback = Playback("viewer", "session", "https://tv.example/a-title", RUNTIME_S, tuple(told))
    for name in ("canonical", *JSON_FORMATS):
        (row,) = sessions(folder, [playback], name).to_pandas().to_dict("records")
        assert (row["rewinds"], row["rewind_chain"], row["passage_passes"]) == (8, 8, 9.0), name
        assert (row["rewind_s"], row["rewind_gap_s"]) == (20.0, 20.0), name
        assert (row["content_s"], row["unique_s"], row["played_s"]) == (240.0, 80.0, 240.0), name
