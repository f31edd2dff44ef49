"""The model card: what a bundle is, what it is for, and what it must not be used for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analyzer.patterns.profile import PatternProfile
from analyzer.patterns.vocabulary import BASE_RATE

_USE = """## Meant for
Learning how a service is used, and choosing what may be said about it in public.

## Never for
Singling out a viewer or a group by what they watch; inferring a disability or any other trait of a person; choosing
whom to advertise to. Patterns are descriptions of behaviour, not of people.
"""


def card_text(profiles: Sequence[PatternProfile], statuses: Sequence[str], manifest: dict[str, Any]) -> str:
    """Return the card of a bundle as Markdown; `statuses` are the marks in the order of `profiles`."""
    rows = [
        f"| {p.id} | {p.name} | {p.size_band} | {status.replace('_', ' ')} |"
        for p, status in zip(profiles, statuses, strict=False)
    ]
    table = ["| pattern | name | households | mark |", "|---|---|---|---|", *rows]
    none = "No patterns were found: every vector is withheld."
    libraries = ", ".join(f"{name} {number}" for name, number in manifest["libraries"].items())
    return "\n".join(
        [
            "# Model card",
            "",
            f"Fitted on: {manifest['source']}.",
            f"Window: {manifest['window']}. Features: {len(manifest['features'])}. Every number aggregates at least"
            f" {manifest['k']} households; no viewer is inside.",
            "",
            "## Patterns",
            *(table if rows else [none]),
            "",
            _USE,
            "## Known limits",
            "A window near the border of two patterns may fall into either. A behaviour that was rare where the model"
            " was fitted may have no pattern; its windows are withheld. Marks were made by rulebook"
            f" `{manifest['rulebook_hash'][:12]}`.",
            "",
            BASE_RATE,
            "",
            f"Made with {libraries}.",
            "",
        ]
    )
