"""Write the reference pages from the code: python docs/reference/generate.py [FOLDER]."""

from __future__ import annotations

import inspect
import sys
from enum import Enum
from pathlib import Path
from typing import Any

import typer.main
from pydantic import BaseModel

import analyzer
from analyzer.cli import app
from analyzer.desk.api.doors import OPERATIONS
from analyzer.desk.api.openapi import document
from analyzer.desk.api.operations import Operation
from analyzer.features.catalog import Family, select
from analyzer.policy.clauses import AnyClause, Clause, ContrastClause, IfUnknown, OverRepresented
from analyzer.policy.effects import Effect, MarkStatus, Outcome
from analyzer.policy.rule_faults import ABOUT_PATTERNS, ABOUT_USES, SCOPE
from analyzer.policy.rulebook import Border, Rulebook, load_rulebook
from analyzer.policy.rules import Rule
from analyzer.policy.uses import Addressed, Purpose, Statement, Subject
from analyzer.sessions import jellyfin, tautulli
from analyzer.sessions.playback import json_events, netflix_traces
from analyzer.sessions.playback.schema import EVENTS, WORDS
from analyzer.sessions.schema import SESSIONS, Column
from analyzer.sessions.tally import DropReason

HEAD = "<!-- Written by docs/reference/generate.py from the code; do not edit. -->\n"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def sessions_page() -> str:
    """Return the page on the session table."""
    rows = [(f"`{c.name}`", "yes" if c.required else "", c.kind.value, c.unit, c.allowed, c.meaning) for c in SESSIONS]
    held_out = ", ".join(f"`{c.name}`" for c in SESSIONS if c.accessibility)
    return "\n\n".join(
        [
            "# Sessions",
            "One row a stretch of playback of one title. A row that breaks a constraint is quarantined.",
            table(("column", "required", "kind", "unit", "allowed", "meaning"), rows),
            f"Accessibility settings, never inputs of clustering: {held_out}.",
            "Rows are dropped for one of these reasons: " + ", ".join(f"`{r.value}`" for r in DropReason) + ".",
        ]
    )


def events_page() -> str:
    """Return the page on the event table."""
    rows = [(f"`{c.name}`", "yes" if c.required else "", c.kind.value, c.unit, _allowed(c), c.meaning) for c in EVENTS]
    adapters = [(name, ", ".join(f"`{column}`" for column in columns)) for name, columns in ADAPTERS.items()]
    return "\n\n".join(
        [
            "# Events",
            "One row a player event. A row without a viewer, an event or a time is quarantined; what is not about"
            " playback (`other`) is dropped. How events become sessions:"
            " [From player events to sessions](../explanation/from-events-to-sessions.md).",
            table(("column", "required", "kind", "unit", "allowed", "meaning"), rows),
            "## Event words",
            "Events of one session and time that nothing else orders come in this order: "
            + ", ".join(f"`{word}`" for word in WORDS)
            + ".",
            "## What each source tells",
            table(("source", "columns"), adapters),
            "Jellyfin's Playback Reporting and Tautulli's history are sessions, not events: seeks are invisible there.",
        ]
    )


def _allowed(column: Column) -> str:
    return "an event word, see below" if column.choices == WORDS else column.allowed


ADAPTERS = {
    "xAPI video statements": json_events.PROVIDES[json_events.Format.XAPI],
    "Segment video calls": json_events.PROVIDES[json_events.Format.SEGMENT],
    "Snowplow media events": json_events.PROVIDES[json_events.Format.SNOWPLOW],
    "Netflix' PlaybackRelatedEvents": netflix_traces.PROVIDES,
    "Jellyfin's Playback Reporting": jellyfin.PROVIDES,
    "Tautulli's history": tautulli.PROVIDES,
}


def features_page() -> str:
    """Return the page on the features."""
    parts = ["# Features", f"{len(select())} features, one value per viewer and window. Null means unknown, never 0."]
    for family in Family:
        specs = [spec for spec in select() if spec.family is family]
        rows = [(f"`{s.name}`", s.unit, s.meaning, s.null, ", ".join(s.needs) or "-", s.transform.value) for s in specs]
        parts += [
            f"## {family.value.capitalize()}",
            table(("feature", "unit", "meaning", "null when", "needs", "transform"), rows),
        ]
    return "\n\n".join(parts)


def rules_page() -> str:
    """Return the page on the shipped rulebook."""
    book = load_rulebook()
    parts = [
        "# Rules",
        f"The shipped rulebook: `{book.id}` {book.version}, owner {book.owner}. What its words mean:"
        " [How a rulebook decides](../explanation/how-a-rulebook-decides.md).",
    ]
    if book.border:
        parts += ["## Border", f"Withheld above {book.border.closed_share_above:g}. {book.border.because}"]
    for head, text, rules in (
        ("Rules about patterns", "They mark patterns, and guard vectors where they name a feature.", book.marking),
        ("Rules about what is said", "They withhold a statement or ask for review.", said(book)),
        ("What may be said", "What none of these allows is withheld.", book.allowing),
    ):
        parts += [f"## {head}", text, *(part for rule in rules for part in rule_parts(rule))]
    return "\n\n".join(parts)


def said(book: Rulebook) -> list[Rule]:
    """Return the forbid and review rules that do not mark patterns."""
    return [rule for rule in book.deciding if not rule.marks_patterns]


def rule_parts(rule: Rule) -> list[str]:
    """Return the paragraphs on one rule."""
    mark = f", marks **{rule.mark.value}**" if rule.marks_patterns else ""
    aside = "" if rule.effect is Effect.ALLOW else "; overridable" if rule.overridable else "; absolute"
    return [
        f"### {rule.id}",
        f"Effect: **{rule.effect.value}**{mark}{aside}; since {rule.since}. {rule.because}",
        f"When: {condition_words(rule)}.",
        f"Cites: {'; '.join(rule.cites)}.",
    ]


def condition_words(rule: Rule) -> str:
    """Return scope and conditions of a rule."""
    told = []
    for name in (*SCOPE, *ABOUT_PATTERNS, *ABOUT_USES):
        value = getattr(rule, name)
        if name in ("any_of", "all_of") and value:
            clauses = [f"`{c.attribute}` {c.limit}{_if_unknown(c)}" for c in value]
            told.append((" or " if name == "any_of" else " and ").join(clauses))
        elif isinstance(value, BaseModel):
            told.append(f"`{name}` " + ", ".join(f"{k} {v:g}" for k, v in value.model_dump(exclude_none=True).items()))
        elif isinstance(value, tuple) and value:
            told.append(f"`{name}` is {' or '.join(str(one.value) for one in value)}")
        elif value not in (None, False, ()) or (name == "names_title" and value is not None):
            told.append(f"`{name}` {str(value).lower() if isinstance(value, bool) else value}")
    return "; and ".join(told)


def _if_unknown(clause: AnyClause) -> str:
    return " (unknown is no evidence)" if clause.if_unknown is IfUnknown.NO_EVIDENCE else ""


def words_page() -> str:
    """Return the page on what a rulebook may say, from the models that check it."""
    parts = [
        "# The words of a rulebook",
        "A rulebook is a TOML file with `id`, `version`, `owner`, one `[[rule]]` or more and perhaps a `[border]`."
        " `analyzer rulebook schema` prints all of this as JSON Schema for an editor.",
    ]
    for head, model in {
        "A rule": Rule,
        "A clause on a feature": Clause,
        "A clause on a contrast": ContrastClause,
        "over_represented": OverRepresented,
        "border": Border,
    }.items():
        fields = model.model_fields.items()
        rows = [(f"`{name}`", "yes" if f.is_required() else "", str(f.description or "")) for name, f in fields]
        parts += [f"## {head}", table(("word", "required", "meaning"), rows)]
    for head, kind in WORD_LISTS.items():
        parts += [f"## {head}", ", ".join(f"`{member.value}`" for member in kind) + "."]
    return "\n\n".join(parts)


WORD_LISTS: dict[str, type[Enum]] = {
    "Effects": Effect,
    "Purposes": Purpose,
    "Statements": Statement,
    "Subjects": Subject,
    "Addressed": Addressed,
    "Marks": MarkStatus,
    "Outcomes": Outcome,
}


def commands_page() -> str:
    """Return the page on the command line."""
    group = typer.main.get_command(app)
    parts = [
        "# Commands",
        "Exit codes: 0 done or allowed, 1 failure, 2 bad input or usage, 3 withheld or blocked, 4 needs review. Results"
        " go to stdout, progress and errors to stderr.",
    ]
    for name, command in leaves(group):
        rows = [(f"`{parameter_name(p)}`", str(getattr(p, "help", "") or "")) for p in command.params]
        parts += [f"## analyzer {name}", command.help, f"`{command.epilog.removeprefix('Example: ')}`"]
        parts += [table(("option", "meaning"), rows)] if rows else []
    return "\n\n".join(parts)


def leaves(group: Any, before: str = "") -> list[tuple[str, Any]]:
    """Return every command with its name, those of a group behind the group's name."""
    found = []
    for name, command in group.commands.items():
        found += leaves(command, f"{before}{name} ") if hasattr(command, "commands") else [(before + name, command)]
    return found


def parameter_name(parameter: Any) -> str:
    """Return how a parameter is written on the command line."""
    options = [name for name in [*parameter.opts, *parameter.secondary_opts] if name.startswith("-")]
    return " / ".join(options) or str(parameter.name).upper()


def python_page() -> str:
    """Return the page on the public names."""
    parts = ["# Python", "The public names of `import analyzer`."]
    for name in analyzer.__all__:
        thing = getattr(analyzer, name)
        signature = "" if inspect.isclass(thing) else str(inspect.signature(thing)).replace("'", "")
        parts += [f"## {name}", f"```text\n{name}{signature}\n\n{inspect.getdoc(thing)}\n```"]
    return "\n\n".join(parts)


def api_page() -> str:
    """Return the page on the JSON API."""
    schemas = document(OPERATIONS)["components"]["schemas"]
    overview = [
        (f"`{o.door.method} {o.door.path}`", o.summary, ", ".join(sorted(role.value for role in o.door.roles)))
        for o in OPERATIONS
    ]
    parts = [
        "# API",
        "For programs: [Ask before you post](../how-to/ask-before-you-post.md). Each request has `Authorization: Bearer"
        " TOKEN`; the roles are those of people. `GET /api/v1/openapi.json` returns all of this as OpenAPI 3.1. Errors"
        " are a `ProblemTold` as `application/problem+json`.",
        table(("request", "what it does", "roles"), overview),
        *(part for one in OPERATIONS for part in operation_parts(one)),
        "## What is sent and answered",
    ]
    for name, schema in sorted(schemas.items()):
        required = schema.get("required", [])
        rows = [
            (f"`{field}`", kind_of(told), "yes" if field in required else "", told.get("description", ""))
            for field, told in schema["properties"].items()
        ]
        parts += [f"### {name}", schema["description"], table(("field", "kind", "always", "meaning"), rows)]
    return "\n\n".join(parts)


def operation_parts(one: Operation) -> list[str]:
    """Return the paragraphs on one operation."""
    sent = f"Send {link_to(one.body.__name__)}. " if one.body else ""
    asked = [(f"`{q.name}`", kind_of(q.schema), "yes" if q.required else "", q.meaning) for q in one.query]
    told = f"{one.summary}. {sent}Answer {201 if one.made else 200}: {link_to(one.answer.__name__)}."
    parameters = [table(("parameter", "kind", "required", "meaning"), asked)] if asked else []
    return [f"## {one.door.method} {one.door.path}", told, *parameters]


def link_to(model: str) -> str:
    """Return a link to what is said of a model below."""
    return f"[{model}](#{model.casefold()})"


def kind_of(schema: dict[str, Any]) -> str:
    """Return the words for a JSON schema."""
    if "$ref" in schema:
        return link_to(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(kind_of(one) for one in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return " or ".join(f"`{word}`" for word in schema.get("enum", [schema.get("const")]))
    if "prefixItems" in schema:
        return f"[{', '.join(kind_of(one) for one in schema['prefixItems'])}]"
    if schema.get("type") == "array":
        many = limits_of(schema, "Items")
        return f"list{many and f' of{many}'}, each {kind_of(schema['items'])}"
    letters, size = limits_of(schema, "Length"), limits_of(schema, "imum")
    return f"{schema.get('type', 'anything')}{letters and f' of{letters} characters'}{size and f' from{size}'}"


def limits_of(schema: dict[str, Any], what: str) -> str:
    """Return the least and the most of something in a JSON schema, in words; nothing where it has no limits."""
    found = [f"{schema[name]:,}" for name in (f"min{what}", f"max{what}") if name in schema]
    return f" {' to '.join(found)}" if found else ""


PAGES = {
    "sessions.md": sessions_page,
    "events.md": events_page,
    "features.md": features_page,
    "rules.md": rules_page,
    "rulebook.md": words_page,
    "commands.md": commands_page,
    "python.md": python_page,
    "api.md": api_page,
}


def main(folder: Path) -> None:
    """Write every page into a folder."""
    for name, page in PAGES.items():
        (folder / name).write_text(f"{HEAD}\n{page()}\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
