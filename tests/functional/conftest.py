"""The command as a user types it: a process of its own, an empty home, files in, files out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TIMEOUT_S = 120
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # one core, and nothing to lose in a fork


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one JSON value on stdout; anything before or after it is an error."""
        return json.loads(self.stdout)

    def good(self) -> Answer:
        assert self.code == 0, self.stderr
        assert "Traceback" not in self.stderr
        return self

    def refused(self, *words: str, code: int = 2) -> Answer:
        """It ended with `code`, said the words on stderr with a remedy below, and showed no traceback."""
        assert self.code == code, f"{self.code}: {self.stdout}\n{self.stderr}"
        assert "Traceback" not in self.stdout + self.stderr
        assert "defect" not in self.stderr
        assert self.stderr.startswith("analyzer: ")
        told = " ".join(self.stderr.split())
        missing = [word for word in words if word.casefold() not in told.casefold()]
        assert not missing, f"{missing} not in: {told}"
        cause, *remedy = self.stderr.splitlines()
        assert remedy, f"no remedy: {cause}"
        assert all(line.strip() for line in remedy)
        return self


@dataclass(frozen=True)
class Terminal:
    """A user's terminal: a folder to work in, a home of its own, and two ways of running `analyzer`."""

    folder: Path
    home: Path
    warm_process: subprocess.Popen[str]

    @property
    def env(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        # The repository is on the path only for a checkout that is not installed.
        return {**kept, **ONE_THREAD, "HOME": str(self.home), "COLUMNS": "80", "PYTHONPATH": str(REPOSITORY)}

    def path(self, name: str) -> Path:
        return self.folder / name

    def start(self, *args: str | Path) -> subprocess.Popen[str]:
        """Start `analyzer ARGS` in an interpreter of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "analyzer", *map(str, args)],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def afresh(self, *args: str | Path) -> Answer:
        """Run `analyzer ARGS` in an interpreter of its own."""
        with self.start(*args) as process:
            out, err = process.communicate(timeout=TIMEOUT_S)
        return Answer(process.returncode, out, err)

    def run(self, *args: str | Path, largest_file: int | None = None) -> Answer:
        """Run `analyzer ARGS` in a process that begins where the imports end; otherwise as `afresh`."""
        said = [self.home / "stdout", self.home / "stderr"]
        asked = {
            "args": [str(arg) for arg in args],
            "cwd": str(self.folder),
            "env": self.env,
            "stdout": str(said[0]),
            "stderr": str(said[1]),
            "largest_file": largest_file,
        }
        assert self.warm_process.stdin
        assert self.warm_process.stdout
        self.warm_process.stdin.write(json.dumps(asked) + "\n")
        self.warm_process.stdin.flush()
        code = int(self.warm_process.stdout.readline())
        out, err = (path.read_text("utf-8") for path in said)
        return Answer(code, out, err)

    def left_behind(self) -> set[str]:
        """Names in the folder, hidden ones too."""
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture(scope="session")
def warm_process() -> Iterator[subprocess.Popen[str]]:
    env = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, str(Path(__file__).with_name("warm.py"))]
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def terminal(tmp_path: Path, warm_process: subprocess.Popen[str]) -> Terminal:
    return _terminal(tmp_path, warm_process)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, warm_process: subprocess.Popen[str]) -> Terminal:
    """A terminal that outlives the tests, for what they only read."""
    return _terminal(tmp_path_factory.mktemp("shared"), warm_process)


def _terminal(folder: Path, warm_process: subprocess.Popen[str]) -> Terminal:
    (folder / "home").mkdir()
    (folder / "work").mkdir()
    return Terminal(folder / "work", folder / "home", warm_process)


@pytest.fixture(scope="session")
def views(shared: Terminal) -> Path:
    """Sessions of a population that is large enough to fit: some 1,400 vectors of 700 viewers."""
    shared.run("synth", "--viewers", "700", "--days", "56", "--out", "views.parquet").good()
    return shared.path("views.parquet")


@pytest.fixture(scope="session")
def few_views(views: Path, shared: Terminal) -> Path:
    """Sessions of forty of those viewers."""
    table = pq.read_table(views)
    viewer = table["viewer_id"].cast(pa.string())
    some = pa.array(sorted(pc.unique(viewer).to_pylist())[:40])
    path = shared.path("few.parquet")
    pq.write_table(table.filter(pc.is_in(viewer, value_set=some)), path)
    return path


@pytest.fixture(scope="session")
def vectors(views: Path, shared: Terminal) -> Path:
    shared.run("features", views, "--out", "vectors.parquet").good()
    return shared.path("vectors.parquet")


@pytest.fixture(scope="session")
def bundle(vectors: Path, shared: Terminal) -> Path:
    """A model fitted on the vectors."""
    shared.run("fit", vectors, "--out", "bundle", "--source", "an invented population").good()
    return shared.path("bundle")
