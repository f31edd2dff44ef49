"""What the policy says of a table that asks to leave: of it as a whole, and of each label in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from analyzer.disclosure.checks import Finding, closed
from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.limits import Limits
from analyzer.disclosure.table import Table
from analyzer.features.catalog import CATALOG, select
from analyzer.grouping.arrays import Bools
from analyzer.policy.decisions import Decision, Ground, decide
from analyzer.policy.effects import MarkStatus, Outcome
from analyzer.policy.marks import LOOSENED, Mark
from analyzer.policy.overrides import Override
from analyzer.policy.rulebook import Rulebook
from analyzer.policy.uses import Addressed, Purpose, Standing, Statement, Subject, Use

if TYPE_CHECKING:
    from analyzer.workflow.model import Model  # as in `provenance`

PATTERN: Final = "pattern"
TITLE_COLUMNS: Final = frozenset({"title_id", "title_name", "series_id"})
PERSON_COLUMNS: Final = frozenset({"viewer_id", "household_id", "session_id"})
STALE_AFTER_DAYS: Final = 400
"""Age of a model's last window from which its patterns say nothing of today; a year and a month, for yearly refits."""
_MANY: Final = 2**31 - 1
"""More households than there are: what is refused of so many is not refused for being small."""


@dataclass(frozen=True)
class Asker:
    """On whose word a table is judged.

    Attributes
    ----------
    rulebook : Rulebook
    overrides : what two people decided on rules that allow it.
    today : the day on which is asked.
    model : made the patterns; None where the table has none.
    built_on : what columns that nobody declared are built on, by column.
    """

    rulebook: Rulebook
    overrides: tuple[Override, ...]
    today: date
    model: Model | None
    built_on: Mapping[str, Sequence[str]]

    def decide(self, use: Use) -> Decision:
        """Return the policy's answer."""
        return decide(use, self.rulebook, self.overrides, self.today, self._loosened(use))

    def named(self, use: Use, name: str) -> tuple[Ground, ...]:
        """Return the rules on words that no audience may be called by, where they speak against a name.

        A label and a column name certain households, also where nothing else is known of those.
        """
        rules = {rule.id for rule in self.rulebook.rule if rule.condition_words}
        reasons = self.decide(replace(use, subject=Subject.GROUP, name=name)).reasons
        return tuple(r for r in reasons if r.rule_id in rules and not r.failure and not r.overridden)

    def least(self, use: Use) -> int | None:
        """Return the fewest households of which this may be said; None where it may be said of no number.

        More households never turn permission into refusal, so the bound is found by halving.
        """
        if not self._allows(use, _MANY):
            return None
        low, high = -1, _MANY
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._allows(use, middle) else (middle, high)
        return high

    def marks_of(self, pattern: str) -> tuple[Mark, ...]:
        """Return the marks of a pattern; more than one where they contradict each other."""
        return tuple(mark for mark in self.model.marks if mark.pattern_id == pattern) if self.model else ()

    def _loosened(self, use: Use) -> tuple[Override, ...]:
        """Return what two people loosened for the pattern of a use, and for no other one."""
        if use.subject is not Subject.PATTERN or use.profile is None:
            return ()
        marks = self.marks_of(use.profile.id)
        return marks[0].overrides if len(marks) == 1 else ()

    def _allows(self, use: Use, households: int) -> bool:
        return self.decide(replace(use, households=households)).outcome is Outcome.ALLOWED


def as_a_whole(by: Sequence[str], statement: Statement, purpose: Purpose, households: int, asker: Asker) -> Use:
    """Return the table as one statement: of a title, a group that a behaviour defines, or everyone by a column."""
    select()
    titles = bool(TITLE_COLUMNS & set(by))
    columns = tuple(dict.fromkeys(part for column in by for part in asker.built_on.get(column, (column,))))
    persons = PERSON_COLUMNS & {*by, *columns}
    behaviour = any(column in CATALOG for column in columns)
    subject = Subject.GROUP if behaviour else Subject.TITLE if titles else Subject.EVERYONE
    return Use(
        purpose=purpose,
        statement=Statement.LIST_OF_PERSONS if persons else statement,
        subject=Subject.PERSON if persons else subject,
        households=households,
        addressed=Addressed.NOBODY,
        names_title=titles,
        name=", ".join(by),
        defined_by=columns,
        standing=Standing.CURRENT,
    )


@dataclass(frozen=True, eq=False)
class Closing:
    """What the policy closes in a table.

    Attributes
    ----------
    findings : why, cell by cell.
    review : whether a person could open all that is closed.
    """

    findings: tuple[Finding, ...]
    review: bool


def closed_labels(table: Table, whole: Use, asker: Asker, limits: Limits, *, whatever_size: bool = False) -> Closing:
    """Return the cells of patterns that may not be spoken of, or not of so few, and of labels that no label may be.

    Parameters
    ----------
    table : Table
    whole : Use
        The table as one statement.
    asker : Asker
    limits : Limits
        Its floor is the rulebook's for the table as a whole: the checks see to it cell by cell.
    whatever_size : bool
        Close a label that may only be told of more households than the floor in all its cells, however many those have:
        for noise, which hides how many there are.
    """
    told: dict[int, str] = {}
    reviews: list[bool] = []
    for axis, dimension in enumerate(table.dimensions):
        # A title may be called what it is called; the name of an audience may not.
        for label in dimension.labels if dimension.name not in TITLE_COLUMNS else ():
            refusal = _refusal(whole, dimension.name, label, asker, limits) if label != ALL else None
            if refusal is not None:
                least, words, review = refusal
                reviews.append(review)
                cells = _cells(table, axis, label) & (whatever_size | (table.households < least))
                told |= dict.fromkeys(np.flatnonzero(cells).tolist(), words)
    cells = np.zeros(len(table), dtype=np.bool_)
    cells[list(told)] = True
    return Closing(tuple(closed(table, cells, lambda cell: told[cell], limits)), bool(told) and all(reviews))


def _refusal(whole: Use, column: str, label: str, asker: Asker, limits: Limits) -> tuple[int, str, bool] | None:
    """Return below how many households a label is closed, why, and whether a person may decide; None for open ones."""
    if column != PATTERN:
        named = asker.named(whole, label)
        return (_MANY, " ".join(ground.sentence() for ground in named), False) if named else None
    use = _of_pattern(whole, label, asker)
    least = asker.least(use)
    if least is not None and least <= limits.floor:
        return None
    decision = asker.decide(replace(use, households=_MANY if least is None else least - 1))
    by_people = [reason.sentence() for mark in asker.marks_of(label) for reason in mark.by_people]
    words = " ".join([_sentences(decision), *by_people])
    return _MANY if least is None else least, words, decision.outcome is Outcome.REVIEW


def _cells(table: Table, axis: int, label: str) -> Bools:
    shape = [len(dimension.labels) for dimension in table.dimensions]
    found = np.zeros(shape, dtype=np.bool_)
    np.moveaxis(found, axis, 0)[table.dimensions[axis].number[label]] = True
    return found.ravel()


def _sentences(decision: Decision) -> str:
    return " ".join(reason.sentence() for reason in decision.reasons)


def _of_pattern(whole: Use, label: str, asker: Asker) -> Use:
    """Return the use about one pattern; of one that the model does not know nothing is known: that withholds."""
    model = asker.model
    profile = next((p for p in model.patterns.profiles_ if p.id == label), None) if model else None
    marks = asker.marks_of(label)
    return replace(
        whole,
        subject=Subject.PATTERN,
        profile=profile,
        mark=MarkStatus.worst([mark.status for mark in marks]) if marks else None,
        marked_by=tuple(rule for mark in marks for rule in mark.given_by) if marks else None,
        name=profile.name if profile else None,
        standing=standing_of(model, asker.today),
    )


def loosened_words(table: Table, asker: Asker) -> str:
    """Return on which decisions of the ledger patterns of a table are milder than the rulebook says; empty for none.

    Who decided is in the ledger: what leaves names no reviewer.
    """
    labels = [label for dimension in table.dimensions if dimension.name == PATTERN for label in dimension.labels]
    told = [
        f"{label} by {evidence.sentence()}"
        for label in labels
        for mark in asker.marks_of(label)
        for reason in mark.reasons
        for evidence in reason.evidence
        if reason.rule_id == LOOSENED
    ]
    return "; ".join(told)


def standing_of(model: Model | None, today: date) -> Standing:
    """Return whether a model still describes what is."""
    last = model.patterns.last_window_ if model else None
    if last is None:
        return Standing.UNKNOWN
    return Standing.STALE if today - last > timedelta(days=STALE_AFTER_DAYS) else Standing.CURRENT
