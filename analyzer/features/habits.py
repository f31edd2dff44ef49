"""Features of seriality, attention and rhythm: in what order, how far, and when."""

from __future__ import annotations

import numpy as np

from analyzer.features.catalog import Family, Transform, feature
from analyzer.features.views import Plays
from analyzer.grouping.segments import Floats, Segments, ratio
from analyzer.grouping.sorting import sort_order

_SERIES = ("series_id",)
_LENGTH = ("runtime_s",)
_CLOCK = ("utc_offset_min",)
_NO_CLOCK = "the local hour of no play is known"
_NO_FIRST_HOUR = "the local hour of no day's first play is known"
_NO_LENGTH = "no title's length is known"


@feature(Family.SERIALITY, "share", Transform.ARCSINE, null="the source knows no series", needs=_SERIES)
def episode_share(p: Plays) -> Floats:
    """Share of plays that are episodes of a series."""
    return p.vectors.share(p.episode)


@feature(Family.SERIALITY, "share", Transform.ARCSINE, null="the source knows no series", needs=_SERIES)
def top_series_share(p: Plays) -> Floats:
    """Share of the hours that went to the series with most hours."""
    episodes = np.flatnonzero(p.episode)
    vector, series = p.vectors.ids[episodes], p.all.series[episodes]
    order = sort_order((vector, series))
    groups = Segments.of_runs(vector[order], series[order])
    hours = groups.sum(p.all.played_s[episodes[order]]) / 3600.0
    return ratio(p.vectors.keep(p.episode).of(groups).max(hours, empty=0.0), p.hours)


@feature(Family.SERIALITY, "episodes", Transform.LOG, null="the source knows no series", needs=_SERIES)
def sitting_episodes_max(p: Plays) -> Floats:
    """Longest sitting, in episodes played in it (of any series)."""
    return p.sittings_in_vector.max(p.sittings.sum(p.episode[p.by_time]))


@feature(Family.SERIALITY, "share", Transform.ARCSINE, null="fewer than two plays, or no series known", needs=_SERIES)
def series_follow_share(p: Plays) -> Floats:
    """Share of plays that follow a play of the same series."""
    series = p.all.series[p.by_time]
    later = np.ones(len(series), dtype=bool)
    later[p.vectors.first] = False
    follows = np.diff(series, prepend=series[:1]) == 0
    return p.vectors.keep(later).share((follows & (series >= 0))[later])


@feature(Family.SERIALITY, "plays/sitting", Transform.LOG)
def plays_per_sitting(p: Plays) -> Floats:
    """Plays per sitting; a pause of over half an hour ends a sitting."""
    return ratio(p.plays, p.sittings_in_vector.sizes)


@feature(Family.SERIALITY, "h", Transform.LOG)
def sitting_hours_max(p: Plays) -> Floats:
    """Longest sitting, in hours played."""
    return p.sittings_in_vector.max(p.sittings.sum(p.all.played_s[p.by_time])) / 3600.0


@feature(Family.ATTENTION, "share", Transform.ARCSINE, null=_NO_LENGTH, needs=_LENGTH)
def completion_share(p: Plays) -> Floats:
    """Share of plays that reached the end, among plays of titles of known length."""
    known = p.all.length_known
    return p.vectors.keep(known).share(p.all.completed[known])


@feature(Family.ATTENTION, "share", Transform.ARCSINE, null=_NO_LENGTH, needs=_LENGTH)
def early_stop_share(p: Plays) -> Floats:
    """Share of starts, glances included, that ended before a tenth of the title, among titles of known length."""
    return ratio(p.early_stops, p.known_starts)


@feature(Family.ATTENTION, "share", Transform.ARCSINE, null=_NO_LENGTH, needs=_LENGTH)
def played_share_median(p: Plays) -> Floats:
    """Median share of a title's length that a play covered, at most 1."""
    known = p.all.length_known
    share = np.minimum(ratio(p.all.played_s, p.all.length_s), 1.0)
    return p.vectors.keep(known).median(share[known])


@feature(Family.ATTENTION, "share", Transform.ARCSINE)
def resumed_share(p: Plays) -> Floats:
    """Share of plays that took more than one session."""
    return p.vectors.share(p.all.sessions.sizes > 1)


@feature(Family.ATTENTION, "share", Transform.ARCSINE)
def glance_share(p: Plays) -> Floats:
    """Share of starts that were glances: ended within a minute and before half of the title."""
    return ratio(p.glances, p.plays + p.glances)


@feature(Family.RHYTHM, "share", Transform.ARCSINE, null=_NO_CLOCK, needs=_CLOCK)
def night_share(p: Plays) -> Floats:
    """Share of the hours in plays that began at night (23 to 5 o'clock by the local clock)."""
    known = p.clock_known
    hours = p.vectors.keep(known)
    return ratio(
        hours.sum(np.where(p.night, p.all.played_s, 0.0)[known]),
        hours.sum(p.all.played_s[known]),
    )


@feature(Family.RHYTHM, "share", Transform.ARCSINE, null=_NO_CLOCK, needs=_CLOCK)
def daytime_share(p: Plays) -> Floats:
    """Share of plays that began from 6 to 17 o'clock by the local clock."""
    known = p.clock_known
    hour = p.all.hour[known]
    return p.vectors.keep(known).share((hour >= 6) & (hour < 17))


@feature(Family.RHYTHM, "ratio", Transform.NONE, null=_NO_CLOCK, needs=_CLOCK)
def hour_concentration(p: Plays) -> Floats:
    """How much plays cluster at one hour: 1 always the same hour, 0 spread evenly (mean resultant length)."""
    known = p.clock_known
    return p.vectors.keep(known).concentration(p.all.hour[known] * (2 * np.pi / 24))


@feature(Family.RHYTHM, "ratio", Transform.NONE, null=_NO_FIRST_HOUR, needs=_CLOCK)
def same_hour_regularity(p: Plays) -> Floats:
    """How much the first play of each day keeps to one hour: 1 always the same, 0 spread evenly."""
    days, days_in_vector, _ = p.days
    hour = p.all.hour[p.by_day][days.first]
    known = ~np.isnan(hour)
    return days_in_vector.keep(known).concentration(hour[known] * (2 * np.pi / 24))


@feature(Family.RHYTHM, "share", Transform.ARCSINE, null=_NO_CLOCK, needs=_CLOCK)
def weekday_share(p: Plays) -> Floats:
    """Share of the hours in plays that began from Monday to Friday, local day."""
    known = p.clock_known
    weekday = (p.all.day[known] + 3) % 7 < 5  # day 0, 1970-01-01, was a Thursday
    hours = p.vectors.keep(known)
    played = p.all.played_s[known]
    return ratio(hours.sum(np.where(weekday, played, 0.0)), hours.sum(played))
