"""What a reviewers' desk asks of the ledger: plain values in, frozen values out, each call one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from analyzer.ledger import bundles, deciding, drafting, runs, waiting
from analyzer.ledger.database import Database
from analyzer.ledger.events import COMMAND_LINE
from analyzer.ledger.fitted import BundleRecord, KeptBundle, KeptRulebook, KeptRun, RulebookRecord, RunRecord
from analyzer.ledger.keeping import DEFAULTS, Keeping
from analyzer.ledger.retention import Due, delete_due, due
from analyzer.ledger.reviewed import Choice, Decision, DraftRecord, DraftStatus, KeptDraft, PatternState
from analyzer.ledger.states import states
from analyzer.ledger.waiting import Desk, Step, Waiting


class Reviewing:
    """The part of a ledger that is about patterns, drafts and runs."""

    _database: Database
    key: bytes

    def record_rulebook(self, record: RulebookRecord, who: str = COMMAND_LINE) -> str:
        """Keep a rulebook, unless it is there; return its hash."""
        with self._database.connected(writing=True) as connection:
            bundles.record_rulebook(connection, record, who)
        return record.hash

    def rulebook(self, hashed: str) -> RulebookRecord:
        """Return the rulebook of a hash.

        Raises
        ------
        InputError
            When the ledger has none.
        """
        with self._database.connected() as connection:
            return bundles.rulebook_of(connection, hashed)

    def rulebooks(self) -> tuple[KeptRulebook, ...]:
        """Return all rulebooks, oldest first."""
        with self._database.connected() as connection:
            return bundles.all_rulebooks(connection)

    def record_bundle(self, record: BundleRecord, who: str = COMMAND_LINE, today: date | None = None) -> int:
        """Keep a bundle, its rulebook and its marks as the newest; return its number.

        Decisions on the bundle before become stale; what people tightened on whatever bundle stays, under the same id
        and under every id that says that it comes from it, and is lifted no longer than two people said. A bundle that
        is the newest already changes nothing.
        """
        with self._database.connected(writing=True) as connection:
            return bundles.record_bundle(connection, record, who, _day(today))

    def bundles(self) -> tuple[KeptBundle, ...]:
        """Return all bundles, oldest first."""
        with self._database.connected() as connection:
            return bundles.all_bundles(connection)

    def record_run(self, record: RunRecord, who: str = COMMAND_LINE) -> int:
        """Keep what went into a run and what became of it; return its number."""
        with self._database.connected(writing=True) as connection:
            return runs.record_run(connection, record, who, self.key)

    def runs(self) -> tuple[KeptRun, ...]:
        """Return all runs, oldest first."""
        with self._database.connected() as connection:
            return runs.runs(connection)

    def patterns(self, today: date | None = None) -> tuple[PatternState, ...]:
        """Return where the patterns of the newest bundle stand, by id.

        Parameters
        ----------
        today : date, optional
            The day on which is asked; today (UTC) by default.
        """
        with self._database.connected() as connection:
            return states(connection, _day(today))

    def pattern(self, pattern: str, today: date | None = None) -> PatternState:
        """Return where one pattern of the newest bundle stands.

        Raises
        ------
        DecisionRefusedError
            When there is none of that id.
        """
        with self._database.connected() as connection:
            return deciding.state_of(connection, pattern, _day(today))

    def decide(self, choice: Choice, seen: int, today: date | None = None) -> Decision:
        """Decide on a pattern of the newest bundle.

        One person confirms or tightens. To loosen takes two different people, a reason and a last day: one asks,
        another agrees. What a rule forbids absolutely nobody loosens.

        Parameters
        ----------
        choice : Choice
        seen : int
            `PatternState.last` of what the person looked at.
        today : date, optional
            The day on which is decided; today (UTC) by default.

        Raises
        ------
        DecisionRefusedError
            When the rules for decisions do not allow it.
        LedgerMovedError
            When somebody else decided on the pattern since.
        """
        with self._database.connected(writing=True) as connection:
            return deciding.decide(connection, choice, seen, _day(today))

    def submit(self, draft: DraftRecord) -> KeptDraft:
        """Submit a draft for review, with the verdict on it."""
        with self._database.connected(writing=True) as connection:
            number = drafting.submit(connection, draft, self.key)
            return drafting.draft_of(connection, number, _day(None))

    def answer(
        self, draft: int, who: str, status: DraftStatus, reason: str, seen: int, today: date | None = None
    ) -> KeptDraft:
        """Approve or reject a draft.

        Nobody approves their own, nor what is blocked, nor what has to be checked again. The author may reject it,
        which takes it back. An answered draft is closed, but for this: to reject an approved one takes the approval
        back.

        Parameters
        ----------
        draft : int
        who : str
            The account's name.
        status : DraftStatus
            Approved or rejected.
        reason : str
            Why; may be empty where a draft that the rules allow is approved.
        seen : int
            `KeptDraft.last` of what the person looked at.
        today : date, optional
            The day on which is answered; today (UTC) by default.

        Raises
        ------
        DecisionRefusedError
            When the rules for answers do not allow it.
        LedgerMovedError
            When somebody else answered since.
        """
        with self._database.connected(writing=True) as connection:
            drafting.answer(connection, draft, who, status, reason, seen, self.key, _day(today))
            return drafting.draft_of(connection, draft, _day(today))

    def drafts(self, today: date | None = None) -> tuple[KeptDraft, ...]:
        """Return all drafts, oldest first; whether they have to be checked again is told of a day."""
        with self._database.connected() as connection:
            return drafting.drafts(connection, _day(today))

    def draft(self, number: int, today: date | None = None) -> KeptDraft:
        """Return one draft.

        Raises
        ------
        InputError
            When there is none.
        """
        with self._database.connected() as connection:
            return drafting.draft_of(connection, number, _day(today))

    def queue(self, today: date | None = None) -> tuple[Waiting, ...]:
        """Return what waits for a person, most pressing first."""
        return self.on_the_desk(today).waiting

    def on_the_desk(self, today: date | None = None) -> Desk:
        """Return what waits for a person, with the patterns and drafts that it is about."""
        with self._database.connected() as connection:
            return waiting.on_the_desk(connection, _day(today))

    def history(self, pattern: str) -> tuple[Step, ...]:
        """Return how a pattern was marked and what people decided on it, oldest first."""
        with self._database.connected() as connection:
            return waiting.history(connection, pattern)

    def retention(self, keepings: Sequence[Keeping] = DEFAULTS, today: date | None = None) -> tuple[Due, ...]:
        """Return what is kept, how long and why, and what of it is due to be deleted."""
        with self._database.connected() as connection:
            return due(connection, keepings, _day(today))

    def delete_due(
        self, keepings: Sequence[Keeping] = DEFAULTS, who: str = COMMAND_LINE, today: date | None = None
    ) -> tuple[Due, ...]:
        """Delete what is due, leave a tombstone of all words in the audit trail, and return what was due."""
        with self._database.connected(writing=True) as connection:
            gone = due(connection, keepings, _day(today))
            tables = delete_due(connection, gone, who, _day(today))
        if tables:
            self._database.forget(*tables)
        return gone


def _day(today: date | None) -> date:
    return today or datetime.now(UTC).date()
