"""`analyzer check`, `index`, `suggest` and `evaluate messages` as people type them."""

from __future__ import annotations

import csv
import json
import re
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

TWEET = "To the 53 people who've watched A Christmas Prince every day for the past 18 days: Who hurt you?"


@pytest.fixture(scope="session")
def long_views(shared):
    """3,000 households that watched one title for 20 hours each, and another for a quarter of an hour."""
    rows = [
        {
            "viewer_id": f"v{n}", "household_id": f"h{n}", "title_id": title.casefold(), "title_name": title,
            "started_at": f"2026-11-{1 + n % 20:02d}T08:00:00Z", "played_s": seconds, "runtime_s": 80_000.0,
        }
        for n in range(3_000)
        for title, seconds in (("Winter Letters", 72_000.0), ("Short Walk", 900.0))
    ]  # fmt: skip
    path = shared.path("long.parquet")
    pd.DataFrame(rows).assign(started_at=lambda f: pd.to_datetime(f["started_at"])).to_parquet(path)
    return path


@pytest.fixture(scope="session")
def index(shared, long_views):
    shared.run("index", long_views, "--out", "claims.index").good()
    return shared.path("claims.index")


# ---------------------------------------------------------------- check


def test_the_verdict_comes_first_then_the_draft_with_its_words_underlined(terminal):
    told = terminal.run("check", TWEET)
    lines = told.stdout.splitlines()
    assert told.code == 3
    assert lines[0] == "BLOCK: this may not be said."
    shown = "\n".join(lines)
    assert shown.index("^^^^") < shown.index("Why:") < shown.index("May be said instead:")
    assert "small-group" in shown
    assert "judged by its words only" in " ".join(shown.split())
    assert all(len(line) <= 80 for line in lines)


def test_underlines_stand_below_their_words(terminal):
    lines = terminal.run("check", TWEET).stdout.splitlines()
    told = ""
    for line, below in pairwise(lines):
        if below.strip() and set(below) <= {"^", " "}:
            told += "".join(sign for sign, mark in zip(line, below, strict=False) if mark == "^")
    assert "53peoplewho" in told.replace(" ", "")
    assert "Whohurtyou" in told.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "code", "word"),
    [
        ("We love films.", 0, "ALLOW"),
        ("4,000 members watched it.", 4, "REVIEW"),
        ("One account in the UK watched Bee Movie 357 times.", 3, "BLOCK"),
        ("", 0, "ALLOW"),
    ],
)
def test_the_exit_code_says_the_verdict(terminal, text, code, word):
    told = terminal.run("check", text)
    assert (told.code, told.stdout.split(":")[0]) == (code, word)


def test_json_has_reasons_on_the_words(terminal):
    told = terminal.run("check", TWEET, "--json")
    assert told.code == 3
    value = told.json
    assert (value["verdict"], value["purpose"], value["data"], value["text"]) == (
        "block",
        "public message",
        None,
        TWEET,
    )
    for reason in value["reasons"]:
        assert [TWEET[a:b] for a, b in reason["spans"]] == reason["words"]
    assert value["instead"]
    assert len(value["rulebook_hash"]) == 64


def test_a_draft_in_a_file(terminal):
    terminal.path("draft.txt").write_text(TWEET, encoding="utf-8")
    assert terminal.run("check", "--file", "draft.txt", "--json").json["text"] == TWEET


def test_a_file_that_is_no_text_is_judged_and_not_a_crash(terminal):
    terminal.path("draft.bin").write_bytes(b"\xff\xfe\x00 53 people \x1b[31m watched")
    told = terminal.run("check", "--file", "draft.bin")
    assert told.code in (0, 3, 4)
    assert "\x1b" not in told.stdout
    assert "Traceback" not in told.stderr


def test_many_drafts_from_a_csv_file(terminal):
    with terminal.path("drafts.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows(
            [["id", "text"], ["a", "We love films."], ["b", TWEET], ["c", "4,000 members watched it,\ntwice."]]
        )
    told = terminal.run("check", "--csv", "drafts.csv", "--json")
    assert told.code == 3
    assert [(one["id"], one["verdict"]) for one in told.json["drafts"]] == [
        ("a", "allow"),
        ("b", "block"),
        ("c", "review"),
    ]
    assert told.json["counts"] == {"allow": 1, "review": 1, "block": 1}
    assert "3 drafts: 1 block, 1 review, 1 allow." in terminal.run("check", "--csv", "drafts.csv").stdout


def test_with_an_index_figures_are_looked_up(terminal, index):
    right = terminal.run("check", "Winter Letters was watched for 100,000 hours.", "--index", index)
    assert (right.code, "The data confirms 100,000" in " ".join(right.stdout.split())) == (0, True)
    wrong = terminal.run("check", "Winter Letters was watched for 31,300,000 hours.", "--index", index)
    told = " ".join(wrong.stdout.split())
    assert wrong.code == 3
    assert "about 100,000 hours" in told
    assert "Winter Letters was watched for 100,000 hours from November 1, 2026 to November 20, 2026." in told
    assert re.search(r"data [0-9a-f]{12}", told)


def test_without_an_index_sessions_are_read_first(terminal, long_views, index):
    text = "Winter Letters was watched for 100,000 hours."
    one, other = (
        terminal.run("check", text, *source, "--json").json
        for source in (("--sessions", long_views), ("--index", index))
    )
    assert one["verdict"] == other["verdict"] == "allow"
    assert one["data"]["window"] == other["data"]["window"]


def test_a_model_says_whose_households_are_protected(terminal, views, bundle):
    told = terminal.run(
        "check",
        "Over 12,000 members watched something after midnight.",
        "--sessions",
        views,
        "--model",
        bundle,
        "--json",
    )
    assert told.code in (3, 4), told.stderr
    assert told.json["bundle"]
    assert "marks-unknown" not in [reason["rule"] for reason in told.json["reasons"]]


def test_a_catalogue_tells_what_is_a_title(terminal, index):
    terminal.path("titles.txt").write_text("The 100\nSeven\n", encoding="utf-8")
    terminal.path("titles.csv").write_text("title_name,title_id\nThe Letters,winter letters\n", encoding="utf-8")
    told = terminal.run(
        "check", "The Letters was watched for 100,000 hours.", "--index", index, "--catalogue", "titles.csv"
    )
    assert told.code == 0
    assert terminal.run("check", "We love The 100.", "--catalogue", "titles.txt").code == 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], ["text", "--file", "--csv"]),
        (["We love films.", "--file", "draft.txt"], ["one of"]),
        (["--file", "none.txt"], ["none.txt"]),
        (["--csv", "none.csv"], ["none.csv"]),
        (["We love films.", "--index", "none"], ["analyzer index"]),
        (["We love films.", "--purpose", "fun"], ["purpose", "press"]),
        (["We love films.", "--catalogue", "none.txt"], ["none.txt"]),
        (["We love films.", "--ledger", "none.sqlite"], ["ledger"]),
        (["We love films.", "--model", "none"], ["none"]),
    ],
)
def test_a_mistake_has_a_cause_and_a_remedy(terminal, args, words):
    terminal.run("check", *args).refused(*words)


def test_a_csv_without_a_column_of_texts_is_refused(terminal):
    terminal.path("drafts.csv").write_text("id,draft\n1,We love films.\n", encoding="utf-8")
    terminal.run("check", "--csv", "drafts.csv").refused("text")


# ---------------------------------------------------------------- index and suggest


def test_an_index_says_what_it_was_made_of(terminal, long_views):
    told = terminal.run("index", long_views, "--out", "ready", "--json").good().json
    assert (told["titles"], told["window"]) == (2, "2026-11-01 to 2026-11-20")
    assert told["tally"]["used"] == 6_000
    assert Path(terminal.path("ready")).is_dir()


def test_suggestions_are_facts_that_may_be_said(terminal, index):
    told = terminal.run("suggest", "--title", "Winter Letters", "--index", index, "--json").good().json
    assert "100,000 hours" in told["facts"][0]["sentence"]
    for fact in told["facts"]:
        assert terminal.run("check", fact["sentence"], "--index", index).code == 0, fact


def test_of_a_title_that_is_not_watched_for_long_no_number_is_suggested(terminal, index):
    told = terminal.run("suggest", "--title", "Short Walk", "--index", index).good().stdout
    assert "hours" not in told.replace("Short Walk", "")


def test_a_title_that_is_not_known_is_said_so_with_the_nearest(terminal, index):
    told = terminal.run("suggest", "--title", "Winter Leters", "--index", index).good().stdout
    assert "no title" in told
    assert "winter letters" in told.casefold()


def test_suggestions_need_data(terminal):
    terminal.run("suggest", "--title", "Winter Letters").refused("data")


# ---------------------------------------------------------------- evaluate

CORPUS = [
    {"id": "a", "text": TWEET, "expected": "block", "agreed": True, "origin": "real"},
    {"id": "b", "text": "We love films.", "expected": "allow", "agreed": True, "origin": "written"},
    {"id": "c", "text": "We love films.", "expected": "block", "agreed": False, "origin": "written"},
    {"id": "d", "text": "4,000 members watched it."},
]


def corpus(terminal, rows):
    path = terminal.path("corpus.jsonl")
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_labelled_messages_are_scored_and_others_judged(terminal):
    told = terminal.run("evaluate", "messages", corpus(terminal, CORPUS), "--json").good().json
    assert [(one["id"], one["verdict"]) for one in told["verdicts"]] == [
        ("a", "block"), ("b", "allow"), ("c", "allow"), ("d", "review"),
    ]  # fmt: skip
    assert all(isinstance(one["reasons"], list) for one in told["verdicts"])
    assert told["confusion"]["block"] == {"block": 1, "review": 0, "allow": 0}
    assert told["confusion"]["allow"] == {"block": 0, "review": 0, "allow": 1}
    assert (told["scored"], told["judged"], set(told["by_origin"])) == (2, 4, {"real", "written"})


def test_the_goals_stand_beside_the_figures(terminal):
    told = terminal.run("evaluate", "messages", corpus(terminal, CORPUS)).good().stdout
    assert "0 of 1 (0.0%) of labels block are allowed" in told
    assert "NOT MET" not in told
    wrong = [{**CORPUS[1], "expected": "block"}]
    assert "NOT MET" in terminal.run("evaluate", "messages", corpus(terminal, wrong)).good().stdout


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": 1}', '{"text": 7}'])
def test_a_corpus_that_cannot_be_read_is_refused_with_its_line(terminal, text):
    terminal.path("bad.jsonl").write_text(text, encoding="utf-8")
    terminal.run("evaluate", "messages", "bad.jsonl").refused("bad.jsonl")
