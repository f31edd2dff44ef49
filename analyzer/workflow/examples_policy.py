"""Worked examples about what may be said: a message or an audience becomes a use, and the policy decides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from analyzer.disclosure.limits import Limits
from analyzer.disclosure.rounding import may_be_told
from analyzer.errors import InputError
from analyzer.messages.reading import Reading, Said, read_draft
from analyzer.policy.decisions import Decision, decide
from analyzer.policy.effects import Effect, Outcome
from analyzer.policy.plain import use_from
from analyzer.policy.rulebook import Rulebook, load_rulebook
from analyzer.workflow.examples_cells import Compared
from analyzer.workflow.examples_words import decision

_MISSING: Final = ("<missing>", "missing", "<null>", "null", "unknown", "<unknown>", "undefined", None)
_PURPOSES: Final = {
    "public": "public message", "tweet": "public message", "social": "public message", "blog": "public message",
    "billboard": "public message", "press": "press", "internal": "internal research", "research": "internal research",
    "advertising": "advertising", "ads": "advertising", "ad": "advertising", "marketing": "advertising",
    "retention": "retention campaign", "notification": "retention campaign", "email": "retention campaign",
}  # fmt: skip
_ATTRIBUTES: Final = (
    "n",
    "protected",
    "permit_matches",
    "channel",
    "purpose",
    "mark",
    "households",
    "count",
    "title",
    "addressed",
)
_ABOUT: Final = ("schema", "engine", "note", "policy")  # of the example, not of the audience
_PROTECTED: Final = "protected-cluster"
_SPECIFIC: Final = "specific-title+repeat+exact-count"
_SMALL_GROUP: Final = "small-group"
_SMALL: Final = 1_000  # people whom a public sentence tells of by what they did
_LARGE: Final = 10_000
_TITLED: Final = re.compile(
    r"\b(?:watch|stream|play|view)\w*\s+(?:the\s+)?[A-Z]|\bwas (?:watched|viewed|streamed|played)"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the policy and the reading say together.

    Attributes
    ----------
    outcome : "allowed", "review" or "withheld".
    rules : findings of the reading and rules of the rulebook.
    sentences : why.
    """

    outcome: str
    rules: tuple[str, ...]
    sentences: tuple[str, ...]


def message(given: Mapping[str, Any], expected: Mapping[str, Any]) -> Compared:
    """Compare whether a draft may go out, and why not."""
    return _compared(answer_to_message(given), expected)


def engine(given: Mapping[str, Any], expected: Mapping[str, Any]) -> Compared:
    """Compare what the policy answers to attributes, some of which may be missing."""
    return _compared(answer_to_attributes(given), expected)


def answer_to_message(given: Mapping[str, Any]) -> Answer:
    """Judge a draft: each finding of its own forbids, for it is said of people; then the policy."""
    texts = [value for name, value in given.items() if isinstance(value, str) and name not in ("channel", "purpose")]
    reading = read_draft(texts)
    people = _count(given, ("n", "people", "households", "viewers", "count", "audience")) or reading.people
    hours = given.get("hours", reading.hours)
    repeated = reading.says(Said.REPETITION)
    alone = people == 1 or (people is None and reading.says(Said.ONE_PERSON))
    titled = _titled(given, texts)
    found = _findings(reading, people, titled, alone)
    values: dict[str, Any] = {"purpose": _purpose(given), "names_title": titled, "defined_by": []}
    addressed = "a person" if alone else "a group"
    values["addressed"] = addressed if reading.says(Said.ADDRESSED) else "nobody"
    if repeated or alone or reading.says(Said.ADDRESSED) or reading.says(Said.PATHOLOGISING):
        mark = "never_single_out" if repeated or alone else "review"
        values |= {"statement": "count of people", "subject": "person" if alone else "group"}
        values |= {"mark": mark, "households": people, "name": "an audience", "profile": _profile(people)}
        found += [_PROTECTED] if repeated else []
    elif isinstance(hours, int | float) and people is None:
        told = may_be_told(float(hours), Limits())
        # A title's total that passes the floor in hours is told of so many that the floor in households is met with it.
        values |= {"statement": "hours", "subject": "title", "households": Limits().public_floor if told else 0}
    elif people is not None:
        values |= {"statement": "count of people", "subject": "title" if titled else "everyone", "households": people}
    made = decide(use_from({name: value for name, value in values.items() if value is not None}))
    answer = _of(made, protected=values.get("mark") == "never_single_out")
    outcome = "withheld" if found else answer.outcome
    if outcome == "allowed" and people is not None and people < _LARGE:
        outcome = "review"
    words = tuple(f"{said.value}: {phrase!r}" for said, phrase in reading.phrases)
    return Answer(outcome, (*dict.fromkeys(found), *answer.rules), (*words, *answer.sentences))


def _titled(given: Mapping[str, Any], texts: list[str]) -> bool:
    told = given.get("title")
    if told is None:
        return any(_TITLED.search(text) for text in texts)
    return bool(told)


def _findings(reading: Reading, people: int | None, titled: bool, alone: bool) -> list[str]:
    """Return what the reading itself forbids."""
    found = []
    pathologising = reading.says(Said.PATHOLOGISING)
    if reading.says(Said.ADDRESSED) and (pathologising or people is not None or reading.says(Said.REPETITION)):
        found.append(Said.ADDRESSED.value)
    if pathologising:
        found.append(Said.PATHOLOGISING.value)
    if reading.says(Said.REPETITION) and titled and people is not None:
        found.append(_SPECIFIC)
    if people is not None and people < _SMALL:
        found.append(_SMALL_GROUP)
    if alone:
        found.append(Said.ONE_PERSON.value)
    return found


def _count(given: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    told = next((given[name] for name in names if name in given), None)
    return told if isinstance(told, int) and not isinstance(told, bool) and told >= 0 else None


def _purpose(given: Mapping[str, Any]) -> str:
    """Return what it is for; a channel that is not named, or not known, is the widest one."""
    told = str(given.get("channel", given.get("purpose", "public"))).casefold()
    return next((purpose for word, purpose in _PURPOSES.items() if re.search(rf"\b{word}\b", told)), "public message")


def _profile(people: int | None) -> dict[str, Any] | None:
    """Return a profile without behaviours of its own: what is protected in it is told by the mark."""
    if people is None:
        return None
    features = sorted(set().union(*(rule.features for rule in load_rulebook().rule)))
    quiet: dict[str, Any] = {"quantiles": dict.fromkeys(features, 0), "contrasts": dict.fromkeys(features, 0)}
    return {"households": people, "stability": 1, "largest_household_share": 0, **quiet}


# Attributes


def answer_to_attributes(given: Mapping[str, Any]) -> Answer:
    """Judge attributes as the public count of people in a pattern; what is missing, or unknown to us, stays missing."""
    told = {name: value for name, value in given.items() if value not in _MISSING}
    people = told.get("n", told.get("households", told.get("count")))
    protected = told.get("protected")
    marks = {True: "never_single_out", False: "open"}
    mark = marks[protected] if isinstance(protected, bool) else told.get("mark")
    values = {
        "purpose": _purpose(told), "statement": "count of people", "subject": "pattern", "standing": "current",
        "addressed": "nobody", "names_title": False, "name": "a pattern", "defined_by": ["pattern"], "mark": mark,
        "households": people, "profile": _profile(people if isinstance(people, int) else None),
    }  # fmt: skip
    try:
        use = use_from({name: value for name, value in values.items() if value is not None})
    except InputError as error:
        return Answer("withheld", ("invalid attribute",), (str(error),))
    answer = _of(decide(use, _book(told)), protected=mark == "never_single_out")
    strange = [name for name in given if name not in (*_ATTRIBUTES, *_ABOUT)]
    missing = [name for name in given if given[name] in _MISSING]
    absent = [name for name, value in (("protected", mark), ("n", people)) if value is None]
    sentences = [f"The attribute `{name}` is missing." for name in dict.fromkeys([*missing, *absent])]
    sentences += [f"The attribute `{name}` is not understood." for name in strange]
    outcome = "withheld" if missing or strange else answer.outcome
    return Answer(outcome, answer.rules, (*sentences, *answer.sentences))


def _book(told: Mapping[str, Any]) -> Rulebook:
    """Return the shipped rulebook; without its permits where the example says that none matches."""
    book = load_rulebook()
    if told.get("permit_matches", True) is True:
        return book
    rules = tuple(rule for rule in book.rule if rule.effect is not Effect.ALLOW)
    return book.model_copy(update={"rule": rules})


def _of(made: Decision, *, protected: bool) -> Answer:
    marked = [
        r.rule_id for r in made.reasons if any(e.attribute == "mark" or "never" in e.sentence() for e in r.evidence)
    ]
    rules = (*([_PROTECTED] if marked and made.outcome is not Outcome.ALLOWED else []), *made.rule_ids)
    words = {Outcome.ALLOWED: "allowed", Outcome.REVIEW: "review", Outcome.WITHHELD: "withheld"}
    return Answer(words[made.outcome], rules, tuple(reason.sentence() for reason in made.reasons))


def _compared(answer: Answer, expected: Mapping[str, Any]) -> Compared:
    told: Compared = {}
    for name, value in expected.items():
        if name == "decision":
            told[name] = (value, answer.outcome, decision(value) == answer.outcome)
        elif name in ("rules", "determining", "findings") and isinstance(value, list):
            known = {re.sub(r"^(?:forbid|deny|rule)-", "", rule) for rule in answer.rules}
            wanted = {re.sub(r"^(?:forbid|deny|rule)-", "", str(rule)) for rule in value}
            told[name] = (value, list(answer.rules), wanted <= known)
        elif name == "reason" and re.search(r"missing|absent|not given|undefined", str(value)):
            why = [sentence for sentence in answer.sentences if "missing" in sentence]
            told[name] = (value, why[:3], bool(why))
    return told
