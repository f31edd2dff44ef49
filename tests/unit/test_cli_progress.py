"""What a long job says of itself, and what it takes for a memory limit or a window."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest

from analyzer import cli_progress
from analyzer.cli_progress import Pace, shown
from analyzer.errors import InputError
from analyzer.features.windows import US_PER_DAY, Window
from analyzer.workflow.options import memory_bytes_of

# ---------------------------------------------------------------- the pace


def test_the_pace_says_rows_rate_and_time_left() -> None:
    pace = Pace(since=100.0)
    pace.add(500_000, 2_000_000, 110.0)
    assert pace.sentence(110.0) == "500.0 thousand of 2.0 million rows, 50.0 thousand rows/s, 30 s left"
    pace.add(500_000, 2_000_000, 120.0)
    assert pace.sentence(125.0) == "1.0 million of 2.0 million rows, 40.0 thousand rows/s, 25 s left"


@pytest.mark.parametrize(
    ("rows", "total", "words"),
    [
        (1, 10, "1 of 10 rows, 1 rows/s, 9 s left"),
        (1, 91, "1 of 91 rows, 1 rows/s, 1 min 30 s left"),
        (1, 7_321, "1 of 7.3 thousand rows, 1 rows/s, 2 h 2 min left"),
        (10, 5_000_000_000, "10 of 5.0 billion rows, 10 rows/s, 138888 h 53 min left"),
        (10, 10, "10 of 10 rows, 10 rows/s, 0 s left"),
    ],
)
def test_the_pace_is_said_in_words_of_its_size(rows: int, total: int, words: str) -> None:
    pace = Pace(since=0.0)
    pace.add(rows, total, 1.0)
    assert pace.sentence(1.0) == words


def test_before_anything_is_known_nothing_is_said() -> None:
    assert Pace(since=0.0).sentence(10.0) == ""
    pace = Pace(since=0.0)
    pace.add(0, 100, 0.0)
    assert pace.sentence(10.0) == ""


def test_what_an_earlier_run_had_done_is_done_but_says_nothing_of_the_rate() -> None:
    pace = Pace(since=0.0)
    pace.add(8_000, 10_000, 0.001)
    assert pace.sentence(5.0) == "", "nothing is known yet"
    pace.add(100, 10_000, 10.0)
    assert pace.sentence(10.0) == "8.1 thousand of 10.0 thousand rows, 10 rows/s, 3 min 10 s left"


def test_more_rows_than_were_expected_leave_no_time_below_zero() -> None:
    """The rows of a text file are estimated."""
    pace = Pace(since=0.0)
    pace.add(150, 100, 10.0)
    assert pace.sentence(10.0).endswith("rows/s, 0 s left")


# ---------------------------------------------------------------- where stderr is no terminal


class Clock:
    """A clock that stands until it is told the time."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(cli_progress, "time", clock)
    monkeypatch.setattr(cli_progress, "Pace", lambda: Pace(since=clock.now))
    return clock


def test_in_a_log_what_takes_long_says_a_line_each_time_that_the_quiet_time_has_passed(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    with shown() as progress:
        progress("reading sessions")
        for _ in range(70):
            clock.now += 1.0
            progress.rows(10, 1_000)
    assert log.getvalue().splitlines() == [
        "reading sessions: 300 of 1.0 thousand rows, 10 rows/s, 1 min 10 s left",
        "reading sessions: 600 of 1.0 thousand rows, 10 rows/s, 40 s left",
    ]


def test_in_a_log_what_is_quick_says_nothing(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    with shown() as progress:
        for step in ("reading sessions", "extracting features", "writing"):
            progress(step)
            clock.now += 29.0
            progress.rows(10, 10)
    assert log.getvalue() == "", "each step has a quiet time of its own"


# ---------------------------------------------------------------- a memory limit


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("64MB", 64 << 20),
        ("64mb", 64 << 20),
        (" 512 MiB ", 512 << 20),
        ("4GB", 4 << 30),
        ("4G", 4 << 30),
        ("1.5GiB", 3 << 29),
        ("0.0625GB", 64 << 20),
        ("65536K", 64 << 20),
        ("2TB", 2 << 40),
    ],
)
def test_a_memory_limit_is_read_in_any_unit(text: str, size: int) -> None:
    assert memory_bytes_of(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "64",
        "MB",
        "63MB",
        "63.99MB",
        "0GB",
        "-1GB",
        "1e3GB",
        "1,5GB",
        "4PB",
        "nanGB",
        "4GB 2",
        f"{10**400}T",
    ],
)
def test_what_is_no_memory_limit_or_too_little_is_told_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match="is not a memory limit") as refused:
        memory_bytes_of(text)
    assert "at least 64MB" in refused.value.remedy


# ---------------------------------------------------------------- windows


@pytest.mark.parametrize(
    ("length", "step", "window", "words"),
    [
        ("28d", None, Window(28), "28d"),
        ("4w", "1w", Window(28, 7), "28d every 7d"),
        ("28d", "7 days", Window(28, 7), "28d every 7d"),
        (28, 7, Window(28, 7), "28d every 7d"),
        ("28d", "4w", Window(28), "28d"),
        ("7d", "14d", Window(7, 14), "7d every 14d"),
        ("400d", "1d", Window(400, 1), "400d every 1d"),
        ("all", None, Window(None), "all"),
        (None, None, Window(None), "all"),
        (" 1 Week ", " 1D ", Window(7, 1), "7d every 1d"),
    ],
)
def test_a_window_and_its_step_are_read(
    length: str | int | None, step: str | int | None, window: Window, words: str
) -> None:
    assert Window.parse(length, step) == window
    assert str(Window.parse(length, step)) == words


@pytest.mark.parametrize(
    ("length", "step", "words"),
    [
        ("28d", "0d", "'0d' is not a step"),
        ("28d", "-7d", "'-7d' is not a step"),
        ("28d", 0, "0 is not a step"),
        ("28d", "7h", "'7h' is not a step"),
        ("28d", "all", "'all' is not a step"),
        ("28d", "", "'' is not a step"),
        ("28d", "36501d", "'36501d' is not a step"),
        ("0d", "7d", "'0d' is not a window length"),
        ("month", None, "'month' is not a window length"),
        ("all", "7d", "one window; it has no step"),
        (None, 7, "one window; it has no step"),
        ("401d", "1d", "a play counts in 401 of them"),
        ("36500d", "1w", "a play counts in 5215 of them"),
    ],
)
def test_what_is_no_window_or_no_step_is_told(length: str | int | None, step: str | int | None, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        Window.parse(length, step)
    assert refused.value.remedy


MOST_AND_FEWEST = {
    Window(28): (1, 1),
    Window(28, 7): (4, 4),
    Window(28, 10): (3, 2),
    Window(7, 14): (1, 0),
    Window(1, 1): (1, 1),
    Window(10, 3): (4, 3),
}


@pytest.mark.parametrize("window", MOST_AND_FEWEST, ids=str)
def test_an_instant_lies_in_the_windows_from_the_first_to_the_last_and_in_no_other(window: Window) -> None:
    days = np.arange(-60, 60) + 19_723  # around 2024-01-01
    instants = np.concatenate([days * US_PER_DAY, days * US_PER_DAY - 1, days * US_PER_DAY + 1])
    first, last = window.first_and_last(instants)
    for beside in range(-3, 4):
        number = np.minimum(first, last) + beside
        begin = window.start_us(number, instants)
        holds = (begin <= instants) & (instants < begin + (window.days or 0) * US_PER_DAY)
        assert (holds == ((first <= number) & (number <= last))).all()
    held = last - first + 1
    assert (held.max(), held.min()) == MOST_AND_FEWEST[window]


def test_the_whole_history_is_one_window() -> None:
    first, last = Window(None).first_and_last(np.array([0, 10**15, 2 * 10**15]))
    assert first.tolist() == last.tolist() == [0, 0, 0]


@pytest.mark.parametrize("window", [Window(28), Window(28, 7), Window(7, 14)])
def test_windows_begin_on_a_monday(window: Window) -> None:
    starts = window.start_us(np.arange(-3, 600), np.zeros(603, dtype=np.int64))
    assert {day.weekday() for day in starts.astype("datetime64[us]").astype(object)} == {0}
