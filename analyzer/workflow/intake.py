"""What was read and what became of it, apart from the sessions themselves."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from analyzer.sessions.door import Summary, refuse_unusable
from analyzer.sessions.duplicates import recounted
from analyzer.sessions.event_source import settled
from analyzer.sessions.kept import Laid
from analyzer.sessions.records import EventTally, Sessions
from analyzer.sessions.tally import Tally, total

_METADATA = b"analyzer.summary"


@dataclass(frozen=True)
class Intake:
    """What a run must be able to say about its input; the fields are those of `Sessions`."""

    tally: Tally
    quarantine: pa.Table
    notes: tuple[str, ...]
    sources: tuple[str, ...]
    events: EventTally | None = None

    @classmethod
    def of(cls, sessions: Sessions) -> Intake:
        """Return what sessions in memory say."""
        return cls(sessions.tally, sessions.quarantine, sessions.notes, sessions.sources, sessions.events)

    @classmethod
    def of_parts(cls, parts: Sequence[Summary], duplicates: int, laid: Laid | None = None) -> Intake:
        """Return what the parts of all sources say together, with so many rows that repeated another.

        Parameters
        ----------
        parts : sequence of Summary
            What the door said of every part.
        duplicates : int
            How many session rows repeated another one.
        laid : Laid, optional
            What became of the events that the door let in.

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
        notes = [note for part in parts for note in part.notes]
        quarantine = [part.quarantine for part in parts]
        tally, events = recounted(total(part.tally for part in parts if not part.events), duplicates), None
        if laid is not None:
            done = settled(tally, total(part.tally for part in parts if part.events), laid)
            tally, events = done.tally, done.events
            notes += done.notes
            quarantine += [part.quarantine for part in laid.told]
        return cls(
            tally=tally,
            quarantine=pa.concat_tables(quarantine),
            notes=tuple(dict.fromkeys(notes)),
            sources=tuple(sources),
            events=events,
        )


def joined_events(parts: Sequence[Laid]) -> Laid | None:
    """Return what became of the events of all partitions; None where there were no events."""
    if not parts:
        return None
    told = tuple(summary for part in parts for summary in part.told)
    dropped = dict(sum((Counter(part.dropped) for part in parts), Counter()))
    return Laid(told, dropped, sum(part.sessions for part in parts), sum(part.matched for part in parts))


def events_bytes(laid: Laid) -> bytes:
    """Return what became of a partition's events as JSON; of each summary, the Arrow file as text."""
    told = [base64.b64encode(summary_bytes(summary)).decode("ascii") for summary in laid.told]
    values = {"told": told, "dropped": laid.dropped, "sessions": laid.sessions, "matched": laid.matched}
    return json.dumps(values).encode()


def events_read(data: bytes) -> Laid:
    """Return what `events_bytes` wrote."""
    values = json.loads(data)
    told = tuple(summary_of_bytes(base64.b64decode(text)) for text in values["told"])
    return Laid(told, values["dropped"], values["sessions"], values["matched"])


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
        "events": summary.events,
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
        events=told["events"],
    )
