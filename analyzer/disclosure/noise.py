"""Differentially private counts and totals, with OpenDP. Needs the extra `dp`.

Who gets privacy is the household: each is first bounded to a few cells, so that one household more or less changes few
numbers, then noise of that size is added. The epsilon of an answer is what OpenDP's own privacy map says of the
mechanism that made it, never a formula of this package. Noise comes from the randomness of the operating system and
cannot be seeded: "same input, same answer" holds for everything before the noise and for nothing after it. Asking
again costs again; keep the first answer.

Sources: Ghosh, Roughgarden and Sundararajan, Universally utility-maximizing privacy mechanisms, SIAM J. Comput. 2012
(discrete Laplace noise); Korolova, Kenthapadi, Mishra and Ntoulas, Releasing search queries and clicks privately, WWW
2009 (keys that nobody knew before leave above a threshold); Wilson et al., Differentially private SQL with bounded user
contribution, PETS 2020.
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.disclosure.budget import Amount, exact
from analyzer.errors import AnalyzerError, InputError
from analyzer.grouping.arrays import Bools, Floats, Ints

LEAST_EPSILON: Final = Fraction(1, 1_000_000)  # the noise is wider than any population
LARGEST_EPSILON: Final = Fraction(1_000)  # nothing is protected any more
MOST_CELLS_EACH: Final = 1_000
_PARTS: Final = 2**20
"""Totals are counted in this part of the cap: a whole number hides nothing in last digits, as sums of floats do."""
_THRESHOLDS: Final = range(1, 2**50)


@dataclass(frozen=True, eq=False)
class NoisyKeys:
    """Counts of labels that nobody listed beforehand.

    Attributes
    ----------
    counts : mapping of label to noisy count, in order of the labels
        A label that is missing may have had some households, or none at all.
    epsilon, delta : float
        What OpenDP's privacy map gives for one household; each at most what was asked for.
    scale : float
        Of the discrete Laplace noise, in households; its standard deviation is about 1.4 times that.
    threshold : int
        A label leaves with a noisy count above it.
    """

    counts: Mapping[str, int]
    epsilon: float
    delta: float
    scale: float
    threshold: int


@dataclass(frozen=True, eq=False)
class NoisyTotals:
    """Totals with noise.

    Attributes
    ----------
    values : ndarray of float64, shape (n_cells,)
        In the unit of the measure; may be below 0.
    epsilon : float
        What OpenDP's privacy map gives for one household; at most what was asked for.
    scale, half_width : float
        Of the noise, in the unit of the measure; see the function `half_width`.
    """

    values: Floats
    epsilon: float
    scale: float
    half_width: float


def bounded(cell: Ints, household: npt.NDArray[Any], names: Mapping[int, str], most: int, key: bytes) -> Bools:
    """Return which pairs to keep, so that each household is in at most `most` cells.

    Which cells a household keeps is decided by a keyed hash of its id and of the names of its own cells: whatever the
    order of rows, not by size, and **not by the numbers of the cells**. Those move when somebody else brings a new
    label; then one household more would change what others keep, and the noise would be too small.

    Parameters
    ----------
    cell : ndarray of int64, shape (n_pairs,)
        Number of the cell. Each pair of cell and household occurs once.
    household : array of ids, shape (n_pairs,)
    names : mapping of cell to str
        Without the character NUL.
    most : int
        At least 1.
    key : bytes
        At most 64 bytes.
    """
    most = _most(most)
    codes, _ = pd.factorize(household)
    keep = np.bincount(codes, minlength=1)[codes] <= most
    rows = np.flatnonzero(~keep)
    secret = hashlib.blake2b(key=key, digest_size=8, person=b"bounded")
    pairs = zip(cell[rows].tolist(), household[rows].tolist(), strict=True)
    chance = np.array([_chance(secret, names[number], whose) for number, whose in pairs], dtype=np.uint64)
    order = np.lexsort((chance, codes[rows]))
    whose = codes[rows][order]
    rank = np.arange(len(rows)) - np.searchsorted(whose, whose)
    keep[rows[order[rank < most]]] = True
    return np.asarray(keep, dtype=np.bool_)


def _chance(secret: Any, name: str, household: object) -> int:
    digest = secret.copy()
    digest.update(f"{name}\0{household}".encode("utf-8", "surrogatepass"))
    return int.from_bytes(digest.digest(), "little")


def noisy_keys(counts: Mapping[str, int], epsilon: Amount, delta: float, most: int = 1) -> NoisyKeys:
    """Return noisy counts of those labels that enough households carry.

    That a label exists may be about one household: so labels of few are withheld, and `delta` bounds the chance that
    a label leaves that only one more household has brought.

    Parameters
    ----------
    counts : mapping of label to households, after `bounded`
    epsilon : str, int, Decimal or Fraction
        What may be spent.
    delta : float
        Far below one part of the population, such as 1e-9.
    most : int
        How many labels one household can carry.

    Raises
    ------
    AnalyzerError
        Without OpenDP.
    InputError
        When an amount is out of range.
    """
    if not 0 < delta < 1:
        raise InputError(f"The chance {delta} is not between 0 and 1.", "Use one far below 1 / households.")
    dp, budget, distance = opendp(), _budget(epsilon), (_most(most), most, 1)
    scale = _scale(dp, budget, most)

    def made(threshold: int) -> Any:
        return dp.m.make_laplace_threshold(
            dp.map_domain(dp.atom_domain(T=str), dp.atom_domain(T="i64")),
            dp.l01inf_distance(dp.absolute_distance(T="i64")),
            scale=scale,
            threshold=threshold,
        )

    threshold = _THRESHOLDS[bisect_left(_THRESHOLDS, True, key=lambda t: made(t).map(distance)[1] <= delta)]
    mechanism = made(threshold)
    spent, chance = mechanism.map(distance)
    if spent > budget:
        raise AnalyzerError(
            f"OpenDP charges {spent} for noise that may cost {budget}.", "Use another version of opendp."
        )
    told = mechanism({label: int(count) for label, count in sorted(counts.items()) if count > 0})
    # OpenDP also lets out what is equal to the threshold, which its delta leaves out (its issue 2922): a label of one
    # household would leave more often than delta says.
    above = {label: count for label, count in sorted(told.items()) if count > threshold}
    return NoisyKeys(above, float(spent), float(chance), scale, threshold)


def noisy_totals(
    cell: Ints, amount: Floats, n_cells: int, epsilon: Amount, *, cap: float, most: int = 1
) -> NoisyTotals:
    """Return totals with noise; what one household adds to a cell is clamped to 0 up to `cap` first.

    Parameters
    ----------
    cell : ndarray of int64, shape (n_pairs,)
        One pair a household and cell, after `bounded`. Cells must not depend on single households, as those of
        `noisy_keys` do not.
    amount : ndarray of float64, shape (n_pairs,)
        In the unit of the measure; counted in steps of a millionth of the cap.
    n_cells : int
    epsilon : str, int, Decimal or Fraction
        What may be spent.
    cap : float
        The most that one household adds to a cell. Chosen without looking at these data: it decides the noise.
    most : int
        In how many of the cells one household can be.

    Raises
    ------
    AnalyzerError
        Without OpenDP.
    InputError
        When an amount is out of range, or no number.
    """
    if not (cap > 0 and math.isfinite(cap)) or np.isnan(amount).any():
        raise InputError("Contributions are no numbers, or the cap is not above 0.", "Give such.")
    dp, budget, sensitivity = opendp(), _budget(epsilon), _most(most) * _PARTS
    steps = np.rint(np.clip(amount, 0.0, cap) / cap * _PARTS).astype(np.int64)
    totals = np.zeros(n_cells, dtype=np.int64)
    np.add.at(totals, cell, steps)
    scale = _scale(dp, budget, sensitivity)
    mechanism = dp.m.make_laplace(*_space(dp), scale=scale)
    told = np.array(mechanism(totals.tolist()) if n_cells else [], dtype=np.float64)
    unit = cap / _PARTS
    return NoisyTotals(told * unit, float(mechanism.map(sensitivity)), scale * unit, half_width(scale) * unit)


def half_width(scale: float) -> int:
    """Return within which distance of 0 discrete Laplace noise lies with a chance of 95 % or more.

    Noise of this scale is z with a chance proportional to exp(-|z| / scale); it is beyond k with a chance of
    2 q^(k + 1) / (1 + q), q = exp(-1 / scale) (Ghosh et al. 2012).
    """
    q = math.exp(-1.0 / scale)
    return max(math.ceil(-scale * math.log(0.05 * (1.0 + q) / 2.0) - 1.0), 0)


def opendp() -> Any:
    """Return OpenDP; ask for it before a budget is charged.

    Raises
    ------
    AnalyzerError
        When it is not installed, or too old.
    """
    try:
        import opendp.prelude as dp
    except ImportError as error:
        raise AnalyzerError(
            "Noise for differential privacy needs OpenDP, which is not installed.",
            'Install the extra: pip install "analyzer[dp]".',
        ) from error
    if not hasattr(dp, "l01inf_distance"):
        raise AnalyzerError(
            "This OpenDP is too old to count labels with noise.", 'Install the extra: pip install "analyzer[dp]".'
        )
    dp.enable_features("contrib")  # every mechanism that is not vetted line by line asks for this consent
    return dp


def _scale(dp: Any, epsilon: float, sensitivity: int) -> float:
    """Return the least scale with which OpenDP's map stays within epsilon."""
    return float(
        dp.binary_search(
            lambda scale: dp.m.make_laplace(*_space(dp), scale=scale).map(sensitivity) <= epsilon,
            bounds=(0.0, 4.0 * sensitivity / epsilon),
            T=float,
        )
    )


def _space(dp: Any) -> tuple[Any, Any]:
    return dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")


def _budget(epsilon: Amount) -> float:
    """Return the largest float that is not above epsilon: no answer may cost more than what the ledger writes down."""
    amount = exact(epsilon)
    if not LEAST_EPSILON <= amount <= LARGEST_EPSILON:
        raise InputError(f"No noise is made for an epsilon of {amount}.", "It lies between 0.000001 and 1,000.")
    near = float(amount)
    return near if Fraction(near) <= amount else math.nextafter(near, 0.0)


def _most(most: int) -> int:
    if not 1 <= most <= MOST_CELLS_EACH:
        raise InputError(f"A household is to count in {most} cells.", f"Let it count in 1 to {MOST_CELLS_EACH:,}.")
    return most
