"""The rules about wording, as data: TOML in, checked and hashed values out; every mistake with its line.

What the labelling of messages leaves open is decided in `wording.toml`, not here.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    Field,
    ModelWrapValidatorHandler,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)

from analyzer.errors import Mistake, RulebookError, did_you_mean
from analyzer.messages.claim import Action, BasisKind, Claim, Occurrence, Statistic, WhoKind
from analyzer.messages.windows import at_night
from analyzer.policy.effects import Effect
from analyzer.policy.faults import FROZEN, Fault, with_parts
from analyzer.policy.positions import lines_of
from analyzer.policy.uses import Addressed

REMEDY: Final = "docs/explanation/what-is-decided-about-messages.md lists what a rule may ask."
_VIEWING: Final = frozenset(
    {Action.WATCHED, Action.REWATCHED, Action.BINGED, Action.FINISHED, Action.NONE, Action.USED}
)
_ALWAYS: Final = frozenset({Action.REWATCHED, Action.REWOUND, Action.CAPTIONED})
_Text = Annotated[StrictStr, Field(min_length=1)]


class WordingRule(BaseModel):
    """One rule: an id, its effect, why, on whose word, and its conditions, which must all hold for one claim.

    Attributes
    ----------
    who, statistics, actions, bases, addressed, occurrences : any of these.
    people_from, people_below : how many people are told of, at least and fewer than.
    share_from, share_below : the share that is told is at least, or smaller.
    amount_from, amount_below : the number that is told is at least, or smaller.
    mocked, remark : whether a way of speaking holds people up, or is a remark to those who are counted.
    topics : sensitive topics; any of these.
    protected : whether the behaviour is one that people may rely on.
    place_told, amount_told, people_told : whether a place, a number or how many people are told.
    quoted : whether words are given in quotes.
    repeated, done, small_place, large_place, viewers, whole, superlative, consented, known, staff : as of the claim.
    recap, private : whether one user is told of their own use, and whether nobody else reads it.
    """

    model_config = FROZEN

    id: Annotated[
        StrictStr, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="small letters, digits and hyphens")
    ]
    effect: Annotated[Effect, Field(description="what the rule does where all its conditions hold")]
    because: Annotated[StrictStr, Field(min_length=10, description="one sentence that a reviewer understands")]
    cites: Annotated[tuple[_Text, ...], Field(min_length=1, description="the sources: at least one")]
    who: tuple[WhoKind, ...] = ()
    statistics: tuple[Statistic, ...] = ()
    actions: tuple[Action, ...] = ()
    bases: tuple[BasisKind, ...] = ()
    addressed: tuple[Addressed, ...] = ()
    occurrences: tuple[Occurrence, ...] = ()
    people_from: Annotated[StrictInt, Field(ge=1)] | None = None
    people_below: Annotated[StrictInt, Field(ge=2)] | None = None
    share_from: Annotated[float, Field(gt=0, le=1)] | None = None
    share_below: Annotated[float, Field(gt=0, le=1)] | None = None
    amount_from: Annotated[StrictInt, Field(ge=1)] | None = None
    amount_below: Annotated[StrictInt, Field(ge=2)] | None = None
    mocked: StrictBool | None = None
    remark: StrictBool | None = None
    topics: tuple[_Text, ...] = ()
    protected: StrictBool | None = None
    repeated: StrictBool | None = None
    small_place: StrictBool | None = None
    large_place: StrictBool | None = None
    place_told: StrictBool | None = None
    viewers: StrictBool | None = None
    whole: StrictBool | None = None
    amount_told: StrictBool | None = None
    superlative: StrictBool | None = None
    consented: StrictBool | None = None
    known: StrictBool | None = None
    staff: StrictBool | None = None
    recap: StrictBool | None = None
    private: StrictBool | None = None
    quoted: StrictBool | None = None
    people_told: StrictBool | None = None
    done: StrictBool | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, values: Any, parts: ModelWrapValidatorHandler[Self]) -> Self:
        told = values if isinstance(values, dict) else {}
        faults = []
        if told.get("effect") == Effect.ALLOW.value and set(told) & {"people_below", "share_below", "amount_below"}:
            faults.append(
                Fault("an allow rule cannot ask for few", "Nothing is allowed because it is about few people.")
            )
        if told and not set(told) & _CONDITIONS:
            faults.append(Fault("the rule has no condition", f"Give one of {', '.join(sorted(_CONDITIONS))}."))
        return with_parts(values, parts, faults)

    def fires(self, claim: Claim, *, mocked: bool, remark: bool, private: bool) -> bool:
        """Return whether all conditions hold for a claim of a draft that mocks, remarks, or is for one user."""
        told = {
            "mocked": mocked,
            "remark": remark,
            "private": private,
            **{name: ask(claim) for name, ask in _FLAGS.items()},
        }
        if any(getattr(self, name) is not None and getattr(self, name) is not value for name, value in told.items()):
            return False
        kinds = {name: ask(claim) for name, ask in _KINDS.items()}
        if any(getattr(self, name) and value not in getattr(self, name) for name, value in kinds.items()):
            return False
        if self.topics and not set(self.topics) & set(claim.topics):
            return False
        return self._fits_in_size(claim)

    def _fits_in_size(self, claim: Claim) -> bool:
        people = claim.who.count.stated if claim.who.count else None
        share = claim.who.share.stated if claim.who.share else None
        amount = claim.amount.stated if claim.amount else None
        unknown = self.effect is not Effect.ALLOW  # of a size that is not told, refusals fire and permits do not
        if self.people_from is not None and not (people >= self.people_from if people is not None else False):
            return False
        if self.people_below is not None and not (people < self.people_below if people is not None else unknown):
            return False
        if self.share_from is not None and not (share >= self.share_from if share is not None else False):
            return False
        if self.share_below is not None and not (share < self.share_below if share is not None else False):
            return False
        if self.amount_from is not None and not (amount >= self.amount_from if amount is not None else False):
            return False
        return self.amount_below is None or (amount < self.amount_below if amount is not None else False)


def is_protected(claim: Claim) -> bool:
    """Return whether a behaviour is one that people may rely on: again and again, by hand, with captions, at night."""
    if claim.action in _ALWAYS or at_night(claim.window):
        return True
    repeated = claim.frequency is not None and claim.frequency.repeated
    return repeated and claim.action in _VIEWING


_FLAGS: Final[dict[str, Callable[[Claim], bool]]] = {
    "protected": is_protected,
    "repeated": lambda claim: claim.frequency is not None and claim.frequency.repeated,
    "small_place": lambda claim: claim.who.small_place,
    "large_place": lambda claim: claim.who.large_place,
    "whole": lambda claim: claim.who.whole,
    "viewers": lambda claim: claim.who.viewers,
    "amount_told": lambda claim: claim.amount is not None,
    "place_told": lambda claim: claim.who.place is not None,
    "superlative": lambda claim: claim.who.superlative,
    "consented": lambda claim: claim.who.consented,
    "known": lambda claim: claim.who.known,
    "staff": lambda claim: claim.who.staff,
    "recap": lambda claim: claim.recap,
    "quoted": lambda claim: claim.quotes,
    "done": lambda claim: claim.done,
    "people_told": lambda claim: claim.who.count is not None or claim.statistic in (Statistic.PLAYS, Statistic.SHARE),
}
_KINDS: Final[dict[str, Callable[[Claim], object]]] = {
    "who": lambda claim: claim.who.kind,
    "statistics": lambda claim: claim.statistic,
    "actions": lambda claim: claim.action,
    "bases": lambda claim: claim.basis.kind,
    "addressed": lambda claim: claim.addressed,
    "occurrences": lambda claim: claim.occurrence,
}
_CONDITIONS: Final = frozenset(
    {
        *_FLAGS,
        *_KINDS,
        "topics",
        "mocked",
        "remark",
        "private",
        "people_from",
        "people_below",
        "share_from",
        "share_below",
        "amount_from",
        "amount_below",
    }
)


class WordingRules(BaseModel):
    """A versioned set of rules about wording.

    Attributes
    ----------
    id, version, owner : whose rules these are.
    rule : the rules; their order never changes an outcome.
    """

    model_config = FROZEN

    id: _Text
    version: _Text
    owner: _Text
    rule: Annotated[tuple[WordingRule, ...], Field(min_length=1, description="one [[rule]] or more")]

    @property
    def hash(self) -> str:
        """SHA-256 of what the rules say, in hex; layout and comments of the file do not count."""
        text = json.dumps(self.model_dump(mode="json", exclude_defaults=True), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def load_wording(path: str | Path | None = None) -> WordingRules:
    """Read rules about wording from a TOML file; the shipped ones where no path is given.

    Raises
    ------
    RulebookError
        When the file is missing or malformed; `mistakes` has every one, with its line.
    """
    if path is None:
        return _shipped()
    try:
        text = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise RulebookError(f"The rules {path} cannot be read: {error}.", "Give a TOML file in UTF-8.") from error
    return parse_wording(text, str(path))


def parse_wording(text: str, label: str = "wording") -> WordingRules:
    """Read rules about wording from TOML text; see `load_wording`."""
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise RulebookError(f"{label} is not TOML: {error}.", "Look at that line.") from error
    try:
        return WordingRules.model_validate(values)
    except ValidationError as error:
        mistakes = _mistakes(error, lines_of(text))
        told = "\n  ".join([f"{label} has {len(mistakes)} mistakes:", *(mistake.sentence() for mistake in mistakes)])
        raise RulebookError(told, REMEDY, mistakes) from error


@cache
def _shipped() -> WordingRules:
    return parse_wording((resources.files("analyzer.messages") / "wording.toml").read_text("utf-8"), "wording.toml")


def _mistakes(error: ValidationError, lines: Mapping[tuple[str | int, ...], int]) -> tuple[Mistake, ...]:
    found = []
    for told in error.errors(include_url=False):
        place = told["loc"]
        line = next((lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in lines), None)
        context = told.get("ctx", {})
        known = [*WordingRule.model_fields] if len(place) > 2 else [*WordingRules.model_fields]
        unknown = context.get("kind", told["type"]) == "extra_forbidden"
        hint = did_you_mean(str(place[-1]), known) if unknown else str(context.get("remedy", ""))
        allowed = context.get("allowed") or context.get("expected", "")
        remedy = hint or (f"Allowed are {allowed}." if allowed else "")
        found.append(
            Mistake(line, " > ".join(map(str, place)) or "wording", f"{context.get('text', told['msg'])}.", remedy)
        )
    return tuple(sorted(dict.fromkeys(found), key=lambda mistake: mistake.line or 0))
