"""Both databases for every test of the ledger: a file, and a throw-away PostgreSQL that nobody else can reach."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from analyzer.ledger.connections import engine_of
from analyzer.ledger.store import Ledger, open_ledger

_START_S = 30
_NAMES = count(1)
_QUICK = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=40", "listen_addresses=")


@dataclass(frozen=True)
class Server:
    """A PostgreSQL that listens on a socket in a folder of its own."""

    folder: Path

    def url(self, schema: str = "public") -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}&options=-csearch_path%3D{schema}"

    def new_url(self) -> str:
        """Return the URL of a schema in which nothing is, which is as good as a database and made faster."""
        schema = f"ledger_{next(_NAMES)}"
        self.execute(f"CREATE SCHEMA {schema}")
        return self.url(schema)

    def execute(self, *statements: str) -> None:
        engine = engine_of(self.url())
        with engine.connect() as connection, connection.begin():
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        pytest.fail("PostgreSQL was not found: install Debian's package postgresql.")
    return found[-1].parent if found else Path(str(on_path)).parent


def _somebody() -> dict[str, object]:
    """Return as whom the server runs: never as root, which it refuses."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    who = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    binaries, somebody = _binaries(), _somebody()
    folder = Path(tempfile.mkdtemp(prefix="ledger-pg-"))
    if somebody:
        os.chown(folder, somebody["user"], somebody["group"])
    data, env = folder / "data", {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(folder)}
    common = {"env": env, "cwd": folder, **somebody}
    try:
        make = [binaries / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"]
        subprocess.run(make, check=True, capture_output=True, timeout=60, **common)
        settings = [part for setting in _QUICK for part in ("-c", setting)]
        command = [binaries / "postgres", "-D", data, "-k", folder, *settings]
        with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log, **common) as process:
            try:
                yield _ready(Server(folder), process)
            finally:
                process.send_signal(signal.SIGQUIT)  # at once: nothing of it is to be kept
                process.wait(_START_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ready(server: Server, process: subprocess.Popen[bytes]) -> Server:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            server.execute("SELECT 1")
        except sa.exc.OperationalError:
            time.sleep(0.05)
        else:
            return server
    pytest.fail(f"PostgreSQL did not start: {(server.folder / 'log').read_text()[-500:]}")


@dataclass(frozen=True)
class Place:
    """Where a ledger of a test lies."""

    where: str
    key: Path
    opened: list[Ledger] = field(default_factory=list)

    @property
    def is_file(self) -> bool:
        return "://" not in self.where

    def open(self) -> Ledger:
        ledger = open_ledger(self.where, self.key)
        self.opened.append(ledger)
        return ledger

    def execute(self, *statements: str) -> None:
        """Run SQL past the ledger, as anybody could who owns the database."""
        engine = engine_of(Path(self.where) if self.is_file else self.where)
        with engine.connect().execution_options(writing=self.is_file) as connection, connection.begin():
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()

    def rows(self, *queries: str) -> list[str]:
        """Return the first value that each query finds, past the ledger."""
        engine = engine_of(Path(self.where) if self.is_file else self.where)
        with engine.connect() as connection:
            found = [str(connection.exec_driver_sql(query).scalar()) for query in queries]
        engine.dispose()
        return found

    def tamper(self, *statements: str) -> None:
        """The same with the triggers out of the way."""
        engine = engine_of(Path(self.where) if self.is_file else self.where)
        with engine.connect() as connection:
            named = (
                connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
                if self.is_file
                else ()
            )
            off = [f"DROP TRIGGER {row[0]}" for row in named]
        engine.dispose()
        tables = ("audit", "audit_head")
        self.execute(*(off if self.is_file else [f"ALTER TABLE {t} DISABLE TRIGGER ALL" for t in tables]), *statements)

    def close(self) -> None:
        for ledger in self.opened:
            ledger.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a ledger can be made: a file that is not there, or a schema that is empty."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.sqlite")
    server: Server = request.getfixturevalue("postgresql")
    return server.new_url()


@pytest.fixture
def place(database: str, tmp_path: Path) -> Iterator[Place]:
    """The same, with a key; what was opened there is closed."""
    made = Place(database, tmp_path / "ledger.sqlite.key")
    yield made
    made.close()


@pytest.fixture
def new_place(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], Place]:
    """Return a builder of places of one kind."""

    def make(kind: str) -> Place:
        if kind == "sqlite":
            return Place(str(tmp_path / f"{next(_NAMES)}.sqlite"), tmp_path / f"{next(_NAMES)}.key")
        return Place(request.getfixturevalue("postgresql").new_url(), tmp_path / f"{next(_NAMES)}.key")

    return make
