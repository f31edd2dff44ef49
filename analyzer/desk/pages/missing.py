"""The answer where there is no such thing."""

from __future__ import annotations

from starlette.responses import Response

from analyzer.desk import problems
from analyzer.desk.ask import Ask
from analyzer.errors import AnalyzerError


def missing(ask: Ask, error: AnalyzerError) -> Response:
    """Say that there is no such thing, and what there is."""
    return problems.page(ask, problems.missing(error.cause, error.remedy))
