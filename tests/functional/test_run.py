"""`analyzer run`: sessions in; assignments, patterns, marks, tally, quarantine and a report out."""

from __future__ import annotations

import json
import re
import shutil
from itertools import pairwise

import numpy as np
import pyarrow.parquet as pq
import pytest

LEDGER = {"ledger.sqlite", "ledger.sqlite.key"}
ALWAYS = {"assignments.parquet", "patterns.json", "marks.json", "tally.json", "quarantine.csv", "report.html", *LEDGER}
REPEATABLE = ("assignments.parquet", "patterns.json", "marks.json", "model/arrays.npz", "model/manifest.json")


def names_in(folder) -> set[str]:
    return {path.name for path in folder.iterdir()}


def read_json(path):
    return json.loads(path.read_text("utf-8"))


@pytest.fixture(scope="session")
def fitted(shared, views):
    """A run in an interpreter of its own that fitted a model; its answer and its folder."""
    answer = shared.afresh("run", views, "--out", "fitted", "--json").good()
    return answer, shared.path("fitted")


@pytest.fixture(scope="session")
def few(shared, few_views):
    """A run on too few vectors to fit."""
    answer = shared.run("run", few_views, "--out", "few", "--json").good()
    return answer, shared.path("few")


def assert_adds_up(tally: dict) -> None:
    assert tally["read"] == tally["used"] + sum(tally["dropped"].values()) + tally["quarantined"]


def test_a_fitted_run_writes_the_promised_files_and_no_other(fitted):
    assert names_in(fitted[1]) == {*ALWAYS, "model"}
    assert names_in(fitted[1] / "model") == {"manifest.json", "arrays.npz", "card.md", "card.json"}


def test_a_run_with_the_reference_model_writes_no_model(few):
    assert names_in(few[1]) == ALWAYS


def test_json_is_one_value_with_the_promised_keys(fitted):
    answer, folder = fitted
    told = answer.json
    assert {"tally", "vectors", "patterns", "withheld_share", "model", "outputs"} <= set(told)
    assert set(told["tally"]) == {"read", "used", "dropped", "quarantined"}
    assert all(set(pattern) == {"id", "name", "mark", "size_band"} for pattern in told["patterns"])
    assert told["patterns"]
    assert told["model"] == "fitted"
    assert 0 < told["withheld_share"] < 1
    told_of = {shared_path(folder, place) for place in told["outputs"].values()}
    assert told_of == names_in(folder) - {"ledger.sqlite.key"}


def shared_path(folder, place: str) -> str:
    """The name of an output in `folder`, where the output is there."""
    path = folder.parent / place
    assert path.exists()
    assert path.parent == folder
    return path.name


def test_stderr_is_silent_where_nobody_watches(fitted):
    assert fitted[0].stderr == ""


def test_the_tally_adds_up_to_the_rows_of_the_file(fitted, views):
    told = fitted[0].json["tally"]
    assert_adds_up(told)
    assert told["read"] == pq.read_metadata(views).num_rows
    assert told["used"] < told["read"]
    written = read_json(fitted[1] / "tally.json")
    assert {key: written[key] for key in told} == told
    assert [place.endswith("views.parquet") for place in written["sources"]] == [True]


def test_assignments_hold_viewer_window_and_pattern_and_nothing_else(fitted):
    table = pq.read_table(fitted[1] / "assignments.parquet")
    assert table.column_names == ["viewer_id", "window_start", "pattern"]
    assert table.num_rows == fitted[0].json["vectors"]
    assert sum(column.null_count for column in table.columns) == 0


@pytest.mark.parametrize("run", ["fitted", "few"])
def test_every_pattern_in_assignments_is_open(run, request):
    _, folder = request.getfixturevalue(run)
    marks = {mark["pattern"]: mark["mark"] for mark in read_json(folder / "marks.json")["marks"]}
    assigned = set(pq.read_table(folder / "assignments.parquet")["pattern"].to_pylist())
    assert assigned - {"withheld"}
    assert {marks[pattern] for pattern in assigned - {"withheld"}} == {"open"}


def test_the_withheld_share_is_that_of_the_assignments(fitted):
    pattern = pq.read_table(fitted[1] / "assignments.parquet")["pattern"].to_numpy(zero_copy_only=False)
    assert fitted[0].json["withheld_share"] == round(float((pattern == "withheld").mean()), 4)


def test_patterns_and_marks_name_the_same_patterns(fitted):
    patterns = [pattern["id"] for pattern in read_json(fitted[1] / "patterns.json")["patterns"]]
    marks = [mark["pattern"] for mark in read_json(fitted[1] / "marks.json")["marks"]]
    assert marks == [*patterns, "no pattern"]
    assert patterns == [pattern["id"] for pattern in fitted[0].json["patterns"]]


def test_no_viewer_is_named_outside_assignments(fitted):
    answer, folder = fitted
    viewers = set(pq.read_table(folder / "assignments.parquet")["viewer_id"].to_pylist())
    for path in [p for p in folder.rglob("*") if p.is_file() and p.name != "assignments.parquet"]:
        text = path.read_bytes().decode("utf-8", "replace")
        assert not [viewer for viewer in viewers if viewer in text], path.name
    assert not [viewer for viewer in viewers if viewer in answer.stdout]


def test_the_report_is_one_page_that_asks_for_nothing(fitted):
    page = (fitted[1] / "report.html").read_text("utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    for word in ("<script", "src=", "@import", "url(", "<iframe"):
        assert word not in page.casefold()
    assert [link for link in re.findall(r"<link[^>]*>", page) if 'href="data:' not in link] == []


def test_text_ends_with_the_place_of_the_report_and_how_to_open_the_desk(terminal, few_views):
    answer = terminal.run("run", few_views, "--out", "results").good()
    lines = answer.stdout.splitlines()
    assert lines[-3] == "Report: results/report.html"
    assert lines[-2].endswith("desk results")
    assert "account add YOUR-NAME --role reviewer --ledger results/ledger.sqlite" in lines[-1]
    assert "rows read =" in lines[0]
    assert (terminal.path("results") / "report.html").exists()


def test_the_folder_has_a_name_without_asking(terminal, few_views):
    answer = terminal.run("run", few_views).good()
    assert names_in(terminal.path("analyzer-out")) == ALWAYS
    assert "Report: analyzer-out/report.html" in answer.stdout.splitlines()


def test_the_same_input_gives_the_same_bytes(terminal, views, fitted):
    terminal.run("run", views, "--out", "again").good()
    for name in REPEATABLE:
        assert (terminal.path("again") / name).read_bytes() == (fitted[1] / name).read_bytes(), name


def test_shuffled_rows_in_two_files_give_the_same_bytes(terminal, views, fitted):
    table = pq.read_table(views)
    order = np.random.default_rng(7).permutation(table.num_rows)
    terminal.path("parts").mkdir()
    half = table.num_rows // 2
    for name, part in (("b.parquet", order[:half]), ("a.parquet", order[half:])):
        pq.write_table(table.take(part), terminal.path("parts") / name)
    terminal.run("run", "parts", "--out", "shuffled").good()
    for name in REPEATABLE[:4]:
        ours, theirs = terminal.path("shuffled") / name, fitted[1] / name
        if name == "patterns.json":  # says what it was fitted on
            assert {**read_json(ours), "fitted_on": ""} == {**read_json(theirs), "fitted_on": ""}
        else:
            assert ours.read_bytes() == theirs.read_bytes(), name


def test_too_few_vectors_use_the_reference_model_and_say_why(few, terminal, few_views):
    assert few[0].json["model"] == "reference"
    assert "too few" in few[0].json["model_reason"]
    told = terminal.run("run", few_views).good().stdout
    assert "Model: reference" in told
    assert "1,000 vectors of 200 households are needed" in " ".join(told.split())


def test_a_given_model_is_used(terminal, few_views, bundle):
    told = terminal.run("run", few_views, "--model", bundle, "--out", "given", "--json").good().json
    assert told["model"] == "given"
    assert str(bundle) in told["model_reason"]
    expected = {profile["id"] for profile in read_json(bundle / "manifest.json")["profiles"]}
    assert {pattern["id"] for pattern in told["patterns"]} == expected
    assert names_in(terminal.path("given")) == ALWAYS


def test_a_window_other_than_the_models_is_refused(terminal, few_views, bundle):
    answer = terminal.run("run", few_views, "--model", bundle, "--window", "7d", "--out", "given")
    answer.refused("windows of 28d", "7d", "--window")
    assert terminal.left_behind() == set()


def test_a_window_that_says_the_same_in_weeks_is_no_conflict(terminal, few_views, bundle):
    terminal.run("run", few_views, "--model", bundle, "--window", "4w").good()


def test_another_window_makes_other_vectors(terminal, views):
    told = terminal.run("features", views, "--window", "all", "--json").good().json
    assert told["vectors"] <= 700


def test_without_sessions_the_synthetic_population_is_used(terminal):
    told = terminal.run("run", "--json").good().json
    assert told["model"] == "fitted"
    assert told["tally"]["read"] > 100_000
    assert_adds_up(told["tally"])
    assert names_in(terminal.path("analyzer-out")) == {*ALWAYS, "model"}


def test_a_second_run_replaces_the_first_and_leaves_other_files(terminal, few_views):
    terminal.run("run", few_views, "--out", "results").good()
    (terminal.path("results") / "notes.txt").write_text("mine")
    before = (terminal.path("results") / "tally.json").stat().st_ino
    terminal.run("run", few_views, "--out", "results", "--keep-autoplay").good()
    assert names_in(terminal.path("results")) == {*ALWAYS, "notes.txt"}
    assert (terminal.path("results") / "tally.json").stat().st_ino != before
    assert "autoplay" not in read_json(terminal.path("results") / "tally.json")["dropped"]


def test_a_model_in_the_folder_of_results_survives_its_own_use(terminal, few_views, bundle):
    shutil.copytree(bundle, terminal.path("results") / "model")
    terminal.run("run", few_views, "--model", "results/model", "--out", "results").good()
    assert names_in(terminal.path("results")) == {*ALWAYS, "model"}
    assert terminal.run("models", "results", "--json").good().json["unusable"] == []


def test_several_sources_add_up(terminal, few_views):
    table = pq.read_table(few_views)
    cuts = [0, 100, 1_000, table.num_rows]
    for number, (start, stop) in enumerate(pairwise(cuts)):
        pq.write_table(table.slice(start, stop - start), terminal.path(f"part{number}.parquet"))
    whole = terminal.run("features", few_views, "--json").good().json["tally"]
    parts = terminal.run("features", "part?.parquet", "--json").good().json["tally"]
    named = terminal.run("features", "part0.parquet", "part1.parquet", "part2.parquet", "--json").good().json["tally"]
    assert parts == named == whole
