"""What a rule means for something that somebody wants to say.

A rule whose scope excludes the use is none of its business. Of any other rule **every** condition is asked, also where
one of them does not hold: a value that is missing then makes the rule impossible to evaluate, which withholds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from analyzer.features.catalog import CATALOG, FeatureSpec, select
from analyzer.policy.clauses import ANY, Evidence, UnknownValueError
from analyzer.policy.effects import Effect, MarkStatus
from analyzer.policy.on_profiles import ON_PROFILE, below
from analyzer.policy.rules import Rule
from analyzer.policy.uses import Addressed, Purpose, Use
from analyzer.policy.words import condition_words, folded
from analyzer.sessions.schema import ACCESSIBILITY, COLUMNS

ABOUT_VIEWERS: Final = frozenset(ON_PROFILE) - {"households_below"} | {"pattern_marked", "condition_words"}
"""Kinds of condition that ask about certain viewers: a title and everyone have no profile, mark or audience's name."""

OURS: Final = frozenset({"pattern", "window_start", "window"})
"""Columns of released tables that no source declares."""


@dataclass(frozen=True, slots=True)
class Marked:
    """The mark that counts in a decision, and whose word it is.

    Attributes
    ----------
    status : the stricter of the mark that the use brings and of what the rulebook says of the profile; None: unknown.
    by : ids of the rules that give it to the profile.
    """

    status: MarkStatus | None
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """How a rule and a use meet.

    Attributes
    ----------
    applies : whether the use lies in what the rule speaks about.
    evidence : the values of the conditions that hold.
    unmet : kinds of condition that do not hold.
    unknown : what is missing.
    """

    applies: bool
    evidence: tuple[Evidence, ...] = ()
    unmet: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def fires(self) -> bool:
        """Whether the rule applies and all its conditions are known to hold."""
        return self.applies and not self.unmet and not self.unknown


Asked = tuple[Rule, Use, Marked]


def match(rule: Rule, use: Use, marked: Marked) -> Match:
    """Return how a rule and a use meet; an exception of a condition passes through."""
    if _excluded(rule, use):
        return Match(applies=False)
    evidence: list[Evidence] = []
    unmet, unknown = [], _unknown_scope(rule, use)
    for kind in _kinds(rule, use):
        try:
            found = ON_USE[kind]((rule, use, marked))
        except UnknownValueError as error:
            unknown += [str(error)] if str(error) not in unknown else []
        else:
            evidence += found
            unmet += [] if found else [kind]
    return Match(True, (*_scope_evidence(rule, use), *evidence), tuple(unmet), tuple(unknown))


def _kinds(rule: Rule, use: Use) -> list[str]:
    """Allow rules that name no mark are about open patterns: nothing stricter is ever allowed in passing."""
    has_mark = use.subject is None or use.subject.has_profile
    implied = {"pattern_marked"} if rule.effect is Effect.ALLOW and has_mark else set()
    return [kind for kind in ON_USE if kind in rule.given | implied]


def _excluded(rule: Rule, use: Use) -> bool:
    purposes = set(use.purpose.narrower) if use.purpose else set(Purpose)
    if rule.purposes and not purposes & set(rule.purposes):
        return True
    if rule.statements and use.statement and use.statement not in rule.statements:
        return True
    if use.subject is None:
        return False
    if rule.subjects and use.subject not in rule.subjects:
        return True
    return bool(rule.given & ABOUT_VIEWERS) and not use.subject.has_profile


def _unknown_scope(rule: Rule, use: Use) -> list[str]:
    scope = {"purpose": rule.purposes, "statement": rule.statements, "subject": rule.subjects}
    return [name for name, named in scope.items() if named and getattr(use, name) is None]


def _scope_evidence(rule: Rule, use: Use) -> list[Evidence]:
    told = []
    if rule.purposes and use.purpose:
        named = next((purpose for purpose in use.purpose.narrower if purpose in rule.purposes), use.purpose)
        wider = "" if named is use.purpose else f", and {use.purpose.value} reaches further"
        told.append(f"the purpose is {named.value}{wider}")
    if rule.statements and use.statement:
        told.append(f"the statement is {use.statement.value}")
    if rule.subjects and use.subject:
        told.append(f"the subject is {use.subject.value}")
    return [Evidence(text, 1.0, ANY) for text in told]


def _on_profile(kind: str) -> Callable[[Asked], list[Evidence]]:
    def ask(asked: Asked) -> list[Evidence]:
        rule, use, _ = asked
        if use.profile is None:
            raise UnknownValueError("profile")
        return ON_PROFILE[kind](rule, use.profile)

    return ask


def _below(asked: Asked) -> list[Evidence]:
    return below(_known_households(asked), asked[0].households_below)


def _at_least(asked: Asked) -> list[Evidence]:
    bound = asked[0].households_at_least
    reached = bound is not None and _known_households(asked) >= bound
    return [Evidence("households", bound, f"at least {bound}")] if reached and bound is not None else []


def _known_households(asked: Asked) -> int:
    if asked[1].households is None:
        raise UnknownValueError("households")
    return asked[1].households


def _marked(asked: Asked) -> list[Evidence]:
    rule, _, marked = asked
    if marked.status is None:
        raise UnknownValueError("mark")
    named = rule.pattern_marked or (MarkStatus.OPEN,)
    by = f" by {', '.join(marked.by)}" if marked.by else ""
    return [Evidence(f"it is marked {marked.status.words}{by}", 1.0, ANY)] if marked.status in named else []


def _addressed(asked: Asked) -> list[Evidence]:
    """Somebody who speaks to a person also speaks to a group; which of them an allow rule covers, `decisions` asks."""
    rule, use, _ = asked
    if use.addressed is None:
        raise UnknownValueError("addressed")
    named = [who for who in use.addressed.narrower if who in rule.addressed]
    told = f"{use.addressed.value} is addressed"
    return [Evidence(told, 1.0, ANY)] if named else []


def _names_title(asked: Asked) -> list[Evidence]:
    rule, use, _ = asked
    if use.names_title is None:
        raise UnknownValueError("names_title")
    told = "a title is named" if use.names_title else "no title is named"
    return [Evidence(told, 1.0, ANY)] if use.names_title is rule.names_title else []


def _condition_words(asked: Asked) -> list[Evidence]:
    _, use, _ = asked
    names = [name for name in (use.name, use.profile.name if use.profile else None) if name is not None]
    words = sorted({word for name in names for word in condition_words(name)})
    if words:
        return [Evidence(f"the name holds {', '.join(map(repr, words))}", 1.0, ANY)]
    if use.name is None:
        raise UnknownValueError("name")
    return []


def _by_accessibility(asked: Asked) -> list[Evidence]:
    _, use, _ = asked
    if use.defined_by is None:
        raise UnknownValueError("defined_by")
    built = {column: setting for column in use.defined_by if (setting := setting_behind(column))}
    if built:
        told = [column if folded(column) == setting else f"{column} ({setting})" for column, setting in built.items()]
        return [Evidence(f"the group is defined by {'; '.join(told)}", 1.0, ANY)]
    strange = [column for column in use.defined_by if not _is_declared(column)]
    if strange:
        raise UnknownValueError("; ".join(f"what {column!r:.60} of defined_by is built on" for column in strange))
    return []


def setting_behind(column: str) -> str:
    """Return the accessibility setting that a column or feature is, is named after, or is built on; empty for none."""
    words = _joined(column)
    named = next((setting for setting in ACCESSIBILITY if _joined(setting) in words), "")
    spec = _specs().get(column)
    return named or next((need for need in (spec.needs if spec else ()) if need in ACCESSIBILITY), "")


def _joined(text: str) -> str:
    return "".join(c for c in folded(text) if c.isalnum())


def _is_declared(column: str) -> bool:
    return column in COLUMNS or column in OURS or column in _specs()


def _specs() -> dict[str, FeatureSpec]:
    select()
    return CATALOG


ON_USE: Final[dict[str, Callable[[Asked], list[Evidence]]]] = {
    **{kind: _on_profile(kind) for kind in ON_PROFILE},
    "households_below": _below,
    "households_at_least": _at_least,
    "pattern_marked": _marked,
    "addressed": _addressed,
    "names_title": _names_title,
    "condition_words": _condition_words,
    "defined_by_accessibility": _by_accessibility,
}


def covers(rule: Rule, purpose: Purpose, addressed: Addressed | None) -> bool:
    """Return whether an allow rule permits a purpose and an address themselves, not only narrower ones."""
    spoken_to = not rule.addressed or addressed in rule.addressed
    return spoken_to and (not rule.purposes or purpose in rule.purposes)
