"""Every threshold is declared once, with its meaning and its source."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from analyzer.disclosure.limits import Limits, Readers, limits_for, settings
from analyzer.errors import InputError


def test_the_defaults_are_those_that_the_project_promises():
    told = {setting.name: setting.default for setting in settings()}
    promised = {
        "internal_floor": 10, "public_floor": 100, "dominance_n": 2, "dominance_share": 0.9, "p_ratio": 0.1,
        "strict_low": 1, "strict_high": 7, "strict_base": 5, "share_top": 0.95, "share_bottom": 0.05,
        "title_hours_floor": 50_000, "title_hours_step": 100_000, "derivable_low": 1, "derivable_high": 10,
    }  # fmt: skip
    assert told | promised == told


def test_each_threshold_says_what_it_means_and_where_it_is_from():
    assert [setting.name for setting in settings()] == [f.name for f in fields(Limits)]
    assert all(setting.meaning.endswith(".") and setting.source for setting in settings())


@pytest.mark.parametrize("purpose", ["public message", "press", "advertising", "retention campaign", "", "research"])
def test_whatever_is_not_known_to_be_internal_is_public(purpose):
    assert limits_for(purpose).readers is Readers.PUBLIC
    assert limits_for(purpose).floor == 100


@pytest.mark.parametrize("purpose", ["internal research", "Internal_Research", "internal-research"])
def test_internal_research_has_the_lower_floor(purpose):
    assert limits_for(purpose).floor == 10


@pytest.mark.parametrize(
    "wrong",
    [{"public_floor": 0}, {"dominance_share": 0}, {"share_top": 1.5}, {"p_ratio": 0}, {"strict_base": 0},
     {"p_ratio": float("nan")}, {"dominance_share": float("nan")}],
)  # fmt: skip
def test_a_threshold_out_of_range_is_refused_with_its_name(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        Limits(**wrong)


def test_limits_do_not_change():
    with pytest.raises(FrozenInstanceError):
        Limits().public_floor = 1
    assert Limits().with_floor(3).floor == 3
    assert Limits().floor == 100
