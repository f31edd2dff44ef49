"""Vectors of all partitions in one file whose bytes do not tell how it was made."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import analyzer
from analyzer.workflow.merge import regrouped


@given(sizes=st.lists(st.integers(0, 30), max_size=12), rows=st.integers(1, 25))
def test_wherever_batches_end_row_groups_are_of_one_size(sizes: list[int], rows: int) -> None:
    numbers = pa.table({"n": pa.array(range(sum(sizes)), pa.int64())})
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    batches = [
        pa.RecordBatch.from_arrays([numbers["n"].slice(end - size, size).combine_chunks()], ["n"])
        for end, size in zip(ends, sizes, strict=True)
    ]
    tables = list(regrouped(batches, rows))
    found = [number for table in tables for number in table["n"].to_pylist()]
    assert found == list(range(sum(sizes)))
    assert all(len(table) == rows for table in tables[:-1])
    assert all(len(table) <= rows for table in tables[-1:])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_of_several_row_groups_is_the_same_in_memory_and_through_partitions(
    tmp_path: Path, workers: int
) -> None:
    viewers = 150_000  # as many vectors: more than two row groups
    frame = pd.DataFrame(
        {
            "viewer_id": [f"v{i * 7919 % viewers:06d}" for i in range(viewers)],
            "title_id": "film",
            "started_at": pd.Timestamp("2024-01-01 20:00", tz="UTC"),
            "played_s": 3600.0,
        }
    )
    analyzer.write_features(frame, tmp_path / "memory.parquet", memory="4GB")
    analyzer.write_features(frame, tmp_path / "disk.parquet", memory="64MB", workers=workers)
    assert (tmp_path / "memory.parquet").read_bytes() == (tmp_path / "disk.parquet").read_bytes()
    assert pq.ParquetFile(tmp_path / "disk.parquet").num_row_groups == 3
