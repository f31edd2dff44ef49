"""Opening the desk on a port, until somebody stops it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import uvicorn

from analyzer.desk.app import make_app
from analyzer.desk.settings import DeskSettings
from analyzer.errors import InputError
from analyzer.workflow.office import Office

_WAITING: Final = 128
_AT_A_TIME: Final = 512


def serve(office: Office, settings: DeskSettings, opened: Callable[[str], None]) -> None:
    """Answer requests until the process is told to stop.

    Parameters
    ----------
    office : Office
        Is closed at the end.
    settings : DeskSettings
        Port 0 takes a free one.
    opened : callable
        Is told the address once the desk listens.

    Raises
    ------
    InputError
        When the port cannot be listened on.
    """
    with listening(settings.host, settings.port) as sock:
        settings = replace(settings, port=sock.getsockname()[1])
        # Uvicorn's own log tells addresses with everything in them, so only its warnings are let through.
        config = uvicorn.Config(
            make_app(office, settings),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            limit_concurrency=_AT_A_TIME,
            timeout_graceful_shutdown=5,
            proxy_headers=False,
        )
        opened(settings.url)
        try:
            uvicorn.Server(config).run(sockets=[sock])
        finally:
            office.close()


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises
    ------
    InputError
        When it cannot.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host.strip("[]"), port), family=family, backlog=_WAITING)
        # Each connection inherits it; asyncio sets it on sockets of its own making only, and without it the end of
        # every second page waits 40 ms for the browser to say that it has the beginning.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
    except (OSError, OverflowError) as error:
        raise InputError(
            f"The desk cannot listen on {host}, port {port}: {getattr(error, 'strerror', None) or error}.",
            "Choose another one with --port; 0 takes any that is free.",
        ) from error
