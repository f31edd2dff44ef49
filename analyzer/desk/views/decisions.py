"""What a reviewer may decide on a pattern as it stands, and what they sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from analyzer.desk.views.forms import Option, day_from, mark_from, too_long, whole
from analyzer.desk.views.words import moment
from analyzer.ledger.reviewed import Choice, Kind, PatternState
from analyzer.policy.effects import MarkStatus


@dataclass(frozen=True, slots=True)
class Sent:
    """A decision form as it was sent: the choice, or what is wrong by field, and which sentence follows."""

    choice: Choice | None
    seen: int
    errors: Mapping[str, str]
    done: str


_WITH_REASON: Final = (Kind.TIGHTEN, Kind.LOOSEN, Kind.DECLINE)
_DONE: Final = {
    Kind.CONFIRM: "confirmed",
    Kind.TIGHTEN: "tightened",
    Kind.LOOSEN: "asked",
    Kind.AGREE: "agreed",
    Kind.DECLINE: "declined",
}


def options(state: PatternState, who: str) -> tuple[Option, ...]:
    """Return what may be decided; the ledger's own rules have the last word."""
    return tuple(_options(state, who))


def needs_reason(choices: Iterable[Option]) -> bool:
    """Return whether any of the options has to be given a reason."""
    kinds = {kind.value for kind in _WITH_REASON}
    return any(option.value.partition(":")[0] in kinds for option in choices)


def may_loosen(state: PatternState) -> bool:
    """Return whether somebody may ask to loosen the mark."""
    milder = any(_milder(mark, state) for mark in MarkStatus)
    return milder and not state.absolute and state.waiting is None


def _milder(mark: MarkStatus, state: PatternState) -> bool:
    """Return whether a mark is milder than the one in force, and not milder than people may make it."""
    return state.mildest.severity <= mark.severity < state.mark.severity


def _options(state: PatternState, who: str) -> Iterator[Option]:
    yield Option(f"confirm:{state.mark.value}", f"Confirm {state.mark.words}", "The mark in force is right.")
    if state.waiting:
        if state.waiting.who == who:
            yield Option("decline", "Take your request back", "The mark stays as it is. Say why.")
        else:
            words = f"Agree to {state.waiting.after.words}"
            yield Option(
                "agree", words, f"It holds until {moment(str(state.waiting.expires)).words}; then the old mark returns."
            )
            yield Option("decline", "Decline the request", "The mark stays as it is. Say why.")
    for mark in MarkStatus:
        if mark.severity > state.mark.severity:
            yield Option(f"tighten:{mark.value}", f"Tighten to {mark.words}", "It holds at once. Give a reason.")
    if may_loosen(state):
        for mark in reversed(list(MarkStatus)):
            if _milder(mark, state):
                words = f"Ask to loosen to {mark.words}"
                yield Option(f"loosen:{mark.value}", words, "Another reviewer has to agree. Give a reason and an end.")


def sent(form: Mapping[str, str], state: PatternState, who: str) -> Sent:
    """Return the decision that a form describes, or what is wrong with it."""
    asked, _, to = form.get("decision", "").partition(":")
    kind = next((kind for kind in Kind if kind.value == asked), None)
    seen = whole(form.get("seen", ""))
    if kind is None or seen is None or (kind is Kind.CONFIRM and mark_from(to) is None):
        return Sent(None, seen or 0, {"decision": "Choose what you decide"}, "")
    reason, errors = form.get("reason", "").strip(), {}
    if kind in _WITH_REASON and not reason:
        errors["reason"] = "Enter a reason that somebody can check later"
    elif told := too_long(reason):
        errors["reason"] = told
    ends = day_from(form, "ends") if kind is Kind.LOOSEN else None
    if ends and ends.wrong:
        errors["ends_day"] = ends.wrong
    if errors:
        return Sent(None, seen, errors, "")
    about = state.waiting.number if state.waiting and kind in (Kind.AGREE, Kind.DECLINE) else None
    choice = Choice(
        pattern=state.pattern,
        kind=kind,
        who=who,
        to=mark_from(to),
        reason=reason,
        expires=ends.day if ends else None,
        about=about,
    )
    return Sent(choice, seen, {}, _DONE[kind])
