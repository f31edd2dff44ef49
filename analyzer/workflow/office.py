"""What the desk and its API ask for: a ledger, perhaps a model and an index of messages, opened once for all pages."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from analyzer.errors import AnalyzerError, InputError
from analyzer.ledger.store import Ledger, open_ledger
from analyzer.report.data import Card
from analyzer.workflow import describe, message_jobs
from analyzer.workflow.kept_rulebooks import kept_rulebook
from analyzer.workflow.message_jobs import Settings
from analyzer.workflow.message_sources import POPULATION
from analyzer.workflow.messages import Checker, checker
from analyzer.workflow.model import Model, load_model
from analyzer.workflow.recording import bundle_fingerprint, bundle_record


@dataclass(frozen=True, kw_only=True)
class OfficeSettings:
    """Where everything lies.

    Attributes
    ----------
    ledger : a file, or the URL of a database.
    key : of the ledger; beside the file where none is named.
    model : a bundle, for cards and for what drafts say of patterns.
    messages : what drafts are judged by; its ledger and model are those above.
    """

    ledger: str
    key: Path | None = None
    model: str | None = None
    messages: Settings = field(default_factory=Settings)


class Office:
    """What pages ask for; see `open_office`. Every method may be called by several threads at a time.

    Attributes
    ----------
    ledger : Ledger
    model : Model or None
    """

    def __init__(self, ledger: Ledger, model: Model | None, messages: Settings) -> None:
        self.ledger = ledger
        self.model = model
        self._asking = messages.asking(model=model, ledger=ledger)
        self._one_at_a_time = Lock()  # a connection to an index serves one thread
        self._open = ExitStack()
        self._checker: Checker | None = None
        self._as_of: tuple[object, ...] = ()
        self._cards = {card.profile.id: card for card in describe.cards(model)} if model else {}
        self._bundle = bundle_record(model).fingerprint if model and model.digest else ""

    def close(self) -> None:
        """Let go of the ledger and of the index."""
        self._open.close()
        self.ledger.close()

    def today(self) -> date:
        """Return the day in UTC."""
        return datetime.now(UTC).date()

    def check(self, text: str) -> dict[str, Any]:
        """Return what `analyzer check --json` prints about a draft."""
        with self._one_at_a_time:
            return message_jobs.told_of(self._today_s(), text)

    def suggest(self, title: str) -> dict[str, Any]:
        """Return what `analyzer suggest --json` prints about a title.

        Raises
        ------
        InputError
            When there is no data.
        """
        with self._one_at_a_time:
            return message_jobs.suggested(self._today_s(), title)

    def cards(self) -> tuple[Card, ...]:
        """Return the patterns of the model as the report shows them; none where the ledger knows another bundle."""
        return tuple(self._cards.values()) if self._is_newest() else ()

    def card(self, pattern: str) -> Card | None:
        """Return one of `cards`; None where there is none of that id."""
        return self._cards.get(pattern) if self._is_newest() else None

    def _today_s(self) -> Checker:
        """Return what judges drafts, made anew on another day, after a release and after a decision on a pattern.

        Each of them can change an answer; so can another bundle, which becomes the newest.
        """
        today = self.today()
        decided = tuple((state.pattern, state.last) for state in self.ledger.patterns(today)) if self.model else ()
        as_of = (today, self.ledger.last(POPULATION), decided)
        if self._checker is None or as_of != self._as_of:
            self._open.close()
            self._checker, self._as_of = self._open.enter_context(checker(self._asking)), as_of
        return self._checker

    def _is_newest(self) -> bool:
        kept = self.ledger.bundles()
        return bool(kept) and kept[-1].fingerprint == self._bundle


def open_office(settings: OfficeSettings) -> Office:
    """Open everything that a desk needs.

    Raises
    ------
    LedgerError
        When the ledger cannot be used.
    BundleError
        When the model cannot be loaded.
    InputError
        When anything of `settings.messages` cannot be read, or the ledger's newest bundle is another model.
    """
    model = load_model(settings.model) if settings.model else None
    ledger = open_ledger(settings.ledger, settings.key)
    try:
        return Office(ledger, model and as_known(model, ledger, str(settings.model)), settings.messages)
    except AnalyzerError:
        ledger.close()
        raise


def as_known(model: Model, ledger: Ledger, name: str) -> Model:
    """Return a model under the rulebook by which the ledger knows it: the marks of its newest bundle are decided on.

    Raises
    ------
    InputError
        When the ledger's newest bundle is another model; then no draft could be approved, and no decision would count.
    """
    newest = ledger.bundles()[-1:]
    if not newest or bundle_fingerprint(model) == newest[0].fingerprint:
        return model
    marked = model.under(kept_rulebook(ledger.rulebook(newest[0].rulebook_hash).text))
    if bundle_fingerprint(marked) == newest[0].fingerprint:
        return marked
    raise InputError(
        f"The newest bundle of the ledger ({newest[0].fingerprint[:12]}, fitted on {newest[0].source:.60}) is another"
        f" model than {name}, so that decisions would not count for it.",
        "Name that model with --model; or record this one: analyzer run SESSIONS --model FOLDER --ledger LEDGER.",
    )
