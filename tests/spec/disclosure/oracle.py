"""What everybody can find out of a small table, by trying every table that looks like it."""

from __future__ import annotations

from itertools import product

Table = tuple[tuple[int, ...], ...]


def with_margins(leaves: Table) -> Table:
    rows = [(*row, sum(row)) for row in leaves]
    return (*rows, tuple(map(sum, zip(*rows, strict=True))))


def bounds(table: Table, withheld: frozenset[tuple[int, int]]) -> dict[tuple[int, int], tuple[int, int]]:
    """The least and the largest value of each withheld cell among all tables that agree with the published cells."""
    rows, columns = len(table) - 1, len(table[0]) - 1
    most = table[-1][-1]  # tried only where the grand total is published
    inside = [(i, j) for i in range(rows) for j in range(columns)]
    free = [cell for cell in inside if cell in withheld]
    seen: dict[tuple[int, int], list[int]] = {cell: [] for cell in withheld}
    for values in product(range(most + 1), repeat=len(free)):
        told = dict(zip(free, values, strict=True))
        leaves = tuple(tuple(told.get((i, j), table[i][j]) for j in range(columns)) for i in range(rows))
        full = with_margins(leaves)
        if all(
            full[i][j] == table[i][j] for i in range(rows + 1) for j in range(columns + 1) if (i, j) not in withheld
        ):
            for i, j in withheld:
                seen[i, j].append(full[i][j])
    return {cell: (min(values), max(values)) for cell, values in seen.items()}


def unsafe_cells(counts: dict[str, int], floor: int) -> set[str]:
    return {label for label, count in counts.items() if 0 < count < floor}


def dominated(amounts: list[int], n: int, percent: int) -> bool:
    return 100 * sum(sorted(amounts, reverse=True)[:n]) >= percent * sum(amounts)


def too_well_known(amounts: list[int], percent: int) -> bool:
    first, _, *rest = [*sorted(amounts, reverse=True), 0]
    return 100 * sum(rest) < percent * first


def half_up(count: int, base: int) -> int:
    below = max(multiple for multiple in range(0, count + 1, base))
    return below if 2 * (count - below) < base else below + base
