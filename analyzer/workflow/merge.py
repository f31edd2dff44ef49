"""Vectors of all partitions sorted into one Parquet file, within a memory limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from analyzer.features.kernel import Plan, vector_schema
from analyzer.workflow.tables import VECTOR_GROUP_ROWS, vector_metadata

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
        batches = rows.order("viewer_id, window_start").to_arrow_reader(VECTOR_GROUP_ROWS)
        for table in regrouped((batch.cast(schema) for batch in batches), VECTOR_GROUP_ROWS):
            writer.write_table(table, row_group_size=VECTOR_GROUP_ROWS)
            count += table.num_rows
    return count


def regrouped(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """Yield tables of exactly `rows` rows, the last one of what is left: where batches end is a matter of chance."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        while sum(one.num_rows for one in held) >= rows:
            table = pa.Table.from_batches(held)
            yield table.slice(0, rows)
            held = table.slice(rows).to_batches()
    if held:
        yield pa.Table.from_batches(held)
