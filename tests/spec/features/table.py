"""Sessions written as a small text table, and the specs made of them.

A table has a head and one line a session, cells between bars. `viewer`, `title`, `start` and `played` are needed;
`series`, `runtime`, `end` (position) and `offset` (local time minus UTC) are optional, and so is what events tell:
`content`, `unique`, `passes`, `pauses`, `rewinds`, `back` (median distance), `gap`, `chain`, `skips`, `undirected`. An
empty cell is null. Times are UTC, `2024-01-01 20:00`; durations and positions are sums of `h`, `m` and `s`, `1h30m`.

A spec is `## what it says`, an optional `window = ...`, a table, and lines `feature = value` (`ana: feature = value`
where there are several viewers, `ana 2024-01-22: ...` where there are several windows). A value is a number, a
fraction, or `null`. Other lines beginning with `#` say why.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import pandas as pd

from analyzer.sessions.door import admit
from analyzer.sessions.records import Sessions
from analyzer.sessions.tabular import read_frame

_UNIT_S = {"h": 3600, "m": 60, "s": 1}
_CANONICAL = {
    "viewer": "viewer_id",
    "title": "title_id",
    "start": "started_at",
    "played": "played_s",
    "series": "series_id",
    "runtime": "runtime_s",
    "end": "end_position_s",
    "offset": "utc_offset_min",
    "content": "content_s",
    "unique": "unique_s",
    "back": "rewind_s",
    "gap": "rewind_gap_s",
    "passes": "passage_passes",
    "pauses": "pauses",
    "rewinds": "rewinds",
    "chain": "rewind_chain",
    "skips": "forward_skips",
    "undirected": "undirected_seeks",
}
_COUNTS = {"passes", "pauses", "rewinds", "chain", "skips", "undirected"}
_TEXT = {"viewer", "title", "series"}


def seconds(text: str) -> int:
    """Return `1h30m` or `-5h` in seconds."""
    sign = -1 if text.startswith("-") else 1
    body = text.lstrip("+-")
    if body == "0":
        return 0
    parts = re.findall(r"(\d+)([hms])", body)
    if not parts or "".join(n + u for n, u in parts) != body:
        raise ValueError(f"{text!r} is no duration")
    return sign * sum(int(n) * _UNIT_S[u] for n, u in parts)


def frame_of(text: str) -> pd.DataFrame:
    """Return the sessions of a text table under their canonical names."""
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    columns = {name: [_cell(name, row[i]) for row in rows] for i, name in enumerate(head)}
    frame = pd.DataFrame({_CANONICAL[name]: values for name, values in columns.items()})
    frame["started_at"] = pd.to_datetime(frame["started_at"], utc=True, format="ISO8601")
    return frame


def _cell(name: str, text: str) -> object:
    if not text:
        return None
    if name in _TEXT or name == "start":
        return text
    if name in _COUNTS:
        return float(text)
    return seconds(text) // 60 if name == "offset" else float(seconds(text))


def sessions_of(text: str | pd.DataFrame) -> Sessions:
    """Return the sessions of a text table, admitted like any others."""
    return admit(read_frame(frame_of(text) if isinstance(text, str) else text, {}))


@dataclass
class Spec:
    """One statement: a table of sessions and the values that features then have."""

    says: str
    table: str = ""
    window: str = "28d"
    values: list[tuple[str, str, str, float]] = field(default_factory=list)
    # each value is (viewer or "", start of the window or "", feature, number or NaN for null)


def read_specs(path: Path) -> list[Spec]:
    """Return the specs of a file."""
    specs: list[Spec] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            specs.append(Spec(line[3:].strip()))
        elif line.startswith("#") or not line.strip():
            continue
        elif "|" in line:
            specs[-1].table += line + "\n"
        elif line.startswith("window = "):
            specs[-1].window = line.removeprefix("window = ").strip()
        else:
            specs[-1].values.append(_value(line))
    return specs


def _value(line: str) -> tuple[str, str, str, float]:
    match = re.fullmatch(r"(?:(\S+?)(?: (\d{4}-\d{2}-\d{2}))?:\s+)?(\w+) = (\S+)", line.strip())
    if match is None:
        raise ValueError(f"{line!r} is no value of a feature")
    viewer, window, feature, value = match.groups()
    return viewer or "", window or "", feature, math.nan if value == "null" else float(Fraction(value))
