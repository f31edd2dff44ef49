"""`analyzer release --request N`: only what was approved leaves under its number, and only once."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analyzer.errors import AnalyzerError, InputError
from analyzer.ledger.requested import ReleaseRequest, RequestStatus
from analyzer.ledger.reviewed import DecisionRefusedError
from analyzer.ledger.store import Ledger, open_ledger
from analyzer.workflow.releases import Request, release_job

ASKED = {"measure": "households", "purpose": "press", "source": "our sessions", "window": "March 2026"}
WHY = "The yearly report needs households by country."
REST = dict.fromkeys(
    ("statistic", "household", "epsilon", "period", "cap", "overrides", "hierarchies", "model", "rulebook")
)


@pytest.fixture
def ledger(tmp_path):
    opened = open_ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def release(tmp_path: Path, ledger):
    """Return a call that releases households by country, unless told otherwise, for a request."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "household_id": [f"home-{n}" for n in rng.integers(0, 4_000, 9_000)],
            "country": rng.choice([*"ABC"], 9_000),
            "device": rng.choice(["tv", "phone"], 9_000),
        }
    )
    frame.to_parquet(tmp_path / "views.parquet")
    fixed = {"table": tmp_path / "views.parquet", "ledger": str(tmp_path / "ledger.sqlite"), "built_on": {}}
    plain = {"tables": (("country",),), "population": "all viewers", "strict": False, "most": 1}

    def run(number: int | None, place: str = "release", **other):
        told = Request(**{**REST, **fixed, **plain, **ASKED, "request": number, **other})
        return release_job(told, tmp_path / place)

    return run


@pytest.fixture
def approved(ledger) -> int:
    """Number of a request that somebody else approved."""
    kept = ledger.request_release(ReleaseRequest(who="Cleo", by=("country",), why=WHY, **ASKED))
    answered = ledger.answer_request(kept.number, "Ana", RequestStatus.APPROVED, "Countries are large.", kept.last)
    return answered.number


def test_what_was_approved_leaves_and_the_request_says_with_which_number(release, approved, ledger):
    (answer,) = release(approved)["answers"]
    kept = ledger.request(approved)
    assert answer["status"] == "released"
    assert (kept.status, kept.release) == (RequestStatus.FULFILLED, answer["number"])
    assert ledger.release(answer["number"])["releases"][0]["hash"] == answer["hash"]
    assert ledger.audit.verify().good


def test_what_somebody_else_releases_meanwhile_does_not_fulfil_it(release, approved, ledger, monkeypatch):
    record, others = Ledger.record, []

    def after_another(self, told, seen, who="command line", request=None):
        if request is not None and not others:
            others.append(release(None, tables=(("device",),)))
        return record(self, told, seen, who, request)

    monkeypatch.setattr(Ledger, "record", after_another)
    (answer,) = release(approved)["answers"]
    kept = ledger.request(approved)
    assert [one["number"] for one in others[0]["answers"]] == [1]
    assert (kept.release, answer["number"]) == (2, 2)
    assert ledger.release(kept.release)["releases"][0]["by"] == ["country"]


def test_of_two_that_release_it_at_a_time_one_is_refused(release, approved, ledger):
    start, outcomes = threading.Barrier(2), []

    def run(place: str) -> None:
        start.wait()
        try:
            outcomes.append(release(approved, place)["answers"][0]["status"])
        except DecisionRefusedError as refused:
            outcomes.append(refused.cause)

    threads = [threading.Thread(target=run, args=(place,)) for place in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["Request 1 is fulfilled, by release 1, not approved.", "released"]
    assert len(ledger.all_releases()) == 1
    assert ledger.audit.verify().good


def test_it_leaves_once(release, approved, ledger):
    release(approved)
    with pytest.raises(DecisionRefusedError, match="fulfilled"):
        release(approved)
    assert len(ledger.all_releases()) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"tables": (("device",),)},
        {"tables": (("country", "device"),)},
        {"tables": (("country",), ("device",))},
        {"purpose": "public message"},
        {"source": "other sessions"},
        {"window": "April 2026"},
    ],
    ids=str,
)
def test_another_table_than_the_approved_one_does_not_leave(release, approved, ledger, other):
    with pytest.raises(InputError, match="asks for households by country"):
        release(approved, **other)
    assert not ledger.all_releases()
    assert ledger.request(approved).status is RequestStatus.APPROVED


@pytest.mark.parametrize("answer", [None, RequestStatus.REJECTED])
def test_what_nobody_approved_does_not_leave(release, ledger, answer):
    number = ledger.request_release(ReleaseRequest(who="Cleo", by=("country",), why=WHY, **ASKED)).number
    if answer:
        ledger.answer_request(number, "Ana", answer, "The places are too small.", 0)
    with pytest.raises(DecisionRefusedError, match="not approved"):
        release(number)
    assert not ledger.all_releases()


def test_a_request_that_is_not_there_releases_nothing(release, ledger):
    with pytest.raises(AnalyzerError, match="no release request 9"):
        release(9)
    assert not ledger.all_releases()


def test_what_the_rules_withhold_stays_withheld_however_it_was_approved(release, ledger):
    asked = ReleaseRequest(who="Cleo", by=("household_id",), why=WHY, **ASKED)
    number = ledger.request_release(asked).number
    ledger.answer_request(number, "Ana", RequestStatus.APPROVED, "I did not look closely.", 0)
    (answer,) = release(number, tables=(("household_id",),))["answers"]
    assert answer["status"] == "withheld"
    assert ledger.request(number).status is RequestStatus.APPROVED
