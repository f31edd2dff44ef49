"""What commands call the files that they make, where nobody names them."""

from __future__ import annotations

from typing import Final

LEDGER: Final = "ledger.sqlite"
"""A ledger in this folder, or in the results of a run."""
