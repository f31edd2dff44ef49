"""Is a form sent from one of our own pages? A token that only the page and the cookie's owner know says so."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final
from urllib.parse import urlsplit

_WHAT_FOR: Final = b"form of the desk"
_PROOF: Final = 16  # hexadecimal digits


def form_token(cookie: str) -> str:
    """Return what a form carries for whoever has this cookie: nobody else can work it out."""
    return hmac.new(cookie.encode("utf-8", "surrogatepass"), _WHAT_FOR, hashlib.sha256).hexdigest()


def proof_of(csrf: str, done: str, href: str, as_of: str = "") -> str:
    """Return what shows that a sentence was put into an address by the desk, for this sign-in and this page alone.

    Parameters
    ----------
    csrf : str
        The sign-in's form token.
    done, href : str
        Which sentence, and where it stands.
    as_of : str
        What the page was about when it was said: once that is otherwise, the sentence is no longer true.
    """
    return hmac.new(csrf.encode(), f"{done} {href} {as_of}".encode(), hashlib.sha256).hexdigest()[:_PROOF]


def is_own_form(cookie: str, sent: str, origin: str | None, host: str) -> bool:
    """Return whether a form was sent from a page of the desk.

    Parameters
    ----------
    cookie : str
        Of whoever sends it.
    sent : str
        The token in the form.
    origin, host : str
        The headers Origin, which browsers send with every form, and Host.
    """
    if origin is not None and _host_of(origin) != host.casefold():
        return False
    return bool(cookie) and hmac.compare_digest(form_token(cookie).encode(), sent.encode("utf-8", "surrogatepass"))


def _host_of(origin: str) -> str | None:
    """Return the host that an origin names; None where it is no address at all."""
    try:
        return urlsplit(origin).netloc.casefold() or None
    except ValueError:
        return None
