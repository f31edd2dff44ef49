"""How often something may be tried: failures are counted for a while, and then forgotten."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock
from typing import Final

MOST_KEYS: Final = 50_000
"""Of whom failures are remembered; whoever invents names to fill the memory loses the oldest ones."""


def neighbourhood(address: str) -> str:
    """Return what tries from an address are counted by: a single customer has 2**64 addresses of IPv6 at hand."""
    try:
        told = ipaddress.ip_address(address)
    except ValueError:
        return address
    if told.version == 4:
        return str(told)
    return str(told.ipv4_mapped or ipaddress.ip_network((told, 64), strict=False))


class Attempts:
    """Counts by key within a stretch of time; safe to use from several threads.

    Parameters
    ----------
    most : int
        How many are let through.
    seconds : float
        How long one counts.
    clock : callable
        Seconds that only grow.
    """

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._counted: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def wait_s(self, key: str) -> int:
        """Return for how many seconds a key has to wait; 0 where it has not."""
        with self._lock:
            counted, moment = self._counted.get(key), self._clock()
            if counted is None:
                return 0
            while counted and counted[0] <= moment - self._seconds:
                counted.popleft()
            return 0 if len(counted) < self._most else max(1, round(counted[0] + self._seconds - moment))

    def count(self, key: str) -> None:
        """Count one for a key."""
        with self._lock:
            self._counted.setdefault(key, deque(maxlen=self._most)).append(self._clock())
            self._counted.move_to_end(key)
            if len(self._counted) > MOST_KEYS:
                self._counted.popitem(last=False)

    def give_back(self, key: str) -> None:
        """Take back the newest that was counted for a key, since it did not fail."""
        with self._lock:
            if counted := self._counted.get(key):
                counted.pop()

    def forget(self, key: str) -> None:
        """Count a key from the beginning again."""
        with self._lock:
            self._counted.pop(key, None)
