"""What is kept of a group of households after its number has left: enough to see overlap, too little to list anybody.

A sketch is the number of households of a group and, for each of `WIDTH` secret coins, how many of them show heads. It
is linear: what is added and subtracted of groups can be added and subtracted of their sketches. With heads as +1 and
tails as -1 the mean square of a combined sketch estimates the sum over all households of the square of how often each
is left over, which for two groups is the number of households in one of them only (Alon, Matias and Szegedy, The space
complexity of approximating the frequency moments, STOC 1996). It is exactly 0 for the same group and exactly 1 for one
household; its relative standard deviation is at most sqrt(2 / WIDTH).

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
from analyzer.errors import InputError
from analyzer.grouping.arrays import Floats, Ints

WIDTH: Final = 128  # coins; more would estimate better and say more about single households
KEY_BYTES: Final = 32
ROW_BYTES: Final = 8 + 4 * WIDTH  # of a sketch that is kept: its households, then its coins
STEPS_PER_UNIT: Final = 1_000  # contributions that differ by less than half a step are the same
_ROWS_AT_ONCE: Final = 1 << 16  # 8 MB of coins

Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Sketches:
    """Sketches of groups, one a row.

    Attributes
    ----------
    households : ndarray of int64, shape (n_groups,)
        Distinct households of each group.
    heads : ndarray of int32, shape (n_groups, WIDTH)
        How many of them show heads, coin by coin.
    """

    households: Ints
    heads: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.households)

    @cached_property
    def signed(self) -> Floats:
        """Heads less tails, float64 of shape (n_groups, WIDTH): exact whole numbers."""
        return np.asarray(2.0 * self.heads - self.households[:, None], dtype=np.float64)

    def take(self, rows: npt.NDArray[Any]) -> Sketches:
        """Return the sketches of some rows, given by number or mask."""
        return Sketches(self.households[rows], self.heads[rows])

    def as_bytes(self) -> tuple[bytes, ...]:
        """Return each row as `ROW_BYTES` bytes of little-endian numbers; `from_bytes` reads them."""
        return tuple(
            int(count).to_bytes(8, "little") + row.tobytes()
            for count, row in zip(self.households, self.heads.astype("<i4"), strict=True)
        )


def from_bytes(rows: Iterable[bytes]) -> Sketches:
    """Return the sketches that `Sketches.as_bytes` wrote.

    Raises
    ------
    InputError
        When a row has another length, or more heads than households: it was written with another width, or is damaged.
    """
    told = list(rows)
    if any(len(row) != ROW_BYTES for row in told):
        raise InputError(
            f"A sketch in the ledger is not {ROW_BYTES} bytes long.", "The ledger is damaged or from another version."
        )
    table = np.frombuffer(b"".join(told), np.uint8).reshape(len(told), ROW_BYTES)
    counts = np.ascontiguousarray(table[:, :8]).view("<i8").ravel().astype(np.int64)
    heads = np.ascontiguousarray(table[:, 8:]).view("<i4").astype(np.int32)
    if (heads < 0).any() or (heads > counts[:, None]).any():
        raise InputError(
            "A sketch in the ledger counts more heads than households.", "The ledger is damaged; restore a copy of it."
        )
    return Sketches(counts, heads)


def joined(parts: Iterable[Sketches]) -> Sketches:
    """Return the rows of several sketches as one."""
    given = list(parts)
    if not given:
        return Sketches(np.zeros(0, np.int64), np.zeros((0, WIDTH), np.int32))
    return Sketches(np.concatenate([p.households for p in given]), np.concatenate([p.heads for p in given]))


def sketch_groups(
    group: Ints, household: npt.NDArray[Any] | pd.Series, n_groups: int, key: bytes, contribution: Floats | None = None
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
    contribution : ndarray of float64, shape (n_rows,), optional
        For totals. What is sketched then is each household together with its sum, to a thousandth of the unit, so that
        a household whose sum changed counts as two: as the one that left and as the one that came.

    Raises
    ------
    InputError
        When the key is too short, a household is missing, or a contribution is no finite number.
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
    pairs, totals = _pairs(np.asarray(group, np.int64) * max(len(ids), 1) + codes, contribution)
    of_group, of_household = np.divmod(pairs, max(len(ids), 1))
    words = _words(ids, key)[of_household]
    if totals is not None:
        words = _mixed(words, np.rint(totals * STEPS_PER_UNIT).astype(np.int64).view(np.uint64))
    return Sketches(
        np.bincount(of_group, minlength=n_groups).astype(np.int64), _heads(of_group, words.view(np.uint8), n_groups)
    )


def _pairs(pair: Ints, contribution: Floats | None) -> tuple[Ints, Floats | None]:
    """Return the distinct pairs of group and household in order, and each pair's contribution."""
    if contribution is None:
        ordered = np.sort(pair)
        return ordered[np.diff(ordered, prepend=-1) > 0], None
    if not np.isfinite(contribution).all():
        raise InputError("A contribution to a total is no finite number.", "Drop the row, or give its number.")
    return sums(pair, contribution)


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


def _mixed(words: Words, number: Words) -> Words:
    """Return other secret bits for each pair of words and a number (SplitMix64's finaliser, Steele et al. 2014)."""
    bits = (words + number[:, None] * np.uint64(0x9E3779B97F4A7C15)) ^ (words >> np.uint64(29))
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
