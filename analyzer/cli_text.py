"""What each command says to a person: plain values in, text out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MARK_WORDS = {"never_single_out": "never single out", "review": "review", "open": "open"}


def run(result: dict[str, Any]) -> str:
    """Return the end of a run: what was read, what was found, what is withheld, where the report is."""
    count = len(result["patterns"])
    return "\n".join(
        [
            tally(result["tally"]),
            *_events(result),
            *[f"Note: {note}" for note in result["notes"]],
            "",
            f"Model: {result['model']} ({result['model_reason']}).",
            f"The model has {count} patterns. {result['vectors']:,} windows were classified,"
            f" {result['withheld_share']:.1%} of them withheld.",
            "",
            _pattern_table(result["patterns"]),
            "",
            f"Report: {result['outputs']['report']}",
            f"Desk:   {_called()} desk {Path(result['outputs']['report']).parent}",
            f"        (before the first time: {_called()} account add YOUR-NAME --role reviewer --ledger"
            f" {result['outputs']['ledger']})",
        ]
    )


def _called() -> str:
    """Return how this command was called, so that what is printed can be copied."""
    return sys.argv[0] if Path(sys.argv[0]).name == "analyzer" else "analyzer"


def features(result: dict[str, Any]) -> str:
    """Return what was extracted and where it is."""
    resumed = result["resumed_partitions"]
    return "\n".join(
        [
            tally(result["tally"]),
            *_events(result),
            *[f"Note: {note}" for note in result["notes"]],
            *([f"Went on where an earlier run was stopped: {resumed:,} partitions were done."] if resumed else []),
            *([f"Windows of {result['window']}, one every {result['step']}."] if result["step"] else []),
            f"{result['vectors']:,} vectors of {result['features']} features: {result['outputs']['vectors']}",
        ]
    )


def _events(result: dict[str, Any]) -> list[str]:
    """Return what player events told, if there were any."""
    if "events" not in result:
        return []
    events = result["events"]
    matched = f", {events['matched']:,} of them known from session rows" if events["matched"] else ""
    return [
        f"Of these rows {events['read']:,} are player events; they tell of {events['sessions']:,} sessions{matched}."
    ]


def fit(result: dict[str, Any]) -> str:
    """Return the patterns that were found, what became of earlier ones, and where the model is."""
    found = f"{len(result['patterns'])} patterns in {result['vectors']:,} vectors. {result['evidence']}"
    changes = [f"  {change['sentence']}" for change in result["changes"] if change["fate"] != "same"]
    told = ["", "Since the earlier model:", *(changes or ["  All patterns are the same."])] if result["changes"] else []
    model = f"Model: {result['outputs']['model']}"
    return "\n".join([found, "", _pattern_table(result["patterns"]), *told, "", model])


def classify(result: dict[str, Any]) -> str:
    """Return how much was withheld and where the answers are."""
    place = "\n".join([*result["notes"], f"Answers: {result['outputs']['assignments']}"])
    if result["internal"]:
        return f"{result['vectors']:,} windows with raw pattern ids. Not for publication.\n{place}"
    return f"{result['vectors']:,} windows; {result['withheld_share']:.1%} are withheld.\n{place}"


def marks(result: dict[str, Any]) -> str:
    """Return a table of patterns, marks and rules."""
    rows = [
        (m["pattern"], MARK_WORDS[m["mark"]], m["size_band"], m["name"], ", ".join(m["rules"]) or "no rule fired")
        for m in result["marks"]
    ]
    book = result["rulebook"]
    return "\n".join(
        [
            _table(("pattern", "mark", "households", "name", "rules"), rows),
            "",
            f"Rulebook {book['id']} {book['version']}, {book['hash'][:12]}",
            *([result["decided"]] if result["decided"] else []),
            result["base_rate"],
        ]
    )


def explain(result: dict[str, Any]) -> str:
    """Return one pattern in full: what it is, what it may give, its mark, why, and the base-rate line."""
    contrasts = [
        f"  {value:+.1f} sd  {result['meanings'].get(name, name).rstrip('.')} ({name})"
        for name, value in result["contrasts"].items()
    ]
    return "\n".join(
        [
            f"{result['pattern']}: {result['name']}",
            f"Households: {result['size_band']}",
            f"Stability: {_stability(result['stability'])}",
            *([f"Drift since the earlier fit: {result['drift']:.2f} sd"] if result["drift"] is not None else []),
            *(["", "Differs from everyone by (sd: standard deviations):", *contrasts] if contrasts else []),
            *(["", "What this may give people:"] if result["gives"] else []),
            *[f"  {sentence}" for sentence in result["gives"]],
            "",
            f"Mark: {MARK_WORDS[result['mark']]}",
            *([f"  - {sentence}" for sentence in result["sentences"]] or ["  No rule fired."]),
            *[f"  - set aside for now: {sentence}" for sentence in result["set_aside_sentences"]],
            *([result["decided"]] if result["decided"] else []),
            "",
            result["base_rate"],
        ]
    )


def _stability(value: float | None) -> str:
    if value is None:
        return "not measured"
    return f"{value:.2f} (agreement with itself when other households are drawn; 1 is perfect)"


def synth(result: dict[str, Any]) -> str:
    """Return what was made and where it is."""
    places = "\n".join(f"{name.capitalize()}: {place}" for name, place in result["outputs"].items())
    events = f" and {result['events']:,} player events" if "events" in result else ""
    period = f"{result['viewers']:,} viewers over {result['days']} days (seed {result['seed']})"
    made = f"{result['rows']:,} rows{events} of {period}."
    return f"{made}\n{places}"


def models(result: dict[str, Any]) -> str:
    """Return a table of models."""
    rows = [
        (m["model"], str(m["patterns"]), m["window"], m["rulebook_hash"][:12], m["fitted_on"]) for m in result["models"]
    ]
    unusable = [f"Cannot be used: {m['model']}. {m['because']}" for m in result["unusable"]]
    return "\n".join([_table(("model", "patterns", "window", "rulebook", "fitted on"), rows), *unusable])


def tally(counts: dict[str, Any]) -> str:
    """Return what became of every row that was read."""
    dropped = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in counts["dropped"].items())
    total = sum(counts["dropped"].values())
    return (
        f"{counts['read']:,} rows read = {counts['used']:,} used + {total:,} dropped"
        f"{f' ({dropped})' if dropped else ''} + {counts['quarantined']:,} quarantined"
    )


def _pattern_table(patterns: list[dict[str, Any]]) -> str:
    rows = [(p["id"], MARK_WORDS[p["mark"]], p["size_band"], p["name"]) for p in patterns]
    return _table(("pattern", "mark", "households", "name"), rows) if rows else "No patterns."


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return left-aligned columns; the last one is not padded, so that long text wraps by itself."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head) - 1)]

    def line(row: tuple[str, ...]) -> str:
        return "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])

    return "\n".join([line(head), "  ".join("-" * width for width in [*widths, len(head[-1])]), *map(line, rows)])
