"""The worst mark of each household of some sessions, for counting how an audience lies in the marks.

The values stay in memory for the time of one check: no file, table or verdict ever holds a household beside a mark.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from analyzer.errors import InputError
from analyzer.features.context import context_of, viewers_of
from analyzer.features.windows import Window
from analyzer.policy.effects import MarkStatus
from analyzer.policy.marks import Mark, guarded
from analyzer.sessions.pieces import ReadOptions
from analyzer.workflow.classify import WITHHELD, classify
from analyzer.workflow.extraction import extract
from analyzer.workflow.model import Model
from analyzer.workflow.options import ExtractOptions
from analyzer.workflow.progress import SILENT, Progress


def marks_of_households(
    model: Model, source: Any, reading: ReadOptions, options: ExtractOptions, progress: Progress = SILENT
) -> dict[str, MarkStatus]:
    """Return the worst mark of each household's windows.

    A window has the mark of its pattern; one that shows a protected behaviour itself is never to be singled out, and
    one that lies between an open pattern and another one is in review. What a rule says is never to be singled out
    stays so here, whoever loosened it: absolute rules are asked about an audience's worst mark, and it has only one.

    Parameters
    ----------
    model : Model
    source : anything that `read_sessions` reads, or Sessions
    reading : ReadOptions
    options : ExtractOptions
        Its window is not looked at: the model says which.
    progress : Progress

    Raises
    ------
    InputError
        When the source cannot be read, or holds no session to classify.
    """
    chosen = ExtractOptions(
        Window.parse(model.window), workers=options.workers, memory_bytes=options.memory_bytes, backend=options.backend
    )
    with tempfile.TemporaryDirectory() as work:
        vectors, _ = extract(source, Path(work) / "vectors.parquet", reading, chosen, progress)
    if len(vectors) == 0:
        raise InputError("There is no session to classify.", "Give a source with at least one viewing session.")
    progress("looking at marks")
    by_pattern = {mark.pattern_id: _counted(mark).severity for mark in model.marks}
    ids = classify(model, vectors, internal=True)["pattern"].to_numpy()
    severity = np.array([by_pattern.get(name, MarkStatus.NEVER_SINGLE_OUT.severity) for name in ids])
    unnamed = classify(model, vectors)["pattern"].to_numpy() == WITHHELD
    severity = np.where(unnamed, np.maximum(severity, MarkStatus.REVIEW.severity), severity)
    severity[guarded(vectors, model.rulebook)] = MarkStatus.NEVER_SINGLE_OUT.severity
    context = context_of(vectors)
    households = viewers_of(vectors.index) if context is None else context.households(vectors.index)
    names, at = np.unique(households, return_inverse=True)
    worst = np.zeros(len(names), dtype=np.int64)
    np.maximum.at(worst, at, severity)
    statuses = list(MarkStatus)
    return {str(name): statuses[n] for name, n in zip(names, worst, strict=True)}


def _counted(mark: Mark) -> MarkStatus:
    never = MarkStatus.NEVER_SINGLE_OUT
    return never if mark.unloosened is never else mark.status
