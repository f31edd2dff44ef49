"""The array types of the kernel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
"""Ranks of names; -1 is null. Half the width of `Ints`, for memory is what a reduction waits for."""
Bools = npt.NDArray[np.bool_]
