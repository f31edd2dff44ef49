"""Vectors of all partitions sorted into one Parquet file, within a memory limit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb
import pyarrow.parquet as pq

from analyzer.features.kernel import Plan, vector_schema
from analyzer.workflow.tables import vector_metadata

_BATCH_ROWS: Final = 1 << 16
_LEAST_MEMORY: Final = 256 << 20


def merge(parts: Sequence[Path], target: Path, spill: Path, plan: Plan, *, memory_bytes: int, threads: int) -> int:
    """Sort the vectors of all parts by viewer and window into the Parquet file `target`; return how many there are.

    Parameters
    ----------
    parts : sequence of Path
        Parquet files of vectors, each with whole viewers.
    target, spill : Path
        The file to write, and a folder for what does not fit into memory.
    plan : Plan
    memory_bytes, threads : int
        What DuckDB may use.
    """
    schema = vector_schema(tuple(spec.name for spec in plan.specs)).with_metadata(vector_metadata(plan.window))
    memory = max(memory_bytes // 2, _LEAST_MEMORY)  # beside its own, DuckDB's limit leaves room for what is written
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory >> 20}MiB",
        "temp_directory": str(spill),
        "threads": threads,
    }
    count = 0
    with duckdb.connect(":memory:", config=config) as connection, pq.ParquetWriter(target, schema) as writer:
        connection.execute("SET TimeZone = 'UTC'")
        columns = ", ".join(f'"{name}"' for name in schema.names)
        rows = connection.read_parquet([str(part) for part in parts]).filter("viewer_id IS NOT NULL").project(columns)
        for batch in rows.order("viewer_id, window_start").to_arrow_reader(_BATCH_ROWS):
            writer.write_batch(batch.cast(schema))
            count += batch.num_rows
    return count
