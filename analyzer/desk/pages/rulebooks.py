"""The rulebook, for reading, and what changed between two."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from analyzer.desk.ask import Ask
from analyzer.desk.doors import Door
from analyzer.desk.pages.missing import missing
from analyzer.desk.pages.places import READERS
from analyzer.desk.views import rulebooks as view
from analyzer.errors import InputError
from analyzer.workflow.kept_rulebooks import book_in_words, changes_in_words


def rulebook(ask: Ask) -> Response:
    """Show the rulebook that marks the patterns today, or the kept one that is named."""
    ledger = ask.office.ledger
    kept, bundles = ledger.rulebooks(), ledger.bundles()
    marks_by = bundles[-1].rulebook_hash if bundles else kept[-1].hash if kept else ""
    asked = ask.query.get("hash", "") or marks_by
    if not asked:
        return ask.page("rulebook.html.j2", book=None)
    try:
        book = book_in_words(ledger.rulebook(asked).text)
    except InputError as error:
        return missing(ask, error)
    older = [one.hash for one in kept if one.hash != asked]
    return ask.page(
        "rulebook.html.j2",
        book=book,
        newest=book.hash == marks_by,
        kept=view.kept_options(kept),
        before=older[-1] if older else asked,
        after=asked,
        marking=view.rule_views(book.marking, marking=True),
        deciding=view.rule_views(book.deciding),
        allowing=view.rule_views(book.allowing),
    )


def rulebook_changes(ask: Ask) -> Response:
    """Show what changes when one kept rulebook takes the place of another."""
    ledger = ask.office.ledger
    named = {option.value: option for option in view.kept_options(ledger.rulebooks())}
    asked = [ask.query.get(name, "") for name in ("before", "after")]
    try:
        before, after = (ledger.rulebook(hashed).text for hashed in asked)
        changes = changes_in_words(before, after)
    except InputError as error:
        return missing(ask, error)
    return ask.page(
        "rulebook_changes.html.j2",
        before=named[asked[0]],
        after=named[asked[1]],
        changes=changes,
        summary=view.changes_in_a_sentence(changes),
    )


DOORS: Final = (
    Door("rulebook", "GET", "/rulebook", READERS, rulebook),
    Door("rulebook_changes", "GET", "/rulebook/changes", READERS, rulebook_changes),
)
