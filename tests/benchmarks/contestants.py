"""What `extraction.py`, `scale.py` and `engines.py` time of ours, and the floor under it: functions of a path."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import analyzer

NEEDED = [
    "viewer_id", "title_id", "series_id", "started_at", "played_s", "runtime_s", "end_position_s", "utc_offset_min",
    "autoplay", "content_kind", "hidden",
]  # fmt: skip
NAMES = ["viewer_id", "title_id", "series_id", "content_kind"]


def in_memory(path: str) -> pd.DataFrame:
    """Read, check and extract in memory."""
    return analyzer.extract_features(analyzer.read_sessions(path))


def read_only(path: str) -> analyzer.Sessions:
    """Read and check."""
    return analyzer.read_sessions(path)


def to_file(path: str) -> int:
    """Read, check, split, extract and write, as `analyzer features` does, in the memory that the environment says."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_FOLDER")) as folder:
        out = Path(folder) / "vectors.parquet"
        return analyzer.write_features(path, out, memory=os.environ.get("BENCHMARK_MEMORY", "2GB")).vectors


def floor(path: str) -> np.ndarray:
    """Read the file and sort it once by viewer, title and time: what no extraction can do without."""
    table = pq.read_table(path, columns=NEEDED, read_dictionary=NAMES).unify_dictionaries()
    viewer, title = (table[name].combine_chunks().indices.to_numpy().astype(np.int64) for name in NAMES[:2])
    second = table["started_at"].cast(pa.int64()).to_numpy() // 1_000_000
    second -= second.min()
    packed, width = viewer, 0
    for key in (title, second):
        width = int(key.max()).bit_length()
        packed = (packed << width) | key
    return np.argsort(packed)
