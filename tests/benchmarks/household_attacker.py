"""Somebody who knows which households are behind every released cell, and combines cells until few are left over.

Nothing here uses sketches or any code of the package: cells are rows of a matrix with a column a household, holding 1
where it is counted, or its minutes where minutes are told. Whole numbers of cells are added and subtracted, and at the
end any multiples: whatever lies in the span of the rows can be computed (`spanned`), and what it is about few
households is searched for by making it sparse (`sparse`).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np

NEAREST = 7  # cells of an exhaustive search: 3^7 combinations each
STARTS = 6  # such searches
DIFFERENCES = 120
COINS = np.random.default_rng(2017).random(NEAREST + 1)
TINY = 1e-9
SEEDS = 8  # households that a sparse combination is searched for
WEIGHINGS = 15
ALMOST = 1e-7  # of a unit that lies in the span


@dataclass
class Found:
    """Distinct sets of households that were isolated, by the attack that found them first."""

    floor: int
    by: dict[frozenset[int], str] = field(default_factory=dict)

    def look(self, how: str, left: np.ndarray) -> None:
        """Write down each row that is not zero for some households but fewer than the floor."""
        inside = np.abs(left) > TINY
        size = inside.sum(axis=1)
        for row in np.flatnonzero((size > 0) & (size < self.floor)):
            self.by.setdefault(frozenset(np.flatnonzero(inside[row]).tolist()), how)

    @property
    def people(self) -> set[int]:
        """Households in any of the sets."""
        return set(itertools.chain.from_iterable(self.by))


def attack(releases: list[np.ndarray], layers: list[list[np.ndarray]], floor: int) -> Found:
    """Return what all attacks find in releases of one measure.

    Parameters
    ----------
    releases : list of arrays, shape (cells, households)
        Of each release, the cells that left.
    layers : list of lists of arrays of int
        Of each release, cells that share no household.
    floor : int
    """
    found = Found(floor)
    told = [cells for cells in releases if len(cells)]
    if not told:
        return found
    cells = np.unique(np.concatenate(told), axis=0)
    cells = cells[cells.any(axis=1)]
    found.look("alone", cells)
    near = pairs(found, cells)
    unions(found, releases, layers)
    differences(found, cells, near)
    pursuit(found, cells, near)
    lattice(found, cells)
    spanned(found, cells)
    return found


def pairs(found: Found, cells: np.ndarray) -> np.ndarray:
    """Subtract every cell from every other; return the shortest differences."""
    kept = []
    for row in range(len(cells) - 1):
        left = cells[row] - cells[row + 1 :]
        found.look("pair", left)
        size, own = (np.abs(left) > TINY).sum(axis=1), (np.abs(cells[row]) > TINY).sum()
        kept.append(left[(size > 0) & (size < own)])
    every = np.concatenate(kept) if kept else cells[:0]
    size = (np.abs(every) > TINY).sum(axis=1)
    return every[np.argsort(size, kind="stable")[:DIFFERENCES]]


def unions(found: Found, releases: list[np.ndarray], layers: list[list[np.ndarray]]) -> None:
    """Subtract from a cell those parts of another release that lie mostly in it, and add back own ones."""
    for (i, target), (j, other) in itertools.product(enumerate(releases), enumerate(releases)):
        if not len(target) or not len(other):
            continue
        for layer in layers[j]:
            for own in layers[i] if i != j else [layer[:0]]:
                for row in range(len(target)):
                    peeled(found, target[row], np.concatenate([other[layer], -target[own[own != row]]]))


def peeled(found: Found, left: np.ndarray, parts: np.ndarray) -> None:
    norms = (parts * parts).sum(axis=1)
    chosen = np.zeros(len(parts), dtype=bool)
    for _ in range(3):
        gain = np.where(chosen, -1, 1) * 2 * (parts @ left) - norms
        flip = gain > 0
        if not flip.any():
            return
        left = left - np.where(chosen[flip], -1, 1) @ parts[flip]
        chosen ^= flip
        found.look("union", left[None, :])


def differences(found: Found, cells: np.ndarray, near: np.ndarray) -> None:
    """Subtract differences from each other, and add and subtract them from cells."""
    for row in range(len(near)):
        found.look("difference of differences", near[row] - near[row + 1 :])
        found.look("difference of differences", near[row] + near[row + 1 :])
        found.look("three cells", cells - near[row])
        found.look("three cells", cells + near[row])


def pursuit(found: Found, cells: np.ndarray, near: np.ndarray) -> None:
    """From every cell and difference, add or subtract what makes it shortest, again and again."""
    pool = np.concatenate([cells, near])
    norms = (pool * pool).sum(axis=1)
    left = pool.copy()
    for _ in range(8):
        inner = left @ pool.T
        after = (left * left).sum(axis=1)[:, None] + norms - 2 * np.abs(inner)
        after[after <= TINY] = np.inf
        best = after.argmin(axis=1)
        shorter = after[np.arange(len(left)), best] < (left * left).sum(axis=1) - TINY
        if not shorter.any():
            return
        left, best, inner = left[shorter], best[shorter], inner[shorter]
        left = left - np.sign(inner[np.arange(len(left)), best])[:, None] * pool[best]
        found.look("pursuit", left)


def lattice(found: Found, cells: np.ndarray) -> None:
    """Try all combinations of a cell with its nearest ones, each added, subtracted or left out."""
    sizes = (cells * cells).sum(axis=1)
    apart = sizes[:, None] + sizes - 2 * (cells @ cells.T)
    near = min(NEAREST, len(cells) - 1)
    times = np.array(list(itertools.product((-1.0, 0.0, 1.0), repeat=near)))
    closest = np.sort(apart, axis=1)[:, 1 : near + 1].sum(axis=1) / np.maximum(sizes, 1)
    for row in np.argsort(closest, kind="stable")[:STARTS]:
        some = cells[np.argsort(apart[row], kind="stable")[: near + 1]]
        # Households that are in the same of these cells, with the same minutes, are one column.
        _, first, alike = np.unique(some.T @ COINS[: len(some)], return_index=True, return_inverse=True)
        left = some[0, first] + times @ some[1:, first]
        size = (np.abs(left) > TINY) @ np.bincount(alike)
        hits = np.flatnonzero((size > 0) & (size < found.floor))
        found.look("lattice", left[hits][:, alike])


def spanned(found: Found, cells: np.ndarray) -> None:
    """Find whoever lies in the span of the cells: one kind of household, two kinds, or few by a sparse combination.

    Households with the same numbers in all cells are of one kind, and cannot be told apart by anybody.
    """
    kinds, alike, size = np.unique(cells.T, axis=0, return_inverse=True, return_counts=True)
    some = kinds.any(axis=1)
    _, scale, basis = np.linalg.svd(kinds.T, full_matrices=False)
    basis = basis[scale > 1e-9 * scale[0]].T  # orthonormal columns, a row a kind
    reach = (basis * basis).sum(axis=1)  # 1 where a kind can be told exactly, whatever its size

    def told(how: str, groups: list[list[int]]) -> None:
        for group in groups:
            found.look(how, np.isin(alike, group)[None, :].astype(float))

    small = np.flatnonzero(some & (size < found.floor))
    told("span", [[kind] for kind in small[reach[small] > 1 - ALMOST].tolist()])
    near = small[(reach[small] > 0.5 - ALMOST) & (reach[small] < 1 - ALMOST)]  # two kinds have at least 1 together
    inner = basis[near] @ basis[small].T
    mean, half = (reach[near, None] + reach[small]) / 2, (reach[near, None] - reach[small]) / 2
    both = (mean + np.sqrt(half**2 + inner**2) > 1 - ALMOST) & (near[:, None] != small)
    both &= (size[near, None] + size[small] < found.floor) & (reach[small] < 1 - ALMOST)
    told("span of two", [[int(near[a]), int(small[b])] for a, b in np.argwhere(both)])
    for kind in near[np.argsort(-reach[near], kind="stable")][:SEEDS].tolist():
        told("sparse", [sparse(basis, size, kind)])


def sparse(basis: np.ndarray, size: np.ndarray, kind: int) -> list[int]:
    """Return the kinds of a combination that holds this one and few households (iteratively reweighted least squares).

    Chartrand and Yin, ICASSP 2008. What is nearly 0 at the end is only left out where the rest lies in the span.
    """
    weight = size.astype(float)
    for turn in range(WEIGHINGS):
        way = np.linalg.solve(basis.T @ (weight[:, None] * basis) + 1e-12 * np.eye(basis.shape[1]), basis[kind])
        left = basis @ way / (basis[kind] @ way)
        weight = size / (left * left + 10.0 ** (-2 - turn / 2))
    group = np.flatnonzero(np.abs(left) > 1e-3)
    reach = np.linalg.norm(basis[group], 2) ** 2
    return group.tolist() if reach > 1 - ALMOST else np.flatnonzero(np.abs(left) > TINY).tolist()
