"""The reviewed vocabulary: plain words for what a pattern does and what it may give people.

Names describe behaviour, never people, a condition or a judgement. A change here is a change of what reviewers read:
it belongs in the changelog.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BASE_RATE: Final = (
    "Most repeated viewing has nothing to do with disability, and this data cannot tell. "
    "Nothing here says who is disabled, and nothing here may be used to guess it."
)


@dataclass(frozen=True, slots=True)
class Word:
    """A phrase for a feature that is high or low in a pattern, and what that may give people."""

    phrase: str
    gives: str


_REPETITION = (
    "A known story is predictable: it can calm, hold attention, help with language or simply be loved. "
    "Children ask for it again; many adults keep one too."
)
_PASSAGE = (
    "Going back by hand to a passage and playing it again can be a pleasure of its own: a moment that is known to the"
    " second, held and repeated at one's own pace; it can calm, help to take in words and faces, or simply delight."
)
_PAUSING = "Watching at one's own pace, with room for a question, a baby or a thought."
_SKIPPING = "Going straight to what one came for."
_FEW = "Watching is one thing among many."
_SERIES = "Following a story over time: something to look forward to and to talk about."
_VARIETY = "Finding new things, and the pleasure of choosing."
_RHYTHM = "A steady hour can give the day its shape."
_COMPANY = "Company in the background, while cooking, resting, working or being ill."
_NIGHT = "Quiet hours of one's own, after a shift, with a baby, or when sleep does not come."

HIGH: Final[dict[str, Word]] = {
    "title_plays_max": Word("one title again and again", _REPETITION),
    "title_recent_plays_max": Word("one title again and again", _REPETITION),
    "title_starts_max": Word("one title started again and again", _REPETITION),
    "title_days_max": Word("one title on many days", _REPETITION),
    "title_run_days_max": Word("one title day after day", _REPETITION),
    "title_plays_day_max": Word("one title several times a day", _REPETITION),
    "repeat_days": Word("one title several times a day", _REPETITION),
    "title_night_replays_max": Word("replays at night", _REPETITION),
    "replay_share": Word("known titles again", _REPETITION),
    "rewatched_hours_share": Word("known titles again", _REPETITION),
    "title_passes_max": Word("one title again and again", _REPETITION),
    "passage_passes_max": Word("one passage again and again", _PASSAGE),
    "rewind_chain_max": Word("one passage again and again", _PASSAGE),
    "passage_replay_share": Word("one passage again and again", _PASSAGE),
    "loop_session_share": Word("one passage again and again", _PASSAGE),
    "title_rewinds_max": Word("many rewinds in one title", _PASSAGE),
    "rewinds_per_hour": Word("going back often", _PASSAGE),
    "rewind_median_s": Word("going back far", _PASSAGE),
    "rewind_gap_median_s": Word("going back now and then", _PAUSING),
    "pauses_per_hour": Word("many pauses", _PAUSING),
    "forward_skips_per_hour": Word("skipping ahead", _SKIPPING),
    "undirected_seeks_max": Word("moving about in a title", _SKIPPING),
    "top_title_share": Word("most hours with one title", _FEW),
    "replay_gap_median_days": Word("known titles after a while", _REPETITION),
    "replay_gap_variation": Word("known titles at changing intervals", _REPETITION),
    "night_share": Word("late at night", _NIGHT),
    "daytime_share": Word("in the daytime", _COMPANY),
    "hour_concentration": Word("at one time of day", _RHYTHM),
    "same_hour_regularity": Word("at a steady hour", _RHYTHM),
    "weekday_share": Word("on workdays", _RHYTHM),
    "episode_share": Word("series", _SERIES),
    "top_series_share": Word("one series at a time", _SERIES),
    "series_follow_share": Word("episode after episode", _SERIES),
    "sitting_episodes_max": Word("long sittings of episodes", _SERIES),
    "plays_per_sitting": Word("several plays in a sitting", _SERIES),
    "sitting_hours_max": Word("long sittings", _COMPANY),
    "hours_played": Word("many hours", _COMPANY),
    "hours_per_active_day": Word("many hours a day", _COMPANY),
    "plays": Word("many plays", _COMPANY),
    "plays_per_active_day": Word("many plays a day", _COMPANY),
    "active_days": Word("most days", _RHYTHM),
    "active_run_days_max": Word("day after day", _RHYTHM),
    "titles": Word("many titles", _VARIETY),
    "title_entropy_bits": Word("many titles", _VARIETY),
    "titles_per_play": Word("something new each time", _VARIETY),
    "early_stop_share": Word("many short looks", _VARIETY),
    "glance_share": Word("many short looks", _VARIETY),
    "completion_share": Word("watched to the end", _SERIES),
    "played_share_median": Word("watched to the end", _SERIES),
    "resumed_share": Word("in several sittings", "Watching in pieces, as a day allows."),
}

LOW: Final[dict[str, Word]] = {
    "replay_gap_median_days": Word("known titles again soon", _REPETITION),
    "replay_gap_variation": Word("known titles at even intervals", _REPETITION),
    "night_share": Word("not at night", _RHYTHM),
    "daytime_share": Word("in the evening", _RHYTHM),
    "weekday_share": Word("at weekends", "Time off, often shared."),
    "episode_share": Word("films", "A whole story in one evening."),
    "hours_played": Word("few hours", _FEW),
    "hours_per_active_day": Word("short visits", "A short break that fits into a day."),
    "sitting_hours_max": Word("short sittings", "A short break that fits into a day."),
    "plays": Word("few plays", _FEW),
    "active_days": Word("on few days", _FEW),
    "active_run_days_max": Word("now and then", _FEW),
    "titles": Word("few titles", _FEW),
    "title_entropy_bits": Word("few titles", _FEW),
    "rewinds_per_hour": Word("hardly a rewind", _FEW),
    "rewind_gap_median_s": Word("going back again soon", _PASSAGE),
    "pauses_per_hour": Word("hardly a pause", _COMPANY),
    "forward_skips_per_hour": Word("nothing skipped", _SERIES),
    "completion_share": Word("parts of titles", _VARIETY),
    "played_share_median": Word("parts of titles", _VARIETY),
    "hour_concentration": Word("at many hours", _COMPANY),
    "same_hour_regularity": Word("at changing hours", _COMPANY),
    "plays_per_sitting": Word("one at a time", _RHYTHM),
}

_WORTH_NAMING: Final = 0.5
_PHRASES: Final = 3


def word_for(feature: str, contrast: float) -> Word | None:
    """Return the reviewed words for a feature that is high (or low) in a pattern, if there are any."""
    return (HIGH if contrast > 0 else LOW).get(feature)


def phrases_of(contrasts: dict[str, float]) -> list[Word]:
    """Return words for a pattern's contrasts, strongest first, each phrase once."""
    ranked = sorted(contrasts.items(), key=lambda item: (-abs(item[1]), item[0]))
    words = [word_for(name, value) for name, value in ranked if abs(value) >= _WORTH_NAMING]
    by_phrase: dict[str, Word] = {}
    for word in words:
        if word is not None:
            by_phrase.setdefault(word.phrase, word)
    return list(by_phrase.values())


def name_of(contrasts: dict[str, float], taken: list[str]) -> str:
    """Return a plain name of up to three phrases; another phrase is added while the name is taken."""
    phrases = [word.phrase for word in _most_varied(phrases_of(contrasts))] or ["much like everyone"]
    for count in range(min(_PHRASES, len(phrases)), len(phrases) + 1):
        name = ", ".join(phrases[:count])
        name = name[0].upper() + name[1:]
        if name not in taken:
            return name
    return f"{name} ({sum(other.startswith(name) for other in taken) + 1})"


def _most_varied(words: list[Word]) -> list[Word]:
    """Put the strongest word of each kind first: three words for repetition say no more than one."""
    strongest = {word.gives: word for word in reversed(words)}
    return sorted(words, key=lambda word: word is not strongest[word.gives])


def gives(contrasts: dict[str, float], most: int = 2) -> list[str]:
    """Return what the behaviour may give people, strongest contrast first, each sentence once."""
    return list(dict.fromkeys(word.gives for word in phrases_of(contrasts)))[:most]
