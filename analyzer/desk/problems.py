"""What is said where something is not done: what is wrong, and what to do; as a page, or to a program (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import JSONResponse, Response

from analyzer.desk.ask import Ask
from analyzer.errors import AnalyzerError, InputError
from analyzer.ledger.records import LedgerError, LedgerMovedError
from analyzer.ledger.reviewed import DecisionRefusedError


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was not done.

    Attributes
    ----------
    status : of HTTP.
    title, cause, remedy : what it is, what is wrong, what to do.
    """

    status: int
    title: str
    cause: str
    remedy: str


class ProblemError(Exception):
    """Raised where a handler knows what to say."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.title)
        self.problem = problem


FORBIDDEN: Final = Problem(
    403, "This is not for your role", "Your role does not open this place.", "Help lists what each role may do."
)
FORGED: Final = Problem(
    403,
    "Nothing was done",
    "The form does not come from a page that you have open, or you have signed in again since.",
    "Go back, load the page again, and send it once more.",
)
ELSEWHERE: Final = Problem(
    403,
    "You sign out elsewhere",
    "You did not sign in here: a sign-on in front of the desk says who you are.",
    "Sign out there, or close the browser.",
)
UNKNOWN: Final = Problem(
    401,
    "Who is asking",
    "No client has this token.",
    "Send Authorization: Bearer TOKEN; an administrator makes tokens.",
)
MISSING: Final = Problem(
    404, "There is no such page", "Nothing is at this address.", "Start from the first page, and follow its links."
)
LISTED: Final = "GET /api/v1/openapi.json lists what programs can ask for; decisions are for people, at the desk."
NO_METHOD: Final = Problem(
    405, "That cannot be done here", "This address does not take such requests.", "Start from the first page."
)
TOO_LARGE: Final = Problem(
    413,
    "That is too much at once",
    "More than 1 MB was sent.",
    "Send a shorter text; a draft has 20,000 characters at most.",
)
TOO_SLOW: Final = Problem(408, "That took too long", "The request did not arrive in time.", "Send it again.")
TOO_OFTEN: Final = Problem(
    429, "Too many tries", "There were too many tries in a short time.", "Wait for some minutes, then try again."
)
BROKEN: Final = Problem(
    500,
    "Something went wrong here",
    "The desk could not answer. Nothing was done.",
    "Try again; if it stays so, tell an administrator when it happened.",
)


def missing(cause: str, remedy: str) -> Problem:
    """Return that there is no such thing, and what there is."""
    return Problem(404, "There is no such thing", cause, remedy)


def of(error: Exception) -> Problem:
    """Return how an error is told; what nobody foresaw is told without a word of its own."""
    if isinstance(error, ProblemError):
        return error.problem
    if isinstance(error, LedgerMovedError):
        return Problem(409, "Somebody else was first", error.cause, error.remedy)
    if isinstance(error, LedgerError):
        return Problem(503, "The ledger cannot be used", "The desk cannot reach its ledger.", "Tell an administrator.")
    if isinstance(error, InputError | DecisionRefusedError):
        return Problem(422, "That cannot be done so", error.cause, error.remedy)
    if isinstance(error, AnalyzerError):
        return Problem(500, BROKEN.title, error.cause, error.remedy)
    return BROKEN


def page(ask: Ask, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return the page of a problem."""
    told = {"title": problem.title, "cause": problem.cause, "remedy": problem.remedy}
    answer = ask.page("error.html.j2", problem.status, **told)
    answer.headers.update(headers or {})
    return answer


def as_json(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as RFC 9457 writes it."""
    told = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.cause,
        "remedy": problem.remedy,
    }
    return JSONResponse(told, problem.status, dict(headers or {}), media_type="application/problem+json")
