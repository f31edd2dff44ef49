"""The desk as a web application: every door a route, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from analyzer.desk import problems, sign_in
from analyzer.desk.all_doors import ALL
from analyzer.desk.ask import Ask
from analyzer.desk.doors import API, Door, by_name
from analyzer.desk.gates import Gates, Sent, headers_of, values_of
from analyzer.desk.headers import Headers
from analyzer.desk.settings import DeskSettings
from analyzer.desk.sign_in import Entrance
from analyzer.workflow.office import Office

LARGEST: Final = 1_000_000
"""Bytes of a request."""
_RUN_PAST: Final = 16_000_000
_DIGITS: Final = 20
_BODY_S: Final = 20.0
_STATIC: Final = Path(__file__).with_name("static")

Answer = Callable[[Request], Awaitable[Response]]


class _TooLargeError(Exception):
    """More was sent than anybody needs to."""


def make_app(office: Office, settings: DeskSettings | None = None) -> ASGIApp:
    """Return the application.

    Parameters
    ----------
    office : Office
        Stays open as long as the application is used; whoever opened it closes it.
    settings : DeskSettings, optional
    """
    settings = settings or DeskSettings()
    elsewhere = settings.trusted_header is not None  # there are no passwords here, and so no page for them
    doors = by_name(door for door in ALL if not (elsewhere and door.path == sign_in.CHANGED.path))
    gates = Gates(office, settings, doors)
    entrance = Entrance(gates)

    def at(door: Door) -> Answer:
        own = door in sign_in.DOORS

        async def answer(request: Request) -> Response:
            try:
                async with asyncio.timeout(_BODY_S):
                    body = await _body(request)
            except (_TooLargeError, TimeoutError) as error:
                large = isinstance(error, _TooLargeError)
                return _refused(door, gates, problems.TOO_LARGE if large else problems.TOO_SLOW)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody is there to read it
            sent = _sent(request, entrance.cookie, body)
            if door in sign_in.SLOW:
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(entrance.threads, _entered, entrance, gates, door, sent)
            if own:
                return await run_in_threadpool(_entered, entrance, gates, door, sent)
            return await run_in_threadpool(gates.open, door, sent)

        return answer

    routes: list[BaseRoute] = [Route(door.path, at(door), methods=[door.method]) for door in doors.values()]
    routes.append(Mount("/static", StaticFiles(directory=_STATIC)))
    app = Starlette(
        routes=routes,
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(settings.hosts), www_redirect=False)],
        exception_handlers={404: _handler(gates, problems.MISSING), 405: _handler(gates, problems.NO_METHOD)},
    )
    app.router.redirect_slashes = False
    return Headers(app, settings.https)


def _entered(entrance: Entrance, gates: Gates, door: Door, sent: Sent) -> Response:
    """Answer at the entrance; what goes wrong there is told as anywhere else."""
    return gates.guarded(door, sent, lambda: entrance.answer(door, sent))


async def _body(request: Request) -> bytes:
    """Return what was sent; what is too large is let run past, so that a browser gets to see the refusal."""
    told = request.headers.get("content-length", "0")
    if not told.isdecimal() or len(told) > _DIGITS or int(told) > _RUN_PAST:
        raise _TooLargeError
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size <= LARGEST:
            pieces.append(piece)
        elif size > _RUN_PAST:
            raise _TooLargeError
    if size > LARGEST:
        raise _TooLargeError
    return b"".join(pieces)


def _sent(request: Request, cookie: str, body: bytes) -> Sent:
    return Sent(
        path=values_of(request.path_params),
        query=values_of(request.query_params),
        headers=headers_of(request.headers),
        cookie=request.cookies.get(cookie, ""),
        address=request.client.host if request.client else "",
        body=body,
    )


def _refused(door: Door, gates: Gates, problem: problems.Problem) -> Response:
    """Return a refusal, and let go of a connection on which more may still be coming."""
    headers = {"Connection": "close"}
    if door.for_programs:
        return problems.as_json(problem, headers)
    return problems.page(Ask(door, gates.doors, gates.office), problem, headers)


def _handler(gates: Gates, problem: problems.Problem) -> Callable[[Request, Exception], Response]:
    def told(request: Request, error: Exception) -> Response:
        door = Door("nowhere", "GET", "/", frozenset(), gates.doors["home"].handler)
        headers = getattr(error, "headers", None)  # of 405, which methods there are
        if request.url.path.startswith(API):
            return problems.as_json(replace(problem, remedy=problems.LISTED), headers)
        return problems.page(Ask(door, gates.doors, gates.office), problem, headers)

    return told
