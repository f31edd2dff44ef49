"""The main job: sessions in; assignments, patterns, marks, tally, quarantine and a report out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from analyzer.errors import InputError
from analyzer.features.context import context_of, viewers_of
from analyzer.features.windows import Window
from analyzer.patterns.estimator import UsagePatterns
from analyzer.patterns.vocabulary import BASE_RATE
from analyzer.policy.marks import mark_patterns
from analyzer.policy.rulebook import Rulebook, load_rulebook
from analyzer.report.data import ReportData
from analyzer.report.page import render
from analyzer.sessions.pieces import ReadOptions
from analyzer.sessions.records import reason_counts
from analyzer.workflow import describe, tables
from analyzer.workflow.classify import WITHHELD, classify
from analyzer.workflow.extraction import extract
from analyzer.workflow.intake import Intake
from analyzer.workflow.model import Model, load_model, save_model
from analyzer.workflow.options import ExtractOptions
from analyzer.workflow.outputs import staged
from analyzer.workflow.progress import SILENT, Progress

if TYPE_CHECKING:
    from analyzer.ledger.store import Ledger

DEFAULT_WINDOW: Final = "28d"
ENOUGH_VECTORS: Final = 1_000
ENOUGH_HOUSEHOLDS: Final = 200
# Fewer, and HDBSCAN describes these particular people rather than ways of watching.


@dataclass(frozen=True)
class RunResult:
    """What a run did; `as_json` is what `analyzer run --json` prints."""

    intake: Intake
    vectors: int
    model: Model
    model_kind: str
    model_reason: str
    withheld_share: float
    outputs: dict[str, str] = field(default_factory=dict)
    decided: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain JSON values."""
        return {
            "tally": self.intake.tally.as_json(),
            **({"events": self.intake.events.as_json()} if self.intake.events else {}),
            "vectors": self.vectors,
            "patterns": describe.summary(self.model),
            "withheld_share": round(self.withheld_share, 4),
            "model": self.model_kind,
            "model_reason": self.model_reason,
            "rulebook_hash": self.model.rulebook.hash,
            "notes": [*self.intake.notes, *([self.decided] if self.decided else [])],
            "outputs": self.outputs,
        }


@dataclass(frozen=True)
class RunOptions:
    """How to run.

    Attributes
    ----------
    model_folder : Path, optional
        Classify with this model instead of fitting one.
    window : str, optional
        Window length; by default that of the model, or 28 days.
    rulebook : Rulebook, optional
        By default the given model's, else the shipped one.
    min_cluster_size : int, optional
        Handed to `UsagePatterns`.
    today : date, optional
        The date that the report carries.
    reading : ReadOptions
        How the source is read.
    extracting : ExtractOptions
        How features are extracted; its window is not looked at.
    ledger : Ledger or where it lies, optional
        What people decided. The bundle that classifies is recorded there before its marks are asked for, so that what
        they tightened on an earlier one holds for it at once. It is opened when it is asked.
    ledger_key : Path, optional
        Of a ledger that is not open.
    """

    model_folder: Path | None = None
    window: str | None = None
    rulebook: Rulebook | None = None
    min_cluster_size: int | None = None
    today: date | None = None
    reading: ReadOptions = field(default_factory=ReadOptions)
    extracting: ExtractOptions = field(default_factory=ExtractOptions)
    ledger: Ledger | str | None = None
    ledger_key: Path | None = None


def run(source: Any, out: Path, options: RunOptions, progress: Progress = SILENT) -> RunResult:
    """Run the whole river on a source of sessions and write the outputs into `out`, whole or not at all.

    Raises
    ------
    InputError
        When no session is left to learn from, or the window is not the model's.
    OutputError
        When the outputs cannot be written.
    """
    given = _given_model(options)
    window = str(Window.parse(options.window or (given.window if given else DEFAULT_WINDOW)))
    vectors, intake = _vectors(source, out, window, options, progress)
    progress("finding patterns")
    model, kind, reason = _model(vectors, intake, window, options, given)
    if model.window != window:
        vectors, intake = _vectors(source, out, model.window, options, progress)
        reason += f"; its window of {model.window} is used instead of {window}"
    progress("classifying")
    model, decided = (model, "") if options.ledger is None else _as_decided(model, options.ledger, options.ledger_key)
    answer = classify(model, vectors)
    share = float((answer["pattern"] == WITHHELD).mean())
    result = RunResult(intake, len(vectors), model, kind, reason, share, decided=decided)
    progress("writing")
    return _write(result, answer, out, options.today or datetime.now(UTC).date())


def _given_model(options: RunOptions) -> Model | None:
    if options.model_folder is None:
        return None
    model = load_model(options.model_folder)
    if options.window is not None and str(Window.parse(options.window)) != model.window:
        raise InputError(
            f"The model {options.model_folder} was made for windows of {model.window}, not {options.window}.",
            "Leave out --window, or fit a model for that window.",
        )
    return model.under(options.rulebook) if options.rulebook else model


def _as_decided(model: Model, where: Ledger | str, key: Path | None) -> tuple[Model, str]:
    """Record the bundle, and return the model with the marks in force and what the ledger said of them.

    It comes back as it is where nobody decided, so that results do not tell the day. A ledger's newest bundle is then
    one whose outputs are not there yet: whoever stops the run here runs it again.
    """
    from analyzer.ledger.store import open_ledger
    from analyzer.workflow.in_force import in_force
    from analyzer.workflow.recording import bundle_record

    loaded = model if model.digest else _loaded(model)
    ledger = open_ledger(where, key, make=False) if isinstance(where, str) else where
    try:
        ledger.record_bundle(bundle_record(loaded))
        told = in_force(replace(model, digest=loaded.digest), ledger)
    finally:
        if ledger is not where:
            ledger.close()
    decided = any(mark.by_people for mark in told.marks)
    return (replace(model, marks=told.marks, decided=told.decided) if decided else model), told.decided


def _loaded(model: Model) -> Model:
    """Return a model that was just fitted as it comes back from disk: only so it has a fingerprint."""
    with TemporaryDirectory() as folder:
        return load_model(save(model, Path(folder) / "model"))


def _vectors(
    source: Any, out: Path, window: str, options: RunOptions, progress: Progress
) -> tuple[pd.DataFrame, Intake]:
    extracting = replace(options.extracting, window=Window.parse(window))
    vectors, intake = extract(source, out, options.reading, extracting, progress)
    if len(vectors) == 0:
        raise InputError(
            f"No viewing is left to learn from: {intake.tally.sentence()}.",
            "Give sessions of main content that somebody chose and watched for at least a minute.",
        )
    return vectors, intake


def households_in(vectors: pd.DataFrame) -> int:
    """Return how many households the vectors come from."""
    context = context_of(vectors)
    names = context.households(vectors.index) if context else viewers_of(vectors.index)
    return len(np.unique(names))


def _model(
    vectors: pd.DataFrame, intake: Intake, window: str, options: RunOptions, given: Model | None
) -> tuple[Model, str, str]:
    """Return the model, its kind and why it was chosen."""
    if given is not None:
        return given, "given", f"the model {options.model_folder} was asked for"
    households = households_in(vectors)
    if len(vectors) < ENOUGH_VECTORS or households < ENOUGH_HOUSEHOLDS:
        few = f"{len(vectors):,} vectors of {households:,}" if households >= 10 else "vectors of fewer than 10"
        reason = (
            f"{few} households are too few to find patterns in;"
            f" {ENOUGH_VECTORS:,} vectors of {ENOUGH_HOUSEHOLDS} households are needed"
        )
        return _reference(options.rulebook), "reference", reason
    model = fit(vectors, window, "; ".join(intake.sources), options.rulebook, options.min_cluster_size)
    if not model.patterns.profiles_:
        return _reference(options.rulebook), "reference", "these vectors show no patterns beyond chance"
    told = model.patterns.evidence_.sentence().rstrip(".")
    return model, "fitted", f"{len(vectors):,} vectors are enough to find patterns of their own; {told}"


def _reference(rulebook: Rulebook | None) -> Model:
    model = load_model()
    return model.under(rulebook or load_rulebook())


def fit(
    vectors: pd.DataFrame,
    window: str,
    source: str,
    rulebook: Rulebook | None = None,
    min_cluster_size: int | None = None,
) -> Model:
    """Fit patterns on vectors and mark them."""
    patterns = UsagePatterns(min_cluster_size=min_cluster_size).fit(vectors)
    rulebook = rulebook or load_rulebook()
    return Model(patterns, tuple(mark_patterns(patterns, rulebook)), rulebook, window, source)


def save(model: Model, folder: Path) -> Path:
    """Save a model that was just fitted, with the rulebook's marks: what people decided is in the ledger."""
    marks = model.under(model.rulebook).marks if model.decided else model.marks
    return save_model(
        model.patterns,
        marks,
        folder,
        rulebook=model.rulebook,
        window=model.window,
        source=model.source,
        lineage=model.lineage,
        inheritance=model.inheritance,
    )


def _write(result: RunResult, answer: pd.DataFrame, out: Path, today: date) -> RunResult:
    names = {
        "assignments": "assignments.parquet",
        "patterns": "patterns.json",
        "marks": "marks.json",
        "tally": "tally.json",
        "quarantine": "quarantine.csv",
        "report": "report.html",
    }
    model, intake = result.model, result.intake
    kept = result.model_kind == "given"  # it may be the one in this folder
    with staged(out, obsolete=() if kept else ("model",)) as stage:
        tables.write_assignments(answer, stage / names["assignments"], {"analyzer.rulebook": model.rulebook.hash})
        tables.write_json(describe.patterns_json(model), stage / names["patterns"])
        tables.write_json(describe.marks_json(model), stage / names["marks"])
        tables.write_json({**intake.tally.as_json(), "sources": list(intake.sources)}, stage / names["tally"])
        tables.write_quarantine(intake.quarantine, stage / names["quarantine"])
        (stage / names["report"]).write_text(render(_report(result, today)), encoding="utf-8")
        if result.model_kind == "fitted":
            names["model"] = "model"
            save(model, stage / "model")
    outputs = {key: str(out / name) for key, name in names.items()}
    return replace(result, outputs=outputs)


def _report(result: RunResult, today: date) -> ReportData:
    model, intake = result.model, result.intake
    return ReportData(
        sources=intake.sources,
        tally=intake.tally,
        notes=intake.notes,
        quarantine=reason_counts(intake.quarantine, 5),
        window=model.window,
        vectors=result.vectors,
        withheld_share=result.withheld_share,
        model=result.model_kind,
        model_reason=result.model_reason,
        cards=describe.cards(model),
        no_pattern=model.marks[-1],
        rulebook=f"{model.rulebook.id} {model.rulebook.version}",
        rulebook_hash=model.rulebook.hash,
        made_on=today,
        base_rate=BASE_RATE,
        events=intake.events,
    )
