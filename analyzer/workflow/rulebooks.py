"""One function for each command about rulebooks: paths in, plain values out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from analyzer.errors import InputError, RulebookError
from analyzer.patterns.vocabulary import BASE_RATE
from analyzer.policy.decisions import Decision, decide
from analyzer.policy.diff import OutcomeChange, decision_changes, mark_changes, rule_changes
from analyzer.policy.explain import Explained, explained
from analyzer.policy.plain import Known, use_from
from analyzer.policy.rulebook import Rulebook, load_rulebook
from analyzer.policy.sandbox import EXPECTED, judge, load_sandbox
from analyzer.policy.schema import rulebook_schema
from analyzer.workflow import describe
from analyzer.workflow.jobs import model_under, pattern_in
from analyzer.workflow.model import Model, load_model

SHIPPED: Final = "shipped"


def check_job(path: Path) -> dict[str, Any]:
    """Say whether a rulebook is well formed, and list every mistake if it is not.

    Raises
    ------
    RulebookError
        When there is nothing to check: the file cannot be read, or is no TOML text of a usable size.
    """
    try:
        book = load_rulebook(path)
    except RulebookError as error:
        if not error.mistakes:
            raise
        return {"file": str(path), "good": False, "mistakes": [asdict(mistake) for mistake in error.mistakes]}
    counts = {"marking": len(book.marking), "deciding": len(book.deciding), "allowing": len(book.allowing)}
    return {"file": str(path), "good": True, "mistakes": [], **_named(book), "rules": len(book.rule), **counts}


def schema_job() -> dict[str, Any]:
    """Return the rulebook's JSON Schema."""
    return rulebook_schema()


def diff_job(before: str, after: str, model: str | None, claims: Path | None) -> dict[str, Any]:
    """Compare two rulebooks, each a file or the word `shipped`.

    Raises
    ------
    RulebookError
        When one of them is malformed.
    InputError
        When the claims cannot be read; the line is named.
    """
    books = [load_rulebook(None if name == SHIPPED else name) for name in (before, after)]
    found = load_model(model) if model else None
    marked = [found.under(book) for book in books] if found else []
    marks = mark_changes(*(one.marks for one in marked)) if marked else ()
    known = [_known(one) for one in marked] or [{}, {}]
    lines = list(_claims(claims)) if claims else []
    decided = [(name, *_both(name, values, books, known)) for name, values in lines]
    return {
        "before": _named(books[0]),
        "after": _named(books[1]),
        "rules": [
            {"rule": change.rule_id, "direction": change.direction.value, "details": list(change.details)}
            for change in rule_changes(*books)
        ],
        "patterns": [_change_json(change) for change in marks],
        "patterns_compared": len(marked[0].marks) if marked else None,
        "claims": [_change_json(change) for change in decision_changes(decided)],
        "claims_compared": len(lines) if claims else None,
    }


def sandboxes_job(folder: Path) -> dict[str, Any]:
    """Judge one sandbox, or every sandbox in a folder.

    Raises
    ------
    InputError
        When there is none, or one is malformed.
    """
    places = [folder] if (folder / EXPECTED).exists() else sorted(path.parent for path in folder.glob(f"*/{EXPECTED}"))
    if not places:
        raise InputError(f"{folder} holds no sandbox.", f"A sandbox is a folder with {EXPECTED}.")
    judged = [(place.name, judge(load_sandbox(place))) for place in places]
    return {
        "folder": str(folder),
        "sandboxes": [
            {"sandbox": name, "good": not differences, "differences": [asdict(one) for one in differences]}
            for name, differences in judged
        ],
        "failed": sum(bool(differences) for _, differences in judged),
    }


def explain_mark_job(
    model_name: str, pattern_id: str, rulebook: Rulebook | None, ledger: str | None = None, key: Path | None = None
) -> dict[str, Any]:
    """Return every rule behind a pattern's mark, the values that fired it, and what would flip an overridable one.

    Raises
    ------
    InputError
        When the model has no such pattern.
    """
    model = model_under(model_name, rulebook, ledger, key)
    profile, mark = pattern_in(model, pattern_id)
    return {
        "pattern": mark.pattern_id,
        **describe.headline(profile),
        "mark": mark.status.value,
        "rules": [_explained_json(rule) for rule in explained(mark, profile, model.rulebook)],
        "set_aside": [reason.sentence() for reason in mark.aside],
        "decided": model.decided or None,
        "rulebook": _named(model.rulebook),
        "base_rate": BASE_RATE,
    }


def _named(book: Rulebook) -> dict[str, Any]:
    return {"id": book.id, "version": book.version, "hash": book.hash}


def _known(model: Model) -> Known:
    profiles = {profile.id: profile for profile in model.patterns.profiles_}
    return {mark.pattern_id: (profiles.get(mark.pattern_id), mark) for mark in model.marks}


def _claims(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read one use a line; blank lines are passed over."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The claims {path} cannot be read: {error}.", "One use as JSON a line.") from error
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}, line {number} is not JSON: {error}.", "Write one use a line.") from error
        if not isinstance(values, dict):
            raise InputError(f"{path}, line {number} is no use.", "Write an object of names and values.")
        yield f"line {number}", values


def _both(name: str, values: Mapping[str, Any], books: list[Rulebook], known: list[Known]) -> tuple[Decision, Decision]:
    """A pattern's mark is each rulebook's own, so the use is made for each of them."""
    before, after = (
        decide(use_from(values, patterns, f"The claim on {name}"), book)
        for book, patterns in zip(books, known, strict=True)
    )
    return before, after


def _change_json(change: OutcomeChange) -> dict[str, Any]:
    told = asdict(change)
    return {**told, "rules_before": list(change.rules_before), "rules_after": list(change.rules_after)}


def _explained_json(rule: Explained) -> dict[str, Any]:
    reason = rule.reason
    return {
        "rule": reason.rule_id,
        "mark": reason.status.value,
        "because": reason.because,
        "cites": list(reason.cites),
        "evidence": [{**one.as_json(), "sentence": one.sentence()} for one in reason.evidence],
        "failure": reason.failure,
        "overridable": rule.overridable,
        "nearest": rule.nearest,
    }
