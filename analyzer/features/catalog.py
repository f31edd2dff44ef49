"""The catalog of features: one short function and one specification a behaviour.

A feature is added with the `feature` decorator (see docs/how-to/add-a-feature.md). Its function takes `Plays` and
returns one float64 a vector; NaN is null, which means "cannot be known", never 0. Accessibility columns are not
reachable from here: `Plays` does not hold them (promise 4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from analyzer.errors import InputError, did_you_mean
from analyzer.features.views import Plays
from analyzer.grouping.segments import Floats
from analyzer.sessions.schema import ACCESSIBILITY, COLUMNS

Compute = Callable[[Plays], Floats]


class Family(StrEnum):
    """What side of watching a feature describes."""

    VOLUME = "volume"
    REPETITION = "repetition"
    SERIALITY = "seriality"
    ATTENTION = "attention"
    RHYTHM = "rhythm"
    NAVIGATION = "navigation"
    BREADTH = "breadth"


class Transform(StrEnum):
    """How a feature is made comparable before scaling."""

    NONE = "none"
    LOG = "log1p"  # counts and durations with long tails
    ARCSINE = "arcsine_sqrt"  # shares, so that 0.01 and 0.05 differ as much as they should


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """What a feature measures.

    Attributes
    ----------
    name, family, unit : how it is called, grouped and measured.
    meaning : the definition, in one sentence.
    null : when it is null.
    transform : applied before clustering.
    compute : Plays -> float64 array, one value a vector.
    needs : optional session columns without which it is null for everybody.

    Raises
    ------
    InputError
        When `needs` names an unknown or an accessibility column.
    """

    name: str
    family: Family
    unit: str
    meaning: str
    null: str
    transform: Transform
    compute: Compute
    needs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for column in self.needs:
            if column in ACCESSIBILITY:
                raise InputError(
                    f"Feature {self.name} needs {column}, an accessibility setting.",
                    "Accessibility settings never define a pattern; choose another column.",
                )
            if column not in COLUMNS:
                raise InputError(
                    f"Feature {self.name} needs the unknown column {column}.",
                    did_you_mean(column, list(COLUMNS)) or f"Known are {', '.join(COLUMNS)}.",
                )


CATALOG: Final[dict[str, FeatureSpec]] = {}
_NEVER: Final = "never"


def feature(
    family: Family,
    unit: str,
    transform: Transform,
    *,
    null: str = _NEVER,
    needs: tuple[str, ...] = (),
    catalog: dict[str, FeatureSpec] = CATALOG,
) -> Callable[[Compute], Compute]:
    """Enter a function into `catalog` under its own name, with its docstring as its meaning.

    Raises
    ------
    InputError
        When the name is taken or the function has no docstring.
    """

    def enter(compute: Compute) -> Compute:
        name = compute.__name__
        if name in catalog:
            raise InputError(f"There is already a feature {name}.", "Choose another name.")
        if not compute.__doc__:
            raise InputError(f"Feature {name} has no docstring.", "Say in one sentence what it measures.")
        meaning = " ".join(compute.__doc__.split())
        catalog[name] = FeatureSpec(name, family, unit, meaning, null, transform, compute, needs)
        return compute

    return enter


def select(names: list[str] | None = None) -> list[FeatureSpec]:
    """Return the chosen features, family by family; all of them where `names` is None.

    Raises
    ------
    InputError
        When a name is not in the catalog.
    """
    _load_families()
    unknown = [name for name in names or () if name not in CATALOG]
    if unknown:
        raise InputError(
            f"There is no feature {unknown[0]!r}.",
            did_you_mean(unknown[0], list(CATALOG)) or f"Known are {', '.join(CATALOG)}.",
        )
    families = list(Family)
    chosen = [spec for spec in CATALOG.values() if names is None or spec.name in names]
    return sorted(chosen, key=lambda spec: families.index(spec.family))


def _load_families() -> None:
    """Import the modules that fill the catalog."""
    from analyzer.features import habits, navigation, repetition, volume  # noqa: F401


def null_where(unknown: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], values: Floats) -> Floats:
    """Return `values` with null where `unknown` is True."""
    return np.where(unknown, np.nan, values)
