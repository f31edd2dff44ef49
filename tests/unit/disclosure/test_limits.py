"""Every threshold is declared once, with its meaning and its source."""

from __future__ import annotations

import re
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


WHOLE = ("internal_floor", "public_floor", "dominance_n", "strict_low", "strict_high", "strict_base", "derivable_low",
         "derivable_high", "within_group_rest")  # fmt: skip
PART = ("dominance_share", "p_ratio", "safety_range", "share_top", "share_bottom", "title_hours_floor",
        "title_hours_step")  # fmt: skip
TRUTH = ("class_disclosure", "strict")
CHOICE = ("readers", "zeros")


def test_every_threshold_is_of_one_of_these_kinds():
    assert sorted((*WHOLE, *PART, *TRUTH, *CHOICE)) == sorted(f.name for f in fields(Limits))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in (*WHOLE, *PART) for value in (True, None, "5", float("nan"), float("inf"), -1)),
        *((name, value) for name in WHOLE for value in (5.0, 2.5)),
        *(
            (name, 0)
            for name in (*WHOLE, *PART)
            if name not in ("within_group_rest", "share_bottom", "title_hours_floor")
        ),
        *((name, 1.01) for name in ("dominance_share", "safety_range", "share_top", "share_bottom")),
        *((name, value) for name in TRUTH for value in (1, 0, None, "yes")),
        *((name, value) for name in CHOICE for value in ("public", "publish", None, True)),
    ],
)
def test_a_threshold_out_of_range_is_refused_with_its_name_its_value_and_what_is_allowed(name, value):
    with pytest.raises(InputError, match=f"{name} is {re.escape(repr(value))}, allowed is ") as caught:
        Limits(**{name: value})
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("less", "more", "low", "high"),
    [
        ("internal_floor", "public_floor", 101, 100),
        ("strict_low", "strict_high", 8, 7),
        ("share_bottom", "share_top", 0.5, 0.5),
        ("derivable_low", "derivable_high", 11, 10),
    ],
)
def test_thresholds_that_contradict_each_other_are_refused(less, more, low, high):
    with pytest.raises(InputError, match=f"{less} is {low} and {more} is {high}"):
        Limits(**{less: low, more: high})


def test_every_mistake_is_told_at_once():
    with pytest.raises(InputError) as caught:
        Limits(public_floor=True, p_ratio=0, strict_low=9, share_top=2, zeros="publish")
    for name in ("public_floor", "p_ratio", "strict_low", "share_top", "zeros"):
        assert name in caught.value.cause


def test_with_the_strict_preset_the_floor_is_above_what_it_withholds():
    assert Limits(strict=True).floor == 100
    assert Limits(strict=True).with_floor(3).floor == 8
    assert Limits(strict=True, strict_high=20, readers=Readers.INTERNAL).floor == 21
    assert not Limits().strict


def test_limits_do_not_change():
    with pytest.raises(FrozenInstanceError):
        Limits().public_floor = 1
    assert Limits().with_floor(3).floor == 3
    assert Limits().floor == 100
