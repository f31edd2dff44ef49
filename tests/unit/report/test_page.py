"""The report says what it must, escapes what it is given, and holds nothing about a viewer."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import date
from html import unescape

import pytest

from analyzer.features.catalog import select
from analyzer.features.extract import extract_features
from analyzer.patterns.estimator import UsagePatterns
from analyzer.patterns.profile import OverRepresentation, PatternProfile
from analyzer.patterns.vocabulary import BASE_RATE, gives
from analyzer.policy.marks import Mark, Reason, mark_patterns
from analyzer.policy.rules import Evidence, MarkStatus
from analyzer.report import charts
from analyzer.report.data import Card, Place, ReportData
from analyzer.report.page import render, share_words, vector_words, window_words
from analyzer.sessions.synthetic import Population, synthesize
from analyzer.sessions.tally import Tally

FEATURES = {spec.name: (spec.unit, spec.meaning) for spec in select()}
SHOWN = ("title_recent_plays_max", "night_share", "hours_played")


def profile(number: int = 1, households: int = 420, **changes: object) -> PatternProfile:
    values = {
        "id": f"P{number:02d}",
        "name": f"One title on many days, number {number}",
        "households": households,
        "described": households >= 10,
        "quantiles": {n: {0.1: 11.0, 0.25: 12.0, 0.5: 13.0, 0.75: 28.0, 0.9: 31.0} for n in FEATURES},
        "contrasts": dict(zip(SHOWN, (3.9, -1.2, 0.4), strict=True)),
        "over_represented": (OverRepresentation("captions", 1.0, 1.0),),
        "largest_household_share": 0.02,
        "stability": 0.9,
    }
    return PatternProfile(**{**values, **changes})  # type: ignore[arg-type]


def card_of(described: PatternProfile, x: float = 1.0, y: float = 2.0) -> Card:
    return Card(described, mark_patterns([described])[0], gives(described.contrasts), Place(x, y), FEATURES)


def data_of(*cards: Card, **changes: object) -> ReportData:
    values = {
        "sources": ("views.parquet",),
        "tally": Tally(120_000, 100_000, {"hidden": 5_000, "trailer_or_preview": 14_000}, 1_000),
        "notes": ("Times without a zone were read as UTC.",),
        "quarantine": (("played_s is negative", 1_000),),
        "window": "28d",
        "vectors": 8_954,
        "withheld_share": 0.19,
        "model": "fitted",
        "model_reason": "8,954 vectors are enough",
        "cards": cards,
        "no_pattern": mark_patterns([])[-1],
        "rulebook": "analyzer-default 2026.11",
        "rulebook_hash": "b1e23f7b",
        "made_on": date(2026, 11, 23),
        "base_rate": BASE_RATE,
    }
    return ReportData(**{**values, **changes})  # type: ignore[arg-type]


def text_of(page: str) -> str:
    body = re.sub(r"<style>.*?</style>", " ", page, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def card_text(page: str, anchor: str) -> str:
    return text_of(re.search(rf'<article class="[^"]+" id="{anchor}".*?</article>', page, re.S)[0])  # type: ignore[index]


@pytest.fixture
def page() -> str:
    return render(data_of(card_of(profile(1)), card_of(profile(2, 4_200, name="Late at night"), -1.0, 0.5)))


def test_every_section_is_there_in_order(page: str) -> None:
    heads = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert heads == [
        "What was read",
        "What was done",
        "Patterns",
        "The map of patterns",
        "Pattern by pattern",
        "Where every statement comes from",
    ]


def test_what_was_read_adds_up_in_words(page: str) -> None:
    text = text_of(page)
    assert (
        "120,000 read = 100,000 used + 5,000 dropped: the viewer asked not to show it"
        " + 14,000 dropped: trailer or preview + 1,000 quarantined"
    ) in text
    assert "played_s is negative: 1,000 rows" in text
    assert "Times without a zone were read as UTC." in text
    assert "views.parquet" in text


def test_what_was_done_is_told_in_words(page: str) -> None:
    text = text_of(page)
    for words in ("28 days", "8,954", "fitted on these vectors, because 8,954", "about 19 in 100 vectors"):
        assert words in text
    assert "so that nobody can be told apart" in text


def test_the_source_of_every_statement_closes_the_page(page: str) -> None:
    footer = text_of(page[page.rindex("<footer") :])
    for words in ("views.parquet", "analyzer-default 2026.11", "b1e23f7b", "28 days", "23 November 2026"):
        assert words in footer
    assert "not for publication" in footer


def test_a_card_gives_rule_sentence_evidence_and_citation(page: str) -> None:
    text = card_text(page, "pattern-1")
    assert "people who rely on a known story are never held up for it" in text
    assert "one-title-over-days" in text
    assert "Most plays of one title within 28 days: 28 at the 75 % quantile; the rule says at least 4" in text
    assert "The tweet of 10 December 2017 about 53 viewers of one film; GDPR recital 26" in text


def test_what_it_gives_comes_before_why_it_is_protected(page: str) -> None:
    text = card_text(page, "pattern-1")
    assert text.index("What this may give people") < text.index("A known story is predictable")
    assert text.index("A known story is predictable") < text.index("Why it is not to be pointed at")


def test_every_card_carries_the_base_rate_line() -> None:
    cards = [card_of(profile(1)), card_of(profile(2, 7)), card_of(profile(3))]
    page = render(data_of(*cards))
    for anchor in ("pattern-1", "pattern-2", "pattern-3", "no-pattern"):
        assert BASE_RATE in card_text(page, anchor)


@pytest.mark.parametrize("status", list(MarkStatus))
def test_each_mark_is_said_in_words(status: MarkStatus) -> None:
    words = {"never_single_out": "never single out", "review": "review", "open": "open"}[status.value]
    card = replace(card_of(profile(1)), mark=Mark("P01", status, (), "hash"))
    assert f"P01 One title on many days, number 1 {words} 100 to 999 households" in card_text(
        render(data_of(card)), "pattern-1"
    )


def test_a_rule_that_could_not_be_evaluated_says_so() -> None:
    reason = Reason("a-rule", MarkStatus.NEVER_SINGLE_OUT, "Because of this.", ("Us",), failure="plays is missing")
    card = replace(card_of(profile(1)), mark=Mark("P01", MarkStatus.NEVER_SINGLE_OUT, (reason,), "hash"))
    text = card_text(render(data_of(card)), "pattern-1")
    assert "could not be evaluated because plays is missing; so it withholds" in text


def test_evidence_without_a_feature_is_said_plainly() -> None:
    found = (
        Evidence("captions ratio", 1.71, "at least 1.5"),
        Evidence("households", 10, "fewer than 10"),
        Evidence("replay_gap", math.nan, "at least 1"),
    )
    reason = Reason("a-rule", MarkStatus.NEVER_SINGLE_OUT, "Because of this.", ("Us",), found)
    card = replace(card_of(profile(1)), mark=Mark("P01", MarkStatus.NEVER_SINGLE_OUT, (reason,), "hash"))
    text = card_text(render(data_of(card)), "pattern-1")
    assert "captions ratio: 1.71; the rule says at least 1.5" in text
    assert "households: fewer than 10" in text
    assert "replay gap: not known" in text


def test_a_pattern_that_is_not_described_shows_only_that_it_is_too_small() -> None:
    hidden = replace(profile(1, 7), name="A telling name", contrasts={"night_share": 2.0})
    page = render(data_of(card_of(hidden)))
    assert card_text(page, "pattern-1") == (
        "P01 Not described never single out Too few households share this pattern to say anything about it. "
        + BASE_RATE
    )
    assert "A telling name" not in page
    assert "There is nothing to draw" in page


def test_counts_below_ten_are_never_shown() -> None:
    cards = card_of(profile(1, 7)), card_of(profile(2, 9, described=True))
    page = render(data_of(*cards, vectors=8, withheld_share=3 / 8))
    text = text_of(page)
    assert "fewer than 10; one is one viewer in one window" in text
    assert "some of them" in text
    for anchor in ("pattern-1", "pattern-2"):
        assert not re.search(r"\b[1-9] households", card_text(page, anchor))
    assert not re.search(r"\b[1-9] (vectors|households|viewers)\b", text)


@pytest.mark.parametrize(
    ("share", "vectors", "words"),
    [
        (0.0, 50, "none of them"),
        (1.0, 5, "all of them"),
        (0.05, 100, "fewer than 10 of them"),
        (0.95, 100, "most of them"),
        (0.5, 10, "some of them"),
        (0.25, 400, "about 25 in 100 vectors"),
        (0.002, 100_000, "about 1 in 100 vectors"),
        (0.999, 100_000, "about 99 in 100 vectors"),
        (math.nan, 0, "none, for there were none"),
    ],
)
def test_the_share_withheld_gives_no_small_count_away(share: float, vectors: int, words: str) -> None:
    assert share_words(share, vectors) == words


def test_windows_and_vectors_in_words() -> None:
    assert [window_words(w) for w in ("28d", "1d", "all", "None", "odd")] == [
        "28 days",
        "1 day",
        "the whole history",
        "the whole history",
        "odd",
    ]
    assert [vector_words(n) for n in (0, 1, 9, 10, 12_000)] == ["0", "fewer than 10", "fewer than 10", "10", "12,000"]


def test_every_text_is_escaped() -> None:
    evil = "<script>alert(1)</script>\"'&"
    reason = Reason(evil, MarkStatus.REVIEW, evil, (evil,), (Evidence(evil, 1.0, evil),))
    card = Card(
        profile(1, id=evil, name=evil, contrasts={evil: 1.0}),
        Mark(evil, MarkStatus.REVIEW, (reason,), evil),
        [evil],
        Place(0, 0),
        {evil: (evil, evil)},
    )
    page = render(
        data_of(
            card,
            sources=(evil,),
            notes=(evil,),
            quarantine=((evil, 20),),
            tally=Tally(20, 0, {evil: 20}),
            model=evil,
            model_reason=evil,
            window=evil,
            rulebook=evil,
            rulebook_hash=evil,
            base_rate=evil,
        )
    )
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 15


@pytest.mark.parametrize("cards", [0, 1, 2, 30])
def test_every_picture_is_named_described_and_has_a_table_twin(cards: int) -> None:
    page = render(data_of(*(card_of(profile(n + 1), n % 7, n % 5) for n in range(cards))))
    parts = re.split(r"(?=<svg )", page)
    assert len(parts) == 2 + cards + bool(cards)
    for part in parts[1:]:
        picture, _, rest = part.partition("</svg>")
        key = re.match(r'<svg role="img" aria-labelledby="([\w-]+)-title \1-desc"', picture)
        assert key
        assert re.search(rf'<title id="{key[1]}-title">[^<]+</title><desc id="{key[1]}-desc">[^<]+</desc>', picture)
        assert re.search(r"<table>\s*<caption id=", rest)


def test_ids_are_unique_and_references_lead_somewhere() -> None:
    page = render(data_of(*(card_of(profile(1)) for _ in range(3))))
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    wanted = " ".join(re.findall(r'aria-labelledby="([^"]+)"', page)).split() + re.findall(r'href="#([^"]+)"', page)
    assert set(wanted) <= set(ids)


def test_the_page_is_self_contained(page: str) -> None:
    assert not re.search(r"https?://|<script|<img|<iframe|@import|url\(|\bon\w+=", page)
    assert "default-src 'none'" in page
    assert '<link rel="icon" href="data:,">' in page
    assert page.startswith('<!doctype html>\n<html lang="en">')


def test_tables_have_captions_and_scopes(page: str) -> None:
    assert page.count("<table>") == page.count("<caption ")
    assert not re.search(r"<th(?![^>]*scope=)(?!ead)[ >]", page)


def test_no_patterns_reads_well() -> None:
    page = render(data_of(sources=(), quarantine=(), notes=(), tally=Tally(), vectors=0, withheld_share=math.nan))
    text = text_of(page)
    assert "No patterns were found beyond chance." in text
    assert "There is nothing to draw" in text
    assert "No source is named." in text
    assert not re.search(r"\b(nan|None)\b", text)


def test_unknown_numbers_break_nothing() -> None:
    odd = profile(1, contrasts={"night_share": math.nan, "hours_played": 1.0, "made_up_here": -2.0}, quantiles={})
    blank = profile(2, contrasts={"night_share": math.nan})
    cards = [card_of(odd, math.nan, 1), replace(card_of(blank), place=None, gives=[])]
    page = render(data_of(*cards))
    assert "No contrast is known for it." in card_text(page, "pattern-2")
    assert "The vocabulary has no words for this yet." in card_text(page, "pattern-2")
    assert "made up here" in card_text(page, "pattern-1")
    assert "not known" in card_text(page, "pattern-1")
    assert not re.search(r"\bnan\b", page)


def test_many_sources_fold() -> None:
    page = render(data_of(sources=[f"views-{n}.parquet" for n in range(40)]))
    assert "<summary>28 more</summary>" in page
    assert "and 37 more, listed above" in text_of(page)


def test_no_exact_number_of_households_is_on_the_page() -> None:
    page = render(data_of(card_of(profile(1, 4_321)), card_of(profile(2, 76_543))))
    assert not re.search(r"4,?321|76,?543", page)
    assert "1,000 to 9,999" in page


def test_the_area_on_the_map_says_the_band_and_nothing_finer() -> None:
    def drawn(households: int) -> str:
        page = render(data_of(card_of(profile(1, households)), card_of(profile(2, 50), 3, 3)))
        return page[page.index("map-picture-desc") : page.index("The map as a table")]

    assert drawn(101) == drawn(998)
    assert drawn(101) != drawn(1_001)


def test_a_real_run_shows_no_viewer_and_no_household() -> None:
    sessions, _ = synthesize(Population(500, days=28))
    patterns = UsagePatterns().fit(extract_features(sessions))
    marks = mark_patterns(patterns)
    cards = [
        Card(p, m, gives(p.contrasts), Place(n, n), FEATURES)
        for n, (p, m) in enumerate(zip(patterns.profiles_, marks, strict=False))
    ]
    page = render(data_of(*cards, tally=sessions.tally, sources=sessions.sources, no_pattern=marks[-1]))
    for column in ("viewer_id", "household_id"):
        assert not any(name in page for name in sessions.table[column].unique().to_pylist())


def test_bars_keep_within_the_picture_and_say_their_value() -> None:
    picture = charts.contrast_bars([("more", 4.0), ("less", -9.0), ("none", 0.0)], key="k", title="t", desc="d")
    starts = [float(x) for x in re.findall(r'<rect class="\w+" x="([\d.]+)%', picture)]
    widths = [float(w) for w in re.findall(r'width="([\d.]+)%" height="11"', picture)]
    assert all(x >= 10 and x + w <= 90 for x, w in zip(starts, widths, strict=True))
    assert [charts.signed(v) for v in (4.0, -9.0, 0.0, -0.04, math.nan)] == ["+4.0", "−9.0", "0.0", "0.0", "not known"]


def test_labels_on_a_crowded_map_stay_inside_and_apart() -> None:
    spots = [charts.Spot(f"P{n:02d}", "never single out", "shield", n % 6, n // 6, 1) for n in range(30)]
    picture = charts.pattern_map(spots, key="k", title="t", desc="d")
    places = [(float(x), float(y)) for x, y in re.findall(r'<text class="id" x="([\d.]+)" y="([\d.]+)"', picture)]
    assert len(places) == 30
    assert all(0 < x < 720 and 0 < y < 460 for x, y in places)
    apart = [abs(a[0] - b[0]) > 90 or abs(a[1] - b[1]) > 20 for i, a in enumerate(places) for b in places[:i]]
    assert sum(apart) / len(apart) > 0.99


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(0, 0, "0 %"), (1, 10_000, "under 1 %"), (9_999, 10_000, "over 99 %"), (50, 100, "50 %"), (5, 5, "100 %")],
)
def test_a_small_share_never_reads_as_nothing(part: int, whole: int, words: str) -> None:
    assert charts.percent(part, whole).replace("\u00a0", " ") == words
