"""From a Parquet file of player events to sessions and features, beside the same in pandas.

    python tests/benchmarks/events.py [MILLION_EVENTS ...] [--by-time] [--folder FOLDER] [--turns 3]

1 and 4 million events by default: 28 days of 357 and 1,428 viewers of the synthetic population. Two peers are measured:
"pandas, by hand" is what a researcher writes in an afternoon (`peers/events_with_pandas_idioms.py`), "pandas, squeezed"
is as fast as pandas and numpy allow (`peers/events_with_pandas.py`). Ours checks every row and reads the words of any
player; the peers take the rows as they are and know only the words that this population's players use. Ours returns all
features, the peers those of navigation. All sessions and features are first checked to be equal, on each file that is
measured. The file holds session after session; with `--by-time` its rows are in order of time and its names plain text,
as a service would log them.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import contest
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import analyzer
from analyzer.sessions.synthetic import Population
from analyzer.sessions.synthetic_events import event_batches

DAYS, VIEWERS_A_MILLION, WARM_VIEWERS, GROUP_ROWS = 28, 357, 60, 1_000_000
KEYS = ["viewer_id", "session_id"]
Value = TypeVar("Value")
PEERS = {"pandas, by hand": "events_with_pandas_idioms", "pandas, squeezed": "events_with_pandas"}
FEATURES, SESSIONS = "analyzer: features", "analyzer: sessions"
CONTESTANTS = {
    FEATURES: "events:to_features",
    SESSIONS: "events:to_sessions",
    **{f"{peer}: navigation": f"{module}:navigation" for peer, module in PEERS.items()},
    **{f"{peer}: sessions": f"{module}:sessions" for peer, module in PEERS.items()},
}


def to_sessions(path: str) -> analyzer.Sessions:
    """Read and check events; return sessions."""
    return analyzer.read_sessions(events=path, pseudonyms=False)


def to_features(path: str) -> pd.DataFrame:
    """Read and check events; return all features."""
    return analyzer.extract_features(to_sessions(path))


def make(viewers: int, out: Path, by_time: bool) -> None:
    """Write the events of some viewers, unless the file is there already."""
    if out.exists():
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_suffix(".draft")
    tables = (events for _, events, _ in event_batches(Population(viewers, DAYS)))
    if by_time:
        tables = iter([_in_order_of_time(tables)])
    first = next(tables)
    with pq.ParquetWriter(draft, first.schema, compression="zstd") as writer:
        writer.write_table(first, row_group_size=GROUP_ROWS)
        for table in tables:
            writer.write_table(table, row_group_size=GROUP_ROWS)
    draft.replace(out)


def _in_order_of_time(tables: Iterator[pa.Table]) -> pa.Table:
    """Return all events by the moment at which they happened; a session's start alone tells when it began."""
    table = pa.concat_tables([_as_text(table) for table in tables])
    began_us = pc.fill_null_forward(table["started_at"].combine_chunks()).cast(pa.int64()).to_numpy()
    order = np.argsort(began_us + table["t_ms"].to_numpy().astype(np.int64) * 1000, kind="stable")
    return table.take(pa.array(order))


def _as_text(table: pa.Table) -> pa.Table:
    plain = [f.with_type(pa.string()) if pa.types.is_dictionary(f.type) else f for f in table.schema]
    return table.cast(pa.schema(plain))


def check_equal(path: Path) -> tuple[int, int, int]:
    """Raise where a peer's sessions or features are not ours; return how many sessions, measures and features."""
    sys.path.insert(0, str(contest.HERE / "peers"))
    ours = to_sessions(str(path))
    rows, vectors = _by_keys(ours.to_pandas()), analyzer.extract_features(ours)
    for module in PEERS.values():
        peer = importlib.import_module(module)
        theirs, features = _by_keys(peer.sessions(str(path))), peer.navigation(str(path))
        if not theirs.index.is_unique or ours.events is None or len(theirs) != ours.events.sessions:
            raise ValueError(f"{path}: {module} finds {len(theirs):,} sessions, we find {ours.events}.")
        _compare(theirs.loc[rows.index], rows)
        pd.testing.assert_index_equal(features.index, vectors.index, check_names=False, exact=False)
        _compare(features, vectors)
    return len(theirs), theirs.shape[1], features.shape[1]


def _by_keys(sessions: pd.DataFrame) -> pd.DataFrame:
    return sessions.astype(dict.fromkeys(KEYS, "str")).set_index(KEYS)


def _compare(theirs: pd.DataFrame, ours: pd.DataFrame) -> None:
    for name in theirs.columns:
        expected = ours[name].astype("float64")
        np.testing.assert_allclose(theirs[name], expected, rtol=1e-9, atol=1e-9, equal_nan=True, err_msg=name)


def _apart(work: Callable[..., Value], *given: object) -> Value:
    """Call a function in a process of its own: a contestant's peak is never below that of the process it begins in."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, *given).result()


def run(millions: float, given: argparse.Namespace) -> None:
    """Check and measure one size."""
    kind = "by-time" if given.by_time else "by-session"
    viewers = max(round(millions * VIEWERS_A_MILLION), 1)
    path, warm = (given.folder / f"events-{kind}-{count}.parquet" for count in (viewers, WARM_VIEWERS))
    for count, file in ((viewers, path), (WARM_VIEWERS, warm)):
        _apart(make, count, file, given.by_time)
    events, size = pq.read_metadata(path).num_rows, path.stat().st_size / 1e6
    sessions, measures, features = _apart(check_equal, path)
    print(f"\n{events:,} events {kind.replace('-', ' ')}, {sessions:,} sessions of {viewers:,} viewers, {size:.1f} MB;")
    print(f"{measures} measures of each session and {features} features of each vector are equal in all")
    measured = contest.measure(CONTESTANTS, path, warm, given.turns)
    contest.print_table(measured, FEATURES)
    for name, one in measured.items():
        print(f"{name:28} {events / one.seconds / 1e6:9.2f} million events/s")
    seconds = {name: one.seconds for name, one in measured.items()}
    for peer in PEERS:
        navigation = seconds[FEATURES] / seconds[f"{peer}: navigation"]
        sessions_only = seconds[SESSIONS] / seconds[f"{peer}: sessions"]
        print(f"ours takes {navigation:.2f} x {peer!r} to features, {sessions_only:.2f} x to sessions")


def main() -> None:
    """Measure the sizes that the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("millions", nargs="*", type=float, default=[1.0, 4.0])
    parser.add_argument("--by-time", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "analyzer-benchmarks")
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    contest.print_versions("numpy", "pandas", "pyarrow")
    for millions in given.millions:
        run(millions, given)


if __name__ == "__main__":
    main()
