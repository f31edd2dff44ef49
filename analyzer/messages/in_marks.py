"""How the households of a claim lie in the marks, and how far protected patterns are more common among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analyzer.grouping.arrays import Ints
from analyzer.messages.index import Index
from analyzer.policy.effects import MarkStatus

_UNKNOWN = -1


@dataclass(frozen=True, eq=False, repr=False)
class HouseholdMarks:
    """The worst mark of each household of an index, for counting only: it is never written and never shown.

    Attributes
    ----------
    severity : ndarray of int8, one a household of the index
        As of `MarkStatus.severity`; -1 where a household has no mark.
    everyone : ndarray of int64
        How many households have which severity; the last one counts those without a mark.
    """

    severity: npt.NDArray[np.int8]
    everyone: Ints

    def __repr__(self) -> str:
        return "HouseholdMarks(households are not shown)"


@dataclass(frozen=True, slots=True)
class InMarks:
    """How the households of a claim lie in the marks; counts stay inside.

    Attributes
    ----------
    counts : households by mark; None is no mark, which is no permission.
    worst : the worst mark among them; `never_single_out` also where one has none, for unknown never reads as open.
    ratio : share of protected households among them over the share among everyone; None where nobody is protected.
    p_value : probability of so many protected ones or more among as many households drawn at random (Fisher's exact
        test, one-sided; Fisher, The Design of Experiments, 1935).
    """

    counts: Mapping[MarkStatus | None, int] = field(repr=False)
    worst: MarkStatus
    ratio: float | None = field(repr=False)
    p_value: float = field(repr=False)

    @property
    def protected(self) -> int:
        """How many lie in protected patterns."""
        return self.counts.get(MarkStatus.NEVER_SINGLE_OUT, 0)


def household_marks(index: Index, marks: Mapping[str, MarkStatus]) -> HouseholdMarks:
    """Return the marks of an index's households, prepared once for many claims.

    Parameters
    ----------
    index : Index
        Open with its key.
    marks : mapping of household to MarkStatus
        The worst mark of each household's vectors; households that the index does not know are of no effect.

    Raises
    ------
    InputError
        When the index was opened without its key.
    """
    code = index.households_named(pa.array(list(marks), pa.string()))
    told = np.fromiter((status.severity for status in marks.values()), dtype=np.int8, count=len(marks))
    severity = np.full(index.about.households, _UNKNOWN, dtype=np.int8)
    np.maximum.at(severity, code[code >= 0], told[code >= 0])
    return HouseholdMarks(severity, _counted(severity))


def in_marks(household: Ints, marks: HouseholdMarks) -> InMarks:
    """Return how some households lie in the marks.

    Parameters
    ----------
    household : ndarray of int64
        Codes of the index, each once.
    marks : HouseholdMarks
    """
    counts = _counted(marks.severity[household])
    statuses: list[MarkStatus | None] = [*MarkStatus, None]
    told = {status: int(n) for status, n in zip(statuses, counts, strict=True) if n}
    worst = MarkStatus.NEVER_SINGLE_OUT if None in told else MarkStatus.worst(s for s in told if s is not None)
    at = MarkStatus.NEVER_SINGLE_OUT.severity
    inside, everywhere, sample, population = (
        int(n) for n in (counts[at], marks.everyone[at], counts.sum(), marks.everyone.sum())
    )
    return InMarks(
        told, worst, _ratio(inside, sample, everywhere, population), _chance(inside, sample, everywhere, population)
    )


def _counted(severity: npt.NDArray[np.int8]) -> Ints:
    """Return how many there are of each severity, the unknown ones last."""
    return np.append(np.bincount(severity[severity >= 0], minlength=len(MarkStatus)), np.sum(severity < 0))


def _ratio(inside: int, sample: int, everywhere: int, population: int) -> float | None:
    if everywhere == 0 or sample == 0:
        return None
    return inside / sample / (everywhere / population)


def _chance(inside: int, sample: int, everywhere: int, population: int) -> float:
    if inside == 0:
        return 1.0
    from scipy.stats import hypergeom

    return float(hypergeom.sf(inside - 1, population, everywhere, sample))
