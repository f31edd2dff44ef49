"""A packed title gives its series in the language that it comes in; a film's colon gives none."""

from __future__ import annotations

import pyarrow as pa
import pytest

from analyzer.sessions.titles import series_of, tidy, title_columns


@pytest.mark.parametrize(
    "season",
    [
        "Season 2",
        "Series 2",
        "Temporada 2",
        "2ª temporada",
        "Staffel 2",
        "2. Staffel",
        "Saison 2",
        "Stagione 2",
        "Seizoen 2",
        "Sæson 2",
        "Sezon 2",
        "Säsong 2",
        "Kausi 2",
        "2. kausi",
        "Sesong 2",
        "Sezonul 2",
        "2. évad",
        "Évad 2",
        "Сезон 2",
        "シーズン2",
        "シーズン 2",
        "시즌 2",
        "第 2 季",
        "第二季",
        "Limited Series",
        "Miniserie",
        "Miniseries",
        "Mini-série",
        "Série limitée",
        "Part 2",
        "Part Two",
        "Teil 2",
        "Partie 2",
        "Parte 2",
        "Volume 2",
        "Vol. 2",
        "Book 2",
        "Chapter 2",
        "Collection",
        "Collection 2",
        "SEASON 2",
        "Season Two",
        "Season II",
    ],
)
def test_what_stands_before_the_season_is_the_series(season):
    assert series_of(f"Harbour Lights: {season}: The Ferry") == "Harbour Lights"


@pytest.mark.parametrize(
    "suffix",
    ["(Episode 4)", "(Folge 4)", "(Épisode 4)", "(Episodio 4)", "(Episódio 4)", "(Aflevering 4)",
     "(Odcinek 4)", "(Avsnitt 4)", "(Серия 4)", "(エピソード4)", "(第4話)", "(4. rész)"],
)  # fmt: skip
def test_an_episode_number_at_the_end_makes_the_text_before_the_first_colon_the_series(suffix):
    assert series_of(f"Harbour Lights: The Ferry {suffix}") == "Harbour Lights"


def test_a_series_may_have_a_colon_of_its_own():
    assert series_of("Harbour: The Early Years: Season 1: The Ferry (Episode 4)") == "Harbour: The Early Years"


def test_the_first_season_word_counts():
    assert series_of("Harbour Lights: Part 1: Chapter One: Fog") == "Harbour Lights"


def test_an_episode_may_have_colons_of_its_own():
    assert series_of("Harbour Lights: Season 1: Fog: Part 2") == "Harbour Lights"


def test_a_season_named_after_the_show_is_a_season():
    assert series_of("Harbour Lights: Harbour Lights 2: Chapter One: Fog") == "Harbour Lights"


def test_an_episode_without_a_colon_is_its_own_show():
    assert series_of("Harbour Lights (Episode 4)") == "Harbour Lights"


def test_french_spaces_and_wide_colons_separate_too():
    assert series_of(tidy("Les Phares\u00a0: Saison 2\u00a0: Le bac")) == "Les Phares"
    assert series_of("灯台：シーズン2：霧") == "灯台"


@pytest.mark.parametrize(
    "film",
    [
        "The Long Tide",
        "The Long Tide: A True Story",
        "The Long Tide: Part Two",
        "The Long Tide: Chapter 3",
        "The Long Tide: Volume 2",
        "The Long Tide: Chapter 3 – Ebb: The Director Speaks",
        "The Long Tide - Part 2",
        "Season of Fog: The Return: A Film",
        "Tide: Season of Fog: The Return",
        "Tide: Episode VIII: The Last Ferry",
        "Tide: Books: A Love Story",
        "Tide: Seasons: A Love Story",
        "Tide 12:30: Night",
        "Part 1: Fog: Tide",
        "The Long Tide (Director's Cut)",
        "The Long Tide (2024)",
    ],
)
def test_a_film_has_no_series(film):
    assert series_of(film) is None


def test_a_title_is_composed_and_its_spaces_are_single():
    assert tidy("  Cafe\u0301 \u00a0 am\tHafen ") == "Caf\u00e9 am Hafen"


def test_columns_keep_the_order_and_the_nulls():
    titles, series = title_columns(pa.array(["A: Season 1: x", "", None, "A:  Season 1: x", "Film"]))
    assert titles.to_pylist() == ["A: Season 1: x", None, None, "A: Season 1: x", "Film"]
    assert series.to_pylist() == ["A", None, None, "A", None]
    assert titles.dictionary.to_pylist() == ["A: Season 1: x", "Film"]
