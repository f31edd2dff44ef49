"""Pictures as hand-written SVG: no script, no request, every text escaped, every picture named and described.

Bars use percentages across and pixels down, so that their words keep their size on a narrow screen. The map is drawn
from aggregates only: a place, a size band and a mark; never a count.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from analyzer.sessions.tally import Tally

_WIDTH, _HEIGHT, _MARGIN = 720, 460, 46
_REACH: Final = 36.0  # per cent of the width that the longest bar takes, left or right of the middle
_ROW, _LINE, _BAR = 40, 15, 11
_LABEL_CHARACTERS: Final = 36  # fits a card at 320 px, in a wide letter too
_ANGLES: Final = (0, 180, 90, 270, 45, 315, 135, 225)

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Spot:
    """A pattern on the map.

    Attributes
    ----------
    id, mark : what its label says.
    shape : "circle", "diamond" or "shield".
    x, y : its place, in the axes' own units.
    band : rank of its size band, 1 for 10 to 99 households; the area grows with it.
    """

    id: str
    mark: str
    shape: str
    x: float
    y: float
    band: int


def contrast_bars(bars: Sequence[tuple[str, float]], *, key: str, title: str, desc: str) -> Markup:
    """Return diverging bars, in standard deviations from everyone; `key` makes ids unique on the page."""
    known = [(label, value) for label, value in bars if math.isfinite(value)]
    limit = max(1, math.ceil(max((abs(value) for _, value in known), default=1.0) - 0.05))
    parts, top = [], 30
    for label, value in known:
        lines = textwrap.wrap(label, _LABEL_CHARACTERS, max_lines=3, placeholder=" …") or [""]
        parts.append(_contrast_row(lines, value, top, limit))
        top += _ROW + _LINE * (len(lines) - 1)
    return _svg(_axis(top, limit) + Markup("").join(parts), key, title, desc, f'height="{top + 24}"', "bars")


def pattern_map(spots: Sequence[Spot], *, key: str, title: str, desc: str) -> Markup:
    """Return the map of patterns: near means alike, area is the size band, shape and word are the mark."""
    known = [spot for spot in spots if math.isfinite(spot.x) and math.isfinite(spot.y)]
    places = _on_canvas(known)
    taken: list[Box] = [(x - r, y - r, x + r, y + r) for x, y, r in places]
    shapes = [_shape(spot.shape, *place) for spot, place in zip(known, places, strict=True)]
    labels = [_label(spot, place, taken) for spot, place in zip(known, places, strict=True)]
    layers = [*shapes, *(line for line, _ in labels), *(words for _, words in labels)]  # no line crosses words
    frame = Markup('<rect class="frame" x="1" y="1" width="{}" height="{}" rx="6"/>').format(_WIDTH - 2, _HEIGHT - 2)
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    return _svg(frame + Markup("").join(layers), key, title, desc, size, "map")


def tally_bar(tally: Tally, *, key: str, title: str, desc: str) -> Markup:
    """Return one bar of all rows that were read: used, dropped, quarantined."""
    parts = {"used": tally.used, "dropped": sum(tally.dropped.values()), "quarantined": tally.quarantined}
    piece = Markup('<rect class="{}" x="{:.3f}%" y="24" width="{:.3f}%" height="22"/>')
    bar, start = Markup(""), 0.0
    for name, rows in parts.items():
        width = 100 * rows / max(tally.read, 1)
        if rows:
            bar += piece.format(name, start, width)
        start += width
    places = {"used": ("0", "start", 16), "dropped": ("100%", "end", 16), "quarantined": ("100%", "end", 63)}
    for name, (x, anchor, y) in places.items():
        words = f"{name} {percent(parts[name], tally.read)}"
        bar += Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(x, y, anchor, words)
    frame = Markup('<rect class="frame" x="0" y="24" width="100%" height="22"/>')
    return _svg(frame + bar, key, title, desc, 'height="70"', "bars")


def percent(part: int, whole: int) -> str:
    """Return a share in per cent; what is not nothing never reads as 0 %, and what is not all never as 100 %."""
    share = 100 * part / whole if whole else 0.0
    if 0 < share < 1:
        return "under 1\u00a0%"
    return "over 99\u00a0%" if 99 < share < 100 else f"{share:.0f}\u00a0%"


def signed(value: float) -> str:
    """Return a contrast with its sign and one decimal; zero has no sign."""
    if not math.isfinite(value):
        return "not known"
    text = f"{abs(value):.1f}"
    return text if float(text) == 0 else ("+" if value > 0 else "−") + text


def _svg(body: Markup, key: str, title: str, desc: str, size: str, css: str) -> Markup:
    head = Markup(
        '<svg role="img" aria-labelledby="{key}-title {key}-desc" class="{css}" width="100%" {size} focusable="false">'
        '<title id="{key}-title">{title}</title><desc id="{key}-desc">{desc}</desc>'
    ).format(key=key, css=css, size=Markup(size), title=title, desc=desc)  # noqa: S704 - size is made here
    return head + body + Markup("</svg>")


def _contrast_row(lines: list[str], value: float, top: int, limit: int) -> Markup:
    parts = [
        Markup('<text x="0" y="{}">{}</text>').format(top + 12 + _LINE * number, line)
        for number, line in enumerate(lines)
    ]
    top += _LINE * len(lines) + 4
    for x, css in ((50 - _REACH, "grid"), (50.0, "zero"), (50 + _REACH, "grid")):
        line = Markup('<line class="{}" x1="{x:.2f}%" x2="{x:.2f}%" y1="{}" y2="{}"/>')
        parts.append(line.format(css, top - 3, top + _BAR + 3, x=x))
    width = _REACH * min(abs(value) / limit, 1.0)
    start, end = (50.0, 50 + width) if value >= 0 else (50 - width, 50 - width)
    side, anchor, shift = ("more", "start", 5) if value >= 0 else ("less", "end", -5)
    bar = Markup(
        '<rect class="{}" x="{:.2f}%" y="{}" width="{:.2f}%" height="{}" rx="1.5"/>'
        '<text class="value" x="{:.2f}%" dx="{}" y="{}" text-anchor="{}">{}</text>'
    )
    parts.append(bar.format(side, start, top, width, _BAR, end, shift, top + 10, anchor, signed(value)))
    return Markup("").join(parts)


def _axis(bottom: int, limit: int) -> Markup:
    text = Markup('<text class="axis" x="{:.2f}%" y="{}" text-anchor="{}">{}</text>')
    ends = text.format(49, 14, "end", "less than everyone") + text.format(51, 14, "start", "more than everyone")
    scale = ((50 - _REACH, f"−{limit}"), (50.0, "0"), (50 + _REACH, f"+{limit} sd"))
    return ends + Markup("").join(text.format(x, bottom + 14, "middle", words) for x, words in scale)


def _on_canvas(spots: Sequence[Spot]) -> list[tuple[float, float, float]]:
    """Return x, y and radius in the picture; both axes fill the frame."""

    def across(values: list[float], low: float, high: float) -> list[float]:
        least, most = min(values, default=0.0), max(values, default=0.0)
        span = most - least
        return [low + (high - low) * ((v - least) / span if span else 0.5) for v in values]

    xs = across([s.x for s in spots], _MARGIN, _WIDTH - _MARGIN - 60)
    ys = across([-s.y for s in spots], _MARGIN, _HEIGHT - _MARGIN)
    return [(x, y, 9 * math.sqrt(max(1, s.band))) for x, y, s in zip(xs, ys, spots, strict=True)]


def _shape(shape: str, x: float, y: float, r: float) -> Markup:
    """Return a shape of the same area as a circle of radius `r`."""
    if shape == "circle":
        return Markup('<circle class="open" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(x, y, r)
    if shape == "diamond":
        h = r * math.sqrt(math.pi / 2)
        path = f"M{x:.1f},{y - h:.1f}l{h:.1f},{h:.1f}l{-h:.1f},{h:.1f}l{-h:.1f},{-h:.1f}z"
    else:
        h = r * math.sqrt(math.pi / 3.1)
        path = f"M{x - h:.1f},{y - h:.1f}h{2 * h:.1f}v{1.1 * h:.1f}l{-h:.1f},{0.9 * h:.1f}l{-h:.1f},{-0.9 * h:.1f}z"
    return Markup('<path class="{}" d="{}"/>').format("review" if shape == "diamond" else "never", path)


def _label(spot: Spot, place: tuple[float, float, float], taken: list[Box]) -> tuple[Markup, Markup]:
    """Return id and mark, put where they hide least, and the thin line that leads to them where they had to move."""
    x, y, r = place
    name = textwrap.shorten(spot.id, 18, placeholder="…")
    wide = max(8.2 * len(name), 6.4 * len(spot.mark)) + 4
    choices = [_box_at(x, y, r + gap, wide, angle) for gap in (3, 22, 44, 70) for angle in _ANGLES]
    box = min(choices, key=lambda choice: _hidden(choice, taken))
    taken.append(box)
    near_x, near_y = min(max(x, box[0]), box[2]), min(max(y, box[1]), box[3])
    far = math.hypot(near_x - x, near_y - y) > r + 10
    line = Markup('<line class="lead" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>') if far else Markup("")
    words = Markup(
        '<text class="id" x="{x:.1f}" y="{:.1f}">{}</text><text class="word" x="{x:.1f}" y="{:.1f}">{}</text>'
    ).format(box[1] + 12, name, box[1] + 25, spot.mark, x=(box[0] + box[2]) / 2)
    return line.format(x, y, near_x, near_y), words


def _box_at(x: float, y: float, distance: float, wide: float, angle: int) -> Box:
    dx, dy = round(math.cos(math.radians(angle)), 3), round(math.sin(math.radians(angle)), 3)
    middle_x, middle_y = x + dx * (distance + wide / 2), y + dy * (distance + 14)
    return middle_x - wide / 2, middle_y - 14, middle_x + wide / 2, middle_y + 14


def _hidden(box: Box, taken: list[Box]) -> float:
    """Return how much of other shapes and labels, or of itself outside the frame, a label would hide."""
    outside = _overlap(box, box) - _overlap(box, (4, 4, _WIDTH - 4, _HEIGHT - 4))
    return round(10 * outside + sum(_overlap(box, other) for other in taken), 3)


def _overlap(one: Box, other: Box) -> float:
    wide, high = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, wide) * max(0.0, high)
