"""How a desk is opened."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from analyzer.errors import InputError

_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_NAME: Final = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}")
_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")


@dataclass(frozen=True, kw_only=True)
class DeskSettings:
    """Where a desk listens and whom it believes.

    Attributes
    ----------
    host, port : where it listens; only this machine by default.
    https : whether people reach it over https, through a proxy; cookies are then sent over nothing else.
    names : further host names by which people reach it; a request for any other is refused.
    trusted_header : the header in which a proxy says who has signed in; None: the desk asks for passwords.
    attempts, minutes : how many sign-ins may fail for a name at an address, and how long they count.
    """

    host: str = "127.0.0.1"
    port: int = 8717
    https: bool = False
    names: tuple[str, ...] = ()
    trusted_header: str | None = None
    attempts: int = 5
    minutes: float = 5

    def __post_init__(self) -> None:
        for name in self.names:
            if not _NAME.fullmatch(name):
                raise InputError(
                    f"{name!r:.80} is no name of a host.", "Give the one in the address, such as desk.example.org."
                )
        if self.trusted_header is None:
            return
        if not _HEADER.fullmatch(self.trusted_header):
            raise InputError(f"{self.trusted_header!r:.60} is no name of a header.", "Give one such as X-Remote-User.")
        if not is_loopback(self.host):
            raise InputError(
                f"Whoever reaches {self.host} could send the header {self.trusted_header} and be anybody.",
                "Let the desk listen on 127.0.0.1, with the proxy on the same machine.",
            )

    @property
    def hosts(self) -> tuple[str, ...]:
        """Host names that requests may ask for."""
        own = () if _is_any(self.host) or self.host in _LOOPBACK else (_in_address(self.host),)
        return (*_LOOPBACK, *own, *(name.lower() for name in self.names))

    @property
    def in_the_clear(self) -> bool:
        """Whether passwords travel over a network unencrypted."""
        return not self.https and not is_loopback(self.host)

    @property
    def url(self) -> str:
        """The address of the first page, as somebody on this machine opens it."""
        host = "127.0.0.1" if _is_any(self.host) else self.host
        return f"http://{_in_address(host)}:{self.port}/"


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def _in_address(host: str) -> str:
    """Return a host as it stands in an address of a page."""
    bare = host.strip("[]").lower()
    return f"[{bare}]" if ":" in bare else bare


def _is_any(host: str) -> bool:
    return host.strip("[]") in ("0.0.0.0", "::")  # noqa: S104 - compared, and listened on only where somebody asks
