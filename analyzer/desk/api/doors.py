"""Every operation of the API, with its role table; people decide, so no program confirms, loosens or answers."""

from __future__ import annotations

from typing import Final

from starlette.responses import JSONResponse, Response

from analyzer.desk.api import calls, models
from analyzer.desk.api.openapi import document
from analyzer.desk.api.operations import ROOT, Query, operation
from analyzer.desk.ask import Ask
from analyzer.desk.doors import Door
from analyzer.desk.pages.places import READERS, REVIEWERS, STAFF, WRITERS

_TITLE: Final = Query(
    "title", "Name of a title or series.", {"type": "string", "minLength": 1, "maxLength": calls.LONGEST_TITLE}, True
)
_PAGES: Final = (
    Query("after", "Only entries with a higher number.", {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}),
    Query(
        "limit",
        f"How many at most; {calls.USUAL} unless told.",
        {"type": "integer", "minimum": 0, "maximum": calls.MOST},
    ),
)

OPERATIONS: Final = (
    operation("health", "/health", STAFF, "Say that the desk answers", calls.health, models.HealthTold),
    operation(
        "check", "/check", WRITERS, "Judge a draft, and keep nothing of it", calls.check, models.VerdictTold,
        body=models.DraftToCheck,
    ),
    operation(
        "suggest", "/suggest", WRITERS, "List what may be said about a title", calls.suggest, models.SuggestionsTold,
        query=(_TITLE,),
    ),
    operation("patterns", "/patterns", READERS, "List patterns and marks", calls.patterns, models.PatternsTold),
    operation(
        "pattern", "/patterns/{pattern}", READERS, "Return a pattern with its history", calls.pattern,
        models.PatternInFull,
    ),
    operation(
        "submit", "/drafts", WRITERS, "Submit a draft for review", calls.submit, models.DraftTold,
        body=models.DraftToSubmit, made=True,
    ),
    operation("drafts", "/drafts", WRITERS, "List drafts", calls.drafts, models.DraftsTold, query=_PAGES),
    operation("draft", "/drafts/{number}", WRITERS, "Return a draft and its answers", calls.draft, models.DraftTold),
    operation("releases", "/releases", STAFF, "List what left", calls.releases, models.ReleasesTold, query=_PAGES),
    operation("release", "/releases/{number}", STAFF, "Return what left", calls.release, models.ReleaseInFull),
    operation(
        "request", "/release-requests", STAFF, "Ask for a release", calls.request, models.RequestTold,
        body=models.ReleaseToAskFor, made=True,
    ),
    operation(
        "requests", "/release-requests", STAFF, "List release requests", calls.requests, models.RequestsTold,
        query=_PAGES,
    ),
    operation(
        "one_request", "/release-requests/{number}", STAFF, "Return a release request", calls.one_request,
        models.RequestTold,
    ),
    operation("queue", "/queue", REVIEWERS, "List what waits for a person", calls.queue, models.QueueTold),
    operation("rulebook", "/rulebook", READERS, "Return the rulebook", calls.rulebook, models.RulebookTold),
    operation(
        "audit", "/audit", REVIEWERS, "Return entries of the audit trail", calls.audit, models.AuditTold,
        query=_PAGES,
    ),
)  # fmt: skip


def _document(ask: Ask) -> Response:
    return JSONResponse(document(OPERATIONS))


DOORS: Final = (
    *(one.door for one in OPERATIONS),
    Door("api_openapi", "GET", f"{ROOT}/openapi.json", STAFF, _document),
)
