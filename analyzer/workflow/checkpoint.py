"""A work folder beside an output: what is finished stays finished when the run is killed.

The folder belongs to one job on one input, told by a fingerprint. The same command finds it again and goes on; another
command, another input or another version starts over. It holds viewing sessions, so nobody else may read it, and it is
removed when the job is done.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

from analyzer.errors import OutputError
from analyzer.workflow.outputs import as_output_error

_MANIFEST: Final = "job.json"


@dataclass(frozen=True)
class WorkFolder:
    """Where a job keeps what it has finished.

    Attributes
    ----------
    path : Path
    """

    path: Path

    def file(self, name: str) -> Path:
        """Return the place of a file."""
        return self.path / name

    def is_done(self, name: str) -> bool:
        """Tell whether a file is finished: files get their names only when they are whole."""
        return self.file(name).exists()


def fingerprint(**parts: Any) -> str:
    """Return a hash of everything that a job's result depends on."""
    return sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def work_folder_of(target: Path) -> Path:
    """Return where the work folder of an output is."""
    target = target.expanduser().absolute()
    return target.with_name(f".{target.name}.work")


@contextmanager
def work_folder(target: Path, job: str, *, fresh: bool = False, keep: bool = True) -> Iterator[WorkFolder]:
    """Yield the work folder of the output `target` for a job with that fingerprint.

    It is removed when the block ends well or with an error, and kept when the run is killed or, if `keep`, stopped.

    Raises
    ------
    OutputError
        When it cannot be written, or another run is at work in it.
    """
    path = work_folder_of(target)
    with as_output_error(target):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        path.chmod(0o700)  # also where it was there before
        lock = (path / "lock").open("w")
    with lock:
        _only_one(lock, target)
        try:
            with as_output_error(target):
                if fresh or _job_of(path) != job:
                    _empty(path)
                    _write_job(path, job)
            yield WorkFolder(path)
        except BaseException as error:
            if isinstance(error, Exception) or not keep:
                shutil.rmtree(path, ignore_errors=True)
            raise
        shutil.rmtree(path, ignore_errors=True)


def _only_one(lock: IO[str], target: Path) -> None:
    try:
        import fcntl
    except ImportError:  # no such locks on this system; two runs at once are then the user's care
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the system lets go of it when the process ends, however
    except OSError as error:
        raise OutputError(f"Another run is writing {target}.", "Wait for it, or give another --out.") from error


def _job_of(path: Path) -> str | None:
    try:
        found = json.loads((path / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found.get("job") if isinstance(found, dict) else None


def _write_job(path: Path, job: str) -> None:
    draft = path / f"{_MANIFEST}.draft"
    draft.write_text(json.dumps({"job": job}), encoding="utf-8")
    draft.replace(path / _MANIFEST)


def _empty(path: Path) -> None:
    for entry in path.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != "lock":
            entry.unlink()
