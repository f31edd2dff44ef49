"""Make a large file of sessions as a service would log it: in order of time, names as plain text.

    python tests/benchmarks/sessions_file.py VIEWERS OUT.parquet [--days 40] [--seed 11]

A hundred sessions a viewer in 40 days: 100,000 viewers make ten million. The synthetic population is written viewer by
viewer; sorting it by time spreads each viewer over the whole file, which is how logs are and what costs time.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import duckdb

from analyzer.sessions.synthetic import Population, write_parquet

TEXTS = ("viewer_id", "household_id", "title_id", "series_id", "content_kind")
OTHERS = ("started_at", "played_s", "runtime_s", "end_position_s", "utc_offset_min", "autoplay", "hidden")


def make(viewers: int, out: Path, days: int = 40, seed: int = 11) -> int:
    """Write the file, unless it is there already; return the number of rows."""
    if out.exists():
        return int(duckdb.read_parquet(str(out)).shape[0])
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        unsorted, draft = Path(folder) / "unsorted.parquet", Path(folder) / "draft.parquet"
        rows = write_parquet(Population(viewers, days, seed), unsorted)
        config = {"memory_limit": "6GB", "temp_directory": folder}
        with duckdb.connect(":memory:", config=config) as connection:
            columns = ", ".join([*(f"{name}::varchar AS {name}" for name in TEXTS), *OTHERS])
            connection.execute("SET TimeZone = 'UTC'")
            in_order = connection.read_parquet(str(unsorted)).project(columns).order("started_at")
            in_order.write_parquet(str(draft), compression="zstd", row_group_size=1_000_000)
        draft.replace(out)
    return rows


def main() -> None:
    """Make the file that the command line describes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("viewers", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--days", type=int, default=40)
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args()
    print(f"{make(given.viewers, given.out, given.days, given.seed):,} rows: {given.out}")


if __name__ == "__main__":
    main()
