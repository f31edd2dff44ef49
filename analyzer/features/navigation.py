"""Features of navigation: pausing, going back, and one passage again and again.

They stand on what player events tell of each session (`sessions.playback`): a **rewind** is a movement back by one or
more seeks with nothing played between them; a **pass** is ten seconds of content played within ten seconds of a title.
What a window's sessions do not tell is null, and a session whose seeks have no known direction says nothing of rewinds.
Features that take the most over sessions or titles see one child's loop among a family's evenings. Kim et al., Learning
at Scale 2014 (replaying a brief segment); Brinton et al., IEEE Transactions on Signal Processing 2016 (skipping back).
"""

from __future__ import annotations

import numpy as np

from analyzer.features.catalog import Family, Transform, feature
from analyzer.features.moves import LOOP_PASSES
from analyzer.features.views import Plays
from analyzer.grouping.segments import Floats, Segments, ratio
from analyzer.grouping.sorting import ordered_bits, sort_order

_NO_EVENTS = "no session tells"
_NO_DIRECTION = "no session tells, or only of seeks without a known direction"
_MOVES = ("rewinds",)


@feature(Family.NAVIGATION, "rewinds/h", Transform.LOG, null=_NO_DIRECTION, needs=_MOVES)
def rewinds_per_hour(p: Plays) -> Floats:
    """Rewinds per hour played."""
    return _per_hour(p, "rewinds")


@feature(Family.NAVIGATION, "s", Transform.LOG, null="no session has a rewind", needs=("rewind_s",))
def rewind_median_s(p: Plays) -> Floats:
    """Median distance back of a rewind: of the sessions' medians, each counted as often as it has rewinds."""
    return _weighted_median(p, "rewind_s", p.moves["rewinds"])


@feature(Family.NAVIGATION, "s", Transform.LOG, null="no session has two rewinds", needs=("rewind_gap_s",))
def rewind_gap_median_s(p: Plays) -> Floats:
    """Median time from a rewind to the next one of its session: of the sessions' medians, counted as their gaps."""
    return _weighted_median(p, "rewind_gap_s", p.moves["rewinds"] - 1)


@feature(Family.NAVIGATION, "share", Transform.ARCSINE, null=_NO_EVENTS, needs=("content_s", "unique_s"))
def passage_replay_share(p: Plays) -> Floats:
    """Share of the content played that had been played before in the same session."""
    content, unique = p.moves["content_s"], p.moves["unique_s"]
    known = ~np.isnan(content - unique)
    again = np.maximum(content - unique, 0.0)
    inside = p.sessions_in_vector.keep(known)
    return ratio(inside.sum(again[known]), inside.sum(content[known]))


@feature(Family.NAVIGATION, "passes", Transform.LOG, null=_NO_EVENTS, needs=("passage_passes",))
def passage_passes_max(p: Plays) -> Floats:
    """Most passes over any ten seconds of a title in one session."""
    return _most(p, "passage_passes")


@feature(Family.NAVIGATION, "rewinds", Transform.LOG, null=_NO_DIRECTION, needs=("rewind_chain",))
def rewind_chain_max(p: Plays) -> Floats:
    """Longest chain of rewinds that land within ten seconds of each other."""
    return _most(p, "rewind_chain")


@feature(Family.NAVIGATION, "rewinds", Transform.LOG, null=_NO_DIRECTION, needs=_MOVES)
def title_rewinds_max(p: Plays) -> Floats:
    """Most rewinds in one title."""
    known = ~np.isnan(p.moves["rewinds"])
    by_title = p.sessions_by_title.keep(known).sum(p.moves["rewinds"][known])
    return np.where(p.sessions_in_vector.keep(known).sizes > 0, p.titles_in_vector.max(by_title), np.nan)


@feature(Family.NAVIGATION, "share", Transform.ARCSINE, null=_NO_EVENTS, needs=("passage_passes",))
def loop_session_share(p: Plays) -> Floats:
    """Share of sessions with a loop: one passage was played three times and more."""
    passes = p.moves["passage_passes"]
    known = ~np.isnan(passes)
    return p.sessions_in_vector.keep(known).share(passes[known] >= LOOP_PASSES)


@feature(Family.NAVIGATION, "pauses/h", Transform.LOG, null=_NO_EVENTS, needs=("pauses",))
def pauses_per_hour(p: Plays) -> Floats:
    """Pauses of a second and more, after which it played on, per hour played."""
    return _per_hour(p, "pauses")


@feature(Family.NAVIGATION, "skips/h", Transform.LOG, null=_NO_DIRECTION, needs=("forward_skips",))
def forward_skips_per_hour(p: Plays) -> Floats:
    """Forward skips per hour played."""
    return _per_hour(p, "forward_skips")


@feature(Family.NAVIGATION, "seeks", Transform.LOG, null=_NO_EVENTS, needs=("undirected_seeks",))
def undirected_seeks_max(p: Plays) -> Floats:
    """Most seeks of unknown direction in one session: they may be a loop that nobody can see."""
    return _most(p, "undirected_seeks")


def _per_hour(p: Plays, name: str) -> Floats:
    counts = p.moves[name]
    known = ~np.isnan(counts)
    inside = p.sessions_in_vector.keep(known)
    return ratio(inside.sum(counts[known]), inside.sum(p.moves.played_s[known]) / 3600.0)


def _most(p: Plays, name: str) -> Floats:
    values = p.moves[name]
    known = ~np.isnan(values)
    return p.sessions_in_vector.keep(known).max(values[known])


def _weighted_median(p: Plays, name: str, weights: Floats) -> Floats:
    """Return the lowest value at which half of the weight is reached, per vector; null where there is no weight."""
    values = p.moves[name]
    known = ~np.isnan(values) & (weights > 0)
    inside = p.sessions_in_vector.keep(known)
    values, weights = values[known], weights[known]
    order = sort_order((inside.ids, ordered_bits(values)))
    reached = np.cumsum(weights[order])
    before = np.append(0.0, reached)[inside.offsets[:-1]]
    half = before + inside.sum(weights[order]) / 2
    full = np.flatnonzero(inside.sizes > 0)
    medians = np.full(len(inside), np.nan)
    medians[full] = values[order][_first_at_least(reached, inside, half)[full]]
    return medians


def _first_at_least(reached: Floats, inside: Segments, half: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.minimum(np.searchsorted(reached, half), np.maximum(inside.last, 0))
