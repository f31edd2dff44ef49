"""Sessions split into partitions of whole viewers on disk, and what the viewers of each partition did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from joblib import Parallel, delayed

from analyzer.messages.facts import Facts, facts_of
from analyzer.sessions.door import Summary
from analyzer.sessions.kept import coded, used_rows, without_repeats
from analyzer.sessions.pieces import Piece, ReadOptions
from analyzer.sessions.pseudonym import Pseudonymiser
from analyzer.workflow.options import ExtractOptions
from analyzer.workflow.partitions import split_piece

RELATIONS: Final = ("said", "said_places", "said_names")
"""What an index is filled from, as `messages.layout.fill` calls it."""


def relations_of(facts: Facts) -> dict[str, pa.Table]:
    """Return what sessions say, by relation."""
    return dict(zip(RELATIONS, (facts.days, facts.places, facts.names), strict=True))


@dataclass(frozen=True)
class Partitions:
    """Sessions split into partitions of whole viewers, and what each of them says."""

    pieces: list[Piece]
    reading: ReadOptions
    options: ExtractOptions
    work: Path
    key: bytes

    @property
    def count(self) -> int:
        """How many partitions there are."""
        return max(-(-sum(piece.rows for piece in self.pieces) // self.options.rows_at_a_time), 1)

    def split(self, done: Callable[[int], None]) -> list[Summary]:
        """Split every piece; return what became of its rows."""
        jobs = (
            delayed(split_piece)(piece, self.reading, self.count, self._sessions(n))
            for n, piece in enumerate(self.pieces)
        )
        return list(self._mapped(jobs, [piece.rows for piece in self.pieces], done))

    def facts(self, done: Callable[[int], None]) -> int:
        """Write what every partition says; return how many rows repeated another one."""
        each = sum(piece.rows for piece in self.pieces) // self.count
        jobs = (delayed(self._facts_of)(n) for n in range(self.count))
        found = list(self._mapped(jobs, [each] * self.count, done))
        for n in range(len(self.pieces)):
            self._sessions(n).unlink()
        return sum(found)

    def _sessions(self, number: int) -> Path:
        return self.work / f"sessions-{number:05d}.arrow"

    def _mapped(self, jobs: Iterator[Any], rows: list[int], done: Callable[[int], None]) -> Iterator[Any]:
        parallel = Parallel(n_jobs=self.options.jobs, prefer="threads", return_as="generator")
        for size, found in zip(rows, parallel(jobs), strict=True):
            done(size)
            yield found

    def _facts_of(self, number: int) -> int:
        rows = coded(self._partition(number))
        rows, repeated = without_repeats(rows, lambda: rows)
        facts = facts_of(used_rows(rows), Pseudonymiser(self.key))
        for name, table in relations_of(facts).items():
            path = self.work / f"{name}-{number:05d}.parquet"
            in_order = table.sort_by([("title_id", "ascending")]) if name == "said" else table
            pq.write_table(in_order, path, compression="lz4", row_group_size=1 << 15)
        return repeated

    def _partition(self, number: int) -> pa.Table:
        """Return a partition: its batches of every piece."""
        tables = []
        for n in range(len(self.pieces)):
            with pa.OSFile(str(self._sessions(n))) as file:
                reader = pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(use_threads=False))
                batches = [reader.get_batch(i) for i in range(number, reader.num_record_batches, self.count)]
            tables.append(pa.Table.from_batches(batches, schema=reader.schema))
        return pa.concat_tables(tables, promote_options="default")
