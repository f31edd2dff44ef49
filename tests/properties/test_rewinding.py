"""Whoever returns to one passage again and again is never named, whatever else is watched on the profile.

A population with player events, in which some viewers of every habit rewind and replay one passage in a tenth, a third
or more of their sessions; and what must not matter to how that is seen: settings, speed, the order of rows.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import analyzer
from analyzer.features.catalog import Family, select
from analyzer.policy.marks import guarded
from analyzer.policy.rulebook import load_rulebook
from analyzer.sessions.habits import HABITS
from analyzer.sessions.synthetic import Population
from analyzer.sessions.synthetic_events import event_batches
from analyzer.workflow.classify import WITHHELD
from analyzer.workflow.run import fit

NAVIGATION = [spec.name for spec in select() if spec.family is Family.NAVIGATION]
RITUALS = {habit.name for habit in HABITS if habit.protected}


@pytest.fixture(scope="module")
def population():
    """A thousand viewers over four weeks with their players' events, a model fitted on them, and who is named."""
    sessions, events, truth = next(event_batches(Population(1_000, 28, seed=11)))
    read = analyzer.read_sessions(sessions, events=events)
    vectors = analyzer.extract_features(read)
    model = fit(vectors, "28d", "a population with player events")
    named = analyzer.classify(model, vectors)["pattern"] != WITHHELD
    known = truth.to_pandas().set_index("viewer_id").reindex(vectors.index.get_level_values("viewer_id"))
    return SimpleNamespace(
        sessions=sessions,
        events=events,
        vectors=vectors,
        model=model,
        named=named.to_numpy(),
        share=known["rewind_share"].to_numpy(),
        ritual=known["habit"].isin(RITUALS).to_numpy(),
    )


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_nobody_who_rewinds_one_passage_is_named_without_repetition_of_titles(population, share):
    chosen = (population.share == share) & ~population.ritual
    assert chosen.sum() >= 3
    assert not population.named[chosen].any()


def test_nobody_who_rewinds_one_passage_of_a_favourite_title_is_named(population):
    chosen = (population.share > 0) & population.ritual
    assert chosen.sum() >= 3
    assert not population.named[chosen].any()


def test_most_others_are_still_learned_from(population):
    """Everybody goes back a few seconds now and then; that must not withhold everybody."""
    ordinary = (population.share == 0) & ~population.ritual
    assert population.named[ordinary].mean() > 0.6


def test_it_is_the_rule_on_passages_that_keeps_the_promise(population):
    rulebook = load_rulebook()
    others = [rule for rule in rulebook.rule if rule.id != "one-passage-again"]
    without = rulebook.model_copy(update={"rule": tuple(others)})
    chosen = (population.share > 0) & ~population.ritual
    assert guarded(population.vectors, rulebook)[chosen].all()
    assert not guarded(population.vectors, without)[chosen].all()


def test_a_family_profile_is_protected_though_nine_of_ten_sessions_are_ordinary(population):
    """The features that take the most over sessions see the loop; the averages hardly do."""
    few = population.vectors[(population.share == 0.1) & ~population.ritual]
    assert (few["loop_session_share"] < 0.3).mean() > 0.5
    assert (few["passage_passes_max"] >= 3).all()


def test_without_player_events_nothing_is_known_of_passages_and_that_withholds_nothing(population):
    plain = analyzer.extract_features(analyzer.read_sessions(population.sessions))
    assert plain[NAVIGATION].isna().all(axis=None)
    assert not guarded(plain).all()


def randomised(events: pa.Table, seed: int) -> pa.Table:
    """The same events with other accessibility settings."""
    rng = np.random.default_rng(seed)
    flags = {name: pa.array(rng.random(len(events)) < 0.5) for name in ("captions", "audio_description")}
    words = rng.choice(["none", "declared", "unknown"], len(events))
    for name, values in {**flags, "assistive_tech": pa.array(words)}.items():
        events = events.set_column(events.column_names.index(name), name, values)
    return events


def some(population, viewers: int = 120) -> pa.Table:
    names = pc.unique(population.events["viewer_id"].combine_chunks().cast(pa.string()))[:viewers]
    return population.events.filter(pc.is_in(population.events["viewer_id"].cast(pa.string()), names))


def test_accessibility_settings_in_events_change_no_vector(population):
    events = some(population)
    expected = analyzer.extract_features(analyzer.read_sessions(events=events))
    stripped = events.drop_columns(["captions", "audio_description", "assistive_tech"])
    other = [stripped, *(randomised(events, seed) for seed in (1, 2))]
    for changed in other:
        got = analyzer.extract_features(analyzer.read_sessions(events=changed))
        pd.testing.assert_frame_equal(got, expected, check_exact=True)


def test_settings_told_by_events_reach_the_profile_and_nothing_else(population):
    vectors = analyzer.extract_features(analyzer.read_sessions(events=randomised(some(population), 1)))
    settings = vectors.attrs["analyzer.context"].settings(vectors.index)
    assert settings[["captions", "audio_description"]].notna().all(axis=None)
    assert not set(settings.columns) & set(vectors.columns)


@pytest.mark.parametrize("rate", [0.5, 1.25, 2.0])
def test_the_same_passages_at_another_speed_are_the_same_passages(population, rate):
    """Somebody who listens at double speed, or slowly, goes back as far and as often; only the clock differs."""
    events = some(population, 40)
    slower = pc.cast(pc.round(pc.divide(pc.cast(events["t_ms"], pa.float64()), rate)), pa.int32())
    changed = events.set_column(events.column_names.index("t_ms"), "t_ms", slower)
    changed = changed.append_column("rate", pa.array(np.full(len(events), rate)))
    told = events.append_column("rate", pa.array(np.ones(len(events))))
    got, expected = (measures(analyzer.read_sessions(events=each)) for each in (changed, told))
    same = ["content_s", "unique_s", "passage_passes", "rewinds", "rewind_s", "rewind_chain", "forward_skips"]
    pd.testing.assert_frame_equal(got[same], expected[same], atol=2e-2, rtol=1e-5)


def measures(read: analyzer.Sessions) -> pd.DataFrame:
    frame = read.to_pandas().set_index(["viewer_id", "session_id"]).sort_index()
    return frame.select_dtypes("number").astype(float)
