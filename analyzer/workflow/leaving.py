"""Out of the door and into the ledger: what left is compared, recorded and only then handed over."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from analyzer.disclosure.budget import BudgetSpentError, Charge
from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.limits import Limits
from analyzer.disclosure.noised import Noised, noised
from analyzer.disclosure.release import Draft, Opened, opened
from analyzer.disclosure.released import Provenance, Release, ReleasedCell, Withheld
from analyzer.errors import AnalyzerError
from analyzer.workflow.asking import Asking
from analyzer.workflow.provenance import definition_of, unit_of

if TYPE_CHECKING:
    from analyzer.ledger.records import Record
    from analyzer.ledger.store import Ledger

Answer = Release | Withheld
_TRIES: Final = 20


@dataclass(frozen=True, eq=False)
class Ready:
    """A draft at the door, with all that its releases will say.

    Attributes
    ----------
    draft, limits : what asks to leave, and by which limits.
    tables : the columns of each table.
    asking : what was asked for.
    review : whether a person could open all that the policy closed.
    origin : where the numbers come from; what they count is said table by table.
    remark : what is added to that.
    """

    draft: Draft
    limits: Limits
    tables: tuple[tuple[str, ...], ...]
    asking: Asking
    review: bool
    origin: Provenance
    remark: str = ""

    def releases(self, cells: Sequence[ReleasedCell]) -> tuple[Release, ...]:
        """Return the cells as one release a table."""
        return tuple(self._release(by, cells) for by in self.tables)

    def withheld(self, reasons: tuple[str, ...]) -> tuple[Withheld, ...]:
        """Return a refusal a table; a person may decide where all that is closed is in review."""
        a = self.asking
        return tuple(Withheld(by, a.measure, a.purpose.value, reasons, self.review) for by in self.tables)

    def _release(self, by: tuple[str, ...], cells: Sequence[ReleasedCell]) -> Release:
        a = self.asking
        place = [a.by.index(column) for column in by]
        rest = [axis for axis in range(len(a.by)) if axis not in place]
        own = [c for c in cells if all(c.labels[axis] == ALL for axis in rest)]
        told = tuple(replace(cell, labels=tuple(cell.labels[axis] for axis in place)) for cell in own)
        most = a.paid[0].most if a.paid else None
        words = definition_of(by, a.measure, a.statistic, a.source.built_on, most)
        origin = replace(self.origin, definition=words + self.remark)
        unit = unit_of(a.measure, a.statistic)
        return Release(by, a.measure, unit, a.purpose.value, a.population, told, origin)


def left(ready: Ready, ledger: Ledger) -> tuple[Answer, ...]:
    """Open the door and record what left; where another release came in between, compare with it first."""
    from analyzer.ledger.records import LedgerMovedError

    asked = ready.asking.request
    for _ in range(_TRIES):
        seen = ledger.seen(ready.asking.population)
        result: Opened | Noised = (
            noised(ready.draft, ready.asking.paid[0], ready.limits, ledger.key)
            if ready.asking.paid
            else opened(ready.draft, ready.limits, seen, ledger.key)
        )
        if not result.cells and isinstance(result, Opened):
            return ready.withheld(result.refusals)
        answers = _with_noise(ready, result).releases(result.cells)
        try:
            number = ledger.record(_record(ready, answers, result), seen.last, request=asked if result.cells else None)
        except LedgerMovedError:
            continue
        except BudgetSpentError as error:
            return ready.withheld((f"{error.cause} {error.remedy}",))
        if not result.cells:  # its noise is paid for, but nothing of it leaves
            return ready.withheld(result.refusals)
        return tuple(replace(answer, number=number) for answer in answers)
    raise AnalyzerError(
        f"{_TRIES} other releases over {ready.asking.population!r} came in while this one was compared.", "Try again."
    )


def _with_noise(ready: Ready, result: Opened | Noised) -> Ready:
    """Return the same where nothing is noisy; else say how much noise there is beside the numbers."""
    if isinstance(result, Opened):
        return ready
    # An exact hash of the rows would tell whoever knows all rows but one, whatever the noise.
    words = f" Each number has noise: in 19 of 20 cases it is at most {result.half_width:,.10g} off."
    return replace(ready, remark=words, origin=replace(ready.origin, sources_hash="not told with noise"))


def _record(ready: Ready, answers: tuple[Release, ...], result: Opened | Noised) -> Record:
    from analyzer.ledger.records import Record, content_as_text

    paid = ready.asking.paid
    content = {"releases": [answer.as_json() for answer in answers]}
    return Record(
        population=ready.asking.population,
        purpose=ready.asking.purpose.value,
        made_on=ready.origin.made_on,
        told=result.told if isinstance(result, Opened) else None,
        content=content,
        content_hash=hashlib.sha256(content_as_text(content).encode()).hexdigest(),
        rulebook_hash=ready.origin.rulebook_hash,
        sources_hash=ready.origin.sources_hash,
        charge=Charge(paid[1], result.charge) if paid and isinstance(result, Noised) else None,
    )
