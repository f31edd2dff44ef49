"""The commands that measure this package by examples with known answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from analyzer.cli_drafts import evaluated
from analyzer.cli_output import Json, answer
from analyzer.errors import ExitCode

app = typer.Typer(
    help="Judge examples with known answers.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def evaluate() -> None:
    """Judge examples with known answers."""


@app.command(epilog="Example: analyzer evaluate disclosure worked-examples.json")
def disclosure(
    file: Annotated[Path, typer.Argument(help="Worked examples: a JSON list of id, kind, input and expected.")],
    as_json: Json = False,
) -> None:
    """Judge worked examples by the checks that guard releases. Exit code 0 if all agree, else 3."""
    from analyzer.workflow import worked_examples

    result = worked_examples.examples_job(file)
    answer(result, judged, as_json)
    if not result["all_agree"]:
        raise typer.Exit(ExitCode.WITHHELD)


@app.command(epilog="Example: analyzer evaluate messages corpus.jsonl --json")
def messages(
    file: Annotated[Path, typer.Argument(help="Messages, one JSON object a line: id, text, expected, agreed, origin.")],
    as_json: Json = False,
) -> None:
    """Judge labelled messages by their words only, and compare with the labels on which annotators agree."""
    from analyzer.workflow import message_jobs

    answer(message_jobs.evaluate_messages_job(file), evaluated, as_json)


def judged(result: dict[str, Any]) -> str:
    """Return each example with what differs, and how many agree."""
    lines = [line for example in result["examples"] for line in _example(example)]
    total = len(result["examples"])
    rest = f"{result['differ']} differ, {result['not_understood']} are not understood"
    return "\n".join([*lines, "", f"{result['agree']} of {total} examples agree; {rest}."])


def _example(example: dict[str, Any]) -> list[str]:
    word = {"agrees": "ok", "differs": "DIFFERS", "not understood": "NOT UNDERSTOOD"}[example["status"]]
    lines = [f"{example['id']}  {example['kind']}: {word}"]
    lines += [f"    {example['because']}"] if example["because"] else []
    for one in example["compared"]:
        sign = "" if one["agrees"] else "  <- differs"
        lines.append(f"    {one['expectation']}: expected {_short(one['expected'])}; got {_short(one['got'])}{sign}")
    rest = example["not_compared"]
    return [*lines, *([f"    not compared: {', '.join(rest)}"] if rest else [])]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:197]}..."
