"""Decisions on patterns count where numbers and drafts want to leave; what leaves says on which of them it stands."""

import re
import sys
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest

import analyzer
from analyzer.disclosure.released import CellStatus, Release
from analyzer.ledger.records import LedgerError
from analyzer.ledger.store import open_ledger
from analyzer.policy.rulebook import parse_rulebook
from analyzer.report.release_page import render_release
from analyzer.workflow.message_jobs import Settings
from analyzer.workflow.messages import Asking, checker
from analyzer.workflow.office import Office
from analyzer.workflow.release import release_table

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from deciding import OPEN, REVIEW, known, loosen, tighten  # noqa: E402 - the folder is no package

sys.path.remove(str(FOLDER))


@pytest.fixture(scope="module")
def in_review(fitted):
    """The model under a rulebook that has every pattern in review which it does not protect."""
    text = (resources.files("analyzer.policy") / "default.toml").read_text("utf-8")
    changed = text.replace("household_share_above = 0.4", "household_share_above = 0.0001")
    assert changed != text
    return fitted.model.under(parse_rulebook(changed))


@pytest.fixture(scope="module")
def rows(fitted):
    told = analyzer.classify(fitted.model, fitted.vectors, internal=True).reset_index()
    told = told.assign(pattern=told["pattern"].astype(str))
    return pd.concat([told.assign(viewer_id=[f"{v}-{copy}" for v in told["viewer_id"]]) for copy in range(20)])


def asked(rows, model, ledger, day=None):
    return release_table(
        rows, ["pattern"], purpose="press", source="invented sessions", window="November", ledger=ledger, model=model,
        household="viewer_id", today=day or model.patterns.last_window_,
    )  # fmt: skip


def shown(told):
    if not isinstance(told, Release):
        return set()
    return {cell.labels[0] for cell in told.cells if cell.status is not CellStatus.WITHHELD} - {"(all)"}


def large(rows, model, status):
    """The pattern of this mark with the most rows."""
    of = {mark.pattern_id for mark in model.marks if mark.status is status}
    return next(name for name in rows["pattern"].value_counts().index if name in of)


def test_a_loosened_pattern_leaves_and_the_release_says_on_which_decision(rows, in_review):
    day = in_review.patterns.last_window_
    model, ledger = known(in_review)
    pattern = large(rows, model, REVIEW)
    assert not shown(asked(rows, model, ledger))
    number = loosen(ledger, pattern, today=day, expires=day.replace(year=day.year + 1)).number
    told = asked(rows, model, ledger)
    assert shown(told) == {pattern}
    assert told.provenance.decisions == f"{pattern} by decision {number} of the ledger"
    assert not {"ana", "ben"} & set(re.findall(r"\w+", str(told.as_json())))
    assert told.provenance.decisions in render_release(told)


def test_a_loosening_that_has_ended_opens_nothing(rows, in_review):
    day = in_review.patterns.last_window_
    model, ledger = known(in_review)
    last = day.replace(year=day.year + 1)
    loosen(ledger, large(rows, model, REVIEW), today=day, expires=last)
    assert not shown(asked(rows, model, ledger, last))


def test_a_tightened_pattern_does_not_leave(rows, fitted):
    model, ledger = known(fitted.model)
    pattern = large(rows, model, OPEN)
    other = replace(model, digest="e" * 64)
    assert pattern in shown(asked(rows, other, analyzer.memory_ledger()))
    tighten(ledger, pattern)
    told = asked(rows, model, ledger)
    assert pattern not in shown(told)
    assert told.provenance.decisions is None


def test_decisions_on_another_bundle_hold_up_no_release(rows, fitted):
    model, ledger = known(fitted.model)
    pattern = large(rows, model, OPEN)
    tighten(ledger, pattern)
    assert pattern in shown(asked(rows, replace(model, digest="e" * 64), ledger))


def test_a_verdict_tells_on_which_decisions_the_marks_stand(fitted):
    model, ledger = known(fitted.model)
    pattern = next(mark.pattern_id for mark in model.marks if mark.status is OPEN)
    tighten(ledger, pattern, REVIEW)
    with checker(Asking(model=model, ledger=ledger)) as made:
        told = made.check("Watched 2 million hours in November.").as_json()["marks"]
    assert f"people decided on {pattern}." in told[0]
    assert told[1] == f"{pattern}: tightened to review (decision 1 of the ledger)"


def test_the_desk_s_checks_count_a_decision_at_once(fitted):
    model, ledger = known(fitted.model)
    pattern = next(mark.pattern_id for mark in model.marks if mark.status is OPEN)
    office = Office(ledger, model, Settings())
    before = office.check("Watched 2 million hours in November.")
    first = office._checker
    office.check("Watched 3 million hours in November.")
    assert office._checker is first
    tighten(ledger, pattern, today=office.today())
    after = office.check("Watched 2 million hours in November.")
    assert len(before["marks"]) == 1
    assert len(after["marks"]) == 2
    office.close()


def test_a_ledger_that_cannot_be_read_withholds(rows, fitted, tmp_path):
    place = tmp_path / "ledger.sqlite"
    model, ledger = known(fitted.model, open_ledger(place))
    ledger.close()
    place.write_bytes(place.read_bytes()[:2_000])
    with pytest.raises(LedgerError):
        asked(rows, model, place)
    with pytest.raises(LedgerError):
        analyzer.classify(model, fitted.vectors, ledger=place)
    with pytest.raises(LedgerError):
        analyzer.check_message("Watched 2 million hours in November.", model=model, ledger=place)
