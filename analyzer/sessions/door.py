"""The one door: raw rows of any adapter become sessions, and nothing is lost on the way.

A row is quarantined when a declared column cannot be read or breaks its constraint, dropped when it is not viewing
to learn from (see `tally.DropReason`), and used otherwise. The first reason that applies is the one recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import InputError
from analyzer.sessions.convert import Mask, as_mask
from analyzer.sessions.duplicates import without_duplicates
from analyzer.sessions.playback.schema import EVENT_TABLE
from analyzer.sessions.records import PASSED_OVER_SCHEMA, RawRows, Sessions, reason_counts
from analyzer.sessions.schema import COLUMNS, SESSION_TABLE
from analyzer.sessions.tally import DropReason, Tally, total
from analyzer.sessions.validation import expected, typed

Fates = npt.NDArray[np.int8]
QUARANTINED: Final = -1
USED: Final = 0
DROP_ORDER: Final = (
    DropReason.HIDDEN,
    DropReason.NOT_MAIN_CONTENT,
    DropReason.AUTOPLAY,
    DropReason.DUPLICATE,
    DropReason.NOT_PLAYBACK,
    DropReason.UNMATCHED,
)


def fate_of(reason: DropReason) -> int:
    """Return the fate of rows that are dropped for a reason."""
    return 1 + DROP_ORDER.index(reason)


NOT_CHOSEN: Final = (fate_of(DropReason.NOT_MAIN_CONTENT), fate_of(DropReason.AUTOPLAY))


@dataclass(frozen=True, slots=True)
class DoorRules:
    """What the door lets through.

    Attributes
    ----------
    drop_autoplay : bool
        Drop rows that began without anybody's action. True by default: nobody chose them.
    drop_duplicates : bool
        Drop rows that repeat an earlier row in every column. False only for sources without a time of day,
        where two equal rows are two plays on one day.
    """

    drop_autoplay: bool = True
    drop_duplicates: bool = True


@dataclass(frozen=True)
class Summary:
    """What became of the rows of one part of a source.

    Attributes
    ----------
    source : str
        Where the rows come from, as a person would name it.
    tally : Tally
        Whether a row repeats another is not known yet.
    quarantine : pyarrow.Table
        `file`, `line`, `reason` of each quarantined row.
    unreadable : mapping of str to str
        Required columns of which no value could be read, with the type that they hold.
    notes : tuple of str
    events : bool
        Whether the rows are player events.
    """

    source: str
    tally: Tally
    quarantine: pa.Table
    unreadable: Mapping[str, str]
    notes: tuple[str, ...]
    events: bool = False


@dataclass(frozen=True)
class Checked:
    """Rows of one part of a source, each with its fate.

    Attributes
    ----------
    table : pyarrow.Table
        All rows, typed by `schema.SESSIONS`.
    fate : ndarray of int8, shape (n_rows,)
        `USED`, `QUARANTINED`, or 1 + the position of a reason in `DROP_ORDER`.
    summary : Summary
    """

    table: pa.Table
    fate: Fates
    summary: Summary

    @cached_property
    def used(self) -> pa.Table:
        """The rows to learn from."""
        used = self.fate == USED
        return self.table if used.all() else self.table.filter(pa.array(used))

    @cached_property
    def passed_over(self) -> pa.Table:
        """Who started what and when in rows that nobody chose; never those that a viewer asked not to show."""
        chosen = pa.array(was_passed_over(self.fate))
        return self.table.select(PASSED_OVER_SCHEMA.names).filter(chosen).cast(PASSED_OVER_SCHEMA)


def was_passed_over(fate: Fates) -> Mask:
    """Return the mask of rows that nobody chose."""
    first, last = NOT_CHOSEN
    return (fate >= first) & (fate <= last)


def admit(rows: RawRows, rules: DoorRules | None = None) -> Sessions:
    """Check the raw rows of a whole source and return its sessions.

    Raises
    ------
    InputError
        When a required column is missing or unreadable throughout, when there is no row, or when every row
        would be quarantined: then the file is not what it was taken for.
    """
    rules = rules or DoorRules()
    return gather([check(rows, rules)], distinct=rules.drop_duplicates)


def check(rows: RawRows, rules: DoorRules) -> Checked:
    """Check some rows of a source against the schema, each by itself.

    Raises
    ------
    InputError
        When a required column is missing.
    """
    table, faults, unreadable = typed(rows, SESSION_TABLE)
    fate = _drops(table, rules)
    fate[faults.found] = QUARANTINED
    summary = Summary(rows.file, tally_of(fate), faults.as_table(rows), unreadable, rows.notes)
    return Checked(table, fate, summary)


def tally_of(fate: Fates) -> Tally:
    """Return how many rows have which fate."""
    counts = {code: int(np.count_nonzero(fate == code)) for code in range(QUARANTINED, 1 + len(DROP_ORDER))}
    dropped = {reason.value: counts[1 + at] for at, reason in enumerate(DROP_ORDER) if counts[1 + at]}
    return Tally(len(fate), counts[USED], dropped, counts[QUARANTINED])


def refuse_unusable(parts: Sequence[Summary]) -> None:
    """Refuse a source, given all its parts, that is not what it was taken for.

    Raises
    ------
    InputError
        When it has no row, a required column of it is unreadable throughout, or every row would be quarantined.
    """
    source, tally = parts[0].source, total(part.tally for part in parts)
    if tally.read == 0:
        raise InputError(f"{source} holds no rows.", "Give a source with at least one viewing session.")
    held = [part.unreadable for part in parts if part.tally.read]
    for name in set.intersection(*[set(columns) for columns in held]):
        column = {**EVENT_TABLE.by_name, **COLUMNS}[name]
        raise InputError(
            f"Column {name} of {source} holds {held[0][name]} that cannot be read as {expected(column)}.",
            f"Convert it to {expected(column)}, or map another column to it.",
        )
    if tally.quarantined == tally.read:
        _refuse_all_quarantined(source, pa.concat_tables([part.quarantine for part in parts]))


def gather(parts: Sequence[Checked], *, distinct: bool = True) -> Sessions:
    """Return the sessions of a whole source, given all its parts; rows that repeat another are dropped if `distinct`.

    Raises
    ------
    InputError
        As `refuse_unusable` says.
    """
    summaries = [part.summary for part in parts]
    refuse_unusable(summaries)
    sessions = Sessions(
        table=pa.concat_tables([part.used for part in parts]).unify_dictionaries(),
        tally=total(part.tally for part in summaries),
        quarantine=pa.concat_tables([part.quarantine for part in summaries]),
        notes=tuple(dict.fromkeys(note for part in summaries for note in part.notes)),
        sources=(summaries[0].source,),
        passed_over=pa.concat_tables([part.passed_over for part in parts]).unify_dictionaries(),
    )
    return without_duplicates(sessions) if distinct else sessions


def _drops(table: pa.Table, rules: DoorRules) -> Fates:
    """Return a fate per row: USED, or the position of the first reason to drop it."""
    fate = np.zeros(table.num_rows, dtype=np.int8)
    masks = {
        DropReason.HIDDEN: _flag(table, "hidden"),
        DropReason.NOT_MAIN_CONTENT: _not_main(table),
        DropReason.AUTOPLAY: _flag(table, "autoplay") if rules.drop_autoplay else None,
    }
    for reason, mask in reversed(masks.items()):  # the first reason is written last
        if mask is not None:
            fate[mask] = fate_of(reason)
    return fate


def _flag(table: pa.Table, name: str) -> Mask | None:
    return as_mask(table[name].chunk(0)) if name in table.column_names else None


def _not_main(table: pa.Table) -> Mask | None:
    if "content_kind" not in table.column_names:
        return None
    kind = table["content_kind"].chunk(0)
    other = as_mask(pc.not_equal(kind.dictionary, "main"))
    mask: Mask = np.append(other, False)[kind.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    return mask


def _refuse_all_quarantined(source: str, quarantine: pa.Table) -> None:
    reasons = "; ".join(f"{reason} ({count:,} rows)" for reason, count in reason_counts(quarantine))
    raise InputError(
        f"No row of {source} can be used: {reasons}.",
        f"Times must lie from {COLUMNS['started_at'].allowed}, played_s in {COLUMNS['played_s'].allowed} s.",
    )
