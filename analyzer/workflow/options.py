"""How features are extracted: which, by how many workers, in how much memory."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from joblib import cpu_count
from joblib.parallel import BACKENDS

from analyzer.errors import InputError, did_you_mean
from analyzer.features.catalog import select
from analyzer.features.windows import Window

BYTES_PER_ROW: Final = 1_200
"""Measured peak of splitting or extracting a row, everything included; docs/decisions/0010-larger-than-memory.md."""
DEFAULT_MEMORY: Final = 2 << 30
_LEAST_MEMORY: Final = 64 << 20
_LEAST_ROWS: Final = 1_000
_MOST_ROWS: Final = 1 << 20


@dataclass(frozen=True)
class ExtractOptions:
    """How features are extracted.

    Attributes
    ----------
    window : Window
    features : tuple of str
        Names from the catalog.
    workers : int, optional
        As many as there are cores by default.
    backend : str, optional
        A joblib backend such as "threading" or "loky". By default what `joblib.parallel_config` says, else threads.
    memory_bytes : int
        About how much memory may be used; at least one viewer's sessions must fit.
    fresh : bool
        Start over, whatever an earlier run has finished.
    """

    window: Window = field(default_factory=Window)
    features: tuple[str, ...] = field(default_factory=lambda: tuple(spec.name for spec in select()))
    workers: int | None = None
    memory_bytes: int = DEFAULT_MEMORY
    fresh: bool = False
    backend: str | None = None

    def __post_init__(self) -> None:
        if self.backend is not None and self.backend not in BACKENDS:
            raise InputError(
                f"joblib has no backend {self.backend!r}.",
                did_you_mean(self.backend, sorted(BACKENDS)) or f"It has {', '.join(sorted(BACKENDS))}.",
            )

    @cached_property
    def jobs(self) -> int:
        """How many pieces or partitions are worked on at a time."""
        return self.workers or int(cpu_count())

    @property
    def rows_in_memory(self) -> int:
        """The largest source that does not go through disk: nothing would be gained, and little lost in a kill."""
        return min(self.memory_bytes // BYTES_PER_ROW, _MOST_ROWS)

    @property
    def rows_at_a_time(self) -> int:
        """How many rows a worker may hold."""
        return min(max(self.memory_bytes // (self.jobs * BYTES_PER_ROW), _LEAST_ROWS), _MOST_ROWS)


def memory_bytes_of(text: str) -> int:
    """Read a memory limit such as "4GB", "512MB" or "1.5 GiB" as bytes.

    Raises
    ------
    InputError
        When it is none, or less than 64 MB.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT])i?B?\s*", text, re.IGNORECASE)
    size = float(match[1]) * 1024 ** (1 + "KMGT".index(match[2].upper())) if match else 0.0
    if not _LEAST_MEMORY <= size < 2**63:
        raise InputError(f"{text!r} is not a memory limit.", "Give one of at least 64MB, such as 512MB or 4GB.")
    return int(size)
