"""The answer where there is no such thing."""

from __future__ import annotations

from starlette.responses import Response

from analyzer.desk.ask import Ask
from analyzer.errors import AnalyzerError


def missing(ask: Ask, error: AnalyzerError) -> Response:
    """Say that there is no such thing, and what there is."""
    return ask.page("error.html.j2", 404, title="There is no such thing", cause=error.cause, remedy=error.remedy)
