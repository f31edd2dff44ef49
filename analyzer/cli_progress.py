"""How far a job is, on stderr: a bar with rate and time left in a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from analyzer.workflow.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Task

_QUIET_S: Final = 30.0
"""Where stderr is no terminal, a step says nothing for this long, and then a line each time that it has passed."""


@contextmanager
def shown() -> Iterator[Progress]:
    """Yield a progress that is shown while the block runs."""
    if not sys.stderr.isatty():
        yield _Lines().progress
        return
    with _bar() as bar:
        yield Progress(bar.step, bar.rows)


@dataclass
class Pace:
    """Rows done of a step, and how fast.

    What an earlier run had done comes as the first report, at once; it says nothing about the pace.
    """

    total: int = 0
    done: int = 0
    given: int = 0
    since: float = field(default_factory=time.monotonic)

    def add(self, rows: int, total: int, now: float) -> None:
        """Count rows; those of the first moment were there before."""
        self.total, self.done = total, self.done + rows
        if now - self.since < 0.05:
            self.given = self.done

    def sentence(self, now: float) -> str:
        """Return rows done, rate and time left in words; empty before anything is known."""
        rate = (self.done - self.given) / max(now - self.since, 1e-9)
        if self.total == 0 or rate <= 0:
            return ""
        left = max(self.total - self.done, 0) / rate
        return f"{_short(self.done)} of {_short(self.total)} rows, {_short(rate)} rows/s, {_time(left)} left"


def _short(count: float) -> str:
    for unit, size in (("billion", 1e9), ("million", 1e6), ("thousand", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f}"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


class _Lines:
    """Progress for a log."""

    def __init__(self) -> None:
        self._name, self._pace, self._told = "", Pace(), time.monotonic()
        self.progress = Progress(self._step, self._rows)

    def _step(self, name: str) -> None:
        self._name, self._pace, self._told = name, Pace(), time.monotonic()

    def _rows(self, rows: int, total: int) -> None:
        now = time.monotonic()
        self._pace.add(rows, total, now)
        if now - self._told >= _QUIET_S:
            self._told = now
            sys.stderr.write(f"{self._name}: {self._pace.sentence(now)}\n")
            sys.stderr.flush()


class _Bar:
    """Progress for a terminal."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._task = bar.add_task("starting", total=None, pace=Pace())

    def step(self, name: str) -> None:
        self._bar.reset(self._task, description=name, total=None, pace=Pace())

    def rows(self, rows: int, total: int) -> None:
        pace = self._bar.tasks[0].fields["pace"]
        pace.add(rows, total, time.monotonic())
        self._bar.update(self._task, completed=min(pace.done, total), total=total)


@contextmanager
def _bar() -> Iterator[_Bar]:
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as RichProgress
    from rich.text import Text

    class PaceColumn(ProgressColumn):
        """Rate and time left, or how long the step has taken."""

        def render(self, task: Task) -> Text:
            told = task.fields["pace"].sentence(time.monotonic())
            return Text(told or _time(task.elapsed or 0.0))

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(20), PaceColumn())
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar)
