"""What a person typed, and what is wrong with it: read once, shown again with the words kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from analyzer.policy.effects import MarkStatus

LONGEST_REASON: Final = 2_000  # it stays for good, and stands on every page about the thing


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a form: what is sent, what is read, and what it means."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """A day that was typed: None where it is none, and then what is wrong with it."""

    day: date | None
    wrong: str = ""


def day_from(form: Mapping[str, str], name: str) -> Day:
    """Return the day in three fields `<name>_day`, `_month` and `_year`."""
    parts = [form.get(f"{name}_{part}", "").strip() for part in ("day", "month", "year")]
    if not any(parts):
        return Day(None, "Enter the day on which it ends")
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        return Day(None, "Enter a day, a month and a year as numbers, such as 27 3 2027")
    try:
        return Day(date(*(int(part) for part in reversed(parts))))
    except ValueError:
        return Day(None, "Enter a day that is in the calendar, such as 27 3 2027")


def too_long(text: str, most: int = LONGEST_REASON) -> str:
    """Return what is said of a text that is too long; empty where it is not."""
    return f"Shorten it to {most:,} characters; it has {len(text):,}" if len(text) > most else ""


def whole(text: str, least: int = 0) -> int | None:
    """Return a whole number that was typed or linked; None where it is none or too small."""
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        return None
    return int(text) if int(text) >= least else None


def mark_from(text: str) -> MarkStatus | None:
    """Return the mark of a name; None where there is none."""
    return next((mark for mark in MarkStatus if mark.value == text), None)
