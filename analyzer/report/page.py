"""One run's report as one page: everything inline, no script, no request, nothing about a viewer."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from analyzer.patterns.profile import PatternProfile
from analyzer.policy.rules import ANY, Evidence, MarkStatus
from analyzer.report import charts
from analyzer.report.data import Card, Place, ReportData

WORDS: Final = {
    MarkStatus.NEVER_SINGLE_OUT: ("never single out", "shield"),
    MarkStatus.REVIEW: ("review", "diamond"),
    MarkStatus.OPEN: ("open", "circle"),
}
DROPPED: Final = {
    "autoplay": "began by itself (autoplay)",
    "duplicate": "the same row again",
    "hidden": "the viewer asked not to show it",
    "not_playback": "a player event that says nothing about playback",
    "trailer_or_preview": "trailer or preview",
    "unmatched": "a player event of an evening that another row tells of",
}
MODELS: Final = {
    "fitted": "fitted on these vectors",
    "reference": "the reference model that comes with the software",
    "given": "a model that was given",
}
_FEWEST: Final = 10
_SHOWN: Final = 8
_QUANTILES: Final = (0.1, 0.5, 0.9)
_ON_QUANTILE: Final = re.compile(r"(\w+) \(quantile ([\d.]+)\)")


@dataclass(frozen=True, slots=True)
class Row:
    """A feature of a pattern as a row of a table: the definition, unit, contrast and quantiles, in words."""

    name: str
    meaning: str
    unit: str
    contrast: str
    quantiles: tuple[str, ...]


def render(data: ReportData) -> str:
    """Return the report as one self-contained HTML page.

    Parameters
    ----------
    data : ReportData
        Aggregates and words; every text is escaped.

    Returns
    -------
    str
        A page without script that requests nothing, for people inside the company.
    """
    return _template().render(data=data, style=Markup(_read("report.css")))  # noqa: S704 - our own file


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    shown = (map_of, bars_of, rows_of, placed, size_of, evidence_words, window_words, vector_words, share_words)
    environment.globals.update({function.__name__: function for function in shown})
    environment.globals.update(
        tally_bar=charts.tally_bar,
        marks=MarkStatus,
        word=lambda status: WORDS[status],
        dropped=lambda reason: DROPPED.get(reason, reason.replace("_", " ")),
        model_words=lambda kind: MODELS.get(kind, kind),
    )
    return environment.from_string(_read("report.html.j2"))


def _read(name: str) -> str:
    return (resources.files("analyzer.report") / name).read_text("utf-8")


def size_of(profile: PatternProfile) -> str:
    """Return the size band, or that there are too few households to say more."""
    return profile.size_band if profile.described else "too few to describe"


def window_words(window: str) -> str:
    """Return a window length in words."""
    if window.casefold() in {"all", "none"}:
        return "the whole history"
    days = re.fullmatch(r"(\d+)d", window)
    return f"{days[1]} day{'' if days[1] == '1' else 's'}" if days else window


def vector_words(vectors: int) -> str:
    """Return how many vectors there are; a small number is not told, for each is one viewer's."""
    return f"fewer than {_FEWEST}" if 0 < vectors < _FEWEST else f"{vectors:,}"


def share_words(share: float, vectors: int) -> str:
    """Return the share withheld in words that give no small count away, neither of the withheld nor of the others."""
    if not math.isfinite(share) or vectors == 0:
        return "none, for there were none"
    if share in (0.0, 1.0):
        return "all of them" if share else "none of them"
    if (1 - share) * vectors < _FEWEST:
        return "most of them" if share * vectors >= _FEWEST else "some of them"
    if share * vectors < _FEWEST:
        return f"fewer than {_FEWEST} of them"
    return f"about {max(1, min(99, round(100 * share)))} in 100 vectors"


def number(value: float) -> str:
    """Return a value with three significant digits."""
    if not math.isfinite(value):
        return "not known"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def label_of(card: Card, feature: str) -> str:
    """Return the first clause of a feature's meaning; its name in plain letters where no meaning is known."""
    meaning = card.features.get(feature, ("", ""))[1]
    return re.split(r"[:;]| \(", meaning, maxsplit=1)[0].rstrip(". ") or feature.replace("_", " ")


def evidence_words(card: Card | None, evidence: Evidence) -> str:
    """Return one value that made a rule fire, in plain words."""
    found = _ON_QUANTILE.fullmatch(evidence.attribute)
    if evidence.limit == ANY:
        return evidence.attribute
    if evidence.attribute == "households":
        return f"households: {evidence.limit}"
    value, label = number(evidence.value), evidence.attribute.replace("_", " ")
    if found and card:
        value, label = f"{value} at the {100 * float(found[2]):g}\u00a0% quantile", label_of(card, found[1])
    return f"{label}: {value}; the rule says {evidence.limit}"


def _strongest(card: Card) -> list[tuple[str, float]]:
    """Return the known contrasts that differ most from everyone, strongest first."""
    known = [(name, value) for name, value in card.profile.contrasts.items() if math.isfinite(value)]
    return sorted(known, key=lambda item: (-abs(item[1]), item[0]))[:_SHOWN]


def bars_of(card: Card, key: str) -> Markup:
    """Return the picture of a pattern's contrasts."""
    bars = [(label_of(card, name), value) for name, value in _strongest(card)]
    words = "; ".join(f"{label}: {charts.signed(value)}" for label, value in bars)
    title = f"How {card.profile.id} differs from everyone"
    return charts.contrast_bars(bars, key=key, title=title, desc=f"In standard deviations. {words}.")


def rows_of(card: Card) -> list[Row]:
    """Return the table behind the picture, with the same features in the same order."""
    return [
        Row(
            name,
            card.features.get(name, ("", ""))[1],
            card.features.get(name, ("not stated", ""))[0],
            charts.signed(value),
            tuple(number(card.profile.quantiles.get(name, {}).get(q, math.nan)) for q in _QUANTILES),
        )
        for name, value in _strongest(card)
    ]


def placed(cards: Sequence[Card]) -> list[tuple[Card, Place]]:
    """Return the described patterns that have a place on the map."""
    return [
        (card, card.place)
        for card in cards
        if card.profile.described and card.place and math.isfinite(card.place.x) and math.isfinite(card.place.y)
    ]


def map_of(cards: Sequence[Card], key: str) -> Markup:
    """Return the map of the patterns that have a place."""
    spots = [
        charts.Spot(card.profile.id, *WORDS[card.mark.status], place.x, place.y, _band(card.profile))
        for card, place in placed(cards)
    ]
    counts = ", ".join(f"{sum(s.mark == word for s in spots)} {word}" for word, _ in WORDS.values())
    desc = f"{len(spots)} patterns by place, size band and mark: {counts}. The table that follows lists each."
    return charts.pattern_map(spots, key=key, title="The map of patterns", desc=desc)


def _band(profile: PatternProfile) -> int:
    """Return the rank of the size band: 1 up to 99 households, 2 up to 999, at most 6."""
    return max(1, min(6, len(str(profile.households)) - 1))
