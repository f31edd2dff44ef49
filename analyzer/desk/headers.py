"""Headers that every answer carries: nothing is kept by browsers, no script of anybody else runs, no frame holds us."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'"
)
ALWAYS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with "no-referrer" browsers send no origin with our own forms either
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    "X-Robots-Tag": "noindex",
}
_STATIC: Final = "/static/"
_YEAR: Final = "max-age=31536000"


class Headers:
    """Adds the headers to whatever an app answers.

    Parameters
    ----------
    app : ASGI application
    https : bool
        Whether browsers are told never to come without it.
    """

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self._app, self._https = app, https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers[name] = value
                headers["Cache-Control"] = "no-cache" if str(scope["path"]).startswith(_STATIC) else "no-store"
                if self._https:
                    headers["Strict-Transport-Security"] = _YEAR
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)
