"""No name of a pattern or audience may say what somebody has; ordinary names and titles may be said."""

from __future__ import annotations

import pytest

from analyzer.patterns.vocabulary import HIGH, LOW
from analyzer.policy.words import condition_words, vocabulary


@pytest.mark.parametrize(
    "name",
    [
        "autistic-coded shows", "AUTISTIC", "Autism moms", "ADHD", "adhd_watchers", "ADHDViewers",
        "A.D.H.D. kids", "autism2024", "people with dementia", "Alzheimer’s", "Alzheimer's families",
        "Down syndrome", "Down's Syndrome families", "down_syndrome_segment", "Down-Syndrom", "Trisomie 21",
        "learning disabilities", "Disability", "disabled viewers", "PTSD", "dyslexics", "schizophrenics",
        "bi-polar viewers", "blind viewers", "deaf people", "wheelchair users", "special-needs kids",
        "neuro-divergent", "hard of hearing", "au\u00adtistic", "au\u200btistic", "ａｕｔｉｓｔｉｃ", "AuTiStIc",
        "Autist:innen", "autisten", "Autistische Kinder", "gehörlose Zuschauer",
        "Menschen mit Behinderungen", "DEMENZ", "Personen mit Demenz", "blinde Menschen", "Schwerhörige",
        "enfants autistes", "personnes handicapées", "la démence", "sourds et malentendants",
        "personnes aveugles", "Personas con autismo", "niños autistas", "autística", "discapacitados",
        "discapacidad", "síndrome de Down", "personas ciegas", "TDAH", "the depressed audience",
        "insomniac viewers", "people on the spectrum", "cancer patients group",
    ],
)  # fmt: skip
def test_a_word_for_a_condition_is_found_however_it_is_written(name):
    assert condition_words(name)


@pytest.mark.parametrize(
    "name",
    [
        "A Beautiful Mind", "Rain Man", "The Blind Side", "Love Is Blind", "Insomnia",
        "The Great Depression", "Atypical", "Love on the Spectrum", "Borderline", "Cancer Ward",
        "A Quiet Place", "Crazy Rich Asians", "Deaf U", "Blindness", "Tea with Mussolini",
        "Harry Potter and the Dementors", "Titles in one sitting", "Mental Samurai", "The Sixth Sense",
        "Downton Abbey", "Down to Earth", "The Good Doctor", "Men in Black", "Statistics for everyone",
        "Fantastic Beasts", "viewers of tea shows", "people who skip ads", "delayed viewing group",
        "Sichtbar", "Handicap Race", "", " ", "---",
    ],
)  # fmt: skip
def test_ordinary_names_and_titles_are_left_alone(name):
    assert condition_words(name) == ()


@pytest.mark.parametrize("word", [*HIGH.values(), *LOW.values()], ids=lambda word: word.phrase)
def test_no_reviewed_phrase_for_a_pattern_is_such_a_word(word):
    assert condition_words(word.phrase) == ()


def test_the_words_that_were_found_are_named_once_each():
    assert condition_words("Autistic and AUTISTIC people with dementia") == ("autistic", "dementia")


def test_a_word_with_several_meanings_counts_beside_a_word_for_people():
    assert condition_words("Blind Ambition") == ()
    assert condition_words("Blind Ambition viewers") == ("blind",)


def test_all_words_of_the_list_are_found_as_they_stand():
    known = vocabulary()
    assert not [phrase for phrase in known.anywhere if not condition_words(" ".join(phrase))]
    assert not [phrase for phrase in known.beside_people if not condition_words(" ".join([*phrase, "/ people"]))]
    assert not known.people & known.anywhere
