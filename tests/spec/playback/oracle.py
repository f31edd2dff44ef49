"""A second, slow answer to what player events say of a session.

Written from `docs/explanation/from-events-to-sessions.md` and not from the code. One session and one event at a time,
in plain Python; whole milliseconds and fractions, so that nothing is rounded but where the page says so. Where this and
the package disagree, one of them does not do what the page says.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from statistics import median

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
LONGEST = 4 * 24 * HOUR
PASSAGE = 10 * SECOND
WORDS = (
    "stop", "complete", "start", "ad_end", "rate", "captions", "audio_track", "pause", "seek", "seek_end", "buffer",
    "buffer_end", "play", "ping", "ad_start",
)  # fmt: skip
SETS_STATE = ("start", "play", "pause", "stop", "complete")
Number = int | Fraction


@dataclass(frozen=True)
class Event:
    """One row of the event table; None is unknown."""

    viewer: str
    event: str
    title: str | None = None
    session_id: str | None = None
    t_ms: int | None = None
    at_ms: int | None = None  # occurred_at, since 1970
    started_ms: int | None = None  # started_at, since 1970
    seq: int | None = None
    position_ms: int | None = None
    target_ms: int | None = None
    rate: Fraction | None = None
    ads_in_position: bool | None = None
    event_id: str | None = None
    runtime_ms: int | None = None


@dataclass(frozen=True)
class Session:
    """What the events of one session say; None is unknown."""

    viewer: str
    title: str | None
    session_id: str | None
    start_ms: int | None
    played_ms: int
    content_ms: Number | None
    unique_ms: Number | None
    passes: Fraction | None
    pauses: int | None
    rewinds: int | None
    rewind_ms: Number | None
    rewind_gap_ms: Number | None
    chain: int | None
    skips: int | None
    undirected: int
    end_ms: Number | None
    runtime_ms: Number | None


@dataclass(frozen=True)
class Stretch:
    """A piece of the title that was played after the event number `after`."""

    after: int
    begin: Number
    end: Number

    @property
    def length(self) -> Number:
        return self.end - self.begin


@dataclass(frozen=True)
class Seek:
    """A seek, told or not, at the event number `at`; an end that nobody knows is None."""

    at: int
    time: int
    origin: Number | None
    target: Number | None

    @property
    def directed(self) -> bool:
        return self.origin is not None and self.target is not None

    @property
    def way(self) -> Number:
        """Forward where above 0; only of a seek with both ends."""
        return self.target - self.origin


# ---------------------------------------------------------------- which events belong together


def sessions_of(events: list[Event]) -> list[Session]:
    """Return the sessions of all viewers, in order of viewer, id, title and time."""
    together: dict[tuple[str, ...], list[Event]] = defaultdict(list)
    for event in map(read, events):
        if event.event in WORDS:
            by_id = event.session_id is not None
            key = ("id", event.session_id) if by_id else ("title", event.title or "", str(event.title is None))
            together[(event.viewer, *key)].append(event)
    return [session_of(rows, of_title) for key in sorted(together) for rows, of_title in cut(timed(together[key]))]


def read(event: Event) -> Event:
    """Make values unknown that say nothing."""

    def place(value: int | None) -> int | None:
        return value if value is not None and 0 <= value <= LONGEST else None

    rate = event.rate if event.rate is not None and Fraction("0.05") <= event.rate <= 16 else None
    return replace(event, position_ms=place(event.position_ms), target_ms=place(event.target_ms), rate=rate)


def timed(events: list[Event]) -> list[Event]:
    """Give every event its time as `at_ms`, where there is one, and the start of all; bring them into order."""
    start = next((e.started_ms for e in events if e.started_ms is not None), None)
    rows = [e if e.t_ms is None else replace(e, at_ms=(start or 0) + e.t_ms) for e in events]
    rows = [replace(e, started_ms=start) for e in rows]
    return seeks_first(sorted((e for e in rows if e.at_ms is not None), key=by_what_it_says))


def by_what_it_says(e: Event) -> tuple[object, ...]:
    """In order; of rows that are equal in that, those that name a title first."""
    return (*in_order(e), e.title is None, e.title or "")


def seeks_first(events: list[Event]) -> list[Event]:
    """Put a seek before an event of the same time, both without seq, that stands where the seek landed."""
    events = list(events)
    for i in range(1, len(events)):
        before, seek = events[i - 1], events[i]
        if seek.event != "seek" or before.event == "seek" or before.at_ms != seek.at_ms:
            continue
        if (
            before.seq is None
            and seek.seq is None
            and near(before, seek.target_ms)
            and not near(before, seek.position_ms)
        ):
            events[i - 1], events[i] = seek, before
    return events


def near(e: Event, place: int | None) -> bool:
    return None not in (e.position_ms, place) and abs(e.position_ms - place) <= SECOND // 2


def in_order(e: Event) -> tuple[object, ...]:
    def last(number: Number | None) -> tuple[bool, Number]:
        return (number is None, number or 0)

    return (e.at_ms, last(e.seq), WORDS.index(e.event), last(e.position_ms), last(e.target_ms), last(e.rate))


def without_repeats(events: list[Event]) -> list[Event]:
    """Leave out rows that repeat an earlier one: by its id, else by all that they say."""
    ids: set[str] = set()
    first_of_id = []
    for e in events:
        if e.event_id is None or e.event_id not in ids:
            first_of_id.append(e)
        ids |= {e.event_id} - {None}
    new = first_of_id[:1]
    for before, e in pairwise(first_of_id):
        if in_order(e) != in_order(before) or e.title not in (None, before.title):
            new.append(e)
    return new


def cut(events: list[Event]) -> list[tuple[list[Event], list[Event]]]:
    """Cut the events of one id, or of one viewer and title, into sessions; beside each, all events of its title.

    Those include the ones that repeat another: a row may say less than the one that it repeats, or more.
    """
    kept = {id(e) for e in without_repeats(events)}
    sessions: list[list[Event]] = []
    titles: list[list[Event]] = []
    title_of: list[int] = []
    title, before = None, None
    for e in events:
        if id(e) in kept:
            another = before is None or (None not in (e.title, title) and e.title != title)
            if another:
                titles.append([])
            if another or parted(before, e):
                sessions.append([])
                title_of.append(len(titles) - 1)
            sessions[-1].append(e)
            title, before = e.title or title, e
        titles[-1].append(e)
    return [(rows, titles[number]) for rows, number in zip(sessions, title_of, strict=True)]


def parted(before: Event, e: Event) -> bool:
    """Whether the time between two events, or a second start, parts them."""
    gap = e.at_ms - before.at_ms
    if e.event in ("start", "play") and gap > 6 * HOUR:
        return True
    return e.session_id is None and (gap > 30 * MINUTE or (e.event == "start" and before.event != "start"))


# ---------------------------------------------------------------- what the player is doing after an event


class Playback:
    """One session: what the player does after each event, and where playback is. Each list has one entry an event."""

    def __init__(self, events: list[Event]) -> None:
        self.time = [e.at_ms for e in events]
        self.words = [e.event for e in events]
        self.events = events
        self.state = [self._state(i) for i in range(len(events))]
        self.waiting = self._waiting()
        self.ad = self._ad()
        self.rate_told = any(e.rate is not None for e in events)
        self.rate = self._rate()
        self.plays = [
            s == "playing" and not w and not a for s, w, a in zip(self.state, self.waiting, self.ad, strict=True)
        ]
        self.rooms = self._rooms() if any(e.ads_in_position for e in events) else []
        self._place([e.position_ms for e in events], [e.target_ms for e in events])
        if self.rooms:
            self._place(*self._without_ads())

    def _state(self, i: int) -> str:
        """The state after event i: playing, paused, loading or over."""
        last = next((w for w in reversed(self.words[: i + 1]) if w in SETS_STATE), None)
        if last in (None, "start"):
            coming = next((w for w in self.words[i + 1 :] if w in SETS_STATE), None)
            return "loading" if coming in ("play", "start") else "playing"
        return {"play": "playing", "pause": "paused"}.get(last, "over")

    def _waiting(self) -> list[bool]:
        waiting, answer = False, []
        for word in self.words:
            if word in ("buffer", "buffer_end", "play", "start", "stop", "complete"):
                waiting = word == "buffer"
            answer.append(waiting)
        return answer

    def _ad(self) -> list[bool]:
        on, end_is_told, answer = False, False, []
        for i, word in enumerate(self.words):
            if word == "ad_start":
                coming = next((w for w in self.words[i + 1 :] if w in ("ad_start", "ad_end", "start")), None)
                on, end_is_told = True, coming == "ad_end"
            elif word in ("ad_end", "start") or (word == "play" and not end_is_told):
                on = False
            answer.append(on)
        return answer

    def _rate(self) -> list[Fraction]:
        rate, answer = Fraction(1), []
        for e in self.events:
            rate = rate if e.rate is None else e.rate
            answer.append(rate)
        return answer

    # ------------------------------------------------------------ where playback is

    def _place(self, positions: list[Number | None], targets: list[Number | None]) -> None:
        """Find where playback is, from the positions and targets that the events tell."""
        self.position, self.target = list(positions), list(targets)
        self.is_seek = self._seeks_in_two_events()
        self.assumed = [self._assumed(i) for i in range(len(self.words))]
        self.begin = self._begin()
        self.seen = [self._seen(i) for i in range(len(self.words))]
        self.jumped = [self._jumped(i) for i in range(len(self.words))]

    def _seeks_in_two_events(self) -> list[bool]:
        """Join `seek` and `seek_end`; say which events are seeks."""
        open_seek: int | None = None
        is_seek = []
        for i, word in enumerate(self.words):
            is_seek.append(word == "seek" or (word == "seek_end" and open_seek is None))
            if word == "seek":
                open_seek = i
            elif word == "seek_end" and open_seek is None:
                self.position[i], self.target[i] = None, self.position[i]
            elif word == "seek_end":
                for between in range(open_seek + 1, i):
                    self.position[between] = None
                if self.target[open_seek] is None:
                    self.target[open_seek] = self.position[i]
                open_seek = None
        return is_seek

    def _last(self, i: int) -> bool:
        return i == len(self.words) - 1

    def gap(self, i: int) -> int:
        """Time from event i to the next."""
        return 0 if self._last(i) else self.time[i + 1] - self.time[i]

    @property
    def signs_of_life(self) -> int:
        again = sum(self.plays[i] and self.words[i + 1] == "play" for i in range(len(self.words) - 1))
        return self.words.count("ping") + again

    def _assumed(self, i: int) -> Number:
        gap = min(self.gap(i), 2 * MINUTE) if self.signs_of_life >= 3 else self.gap(i)
        return gap * self.rate[i] if self.plays[i] else 0

    def _begin(self) -> list[Number | None]:
        begin: list[Number | None] = []
        for i, word in enumerate(self.words):
            if self.is_seek[i]:
                begin.append(self.target[i])
            elif self.position[i] is not None:
                begin.append(self.position[i])
            elif i == 0 or word == "start" or begin[-1] is None:
                begin.append(None)
            else:
                begin.append(begin[-1] + self.assumed[i - 1])
        return begin

    def _seen(self, i: int) -> Number | None:
        """Where playback is seen at the event after i."""
        if self._last(i) or self.words[i + 1] == "start" or self.position[i + 1] is None:
            return None
        position, target = self.position[i + 1], self.target[i + 1]
        told_late = self.is_seek[i + 1] and target is not None and abs(position - target) <= SECOND // 2
        return None if told_late else position

    def _jumped(self, i: int) -> bool:
        """Whether playback is somewhere else at the event after i than playing explains."""
        if self.begin[i] is None or self.seen[i] is None:
            return False
        most = self.gap(i) * self.rate[i] * (Fraction("1.1") if self.rate_told else Fraction("3.5"))
        ahead = self.seen[i] - self.begin[i]
        return ahead < -2 * SECOND or ahead > (most if self.plays[i] else 0) + 2 * SECOND

    def carried(self, i: int) -> Number | None:
        """Where event i leaves playback at the next event if nothing else is known."""
        return None if self.begin[i] is None else self.begin[i] + self.assumed[i]

    # ------------------------------------------------------------ ads that count into positions

    def _rooms(self) -> list[tuple[int, Number, int]]:
        """Number of its first event, place and length of each unbroken time with an ad on.

        The page does not say where an ad is if nobody knows where playback was. It is taken to be at the beginning, so
        that every later position is without it.
        """
        self._place([e.position_ms for e in self.events], [e.target_ms for e in self.events])
        rooms = []
        for i, on in enumerate(self.ad):
            if on and (i == 0 or not self.ad[i - 1]):
                over = next((j for j in range(i, len(self.ad)) if not self.ad[j]), len(self.ad) - 1)
                own = self.events[i].position_ms
                place = self.begin[i] if own is None else own
                rooms.append((i, place or 0, self.time[over] - self.time[i]))
        return rooms

    def _without_ads(self) -> tuple[list[Number | None], list[Number | None]]:
        def off(i: int, place: Number | None) -> Number | None:
            if place is None:
                return None
            before = [(at, length) for first, at, length in self.rooms if first < i]
            return max(0, place - sum(min(max(place - at, 0), length) for at, length in before))

        rows = list(enumerate(self.events))
        return [off(i, e.position_ms) for i, e in rows], [off(i, e.target_ms) for i, e in rows]

    # ------------------------------------------------------------ what was played

    def played(self) -> int:
        return sum(self._played_after(i) for i in range(len(self.words) - 1) if self.plays[i])

    def _played_after(self, i: int) -> int:
        if self.begin[i] is None or self.seen[i] is None or self.jumped[i]:
            return min(self.gap(i), 2 * MINUTE) if self.signs_of_life >= 3 else self.gap(i)
        by_position = max(Fraction(self.seen[i] - self.begin[i]) / self.rate[i], Fraction(0))
        return round(by_position) if self.gap(i) > by_position + 2 * SECOND else self.gap(i)

    def stretches(self) -> list[Stretch]:
        found = [self._stretch(i) for i in range(len(self.words) - 1) if self.plays[i]]
        return [s for s in found if s is not None and s.length > 0]

    def _stretch(self, i: int) -> Stretch | None:
        begin, seen = self.begin[i], self.seen[i]
        if begin is None:
            if seen is None:
                return None
            first = max(seen - self.assumed[i], 0)
            return Stretch(i, first, first + self.assumed[i])
        if seen is None or self.jumped[i]:
            return Stretch(i, begin, begin + self.assumed[i])
        return Stretch(i, begin, max(begin, seen))

    # ------------------------------------------------------------ moving about

    def seeks(self) -> list[Seek]:
        """All seeks, told and untold, undirected ones too, without those that are shorter than a second."""
        found = [seek for i in range(len(self.words)) if (seek := self._seek(i)) is not None]
        return [seek for seek in found if not seek.directed or abs(seek.way) >= SECOND]

    def _seek(self, i: int) -> Seek | None:
        if self.is_seek[i]:
            return Seek(i, self.time[i], self._origin(i), self.target[i])
        if i == 0 or self.words[i] == "start" or not self.jumped[i - 1]:
            return None
        if self.state[i - 1] not in ("playing", "paused"):
            return None
        return Seek(i, self.time[i], self.carried(i - 1), self.position[i])

    def _origin(self, i: int) -> Number | None:
        if i == 0:
            return self.position[0]
        return self.carried(i - 1) if self.seen[i - 1] is None else self.seen[i - 1]

    def pauses(self) -> int | None:
        if not {"play", "pause"} & set(self.words):
            return None
        return sum(self._counts_as_pause(i) for i, word in enumerate(self.words) if word == "pause")

    def _counts_as_pause(self, i: int) -> bool:
        if i == 0 or self.state[i - 1] != "playing" or self.ad[i]:
            return False
        resumed = next((self.time[j] for j in range(i + 1, len(self.words)) if self.words[j] == "play"), None)
        return resumed is not None and resumed - self.time[i] >= SECOND


# ---------------------------------------------------------------- what a session says


def session_of(events: list[Event], of_title: list[Event]) -> Session:
    """Return the measures of one session from its events, in order; what they do not say, other events of it may."""
    playback = Playback(events)
    stretches = playback.stretches()
    seeks = playback.seeks()
    undirected = sum(not seek.directed for seek in seeks)
    moves = movements([seek for seek in seeks if seek.directed], stretches)
    back = [move for move in moves if move[0].way < 0]
    known = bool(moves) or (undirected == 0 and bool(stretches))
    return Session(
        viewer=events[0].viewer,
        title=next((e.title for e in [*events, *of_title] if e.title is not None), None),
        session_id=events[0].session_id,
        start_ms=start_of(events),
        played_ms=playback.played(),
        content_ms=sum(s.length for s in stretches) if stretches else None,
        unique_ms=union(stretches) if stretches else None,
        passes=passes(stretches) if stretches else None,
        pauses=playback.pauses(),
        rewinds=len(back) if known else None,
        rewind_ms=median(Fraction(sum(-seek.way for seek in move)) for move in back) if back else None,
        rewind_gap_ms=median(Fraction(b[0].time - a[0].time) for a, b in pairwise(back)) if len(back) > 1 else None,
        chain=chain(back) if known else None,
        skips=len(moves) - len(back) if known else None,
        undirected=undirected,
        end_ms=playback.begin[-1],
        runtime_ms=runtime([*events, *of_title], playback),
    )


def start_of(events: list[Event]) -> int | None:
    """The time of the first event; unknown where times are counted from a start that nobody told."""
    first = events[0]
    return None if first.t_ms is not None and first.started_ms is None else first.at_ms


def runtime(events: list[Event], playback: Playback) -> Number | None:
    """The first length that is told, without the ads; unknown where less than a second is left."""
    told = next((e.runtime_ms for e in events if e.runtime_ms is not None), None)
    left = None if told is None else told - sum(length for _, _, length in playback.rooms)
    return left if left is not None and left >= SECOND else None


def union(stretches: list[Stretch]) -> Number:
    """Length of the title that was played at least once."""
    total, reached = Fraction(0), Fraction(0)
    for s in sorted(stretches, key=lambda s: s.begin):
        total += max(s.end - max(s.begin, reached), 0)
        reached = max(reached, s.end)
    return total


def passes(stretches: list[Stretch]) -> Fraction:
    """Most content of any ten seconds over ten seconds, at least 1.

    What lies in a window that moves on is piecewise linear, so that the most is found where the window begins or ends
    at an end of a stretch.
    """
    ends = {end for s in stretches for end in (s.begin, s.end)}
    windows = ends | {end - PASSAGE for end in ends}
    most = max(sum(max(min(s.end, w + PASSAGE) - max(s.begin, w), 0) for s in stretches) for w in windows)
    return max(Fraction(most) / PASSAGE, Fraction(1))


def movements(seeks: list[Seek], stretches: list[Stretch]) -> list[list[Seek]]:
    """Join neighbours of one direction with less than a second played between them."""
    moves: list[list[Seek]] = []
    for seek in seeks:
        before = moves[-1][-1] if moves else None
        between = sum(s.length for s in stretches if before is not None and before.at <= s.after < seek.at)
        if before is not None and (before.way < 0) == (seek.way < 0) and between < SECOND:
            moves[-1].append(seek)
        else:
            moves.append([seek])
    return moves


def chain(back: list[list[Seek]]) -> int:
    """Longest row of rewinds in which each lands within ten seconds of the one before."""
    longest, row, landing = 0, 0, None
    for move in back:
        near = landing is not None and abs(move[-1].target - landing) <= PASSAGE
        row, landing = row + 1 if near else 1, move[-1].target
        longest = max(longest, row)
    return longest
