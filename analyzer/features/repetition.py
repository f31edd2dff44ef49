"""Features of repetition: the same title again.

Those that take the most over titles see a repeating child inside a family profile, however much else is played
there. Anderson et al., The dynamics of repeat consumption, WWW 2014; Benson et al., Modeling user consumption
sequences, WWW 2016 (gaps between repeats).
"""

from __future__ import annotations

import numpy as np

from analyzer.features.catalog import Family, Transform, feature, null_where
from analyzer.features.views import Plays
from analyzer.grouping.segments import Floats, Segments, ratio


@feature(Family.REPETITION, "share", Transform.ARCSINE)
def replay_share(p: Plays) -> Floats:
    """Share of plays that replay a title completed before, in this window or earlier."""
    return p.vectors.share(p.all.replay)


@feature(Family.REPETITION, "share", Transform.ARCSINE)
def rewatched_hours_share(p: Plays) -> Floats:
    """Share of the hours that were replays."""
    return ratio(p.vectors.sum(np.where(p.all.replay, p.all.played_s, 0.0)) / 3600.0, p.hours)


@feature(Family.REPETITION, "plays", Transform.LOG)
def title_plays_max(p: Plays) -> Floats:
    """Most plays of one title."""
    return p.titles_in_vector.max(p.titles.sizes)


@feature(Family.REPETITION, "plays", Transform.LOG)
def title_recent_plays_max(p: Plays) -> Floats:
    """Most plays of one title within 28 days (up to a play in this window, so that its edge cuts nothing short)."""
    return p.vectors.max(p.all.recent)


@feature(Family.REPETITION, "starts", Transform.LOG)
def title_starts_max(p: Plays) -> Floats:
    """Most starts of one title: every row counts, glances and rows that nobody chose too (a short song, a loop)."""
    return p.title_starts_max


@feature(Family.REPETITION, "days", Transform.LOG)
def title_days_max(p: Plays) -> Floats:
    """Most days on which one title was on."""
    days_of_title, titles_in_vector, _ = p.title_days
    return titles_in_vector.max(days_of_title.sizes)


@feature(Family.REPETITION, "days", Transform.LOG)
def title_run_days_max(p: Plays) -> Floats:
    """Longest run of consecutive days with the same title."""
    days_of_title, titles_in_vector, day = p.title_days
    return titles_in_vector.max(days_of_title.longest_run(day))


@feature(Family.REPETITION, "plays", Transform.LOG)
def title_plays_day_max(p: Plays) -> Floats:
    """Most plays of one title that began on one day."""
    groups, groups_in_vector = p.title_day_plays
    return groups_in_vector.max(groups.sizes)


@feature(Family.REPETITION, "title days", Transform.LOG)
def repeat_days(p: Plays) -> Floats:
    """Number of times that a title was begun more than once on one day."""
    groups, groups_in_vector = p.title_day_plays
    return groups_in_vector.sum(groups.sizes >= 2)


@feature(Family.REPETITION, "plays", Transform.LOG, null="a title has two or more replays at unknown hours")
def title_night_replays_max(p: Plays) -> Floats:
    """Most replays of one title that began at night (23 to 5 o'clock local); one at an unknown hour counts as such."""
    unknown = p.titles.sum(p.all.replay & ~p.clock_known)
    at_night = p.titles_in_vector.max(p.titles.sum(p.all.replay & p.night) + unknown)
    return null_where(p.titles_in_vector.max(unknown) >= 2, at_night)


@feature(Family.REPETITION, "days", Transform.LOG, null="no title was played twice")
def replay_gap_median_days(p: Plays) -> Floats:
    """Median time between successive plays of the same title."""
    gaps, gap_days = _gaps(p)
    return gaps.median(gap_days)


@feature(Family.REPETITION, "ratio", Transform.LOG, null="fewer than two such gaps, or all of them 0")
def replay_gap_variation(p: Plays) -> Floats:
    """Coefficient of variation of the time between successive plays of the same title."""
    gaps, gap_days = _gaps(p)
    return gaps.variation(gap_days)


@feature(Family.REPETITION, "lengths", Transform.LOG)
def title_passes_max(p: Plays) -> Floats:
    """Most times that one title's known or estimated length was played through: sees a title that runs in a loop."""
    return p.titles_in_vector.max(ratio(p.hours_by_title * 3600.0, p.all.length_s[p.titles.first]))


def _gaps(p: Plays) -> tuple[Segments, Floats]:
    """Return the gaps between successive plays of a title, in days, grouped by vector."""
    repeats = np.ones(len(p.all.start_us), dtype=bool)
    repeats[p.titles.first] = False
    gap_us = np.diff(p.all.start_us, prepend=p.all.start_us[:1])[repeats]
    return p.vectors.keep(repeats), gap_us / 86_400e6
