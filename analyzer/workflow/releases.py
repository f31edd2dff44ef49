"""The jobs behind `analyzer release` and `analyzer budget`: files in, files out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from analyzer.disclosure.limits import limits_for
from analyzer.disclosure.noised import Noise
from analyzer.disclosure.released import Release
from analyzer.errors import InputError
from analyzer.policy.overrides import Override
from analyzer.policy.rulebook import Rulebook, load_rulebook
from analyzer.report.release_page import render_release
from analyzer.workflow.asking import purpose_of
from analyzer.workflow.in_force import in_force
from analyzer.workflow.leaving import Answer
from analyzer.workflow.model import Model, load_model
from analyzer.workflow.outputs import staged
from analyzer.workflow.release import release_tables
from analyzer.workflow.tables import write_json

if TYPE_CHECKING:
    from analyzer.ledger.store import Ledger

_OVERRIDES: TypeAdapter[list[Override]] = TypeAdapter(list[Override])
_HIERARCHIES: TypeAdapter[dict[str, dict[str, str]]] = TypeAdapter(dict[str, dict[str, str]])
_FILES = {"table": "csv", "values": "json", "page": "html"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked for; see `release_table`.

    Attributes
    ----------
    table : Parquet or CSV file of rows.
    tables : the columns of each table.
    strict : whether counts are rounded as the strict preset says.
    epsilon, period, most, cap : of noise; none without epsilon. See `Noise`.
    overrides, hierarchies : JSON files.
    key : file of the ledger's key; see `open_ledger`.
    request : number of the release request that this fulfils.
    """

    table: Path
    tables: tuple[tuple[str, ...], ...]
    measure: str
    statistic: str | None
    purpose: str
    source: str
    window: str
    population: str
    household: str | None
    built_on: Mapping[str, tuple[str, ...]]
    strict: bool
    epsilon: str | None
    period: str | None
    most: int
    cap: float | None
    overrides: Path | None
    hierarchies: Path | None
    model: str | None
    rulebook: Path | None
    ledger: str
    key: Path | None = None
    request: int | None = None
    today: date | None = None


def release_job(request: Request, out: Path) -> dict[str, Any]:
    """Release tables into a folder; of what is withheld nothing is written."""
    from analyzer.ledger.store import open_ledger

    new = "://" not in request.ledger and not Path(request.ledger).is_file()
    book = open_ledger(request.ledger, request.key)
    model = load_model(request.model) if request.model else None
    rulebook = load_rulebook(request.rulebook) if request.rulebook else None
    notes = [_NEW.format(request.ledger)] if new else []
    notes += [_marks_note(model, rulebook, book, request.today)] if model else []
    answers = release_tables(
        _rows(request.table),
        request.tables,
        request.measure,
        purpose=request.purpose,
        source=request.source,
        window=request.window,
        ledger=book,
        statistic=request.statistic,
        population=request.population,
        household=request.household,
        model=model,
        rulebook=rulebook,
        hierarchies=_read(request.hierarchies, _HIERARCHIES, "hierarchies"),
        built_on=request.built_on,
        limits=replace(limits_for(purpose_of(request.purpose).value), strict=request.strict),
        noise=None if request.epsilon is None else Noise(epsilon=request.epsilon, most=request.most, cap=request.cap),
        period=request.period,
        overrides=_read(request.overrides, _OVERRIDES, "overrides") or (),
        today=request.today,
        request=request.request,
    )
    return {"answers": _written(answers, out), "notes": notes}


_NEW: Final = "There was no ledger {}, so one was made: it knows nothing that left or was decided before."


def _marks_note(model: Model, rulebook: Rulebook | None, book: Ledger, today: date | None) -> str:
    """Return whose marks those of the model are; `release_tables` asks the same for itself."""
    return in_force(model.under(rulebook) if rulebook else model, book, today).decided


def _written(answers: Sequence[Answer], out: Path) -> list[dict[str, Any]]:
    named = {f"release-{n}" if len(answers) > 1 else "release": answer for n, answer in enumerate(answers, 1)}
    left = {name: answer for name, answer in named.items() if isinstance(answer, Release)}
    if left:
        with staged(out) as stage:
            for name, release in left.items():
                (stage / f"{name}.csv").write_text(release.as_csv(), encoding="utf-8")
                write_json(release.as_json(), stage / f"{name}.json")
                (stage / f"{name}.html").write_text(render_release(release), encoding="utf-8")
    files = {name: {kind: str(out / f"{name}.{end}") for kind, end in _FILES.items()} for name in left}
    kept = {name: {"number": release.number, "outputs": files[name]} for name, release in left.items()}
    return [answer.as_json() | kept.get(name, {"outputs": {}}) for name, answer in named.items()]


def budget_job(
    ledger: str, key: Path | None, population: str | None, period: str | None, epsilon: str | None
) -> dict[str, Any]:
    """Return all budgets of a ledger, after setting one where a total is given."""
    from analyzer.disclosure.budget import Budget
    from analyzer.ledger.store import open_ledger

    book = open_ledger(ledger, key)
    if epsilon is not None:
        if population is None or period is None:
            raise InputError("A budget is of a population and a period.", "Give --population and --period as well.")
        book.allow(Budget.of(population, period, epsilon))
    return {"budgets": [dict(budget.as_json()) for budget in book.budgets()]}


def _rows(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path) if path.suffix.casefold() == ".csv" else pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}.", "Give a Parquet or CSV file of rows.") from error


def _read(path: Path | None, kind: TypeAdapter[Any], name: str) -> Any:
    if path is None:
        return None
    try:
        return kind.validate_python(json.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"The {name} in {path} cannot be read: {error}.", "Give a JSON file.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = " > ".join(str(part) for part in first["loc"])
        raise InputError(f"The {name} in {path}: {place}: {first['msg']}.", "See the help of the command.") from error
