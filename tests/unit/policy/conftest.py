"""Builders of uses: each begins as something ordinary that may be said, and is changed by what a test is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from analyzer.policy.effects import MarkStatus
from analyzer.policy.uses import Addressed, Purpose, Standing, Statement, Subject, Use


@pytest.fixture(scope="session")
def make_use(make_profile: Callable[..., Any]) -> Callable[..., Use]:
    """Return a builder of uses about an open pattern of 500 households, told to the press as a count."""

    def make(**changes: Any) -> Use:
        told = {
            "purpose": Purpose.PRESS,
            "statement": Statement.COUNT_OF_PEOPLE,
            "subject": Subject.PATTERN,
            "profile": make_profile(),
            "mark": MarkStatus.OPEN,
            "households": 500,
            "addressed": Addressed.NOBODY,
            "names_title": False,
            "name": "Many titles, in the evening",
            "defined_by": ("pattern",),
            "standing": Standing.CURRENT,
        }
        return Use(**{**told, **changes})

    return make


@pytest.fixture(scope="session")
def make_title_use(make_use: Callable[..., Use]) -> Callable[..., Use]:
    """Return a builder of uses about a title that 31,000 households watched, told to the press as hours."""

    def make(**changes: Any) -> Use:
        told = {
            "statement": Statement.HOURS,
            "subject": Subject.TITLE,
            "profile": None,
            "mark": None,
            "households": 31_000,
            "names_title": True,
            "name": None,
            "defined_by": (),
            "standing": None,
        }
        return make_use(**{**told, **changes})

    return make
