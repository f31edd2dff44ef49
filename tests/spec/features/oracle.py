"""A second, slow answer to every feature, written from the definitions and not from the code.

One viewer, one window, one play at a time, in plain Python; whole seconds and fractions, so that nothing is rounded
before the last step. Where this and the kernel disagree, one of them does not do what the definition says.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from statistics import median

import pandas as pd

MOVES = (
    "content_s", "unique_s", "passage_passes", "pauses", "rewinds", "rewind_s", "rewind_gap_s", "rewind_chain",
    "forward_skips", "undirected_seeks",
)  # fmt: skip
MINUTE, HOUR, DAY = 60, 3600, 86_400
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Session:
    """One row; None is unknown."""

    title: str
    start: int  # seconds since 1970
    played: Fraction
    position: Fraction | None
    runtime: Fraction | None
    series: str | None
    offset: int | None  # seconds
    moves: dict[str, Fraction | None] = field(default_factory=dict)  # what player events tell, by column

    @property
    def end(self) -> Fraction:
        return self.start + self.played

    @property
    def begins_at(self) -> Fraction:
        """The position in the title at which the session began."""
        return max(self.position - self.played, Fraction(0))

    @property
    def day(self) -> int:
        return (self.start + (self.offset or 0)) // DAY


@dataclass
class Play:
    """Sessions that resume each other."""

    sessions: list[Session]
    length: Fraction
    length_known: bool
    replay: bool = False

    @property
    def title(self) -> str:
        return self.sessions[0].title

    @property
    def start(self) -> int:
        return self.sessions[0].start

    @property
    def played(self) -> Fraction:
        return sum((s.played for s in self.sessions), Fraction(0))

    @property
    def series(self) -> str | None:
        return max((s.series for s in self.sessions if s.series is not None), default=None)

    @property
    def glance(self) -> bool:
        """A start shorter than a minute and shorter than half of the title, without a loop."""
        short = self.played < MINUTE and self.played < self.length / 2
        return short and not any((s.moves.get("passage_passes") or 0) >= 3 for s in self.sessions)

    @property
    def completed(self) -> bool:
        furthest = max((s.position for s in self.sessions if s.position is not None), default=Fraction(0))
        return not self.glance and max(self.played, furthest) >= self.length * 9 / 10

    @property
    def early_stop(self) -> bool:
        return self.length_known and self.played < self.length / 10

    @property
    def first_end(self) -> Fraction:
        """When the play was first left for over half an hour, or ended."""
        end = self.sessions[0].end
        for session in self.sessions[1:]:
            if session.start - end > 30 * MINUTE:
                break
            end = session.end
        return end

    @property
    def day(self) -> int:
        return self.sessions[0].day

    @property
    def hour(self) -> Fraction | None:
        """The local hour of the start."""
        offset = self.sessions[0].offset
        return None if offset is None else Fraction((self.start + offset) % DAY, HOUR)

    @property
    def at_night(self) -> bool:
        return self.hour is not None and (self.hour >= 23 or self.hour < 5)

    @property
    def weekday(self) -> bool:
        return (EPOCH + timedelta(days=self.day)).weekday() < 5


# ---------------------------------------------------------------- sessions to plays


def plays_of(sessions: list[Session]) -> list[Play]:
    """Stitch the sessions of one viewer; glances are among the result, marked so."""
    plays: list[Play] = []
    for title in sorted({s.title for s in sessions}):
        rows = sorted((s for s in sessions if s.title == title), key=_in_time)
        length, known = length_of(rows)
        completed_before = False
        for group in stitched(rows, length):
            play = Play(group, length, known)
            play.replay = completed_before and not play.glance
            completed_before = completed_before or play.completed
            plays.append(play)
    return plays


def _in_time(s: Session) -> tuple[object, ...]:
    """By start; rows that start together by their other values, unknown numbers last and no series first."""

    def last(number: Fraction | int | None) -> tuple[bool, Fraction | int]:
        return (number is None, 0 if number is None else number)

    return (s.start, s.played, last(s.position), last(s.runtime), s.series or "", last(s.offset))


def length_of(rows: list[Session]) -> tuple[Fraction, bool]:
    """Return a title's length and whether the source knows it: runtime, furthest position, longest stretch."""
    runtimes = [s.runtime for s in rows if s.runtime is not None]
    furthest = max((s.position for s in rows if s.position is not None), default=Fraction(0))
    estimate = furthest if furthest > 0 else longest_viewing([s.played for s in rows])
    return max(max(runtimes, default=estimate), Fraction(1)), bool(runtimes)


def longest_viewing(stretches: list[Fraction]) -> Fraction:
    """Return the longest stretch; of just two that clearly differ, both together; at most two and a half hours."""
    if len(stretches) == 2 and min(stretches) < max(stretches) * 9 / 10:
        return min(sum(stretches, Fraction(0)), Fraction(9000))
    return min(max(stretches), Fraction(9000))


def stitched(rows: list[Session], length: Fraction) -> list[list[Session]]:
    """Group the sessions of one title, in time, into plays."""
    runs: list[list[Session]] = []
    for session in rows:
        if runs and resumes(runs[-1][-1], session, length):
            runs[-1].append(session)
        else:
            runs.append([session])
    return [play for run in runs for play in laps(run, length)]


def resumes(before: Session, session: Session, length: Fraction) -> bool:
    """Within 36 hours, not back by over a fifth, and together not over the length by more than a tenth."""
    if session.start - before.end > 36 * HOUR:
        return False
    placed = before.position is not None and session.position is not None
    if placed and before.position - session.begins_at > length / 5:
        return False
    return before.played + session.played <= length * 11 / 10


def laps(run: list[Session], length: Fraction) -> list[list[Session]]:
    """Cut a run where its playing time has filled the title once more.

    A session belongs to the lap that holds its middle, laps being moved on by the credits, a twentieth; a session
    of known position never begins a lap.
    """
    groups: list[list[Session]] = []
    before, lap_before = Fraction(0), 0
    for session in run:
        middle = (before + session.played / 2) / length
        lap = max(math.floor(middle - Fraction(1, 20)), 0)
        if not groups or (lap != lap_before and session.position is None):
            groups.append([session])
        else:
            groups[-1].append(session)
        before, lap_before = before + session.played, lap
    return groups


# ---------------------------------------------------------------- plays to features


@dataclass
class Watched:
    """What one viewer watched in one window: plays in time, and glances."""

    plays: list[Play]
    glances: list[Play]
    recent: dict[int, int]
    rows: list[str]

    @property
    def starts(self) -> list[Play]:
        return self.plays + self.glances

    @property
    def seconds(self) -> Fraction:
        return sum((p.played for p in self.plays), Fraction(0))

    @property
    def with_length(self) -> list[Play]:
        return [p for p in self.plays if p.length_known]

    @property
    def with_clock(self) -> list[Play]:
        return [p for p in self.plays if p.hour is not None]

    @property
    def days(self) -> list[int]:
        return sorted({p.day for p in self.plays})

    @property
    def by_title(self) -> dict[str, list[Play]]:
        groups: dict[str, list[Play]] = defaultdict(list)
        for play in self.plays:
            groups[play.title].append(play)
        return groups

    @property
    def title_days(self) -> dict[str, list[int]]:
        """Days on which each title was on: every session counts, not only the start of its play."""
        return {t: sorted({s.day for p in plays for s in p.sessions}) for t, plays in self.by_title.items()}

    @property
    def begun(self) -> Counter[tuple[str, int]]:
        """How often each title was begun on each day."""
        return Counter((p.title, p.day) for p in self.plays)

    @property
    def sittings(self) -> list[list[Play]]:
        sittings: list[list[Play]] = []
        for play in self.plays:
            if sittings and play.start - sittings[-1][-1].first_end <= 30 * MINUTE:
                sittings[-1].append(play)
            else:
                sittings.append([play])
        return sittings

    @property
    def gaps(self) -> list[Fraction]:
        """Days between successive plays of a title."""
        return [
            Fraction(later.start - earlier.start, DAY)
            for plays in self.by_title.values()
            for earlier, later in pairwise(plays)
        ]


Value = Fraction | float | int | None
ORACLE: dict[str, Callable[[Watched], Value]] = {}


def says(compute: Callable[[Watched], Value]) -> Callable[[Watched], Value]:
    """Enter a feature under its name."""
    ORACLE[compute.__name__] = compute
    return compute


def share(part: Value, whole: Value) -> Value:
    return None if not whole else Fraction(part) / Fraction(whole)


def longest_run(days: list[int]) -> int:
    return max(next(n for n in range(1, len(days) + 1) if day + n not in days) for day in days)


def resultant(hours: list[Fraction]) -> float | None:
    if not hours:
        return None
    angles = [float(h) * math.tau / 24 for h in hours]
    return math.hypot(math.fsum(map(math.cos, angles)), math.fsum(map(math.sin, angles))) / len(angles)


def hours_in(plays: list[Play]) -> Fraction:
    return sum((p.played for p in plays), Fraction(0)) / HOUR


@says
def hours_played(w: Watched) -> Value:
    return w.seconds / HOUR


@says
def plays(w: Watched) -> Value:
    return len(w.plays)


@says
def active_days(w: Watched) -> Value:
    return len(w.days)


@says
def hours_per_active_day(w: Watched) -> Value:
    return w.seconds / HOUR / len(w.days)


@says
def plays_per_active_day(w: Watched) -> Value:
    return Fraction(len(w.plays), len(w.days))


@says
def active_run_days_max(w: Watched) -> Value:
    return longest_run(w.days)


@says
def titles(w: Watched) -> Value:
    return len(w.by_title)


@says
def titles_per_play(w: Watched) -> Value:
    return Fraction(len(w.by_title), len(w.plays))


@says
def title_entropy_bits(w: Watched) -> Value:
    shares = [len(plays) / len(w.plays) for plays in w.by_title.values()]
    return -math.fsum(s * math.log2(s) for s in shares)


@says
def top_title_share(w: Watched) -> Value:
    return share(max(sum(p.played for p in plays) for plays in w.by_title.values()), w.seconds)


@says
def replay_share(w: Watched) -> Value:
    return Fraction(sum(p.replay for p in w.plays), len(w.plays))


@says
def rewatched_hours_share(w: Watched) -> Value:
    return share(sum(p.played for p in w.plays if p.replay), w.seconds)


@says
def title_plays_max(w: Watched) -> Value:
    return max(len(plays) for plays in w.by_title.values())


@says
def title_recent_plays_max(w: Watched) -> Value:
    return max(w.recent[id(p)] for p in w.plays)


@says
def title_starts_max(w: Watched) -> Value:
    return max(Counter(w.rows).values())


@says
def title_days_max(w: Watched) -> Value:
    return max(len(days) for days in w.title_days.values())


@says
def title_run_days_max(w: Watched) -> Value:
    return max(longest_run(days) for days in w.title_days.values())


@says
def title_plays_day_max(w: Watched) -> Value:
    return max(w.begun.values())


@says
def repeat_days(w: Watched) -> Value:
    return sum(n > 1 for n in w.begun.values())


@says
def title_night_replays_max(w: Watched) -> Value:
    most = 0
    for plays in w.by_title.values():
        replays = [p for p in plays if p.replay]
        unknown = sum(p.hour is None for p in replays)
        if unknown >= 2:
            return None
        most = max(most, unknown + sum(p.at_night for p in replays))
    return most


@says
def replay_gap_median_days(w: Watched) -> Value:
    return median(w.gaps) if w.gaps else None


@says
def replay_gap_variation(w: Watched) -> Value:
    if len(w.gaps) < 2 or not any(w.gaps):
        return None
    mean = sum(w.gaps) / len(w.gaps)
    return math.sqrt(sum((g - mean) ** 2 for g in w.gaps) / len(w.gaps)) / float(mean)


@says
def title_passes_max(w: Watched) -> Value:
    return max(sum(p.played for p in plays) / plays[0].length for plays in w.by_title.values())


@says
def episode_share(w: Watched) -> Value:
    return Fraction(sum(p.series is not None for p in w.plays), len(w.plays))


@says
def top_series_share(w: Watched) -> Value:
    seconds: Counter[str] = Counter()
    for play in w.plays:
        if play.series is not None:
            seconds[play.series] += play.played
    return share(max(seconds.values(), default=0), w.seconds)


@says
def sitting_episodes_max(w: Watched) -> Value:
    return max(sum(p.series is not None for p in sitting) for sitting in w.sittings)


@says
def series_follow_share(w: Watched) -> Value:
    pairs = list(pairwise(w.plays))
    return share(sum(a.series is not None and a.series == b.series for a, b in pairs), len(pairs))


@says
def plays_per_sitting(w: Watched) -> Value:
    return Fraction(len(w.plays), len(w.sittings))


@says
def sitting_hours_max(w: Watched) -> Value:
    return max(hours_in(sitting) for sitting in w.sittings)


@says
def completion_share(w: Watched) -> Value:
    return share(sum(p.completed for p in w.with_length), len(w.with_length))


@says
def early_stop_share(w: Watched) -> Value:
    known = [p for p in w.starts if p.length_known]
    return share(sum(p.early_stop for p in known), len(known))


@says
def played_share_median(w: Watched) -> Value:
    shares = [min(p.played / p.length, Fraction(1)) for p in w.with_length]
    return median(shares) if shares else None


def told(w: Watched, *names: str) -> list[tuple[Fraction, ...]]:
    """What the sessions of all plays tell, those left out that do not tell all of it."""
    rows = [tuple(s.moves.get(name) for name in names) for p in w.plays for s in p.sessions]
    return [row for row in rows if None not in row]


def per_hour(w: Watched, name: str) -> Value:
    sessions = [s for p in w.plays for s in p.sessions if s.moves.get(name) is not None]
    return share(sum(s.moves[name] for s in sessions), sum(s.played for s in sessions) / HOUR) if sessions else None


def weighted_median(pairs: list[tuple[Fraction, Fraction]]) -> Value:
    """The lowest value up to which half of the weight lies."""
    pairs = sorted((value, weight) for value, weight in pairs if weight > 0)
    half, reached = sum(weight for _, weight in pairs) / Fraction(2), Fraction(0)
    for value, weight in pairs:
        reached += weight
        if reached >= half:
            return value
    return None


def most(w: Watched, name: str) -> Value:
    return max((value for (value,) in told(w, name)), default=None)


@says
def rewinds_per_hour(w: Watched) -> Value:
    return per_hour(w, "rewinds")


@says
def rewind_median_s(w: Watched) -> Value:
    return weighted_median(told(w, "rewind_s", "rewinds"))


@says
def rewind_gap_median_s(w: Watched) -> Value:
    return weighted_median([(gap, rewinds - 1) for gap, rewinds in told(w, "rewind_gap_s", "rewinds")])


@says
def passage_replay_share(w: Watched) -> Value:
    seconds = told(w, "content_s", "unique_s")
    again = sum(max(content - unique, Fraction(0)) for content, unique in seconds)
    return share(again, sum(content for content, _ in seconds)) if seconds else None


@says
def passage_passes_max(w: Watched) -> Value:
    return most(w, "passage_passes")


@says
def rewind_chain_max(w: Watched) -> Value:
    return most(w, "rewind_chain")


@says
def title_rewinds_max(w: Watched) -> Value:
    titles: dict[str, list[Fraction]] = defaultdict(list)
    for play in w.plays:
        titles[play.title] += [s.moves["rewinds"] for s in play.sessions if s.moves.get("rewinds") is not None]
    return max((sum(counts, Fraction(0)) for counts in titles.values() if counts), default=None)


@says
def loop_session_share(w: Watched) -> Value:
    passes = told(w, "passage_passes")
    return share(sum(value >= 3 for (value,) in passes), len(passes))


@says
def pauses_per_hour(w: Watched) -> Value:
    return per_hour(w, "pauses")


@says
def forward_skips_per_hour(w: Watched) -> Value:
    return per_hour(w, "forward_skips")


@says
def undirected_seeks_max(w: Watched) -> Value:
    return most(w, "undirected_seeks")


@says
def resumed_share(w: Watched) -> Value:
    return Fraction(sum(len(p.sessions) > 1 for p in w.plays), len(w.plays))


@says
def glance_share(w: Watched) -> Value:
    return Fraction(len(w.glances), len(w.starts))


@says
def night_share(w: Watched) -> Value:
    return share(hours_in([p for p in w.with_clock if p.at_night]), hours_in(w.with_clock))


@says
def daytime_share(w: Watched) -> Value:
    return share(sum(6 <= p.hour < 17 for p in w.with_clock), len(w.with_clock))


@says
def hour_concentration(w: Watched) -> Value:
    return resultant([p.hour for p in w.with_clock])


@says
def same_hour_regularity(w: Watched) -> Value:
    first = {day: next(p for p in w.plays if p.day == day) for day in w.days}
    return resultant([p.hour for p in first.values() if p.hour is not None])


@says
def weekday_share(w: Watched) -> Value:
    return share(hours_in([p for p in w.with_clock if p.weekday]), hours_in(w.with_clock))


NEEDS_SERIES = {"episode_share", "top_series_share", "sitting_episodes_max", "series_follow_share"}

# ---------------------------------------------------------------- the whole answer


def vectors(frame: pd.DataFrame, window_days: int | None = 28) -> pd.DataFrame:
    """Return what `extract_features` should: one row a viewer and window, one column a feature."""
    rows: dict[tuple[str, datetime], dict[str, float]] = {}
    for viewer in sorted(frame["viewer_id"].unique()):
        sessions = [_session(row) for row in frame[frame["viewer_id"] == viewer].to_dict("records")]
        for start, watched in _windows(sessions, window_days).items():
            if watched.plays:
                values = {
                    name: None if name in NEEDS_SERIES and "series_id" not in frame else compute(watched)
                    for name, compute in ORACLE.items()
                }
                rows[viewer, start] = {n: math.nan if v is None else float(v) for n, v in values.items()}
    index = pd.MultiIndex.from_tuples(list(rows), names=["viewer_id", "window_start"])
    return pd.DataFrame(list(rows.values()), index=index, columns=list(ORACLE), dtype=float).sort_index()


def _recent(plays: list[Play]) -> dict[int, int]:
    """Return for each play how many plays of its title began in the 28 days up to it, itself included."""
    real = [p for p in plays if not p.glance]
    order = {id(p): at for at, p in enumerate(plays)}
    return {
        id(p): sum(q.title == p.title and p.start - 28 * DAY <= q.start and order[id(q)] <= order[id(p)] for q in real)
        for p in real
    }


def _windows(sessions: list[Session], days: int | None) -> dict[datetime, Watched]:
    plays = plays_of(sessions)
    recent = _recent(plays)
    windows: dict[datetime, Watched] = defaultdict(lambda: Watched([], [], recent, []))
    real = [p.start for p in plays if not p.glance]
    whole_history = EPOCH + timedelta(days=min(real, default=0) // DAY)

    def window_of(moment: int) -> datetime:
        if days is None:
            return whole_history
        elapsed = EPOCH + timedelta(seconds=moment) - MONDAY
        return MONDAY + elapsed // timedelta(days=days) * timedelta(days=days)

    for play in sorted(plays, key=lambda p: p.start):  # stable: together started, in order of title
        window = windows[window_of(play.start)]
        (window.glances if play.glance else window.plays).append(play)
    for session in sessions:
        windows[window_of(session.start)].rows.append(session.title)
    return windows


def _session(row: dict[str, object]) -> Session:
    def number(name: str) -> Fraction | None:
        value = row.get(name)
        return None if value is None or pd.isna(value) else Fraction(value)

    series, offset = row.get("series_id"), number("utc_offset_min")
    return Session(
        title=str(row["title_id"]),
        start=int(row["started_at"].timestamp()),
        played=Fraction(row["played_s"]),
        position=number("end_position_s"),
        runtime=number("runtime_s"),
        series=None if series is None or pd.isna(series) else str(series),
        offset=None if offset is None else int(offset) * MINUTE,
        moves={name: number(name) for name in MOVES},
    )
