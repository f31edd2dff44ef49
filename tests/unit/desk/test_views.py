"""What pages show: every word of a draft once, every row on some page, and nothing that only looks like text."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.desk.views import audit, drafts, forms, paging, words

SPANS = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 40), st.integers(1, 12)).map(lambda t: (t[0], t[1], t[1] + t[2]))
)


@given(st.text(max_size=40).filter(lambda text: "\r" not in text), SPANS)
def test_a_draft_in_pieces_is_the_draft_and_exactly_the_words_of_the_reasons_are_underlined(text, spans):
    pieces = drafts.pieces_of(text, spans)
    assert "".join(piece.text for piece in pieces) == words.seen(text)
    underlined = [piece.marked for piece in pieces for _ in piece.text]
    assert underlined == [any(start <= at < end for _, start, end in spans) for at in range(len(text))]


@given(st.text(min_size=1, max_size=40), SPANS)
def test_each_reason_has_its_number_once_and_at_the_end_of_its_words(text, spans):
    numbers = [number for piece in drafts.pieces_of(text, spans) for number in piece.numbers]
    assert sorted(numbers) == sorted({number for number, start, _ in spans if start < len(text)})
    assert all(piece.marked for piece in drafts.pieces_of(text, spans) if piece.numbers)


@given(st.text())
def test_nothing_invisible_is_left_in_what_is_shown(text):
    shown = words.seen(text)
    assert not [sign for sign in shown if sign != "\n" and unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp")]
    assert len(words.shortened(text, 30)) <= 30


@given(st.lists(st.integers(), max_size=60), st.integers(1, 9))
def test_every_row_is_on_exactly_one_page_and_the_links_lead_through_all_of_them(rows, size):
    found, path = [], "/rows?page=1"
    while path:
        page = paging.page_of(rows, path.rpartition("=")[2], size, "/rows")
        found += page.rows
        path = page.pages.later
    assert found == rows


@pytest.mark.parametrize("asked", ["", "0", "-1", "x", "1e9", "999999999999", "٣", "1; DROP TABLE"])
def test_a_page_that_there_is_not_is_the_nearest_one(asked):
    page = paging.page_of(range(25), asked, 10, "/rows")
    assert len(page.rows) in (10, 5)


@given(st.integers(0, 300))
def test_the_pages_of_the_trail_hold_every_entry_once_newest_first(entries):
    seen, before = [], None
    while True:
        start, count = audit.first_after(entries, before)
        seen += range(start + count, start, -1)
        older = audit.pages(entries, start, count).later
        if not older:
            break
        before = int(older.rpartition("=")[2])
    assert seen == list(range(entries, 0, -1))


@pytest.mark.parametrize(
    ("typed", "day", "wrong"),
    [
        (("27", "3", "2027"), date(2027, 3, 27), ""),
        ((" 7 ", "03", "2027"), date(2027, 3, 7), ""),
        (("", "", ""), None, "Enter the day"),
        (("30", "2", "2027"), None, "in the calendar"),
        (("27", "March", "2027"), None, "as numbers"),
        (("27", "", "2027"), None, "as numbers"),
        (("²7", "3", "2027"), None, "as numbers"),
        (("0", "0", "0"), None, "in the calendar"),
    ],
)
def test_a_day_is_read_as_it_is_typed_or_said_to_be_none(typed, day, wrong):
    form = dict(zip(("ends_day", "ends_month", "ends_year"), typed, strict=True))
    read = forms.day_from(form, "ends")
    assert read.day == day
    assert wrong in read.wrong
    assert bool(read.wrong) is (day is None)


def test_a_time_of_the_ledger_reads_as_a_day_and_an_hour():
    assert words.moment("2026-11-26T09:05:59.123456+00:00").words == "26 November 2026, 09:05 UTC"
    assert words.moment("2026-11-06").words == "6 November 2026"
    assert words.moment("no day").words == "no day"
