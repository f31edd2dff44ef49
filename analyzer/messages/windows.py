"""When something happened, as it is told: past 18 days, on Valentine's Day, at 3 a.m., this year, 9 February."""

from __future__ import annotations

from datetime import date
from typing import Final

from analyzer.messages.claim import Window
from analyzer.messages.phrases import Match, Phrases
from analyzer.messages.sentences import Draft, Sentence
from analyzer.messages.tokens import Piece, Token

_DAYS: Final = {
    "day": 1, "days": 1, "night": 1, "nights": 1, "evenings": 1, "mornings": 1, "week": 7, "weeks": 7, "month": 30.4,
    "months": 30.4, "year": 365, "years": 365, "weekend": 2, "hours": 1 / 24, "hour": 1 / 24,
    "tag": 1, "tage": 1, "tagen": 1, "nachte": 1, "woche": 7, "wochen": 7, "monat": 30.4, "monate": 30.4, "jahr": 365, "jahre": 365,
    "jour": 1, "jours": 1, "nuits": 1, "semaine": 7, "semaines": 7, "mois": 30.4, "an": 365, "ans": 365, "annee": 365,
    "dia": 1, "dias": 1, "noches": 1, "semana": 7, "semanas": 7, "mes": 30.4, "meses": 30.4, "ano": 365, "anos": 365,
}  # fmt: skip
_UNITS: Final = "|".join(_DAYS)
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        ("january januar janvier enero jan", "february februar fevrier febrero feb", "march marz mars marzo", "april avril abril apr", "may mai mayo", "june juni juin junio", "july juli juillet julio",
         "august aout agosto aug", "september septembre septiembre sept", "october oktober octobre octubre oct", "november novembre noviembre nov", "december dezember decembre diciembre dec"), 1)
    for name in names.split()
}  # fmt: skip
_WINDOWS: Final = Phrases([
    f"past|last|previous|first|next|letzten|derniers|dernieres|ultimos|ultimas <n>? {_UNITS}", f"for|in|over|within|during <word.the>? ~m1 <n> ~m1 {_UNITS}",
    f"<n> ~m1 {_UNITS} in|straight|running|consecutive|hintereinander", f"this|last|all|diese|dieses|cette|cet|este|esta {_UNITS}",
    "valentine+ day?", "christmas|halloween|thanksgiving|easter|ramadan|diwali|hogmanay|weihnachten|ostern|silvester|noel|navidad|nochevieja day|eve?",
    "new year+ ~1 eve|day?", f"{'|'.join(_MONTHS)} <n|#>?", f"<n|#> of? {'|'.join(_MONTHS)}",
    "in|of|since|during|im|en|de|desde|seit <n>", "yesterday|today|tonight|gestern|heute|hier|ayer|hoy",
])  # fmt: skip
_CLOCKS: Final = Phrases([
    "<n> am|pm", "midnight|mitternacht|minuit|medianoche", "between <n> ~2 am|pm", "<n> : <n> am|pm?", "<n> uhr in|nachts?", "a|vers <n> heures|h du|matin?", "las <n> de la manana|madrugada|noche",
    "middle of the night", "small|wee hours", "before|after dawn|sunrise|bedtime", "late - ? night", "nachts|madrugada|mitten in der nacht",
])  # fmt: skip
_MORNING: Final = 5


def window_of(draft: Draft, sentence: Sentence) -> Window | None:
    """Return when a sentence says that something happened, or None where it does not say."""
    found = [match for _, match in _WINDOWS.find(draft.tokens, sentence.low, sentence.high)]
    clocks = [match for _, match in _CLOCKS.find(draft.tokens, sentence.low, sentence.high)]
    matches = [match for match in found if not _is_bare_number(draft, match)]
    if not matches and not clocks:
        return None
    first = matches[0] if matches else clocks[0]
    tokens = draft.tokens[first.start : first.end]
    start, end = _dates(tokens)
    clock = _clock(draft.tokens[clocks[0].start : clocks[0].end]) if clocks else None
    return Window(_length(tokens), start, end, clock, draft.span(first))


def at_night(window: Window | None) -> bool:
    """Return whether a window names hours between 11 p.m. and 5 a.m."""
    return window is not None and window.clock is not None and (window.clock[0] >= 23 or window.clock[0] < _MORNING)


def _is_bare_number(draft: Draft, match: Match) -> bool:
    """Whether "in 40" was read, where the number is no year."""
    tokens = draft.tokens[match.start : match.end]
    return len(tokens) == 2 and tokens[-1].piece is Piece.NUMBER and "year" not in tokens[-1].tags


def _length(tokens: tuple[Token, ...]) -> float | None:
    unit = next((_DAYS[t.norm] for t in tokens if t.norm in _DAYS), None)
    number = next((t.amount.stated for t in tokens if t.piece is Piece.NUMBER and t.amount), 1.0)
    if unit is not None:
        return unit * number
    if any("year" in t.tags for t in tokens):
        return 365.0
    return 30.4 if len(tokens) == 1 and tokens[0].norm in _MONTHS else 1.0


def _dates(tokens: tuple[Token, ...]) -> tuple[date | None, date | None]:
    year = next((int(t.amount.stated) for t in tokens if "year" in t.tags and t.amount), None)
    if year is None or any(t.norm in _MONTHS for t in tokens):
        return None, None
    return date(year, 1, 1), date(year, 12, 31)


def _clock(tokens: tuple[Token, ...]) -> tuple[int, int]:
    hours = [int(t.amount.stated) for t in tokens if t.piece is Piece.NUMBER and t.amount and t.amount.stated <= 24]
    if not hours:
        return (0, _MORNING)
    shift = 12 if any(t.norm == "pm" for t in tokens) and hours[0] < 12 else 0
    hour = (hours[0] + shift) % 24 if not (hours[0] == 12 and any(t.norm == "am" for t in tokens)) else 0
    return (hour, (hour + 1) % 24)
