"""One function a command: paths and settings in, plain values out. The command line only prints them."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from analyzer.errors import AnalyzerError, InputError, did_you_mean
from analyzer.features.catalog import select
from analyzer.features.windows import Window
from analyzer.patterns.bundle import MANIFEST
from analyzer.patterns.profile import PatternProfile
from analyzer.patterns.prototypes import Prototypes
from analyzer.patterns.vocabulary import BASE_RATE, gives
from analyzer.policy.marks import Mark
from analyzer.policy.rulebook import Rulebook, load_rulebook
from analyzer.sessions import synthetic
from analyzer.sessions.files import EVENT_SUFFIXES, paths_in
from analyzer.sessions.pieces import ReadOptions as ReadOptions
from analyzer.sessions.pieces import Sources
from analyzer.sessions.records import Sessions
from analyzer.sessions.synthetic_events import write_with_events
from analyzer.workflow import describe, tables
from analyzer.workflow.classify import WITHHELD
from analyzer.workflow.engines import Engine
from analyzer.workflow.engines import engine_from as engine_from
from analyzer.workflow.model import REFERENCE, Model, load_model, reference_folder
from analyzer.workflow.options import ExtractOptions as ExtractOptions
from analyzer.workflow.options import memory_bytes_of as memory_bytes_of
from analyzer.workflow.outputs import refuse_replacing, staged_file
from analyzer.workflow.progress import Progress as Progress
from analyzer.workflow.refit import continued
from analyzer.workflow.run import RunOptions as RunOptions
from analyzer.workflow.run import RunResult, fit, run, save

DEFAULT_MODELS: Final = Path("models")


def extract_options_from(
    window: str, step: str | None, workers: int | None, memory: str, backend: str | None, fresh: bool
) -> ExtractOptions:
    """Return how features are to be extracted.

    Raises
    ------
    InputError
        When the window, the step, the memory limit or the backend is none.
    """
    return ExtractOptions(
        window=Window.parse(window, step),
        workers=workers,
        memory_bytes=memory_bytes_of(memory),
        backend=backend,
        fresh=fresh,
    )


def run_job(
    sources: tuple[str, ...],
    events: tuple[str, ...],
    out: Path,
    options: RunOptions,
    progress: Progress,
    ledger: str | None = None,
    key: Path | None = None,
) -> RunResult:
    """The main job; it is recorded in a ledger with the model, the marks and the rulebook.

    Without a ledger in one beside the outputs, which is made once they are there.
    """
    from analyzer.ledger.store import open_ledger
    from analyzer.workflow.desks import ledger_in
    from analyzer.workflow.recording import record_run

    named = open_ledger(ledger, key) if ledger else None  # one that cannot be used is said before the work
    earlier = named or (ledger_in(out) if Path(ledger_in(out)).is_file() else None)
    deciding = replace(options, ledger=earlier, ledger_key=key)
    result = run(_source(sources, events, progress), out, deciding, progress)
    book, where = (named, ledger or "") if named else (open_ledger(ledger_in(out), key), ledger_in(out))
    files = [*(paths_in(list(sources)) or [] if sources else []), *_event_files(events)]
    record_run(book, result, files)
    book.close()  # so that one file and its key are left, and no part of a database at work
    return replace(result, outputs={**result.outputs, "ledger": where})


def _event_files(events: tuple[str, ...]) -> list[Path]:
    return (paths_in(list(events), EVENT_SUFFIXES) or []) if events else []


def _source(sources: tuple[str, ...], events: tuple[str, ...], progress: Progress) -> list[str] | Sources | Sessions:
    """Return the sources; without any, the synthetic population."""
    if events:
        return Sources(list(sources) or None, list(events))
    if sources:
        return list(sources)
    progress("making the synthetic population")
    return synthetic.synthesize()[0]


def features_job(
    sources: tuple[str, ...],
    events: tuple[str, ...],
    out: Path,
    reading: ReadOptions,
    options: ExtractOptions,
    engine: Engine,
    progress: Progress,
) -> dict[str, Any]:
    """Extract features into a Parquet file."""
    source = _source(sources, events, progress)
    done = engine.write_features(source, out, reading, options, progress)
    return {
        "tally": done.intake.tally.as_json(),
        **({"events": done.intake.events.as_json()} if done.intake.events else {}),
        "vectors": done.vectors,
        "features": done.features,
        "window": options.window.length,
        "step": options.window.step,
        "engine": engine.name,
        "resumed_partitions": done.resumed,
        "notes": list(done.intake.notes),
        "outputs": {"vectors": str(out)},
    }


def fit_job(
    vectors_path: Path,
    out: Path,
    source: str | None,
    rulebook: Rulebook | None,
    size: int | None,
    previous: str | None,
    step: Progress,
) -> dict[str, Any]:
    """Fit a model on vectors, as the continuation of a `previous` one if there is one, and save it."""
    earlier = load_model(previous) if previous else None
    step("reading vectors")
    vectors, window = tables.read_vectors(vectors_path)
    if len(vectors) == 0:
        raise InputError(f"{vectors_path} holds no vectors.", "Make them with: analyzer features")
    step("finding patterns")
    model = fit(vectors, window, source or f"{len(vectors):,} vectors of {vectors_path.name}", rulebook, size)
    if earlier is not None:
        model = continued(model, vectors, earlier)
    step("writing")
    save(model, out)
    return {
        "vectors": len(vectors),
        "evidence": model.patterns.evidence_.sentence(),
        "patterns": describe.summary(model),
        "changes": describe.changes(model),
        "outputs": {"model": str(out)},
    }


def classify_job(
    vectors_path: Path,
    model_name: str,
    out: Path,
    internal: bool,
    rulebook: Rulebook | None,
    engine: Engine,
    progress: Progress,
    ledger: str | None = None,
    key: Path | None = None,
) -> dict[str, Any]:
    """Classify vectors into a Parquet file."""
    refuse_replacing(out, [vectors_path])
    model = model_under(model_name, rulebook, ledger, key)
    progress("reading vectors")
    window = tables.window_of(vectors_path)
    if window != model.window:
        raise InputError(
            f"{vectors_path} holds windows of {window}; the model was made for {model.window}.",
            f"Extract them again with --window {model.window}.",
        )
    progress("classifying")
    answer = engine.classify(model, vectors_path, internal=internal)
    progress("writing")
    with staged_file(out) as part:
        tables.write_assignments(answer, part, {"analyzer.rulebook": model.rulebook.hash})
    share = None if internal else round(float((answer["pattern"] == WITHHELD).mean()) if len(answer) else 0.0, 4)
    return {
        "vectors": len(answer),
        "withheld_share": share,
        "internal": internal,
        "engine": engine.name,
        "notes": [model.decided] if model.decided else [],
        "outputs": {"assignments": str(out)},
    }


def marks_job(
    model_name: str, rulebook: Rulebook | None, ledger: str | None = None, key: Path | None = None
) -> dict[str, Any]:
    """Return a model's marks with names and size bands."""
    model = model_under(model_name, rulebook, ledger, key)
    told = describe.marks_json(model)
    profiles = {profile.id: profile for profile in model.patterns.profiles_}
    for mark in told["marks"]:
        mark.update(describe.headline(profiles.get(mark["pattern"])))
    return told


def explain_job(
    model_name: str, pattern_id: str, rulebook: Rulebook | None, ledger: str | None = None, key: Path | None = None
) -> dict[str, Any]:
    """Return everything a reviewer may know of one pattern.

    Raises
    ------
    InputError
        When the model has no such pattern.
    """
    model = model_under(model_name, rulebook, ledger, key)
    profile, mark = pattern_in(model, pattern_id)
    return {
        **describe.mark_json(mark),
        **describe.headline(profile),
        "stability": profile.stability if profile else None,
        "drift": profile.drift if profile else None,
        "gives": gives(profile.contrasts) if profile else [],
        "contrasts": dict(profile.leading_contrasts()) if profile else {},
        "meanings": {spec.name: spec.meaning for spec in select()} if profile else {},
        "sentences": [reason.sentence() for reason in mark.reasons],
        "set_aside_sentences": [reason.sentence() for reason in mark.aside],
        "decided": model.decided or None,
        "base_rate": BASE_RATE,
    }


def pattern_in(model: Model, pattern_id: str) -> tuple[PatternProfile | None, Mark]:
    """Return profile and mark of a pattern, profile None for "no pattern"; errors as `explain_job`."""
    found = describe.explanation(model, pattern_id)
    if found is None:
        known = [mark.pattern_id for mark in model.marks]
        raise InputError(
            f"The model has no pattern {pattern_id!r}.",
            did_you_mean(_as_id(pattern_id), known) or f"It has {', '.join(known)}.",
        )
    return found


def _as_id(text: str) -> str:
    """Return P1, p-1 or 1 as P01."""
    number = re.fullmatch(r"[Pp]?\W?[Oo0]*(\d{1,4})", text.strip())
    return f"P{int(number[1]):02d}" if number else text


def synth_job(
    out: Path,
    truth: Path | None,
    events: Path | None,
    viewers: int,
    days: int,
    seed: int,
    start: date | None,
) -> dict[str, Any]:
    """Stream a synthetic population to Parquet."""
    named = {"sessions": out, "truth": truth, "events": events}
    places = {name: path for name, path in named.items() if path is not None}
    if len({path.resolve() for path in places.values()}) < len(places):
        raise InputError(
            f"Two of {', '.join(places)} are the same file.",
            "Give --out, --truth and --events different names.",
        )
    population = synthetic.Population(viewers, days, seed, *([start] if start else []))
    with ExitStack() as stack:
        drafts = {name: stack.enter_context(staged_file(path)) for name, path in places.items()}
        if events is None:
            rows = {"rows": synthetic.write_parquet(population, drafts["sessions"], drafts.get("truth"))}
        else:
            counted = write_with_events(population, drafts["sessions"], drafts["events"], drafts.get("truth"))
            rows = dict(zip(("rows", "events"), counted, strict=True))
    outputs = {name: str(path) for name, path in places.items()}
    return {"viewers": viewers, "days": days, "seed": seed, **rows, "outputs": outputs}


def models_job(folder: Path) -> dict[str, Any]:
    """List the reference model and the bundles below a folder; apart from them those that cannot be used.

    Raises
    ------
    InputError
        When there is no such folder; the default one may be absent.
    """
    if not folder.is_dir() and folder != DEFAULT_MODELS:
        raise InputError(f"There is no folder {folder}.", "Give the folder that holds bundles.")
    places = [reference_folder(), *sorted(p.parent for p in folder.glob(f"**/{MANIFEST}") if folder.is_dir())]
    unique = {place.resolve(): place for place in places if (place / MANIFEST).exists()}
    listed, unusable = [], []
    for place in unique.values():
        try:
            listed.append(_listed(place))
        except AnalyzerError as error:  # one that cannot be used must not hide the others
            unusable.append({"model": str(place), "because": error.cause})
    return {"models": listed, "unusable": unusable}


def rulebook_from(path: Path | None) -> Rulebook | None:
    """Return the rulebook in a file, or None where no file is named."""
    return load_rulebook(path) if path else None


def model_under(name: str, rulebook: Rulebook | None, ledger: str | None = None, key: Path | None = None) -> Model:
    """Return a model, marked by a rulebook where one is given, and with the marks in force where a ledger is."""
    model = load_model(name)
    marked = model.under(rulebook) if rulebook else model
    if ledger is None:
        return marked
    from analyzer.workflow.in_force import in_force

    return in_force(marked, ledger, key=key)


def _listed(place: Path) -> dict[str, Any]:
    model = load_model(place)
    cells: Prototypes = model.patterns.prototypes_
    return {
        "model": REFERENCE if place.resolve() == reference_folder().resolve() else str(place),
        "fitted_on": model.source,
        "window": model.window,
        "patterns": len(model.patterns.profiles_),
        "prototypes": len(cells.centers),
        "rulebook_hash": model.rulebook.hash,
    }
