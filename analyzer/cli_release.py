"""The commands about numbers that leave: release tables, and the privacy budget that noise is paid from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from analyzer.cli_ledger import LedgerKey
from analyzer.cli_output import Json, answer
from analyzer.errors import ExitCode, InputError
from analyzer.workflow.names import LEDGER

Ledger = Annotated[str, typer.Option(help="Where everything that left is kept: a file, or a database's URL.")]

Rows = Annotated[Path, typer.Argument(help="Parquet or CSV file of rows: sessions, or classified vectors.")]
By = Annotated[
    list[str],
    typer.Option("--by", metavar="COLUMNS", help="A table: one to three columns with commas. Again: one more table."),
]
Purpose = Annotated[
    str, typer.Option(help="public message, press, internal research, advertising, retention campaign.")
]
Source = Annotated[str, typer.Option(help="What the data are, in words.")]
Window = Annotated[str, typer.Option(help="Which period they are of, in words.")]
Measure = Annotated[str, typer.Option(help="households, or a column that is added up, such as hours.")]
Statistic = Annotated[
    str | None, typer.Option(help="households or share; of another measure total or mean. [default: the first]")
]
Population = Annotated[str, typer.Option(help="Whom it is about; releases of one population are compared.")]
Household = Annotated[str | None, typer.Option(help="Whose a row is. [default: household_id, else viewer_id]")]
BuiltOn = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN=A,B", help="What a column of your own is made of; nothing after = for: of none."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Withhold 1 to 7 and round other counts to 5.")]
Epsilon = Annotated[str | None, typer.Option(help="Add noise that costs this much of the budget, such as 0.5.")]
Period = Annotated[str | None, typer.Option(help="Whose budget pays for the noise, such as 2026-11.")]
Most = Annotated[int, typer.Option(min=1, help="With noise: in how many cells one household counts.")]
Cap = Annotated[float | None, typer.Option(help="With noise: the most that one household adds to a cell's total.")]
Hierarchies = Annotated[
    Path | None, typer.Option(help='Groups of labels: {"country": {"DE": "Europe", "FR": "Europe"}}.')
]
Overrides = Annotated[
    Path | None,
    typer.Option(help='What two people decided: [{"rule_id", "by": [.., ..], "reason", "expires"}].'),
]
Model = Annotated[str | None, typer.Option(help="The bundle that made the patterns of a column `pattern`.")]
Rulebook = Annotated[Path | None, typer.Option(help="A rulebook in TOML. [default: the model's, else ours]")]
Out = Annotated[Path, typer.Option(help="Folder for the release: CSV, JSON and a page.")]


def release(
    table: Rows,
    by: By,
    purpose: Purpose,
    source: Source,
    window: Window,
    measure: Measure = "households",
    statistic: Statistic = None,
    population: Population = "all viewers",
    household: Household = None,
    built_on: BuiltOn = None,
    strict: Strict = False,
    epsilon: Epsilon = None,
    period: Period = None,
    most: Most = 1,
    cap: Cap = None,
    hierarchies: Hierarchies = None,
    overrides: Overrides = None,
    model: Model = None,
    rulebook: Rulebook = None,
    ledger: Ledger = LEDGER,
    key: LedgerKey = None,
    request: Annotated[
        int | None, typer.Option(help="The release request of the desk that this fulfils; it must be approved.")
    ] = None,
    out: Out = Path("release"),
    as_json: Json = False,
) -> None:
    """Release tables of households or hours, or say why they are withheld. Exit code 0, 3 (withheld) or 4 (review)."""
    asked = {name: value for name, value in locals().items() if name not in ("by", "built_on", "out", "as_json")}
    from analyzer.workflow import releases

    tables = tuple(tuple(part.strip() for part in columns.split(",")) for columns in by)
    what = releases.Request(tables=tables, built_on=_built_on(built_on or []), **asked)
    result = releases.release_job(what, out)
    answer(result, _sentences, as_json)
    statuses = {told["status"] for told in result["answers"]}
    code = ExitCode.WITHHELD if "withheld" in statuses else ExitCode.REVIEW if "review" in statuses else ExitCode.DONE
    raise typer.Exit(int(code))


def budget(
    population: Annotated[str | None, typer.Option(help="Whose budget to set.")] = None,
    period: Annotated[str | None, typer.Option(help="For which period, such as 2026-11.")] = None,
    epsilon: Annotated[
        str | None, typer.Option(help="How much may be spent in all; never less than is spent already.")
    ] = None,
    ledger: Ledger = LEDGER,
    key: LedgerKey = None,
    as_json: Json = False,
) -> None:
    """Show the privacy budgets of a ledger, or set one."""
    from analyzer.workflow import releases

    answer(releases.budget_job(ledger, key, population, period, epsilon), _budgets, as_json)


def _built_on(pairs: list[str]) -> dict[str, tuple[str, ...]]:
    told = {}
    for pair in pairs:
        column, separator, parts = pair.partition("=")
        if not separator or not column.strip():
            raise InputError(f"--built-on {pair} is not COLUMN=A,B.", "For example: --built-on evening=started_at")
        told[column.strip()] = tuple(part.strip() for part in parts.split(",") if part.strip())
    return told


def _sentences(result: dict[str, Any]) -> str:
    return "\n\n".join(["\n".join(_lines(told)) for told in result["answers"]] + result["notes"])


def _lines(told: dict[str, Any]) -> list[str]:
    name = f"{told['measure']} by {', '.join(told['by'])}"
    if told["status"] != "released":
        word = "A person has to decide about" if told["status"] == "review" else "Withheld:"
        return [f"{word} {name}. Nothing was written.", *[f"  {reason}" for reason in told["reasons"]]]
    withheld = sum(cell["status"] == "withheld" for cell in told["cells"])
    return [
        f"{name}: {len(told['cells']) - withheld} of {len(told['cells'])} cells may be told; {withheld} are withheld.",
        f"  the ledger keeps it as release {told['number']}",
        *[f"  {kind}: {path}" for kind, path in told["outputs"].items()],
    ]


def _budgets(result: dict[str, Any]) -> str:
    if not result["budgets"]:
        return "No budget is set: nothing leaves with noise. Set one with --population, --period and --epsilon."
    return "\n".join(
        f"{b['population']}, {b['period']}: {b['left']} of {b['total']} left, {b['spent']} spent."
        for b in result["budgets"]
    )
