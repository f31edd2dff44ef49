"""What was read and what became of it, apart from the sessions themselves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from analyzer.sessions.door import Summary, refuse_unusable
from analyzer.sessions.duplicates import recounted
from analyzer.sessions.records import Sessions
from analyzer.sessions.tally import Tally, total

_METADATA = b"analyzer.summary"


@dataclass(frozen=True)
class Intake:
    """What a run must be able to say about its input; the fields are those of `Sessions`."""

    tally: Tally
    quarantine: pa.Table
    notes: tuple[str, ...]
    sources: tuple[str, ...]

    @classmethod
    def of(cls, sessions: Sessions) -> Intake:
        """Return what sessions in memory say."""
        return cls(sessions.tally, sessions.quarantine, sessions.notes, sessions.sources)

    @classmethod
    def of_parts(cls, parts: Sequence[Summary], duplicates: int) -> Intake:
        """Return what the parts of all sources say together, with so many rows that repeated another.

        Raises
        ------
        InputError
            When one of the sources is not what it was taken for.
        """
        sources: dict[str, list[Summary]] = {}
        for part in parts:
            sources.setdefault(part.source, []).append(part)
        for mine in sources.values():
            refuse_unusable(mine)
        return cls(
            tally=recounted(total(part.tally for part in parts), duplicates),
            quarantine=pa.concat_tables([part.quarantine for part in parts]),
            notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
            sources=tuple(sources),
        )


@dataclass(frozen=True)
class Extracted:
    """What was extracted.

    Attributes
    ----------
    intake : Intake
    vectors, features : int
    resumed : int
        How many partitions an earlier run had finished.
    """

    intake: Intake
    vectors: int
    features: int
    resumed: int = 0


def write_summary(summary: Summary, path: Path) -> None:
    """Write a summary into a file that is there whole or not at all."""
    draft = path.with_suffix(".partial")
    draft.write_bytes(summary_bytes(summary))
    draft.replace(path)


def read_summary(path: Path) -> Summary:
    """Read a summary that `write_summary` wrote."""
    return summary_of_bytes(path.read_bytes())


def summary_bytes(summary: Summary) -> bytes:
    """Return a summary as an Arrow file: its quarantine, the rest in the metadata."""
    told = {
        "source": summary.source,
        "tally": summary.tally.as_json(),
        "unreadable": dict(summary.unreadable),
        "notes": list(summary.notes),
    }
    table = summary.quarantine.replace_schema_metadata({_METADATA: json.dumps(told)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def summary_of_bytes(data: bytes) -> Summary:
    """Return the summary in `summary_bytes`."""
    table = pa.ipc.open_file(pa.py_buffer(data)).read_all()
    told = json.loads(table.schema.metadata[_METADATA])
    return Summary(
        source=told["source"],
        tally=Tally(**told["tally"]),
        quarantine=table.replace_schema_metadata(None),
        unreadable=told["unreadable"],
        notes=tuple(told["notes"]),
    )
