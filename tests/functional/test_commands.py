"""Every command: the chain from a population to an explanation, in text and in JSON, and how usage errors end."""

from __future__ import annotations

import json
import re

import pyarrow.parquet as pq
import pytest

COMMANDS = ("run", "features", "fit", "classify", "marks", "explain", "synth", "models", "retention")
BASE_RATE = "Most repeated viewing has nothing to do with disability"


@pytest.fixture(scope="session")
def marks(shared, bundle) -> dict[str, dict]:
    """Marks of the fitted model by pattern."""
    told = shared.run("marks", "--model", bundle, "--json").good().json
    return {mark["pattern"]: mark for mark in told["marks"]}


def assigned(path) -> set[str]:
    return set(pq.read_table(path)["pattern"].to_pylist())


def note(path) -> str:
    return pq.read_schema(path).metadata[b"analyzer.note"].decode()


def told_by(terminal, *args) -> str:
    """Text of a command, in one line."""
    return " ".join(terminal.run(*args).good().stdout.split())


def test_the_chain_in_text(terminal):
    """The commands as the documentation shows them."""
    synth = told_by(terminal, "synth", "--viewers", "300", "--days", "28", "--out", "v.parquet", "--seed", "3")
    assert "rows of 300 viewers over 28 days (seed 3)" in synth
    assert "Sessions: v.parquet" in synth
    assert "features: x.parquet" in told_by(terminal, "features", "v.parquet", "--out", "x.parquet")
    assert "Model: m" in told_by(terminal, "fit", "x.parquet", "--out", "m")
    classified = told_by(terminal, "classify", "x.parquet", "--model", "m", "--out", "a.parquet")
    assert "are withheld. Answers: a.parquet" in classified
    assert terminal.left_behind() == {"v.parquet", "x.parquet", "m", "a.parquet"}


def test_synth_in_json(terminal):
    args = ("synth", "--viewers", "20", "--days", "28", "--out", "v.parquet", "--truth", "t.parquet", "--json")
    told = terminal.run(*args, "--start", "2024-02-05").good().json
    assert told["outputs"] == {"sessions": "v.parquet", "truth": "t.parquet"}
    assert told["viewers"] == 20
    table = pq.read_table(terminal.path("v.parquet"))
    assert told["rows"] == table.num_rows
    assert min(table["started_at"].to_pylist()).strftime("%Y-%m-%d") >= "2024-02-05"
    assert pq.read_metadata(terminal.path("t.parquet")).num_rows > 0


def test_synth_repeats_itself(terminal):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        terminal.run("synth", "--viewers", "20", "--days", "28", "--seed", seed, "--out", name).good()
    a, b, c = (terminal.path(name).read_bytes() for name in "abc")
    assert a == b != c


def test_features_in_json(terminal, views):
    told = terminal.run("features", views, "--out", "x.parquet", "--json").good().json
    assert set(told) == {
        "tally", "vectors", "features", "window", "step", "engine", "resumed_partitions", "notes", "outputs",
    }  # fmt: skip
    table = pq.read_table(terminal.path("x.parquet"))
    assert table.num_rows == told["vectors"]
    assert {"viewer_id", "window_start"} <= set(table.column_names)
    assert table.schema.metadata[b"analyzer.window"] == b"28d"


def test_fit_in_json_and_text(terminal, vectors):
    told = terminal.run("fit", vectors, "--out", "a", "--json", "--source", "invented").good().json
    assert told["outputs"] == {"model": "a"}
    assert [pattern["id"] for pattern in told["patterns"]] == [f"P{i + 1:02d}" for i in range(len(told["patterns"]))]
    text = terminal.run("fit", vectors, "--out", "b", "--source", "invented").good().stdout
    for pattern in told["patterns"]:
        assert pattern["name"] in text
    for name in ("manifest.json", "arrays.npz", "card.md"):
        assert (terminal.path("a") / name).read_bytes() == (terminal.path("b") / name).read_bytes()
    assert "invented" in (terminal.path("a") / "card.md").read_text("utf-8")


def test_the_way_in_steps_is_the_way_in_one(terminal, views, vectors, bundle):
    terminal.run("classify", vectors, "--model", bundle, "--out", "steps.parquet").good()
    terminal.run("run", views, "--out", "one").good()
    one = pq.read_table(terminal.path("one") / "assignments.parquet")
    assert pq.read_table(terminal.path("steps.parquet")).equals(one)


def test_classify_names_open_patterns_only(terminal, vectors, bundle, marks):
    told = terminal.run("classify", vectors, "--model", bundle, "--out", "a.parquet", "--json").good().json
    assert set(told) == {"vectors", "withheld_share", "internal", "engine", "notes", "outputs"}
    assert told["internal"] is False
    found = assigned(terminal.path("a.parquet"))
    assert found == {"withheld"} | {p for p in found if p in marks and marks[p]["mark"] == "open"}
    assert "not for publication" not in note(terminal.path("a.parquet"))


def test_classify_internal_says_that_it_is_not_for_publication(terminal, vectors, bundle, marks):
    args = ("classify", vectors, "--model", bundle, "--internal", "--out", "a.parquet")
    assert "Not for publication" in terminal.run(*args).good().stdout
    told = terminal.run(*args, "--json").good().json
    assert told["internal"] is True
    assert told["withheld_share"] is None
    assert "not for publication" in note(terminal.path("a.parquet"))
    found = assigned(terminal.path("a.parquet"))
    assert "withheld" not in found
    assert found <= set(marks)
    assert "no pattern" in found


def test_the_reference_model_protects_patterns_that_the_default_never_names(terminal, vectors):
    marks = {m["pattern"]: m["mark"] for m in terminal.run("marks", "--json").good().json["marks"]}
    closed = {pattern for pattern, mark in marks.items() if mark != "open"}
    terminal.run("classify", vectors, "--internal", "--out", "raw.parquet").good()
    terminal.run("classify", vectors, "--out", "released.parquet").good()
    assert assigned(terminal.path("raw.parquet")) & (closed - {"no pattern"})
    assert not assigned(terminal.path("released.parquet")) & closed


def test_marks_in_json_and_text(terminal, bundle, marks):
    assert marks["no pattern"]["mark"] == "never_single_out"
    assert {mark["mark"] for mark in marks.values()} <= {"never_single_out", "review", "open"}
    told = terminal.run("marks", "--model", bundle, "--json").good().json
    assert re.fullmatch(r"[0-9a-f]{64}", told["rulebook"]["hash"])
    text = terminal.run("marks", "--model", bundle).good().stdout
    assert [line.split()[0] for line in text.splitlines()[2:] if re.match(r"P\d\d|no pattern", line)] == [
        name.split()[0] for name in marks
    ]
    assert text.rstrip().splitlines()[-1].startswith(BASE_RATE)


def test_explain_in_json_and_text(terminal, bundle, marks):
    told = terminal.run("explain", "P01", "--model", bundle, "--json").good().json
    assert told["pattern"] == "P01"
    assert told["mark"] == marks["P01"]["mark"]
    text = terminal.run("explain", "p01", "--model", bundle).good().stdout
    assert text.startswith(f"P01: {told['name']}")
    assert f"Households: {told['size_band']}" in text
    assert text.rstrip().splitlines()[-1].startswith(BASE_RATE)


@pytest.mark.parametrize("words", ["no pattern", "No-Pattern", "no_pattern"])
def test_explain_no_pattern(words, terminal, bundle):
    text = terminal.run("explain", words, "--model", bundle).good().stdout
    assert "never single out" in text
    assert BASE_RATE in text


@pytest.mark.parametrize(
    ("asked", "meant"), [("P1", "P01"), ("1", "P01"), ("PO1", "P01"), ("no patern", "no pattern"), ("P-02", "P02")]
)
def test_an_unknown_pattern_suggests_the_nearest(asked, meant, terminal):
    terminal.run("explain", asked).refused(repr(asked), f"Did you mean {meant!r}?")


def test_a_pattern_like_none_lists_all(terminal, bundle, marks):
    terminal.run("explain", "comfort", "--model", bundle).refused("'comfort'", *marks)


def test_models_in_json_and_text(terminal, bundle):
    told = terminal.run("models", bundle.parent, "--json").good().json["models"]
    assert told[0]["model"] == "reference"
    assert str(bundle) in [model["model"] for model in told]
    text = terminal.run("models", bundle.parent).good().stdout
    assert str(bundle) in text
    assert "an invented population" in text


def test_models_without_a_folder_lists_the_reference_model(terminal):
    told = terminal.run("models", "--json").good().json["models"]
    assert [model["model"] for model in told] == ["reference"]


def test_one_damaged_model_does_not_hide_the_others(terminal, bundle):
    broken = terminal.path("models") / "broken"
    broken.mkdir(parents=True)
    (broken / "manifest.json").write_text("{}")
    told = terminal.run("models", "--json").good().json
    assert [model["model"] for model in told["models"]] == ["reference"]
    assert [model["model"] for model in told["unusable"]] == ["models/broken"]
    assert "Cannot be used: models/broken" in terminal.run("models").good().stdout


def test_a_folder_of_models_that_is_not_there_is_refused(terminal):
    terminal.run("models", "nowhere").refused("no folder nowhere")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_that_names_the_command(command, terminal):
    text = terminal.run(command, "--help").good().stdout
    assert f"Example: analyzer {command} " in text
    assert "--json" in text


def test_help_lists_every_command(terminal):
    text = terminal.run("--help").good().stdout
    assert [name for name in (*COMMANDS, "desk", "account", "audit") if f"  {name} " not in text] == []
    assert [line for line in text.splitlines() if line.startswith("  ") and line.endswith("...")] == []


@pytest.mark.parametrize(
    ("command", "default"),
    [("run", "28d"), ("run", "configuration folder"), ("fit", "at least 30"), ("marks", "the shipped one")],
)
def test_help_says_what_happens_without_an_option(command, default, terminal):
    plain = " ".join(re.sub(r"[│╭╮╰╯─]", " ", terminal.run(command, "--help").good().stdout).split())
    assert default in plain


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), ()),
        (("rnu",), ("rnu", "run")),
        (("run", "--windw", "7d"), ("--windw", "--window")),
        (("run", "--min-cluster-size", "many"), ("integer", "--min-cluster-size")),
        (("run", "--min-cluster-size", "1"), ("--min-cluster-size", "2")),
        (("fit", "x.parquet"), ("--out",)),
        (("explain",), ("PATTERN",)),
        (("synth", "--viewers", "0"), ("--viewers",)),
        (("synth", "--days", "99999"), ("--days",)),
        (("synth", "--start", "yesterday"), ("yesterday", "%Y-%m-%d")),
        (("run", "--out"), ("--out",)),
    ],
    ids=lambda value: " ".join(value) or "nothing",
)
def test_a_usage_error_ends_with_2_and_no_traceback(args, words, terminal):
    answer = terminal.run(*args)
    assert answer.code == 2
    assert "Traceback" not in answer.stderr + answer.stdout
    assert [word for word in words if word.casefold() not in answer.stderr.casefold()] == []
    assert terminal.left_behind() == set()


def test_a_refusal_in_json_is_one_value_too(terminal):
    answer = terminal.run("run", "nowhere.parquet", "--json").refused("nowhere.parquet")
    assert set(answer.json) == {"error", "remedy", "exit_code"}
    assert answer.json["exit_code"] == 2
    assert "nowhere.parquet" in answer.json["error"]


def test_map_names_columns_that_are_called_otherwise(terminal, few_views):
    table = pq.read_table(few_views)
    renamed = {"started_at": "Start", "played_s": "Length = s"}
    pq.write_table(table.rename_columns([renamed.get(n, n) for n in table.column_names]), terminal.path("r.parquet"))
    args = ("features", "--map", "started_at=Start", "--map", "played_s=Length = s", "--json")
    mapped = terminal.run(*args, "r.parquet").good().json
    assert mapped["tally"] == terminal.run("features", few_views, "--json").good().json["tally"]


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("started_at", ("started_at", "COLUMN=NAME", "started_at=Start")),
        ("=Start", ("=Start", "COLUMN=NAME")),
        ("startd_at=started_at", ("startd_at", "Did you mean 'started_at'?")),
        ("started_at=started", ("no column 'started'", "Did you mean 'started_at'?")),
        ("mood=played_s", ("mood", "Known are viewer_id")),
    ],
)
def test_a_bad_map_is_explained(pair, words, terminal, few_views):
    terminal.run("run", few_views, "--map", pair).refused(*words)
    assert terminal.left_behind() == set()


def test_a_rulebook_of_ones_own_is_used(terminal, bundle):
    rules = 'id = "ours"\nversion = "1"\nowner = "us"\n\n[[rule]]\nid = "all"\neffect = "review"\nsince = 2026-11-26\n'
    rules += 'because = "We look at everything."\ncites = ["our own choice"]\n'
    rules += 'any_of = [{ feature = "plays", at_least = 0 }]\n'
    terminal.path("rules.toml").write_text(rules)
    told = terminal.run("marks", "--model", bundle, "--rulebook", "rules.toml", "--json").good().json
    assert told["rulebook"]["id"] == "ours"
    assert {mark["mark"] for mark in told["marks"] if mark["pattern"] != "no pattern"} == {"review"}


def test_what_is_written_to_a_closed_pipe_ends_without_a_word(terminal, bundle):
    process = terminal.start("marks", "--model", bundle)
    process.stdout.close()
    process.wait(timeout=60)
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()


def test_json_stays_json_where_titles_are_not_ascii(terminal, few_views):
    place = terminal.path("Ærø søndag")
    told = json.loads(terminal.run("features", few_views, "--out", place / "x.parquet", "--json").good().stdout)
    assert told["outputs"]["vectors"] == str(place / "x.parquet")
