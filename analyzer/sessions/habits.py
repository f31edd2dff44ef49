"""The planted habits of the synthetic population, as data.

A habit is a base way of watching plus, for the protected ones, a **ritual**: plays of one favourite title. Numbers are
invented so that each habit is recognisable and none is a caricature; every viewer varies around them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Ritual:
    """Plays of one favourite title.

    Attributes
    ----------
    day_share : share of days on which it happens.
    plays : mean plays on such a day (at least one).
    hour, hour_sd : local hour at which it begins, and its standard deviation.
    """

    day_share: float
    plays: float
    hour: float
    hour_sd: float


@dataclass(frozen=True, slots=True)
class Habit:
    """One planted habit.

    Attributes
    ----------
    name, story : what it is called and what it looks like.
    share : share of viewers who have it.
    weekday, weekend : probability of watching on such a day.
    sittings : mean sittings on a day of watching.
    plays : mean plays in a sitting.
    hours : local hours at which sittings begin, as (hour, standard deviation, weight).
    episodes : share of plays that continue a series; the rest are films.
    completed, early : share of plays that reach the end, and that stop almost at once.
    episode_min : range of episode lengths in minutes.
    ritual : repetition of one title; a habit with one is protected.
    """

    name: str
    story: str
    share: float
    weekday: float
    weekend: float
    sittings: float
    plays: float
    hours: tuple[tuple[float, float, float], ...]
    episodes: float
    completed: float
    early: float
    episode_min: tuple[float, float] = (22.0, 60.0)
    ritual: Ritual | None = None

    @property
    def protected(self) -> bool:
        """Whether the habit must never be singled out."""
        return self.ritual is not None


_EVENING: Final = (20.3, 1.1, 1.0)
_FAMILY: Final = {
    "weekday": 0.85,
    "weekend": 0.95,
    "sittings": 1.6,
    "plays": 1.6,
    "hours": ((16.5, 0.9, 0.55), (20.3, 0.8, 0.45)),
    "episodes": 0.7,
    "completed": 0.78,
    "early": 0.08,
}


def _family(percent: int, ritual_plays_in_28_days: float) -> Habit:
    a_day = ritual_plays_in_28_days / 28
    day_share = min(a_day, 0.9)
    ritual = Ritual(day_share, a_day / day_share, 15.5, 1.2)
    story = f"A family shares one profile; about {percent} % of its plays are one child's favourite film."
    return Habit(f"mixed_family_{percent}", story, 0.008, ritual=ritual, **_FAMILY)  # type: ignore[arg-type]


HABITS: Final[tuple[Habit, ...]] = (
    Habit("weekend_films", "One or two films on weekend evenings.", 0.12, 0.10, 0.80, 1.0, 1.3,
          ((20.5, 0.8, 1.0),), 0.05, 0.88, 0.03),
    Habit("one_episode_a_day", "The next episode of a series, most evenings at the same hour.", 0.13, 0.85, 0.70,
          1.0, 1.2, ((20.0, 0.35, 1.0),), 0.96, 0.93, 0.02, (40.0, 60.0)),
    Habit("series_in_long_sittings", "Two or three long evenings a week, five episodes and more.", 0.12, 0.28, 0.50,
          1.0, 5.5, ((19.0, 1.0, 1.0),), 0.98, 0.94, 0.02, (40.0, 60.0)),
    Habit("late_films", "Films that begin after eleven at night.", 0.09, 0.45, 0.55, 1.0, 1.2,
          ((0.2, 0.9, 1.0),), 0.10, 0.70, 0.06),
    Habit("many_starts", "Looks into much, finishes little.", 0.10, 0.60, 0.60, 1.2, 4.0,
          (_EVENING,), 0.15, 0.12, 0.50),
    Habit("morning_shorts", "Short episodes before work.", 0.08, 0.80, 0.25, 1.0, 2.0,
          ((7.2, 0.4, 1.0),), 0.95, 0.90, 0.03, (8.0, 18.0)),
    Habit("all_day_background", "Something is on for most of the day.", 0.07, 0.90, 0.90, 3.0, 3.5,
          ((10.0, 2.0, 0.5), (16.0, 3.0, 0.5)), 0.80, 0.55, 0.10),
    Habit("now_and_then", "A few plays a month.", 0.10, 0.08, 0.14, 1.0, 1.1, (_EVENING,), 0.30, 0.75, 0.08),
    Habit("family_profile", "Children's episodes in the afternoon, films in the evening.", 0.08,
          **_FAMILY),  # type: ignore[arg-type]
    Habit("lunch_break_documentaries", "One documentary at midday on workdays.", 0.064, 0.70, 0.05, 1.0, 1.1,
          ((12.4, 0.3, 1.0),), 0.10, 0.80, 0.05),
    Habit("daily_title", "One film, every day.", 0.01, 0.25, 0.45, 1.0, 1.3, (_EVENING,), 0.5, 0.85, 0.05,
          ritual=Ritual(0.93, 1.0, 17.0, 1.0)),
    Habit("several_plays_a_day", "One film, several times a day, most days.", 0.006, 0.20, 0.30, 1.0, 1.3,
          (_EVENING,), 0.6, 0.85, 0.05, ritual=Ritual(0.75, 3.0, 10.0, 1.5)),
    Habit("nightly_repetition", "The same film through the night, several nights a week.", 0.006, 0.30, 0.40, 1.0,
          1.3, (_EVENING,), 0.5, 0.85, 0.05, ritual=Ritual(0.55, 1.6, 23.6, 0.8)),
    _family(10, 7.0),  # the base plays 63 times in 28 days
    _family(30, 27.0),
    _family(60, 94.0),
)  # fmt: skip
