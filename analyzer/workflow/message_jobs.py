"""The jobs behind `analyzer check`, `index`, `suggest` and `evaluate messages`: files in, plain values out."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from analyzer.errors import InputError, did_you_mean
from analyzer.messages.verdict import VerdictStatus, check_words
from analyzer.policy.rulebook import load_rulebook
from analyzer.sessions.pseudonym import load_key
from analyzer.workflow.message_index import build_index
from analyzer.workflow.messages import Asking, Checker, checker
from analyzer.workflow.progress import Progress

if TYPE_CHECKING:
    from analyzer.workflow.model import Model

_NAMES: Final = ("title_name", "name", "title")
_IDS: Final = ("title_id", "id")
_YES: Final = frozenset({"1", "true", "yes", "y"})
_STDIN: Final = "-"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What drafts are judged by, as a command line names it; see `check_message`.

    Attributes
    ----------
    sessions : files, folders or globs.
    model, rulebook, catalogue, ledger, index, key_file : where each lies.
    purpose, memory : in words.
    """

    sessions: tuple[str, ...] = ()
    index: Path | None = None
    model: str | None = None
    rulebook: Path | None = None
    catalogue: Path | None = None
    ledger: str | None = None
    purpose: str = "public message"
    key_file: Path | None = None
    memory: str = "2GB"

    def asking(self, *, model: Model | None = None, ledger: object = None) -> Asking:
        """Return the same with everything read that is small.

        Parameters
        ----------
        model, ledger
            Ones that are open already, in place of those that are named.

        Raises
        ------
        InputError
            When a file cannot be read.
        """
        sessions: Any = list(self.sessions) or None
        return Asking(
            sessions=sessions[0] if sessions and len(sessions) == 1 else sessions,
            index=None if self.index is None else str(self.index),
            model=model or (_model(self.model) if self.model else None),
            rulebook=load_rulebook(self.rulebook) if self.rulebook else None,
            catalogue=catalogue_from(self.catalogue) if self.catalogue else None,
            ledger=self.ledger if ledger is None else ledger,
            purpose=self.purpose,
            key=load_key(self.key_file) if self.key_file else None,
            memory=self.memory,
        )


def _model(folder: str) -> Model:
    from analyzer.workflow.model import load_model  # scikit-learn takes half a second

    return load_model(folder)


def check_job(text: str, settings: Settings, to_one_user: bool, instead: bool, progress: Progress) -> dict[str, Any]:
    """Judge one draft."""
    with checker(settings.asking(), progress) as made:
        return told_of(made, text, to_one_user, instead)


def check_many_job(
    drafts: Path, settings: Settings, to_one_user: bool, instead: bool, progress: Progress
) -> dict[str, Any]:
    """Judge every draft of a CSV file."""
    rows = drafts_from(drafts)
    with checker(settings.asking(), progress) as made:
        told = [{"id": d.id, **told_of(made, d.text, d.to_one_user or to_one_user, instead)} for d in rows]
    counted = Counter(one["verdict"] for one in told)
    return {"drafts": told, "counts": {status.value: counted[status.value] for status in VerdictStatus}}


def told_of(made: Checker, text: str, to_one_user: bool = False, instead: bool = True) -> dict[str, Any]:
    """Return what `analyzer check --json` prints about a draft."""
    whole = without_surrogates(text)
    return {"text": whole, **made.check(whole, to_one_user=to_one_user, instead=instead).as_json()}


def without_surrogates(text: str) -> str:
    """Return a text that can be printed: what is half a character is one that says so, at the same place."""
    return "".join("\ufffd" if 0xD800 <= ord(sign) <= 0xDFFF else sign for sign in text)


def draft_from(file: str) -> str:
    """Return the draft in a file; that of stdin where the name is "-".

    Raises
    ------
    InputError
        When it cannot be read.
    """
    try:
        data = sys.stdin.buffer.read() if file == _STDIN else Path(file).read_bytes()
    except OSError as error:
        raise InputError(f"The draft {file} cannot be read: {error}.", "Give a text file in UTF-8.") from error
    return data.decode("utf-8-sig", errors="replace")


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One draft of many."""

    id: str
    text: str
    to_one_user: bool


def drafts_from(file: Path) -> list[DraftRow]:
    """Return the drafts of a CSV file with a column `text`, and perhaps `id` and `to_one_user`.

    Raises
    ------
    InputError
        When it cannot be read or has no such column.
    """
    rows = list(_table(file, "drafts"))
    if rows and "text" not in rows[0]:
        hint = did_you_mean("text", list(rows[0])) or "Its first line names the columns: id,text."
        raise InputError(f"{file} has no column `text`.", hint)
    return [
        DraftRow(row.get("id") or str(number), row["text"], row.get("to_one_user", "").strip().casefold() in _YES)
        for number, row in enumerate(rows, 1)
    ]


def catalogue_from(file: Path) -> Mapping[str, Sequence[str]] | list[str]:
    """Return the titles of a file: one a line, or a CSV with a column of names and perhaps one of ids.

    Raises
    ------
    InputError
        When it cannot be read, or names no title.
    """
    if file.suffix.casefold() != ".csv":
        names = [line.strip() for line in _text_of(file, "catalogue").splitlines() if line.strip()]
        return _some(names, file)
    rows = list(_table(file, "catalogue"))
    name = next((column for column in _NAMES if rows and column in rows[0]), None)
    if name is None:
        raise InputError(f"{file} has no column of names.", f"Call it {_NAMES[0]}; ids may be in {_IDS[0]}.")
    ids = next((column for column in _IDS if column in rows[0]), None)
    if ids is None:
        return _some([row[name] for row in rows if row[name]], file)
    found: dict[str, list[str]] = {}
    for row in rows:
        if row[name]:
            found.setdefault(row[name], []).append(row[ids])
    return found


def _some(names: list[str], file: Path) -> list[str]:
    if not names:
        raise InputError(f"{file} names no title.", "Give one title a line, or a CSV with a column title_name.")
    return names


def _table(file: Path, what: str) -> Iterator[dict[str, str]]:
    try:
        for row in csv.DictReader(io.StringIO(_text_of(file, what)), strict=True):
            yield {str(name).strip(): value or "" for name, value in row.items() if isinstance(value, str | None)}
    except csv.Error as error:
        raise InputError(f"The {what} {file} cannot be read: {error}.", "Give a CSV file in UTF-8.") from error


def _text_of(file: Path, what: str) -> str:
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The {what} {file} cannot be read: {error}.", "Give a file in UTF-8.") from error


def index_job(
    sources: tuple[str, ...], events: tuple[str, ...], out: Path, reading: Mapping[str, Any], progress: Progress
) -> dict[str, Any]:
    """Make sessions ready for claims; `reading` is the rest of what `build_index` takes."""
    done = build_index(list(sources), out, events=list(events) or None, progress=progress, **reading)
    return {
        "tally": done.intake.tally.as_json(),
        "titles": done.about.titles,
        "window": done.about.words(),
        "fingerprint": done.about.fingerprint,
        "size_bytes": done.size_bytes,
        "notes": list(done.intake.notes),
        "outputs": {"index": str(out)},
    }


def suggest_job(title: str, settings: Settings, progress: Progress) -> dict[str, Any]:
    """Return what may be said about a title today."""
    with checker(settings.asking(), progress) as made:
        return suggested(made, title)


def suggested(made: Checker, title: str) -> dict[str, Any]:
    """Return what `analyzer suggest --json` prints about a title.

    Raises
    ------
    InputError
        When there is no data.
    """
    facts = made.facts_about(title)
    data = made.data.needed()
    known = bool(data.titles_called(title, made.titles.ids if made.titles else None))
    return {
        "title": title,
        "known": known,
        "hint": "" if known else did_you_mean(title, sorted(data.named)),
        "facts": [{"kind": fact.kind.value, "sentence": fact.sentence, "source": fact.source} for fact in facts],
        "window": data.about.words(),
        "fingerprint": data.about.fingerprint,
        "purpose": made.asker.purpose.value,
    }


def evaluate_messages_job(file: Path) -> dict[str, Any]:
    """Judge labelled messages by their words only; scored are those on whose label both annotators agree."""
    rows = _corpus(file)
    statuses = [status.value for status in reversed(VerdictStatus)]
    told, scored = [], []
    for row in rows:
        verdict = check_words(without_surrogates(row["text"]))
        told.append({"id": row["id"], "verdict": verdict.status.value, "reasons": list(verdict.rule_ids)})
        if row.get("agreed") is True and row.get("expected") in statuses:
            scored.append((str(row.get("origin", "not stated")), row["expected"], verdict.status.value, row["id"]))
    origins = sorted({origin for origin, *_ in scored})
    return {
        "verdicts": told,
        "confusion": _confusion(scored, statuses),
        "by_origin": {o: _confusion([one for one in scored if one[0] == o], statuses) for o in origins},
        "scored": len(scored),
        "judged": len(told),
        "differ": [{"id": i, "expected": e, "verdict": v} for _, e, v, i in scored if e != v],
    }


def _confusion(scored: list[tuple[str, str, str, str]], statuses: list[str]) -> dict[str, dict[str, int]]:
    counted = Counter((expected, verdict) for _, expected, verdict, _ in scored)
    return {expected: {verdict: counted[expected, verdict] for verdict in statuses} for expected in statuses}


def _corpus(file: Path) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(_text_of(file, "corpus").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{file}, line {number} is not JSON: {error}.", "Give one JSON object a line.") from error
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise InputError(f"{file}, line {number} has no `text`.", 'A line is {"id": ..., "text": ...}.')
        rows.append({**row, "id": row.get("id", number)})
    if not rows:
        raise InputError(f"{file} holds no message.", 'Give one JSON object a line: {"id": ..., "text": ...}.')
    return rows
