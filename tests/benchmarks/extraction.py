"""The whole catalog from a Parquet file, beside the same features in pandas, Polars and DuckDB SQL.

    python tests/benchmarks/extraction.py [VIEWERS] [--folder FOLDER] [--turns 3]

100,000 viewers, the default, make ten million sessions in order of time. Every contestant gets the same file and
returns a DataFrame with all features that session rows can tell (those of navigation need player events and are null,
see `events.py`); each is first checked to be equal to ours. We also check every row, look for duplicates and keep
households; the others take the rows as they are. `floor` reads the file and sorts it once.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import contest
import numpy as np
import pandas as pd
from contestants import in_memory
from sessions_file import make

from analyzer.features.catalog import Family, select

OURS = "analyzer, in memory"
PEERS = {
    "Polars (lazy)": "with_polars:vectors",
    "DuckDB SQL": "with_duckdb:vectors",
    "pandas, by an expert": "with_pandas:vectors",
    "pandas, idiomatic": "with_pandas_idioms:vectors",
}
CONTESTANTS = {
    OURS: "contestants:in_memory",
    "analyzer, file to file": "contestants:to_file",
    "floor: read and sort once": "contestants:floor",
    **PEERS,
}
WARM_VIEWERS = 2_000


def check_equal(path: Path) -> int:
    """Raise where a peer's features are not ours; return how many features were compared."""
    sys.path.insert(0, str(contest.HERE / "peers"))
    told = [spec.name for spec in select() if spec.family is not Family.NAVIGATION]
    ours = in_memory(str(path))
    if not ours.drop(columns=told).isna().all(axis=None):
        raise SystemExit("session rows tell of navigation, which no peer computes")
    ours = ours[told]
    for name, call in PEERS.items():
        module = __import__(call.split(":")[0])
        theirs = module.vectors(str(path))
        pd.testing.assert_index_equal(theirs.index, ours.index, check_names=False, exact=False)
        for feature in ours.columns:
            np.testing.assert_allclose(
                theirs[feature], ours[feature], rtol=1e-9, atol=1e-9, equal_nan=True, err_msg=f"{name}: {feature}"
            )
    return ours.shape[1]


def main() -> None:
    """Measure the size that the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("viewers", nargs="?", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "analyzer-benchmarks")
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    path, warm = given.folder / f"sessions-{given.viewers}.parquet", given.folder / f"sessions-{WARM_VIEWERS}.parquet"
    rows, _ = make(given.viewers, path), make(WARM_VIEWERS, warm)
    contest.print_versions("numpy", "pandas", "pyarrow", "polars", "duckdb")
    print(f"{rows:,} sessions of {given.viewers:,} viewers; {check_equal(warm)} features, equal in all five")
    measured = contest.measure(CONTESTANTS, path, warm, given.turns)
    contest.print_table(measured, OURS)
    ratio = measured[OURS].seconds / measured["floor: read and sort once"].seconds
    print(f"ours takes {ratio:.2f} x the floor")


if __name__ == "__main__":
    main()
