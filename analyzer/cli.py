"""The command line: one command per job, machine output on stdout, progress and errors on stderr."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from analyzer import cli_text as text
from analyzer.cli_desk import RESULTS, desk
from analyzer.cli_desk import account as account_app
from analyzer.cli_evaluate import app as evaluate_app
from analyzer.cli_ledger import LedgerKey, retention
from analyzer.cli_ledger import audit as audit_app
from analyzer.cli_messages import check, index, suggest
from analyzer.cli_output import Json, answer
from analyzer.cli_patterns import EngineOption, Master, RulebookFile, classify, explain, marks
from analyzer.cli_release import budget, release
from analyzer.cli_rulebook import app as rulebook_app
from analyzer.errors import AnalyzerError, ExitCode, InputError

if TYPE_CHECKING:
    from analyzer.workflow.jobs import ReadOptions
    from analyzer.workflow.progress import Progress

app = typer.Typer(
    name="analyzer",
    help="Learn how people watch without ever holding a viewer up to the public.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # markup would swallow "[default: ...]", and boxes are read out letter by letter
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(rulebook_app, name="rulebook")
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(audit_app, name="audit")
app.add_typer(account_app, name="account")

Sources = Annotated[
    list[str] | None,
    typer.Argument(help="Files, folders or globs: Parquet, CSV, or a Netflix export. None: a synthetic population."),
]
Events = Annotated[
    list[str] | None,
    typer.Option(
        "--events",
        metavar="FILE",
        help="Player events, and may be repeated: Parquet, CSV, xAPI, Segment, Snowplow, Netflix, Jellyfin, Tautulli.",
    ),
]
MapEvents = Annotated[
    list[str] | None,
    typer.Option("--map-events", metavar="COLUMN=NAME", help="The same for the columns of --events."),
]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="COLUMN=NAME", help="Where a column is called otherwise: --map started_at=Start"),
]
Timezone = Annotated[
    str | None,
    typer.Option(help="The viewers' time zone, such as America/New_York, where the data does not tell."),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(help="The key that hashes names; created on first use. [default: in your configuration folder]"),
]
Pseudonyms = Annotated[
    bool | None,
    typer.Option("--pseudonyms/--plain-names", help="Hash viewers and households. [default: if the export names them]"),
]
KeepAutoplay = Annotated[bool, typer.Option("--keep-autoplay", help="Keep rows that began without anybody's action.")]
Workers = Annotated[
    int | None,
    typer.Option(min=1, max=1_024, help="How many to work at a time. [default: one a core]"),
]
Backend = Annotated[
    str | None,
    typer.Option(help="joblib's workers: threading, loky, multiprocessing. [default: threading]"),
]
Memory = Annotated[str, typer.Option(help="About how much memory to use.")]
ClusterSize = Annotated[
    int | None,
    typer.Option(min=2, help="Fewest vectors of a pattern. [default: 0.5 % of all, at least 30]"),
]


@app.command(
    short_help="The main job: sessions in; patterns, marks and a report out.",
    epilog="Example: analyzer run views.parquet --events player.parquet --out results",
)
def run(
    sessions: Sources = None,
    events: Events = None,
    model: Annotated[Path | None, typer.Option(help="Classify with this model instead of fitting one.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = RESULTS,
    window: Annotated[str | None, typer.Option(help="Length of a window: 28d, 4w, all. [default: 28d]")] = None,
    rulebook: RulebookFile = None,
    min_cluster_size: ClusterSize = None,
    map_: Map = None,
    map_events: MapEvents = None,
    timezone: Timezone = None,
    key_file: KeyFile = None,
    pseudonyms: Pseudonyms = None,
    keep_autoplay: KeepAutoplay = False,
    workers: Workers = None,
    memory: Memory = "2GB",
    ledger: Annotated[
        str | None, typer.Option(help="Record the run in this ledger. [default: ledger.sqlite in the results]")
    ] = None,
    key: LedgerKey = None,
    as_json: Json = False,
) -> None:
    """The main job: sessions in; assignments, patterns, marks and a report out."""
    from analyzer.workflow import jobs

    reading = _reading(map_, map_events, timezone, pseudonyms, key_file, keep_autoplay)
    extracting = jobs.ExtractOptions(workers=workers, memory_bytes=jobs.memory_bytes_of(memory))
    options = jobs.RunOptions(
        model, window, jobs.rulebook_from(rulebook), min_cluster_size, reading=reading, extracting=extracting
    )
    with _progress() as progress:
        result = jobs.run_job(tuple(sessions or ()), tuple(events or ()), out, options, progress, ledger, key)
    answer(result.as_json(), text.run, as_json)


@app.command(
    short_help="Turn sessions into behaviour vectors.",
    epilog="Example: analyzer features views.parquet --out vectors.parquet --workers 8 --memory 8GB",
)
def features(
    sessions: Sources = None,
    events: Events = None,
    out: Annotated[Path, typer.Option(help="Parquet file for the vectors.")] = Path("vectors.parquet"),
    window: Annotated[str, typer.Option(help="Length of a window: 28d, 4w, all.")] = "28d",
    step: Annotated[
        str | None,
        typer.Option(help="From one window's start to the next one's: 7d. [default: the window's length]"),
    ] = None,
    map_: Map = None,
    map_events: MapEvents = None,
    timezone: Timezone = None,
    key_file: KeyFile = None,
    pseudonyms: Pseudonyms = None,
    keep_autoplay: KeepAutoplay = False,
    workers: Workers = None,
    backend: Backend = None,
    memory: Memory = "2GB",
    engine: EngineOption = "local",
    master: Master = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over, even where a run was killed.")] = False,
    as_json: Json = False,
) -> None:
    """Turn sessions into behaviour vectors, however many; the same command goes on where a run was killed."""
    from analyzer.workflow import jobs

    reading = _reading(map_, map_events, timezone, pseudonyms, key_file, keep_autoplay)
    options = jobs.extract_options_from(window, step, workers, memory, backend, fresh)
    with _progress() as progress:
        mover = jobs.engine_from(engine, master, events=bool(events))
        result = jobs.features_job(tuple(sessions or ()), tuple(events or ()), out, reading, options, mover, progress)
    answer(result, text.features, as_json)


@app.command(epilog="Example: analyzer fit vectors.parquet --out models/mine")
def fit(
    vectors: Annotated[Path, typer.Argument(help="Vectors from 'analyzer features'.")],
    out: Annotated[Path, typer.Option(help="Folder for the bundle.")],
    source: Annotated[str | None, typer.Option(help="What the vectors are, in words; kept in the model card.")] = None,
    rulebook: RulebookFile = None,
    min_cluster_size: ClusterSize = None,
    previous: Annotated[
        str | None, typer.Option(help="The model that this one continues: patterns keep their ids.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Find patterns in vectors and save them as a model."""
    from analyzer.workflow import jobs

    with _progress() as progress:
        result = jobs.fit_job(vectors, out, source, jobs.rulebook_from(rulebook), min_cluster_size, previous, progress)
    answer(result, text.fit, as_json)


app.command(epilog="Example: analyzer classify vectors.parquet --model models/mine --out answers.parquet")(classify)
app.command(
    short_help="List a model's patterns with their marks and rules.",
    epilog="Example: analyzer marks --model models/mine",
)(marks)
app.command(
    short_help="Explain one pattern: what it is, its mark and why.",
    epilog="Example: analyzer explain P07 --model models/mine",
)(explain)


@app.command(epilog="Example: analyzer synth --viewers 20000 --out views.parquet --truth truth.parquet")
def synth(
    out: Annotated[Path, typer.Option(help="Parquet file for the sessions.")] = Path("synthetic.parquet"),
    truth: Annotated[Path | None, typer.Option(help="Parquet file for the planted habits.")] = None,
    events: Annotated[
        Path | None, typer.Option(help="Parquet file for player events; some viewers rewind, and truth says who.")
    ] = None,
    viewers: Annotated[int, typer.Option(min=1, help="Number of viewers.")] = 2_000,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="Number of days.")] = 84,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same rows.")] = 0,
    start: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day. [default: 2023-12-25]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a synthetic population with planted habits."""
    from analyzer.workflow import jobs

    with _progress() as progress:
        progress("writing sessions")
        result = jobs.synth_job(out, truth, events, viewers, days, seed, start.date() if start else None)
    answer(result, text.synth, as_json)


@app.command(epilog="Example: analyzer models models/")
def models(
    folder: Annotated[Path, typer.Argument(help="Folder to search for bundles.")] = Path("models"),
    as_json: Json = False,
) -> None:
    """List the models at hand."""
    from analyzer.workflow import jobs

    answer(jobs.models_job(folder), text.models, as_json)


app.command(
    short_help="Release tables of households or hours, or withhold them.",
    epilog="Example: analyzer release views.parquet --by country --purpose press --source 'our data' --window 2026-11",
)(release)
app.command(epilog="Example: analyzer budget --population 'all viewers' --period 2026-11 --epsilon 1")(budget)
app.command(
    short_help="Open the reviewers' desk.",
    epilog="Example: analyzer desk analyzer-out --index claims.index",
)(desk)
app.command(
    short_help="Show what a ledger keeps and how long; delete what is due.",
    epilog="Example: analyzer retention ledger.sqlite --delete",
)(retention)

app.command(
    short_help="Say whether a draft may be said, and what instead.",
    epilog="Example: analyzer check 'To the 53 people who ...' --index claims.index --model models/mine",
)(check)
app.command(
    short_help="Make sessions ready for claims.", epilog="Example: analyzer index views.parquet --out claims.index"
)(index)
app.command(
    short_help="List what may be said about a title today.",
    epilog="Example: analyzer suggest --title 'A Christmas Prince' --index claims.index",
)(suggest)


def main() -> NoReturn:
    """Run the command line; a user's mistake ends with its exit code and no traceback."""
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores the end of a terminal
            signal.signal(number, _stop)
    try:
        app()
    except SystemExit as stop:
        answered = isinstance(stop.__context__, typer.Exit)  # the command has printed its JSON value
        if stop.code == ExitCode.BAD_INPUT and "--json" in sys.argv[1:] and not answered:
            _print_error("The command was not understood.", "stderr says why; --help says what is allowed.", stop.code)
        raise
    except AnalyzerError as error:
        _fail(error.cause, error.remedy, error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone; nothing to tell it
        sys.exit(ExitCode.FAILURE)
    except Exception as error:
        if os.environ.get("ANALYZER_DEBUG"):
            raise
        cause = f"Something went wrong inside analyzer ({type(error).__name__}: {error})."
        _fail(cause, "This is a defect; ANALYZER_DEBUG=1 shows where.", ExitCode.FAILURE)
    sys.exit(ExitCode.DONE)


def _stop(signum: int, _: object) -> NoReturn:
    raise SystemExit(128 + signum)  # unwinds, so that nothing partial is left


def _fail(cause: str, remedy: str, code: ExitCode) -> NoReturn:
    if "--json" in sys.argv[1:]:
        _print_error(cause, remedy, code)
    typer.echo(f"analyzer: {cause}", err=True)
    if remedy:
        typer.echo(f"          {remedy}", err=True)
    sys.exit(code)


def _print_error(cause: str, remedy: str, code: int) -> None:
    typer.echo(json.dumps({"error": cause, "remedy": remedy, "exit_code": int(code)}, ensure_ascii=False))


def _reading(
    map_: Map,
    map_events: MapEvents,
    timezone: Timezone,
    pseudonyms: Pseudonyms,
    key_file: KeyFile,
    keep_autoplay: KeepAutoplay,
) -> ReadOptions:
    from analyzer.workflow import jobs

    of_sessions, of_events = _mapping(map_, "--map"), _mapping(map_events, "--map-events")
    return jobs.ReadOptions(of_sessions, timezone, pseudonyms, key_file, keep_autoplay, event_mapping=of_events)


def _mapping(pairs: list[str] | None, option: str) -> dict[str, str]:
    mapping = {}
    for pair in pairs or ():
        column, separator, name = pair.partition("=")
        if not separator or not column or not name:
            raise InputError(f"{option} {pair} is not COLUMN=NAME.", f"For example: {option} started_at=Start")
        mapping[column.strip()] = name.strip()
    return mapping


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show on stderr how far a job is: a bar in a terminal, elsewhere a line now and then of what takes long."""
    from analyzer import cli_progress

    with cli_progress.shown() as progress:
        yield progress
