"""Differentially private counts and totals, with OpenDP. Needs the extra `dp`.

Who gets privacy is the household: each is first bounded to a few cells, so that one household more or less changes few
numbers, then noise of that size is added. The epsilon of an answer is what OpenDP's own privacy map says of the
mechanism that made it, never a formula of this package. Noise comes from the randomness of the operating system and
cannot be seeded: "same input, same answer" holds for everything before the noise and for nothing after it. Asking
again costs again; keep the first answer.

Sources: Ghosh, Roughgarden and Sundararajan, Universally utility-maximizing privacy mechanisms, SIAM J. Comput. 2012
(discrete Laplace noise); Rogers, A unifying privacy analysis framework for unknown domain algorithms, 2023 (keys that
nobody knew before); Wilson et al., Differentially private SQL with bounded user contribution, PETS 2020.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.disclosure.budget import Amount, exact
from analyzer.errors import AnalyzerError, InputError
from analyzer.grouping.arrays import Bools, Floats, Ints

_LARGEST: Final = 2**53  # noisy whole numbers beyond it are not exact as floats
_THRESHOLDS: Final = (1, 2**30)


@dataclass(frozen=True, eq=False)
class Noisy:
    """Numbers with noise.

    Attributes
    ----------
    values : ndarray of int64
        May be below 0: a count of nobody with noise. Setting them to 0 is allowed, and biases sums of them.
    epsilon, delta : float
        What OpenDP's privacy map gives for one household; `epsilon` is at most what was asked for.
    scale : float
        Of the discrete Laplace noise; its standard deviation is about 1.4 times that.
    """

    values: Ints
    epsilon: float
    delta: float
    scale: float


@dataclass(frozen=True, eq=False)
class NoisyKeys:
    """Counts of labels that nobody listed beforehand.

    Attributes
    ----------
    counts : mapping of label to noisy count, in order of the labels
        A label that is missing may have had some households, or none at all.
    epsilon, delta, scale : as of `Noisy`.
    threshold : noisy counts below it are withheld with their labels.
    """

    counts: Mapping[str, int]
    epsilon: float
    delta: float
    scale: float
    threshold: int


def bounded(cell: Ints, household: npt.NDArray[Any] | pd.Series, most: int, key: bytes) -> Bools:
    """Return which rows to keep, so that each household is in at most `most` cells.

    Which cells a household keeps is decided by a keyed hash of the household and the cell: the same cells every time
    and whatever the order of rows, and not the largest, or those of the smallest label.

    Parameters
    ----------
    cell : ndarray of int64, shape (n_rows,)
    household : array of ids, shape (n_rows,)
    most : int
        At least 1.
    key : bytes
        At most 64 bytes.
    """
    if most < 1:
        raise InputError("A household is to count in no cell at all.", "Let it count in 1 or more.")
    codes, ids = pd.factorize(household)
    rows = pd.DataFrame({"household": codes, "cell": cell})
    pairs = rows.drop_duplicates().reset_index(drop=True)
    secret = hashlib.blake2b(key=key, digest_size=16, person=b"bounded")
    pairs["chance"] = [_chance(secret, ids[h], c) for h, c in zip(pairs["household"], pairs["cell"], strict=True)]
    kept = pairs.sort_values(["household", "chance"]).groupby("household").head(most)
    return rows.merge(kept, on=["household", "cell"], how="left")["chance"].notna().to_numpy(dtype=np.bool_)


def _chance(secret: Any, household: object, cell: int) -> bytes:
    digest = secret.copy()
    digest.update(f"{cell}\0{household}".encode("utf-8", "surrogatepass"))
    return bytes(digest.digest())


def noisy_counts(counts: Ints, epsilon: Amount, most: int = 1) -> Noisy:
    """Return counts of households with discrete Laplace noise, for cells that are listed beforehand.

    Parameters
    ----------
    counts : ndarray of int64
        Households in each cell, after `bounded`. Cells must not depend on the data: also list those that are empty.
    epsilon : str, int, Decimal or Fraction
        What may be spent.
    most : int
        In how many of the cells one household can be.

    Raises
    ------
    AnalyzerError
        Without OpenDP.
    """
    return _noisy_vector(np.asarray(counts, np.int64), epsilon, _whole(most, 1))


def noisy_totals(
    cell: Ints, contribution: Floats, n_cells: int, epsilon: Amount, *, cap: float, step: float = 1.0, most: int = 1
) -> Noisy:
    """Return totals with noise, in units of `step`; contributions are clamped to 0 up to `cap` first.

    Parameters
    ----------
    cell : ndarray of int64, shape (n_rows,)
        One row a household and cell, after `bounded`.
    contribution : ndarray of float64, shape (n_rows,)
    n_cells : int
    epsilon : str, int, Decimal or Fraction
    cap : float
        The most that one household adds to a cell. Chosen without looking at these data: it decides the noise.
    step : float
        Contributions are rounded to it, so that no noise hides in the last digits of floats.
    most : int
        In how many of the cells one household can be.
    """
    if not (cap > 0 and step > 0 and np.isfinite(contribution).all()):
        raise InputError("Contributions are no finite numbers, or the cap or the step is not above 0.", "Give such.")
    units = np.rint(np.clip(contribution, 0.0, cap) / step).astype(np.int64)
    totals = np.bincount(cell, units, minlength=n_cells)
    if totals.max(initial=0) >= _LARGEST:
        raise InputError("A total is too large to be exact.", "Use a larger step.")
    return _noisy_vector(totals.astype(np.int64), epsilon, _whole(most, 1) * max(round(cap / step), 1))


def noisy_keys(counts: Mapping[str, int], epsilon: Amount, delta: float, most: int = 1) -> NoisyKeys:
    """Return noisy counts of those labels that enough households carry.

    That a label exists may be about one household: so labels of few are withheld, and `delta` bounds the chance that
    one household's label leaves all the same.

    Parameters
    ----------
    counts : mapping of label to households, after `bounded`
    epsilon : str, int, Decimal or Fraction
    delta : float
        Far below one part of the population, such as 1e-9.
    most : int
        How many labels one household can carry.
    """
    if not 0 < delta < 1:
        raise InputError(f"The chance {delta} is not between 0 and 1.", "Use one far below 1 / households.")
    dp = _opendp()
    space = (
        dp.map_domain(dp.atom_domain(T=str), dp.atom_domain(T="i64")),
        dp.l01inf_distance(dp.absolute_distance(T="i64")),
    )
    budget, distance = _not_above(exact(epsilon)), (_whole(most, 1), most, 1)
    scale = _scale(dp, budget, most)

    def made(threshold: int) -> Any:
        return dp.m.make_laplace_threshold(*space, scale=scale, threshold=threshold)

    threshold = dp.binary_search(lambda t: made(t).map(distance)[1] <= delta, bounds=_THRESHOLDS, T=int)
    mechanism = made(threshold)
    told = mechanism({label: int(count) for label, count in counts.items() if count > 0})
    spent, chance = mechanism.map(distance)
    return NoisyKeys(dict(sorted(told.items())), float(spent), float(chance), scale, int(threshold))


def _noisy_vector(numbers: Ints, epsilon: Amount, sensitivity: int) -> Noisy:
    dp = _opendp()
    scale = _scale(dp, _not_above(exact(epsilon)), sensitivity)
    mechanism = dp.m.make_laplace(*_space(dp), scale=scale)
    values = np.array(mechanism(numbers.tolist()), np.int64) if len(numbers) else numbers
    return Noisy(values, float(mechanism.map(sensitivity)), 0.0, scale)


def _scale(dp: Any, epsilon: float, sensitivity: int) -> float:
    """Return the least scale with which OpenDP's map stays within epsilon."""
    return float(
        dp.binary_search(
            lambda scale: dp.m.make_laplace(*_space(dp), scale=scale).map(sensitivity) <= epsilon,
            bounds=(0.0, 4.0 * sensitivity / epsilon),
            T=float,
        )
    )


def _space(dp: Any) -> Sequence[Any]:
    return dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")


def _not_above(amount: Fraction) -> float:
    near = float(amount)
    return near if Fraction(near) <= amount else math.nextafter(near, 0.0)


def _whole(most: int, least: int) -> int:
    if most < least:
        raise InputError("A household is to count in no cell at all.", "Let it count in 1 or more.")
    return most


def _opendp() -> Any:
    try:
        import opendp.prelude as dp
    except ImportError as error:
        raise AnalyzerError(
            "Noise for differential privacy needs OpenDP, which is not installed.",
            'Install the extra: pip install "analyzer[dp]".',
        ) from error
    dp.enable_features("contrib")
    return dp
