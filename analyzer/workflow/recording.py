"""What a model and a run leave in the ledger: hashes, marks and counts of rows, and nothing of viewers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.ledger.fitted import BundleRecord, MarkRecord, RulebookRecord, RunRecord, bundle_known_as
from analyzer.policy.effects import MarkStatus
from analyzer.policy.marks import NO_PATTERN_ID, Mark
from analyzer.policy.rulebook import Rulebook
from analyzer.workflow.model import Model, load_model
from analyzer.workflow.run import RunResult

if TYPE_CHECKING:
    from analyzer.ledger.store import Ledger

_PIECE = 1024 * 1024


def rulebook_record(book: Rulebook) -> RulebookRecord:
    """Return a rulebook as the ledger keeps it; the hash is the rulebook's own."""
    text = json.dumps(book.as_json(), sort_keys=True, separators=(",", ":"))
    return RulebookRecord(id=book.id, version=book.version, text=text)


def bundle_record(model: Model) -> BundleRecord:
    """Return a saved model as the ledger keeps it: with the marks of its rulebook, whatever people decided since.

    Windows without a pattern are left out: nobody decides on them, and they are never open.

    Raises
    ------
    InputError
        When the model was not loaded from a bundle, and so has no fingerprint.
    """
    if not model.digest:
        raise InputError("The model has no fingerprint, for it was not loaded from a bundle.", "Save it, then load it.")
    model = model.under(model.rulebook) if model.decided else model
    from_earlier = {change.id: change.earlier for change in model.lineage.changes} if model.lineage else {}
    names = {profile.id: profile.name for profile in model.patterns.profiles_}
    marks = tuple(
        MarkRecord(
            pattern=mark.pattern_id,
            name=names[mark.pattern_id],
            mark=mark.status,
            absolute=mildest_of(mark, model.rulebook) is MarkStatus.NEVER_SINGLE_OUT,
            mildest=mildest_of(mark, model.rulebook),
            rules=mark.rule_ids,
            earlier=tuple(from_earlier.get(mark.pattern_id, ())),
        )
        for mark in model.marks
        if mark.pattern_id != NO_PATTERN_ID
    )
    own, book = bundle_fingerprint(model), rulebook_record(model.rulebook)
    return BundleRecord(fingerprint=own, rulebook=book, window=model.window, source=model.source, marks=marks)


def bundle_fingerprint(model: Model) -> str:
    """Return by what the ledger knows a loaded model: the same bundle marked by another rulebook is another one."""
    return bundle_known_as(model.digest, model.rulebook.hash)


def mildest_of(mark: Mark, book: Rulebook) -> MarkStatus:
    """Return the mildest mark that two people may loosen a mark to.

    What they may not set aside stays: a rule that is not overridable, one that could not be evaluated, one that is no
    longer in the rulebook or came with the lineage; and a mark without a reason of its own.
    """
    if all(reason.status is not mark.status for reason in mark.reasons):
        return mark.status
    overridable = {rule.id for rule in book.rule if rule.overridable}
    return MarkStatus.worst(r.status for r in mark.reasons if r.failure or r.rule_id not in overridable)


def record_run(ledger: Ledger, result: RunResult, inputs: Iterable[Path]) -> int:
    """Keep a run, the bundle that classified, its marks and its rulebook in a ledger; return the run's number.

    A model that was fitted a moment ago is read from its bundle, which has the fingerprint, and marks from the rounded
    numbers that it keeps.

    Parameters
    ----------
    ledger : Ledger
    result : RunResult
        Of a run that has written its outputs.
    inputs : iterable of Path
        The files that were read.
    """
    model = result.model
    bundle = bundle_record(model if model.digest else load_model(result.outputs["model"]))
    ledger.record_bundle(bundle)
    return ledger.record_run(run_record(result, inputs, bundle.fingerprint))


def run_record(result: RunResult, inputs: Iterable[Path], bundle_fingerprint: str = "") -> RunRecord:
    """Return what a run did as the ledger keeps it.

    Parameters
    ----------
    result : RunResult
    inputs : iterable of Path
        The files that were read.
    bundle_fingerprint : str
        Of the bundle that classified; see `bundle_record`.
    """
    intake = result.intake
    return RunRecord(
        inputs=tuple(fingerprint_of(path) for path in inputs),
        tally=intake.tally,
        events=intake.events.tally if intake.events else None,
        window=result.model.window,
        bundle_fingerprint=bundle_fingerprint,
        rulebook_hash=result.model.rulebook.hash,
    )


def fingerprint_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    told = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                told.update(piece)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Name the files that the run read.") from error
    return told.hexdigest()
