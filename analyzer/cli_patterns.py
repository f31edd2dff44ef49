"""The commands about a model's patterns: whose vectors they are, how they are marked, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import analyzer.cli_text as text
from analyzer.cli_ledger import LedgerKey
from analyzer.cli_output import Json, answer
from analyzer.cli_progress import shown
from analyzer.cli_rulebook import explained as explained_text

RulebookFile = Annotated[
    Path | None,
    typer.Option("--rulebook", help="A rulebook in TOML. [default: the model's own, else the shipped one]"),
]
ModelName = Annotated[str, typer.Option("--model", help="A bundle's folder, or 'reference'.")]
EngineOption = Annotated[str, typer.Option("--engine", help="local, or spark.")]
Master = Annotated[
    str | None,
    typer.Option(help="Spark's master, such as local[2]. [default: what spark-submit says]"),
]
Decisions = Annotated[
    str | None,
    typer.Option("--ledger", help="What people decided on this model. [default: the rulebook's marks alone]"),
]


def classify(
    vectors: Annotated[Path, typer.Argument(help="Vectors from 'analyzer features'.")],
    out: Annotated[Path, typer.Option(help="Parquet file for the answers.")] = Path("assignments.parquet"),
    model: ModelName = "reference",
    internal: Annotated[bool, typer.Option("--internal", help="Raw pattern ids, for research only.")] = False,
    rulebook: RulebookFile = None,
    ledger: Decisions = None,
    key: LedgerKey = None,
    engine: EngineOption = "local",
    master: Master = None,
    as_json: Json = False,
) -> None:
    """Say pattern or withheld for each vector."""
    from analyzer.workflow import jobs

    with shown() as progress:
        mover, book = jobs.engine_from(engine, master), jobs.rulebook_from(rulebook)
        result = jobs.classify_job(vectors, model, out, internal, book, mover, progress, ledger, key)
    answer(result, text.classify, as_json)


def marks(
    model: ModelName = "reference",
    rulebook: RulebookFile = None,
    ledger: Decisions = None,
    key: LedgerKey = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="PATTERN", help="Why this pattern has its mark, rule by rule.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List a model's patterns with their marks and the rules behind them."""
    from analyzer.workflow import jobs

    if explain is not None:
        from analyzer.workflow import rulebooks

        result = rulebooks.explain_mark_job(model, explain, jobs.rulebook_from(rulebook), ledger, key)
        answer(result, explained_text, as_json)
        return
    answer(jobs.marks_job(model, jobs.rulebook_from(rulebook), ledger, key), text.marks, as_json)


def explain(
    pattern: Annotated[str, typer.Argument(help="A pattern's id such as P07, or 'no pattern'.")],
    model: ModelName = "reference",
    rulebook: RulebookFile = None,
    ledger: Decisions = None,
    key: LedgerKey = None,
    as_json: Json = False,
) -> None:
    """Explain one pattern: what it is, what it may give people, its mark and why."""
    from analyzer.workflow import jobs

    answer(jobs.explain_job(model, pattern, jobs.rulebook_from(rulebook), ledger, key), text.explain, as_json)
