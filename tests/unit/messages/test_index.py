"""The index: made once through the same door, the same whatever the order, and checked when it is opened."""

from __future__ import annotations

import json
import os
import shutil

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import analyzer
from analyzer.errors import InputError
from analyzer.features.extract import extract_features
from analyzer.messages.about import DATABASE, MANIFEST, VERSION
from analyzer.messages.audience import audience_of
from analyzer.messages.claim import Action
from analyzer.messages.index import open_index
from analyzer.policy.effects import MarkStatus
from analyzer.sessions.pseudonym import load_key
from analyzer.sessions.synthetic import Population, synthesize
from analyzer.workflow.message_index import build_index, ready
from analyzer.workflow.progress import Progress

from .planted import BEE, PRINCE, claim, hours_of, people, planted_rows, planted_sessions, the_tweet, title

TABLES = (
    "titles", "names", "keys", "places", "facts", "pairs", "title_days", "households", "totals", "together",
    "together_days", "spans",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("index")


@pytest.fixture(scope="module")
def made(folder):
    pd.DataFrame(planted_rows()).to_parquet(folder / "views.parquet")
    done = build_index(folder / "views.parquet", folder / "ready", key_file=folder / "key")
    return folder / "ready", load_key(folder / "key"), done


def content(index):
    return {name: index.rows(f"FROM {name} ORDER BY ALL") for name in TABLES}


def test_nothing_is_lost_on_the_way_in(made):
    _, _, done = made
    assert done.intake.tally.read == done.intake.tally.used == len(planted_rows())


def test_an_index_answers_as_the_sessions_themselves_do(made):
    path, key, _ = made
    marks = {f"daily{n}": MarkStatus.NEVER_SINGLE_OUT for n in range(53)}
    with ready(path, key=key) as index, ready(planted_sessions()) as unprepared:
        for asked in (the_tweet(), hours_of(PRINCE, 5)):
            one, other = (audience_of(asked, source, marks=marks) for source in (index, unprepared))
            assert one.figures == other.figures
            assert (one.households, one.marks, one.largest_share) == (
                other.households,
                other.marks,
                other.largest_share,
            )


def test_the_order_of_rows_and_the_way_through_disk_change_nothing(folder, made):
    path, key, done = made
    rows = pd.DataFrame(planted_rows()).sample(frac=1.0, random_state=1)
    parts = folder / "parts"
    parts.mkdir()
    for number, cut in enumerate(np.array_split(np.arange(len(rows)), 3)):
        rows.iloc[cut].to_parquet(parts / f"{number}.parquet")
    import analyzer.workflow.options as options

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(options, "_MOST_ROWS", 500)
        again = build_index(parts, folder / "again", key_file=folder / "key")
    assert again.about.rows == done.about.rows
    assert again.intake.tally == done.intake.tally
    with ready(path, key=key) as one, ready(folder / "again", key=key) as other:
        assert content(one) == content(other)


def test_viewers_of_a_household_count_once_even_where_they_watch_at_the_same_time():
    rows = [r | {"viewer_id": f"{r['household_id']}-{n}"} for r in planted_rows() for n in (1, 2)]
    with ready(planted_sessions(rows)) as index:
        assert audience_of(the_tweet(), index).figures[1].value == 53


def test_plays_and_days_are_those_of_the_features():
    sessions, _ = synthesize(Population(120, days=40, seed=3))
    vectors = extract_features(sessions, window=None)
    alone = analyzer.read_sessions(sessions.table.drop_columns(["household_id"]))
    with ready(alone) as index:
        found = index.arrays(
            "SELECT household, max(plays) AS plays, max(days) AS days, max(longest_run) AS run"
            " FROM pairs GROUP BY household"
        )
        code = index.households_named(pa.array(vectors.index.get_level_values("viewer_id").astype(str)))
    by_code = pd.DataFrame(found).set_index("household").loc[code]
    for ours, feature in (("plays", "title_plays_max"), ("days", "title_days_max"), ("run", "title_run_days_max")):
        np.testing.assert_array_equal(by_code[ours].to_numpy(float), vectors[feature].to_numpy(), err_msg=feature)


def test_where_a_frame_is_cut_is_of_no_effect():
    frame = pd.DataFrame(planted_rows())
    with pytest.MonkeyPatch.context() as patch:
        found = []
        for most in (1_000_000, 700):
            patch.setattr("analyzer.workflow.options._MOST_ROWS", most)
            with ready(frame, key=b"k" * 32) as index:
                found.append((index.about.fingerprint, content(index)))
    assert found[0] == found[1]


def test_rewinds_are_known_where_the_sessions_tell_of_them():
    rows = [r | {"rewinds": 6 if r["household_id"] == "many" else 0} for r in planted_rows()]
    rewound = claim(people(1), title(BEE), action=Action.REWOUND)
    with ready(planted_sessions(rows)) as index:
        assert audience_of(rewound, index).figures[0].value == 1


def test_hidden_rows_never_reach_an_index():
    rows = planted_rows()
    shown = [r | {"hidden": r["household_id"] == "daily7"} for r in rows]
    with ready(planted_sessions(shown)) as index:
        assert audience_of(the_tweet(), index).figures[1].value == 52


# ---------------------------------------------------------------- what lies on disk


def test_no_name_of_a_viewer_or_household_lies_in_an_index(made):
    path, _, _ = made
    data = (path / DATABASE).read_bytes() + (path / MANIFEST).read_bytes()
    with ready(path) as index:
        told = str(content(index))
    for name in ("daily1", "once399", "many", "near0"):
        assert name.encode() not in data
        assert name not in told


@pytest.mark.skipif(os.name != "posix", reason="permissions of another kind")
def test_only_its_owner_may_read_an_index(made):
    assert made[0].stat().st_mode & 0o077 == 0


def test_an_index_says_what_it_was_made_of(made):
    path, _, done = made
    told = json.loads((path / MANIFEST).read_text())
    assert told["version"] == VERSION
    assert len(told["about"]["fingerprint"]) == 64
    assert (done.about.households, done.about.titles) == (479, 7)
    assert done.about.words() == "2023-11-01 to 2023-12-10"


# ---------------------------------------------------------------- opening


def copy_of(made, tmp_path):
    place = tmp_path / "copy"
    shutil.copytree(made[0], place)
    return place


def refused(path, key=None):
    with pytest.raises(InputError) as error:
        open_index(path, key)
    assert error.value.remedy
    return error.value.cause


def test_another_version_is_refused(made, tmp_path):
    place = copy_of(made, tmp_path)
    told = json.loads((place / MANIFEST).read_text())
    (place / MANIFEST).write_text(json.dumps(told | {"version": VERSION + 1}))
    assert "version" in refused(place)


@pytest.mark.parametrize("text", ["", "[]", '{"version": 1}', '{"version": 1, "rows": "many"}', "\x00\xff"])
def test_a_damaged_manifest_is_refused(made, tmp_path, text):
    place = copy_of(made, tmp_path)
    (place / MANIFEST).write_text(text)
    assert "damaged" in refused(place)


def test_a_manifest_of_another_index_is_refused(made, tmp_path):
    place = copy_of(made, tmp_path)
    told = json.loads((place / MANIFEST).read_text())
    (place / MANIFEST).write_text(json.dumps(told | {"about": told["about"] | {"fingerprint": "0" * 64}}))
    assert "disagree" in refused(place)


def test_a_truncated_or_foreign_database_is_refused(made, tmp_path):
    place = copy_of(made, tmp_path)
    data = (place / DATABASE).read_bytes()
    (place / DATABASE).write_bytes(data[: len(data) // 2])
    assert "another size" in refused(place)
    (place / DATABASE).unlink()
    assert "missing" in refused(place)
    with duckdb.connect(str(place / DATABASE)) as connection:
        connection.execute("CREATE TABLE facts AS SELECT 1 AS x")
    told = json.loads((place / MANIFEST).read_text())
    (place / MANIFEST).write_text(json.dumps(told | {"bytes": (place / DATABASE).stat().st_size}))
    assert "its tables are not there" in refused(place)
    (place / DATABASE).write_bytes(b"x" * told["bytes"])
    (place / MANIFEST).write_text(json.dumps(told))
    assert "cannot be opened" in refused(place)


def test_another_key_is_refused_and_marks_by_name_need_one(made):
    path, _, _ = made
    assert "another key" in refused(path, b"x" * 32)
    with ready(path) as index, pytest.raises(InputError, match="without the key"):
        audience_of(the_tweet(), index, marks={"daily1": MarkStatus.OPEN})


def test_a_folder_without_an_index_says_how_to_make_one(tmp_path):
    assert "no index" in refused(tmp_path)


def test_a_failure_leaves_nothing_behind(tmp_path):
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(InputError):
        build_index(tmp_path / "bad.parquet", tmp_path / "out", key_file=tmp_path / "key")
    assert {path.name for path in tmp_path.iterdir()} <= {"bad.parquet", "key"}


def test_the_wait_is_explained():
    steps, rows = [], []
    with ready(planted_sessions(), progress=Progress(steps.append, lambda done, of: rows.append((done, of)))):
        pass
    assert steps == ["finding plays", "laying out the index", "adding up households"]
    for whole in {whole for _, whole in rows}:
        assert sum(done for done, of in rows if of == whole) == whole
