"""Features of volume and breadth: how much, and how many different things."""

from __future__ import annotations

from analyzer.features.catalog import Family, Transform, feature
from analyzer.features.views import Plays
from analyzer.grouping.segments import Floats, ratio


@feature(Family.VOLUME, "h", Transform.LOG)
def hours_played(p: Plays) -> Floats:
    """Hours played."""
    return p.hours


@feature(Family.VOLUME, "plays", Transform.LOG)
def plays(p: Plays) -> Floats:
    """Plays: sessions that resume each other count once."""
    return p.plays.astype(float)


@feature(Family.VOLUME, "days", Transform.LOG)
def active_days(p: Plays) -> Floats:
    """Days on which a play began."""
    return p.days[1].sizes.astype(float)


@feature(Family.VOLUME, "h/day", Transform.LOG)
def hours_per_active_day(p: Plays) -> Floats:
    """Hours played per active day."""
    return ratio(p.hours, p.days[1].sizes)


@feature(Family.VOLUME, "plays/day", Transform.LOG)
def plays_per_active_day(p: Plays) -> Floats:
    """Plays per active day."""
    return ratio(p.plays, p.days[1].sizes)


@feature(Family.VOLUME, "days", Transform.LOG)
def active_run_days_max(p: Plays) -> Floats:
    """Longest run of consecutive active days."""
    _, days_in_vector, day = p.days
    return days_in_vector.longest_run(day)


@feature(Family.BREADTH, "titles", Transform.LOG)
def titles(p: Plays) -> Floats:
    """Different titles played."""
    return p.titles_in_vector.sizes.astype(float)


@feature(Family.BREADTH, "titles/play", Transform.ARCSINE)
def titles_per_play(p: Plays) -> Floats:
    """Different titles per play: 1 when nothing was played twice."""
    return ratio(p.titles_in_vector.sizes, p.plays)


@feature(Family.BREADTH, "bit", Transform.NONE)
def title_entropy_bits(p: Plays) -> Floats:
    """Shannon entropy of plays over titles: 0 when only one title was played."""
    return p.titles_in_vector.entropy_bits(p.titles.sizes)


@feature(Family.BREADTH, "share", Transform.ARCSINE)
def top_title_share(p: Plays) -> Floats:
    """Share of the hours that went to the title with most hours."""
    return ratio(p.titles_in_vector.max(p.hours_by_title), p.hours)
