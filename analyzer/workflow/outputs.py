"""Outputs appear whole or not at all: they are written beside their place and renamed into it."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from analyzer.errors import InputError, OutputError


def refuse_replacing(out: Path, inputs: Iterable[Path]) -> None:
    """Refuse an output that is one of the inputs.

    Raises
    ------
    InputError
        When it is one.
    """
    if out.resolve() in {path.resolve() for path in inputs}:
        raise InputError(f"The output would replace its own input {out}.", "Give another file with --out.")


@contextmanager
def staged(target: Path, obsolete: tuple[str, ...] = ()) -> Iterator[Path]:
    """Yield a fresh folder; when the block ends well, everything in it moves into the folder `target`.

    Files that are already in `target` under other names stay, except those named `obsolete`, which go. When the block
    fails, or is interrupted, `target` is as it was.

    Raises
    ------
    OutputError
        When the folder cannot be written or the disk is full.
    """
    target = target.expanduser().resolve()  # renaming works within one disk; a link may lead to another
    stage = folder_beside(target) / f".{target.name}.partial-{secrets.token_hex(4)}"
    with as_output_error(target):
        if target.exists() and not target.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "it is a file, not a folder", str(target))
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not os.access(target, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "permission denied", str(target))
    try:
        with as_output_error(target):
            stage.mkdir()
            yield stage
            with _undisturbed():
                _publish(stage, target, obsolete)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def staged_file(target: Path) -> Iterator[Path]:
    """Yield a path beside the file `target`; when the block ends well, it is renamed to `target`."""
    target = target.expanduser().absolute()
    part = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        with as_output_error(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            yield part
            part.replace(target)
    finally:
        with suppress(OSError):  # such as a parent that is a file; what went wrong has been said
            part.unlink(missing_ok=True)


def folder_beside(target: Path) -> Path:
    """Return the folder to write in: the one that holds `target`, or `target` where renaming works only inside it."""
    only_inside = os.path.ismount(target) or not os.access(target.parent, os.W_OK | os.X_OK)
    return target if target.is_dir() and only_inside else target.parent


def _publish(stage: Path, target: Path, obsolete: tuple[str, ...]) -> None:
    """Move everything into its place; what was there under the same names is put back if anything cannot be moved."""
    if not target.exists():
        stage.rename(target)
        return
    earlier = stage.with_name(f"{stage.name}-earlier")
    earlier.mkdir()
    moved: list[tuple[Path, Path]] = []
    try:
        for name in sorted({entry.name for entry in stage.iterdir()}.union(obsolete)):
            place = target / name
            for source, goal in ((place, earlier / name), (stage / name, place)):
                if os.path.lexists(source):
                    source.replace(goal)
                    moved.append((source, goal))
    except BaseException:
        for source, goal in reversed(moved):
            goal.replace(source)
        earlier.rmdir()  # only when it is empty
        raise
    shutil.rmtree(earlier, ignore_errors=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back what stops the run: between two renames the results of two runs would mix."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    stops = {signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}
    before = {number: signal.signal(number, lambda n, _: held.append(n)) for number in sorted(stops)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
    if held:
        signal.raise_signal(held[0])


@contextmanager
def as_output_error(target: Path) -> Iterator[None]:
    """Say that `target` was not written, and why, where the system only says which call failed."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        why = {
            errno.ENOSPC: "the disk is full",
            errno.EDQUOT: "the disk quota is used up",
            errno.EROFS: "the disk is read-only",
        }.get(error.errno or 0, (error.strerror or str(error)).lower())
        raise OutputError(
            f"Nothing was written to {target}: {why}.", "Choose another place with --out, or make room."
        ) from error
