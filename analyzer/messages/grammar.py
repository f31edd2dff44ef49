"""How drafts speak of people, as patterns by name; the patterns are data, in `grammar.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from analyzer.messages.phrases import Phrases


@cache
def patterns(name: str) -> Phrases:
    """Return the patterns of one list of `grammar.toml`."""
    return Phrases(_told()[name]["patterns"])


@cache
def _told() -> dict[str, Any]:
    return tomllib.loads((resources.files("analyzer.messages") / "grammar.toml").read_text("utf-8"))
