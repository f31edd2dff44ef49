"""Passwords that are tried: how often they may be, and when the audit trail is told that somebody tries.

Tries are counted three times: by name and address, by name, and by address. The trail gets few entries, however many
tries there are: a flood must not become writes.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from analyzer.desk.limits import MOST_KEYS, Attempts, neighbourhood
from analyzer.ledger.events import LONGEST_NAME
from analyzer.ledger.likeness import as_compared
from analyzer.ledger.people import Person
from analyzer.ledger.sign_ins import SigningIn

READ: Final = LONGEST_NAME + 1
"""Letters of a name that are read: to compare a longer one can take minutes, and it is no account's."""
TOLD_AT_MOST: Final = 10
"""Entries in the audit trail about failed tries, within the minutes that tries count."""
BY_NAME, BY_ADDRESS, BY_ALL = 10, 20, 40  # times the tries of one name at one address
_DAY: Final = 86_400.0
"""Whoever tries seldom is told of all the same, if there are as many tries within a day."""


@dataclass(frozen=True, slots=True)
class Try:
    """A password that is tried.

    Attributes
    ----------
    compared : the name, as it is compared with those of accounts, and cut.
    place : the address, as it is counted.
    """

    compared: str
    place: str

    @property
    def keys(self) -> tuple[str, str, str]:
        """By which it is counted."""
        return f"{self.compared} {self.place}", self.compared, self.place


def try_of(name: str, address: str) -> Try:
    """Return a try under a name from an address."""
    return Try(as_compared(name[:READ])[:READ], neighbourhood(address))


@dataclass(frozen=True, slots=True)
class Failed:
    """What the trail is told.

    Attributes
    ----------
    tries, minutes : how many failed or were refused, and within how long.
    compared : the name; None where it was one of several.
    place : the address; None where it was one of several.
    """

    tries: int
    minutes: int
    compared: str | None
    place: str | None


@dataclass(slots=True)
class _Count:
    since: float
    tries: int = 0
    told: float = float("-inf")


class Failures:
    """Decides when failed tries are told; safe to use from several threads.

    Parameters
    ----------
    most : int
        So many by one name and address are told; ten times as many by one name, twenty times by one address, and forty
        times by whatever names from wherever.
    seconds : float
        How long it is quiet about the same after it was told.
    clock : callable
        Seconds that only grow.
    """

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = (most, BY_NAME * most, BY_ADDRESS * most, BY_ALL * most)
        self._seconds, self._clock = seconds, clock
        self._counts: OrderedDict[tuple[int, str], _Count] = OrderedDict()
        self._told: deque[float] = deque(maxlen=TOLD_AT_MOST)
        self._lock = Lock()

    def count(self, tried: Try) -> Failed | None:
        """Count a try that failed or was refused; return what is to be told now, if anything is."""
        with self._lock:
            moment = self._clock()
            counts = self._counts_of(tried, moment)
            quiet = moment - counts[0].told < self._seconds  # then the tries are known, and no news of the wider counts
            for one in counts[:1] if quiet else counts:
                one.tries += 1
            about = ((tried.compared, tried.place), (tried.compared, None), (None, tried.place), (None, None))
            for count, most, named in zip(counts, self._most, about, strict=True):
                if self._is_due(count, most, moment):
                    count.told = moment
                    self._told.append(moment)
                    failed = Failed(count.tries, 1 + int((moment - count.since) // 60), *named)
                    _take(counts, failed.tries)
                    return failed
            return None

    def forget(self, tried: Try) -> None:
        """Forget the tries of somebody who was let in after all."""
        with self._lock:
            counts = self._counts_of(tried, self._clock())
            _take(counts, counts[0].tries)

    def _counts_of(self, tried: Try, moment: float) -> list[_Count]:
        found = []
        for key in enumerate((*tried.keys, "")):
            count = self._counts.setdefault(key, _Count(moment))
            self._counts.move_to_end(key)
            if not count.tries or moment - count.since > _DAY:
                count.tries, count.since = 0, moment
            found.append(count)
        while len(self._counts) > MOST_KEYS:
            self._counts.popitem(last=False)
        return found

    def _is_due(self, count: _Count, most: int, moment: float) -> bool:
        many = len(self._told) == TOLD_AT_MOST and moment - self._told[0] < self._seconds
        return count.tries >= most and moment - count.told >= self._seconds and not many


class Tries:
    """Counts the passwords that are tried at a desk.

    Parameters
    ----------
    ledger : SigningIn
        Whose audit trail is told.
    most : int
        How many may fail by one name at one address.
    minutes : float
        How long they count.
    """

    def __init__(self, ledger: SigningIn, most: int, minutes: float) -> None:
        self._ledger, seconds = ledger, 60.0 * minutes
        self._attempts = tuple(Attempts(times * most, seconds) for times in (1, BY_NAME, BY_ADDRESS))
        self._failures = Failures(most, seconds)
        self._counting = Lock()

    def known(self, name: str, password: str, address: str) -> tuple[Person | None, int]:
        """Return who has this name and password, and how long to wait where the password was not even looked at."""
        tried = try_of(name, address)
        if wait := self._wait_s(tried):
            return None, wait
        who = self._ledger.known(name, password)
        if who is None:
            self._failed(tried)
        else:
            self._succeeded(tried)
        return who, 0

    def _wait_s(self, tried: Try) -> int:
        """Count one try before the password is looked at, for many at a time are many; else return how long to wait."""
        counted = list(zip(self._attempts, tried.keys, strict=True))
        with self._counting:
            wait = max(attempts.wait_s(key) for attempts, key in counted)
            if not wait:
                for attempts, key in counted:
                    attempts.count(key)
        if wait:
            self._failed(tried)
        return wait

    def _failed(self, tried: Try) -> None:
        """Say that a password was not right, or not looked at."""
        if told := self._failures.count(tried):
            self._ledger.tell_failed_sign_ins(told.tries, told.minutes, told.compared, told.place)

    def _succeeded(self, tried: Try) -> None:
        """Say that a password was right."""
        here, _, by_address = self._attempts
        here.forget(tried.keys[0])
        by_address.give_back(tried.keys[2])  # behind a proxy everybody has one address
        self._failures.forget(tried)


def _take(counts: list[_Count], tries: int) -> None:
    for count in counts:
        count.tries = max(0, count.tries - tries)
