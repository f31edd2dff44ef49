"""The commands about rulebooks: check one, compare two, try one on stories, and say why a pattern has its mark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from analyzer.cli_output import Json, answer, as_text
from analyzer.cli_text import MARK_WORDS
from analyzer.errors import ExitCode

app = typer.Typer(
    help="Check, compare and try rulebooks.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(epilog="Example: analyzer rulebook check our-rules.toml")
def check(file: Annotated[Path, typer.Argument(help="A rulebook in TOML.")], as_json: Json = False) -> None:
    """Say whether a rulebook is well formed; if not, list every mistake with its line. Exit code 0 or 2."""
    from analyzer.workflow import rulebooks

    result = rulebooks.check_job(file)
    answer(result, checked, as_json)
    if not result["good"]:
        raise typer.Exit(ExitCode.BAD_INPUT)


@app.command(epilog="Example: analyzer rulebook diff shipped our-rules.toml --model models/mine --claims said.jsonl")
def diff(
    before: Annotated[str, typer.Argument(help="A rulebook in TOML, or the word 'shipped'.")],
    after: Annotated[str, typer.Argument(help="The one that would take its place, or the word 'shipped'.")],
    model: Annotated[
        str | None, typer.Option("--model", help="A bundle's folder, or 'reference': whose marks change?")
    ] = None,
    claims: Annotated[
        Path | None, typer.Option("--claims", help="Stored uses, one as JSON a line: which outcomes change?")
    ] = None,
    as_json: Json = False,
) -> None:
    """List what changes when one rulebook takes the place of another."""
    from analyzer.workflow import rulebooks

    answer(rulebooks.diff_job(before, after, model, claims), compared, as_json)


@app.command(name="test", epilog="Example: analyzer rulebook test tests/sandboxes")
def try_out(
    folder: Annotated[Path, typer.Argument(help="A sandbox, or a folder of sandboxes.")], as_json: Json = False
) -> None:
    """Judge stories by their rulebooks, and say which are answered otherwise than expected. Exit code 0 or 1."""
    from analyzer.workflow import rulebooks

    result = rulebooks.sandboxes_job(folder)
    answer(result, tried, as_json)
    if result["failed"]:
        raise typer.Exit(ExitCode.FAILURE)


@app.command(epilog="Example: analyzer rulebook schema > rulebook.schema.json")
def schema() -> None:
    """Print the JSON Schema of a rulebook, for an editor."""
    from analyzer.workflow import rulebooks

    typer.echo(as_text(rulebooks.schema_job()))


def checked(result: dict[str, Any]) -> str:
    """Return whether a rulebook is well formed, or every mistake."""
    if result["good"]:
        about = f"{result['marking']} mark patterns, {result['deciding']} withhold or ask for review,"
        return "\n".join(
            [
                f"{result['file']} is well formed: {result['id']} {result['version']}, {result['hash'][:12]}.",
                f"Of its {result['rules']} rules {about} {result['allowing']} allow.",
                *(["No rule allows anything, so every statement is withheld."] if not result["allowing"] else []),
            ]
        )
    count = len(result["mistakes"])
    lines = [_mistake(mistake) for mistake in result["mistakes"]]
    return "\n".join([f"{result['file']} has {count} mistake{'s' if count > 1 else ''}:", "", *lines])


def _mistake(mistake: dict[str, Any]) -> str:
    where = f"line {mistake['line']}" if mistake["line"] else "the file"
    remedy = f"\n    {mistake['remedy']}" if mistake["remedy"] else ""
    return f"  {where}, {mistake['place']}\n    {mistake['cause']}{remedy}"


def compared(result: dict[str, Any]) -> str:
    """Return what differs between two rulebooks."""
    old, new = ({**result[key], "hash": result[key]["hash"][:12]} for key in ("before", "after"))
    lines = [f"{book['id']} {book['version']}, {book['hash']}" for book in (old, new)]
    rules = [f"  {rule['rule']}: {rule['direction']}{_details(rule['details'])}" for rule in result["rules"]]
    return "\n".join(
        [
            f"Before: {lines[0]}",
            f"After:  {lines[1]}",
            "",
            "Rules:",
            *(rules or ["  None differs."]),
            *_changes("Patterns", result["patterns"], result["patterns_compared"], "Give --model to compare marks."),
            *_changes("Claims", result["claims"], result["claims_compared"], "Give --claims to compare outcomes."),
        ]
    )


def _details(details: list[str]) -> str:
    return "".join(f"\n    {detail}" for detail in details)


def _changes(head: str, changes: list[dict[str, Any]], number: int | None, hint: str) -> list[str]:
    if number is None:
        return ["", f"{head}: not compared. {hint}"]
    told = [
        f"  {change['name']}: {_word(change['before'])} -> {_word(change['after'])}"
        f" ({'looser' if change['looser'] else 'stricter'})"
        f"\n    before: {_names(change['rules_before'])}\n    after:  {_names(change['rules_after'])}"
        for change in changes
    ]
    return ["", f"{head} ({len(changes)} of {number} are answered otherwise):", *(told or ["  None."])]


def _word(answer: str) -> str:
    return MARK_WORDS.get(answer, answer)


def _names(rules: list[str]) -> str:
    return ", ".join(rules) or "no rule"


def tried(result: dict[str, Any]) -> str:
    """Return which stories are answered as expected, and of the others what differs."""
    lines = []
    for story in result["sandboxes"]:
        lines.append(f"{'as expected' if story['good'] else 'OTHERWISE  '}  {story['sandbox']}")
        for one in story["differences"]:
            lines += [f"    {one['name']}", f"      expected {one['expected']}", f"      found    {one['found']}"]
    count = len(result["sandboxes"])
    return "\n".join([*lines, "", f"{count - result['failed']} of {count} sandboxes are answered as expected."])


def explained(result: dict[str, Any]) -> str:
    """Return every rule behind a pattern's mark, with what fired it and what would flip it."""
    book = result["rulebook"]
    rules = [line for rule in result["rules"] for line in _rule(rule)]
    return "\n".join(
        [
            f"{result['pattern']}: {result['name']}",
            f"Households: {result['size_band']}",
            f"Mark: {MARK_WORDS[result['mark']]}",
            "",
            *(rules or ["No rule fired.", ""]),
            *[line for sentence in result["set_aside"] for line in (f"Set aside for now: {sentence}", "")],
            *([result["decided"]] if result["decided"] else []),
            f"Rulebook {book['id']} {book['version']}, {book['hash'][:12]}",
            result["base_rate"],
        ]
    )


def _rule(rule: dict[str, Any]) -> list[str]:
    can = {True: "people may decide otherwise", False: "absolute", None: "not a rule of this rulebook"}
    fired = [f"  - {evidence['sentence']}" for evidence in rule["evidence"]]
    failed = [f"  - could not be evaluated because {rule['failure']}; so it withholds"] if rule["failure"] else []
    return [
        f"{rule['rule']} ({MARK_WORDS[rule['mark']]}; {can[rule['overridable']]})",
        f"  {rule['because']}",
        *fired,
        *failed,
        *([f"  It {rule['nearest']}."] if rule["nearest"] else []),
        f"  Source: {'; '.join(rule['cites'])}",
        "",
    ]
