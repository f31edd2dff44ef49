"""Stories that a rulebook must answer as expected: one folder a story, checked rule by rule.

A folder holds `README.md` (the story in plain words), `profiles.json` (patterns), `uses.json` (what somebody wants to
say; may be absent), `expected.toml` (marks and outcomes, each with the ids of the rules behind it), and `rulebook.toml`
where the story is not about the shipped one. docs/how-to/write-a-rulebook.md describes each file.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from analyzer.errors import InputError
from analyzer.patterns.profile import PatternProfile
from analyzer.policy.decisions import decide
from analyzer.policy.marks import mark_patterns
from analyzer.policy.overrides import Override, override_from
from analyzer.policy.plain import Known, profile_from, use_from
from analyzer.policy.rulebook import Rulebook, load_rulebook

EXPECTED: Final = "expected.toml"
BASE: Final = "base"
"""The entry of profiles.json that every pattern of the story starts from."""
_REMEDY: Final = "docs/how-to/write-a-rulebook.md describes the files of a sandbox."
_LARGEST: Final = 1_000_000


@dataclass(frozen=True)
class Answer:
    """What is expected of a pattern or a use: its mark or outcome, and the rules behind it."""

    word: str
    rules: frozenset[str]

    def __str__(self) -> str:
        return f"{self.word} by {', '.join(sorted(self.rules)) or 'no rule'}"


@dataclass(frozen=True)
class AskedUse:
    """A use of the story as plain values, with what two people decided, and the day on which it is asked."""

    values: Mapping[str, Any]
    overrides: tuple[Override, ...] = ()
    today: date | None = None


@dataclass(frozen=True)
class Sandbox:
    """One story.

    Attributes
    ----------
    name, story : the folder's name, and its README.
    rulebook : its own; None where it is about the shipped one.
    profiles : the patterns by id.
    uses : what somebody wants to say, by name.
    marks, outcomes : what is expected of each pattern and each use.
    """

    name: str
    story: str
    rulebook: Rulebook | None
    profiles: Mapping[str, PatternProfile] = field(default_factory=dict)
    uses: Mapping[str, AskedUse] = field(default_factory=dict)
    marks: Mapping[str, Answer] = field(default_factory=dict)
    outcomes: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """A pattern or use that a rulebook answers otherwise than expected."""

    name: str
    expected: str
    found: str

    def sentence(self) -> str:
        """Return the difference in words."""
        return f"{self.name}: expected {self.expected}; found {self.found}."


def load_sandbox(folder: str | Path) -> Sandbox:
    """Read one story.

    Raises
    ------
    InputError
        When a file is missing or malformed, or nothing is expected of a pattern or use of the story.
    RulebookError
        When its rulebook is malformed.
    """
    place = Path(folder)
    own = place / "rulebook.toml"
    expected = _toml(place / EXPECTED)
    for name in set(expected) - {"patterns", "uses"}:
        raise InputError(f"{place / EXPECTED} has the unknown table {name}.", "Write [patterns.ID] or [uses.NAME].")
    sandbox = Sandbox(
        place.name,
        _text(place / "README.md"),
        load_rulebook(own) if own.exists() else None,
        _profiles(place / "profiles.json"),
        _uses(place / "uses.json"),
        _answers(expected.get("patterns", {}), "mark", place),
        _answers(expected.get("uses", {}), "outcome", place),
    )
    _complete(sandbox, place)
    return sandbox


def judge(sandbox: Sandbox, shipped: Rulebook | None = None) -> tuple[Difference, ...]:
    """Return what a story's rulebook answers otherwise than expected; empty where all is as it should be.

    Parameters
    ----------
    sandbox : Sandbox
        From `load_sandbox`.
    shipped : Rulebook, optional
        Takes the place of the shipped rulebook in a story that has none of its own, such as a version under test.
    """
    book = sandbox.rulebook or shipped or load_rulebook()
    marks = {mark.pattern_id: mark for mark in mark_patterns(sandbox.profiles.values(), book)}
    known: Known = {name: (profile, marks[name]) for name, profile in sandbox.profiles.items()}
    found = {f"pattern {i}": Answer(m.status.value, frozenset(m.rule_ids)) for i, m in marks.items()}
    for name, asked in sandbox.uses.items():
        use = use_from(asked.values, known, f"{sandbox.name}: the use {name}")
        decision = decide(use, book, asked.overrides, asked.today)
        found[f"use {name}"] = Answer(decision.outcome.value, frozenset(decision.rule_ids))
    expected = {f"pattern {i}": answer for i, answer in sandbox.marks.items()}
    expected |= {f"use {name}": answer for name, answer in sandbox.outcomes.items()}
    return tuple(
        Difference(name, str(answer), str(found[name])) for name, answer in expected.items() if answer != found[name]
    )


def _profiles(path: Path) -> dict[str, PatternProfile]:
    told = _json(path)
    base = told.pop(BASE, {})
    _table(base, path, BASE)
    made = {}
    for name, values in told.items():
        merged = {**base, **_table(values, path, name)}
        for part in ("quantiles", "contrasts"):
            parts = [whole[part] for whole in (base, values) if part in whole]
            merged |= {part: {k: v for one in parts for k, v in _table(one, path, part).items()}} if parts else {}
        made[name] = profile_from(merged, f"{path}: the profile {name}", name)
        if made[name].id != name:
            raise InputError(f"{path}: the profile {name} calls itself {made[name].id}.", "Leave the id out.")
    return made


def _uses(path: Path) -> dict[str, AskedUse]:
    if not path.exists():
        return {}
    return {name: _asked(name, _table(values, path, name), path) for name, values in _json(path).items()}


def _asked(name: str, values: Mapping[str, Any], path: Path) -> AskedUse:
    told = dict(values)
    overrides, today = told.pop("overrides", []), told.pop("today", None)
    if not isinstance(overrides, list):
        raise InputError(f"{path}: the overrides of {name} are no list.", _REMEDY)
    try:
        day = date.fromisoformat(today) if today is not None else None
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: today of {name} is {today!r:.40}.", "Write a day such as 2026-12-01.") from error
    return AskedUse(told, tuple(override_from(one) for one in overrides), day)


def _answers(told: object, word: str, place: Path) -> dict[str, Answer]:
    path = place / EXPECTED
    answers = {}
    for name, values in _table(told, path, word).items():
        found = _table(values, path, name)
        rules = found.get("rules")
        if set(found) != {word, "rules"} or not isinstance(found[word], str) or not isinstance(rules, list):
            remedy = f'Write {word} = "..." and rules = ["..."].'
            raise InputError(f"{path}: {name} is not made of {word} and rules.", remedy)
        answers[name] = Answer(found[word], frozenset(map(str, rules)))
    return answers


def _complete(sandbox: Sandbox, place: Path) -> None:
    """Refuse a story that expects too little, for it would pass whatever the rules say, or something of nothing."""
    for of, expected, optional in (
        (sandbox.profiles, sandbox.marks, {"no pattern"}),
        (sandbox.uses, sandbox.outcomes, set()),
    ):
        silent, empty = set(of) - set(expected), set(expected) - set(of) - optional
        if silent or empty:
            name = min(silent or empty)
            told = f"nothing is expected of {name}" if silent else f"{name} is expected, but not in the story"
            raise InputError(f"{place / EXPECTED}: {told}.", _REMEDY)
    if not sandbox.marks and not sandbox.outcomes:
        raise InputError(f"{place / EXPECTED} expects nothing.", _REMEDY)
    if not sandbox.story.strip():
        raise InputError(f"{place / 'README.md'} is empty.", "Tell the story in plain words.")


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{path} is larger than {_LARGEST:,} bytes.", _REMEDY)
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.", _REMEDY) from error


def _toml(path: Path) -> dict[str, Any]:
    text = _text(path)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not TOML: {error}.", _REMEDY) from error


def _json(path: Path) -> dict[str, Any]:
    text = _text(path)
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}.", _REMEDY) from error
    return dict(_table(told, path, "all of it"))


def _table(value: object, path: Path, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{path}: {name} is no table of names and values.", _REMEDY)
    return value
