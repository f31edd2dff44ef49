"""Closed lists of small words, as data in `lists.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources


def words_of(name: str) -> frozenset[str]:
    """Return the words of one list.

    Raises
    ------
    KeyError
        When there is no such list.
    """
    return frozenset(_told()[name]["words"].split())


@cache
def _told() -> dict[str, dict[str, str]]:
    return tomllib.loads((resources.files("analyzer.messages") / "lists.toml").read_text("utf-8"))
