"""The local clock is told by the country where it can be, by the caller otherwise, and never guessed."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from analyzer.errors import InputError
from analyzer.sessions.clock import utc_offset_minutes, zones_of

WINTER = datetime(2024, 1, 15, 20, 0, tzinfo=UTC)
SUMMER = datetime(2024, 7, 15, 20, 0, tzinfo=UTC)


def offsets(moments, countries, timezone=None):
    started = pa.array(moments, pa.timestamp("us", tz="UTC"))
    found = utc_offset_minutes(started, pa.array(countries, pa.string()), timezone)
    assert found.type == pa.int32()
    return found.to_pylist()


def test_a_country_with_one_clock_tells_it_with_its_summer_time():
    assert offsets([WINTER, SUMMER], ["FR", "FR"]) == [60, 120]


def test_zones_that_agree_are_one_clock():
    assert len(zones_of("DE")) == 2
    assert offsets([WINTER, SUMMER], ["DE", "DE"]) == [60, 120]


@pytest.mark.parametrize("country", ["US", "RU", "BR", "ES", "CA", "AU", "MX"])
def test_a_country_with_several_clocks_leaves_the_offset_null(country):
    assert offsets([WINTER, SUMMER], [country, country]) == [None, None]


def test_half_hours_are_kept():
    assert offsets([WINTER, WINTER], ["IN", "NP"]) == [330, 345]


def test_the_callers_word_counts_for_every_row():
    assert offsets([WINTER, SUMMER, WINTER], ["US", None, "DE"], "America/Chicago") == [-360, -300, -360]


def test_the_offset_changes_at_the_instant_of_the_change():
    before = datetime(2024, 3, 31, 0, 59, 59, tzinfo=UTC)
    after = datetime(2024, 3, 31, 1, 0, tzinfo=UTC)
    assert offsets([before, after], ["DE", "DE"]) == [60, 120]


def test_an_unknown_country_instant_or_code_is_null():
    assert offsets([WINTER, None, WINTER], [None, "DE", "XX"]) == [None, None, None]


def test_an_unknown_instant_is_null_under_a_given_zone():
    assert offsets([None, WINTER], ["DE", "DE"], "UTC") == [None, 0]


def test_small_letters_are_the_same_country():
    assert offsets([WINTER], ["se"]) == [60]


def test_a_dictionary_of_countries_is_read_alike():
    started = pa.array([WINTER] * 3, pa.timestamp("us", tz="UTC"))
    country = pa.array(["PL", "US", None]).dictionary_encode()
    assert utc_offset_minutes(started, country).to_pylist() == [60, None, None]


def test_no_rows_give_no_offsets():
    assert offsets([], []) == []
    assert offsets([], [], "UTC") == []


def test_an_unknown_zone_is_refused_with_the_nearest_name():
    with pytest.raises(InputError, match="no known time zone") as caught:
        offsets([WINTER], ["DE"], "Europe/Berln")
    assert "Did you mean 'Europe/Berlin'?" in caught.value.remedy


@pytest.mark.parametrize("name", ["", "../etc/passwd", "CEST+2"])
def test_what_is_no_zone_name_is_refused(name):
    with pytest.raises(InputError, match="no known time zone"):
        offsets([WINTER], ["DE"], name)
