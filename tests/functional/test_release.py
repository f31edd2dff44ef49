"""`analyzer release` and `analyzer budget` as an operator types them: what leaves, what does not, and what is kept."""

from __future__ import annotations

import csv
import json

import numpy as np
import pandas as pd
import pytest

SAID = ("--source", "invented sessions", "--window", "November 2026")
FORMULA = "=HYPERLINK(1)"


@pytest.fixture
def rows(terminal):
    """8,000 households in eight countries, of which one is called like a spreadsheet's formula."""
    rng = np.random.default_rng(5)
    countries = [*"ABCDEF", FORMULA, "<b>H</b>"]
    frame = pd.DataFrame(
        {
            "household_id": [f"home-{n}" for n in rng.integers(0, 8_000, 20_000)],
            "country": rng.choice(countries, 20_000, p=[0.3, 0.2, 0.15, 0.1, 0.1, 0.1, 0.045, 0.005]),
            "device": rng.choice(["tv", "phone", "web", "box"], 20_000, p=[0.6, 0.3, 0.09, 0.01]),
            "played_s": rng.exponential(7_200, 20_000),
        }
    )
    frame.to_parquet(terminal.folder / "views.parquet")
    return "views.parquet"


def test_a_table_leaves_as_csv_json_and_a_page_that_say_the_same(terminal, rows):
    told = terminal.run("release", rows, "--by", "country,device", "--purpose", "press", *SAID, "--json").good().json
    (answer,) = told["answers"]
    with (terminal.folder / "release/release.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    stored = json.loads((terminal.folder / "release/release.json").read_text())
    page = (terminal.folder / "release/release.html").read_text()
    assert answer["status"] == "released"
    assert stored["hash"] == answer["hash"]
    assert answer["hash"] in page
    assert len(rows) == len(stored["cells"]) == 9 * 5
    for row, cell in zip(rows, stored["cells"], strict=True):
        assert row["status"] == cell["status"]
        assert row["households"] == ("withheld" if cell["value"] is None else f"{cell['value']:.10g}")
        assert f">{cell['text']}<" in page


def test_a_ledger_that_was_not_there_is_made_and_that_is_said_once(terminal, rows):
    asked = ("release", rows, "--by", "country", "--purpose", "press", *SAID, "--ledger", "misspelt.sqlite", "--json")
    first, second = (terminal.run(*asked).good().json["notes"] for _ in range(2))
    assert first == [
        "There was no ledger misspelt.sqlite, so one was made: it knows nothing that left or was decided before."
    ]
    assert second == []


def test_no_file_holds_a_household_a_formula_or_a_small_number(terminal, rows):
    terminal.run("release", rows, "--by", "country,device", "--purpose", "press", *SAID).good()
    for path in (terminal.folder / "release").iterdir():
        assert b"home-" not in path.read_bytes()
    lines = (terminal.folder / "release/release.csv").read_text().splitlines()
    assert not [line for line in lines if line.startswith("=")]
    assert "<b>H</b>" not in (terminal.folder / "release/release.html").read_text()
    values = [cell["value"] for cell in json.loads((terminal.folder / "release/release.json").read_text())["cells"]]
    assert all(value is None or value == 0 or value >= 100 for value in values)


def test_the_ledger_holds_no_household_and_its_key_is_for_the_owner_only(terminal, rows):
    terminal.run("release", rows, "--by", "country", "--purpose", "press", *SAID).good()
    kept = [path for path in terminal.folder.iterdir() if path.name.startswith("ledger.sqlite")]
    assert kept
    assert not [path for path in kept if b"home-" in path.read_bytes()]
    assert (terminal.folder / "ledger.sqlite.key").stat().st_mode & 0o077 == 0


def test_what_is_withheld_writes_nothing_and_says_why(terminal, rows):
    answer = terminal.run("release", rows, "--by", "household_id", "--purpose", "press", *SAID)
    assert answer.code == 3
    assert "list-of-persons" in answer.stdout
    assert not (terminal.folder / "release").exists()


def test_the_same_question_after_one_household_has_left_is_not_answered_exactly(terminal, rows):
    first = terminal.run("release", rows, "--by", "country", "--purpose", "press", *SAID, "--json").good().json
    frame = pd.read_parquet(terminal.folder / rows)
    frame[frame["household_id"] != frame["household_id"].iloc[0]].to_parquet(terminal.folder / "later.parquet")
    later = terminal.run("release", "later.parquet", "--by", "country", "--purpose", "press", *SAID, "--json")
    if later.code == 0:
        cells = {tuple(cell["labels"]): cell["value"] for cell in later.json["answers"][0]["cells"]}
        before = {tuple(cell["labels"]): cell["value"] for cell in first["answers"][0]["cells"]}
        apart = [before[k] - v for k, v in cells.items() if v is not None and before[k] is not None]
        assert not [number for number in apart if 0 < abs(number) < 100]
    else:
        assert later.code == 3


def test_tables_of_one_request_are_numbered_in_their_order(terminal, rows):
    told = terminal.run(
        "release", rows, "--by", "country,device", "--by", "device", "--purpose", "press", *SAID, "--json"
    ).json
    assert [answer["by"] for answer in told["answers"]] == [["country", "device"], ["device"]]
    assert (terminal.folder / "release/release-2.csv").exists()


def test_noise_is_paid_from_a_budget_that_somebody_has_to_set(terminal, rows):
    pytest.importorskip("opendp")
    ask = ("release", rows, "--by", "country", "--purpose", "press", *SAID, "--epsilon", "0.6", "--period", "2026-11")
    assert terminal.run(*ask).code == 3
    told = terminal.run("budget", "--population", "all viewers", "--period", "2026-11", "--epsilon", "1").good()
    assert "1 of 1 left" in told.stdout
    terminal.run(*ask).good()
    spent = terminal.run(*ask)
    assert spent.code == 3
    assert "0.4 of 1 left" in spent.stdout
    assert terminal.run("budget", "--json").good().json["budgets"][0]["spent"] == "0.6"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--by", "county"), ("country",)),
        (("--by", "country", "--purpose", "pres"), ("press",)),
        (("--by", "country", "--built-on", "country"), ("COLUMN=A,B",)),
        (("--by", "country", "--measure", "device"), ("numbers",)),
        (("--by", "country", "--statistic", "median"), ("share",)),
        (("--by", "country", "--epsilon", "0.5"), ("both",)),
        (("--by", "country", "--epsilon", "much", "--period", "p"), ("epsilon",)),
        (("--by", "country", "--overrides", "views.parquet"), ("overrides",)),
        (("--by", "country", "--ledger", "views.parquet"), ("key",)),
    ],
)
def test_a_request_that_cannot_be_understood_is_refused_with_what_is_allowed(terminal, rows, more, words):
    purpose = () if "--purpose" in more else ("--purpose", "press")
    code = 1 if "--ledger" in more else 2
    terminal.run("release", rows, *SAID, *purpose, *more).refused(*words, code=code)
