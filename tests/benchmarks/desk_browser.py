"""A browser as light as it gets, for many at a time in one process: one connection, forms, and how long each took."""

from __future__ import annotations

import asyncio
import html
import re
import time
from collections import defaultdict
from dataclasses import dataclass, field
from urllib.parse import urlencode

LONGEST_S = 30
IDLE_S = 4
_INPUT = re.compile(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"')


@dataclass
class Measured:
    """What happened: seconds by page, answers by page and status, what broke, and which posts were acknowledged."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    broken: list[str] = field(default_factory=list)
    acknowledged: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True)
class Page:
    """An answer."""

    status: int
    location: str
    text: str

    def field(self, name: str) -> str:
        """Return the value of the first input of a name."""
        return next((html.unescape(value) for found, value in _INPUT.findall(self.text) if found == name), "")

    def fields(self, name: str) -> list[str]:
        """Return the values of all inputs of a name."""
        return [html.unescape(value) for found, value in _INPUT.findall(self.text) if found == name]


class Browser:
    """One person's connection to the desk.

    Parameters
    ----------
    port : int
    measured : Measured
        Is told of every answer.
    """

    def __init__(self, port: int, measured: Measured) -> None:
        self.port, self.measured, self.cookie = port, measured, ""
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used = 0.0

    async def get(self, name: str, path: str) -> Page:
        return await self._ask(name, f"GET {path}", b"")

    async def post(self, name: str, path: str, csrf: str, /, **fields: str) -> Page:
        return await self._ask(name, f"POST {path}", urlencode({"csrf": csrf, **fields}).encode())

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
            self._streams = None

    async def _ask(self, name: str, first: str, body: bytes) -> Page:
        begun = time.perf_counter()
        try:
            page = await asyncio.wait_for(self._exchange(first, body), LONGEST_S)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError) as error:
            self.measured.broken.append(f"{name}: {type(error).__name__}")
            self.close()
            return Page(0, "", "")
        self.measured.seconds[name].append(time.perf_counter() - begun)
        self.measured.statuses[name, page.status] += 1
        return page

    async def _exchange(self, first: str, body: bytes) -> Page:
        if self._streams and time.monotonic() - self._used > IDLE_S:
            self.close()  # the desk lets go of it after 5 s; where both are at it at once, browsers just ask again
        reader, writer = self._streams = self._streams or await asyncio.open_connection("127.0.0.1", self.port)
        lines = [f"{first} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Cookie: desk={self.cookie}"]
        if first.startswith("POST"):
            origin = f"Origin: http://127.0.0.1:{self.port}"
            lines += [origin, "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        told = [(key.lower(), value.strip()) for key, _, value in (line.partition(":") for line in head[1:])]
        headers = dict(told)
        text = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
        for key, value in told:
            if key == "set-cookie" and value.startswith("desk="):
                self.cookie = value.removeprefix("desk=").split(";")[0]
        self._used = time.monotonic()
        if headers.get("connection") == "close":
            self.close()
        return Page(int(head[0].split()[1]), headers.get("location", ""), text)
