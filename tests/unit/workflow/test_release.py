"""`release_table`: the policy first, then the door, then the ledger; and nothing leaves that is not recorded."""

from dataclasses import replace
from datetime import date
from hashlib import sha256
from importlib import resources

import numpy as np
import pandas as pd
import pytest

import analyzer
from analyzer.disclosure.limits import Limits, limits_for
from analyzer.disclosure.released import CellStatus, Release, Withheld
from analyzer.errors import InputError
from analyzer.ledger.records import content_as_text
from analyzer.policy.effects import MarkStatus
from analyzer.policy.overrides import Override
from analyzer.policy.rulebook import load_rulebook, parse_rulebook
from analyzer.workflow.release import release_table, release_tables
from analyzer.workflow.release_policy import STALE_AFTER_DAYS

TODAY = date(2026, 11, 26)


def sessions(seed=0, households=8_000, rows=20_000):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "household_id": rng.integers(0, households, rows).astype(str),
            "country": rng.choice(list("ABCDEFGH"), rows, p=[0.4, 0.2, 0.15, 0.1, 0.08, 0.05, 0.015, 0.005]),
            "device": rng.choice(["tv", "phone", "web", "box"], rows, p=[0.6, 0.3, 0.09, 0.01]),
            "content_kind": rng.choice(["film", "episode"], rows),
            "title_name": rng.choice(["Harbour Lights", "Autism: The Musical", "1917"], rows, p=[0.7, 0.2, 0.1]),
            "played_s": rng.exponential(7_200, rows),
        }
    )


@pytest.fixture
def ledger():
    return analyzer.memory_ledger()


def asked(frame, by, ledger, measure="households", purpose="press", **more):
    return release_table(
        frame,
        by,
        measure,
        **{"source": "invented sessions", "window": "November", "today": TODAY}
        | {"purpose": purpose, "ledger": ledger}
        | more,
    )


def shown(release):
    return {cell.labels: cell.value for cell in release.cells if cell.status is not CellStatus.WITHHELD}


def withheld(release):
    return {cell.labels for cell in release.cells if cell.status is CellStatus.WITHHELD}


# ---------------------------------------------------------------- what leaves


def test_a_release_says_what_it_is_where_it_is_from_and_by_which_rules(ledger):
    told = asked(sessions(), ["country"], ledger)
    origin = told.provenance
    assert isinstance(told, Release)
    assert (told.measure, told.unit, told.purpose) == ("households", "households", "press")
    assert (origin.source, origin.window, origin.made_on) == ("invented sessions", "November", "2026-11-26")
    assert origin.rulebook_hash == load_rulebook().hash
    assert len(origin.sources_hash) == len(origin.limits_hash) == 64
    assert "Distinct households by country" in origin.definition


def test_no_exact_number_of_rows_leaves_for_rows_may_be_households(ledger):
    frame = sessions()
    frame.loc[:2, "country"] = None
    origin = asked(frame, ["country"], ledger).provenance
    assert (origin.rows_used, origin.rows_dropped) == ("about 20,000", "fewer than 100")


def test_counts_below_the_floor_of_the_purpose_are_withheld(ledger):
    frame = sessions()
    told = asked(frame, ["country", "device"], ledger)
    assert all(value >= 100 or value == 0 for value in shown(told).values())
    inside = asked(frame, ["country", "device"], analyzer.memory_ledger(), purpose="internal research")
    assert len(withheld(inside)) < len(withheld(told))


def test_what_left_is_in_the_ledger_and_what_was_withheld_is_not(ledger):
    frame = sessions()
    told = asked(frame, ["country"], ledger)
    asked(frame.head(50), ["country"], ledger)
    (kept,) = ledger.releases("all viewers")
    assert len(kept.told.labels) == len(shown(told))


def test_shares_are_coded_at_both_ends(ledger):
    told = asked(sessions(), ["country"], ledger, statistic="share")
    texts = {cell.labels[0]: cell.text for cell in told.cells}
    assert texts["G"] == "< 5 %"
    assert texts["(all)"] == "100 %"
    assert texts["A"].endswith(" %")
    assert told.unit == "share of households"


def test_a_mean_is_told_only_where_its_total_might_be(ledger):
    frame = sessions()
    frame.loc[frame["country"] == "C", "played_s"] = 1.0
    frame.loc[frame.index[frame["country"] == "C"][0], "played_s"] = 1e9  # one household is the whole country
    told = asked(frame, ["country"], ledger, "hours", statistic="mean")
    assert ("C",) in withheld(told)
    own = frame[frame["country"] == "A"]
    mean = own["played_s"].sum() / 3_600 / own["household_id"].nunique()
    assert shown(told)[("A",)] == pytest.approx(mean, abs=0.01)


def test_hours_are_made_of_seconds(ledger):
    told = asked(sessions(), ["country"], ledger, "hours")
    assert shown(told)[("(all)",)] == pytest.approx(sessions()["played_s"].sum() / 3_600)


def test_public_hours_of_titles_begin_at_50_000_and_go_by_100_000(ledger):
    frame = sessions()
    frame["played_s"] *= 10
    told = asked(frame, ["title_name"], ledger, "hours")
    hours = frame.groupby("title_name")["played_s"].sum() / 3_600
    assert hours["1917"] < 50_000 < hours["Autism: The Musical"] < 150_000
    assert ("1917",) in withheld(told)
    assert set(shown(told).values()) <= {100_000.0 * n for n in range(10)}
    inside = asked(frame, ["title_name"], analyzer.memory_ledger(), "hours", purpose="internal research")
    assert shown(inside)[("1917",)] == pytest.approx(hours["1917"])


def test_the_strict_preset_rounds_counts_to_five(ledger):
    strict = replace(limits_for("internal research"), strict=True)
    told = asked(sessions(), ["country", "device"], ledger, purpose="internal research", limits=strict)
    assert shown(told)
    assert all(value % 5 == 0 for value in shown(told).values())
    assert {cell.status for cell in told.cells} <= {CellStatus.ROUNDED, CellStatus.WITHHELD}


# ---------------------------------------------------------------- the policy is asked first


def test_no_table_of_persons_leaves_for_anything(ledger):
    told = asked(sessions(), ["household_id"], ledger, purpose="internal research")
    assert isinstance(told, Withheld)
    assert any("list-of-persons" in reason for reason in told.reasons)


def test_a_column_that_nobody_declared_is_withheld_until_somebody_says_what_it_is_built_on(ledger):
    frame = sessions().rename(columns={"country": "region"})
    assert isinstance(asked(frame, ["region"], ledger), Withheld)
    assert isinstance(asked(frame, ["region"], ledger, built_on={"region": []}), Release)
    assert isinstance(asked(frame, ["region"], ledger, built_on={"region": ["captions"]}), Withheld)


def test_a_group_that_an_accessibility_setting_defines_never_leaves(ledger):
    frame = sessions().assign(captions=lambda f: np.arange(len(f)) % 2 == 0)
    told = asked(frame, ["captions"], ledger)
    assert any("accessibility-defines-a-published-group" in reason for reason in told.reasons)


def test_advertising_is_allowed_nothing(ledger):
    assert isinstance(asked(sessions(), ["country"], ledger, purpose="advertising"), Withheld)


def test_no_label_of_an_audience_names_a_condition_but_a_title_may_be_called_so(ledger):
    frame = sessions().replace({"country": {"A": "autistic viewers"}})
    told = asked(frame, ["country"], ledger)
    assert ("autistic viewers",) in withheld(told)
    assert ("Autism: The Musical",) in shown(asked(frame, ["title_name"], analyzer.memory_ledger()))


def test_the_rulebook_may_ask_for_more_households_than_the_limits(ledger):
    shipped = (resources.files("analyzer.policy") / "default.toml").read_text("utf-8")
    text = shipped.replace("households_at_least = 100", "households_at_least = 1_000")
    told = asked(sessions(), ["country", "device"], ledger, rulebook=parse_rulebook(text))
    assert shown(told)
    assert all(value >= 1_000 for value in shown(told).values() if value)


def test_limits_below_the_rulebook_open_nothing(ledger):
    told = asked(sessions(), ["country", "device"], ledger, limits=Limits().with_floor(2))
    assert all(value >= 100 for value in shown(told).values() if value)


# ---------------------------------------------------------------- patterns


@pytest.fixture(scope="module")
def answers(fitted):
    told = analyzer.classify(fitted.model, fitted.vectors, internal=True).reset_index()
    return told.assign(pattern=told["pattern"].astype(str))


def marked(model, status):
    return {mark.pattern_id for mark in model.marks if mark.status is status and mark.pattern_id}


def test_a_pattern_that_must_never_be_singled_out_is_told_at_no_number(fitted, answers, ledger):
    day = fitted.model.patterns.last_window_
    many = pd.concat([answers.assign(viewer_id=[f"{v}-{copy}" for v in answers["viewer_id"]]) for copy in range(20)])
    told = asked(many, ["pattern"], ledger, model=fitted.model, household="viewer_id", today=day)
    protected = marked(fitted.model, MarkStatus.NEVER_SINGLE_OUT) & set(many["pattern"])
    assert protected
    assert not {label for (label,) in shown(told)} & protected
    assert {label for (label,) in shown(told)} & marked(fitted.model, MarkStatus.OPEN)


@pytest.mark.parametrize("model", [None, "stale"])
def test_patterns_of_no_known_or_of_an_old_model_are_withheld(fitted, answers, ledger, model):
    day = fitted.model.patterns.last_window_
    late = date.fromordinal(day.toordinal() + STALE_AFTER_DAYS + 1)
    told = asked(
        answers,
        ["pattern"],
        ledger,
        purpose="internal research",
        household="viewer_id",
        model=fitted.model if model else None,
        today=late,
    )
    assert not isinstance(told, Release) or not {label for (label,) in shown(told)} - {"(all)"}


def test_two_people_may_look_inside_at_a_protected_pattern_and_nobody_may_outside(fitted, answers, ledger):
    day = fitted.model.patterns.last_window_
    both = [
        Override(rule, ("a@x", "b@x"), "We want to keep their shelf where it is.", date(day.year + 1, 1, 1))
        for rule in ("protected-pattern-inside", "pattern-in-review-inside")
    ]
    more = {"model": fitted.model, "household": "viewer_id", "today": day}
    plain = asked(answers, ["pattern"], ledger, purpose="internal research", **more)
    open_now = asked(
        answers, ["pattern"], analyzer.memory_ledger(), purpose="internal research", overrides=both, **more
    )
    protected = marked(fitted.model, MarkStatus.NEVER_SINGLE_OUT)
    assert not {label for (label,) in shown(plain)} & protected
    assert {label for (label,) in shown(open_now)} & protected
    outside = asked(answers, ["pattern"], analyzer.memory_ledger(), overrides=both, **more)
    assert isinstance(outside, Withheld) or not {label for (label,) in shown(outside)} & protected


# ---------------------------------------------------------------- what left before


def test_after_one_household_has_left_its_cells_do_not_leave_again(ledger):
    frame = sessions()
    asked(frame, ["country", "device"], ledger)
    gone = frame["household_id"].iloc[0]
    told = asked(frame[frame["household_id"] != gone], ["country", "device"], ledger)
    assert isinstance(told, Withheld) or ("(all)", "(all)") in withheld(told)


def test_the_hash_in_the_ledger_is_that_of_the_text_it_keeps(ledger, monkeypatch):
    kept = []
    monkeypatch.setattr(ledger, "record", lambda record, seen, **_: kept.append(record) or 1)
    asked(sessions().replace({"country": {"A": "Côte d'Ivoire"}}), ["country"], ledger)
    assert "Ivoire" in content_as_text(kept[0].content)
    assert kept[0].content_hash == sha256(content_as_text(kept[0].content).encode()).hexdigest()


def test_the_same_table_may_leave_again(ledger):
    first, again = (asked(sessions(), ["country", "device"], ledger) for _ in range(2))
    assert first.hash == again.hash


def test_what_left_inside_does_not_open_what_is_withheld_outside(ledger):
    frame = sessions()
    inside = asked(frame, ["country", "device"], ledger, purpose="internal research")
    outside = asked(frame, ["country", "device"], ledger)
    few = {labels for labels, value in shown(inside).items() if 0 < value < 100}
    assert few
    assert few <= withheld(outside)


class Overtaken:
    """A ledger into which somebody else's release comes after this one has looked."""

    def __init__(self, ledger, other):
        self.ledger, self.other, self.key = ledger, other, ledger.key

    def __getattr__(self, name):
        return getattr(self.ledger, name)

    def seen(self, population):
        found = self.ledger.seen(population)
        other, self.other = self.other, lambda: None
        other()
        return found


def test_a_release_that_comes_in_between_is_compared_before_anything_is_recorded(ledger):
    frame = sessions()
    gone = frame["household_id"].iloc[0]
    late = Overtaken(ledger, lambda: asked(frame, ["country", "device"], ledger))
    told = asked(frame[frame["household_id"] != gone], ["country", "device"], late)
    assert len(ledger.releases("all viewers")) >= 1
    assert isinstance(told, Withheld) or ("(all)", "(all)") in withheld(told)


# ---------------------------------------------------------------- several tables of one request


def test_what_one_table_withholds_no_other_table_of_the_request_gives_away(ledger):
    frame = sessions()
    one, two = release_tables(
        frame,
        [["country", "device"], ["country", "content_kind"]],
        purpose="press",
        source="invented sessions",
        window="November",
        ledger=ledger,
        today=TODAY,
    )
    assert (one.by, two.by) == (("country", "device"), ("country", "content_kind"))
    margins = [
        {labels[0]: cell.text for cell in table.cells if (labels := cell.labels)[1] == "(all)"} for table in (one, two)
    ]
    assert margins[0] == margins[1]
    assert len(ledger.releases("all viewers")) == 1


def test_of_several_tables_those_that_the_policy_refuses_hold_up_no_other(ledger):
    frame = sessions()
    refused, told = release_tables(
        frame,
        [["household_id"], ["country"]],
        purpose="press",
        source="invented sessions",
        window="November",
        ledger=ledger,
        today=TODAY,
    )
    assert isinstance(refused, Withheld)
    assert isinstance(told, Release)


# ---------------------------------------------------------------- noise


def test_noise_is_paid_for_and_a_spent_budget_withholds(ledger):
    from analyzer.disclosure.budget import Budget

    pytest.importorskip("opendp")
    more = {"noise": analyzer.Noise(epsilon="0.5"), "period": "2026-11"}
    assert isinstance(asked(sessions(), ["country"], ledger, **more), Withheld)
    ledger.allow(Budget.of("all viewers", "2026-11", 1))
    told = [asked(sessions(), ["country"], ledger, **more) for _ in range(3)]
    assert [type(one) for one in told] == [Release, Release, Withheld]
    assert {cell.status for cell in told[0].cells} == {CellStatus.NOISED}
    assert ledger.budget("all viewers", "2026-11").left == 0
    assert "there are no margins. Each number has noise" in told[0].provenance.definition
    assert "budget" in told[2].reasons[0]


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"purpose": "pres"}, "press"),
        ({"by": ["country", "country"]}, "different"),
        ({"by": ["kountry"]}, "country"),
        ({"measure": "minutes"}, "minutes"),
        ({"statistic": "mean"}, "households, share"),
        ({"source": " "}, "source"),
        ({"household": "home"}, "home"),
        ({"period": "2026-11"}, "both"),
    ],
)
def test_what_cannot_be_understood_is_said_with_what_is_allowed(ledger, more, words):
    with pytest.raises(InputError, match=words):
        asked(sessions(), **{"by": ["country"], "ledger": ledger} | more)
