"""Passwords: what may be one, and how one is kept and checked."""

from __future__ import annotations

import hashlib
import secrets
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from analyzer.errors import InputError
from analyzer.policy.overrides import name_compared

SHORTEST: Final = 12
LONGEST: Final = 200
_FEWEST_LETTERS: Final = 5
_LEFT: Final = 4
"""Letters that a password has to have beside what everybody tries."""
# Argon2id with 19 MiB, 2 passes and 1 lane: the least that OWASP's Password Storage Cheat Sheet recommends (2023);
# more would let a flood of sign-ins take the memory of the desk.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_COMMON: Final = (
    *("password", "passwort", "kennwort", "passwd", "geheim", "secret", "letmein", "welcome", "willkommen", "changeme"),
    *("hello", "iloveyou", "dragon", "monkey", "sunshine", "princess", "football", "baseball", "superman", "starwars"),
    *("qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "qsdfghjklm", "zxcvbnm", "yxcvbnm", "qwerty", "qwertz"),
    *("azerty", "asdf", "qwer", "abcdefghijkl", "abcdef", "qazwsxedc", "qazwsx", "abcabc"),
    *("administrator", "admin", "analyzer", "reviewer", "researcher", "communications", "netflix", "streaming"),
)
_IN_PLACE: Final = str.maketrans("0134578@$!", "oieastbasi")  # digits and signs that are typed for letters


def check_password(password: str, name: str) -> None:
    """Refuse a password that others would try first.

    Raises
    ------
    InputError
        When it is too short, too long, one word that everybody tries, or made of the account's name.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(
            f"A password of {len(password)} characters is not taken.", f"Enter {SHORTEST} to {LONGEST} characters."
        )
    told = (name_compared(password), name_compared(password.casefold().translate(_IN_PLACE)))
    if len(set(told[0])) < _FEWEST_LETTERS or min(_left_of(text, name_compared(name)) for text in told) < _LEFT:
        raise InputError("Others would try this password first.", "Enter a few words that nobody would guess.")


def _left_of(text: str, own: str) -> int:
    """Return how many letters of a password are not of the name, a word that everybody tries, or digits."""
    text = "".join(c for c in text if not c.isdigit())
    for word in sorted((own, *_COMMON), key=len, reverse=True):
        text = text.replace(word, "") if word else text
    return len(text)


def hashed(password: str) -> str:
    """Return a password as it is kept: Argon2id with its own salt."""
    return _HASHER.hash(password)


def fits(password: str, kept: str | None) -> bool:
    """Return whether a password is the one that was kept; it takes as long where there is no account.

    Parameters
    ----------
    password : str
    kept : str or None
        What `hashed` returned; None where nobody is called so.
    """
    try:
        return _HASHER.verify(kept or _nobodys(), password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def token_hash(token: str) -> str:
    """Return the SHA-256 of a token in hex; tokens are random, so that no slow hash is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _nobodys() -> str:
    return hashed(secrets.token_urlsafe())
