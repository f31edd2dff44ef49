"""How long things are kept, why, and how what is due goes without a hole in the audit trail."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from analyzer.errors import InputError, did_you_mean
from analyzer.ledger.audit import appended
from analyzer.ledger.events import What
from analyzer.ledger.review_tables import ANSWERS, BUNDLES, DECISIONS, DRAFTS, RULEBOOKS, RUNS
from analyzer.ledger.tables import BUDGETS, RELEASES
from analyzer.ledger.traced import ANSWER, DRAFT, RUN

_LONGEST: Final = 36_500


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long one kind of thing is kept.

    Attributes
    ----------
    name : of the kind.
    days : for so many days; None for good.
    because : why.
    """

    name: str
    days: int | None
    because: str


@dataclass(frozen=True, slots=True)
class Due:
    """What is kept of a kind, and what of it is due.

    Attributes
    ----------
    keeping : Keeping
    held : how many there are whose content is there.
    due : numbers of those that are due.
    """

    keeping: Keeping
    held: int
    due: tuple[int, ...] = ()


DEFAULTS: Final = (
    Keeping(
        "drafts", 365, "whoever asks why a message went out asks within a year; a draft's words can be about people"
    ),
    Keeping("runs", 730, "this year's run is compared with last year's; tallies and fingerprints are of no use later"),
    Keeping("releases", None, "later releases are compared with all that left, as long as anybody may have kept it"),
    Keeping("budgets", None, "what was spent stays spent"),
    Keeping("rulebooks", None, "a mark or an answer is explained by the rulebook of its day"),
    Keeping("bundles", None, "a pattern's history leads through every fit; bundles hold no viewer"),
    Keeping("decisions", None, "a decision is looked up when it is asked again, and who made it answers for it"),
    Keeping("audit", None, "a chain without its beginning cannot be verified"),
)
"""What is kept how long where nobody set anything else."""

_SETTABLE: Final = tuple(keeping.name for keeping in DEFAULTS if keeping.days is not None)
_FOR_GOOD: Final = {
    "releases": RELEASES,
    "budgets": BUDGETS,
    "rulebooks": RULEBOOKS,
    "bundles": BUNDLES,
    "decisions": DECISIONS,
}


def keepings_from(file: Path) -> tuple[Keeping, ...]:
    """Return the defaults with what a TOML file sets: `[keep]`, and for drafts and runs a number of days.

    Raises
    ------
    InputError
        When it cannot be read, or sets something else.
    """
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read: {error}.", "Give a TOML file: [keep], drafts = 90.") from error
    kept = values.get("keep")
    if not isinstance(kept, dict) or set(values) != {"keep"}:
        raise InputError(f"{file} is not made of one table [keep].", "For example: [keep], drafts = 90.")
    for name, days in kept.items():
        _check(file, name, days)
    return tuple(replace(keeping, days=kept.get(keeping.name, keeping.days)) for keeping in DEFAULTS)


def _check(file: Path, name: str, days: object) -> None:
    if name not in _SETTABLE:
        known = next((keeping for keeping in DEFAULTS if keeping.name == name), None)
        hint = did_you_mean(name, list(_SETTABLE)) or f"Set {' or '.join(_SETTABLE)}."
        why = f"{name} stay for good: {known.because}" if known else f"{name!r:.40} is nothing that is kept"
        raise InputError(f"{file}: {why}.", hint)
    if type(days) is not int or not 1 <= days <= _LONGEST:
        raise InputError(f"{file}: {name} = {days!r:.40} is no number of days.", f"Give 1 to {_LONGEST}.")


def due(connection: sa.Connection, keepings: Sequence[Keeping], today: date) -> tuple[Due, ...]:
    """Return what is kept and what of it is due on a day.

    A draft is due so many days after it was last answered, or submitted where nobody answered.
    """
    return tuple(_due(connection, keeping, today) for keeping in keepings)


def _due(connection: sa.Connection, keeping: Keeping, today: date) -> Due:
    if keeping.name in ("drafts", "runs"):
        last = _last_days(connection, keeping.name)
        ended = () if keeping.days is None else _before(last, today - timedelta(days=keeping.days))
        return Due(keeping, len(last), ended)
    table = _FOR_GOOD.get(keeping.name)
    count = sa.text("SELECT count(*) FROM audit") if table is None else sa.select(sa.func.count()).select_from(table)
    return Due(keeping, int(connection.scalar(count) or 0))


def _last_days(connection: sa.Connection, name: str) -> dict[int, date]:
    """Return the day from which each is kept, of those whose content is there."""
    if name == "runs":
        rows = connection.execute(sa.select(RUNS.c.number, RUNS.c.at).where(RUNS.c.inputs.is_not(None)))
    else:
        newest = sa.func.coalesce(sa.func.max(ANSWERS.c.at), DRAFTS.c.at)
        joined = DRAFTS.outerjoin(ANSWERS, ANSWERS.c.draft == DRAFTS.c.number)
        rows = connection.execute(
            sa.select(DRAFTS.c.number, newest)
            .select_from(joined)
            .where(DRAFTS.c.text.is_not(None))
            .group_by(DRAFTS.c.number, DRAFTS.c.at)
        )
    return {number: date.fromisoformat(at[:10]) for number, at in rows}


def _before(last: dict[int, date], day: date) -> tuple[int, ...]:
    return tuple(sorted(number for number, kept_from in last.items() if kept_from <= day))


def delete_due(connection: sa.Connection, gone: Sequence[Due], who: str) -> None:
    """Delete the content of what is due, with a tombstone of each, in the transaction that holds the ledger."""
    for kept in gone:
        for number in kept.due:
            if kept.keeping.name == "runs":
                _delete(connection, RUNS, number, {"inputs": None, "tallies": None}, who, f"{RUN.word} {number}")
            else:
                _delete(connection, DRAFTS, number, {"text": None, "verdict": None}, who, f"{DRAFT.word} {number}")
                _delete_answers(connection, number, who)


def _delete_answers(connection: sa.Connection, draft: int, who: str) -> None:
    for number in connection.scalars(sa.select(ANSWERS.c.number).where(ANSWERS.c.draft == draft)).all():
        _delete(connection, ANSWERS, number, {"reason": None}, who, f"{ANSWER.word} {number}")


def _delete(
    connection: sa.Connection, table: sa.Table, number: int, empty: dict[str, None], who: str, item: str
) -> None:
    connection.execute(sa.update(table).where(table.c.number == number).values(empty))
    appended(connection, who, What.DELETED, item, {})
