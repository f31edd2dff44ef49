"""Input as it comes: what is refused says what is wrong and what to do, and what can be read is read, with a note.

A case is a maker of input (a function of the folder that returns the arguments of `analyzer`) and the words that the
answer must hold. Whatever is refused leaves no output behind.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

HEAD = "viewer_id,title_id,started_at,played_s\n"
ROW = "v1,t1,2024-03-04T20:00:00Z,1800\n"
NETFLIX_HEAD = (
    "Profile Name,Start Time,Duration,Attributes,Title,Supplemental Video Type,Device Type,Bookmark,Latest Bookmark,"
    "Country\n"
)

Maker = Callable[[Path], list[str]]


def rows(count: int, viewers: int = 1) -> list[str]:
    """Well-formed CSV lines: one viewing an evening, of `viewers` viewers in turn."""
    return [
        f"v{i % viewers},t{i % 7},2024-03-{1 + i % 28:02d}T{18 + i % 5}:{i % 60:02d}:{i // 60 % 60:02d}Z,{1200 + i}\n"
        for i in range(count)
    ]


def csv_file(content: str | bytes, name: str = "views.csv", *more: str) -> Maker:
    """A maker of one file and the arguments that name it."""

    def make(folder: Path) -> list[str]:
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return [name, *more]

    return make


def table_of(**changed) -> pa.Table:
    """Forty good rows with some columns replaced."""
    columns = {
        "viewer_id": [f"v{i % 4}" for i in range(40)],
        "title_id": [f"t{i}" for i in range(40)],
        "started_at": pa.array(
            [1_709_582_400_000_000 + i * 3_600_000_000 for i in range(40)], pa.timestamp("us", "UTC")
        ),
        "played_s": [1800.0] * 40,
    }
    return pa.table({name: value for name, value in {**columns, **changed}.items() if value is not None})


def parquet(name: str = "views.parquet", **changed) -> Maker:
    def make(folder: Path) -> list[str]:
        pq.write_table(table_of(**changed), folder / name)
        return [name]

    return make


def cut_short(folder: Path) -> list[str]:
    pq.write_table(table_of(), folder / "views.parquet")
    whole = (folder / "views.parquet").read_bytes()
    (folder / "views.parquet").write_bytes(whole[: len(whole) // 2])
    return ["views.parquet"]


def damaged_inside(folder: Path) -> list[str]:
    pq.write_table(table_of(), folder / "views.parquet")
    data = bytearray((folder / "views.parquet").read_bytes())
    data[4:200] = bytes(196)
    (folder / "views.parquet").write_bytes(data)
    return ["views.parquet"]


def empty_folder(folder: Path) -> list[str]:
    (folder / "views").mkdir()
    (folder / "views" / "readme.md").write_text("nothing here")
    return ["views"]


def unreadable_name(folder: Path) -> list[str]:
    (folder / "views.csv").symlink_to("gone.csv")
    return ["views.csv"]


def folder_named_like_a_file(folder: Path) -> list[str]:
    (folder / "views.csv").mkdir()
    return ["views.csv"]


REFUSED: dict[str, tuple[Maker, tuple[str, ...]]] = {
    "missing file": (lambda _: ["nowhere.csv"], ("nowhere.csv does not exist",)),
    "dangling link": (unreadable_name, ("views.csv does not exist",)),
    "glob without match": (lambda _: ["*.parquet"], ("Nothing matches *.parquet",)),
    "empty file": (csv_file(""), ("views.csv is empty",)),
    "empty Parquet": (csv_file("", "views.parquet"), ("views.parquet is empty",)),
    "white space only": (csv_file("\n \n"), ("views.csv is empty",)),
    "folder without data": (empty_folder, ("views holds no sessions", ".parquet")),
    "folder named like a file": (folder_named_like_a_file, ("views.csv holds no sessions",)),
    "header only": (csv_file(HEAD), ("views.csv holds no rows",)),
    "header without line end": (csv_file(HEAD.strip()), ("views.csv holds no rows",)),
    "blank lines below the header": (csv_file(HEAD + "\n\n\n"), ("views.csv holds no rows",)),
    "Parquet without rows": (
        parquet(
            viewer_id=pa.array([], pa.string()),
            title_id=pa.array([], pa.string()),
            started_at=pa.array([], pa.timestamp("us", "UTC")),
            played_s=pa.array([], pa.float64()),
        ),
        ("views.parquet holds no rows",),
    ),
    "binary file named .csv": (
        csv_file(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\x00\x10" * 40),
        ("not a text file", "Parquet or CSV"),
    ),
    "text named .parquet": (csv_file(HEAD + ROW, "views.parquet"), ("cannot be read as Parquet", "another format")),
    "Parquet cut short": (cut_short, ("views.parquet cannot be read as Parquet", "cut short")),
    "Parquet damaged inside": (damaged_inside, ("views.parquet cannot be read as Parquet", "damaged")),
    "quotation that never ends": (csv_file(HEAD + '"v1' + ",t1,2024-03-04T20:00:00Z,1800\n" * 3), ("views.csv",)),
    "JSON named .csv": (csv_file('[{"viewer_id": "v1"}]\n'), ("no column viewer_id",)),
    "required column missing": (
        csv_file("viewer_id,title_id,started,played_s\nv1,t1,2024-03-04,5\n"),
        ("no column started_at", "Did you mean 'started'?", "--map started_at=started"),
    ),
    "all columns missing": (
        csv_file("a,b\n1,2\n"),
        ("no column viewer_id", "no column played_s", "present are a, b", "--map"),
    ),
    "column twice": (
        csv_file("viewer_id,title_id,started_at,played_s,played_s\nv1,t1,2024-03-04,5,6\n"),
        ("columns named 'played_s'", "all but one"),
    ),
    "no header": (csv_file(ROW * 3), ("no column viewer_id", "present are v1")),
    "text where numbers belong": (parquet(played_s=["long"] * 40), ("played_s", "string", "number")),
    "flags where times belong": (parquet(started_at=[True] * 40), ("started_at", "bool", "time")),
    "lists where ids belong": (parquet(viewer_id=[["v"]] * 40), ("viewer_id", "list")),
    "structs where numbers belong": (parquet(played_s=[{"s": 1}] * 40), ("played_s", "struct")),
    "all durations negative": (csv_file(HEAD + ROW.replace("1800", "-1") * 2), ("No row", "played_s", "0 to 86400")),
    "all durations absurd": (csv_file(HEAD + ROW.replace("1800", "1e12")), ("No row", "played_s", "86400")),
    "all dates out of range": (csv_file(HEAD + ROW.replace("2024", "1970")), ("No row", "started_at", "2005-01-01")),
    "all ids missing": (parquet(viewer_id=pa.nulls(40, pa.string())), ("No row", "viewer_id is missing")),
    "hidden rows only": (
        parquet(hidden=[True] * 40),
        ("No viewing is left to learn from", "40 hidden"),
    ),
    "autoplay rows only": (parquet(autoplay=[True] * 40), ("No viewing is left to learn from", "40 autoplay")),
    "unknown time zone": (csv_file(HEAD + ROW, "views.csv", "--timezone", "Mars/Olympus"), ("Mars/Olympus", "IANA")),
    "time zone in one's own words": (
        csv_file(HEAD + ROW, "views.csv", "--timezone", "america/new york"),
        ("america/new york", "America/New_York"),
    ),
    "bad window": (csv_file(HEAD + ROW, "views.csv", "--window", "month"), ("'month'", "28d")),
    "absurd window": (csv_file(HEAD + ROW, "views.csv", "--window", "0d"), ("'0d'", "28d")),
    "a good and a missing source": (csv_file(HEAD + ROW, "views.csv", "more.csv"), ("more.csv does not exist",)),
    "missing rulebook": (csv_file(HEAD + ROW, "views.csv", "--rulebook", "r.toml"), ("r.toml", "TOML")),
    "missing model": (
        csv_file(HEAD + ROW, "views.csv", "--model", "nowhere"),
        ("no bundle at nowhere", "manifest.json"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case, terminal):
    make, words = REFUSED[case]
    args = make(terminal.folder)
    before = terminal.left_behind()
    answer = terminal.run("run", *args, "--out", "results").refused(*words)
    assert answer.stdout == ""
    assert terminal.left_behind() == before


@pytest.mark.parametrize("case", ["missing file", "header only", "Parquet cut short", "hidden rows only"])
def test_features_refuses_the_same(case, terminal):
    make, words = REFUSED[case]
    args = make(terminal.folder)
    before = terminal.left_behind()
    if case == "hidden rows only":
        terminal.run("features", *args).good()
        return
    terminal.run("features", *args).refused(*words)
    assert terminal.left_behind() == before


# What can be read


def run_on(terminal, make: Maker) -> dict:
    told = terminal.run("run", *make(terminal.folder), "--out", "results", "--json").good().json
    tally = told["tally"]
    assert tally["read"] == tally["used"] + sum(tally["dropped"].values()) + tally["quarantined"]
    return told


def quarantine(terminal) -> list[dict[str, str]]:
    with (terminal.path("results") / "quarantine.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("v1,t1,yesterday,1800\n", "started_at cannot be read as a time"),
        ("v1,t1,1970-01-01T00:00:00Z,1800\n", "started_at is not 2005-01-01 to"),
        ("v1,t1,2150-01-01T00:00:00Z,1800\n", "started_at is not 2005-01-01 to"),
        ("v1,t1,2024-03-04T20:00:00Z,-5\n", "played_s is not 0 to 86400 s"),
        ("v1,t1,2024-03-04T20:00:00Z,1e9\n", "played_s is not 0 to 86400 s"),
        ("v1,t1,2024-03-04T20:00:00Z,long\n", "played_s cannot be read as a number"),
        ("v1,t1,2024-03-04T20:00:00Z,nan\n", "played_s is missing"),
        (",t1,2024-03-04T20:00:00Z,1800\n", "viewer_id is missing"),
        ("v1,t1,2024-03-04T20:00:00Z\n", "the 4 fields of the header"),
        ("v1,t1,2024-03-04T20:00:00Z,1800,more\n", "the 4 fields of the header"),
    ],
)
def test_one_bad_row_among_many_is_quarantined_with_its_line(bad, reason, terminal):
    good = rows(60)
    told = run_on(terminal, csv_file(HEAD + "".join([*good[:20], bad, *good[20:]])))
    assert told["tally"] == {"read": 61, "used": 60, "dropped": {}, "quarantined": 1}
    (found,) = quarantine(terminal)
    assert (found["file"], found["line"]) == ("views.csv", "22")
    assert reason in found["reason"]


def test_the_quarantine_never_quotes_the_row(terminal):
    name = "Somebody's name"
    run_on(terminal, csv_file(HEAD + "".join(rows(30)) + f"{name},{name},{name},{name}\n"))
    for path in terminal.path("results").iterdir():
        assert name.encode() not in path.read_bytes(), path.name


def test_rows_that_repeat_an_earlier_row_are_dropped(terminal):
    told = run_on(terminal, csv_file(HEAD + "".join(rows(40) + rows(10))))
    assert told["tally"] == {"read": 50, "used": 40, "dropped": {"duplicate": 10}, "quarantined": 0}


def test_a_csv_that_is_not_utf_8_is_read_with_a_note(terminal):
    text = HEAD + "".join(rows(40)) + "v1,Amélie,2024-03-04T20:00:00Z,1800\n"
    told = run_on(terminal, csv_file(text.encode("cp1252")))
    assert told["tally"]["used"] == 41
    assert ["Windows-1252" in note and "views.csv" in note for note in told["notes"]] == [True]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_as_a_spreadsheet_saves_it(encoding, end, separator, terminal):
    text = (HEAD + "".join(rows(40))).replace(",", separator).replace("\n", end)
    make = csv_file(text.encode(encoding))
    assert terminal.run("features", *make(terminal.folder), "--json").good().json["tally"]["used"] == 40


def test_hidden_files_of_a_folder_are_not_sessions(terminal):
    """Such as those that macOS puts beside each file of an archive, and what a killed run leaves."""
    (terminal.folder / "views" / ".results.partial-1").mkdir(parents=True)
    csv_file(HEAD + "".join(rows(40)))(terminal.folder / "views")
    (terminal.folder / "views" / "._views.csv").write_bytes(b"\0\5\x16\7\0\2")
    (terminal.folder / "views" / ".results.partial-1" / "quarantine.csv").write_text("file,line,reason\n")
    assert terminal.run("features", "views", "--json").good().json["tally"]["used"] == 40


def test_one_viewer_alone_is_read_and_nothing_is_said_of_them(terminal):
    told = run_on(terminal, csv_file(HEAD + "".join(rows(200))))
    assert told["model"] == "reference"
    assert "fewer than 10 households" in told["model_reason"]
    for name in ("patterns.json", "marks.json", "tally.json", "report.html"):
        assert not re.search(r"\bv0\b", (terminal.path("results") / name).read_text("utf-8"))


def test_a_cluster_size_above_the_number_of_vectors_falls_back_on_the_reference_model(terminal, views):
    told = run_on(terminal, lambda _: [str(views), "--min-cluster-size", "1000000"])
    assert told["model"] == "reference"
    assert "no patterns" in told["model_reason"]


def test_vectors_that_are_all_equal_make_a_run_that_ends_well(terminal):
    """1,200 viewers with the same sessions: no direction tells them apart."""
    lines = [row.replace("v0,", f"v{viewer},", 1) for viewer in range(1_200) for row in rows(12)]
    told = run_on(terminal, csv_file(HEAD + "".join(lines)))
    assert told["vectors"] == 1_200
    assert told["model"] in {"fitted", "reference"}
    assert "NaN" not in (terminal.path("results") / "patterns.json").read_text("utf-8")


def test_fit_on_few_vectors_is_refused_and_leaves_nothing(terminal):
    make = csv_file(HEAD + "".join(rows(40, viewers=4)))
    terminal.run("features", *make(terminal.folder), "--out", "x.parquet").good()
    terminal.run("fit", "x.parquet", "--out", "model").refused("fewer than 10 households", "reference model")
    assert terminal.left_behind() == {"views.csv", "x.parquet"}


# Files of the chain


def damaged_vectors(folder: Path, vectors: Path) -> None:
    (folder / "x.parquet").write_bytes(vectors.read_bytes()[:-100])


def sessions_as_vectors(folder: Path, _: Path) -> None:
    pq.write_table(table_of(), folder / "x.parquet")


def vectors_without_a_feature(folder: Path, vectors: Path) -> None:
    table = pq.read_table(vectors)
    name = next(n for n in table.column_names if n not in {"viewer_id", "window_start"} and "." not in n)
    pq.write_table(table.drop_columns([name]), folder / "x.parquet")


def vectors_of_text(folder: Path, vectors: Path) -> None:
    table = pq.read_table(vectors)
    at = next(i for i, n in enumerate(table.column_names) if n not in {"viewer_id", "window_start"} and "." not in n)
    words = pa.array(["many"] * table.num_rows)
    pq.write_table(table.set_column(at, table.column_names[at], words), folder / "x.parquet")


def infinite_vectors(folder: Path, vectors: Path) -> None:
    table = pq.read_table(vectors)
    at = next(i for i, n in enumerate(table.column_names) if n not in {"viewer_id", "window_start"} and "." not in n)
    endless = pa.array([float("inf")] * table.num_rows)
    pq.write_table(table.set_column(at, table.column_names[at], endless), folder / "x.parquet")


def vectors_of_another_window(folder: Path, vectors: Path) -> None:
    table = pq.read_table(vectors)
    pq.write_table(
        table.replace_schema_metadata({**table.schema.metadata, b"analyzer.window": b"7d"}), folder / "x.parquet"
    )


def no_vectors(folder: Path, vectors: Path) -> None:
    pq.write_table(pq.read_table(vectors).slice(0, 0), folder / "x.parquet")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder, vectors: None, ("x.parquet cannot be read", "analyzer features")),
        (damaged_vectors, ("x.parquet cannot be read", "analyzer features")),
        (sessions_as_vectors, ("x.parquet holds no vectors", "analyzer features")),
        (vectors_without_a_feature, ("The vectors lack",)),
        (vectors_of_text, ("x.parquet", "finite numbers", "analyzer features")),
        (infinite_vectors, ("x.parquet", "finite numbers", "analyzer features")),
        (vectors_of_another_window, ("windows of 7d", "28d", "--window 28d")),
    ],
    ids=["missing", "damaged", "sessions", "feature missing", "text", "infinite", "other window"],
)
def test_classify_refuses_what_are_no_vectors_of_the_model(spoil, words, terminal, vectors, bundle):
    spoil(terminal.folder, vectors)
    before = terminal.left_behind()
    terminal.run("classify", "x.parquet", "--model", bundle, "--out", "a.parquet").refused(*words)
    assert terminal.left_behind() == before


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder, vectors: None, ("x.parquet cannot be read", "analyzer features")),
        (sessions_as_vectors, ("x.parquet holds no vectors", "analyzer features")),
        (vectors_of_text, ("x.parquet", "analyzer features")),
        (no_vectors, ("x.parquet", "no vectors")),
    ],
    ids=["missing", "sessions", "text", "none"],
)
def test_fit_refuses_what_are_no_vectors(spoil, words, terminal, vectors):
    spoil(terminal.folder, vectors)
    before = terminal.left_behind()
    terminal.run("fit", "x.parquet", "--out", "model").refused(*words)
    assert terminal.left_behind() == before


# Bundles


def changed_byte(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)


def newer(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**manifest, "schema_version": 99}))


def pickled(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b"\x80\x04\x95\x00\x00")


BUNDLES: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "a byte of the arrays": (lambda f: changed_byte(f, "arrays.npz"), ("arrays.npz was changed",)),
    "a byte of the card": (lambda f: changed_byte(f, "card.md"), ("card.md was changed",)),
    "a byte of the manifest": (lambda f: changed_byte(f, "manifest.json"), ("manifest.json",)),
    "newer": (newer, ("schema version 99", "Upgrade")),
    "no manifest": (lambda f: (f / "manifest.json").unlink(), ("manifest.json cannot be read",)),
    "no arrays": (lambda f: (f / "arrays.npz").unlink(), ("arrays.npz cannot be read",)),
    "something pickled": (pickled, ("manifest.json is not JSON",)),
    "no folder": (shutil.rmtree, ("no bundle at mine",)),
}


@pytest.mark.parametrize("command", ["run", "marks"])
@pytest.mark.parametrize("case", BUNDLES)
def test_a_bundle_that_cannot_be_trusted_is_refused(case, command, terminal, bundle, few_views):
    spoil, words = BUNDLES[case]
    shutil.copytree(bundle, terminal.path("mine"))
    spoil(terminal.path("mine"))
    before = terminal.left_behind()
    sessions = [few_views] if command == "run" else []
    terminal.run(command, *sessions, "--model", "mine").refused(*words)
    assert terminal.left_behind() == before


# Rulebooks

BOOK = 'id = "ours"\nversion = "1"\nowner = "us"\n'
RULE = (
    '[[rule]]\nid = "r"\neffect = "review"\nsince = 2026-11-26\nbecause = "For a reason."\ncites = ["our own choice"]\n'
)


@pytest.mark.parametrize(
    ("book", "words"),
    [
        ("", ("r.toml has", "mistakes", "owner")),
        (BOOK, ("r.toml has 1 mistake", "rule")),
        (BOOK + RULE + "any_of = [{ feature = 'playss', at_least = 3 }]\n", ("'playss'", "Did you mean 'plays'?")),
        (BOOK + RULE + "any_of = [{ feature = 'captions', at_least = 3 }]\n", ("captions", "over_represented")),
        (
            BOOK + RULE.replace("review", "maybe") + "any_of = [{ feature = 'plays', at_least = 3 }]\n",
            ("rule `r`", "line 6", "'maybe' is not allowed", "forbid, review, allow"),
        ),
        (BOOK + RULE, ("rule",)),
        ("\xff\xfe", ("r.toml", "TOML")),
    ],
    ids=["empty", "no rule", "unknown feature", "accessibility", "unknown mark", "no condition", "binary"],
)
def test_a_malformed_rulebook_is_refused_with_its_mistakes(book, words, terminal, few_views):
    terminal.path("r.toml").write_bytes(book.encode("latin-1"))
    terminal.run("run", few_views, "--rulebook", "r.toml").refused(*words)
    assert terminal.left_behind() == {"r.toml"}


def test_a_rulebook_that_is_no_toml_is_refused_with_its_place(terminal):
    terminal.path("r.toml").write_text(BOOK + "[[rule]\n")
    answer = terminal.run("marks", "--rulebook", "r.toml")
    assert answer.code == 2
    assert "r.toml is not TOML" in answer.stderr
    assert "line 4" in answer.stderr


def test_all_mistakes_of_a_rulebook_are_told_at_once(terminal):
    book = BOOK + RULE.replace("review", "maybe").replace("cites", "sites")
    terminal.path("r.toml").write_text(book)
    terminal.run("marks", "--rulebook", "r.toml").refused("effect", "sites", "cites")


# Places that cannot be written


@pytest.mark.parametrize("command", ["run", "features", "fit", "classify", "synth"])
def test_a_place_below_a_file_is_refused(command, terminal, few_views, vectors, bundle):
    terminal.path("file").write_text("mine")
    place = "file/results"
    args = {
        "run": [few_views],
        "features": [few_views],
        "fit": [vectors],
        "classify": [vectors, "--model", bundle],
        "synth": ["--viewers", "5", "--days", "7"],
    }
    answer = terminal.run(command, *args[command], "--out", place)
    answer.refused("Nothing was written to", place, "--out", code=1)
    assert terminal.left_behind() == {"file"}
    assert terminal.path("file").read_text() == "mine"


def test_a_place_that_is_a_file_is_refused(terminal, few_views):
    terminal.path("file").write_text("mine")
    terminal.run("run", few_views, "--out", "file").refused("it is a file, not a folder", "--out", code=1)
    assert terminal.path("file").read_text() == "mine"


def test_a_file_that_is_a_folder_is_refused(terminal, few_views):
    terminal.path("results").mkdir()
    terminal.run("features", few_views, "--out", "results").refused("Nothing was written", "directory", code=1)
    assert list(terminal.path("results").iterdir()) == []
    assert terminal.left_behind() == {"results"}


def test_an_output_never_replaces_its_own_input(terminal, vectors, bundle):
    make = csv_file(HEAD + "".join(rows(40)))
    (name,) = make(terminal.folder)
    shutil.copy(vectors, terminal.path("x.parquet"))
    before = {path.name: path.read_bytes() for path in terminal.folder.iterdir()}
    terminal.run("features", name, "--out", f"../work/{name}").refused("would replace", name, "--out")
    terminal.run("classify", "x.parquet", "--model", bundle, "--out", "x.parquet").refused("would replace", "--out")
    terminal.run("synth", "--viewers", "5", "--out", "s", "--truth", "./s").refused("same file", "--truth")
    assert {path.name: path.read_bytes() for path in terminal.folder.iterdir()} == before


@pytest.mark.parametrize("size", [1_000, 20_000])
def test_a_disk_that_fills_leaves_nothing(size, terminal, views):
    answer = terminal.run("run", views, "--out", "results", largest_file=size)
    answer.refused("Nothing was written to", "results", "--out", code=1)
    assert terminal.left_behind() == set()


@pytest.mark.parametrize("command", ["features", "fit", "classify", "synth"])
def test_a_disk_that_fills_leaves_no_file(command, terminal, few_views, vectors, bundle):
    args = {
        "features": [few_views],
        "fit": [vectors],
        "classify": [vectors, "--model", bundle],
        "synth": ["--viewers", "5", "--days", "7", "--truth", "truth"],
    }
    answer = terminal.run(command, *args[command], "--out", "results", largest_file=1_000)
    answer.refused("Nothing was written to", "--out", code=1)
    assert terminal.left_behind() == set()


def test_a_disk_that_fills_leaves_earlier_results_as_they_were(terminal, few_views):
    terminal.run("run", few_views, "--out", "results").good()
    before = {path.name: path.read_bytes() for path in terminal.path("results").iterdir()}
    terminal.run("run", few_views, "--out", "results", "--keep-autoplay", largest_file=4_000).refused(code=1)
    after = {path.name: path.read_bytes() for path in terminal.path("results").iterdir()}
    beside = {"ledger.sqlite-shm", "ledger.sqlite-wal"}  # of SQLite, which cannot read a ledger where nothing fits
    assert {name: data for name, data in after.items() if name not in beside} == before
    assert terminal.left_behind() == {"results"}
    terminal.run("run", few_views, "--out", "results").good()
    assert not beside & {path.name for path in terminal.path("results").iterdir()}


# A member's own export


@pytest.fixture
def export(terminal):
    """An invented household of two profiles."""
    lines = [
        f"{name},2024-03-{1 + day:02d} {20 + half}:{day:02d}:00,00:{25 + day % 20}:00,,Harbour Lights: Season 1: Fog"
        f" (Episode {1 + (2 * day + half) % 8}),,Tablet,00:41:00,00:41:00,SE (Sweden)\n"
        for day in range(28)
        for half, name in enumerate(("Robin Quistgaard", "Kim Øst"))
    ]
    (terminal.folder / "ViewingActivity.csv").write_text(NETFLIX_HEAD + "".join(lines), encoding="utf-8")
    return len(lines)


def key_file(terminal) -> Path:
    return terminal.home / ".config" / "analyzer" / "pseudonym.key"


@pytest.mark.parametrize("form", ["--json", "--out=results"], ids=["json", "text"])
def test_a_netflix_export_is_read_and_names_nobody(form, terminal, export):
    answer = terminal.run("run", "ViewingActivity.csv", "--out", "results", form).good()
    key = key_file(terminal)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    secrets = ["Robin", "Quistgaard", "Kim Ø", key.read_text().strip(), "Harbour Lights"]
    written = [path.read_bytes() for path in terminal.path("results").rglob("*") if path.is_file()]
    for place in (answer.stdout.encode(), answer.stderr.encode(), *written):
        assert [secret for secret in secrets if secret.encode() in place] == []
    tally = json.loads((terminal.path("results") / "tally.json").read_text("utf-8"))
    assert tally["read"] == export
    viewers = set(pq.read_table(terminal.path("results") / "assignments.parquet")["viewer_id"].to_pylist())
    assert len(viewers) == 2
    assert all(re.fullmatch(r"v_[0-9a-f]{32}", viewer) for viewer in viewers)


def test_the_key_is_kept_and_gives_the_same_pseudonyms(terminal, export):
    for name in ("a", "b"):
        terminal.run("run", "ViewingActivity.csv", "--out", name).good()
    one, other = (terminal.path(name) / "assignments.parquet" for name in "ab")
    assert one.read_bytes() == other.read_bytes()
    terminal.run("run", "ViewingActivity.csv", "--out", "c", "--key-file", "other.key").good()
    assert (terminal.path("c") / "assignments.parquet").read_bytes() != one.read_bytes()


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [("ab" * 32, 0o644, ("open to other users", "chmod 600")), ("secret", 0o600, ("holds no pseudonym key", "backup"))],
)
def test_a_key_that_cannot_be_used_is_refused_without_being_shown(content, mode, words, terminal, export):
    terminal.path("my.key").write_text(content)
    terminal.path("my.key").chmod(mode)
    answer = terminal.run("run", "ViewingActivity.csv", "--key-file", "my.key").refused(*words)
    assert content not in answer.stderr
    assert terminal.left_behind() == {"ViewingActivity.csv", "my.key"}


def test_a_netflix_export_without_rows_is_refused(terminal):
    terminal.path("ViewingActivity.csv").write_text(NETFLIX_HEAD)
    terminal.run("run", "ViewingActivity.csv").refused("ViewingActivity.csv", "no rows")
    assert terminal.left_behind() == {"ViewingActivity.csv"}


def test_ids_become_pseudonyms_on_request(terminal):
    make = csv_file(HEAD + "".join(rows(40)).replace("v0", "Robin"))
    terminal.run("run", *make(terminal.folder), "--pseudonyms", "--out", "results").good()
    for path in terminal.path("results").iterdir():
        assert b"Robin" not in path.read_bytes(), path.name
