"""Names speak of behaviour: never of a condition, never in judgement."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.features.catalog import CATALOG, select
from analyzer.patterns.vocabulary import BASE_RATE, HIGH, LOW, gives, name_of, phrases_of, word_for

CONDITIONS = [
    "autis",
    "asperg",
    "adhd",
    "dement",
    "alzheim",
    "disab",
    "disorder",
    "syndrome",
    "neurodiv",
    "spectrum",
    "depress",
    "anxi",
    "insomn",
    "bipolar",
    "epilep",
    "schizo",
    "trauma",
    "deaf",
    "blind",
    "impair",
    "handicap",
    "retard",
    "diagnos",
    "symptom",
    "patient",
    "patholog",
    "clinic",
    "mental",
    "special\\s+needs",
    "suffer",
    "afflict",
    "despite",
]
JUDGEMENTS = [
    "obsess",
    "addict",
    "compuls",
    "normal",
    "abnormal",
    "weird",
    "suspicious",
    "anomal",
    "outlier",
    "binge",
    "hooked",
    "fanatic",
    "excess",
    "unhealthy",
    "lazy",
    "lonel",
    "strange",
    "odd",
    "crazy",
    "mad",
    "stupid",
    "guilty",
    "creep",
    "freak",
    "extreme",
    "problem",
    "wast",
    "hurt",
    "sad",
    "pathetic",
    "couch",
    "potato",
    "glued",
    "junkie",
    "aberrant",
    "deviant",
]
WORDS = {**{("high", n): w for n, w in HIGH.items()}, **{("low", n): w for n, w in LOW.items()}}


def forbidden(text, stems):
    return [stem for stem in stems if re.search(rf"\b{stem}", text, re.IGNORECASE)]


@pytest.mark.parametrize(("key", "word"), WORDS.items(), ids=[" ".join(key) for key in WORDS])
def test_no_phrase_names_a_condition_or_judges(key, word):
    for text in (word.phrase, word.gives):
        assert forbidden(text, CONDITIONS + JUDGEMENTS) == []
        assert text.strip()


def test_the_forbidden_words_are_found_where_they_stand():
    assert forbidden("Obsessive viewers", JUDGEMENTS) == ["obsess"]
    assert forbidden("for autistic people with special needs", CONDITIONS)[:1] == ["autis"]
    assert forbidden("now and then", CONDITIONS + JUDGEMENTS) == []


def test_disability_is_named_only_where_it_is_said_that_nobody_can_tell():
    assert forbidden(BASE_RATE, JUDGEMENTS) == []
    assert forbidden(BASE_RATE, CONDITIONS) == ["disab"]
    assert "cannot tell" in BASE_RATE


def test_names_speak_of_what_is_watched_and_never_of_people():
    people = ["viewer", "person", "people", "men", "women", "child", "kid", "fan", "user", "household", "who", "those"]
    assert [w.phrase for w in WORDS.values() if forbidden(w.phrase, people)] == []


def test_every_feature_of_the_catalog_has_words_for_at_least_one_direction():
    assert [spec.name for spec in select() if spec.name not in HIGH and spec.name not in LOW] == []


def test_every_word_belongs_to_a_feature_of_the_catalog():
    select()
    assert sorted((set(HIGH) | set(LOW)) - set(CATALOG)) == []


def test_the_words_fit_the_direction():
    assert word_for("night_share", 1.0).phrase == "late at night"
    assert word_for("night_share", -1.0).phrase == "not at night"
    assert word_for("no such feature", 1.0) is None


FEATURES = sorted(set(HIGH) | set(LOW))
CONTRASTS = st.dictionaries(st.sampled_from(FEATURES), st.floats(-4, 4), max_size=8)


@given(st.lists(CONTRASTS, max_size=8))
def test_names_are_unique_and_never_empty(patterns):
    names = []
    for contrasts in patterns:
        names.append(name_of(contrasts, taken=names))
    assert len(set(names)) == len(names)
    assert all(name.strip() and name[0] == name[0].upper() for name in names)


@given(CONTRASTS, st.integers(2, 12))
def test_even_the_same_pattern_many_times_gets_a_name_of_its_own_each_time(contrasts, count):
    names = []
    for _ in range(count):
        names.append(name_of(contrasts, taken=names))
    assert len(set(names)) == count


@given(CONTRASTS)
def test_names_and_gifts_are_made_of_reviewed_words_alone(contrasts):
    reviewed = {word.phrase for word in WORDS.values()} | {"much like everyone"}
    assert set(name_of(contrasts, taken=[]).lower().split(", ")) <= {phrase.lower() for phrase in reviewed}
    assert set(gives(contrasts)) <= {word.gives for word in WORDS.values()}


def test_the_strongest_contrast_comes_first_and_slight_ones_are_not_named():
    assert name_of({"night_share": 0.5, "titles": -2.0, "plays": 0.1}, taken=[]) == "Few titles, late at night"
    assert phrases_of({"plays": 0.34}) == []
    assert name_of({}, taken=[]) == "Much like everyone"


def test_what_it_gives_is_said_once_each_and_at_most_twice():
    assert gives({"titles": 3.0, "title_entropy_bits": 2.9, "night_share": 2.0, "plays": 1.0}) == [
        HIGH["titles"].gives,
        HIGH["night_share"].gives,
    ]
