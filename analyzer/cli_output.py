"""What every command prints: one JSON value, or sentences."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value to stdout.")]


def as_text(values: Any) -> str:
    """Return plain values as JSON text."""
    return json.dumps(values, ensure_ascii=False, indent=1)


def answer(values: dict[str, Any], sentences: Callable[[dict[str, Any]], str], as_json: bool) -> None:
    """Print plain values to stdout, as JSON or as the sentences about them."""
    typer.echo(as_text(values) if as_json else sentences(values))
