"""How long each kind of thing is kept, and why; some of it can be set in a file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from analyzer.errors import InputError, did_you_mean
from analyzer.ledger.sign_ins import LONGEST

_LONGEST: Final = 36_500
_HOURS: Final = int(LONGEST.total_seconds()) // 3_600


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long one kind of thing is kept.

    Attributes
    ----------
    name : of the kind.
    days : for so many days; None where it is another time, or for good.
    because : why.
    until : when it goes, where it is no number of days; empty where it stays for good.
    """

    name: str
    days: int | None
    because: str
    until: str = ""

    @property
    def long(self) -> str:
        """How long, in words."""
        if self.days is None:
            return self.until or "for good"
        return f"for {self.days} day{'' if self.days == 1 else 's'}"


DEFAULTS: Final = (
    Keeping(
        "drafts", 365, "whoever asks why a message went out asks within a year; a draft's words can be about people"
    ),
    Keeping(
        "notes",
        730,
        "a discussion is read again when a pattern is decided on anew; what people write can be about people",
    ),
    Keeping(
        "requests",
        730,
        "this year's numbers are asked for as last year's were; why somebody needs them can be about people",
    ),
    Keeping("runs", 730, "this year's run is compared with last year's; tallies and fingerprints are of no use later"),
    Keeping("releases", None, "later releases are compared with all that left, as long as anybody may have kept it"),
    Keeping("budgets", None, "what was spent stays spent"),
    Keeping("rulebooks", None, "a mark or an answer is explained by the rulebook of its day"),
    Keeping("bundles", None, "a pattern's history leads through every fit; bundles hold no viewer"),
    Keeping("decisions", None, "a decision is looked up when it is asked again, and who made it answers for it"),
    Keeping("accounts", None, "decisions and the trail name them, and nobody else may be called so; disabled ones too"),
    Keeping("clients", None, "drafts and the trail name them, and nothing else may be called so; ended ones too"),
    Keeping(
        "sign-ins",
        None,
        "nobody needs one that has ended; that somebody signed in is in the trail",
        until=f"until they end, after {_HOURS} hours at the latest",
    ),
    Keeping("audit", None, "a chain without its beginning cannot be verified"),
)
"""What is kept how long where nobody set anything else."""

_SETTABLE: Final = tuple(keeping.name for keeping in DEFAULTS if keeping.days is not None)


def keepings_from(file: Path) -> tuple[Keeping, ...]:
    """Return the defaults with what a TOML file sets: in `[keep]`, days for drafts, notes, requests and runs.

    Raises
    ------
    InputError
        When it cannot be read, or sets something else.
    """
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read: {error}.", "Give a TOML file: [keep], drafts = 90.") from error
    kept = values.get("keep")
    if not isinstance(kept, dict) or set(values) != {"keep"}:
        raise InputError(f"{file} is not made of one table [keep].", "For example: [keep], drafts = 90.")
    for name, days in kept.items():
        _check(file, name, days)
    return tuple(replace(keeping, days=kept.get(keeping.name, keeping.days)) for keeping in DEFAULTS)


def _check(file: Path, name: str, days: object) -> None:
    if name not in _SETTABLE:
        known = next((keeping for keeping in DEFAULTS if keeping.name == name), None)
        meant = None if known else did_you_mean(name, list(_SETTABLE))
        hint = meant or f"Set {', '.join(_SETTABLE[:-1])} or {_SETTABLE[-1]}."
        why = f"{name} are kept {known.long}: {known.because}" if known else f"{name!r:.40} is nothing that is kept"
        raise InputError(f"{file}: {why}.", hint)
    if type(days) is not int or not 1 <= days <= _LONGEST:
        raise InputError(f"{file}: {name} = {days!r:.40} is no number of days.", f"Give 1 to {_LONGEST}.")
