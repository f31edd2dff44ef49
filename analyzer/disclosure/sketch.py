"""What is kept of a group of households after its number has left: enough to see overlap, too little to list anybody.

A sketch is the number of households of a group and, for each of `WIDTH` secret coins, how many of them show heads. It
is linear: what is added and subtracted of groups can be added and subtracted of their sketches. With heads as +1 and
tails as -1 the mean square of a combined sketch estimates the sum over all households of the square of how often each
is left over, which for two groups is the number of households in one of them only (Alon, Matias and Szegedy, The space
complexity of approximating the frequency moments, STOC 1996). It is exactly 0 for the same group and exactly 1 for one
household; its relative standard deviation is at most sqrt(2 / WIDTH).

Of totals the amounts are sketched, each added to or subtracted from `TOTAL_WIDTH` numbers as the coins say. That tells
which totals are like each other and not how many households are left over: `analyzer.disclosure.remainders` tells that.

The coins come from a keyed hash: without the key a sketch is as good as noise. What it says to somebody who has the key
and a list of ids: a member of a small group can be told from others with some success, so it is kept as the key is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.disclosure.memberships import sums
from analyzer.disclosure.remainders import COLUMNS, ROWS, Buckets, buckets_of, summed
from analyzer.errors import InputError
from analyzer.grouping.arrays import Floats, Ints

WIDTH: Final = 128  # coins; more would estimate better and say more about single households
TOTAL_WIDTH: Final = 64  # as many unknown households can be solved for; the public floor is above that
KEY_BYTES: Final = 32
ROW_BYTES: Final = 8 + 4 * WIDTH  # of a sketch that is kept: its households, then its coins
TOTAL_BYTES: Final = ROW_BYTES + COLUMNS  # then the buckets of its amounts, where totals are told
STEPS_PER_UNIT: Final = 3_600_000  # whole seconds and minutes are whole steps of an hour, and thousandths of any unit
_ROWS_AT_ONCE: Final = 1 << 16  # 8 MB of coins

Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Coins = npt.NDArray[np.int32] | npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sketches:
    """Sketches of groups, one a row.

    Attributes
    ----------
    households : ndarray of int64, shape (n_groups,)
        Distinct households of each group.
    coins : ndarray of int32, shape (n_groups, WIDTH), or of int64, shape (n_groups, TOTAL_WIDTH)
        How many of them show heads, coin by coin. Where totals are told: steps of those that show heads less steps of
        those that show tails.
    buckets : ndarray of uint8, shape (n_groups, COLUMNS), or (n_groups, 0)
        Remainders of their amounts; without columns where no total is told.
    """

    households: Ints
    coins: Coins
    buckets: Buckets

    def __len__(self) -> int:
        return len(self.households)

    @cached_property
    def signed(self) -> Floats:
        """Heads less tails, float64: exact whole numbers."""
        if self.totals:
            return self.coins.astype(np.float64)
        return np.asarray(2.0 * self.coins - self.households[:, None], dtype=np.float64)

    @property
    def totals(self) -> bool:
        """Whether amounts are sketched."""
        return bool(self.buckets.shape[1])

    def take(self, rows: npt.NDArray[Any]) -> Sketches:
        """Return the sketches of some rows, given by number or mask."""
        return Sketches(self.households[rows], self.coins[rows], self.buckets[rows])

    def as_bytes(self) -> tuple[bytes, ...]:
        """Return each row as `ROW_BYTES` or `TOTAL_BYTES` bytes of little-endian numbers; `from_bytes` reads them."""
        rows = zip(self.households, self.coins.astype(self._written), self.buckets, strict=True)
        return tuple(int(count).to_bytes(8, "little") + coins.tobytes() + rest.tobytes() for count, coins, rest in rows)

    @property
    def _written(self) -> str:
        return "<i8" if self.totals else "<i4"


def from_bytes(rows: Iterable[bytes]) -> Sketches:
    """Return the sketches that `Sketches.as_bytes` wrote.

    Raises
    ------
    InputError
        When a row has another length, or more heads than households: it was written with another width, or is damaged.
    """
    told = list(rows)
    length = TOTAL_BYTES if told and len(told[0]) == TOTAL_BYTES else ROW_BYTES
    if any(len(row) != length for row in told):
        raise InputError(
            f"A sketch in the ledger is not {length} bytes long.", "The ledger is damaged or from another version."
        )
    table = np.frombuffer(b"".join(told), np.uint8).reshape(len(told), length)
    counts = np.ascontiguousarray(table[:, :8]).view("<i8").ravel().astype(np.int64)
    coins = np.ascontiguousarray(table[:, 8:ROW_BYTES]).view("<i4" if length == ROW_BYTES else "<i8")
    if length == ROW_BYTES and ((coins < 0).any() or (coins > counts[:, None]).any()):
        raise InputError(
            "A sketch in the ledger counts more heads than households.", "The ledger is damaged; restore a copy of it."
        )
    return Sketches(counts, coins.astype(coins.dtype.newbyteorder("=")), np.ascontiguousarray(table[:, ROW_BYTES:]))


def joined(parts: Iterable[Sketches]) -> Sketches:
    """Return the rows of several sketches as one."""
    given = list(parts)
    if not given:
        return Sketches(np.zeros(0, np.int64), np.zeros((0, WIDTH), np.int32), np.zeros((0, 0), np.uint8))
    return Sketches(
        np.concatenate([part.households for part in given]),
        np.concatenate([part.coins for part in given]),
        np.concatenate([part.buckets for part in given]),
    )


def added(parts: Iterable[Sketches]) -> Sketches:
    """Return the sums of sketches of groups that share no household, row by row; of none there are no rows."""
    given = list(parts)
    if not given:
        return joined(given)
    return Sketches(
        np.sum([part.households for part in given], axis=0, dtype=np.int64),
        sum((part.coins for part in given[1:]), start=given[0].coins),
        summed([part.buckets for part in given]),
    )


def whole_steps(contribution: Floats) -> Floats:
    """Return contributions to the nearest step, as numbers of steps: their sums are exact, in whatever order."""
    return np.asarray(np.rint(contribution * STEPS_PER_UNIT), dtype=np.float64)


def sketch_groups(
    group: Ints, household: npt.NDArray[Any] | pd.Series, n_groups: int, key: bytes, steps: Floats | None = None
) -> Sketches:
    """Return a sketch of each group of rows.

    Parameters
    ----------
    group : ndarray of int64, shape (n_rows,)
        Number of the row's group. A row of several groups (a cell and its margins) is given once for each.
    household : array of ids, shape (n_rows,)
        Several rows of one household in a group count once.
    n_groups : int
    key : bytes
        The ledger's key, at least 32 bytes. Sketches of different keys must never be compared.
    steps : ndarray of float64, shape (n_rows,), optional
        For totals, each row's contribution in whole steps (`whole_steps`). Only remainders of their sums are kept.

    Raises
    ------
    InputError
        When the key is too short, a household is missing, or a contribution is no whole number of steps.
    """
    if len(key) < KEY_BYTES:
        raise InputError(
            f"The ledger's key is shorter than {KEY_BYTES} bytes.", "Use the key that came with the ledger."
        )
    codes, ids = pd.factorize(household)
    if len(codes) and codes.min() < 0:
        raise InputError(
            "A row to be released has no household.", "Give each row its household, or drop the row before."
        )
    pairs, totals = _pairs(np.asarray(group, np.int64) * max(len(ids), 1) + codes, steps)
    of_group, of_household = np.divmod(pairs, max(len(ids), 1))
    words = _words(ids, key)
    households = np.bincount(of_group, minlength=n_groups).astype(np.int64)
    coins = words[of_household].view(np.uint8)
    if totals is None:
        return Sketches(households, _heads(of_group, coins, n_groups), np.zeros((n_groups, 0), np.uint8))
    secret = np.concatenate([_mixed(words, number) for number in range(1, 1 + -(-ROWS // 4))], axis=1)
    buckets = buckets_of(of_group, secret.view(np.uint32)[of_household, :ROWS], totals, n_groups)
    return Sketches(households, _signed_sums(of_group, coins[:, : TOTAL_WIDTH // 8], totals, n_groups), buckets)


def _pairs(pair: Ints, steps: Floats | None) -> tuple[Ints, Floats | None]:
    """Return the distinct pairs of group and household in order, and each pair's sum."""
    if steps is None:
        ordered = np.sort(pair)
        return ordered[np.diff(ordered, prepend=-1) > 0], None
    if not np.isfinite(steps).all():
        raise InputError("A contribution to a total is no finite number.", "Drop the row, or give its number.")
    if (steps != np.rint(steps)).any():
        raise InputError("A contribution to a total is no whole number of steps.", "Round it with `whole_steps`.")
    return sums(pair, steps)


def _words(ids: Any, key: bytes) -> Words:
    """Return 128 secret bits an id, shape (n_ids, 2)."""
    secret = hashlib.blake2b(key, digest_size=64, person=b"sketch coins").digest()
    keyed = hashlib.blake2b(key=secret, digest_size=WIDTH // 8)
    digests = bytearray()
    for name in np.asarray(ids, dtype=object):
        digest = keyed.copy()
        digest.update(_spelt(name))
        digests += digest.digest()
    return np.frombuffer(bytes(digests), "<u8").reshape(-1, WIDTH // 64)


def _spelt(name: object) -> bytes:
    # Whole numbers become floats in a frame with gaps; the household stays the same one.
    if isinstance(name, float) and name.is_integer():
        name = int(name)
    return str(name).encode("utf-8", "surrogatepass")


def _mixed(words: Words, number: int) -> Words:
    """Return as many other secret bits, for each number others (SplitMix64's finaliser, Steele et al. 2014)."""
    step = np.uint64(number * 0x9E3779B97F4A7C15 % 2**64)
    bits = (words + step) ^ (words >> np.uint64(29))
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.ascontiguousarray(bits ^ (bits >> np.uint64(31)))


def _heads(group: Ints, coins: Bytes, n_groups: int) -> npt.NDArray[np.int32]:
    """Return how often each coin shows heads in each group; `group` is sorted."""
    heads = np.zeros((n_groups, WIDTH), np.int32)
    for first in range(0, len(group), _ROWS_AT_ONCE):
        some = slice(first, first + _ROWS_AT_ONCE)
        groups, starts = np.unique(group[some], return_index=True)
        heads[groups] += np.add.reduceat(np.unpackbits(coins[some], axis=1), starts, axis=0, dtype=np.int32)
    return heads


def _signed_sums(group: Ints, coins: Bytes, steps: Floats, n_groups: int) -> npt.NDArray[np.int64]:
    """Return the steps of heads less the steps of tails in each group, coin by coin; `group` is sorted."""
    sums = np.zeros((n_groups, TOTAL_WIDTH), np.int64)
    for first in range(0, len(group), _ROWS_AT_ONCE):
        some = slice(first, first + _ROWS_AT_ONCE)
        groups, starts = np.unique(group[some], return_index=True)
        signed = np.unpackbits(coins[some], axis=1) * 2.0 - 1.0
        sums[groups] += np.add.reduceat(signed * steps[some, None], starts, axis=0).astype(np.int64)
    return sums


def margin(chance_sd: float = 5.0, width: int = WIDTH) -> float:
    """Return how many times too large an estimate may be, but for one case in millions.

    An estimate of n households is n / width times a chi-square of `width` degrees of freedom, with lighter tails for
    small n; the bound is the Wilson-Hilferty approximation (PNAS 1931).

    Parameters
    ----------
    chance_sd : float
        How unlikely a larger estimate must be, in standard deviations of a normal; 5 is one in 3.5 million.
    """
    part = 2 / (9 * width)
    return float((1 - part + chance_sd * part**0.5) ** 3)
