"""The model card: what a bundle is, what it is for, and what it must not be used for; for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from analyzer.patterns.profile import PatternProfile
from analyzer.patterns.vocabulary import BASE_RATE

MEANT_FOR: Final = ("Learning how a service is used.", "Choosing what may be said about it in public.")
NEVER_FOR: Final = (
    "Singling out a viewer or a group by what they watch.",
    "Inferring a disability or any other trait of a person; patterns are descriptions of behaviour, not of people.",
    "Choosing whom to advertise to, or whom to keep from leaving.",
)
KNOWN_FAILURES: Final = (
    "A window between two patterns may fall into either; near a pattern that is not open it is withheld.",
    "A behaviour that was rare where the model was fitted may have no pattern, or be taken for its neighbour.",
    "One window of somebody who watches a few times a month says little; earlier windows help where there are any.",
    "Where viewers were seen in one window only, patterns are coarser.",
    "A way of watching that differs from another in a single feature has no pattern of its own.",
)


def card_values(
    profiles: Sequence[PatternProfile], statuses: Sequence[str], manifest: dict[str, Any], evidence: str
) -> dict[str, Any]:
    """Return the card of a bundle as plain JSON values; `statuses` are the marks in the order of `profiles`."""
    return {
        "fitted_on": manifest["source"],
        "window": manifest["window"],
        "last_window": manifest["last_window"],
        "features": len(manifest["features"]),
        "least_households": manifest["k"],
        "evidence": evidence,
        "patterns": [
            {"id": p.id, "name": p.name, "size_band": p.size_band, "mark": status, "stability": p.stability}
            for p, status in zip(profiles, statuses, strict=False)
        ],
        "meant_for": list(MEANT_FOR),
        "never_for": list(NEVER_FOR),
        "known_failures": list(KNOWN_FAILURES),
        "base_rate": BASE_RATE,
        "rulebook": manifest["rulebook_hash"],
        "libraries": manifest["libraries"],
    }


def card_text(values: dict[str, Any]) -> str:
    """Return the card as Markdown; `values` are those of `card_values`."""
    libraries = ", ".join(f"{name} {number}" for name, number in values["libraries"].items())
    return "\n".join(
        [
            "# Model card",
            "",
            f"Fitted on: {values['fitted_on']}.",
            f"Window: {values['window']}; the last one begins {values['last_window'] or 'on an unknown day'}.",
            f"Features: {values['features']}. Every number aggregates at least"
            f" {values['least_households']} households; no viewer is inside.",
            "",
            "## Patterns",
            values["evidence"],
            "Stability is agreement with itself when other households are drawn: 1 is perfect.",
            "",
            *_table(values["patterns"]),
            "",
            *_list("Meant for", values["meant_for"]),
            *_list("Never for", values["never_for"]),
            *_list("Known failures", values["known_failures"]),
            f"Marks were made by rulebook `{values['rulebook'][:12]}`.",
            "",
            values["base_rate"],
            "",
            f"Made with {libraries}.",
            "",
        ]
    )


def _table(patterns: list[dict[str, Any]]) -> list[str]:
    if not patterns:
        return ["No patterns were found: every vector is withheld."]
    rows = [
        f"| {p['id']} | {p['name']} | {p['size_band']} | {p['mark'].replace('_', ' ')} | {_stability(p['stability'])} |"
        for p in patterns
    ]
    return ["| pattern | name | households | mark | stability |", "|---|---|---|---|---|", *rows]


def _stability(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.2f}"


def _list(title: str, sentences: list[str]) -> list[str]:
    return [f"## {title}", *(f"- {sentence}" for sentence in sentences), ""]
