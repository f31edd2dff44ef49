"""Figures of a clock, a version, a season or a length of time count nobody; what stands beside them still does."""

from __future__ import annotations

import pytest

from analyzer.messages.claim import WhoKind
from analyzer.messages.figures import FIGURE, LENGTH
from analyzer.messages.parse import parse
from analyzer.messages.sentences import draft_of
from analyzer.messages.verdict import check_words

FIGURES = """
The race took 4:08 in the end                       | 4 08
The final runs 1:42:30 and is free                  | 1 42 30
We shipped release 5.3.18                            | 5.3.18
We shipped version 2.1                               | 2.1
They saw season 3                                  | 3
They slept 6 hours 31 minutes                       | 6 31
In 2019 customers asked for jokes                   | 2019
We watched it for 53 nights                         | 53
53 members watched it                               |
Viewers of the finale: 53                           |
Season 3 members watched it                         |
Version 53 people liked it                          |
1.234.567 members watched it                        |
2019 households watched it                          |
"""


def rows(table: str) -> list[tuple[str, list[str]]]:
    told = [line.rpartition("|") for line in table.strip().splitlines()]
    return [(text.strip(), figures.split()) for text, _, figures in told]


@pytest.mark.parametrize(("text", "figures"), rows(FIGURES))
def test_what_names_a_time_or_a_part_is_a_figure_and_what_counts_people_is_none(text, figures):
    assert [token.text for token in draft_of(text).tokens if FIGURE in token.tags] == figures


def test_lengths_of_time_still_tell_how_much_somebody_did():
    token = next(token for token in draft_of("One viewer watched it 53 times").tokens if token.text == "53")
    assert LENGTH in token.tags
    assert check_words("When someone in Hull plays Snowbound 212 times, we notice.").status.value == "block"


@pytest.mark.parametrize("figure", ["at 4:08", "in version 2.1.7", "in season 3", "for 6 hours 31 minutes"])
def test_a_figure_hides_no_group_that_stands_beside_it(figure):
    claims = parse(f"Last week 53 members watched the same film {figure}.").claims
    assert any(claim.who.kind is WhoKind.GROUP and claim.who.count.stated == 53 for claim in claims if claim.who.count)
