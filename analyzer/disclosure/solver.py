"""Linear and integer programs, solved by HiGHS (Huangfu and Hall, Mathematical Programming Computation 2018)."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

import numpy as np

from analyzer.grouping.arrays import Floats

if TYPE_CHECKING:
    from scipy.sparse import csc_array

WHOLE: Final = 1e-6
"""How far from a whole number a solver's whole number may lie."""
_INFEASIBLE: Final = 2
_UNBOUNDED: Final = 3
_UNDECIDED: Final = 4


class Nothing(Enum):
    """Why there is no solution."""

    IMPOSSIBLE = "impossible"
    UNBOUNDED = "unbounded"
    GAVE_UP = "gave up"


def least(
    cost: Floats,
    matrix: csc_array,
    rows: tuple[Floats, Floats],
    bounds: tuple[Floats, Floats],
    *,
    whole: bool = False,
    nodes: int | None = None,
) -> Floats | Nothing:
    """Return the x of least ``cost @ x`` with ``rows[0] <= matrix @ x <= rows[1]`` and ``bounds[0] <= x <= bounds[1]``.

    Parameters
    ----------
    whole : whether x must consist of whole numbers.
    nodes : branches that may be tried, where it must; None is all. Never a limit of time: the same input has the same
        answer on every machine.
    """
    if not len(cost):
        inside = bool((rows[0] <= 0).all() and (rows[1] >= 0).all())
        return np.zeros(0) if inside else Nothing.IMPOSSIBLE
    answer = _solve(cost, matrix, rows, bounds, whole, nodes, presolve=True)
    if answer is None:
        answer = _solve(cost, matrix, rows, bounds, whole, nodes, presolve=False)
    return Nothing.GAVE_UP if answer is None else answer


def _solve(
    cost: Floats,
    matrix: csc_array,
    rows: tuple[Floats, Floats],
    bounds: tuple[Floats, Floats],
    whole: bool,
    nodes: int | None,
    presolve: bool,
) -> Floats | Nothing | None:
    from scipy.optimize import Bounds, LinearConstraint, milp

    options: dict[str, float] = {} if presolve else {"presolve": False}
    if whole:
        options |= {"mip_rel_gap": 0.0} if nodes is None else {"mip_rel_gap": 0.0, "node_limit": nodes}
    done = milp(
        cost,
        integrality=np.full(len(cost), int(whole)),
        bounds=Bounds(*bounds),
        constraints=[LinearConstraint(matrix, *rows)] if matrix.shape[0] else [],
        options=options,  # type: ignore[arg-type]
    )
    if done.x is not None and done.status == 0:
        return np.asarray(done.x, dtype=np.float64)
    if done.status == _UNDECIDED:
        return None
    return {_INFEASIBLE: Nothing.IMPOSSIBLE, _UNBOUNDED: Nothing.UNBOUNDED}.get(done.status, Nothing.GAVE_UP)
