"""What the load benchmark opens and throws away: a PostgreSQL of its own, and a desk as its own process."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from analyzer.ledger.connections import engine_of

START_S = 60
_OPEN = re.compile(r"http://[\d.]+:(\d+)")


@contextmanager
def postgresql() -> Iterator[str]:
    """Yield the URL of an empty database; the server writes to the disk as it does in earnest."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    binaries = found[-1].parent if found else Path(str(shutil.which("initdb"))).parent
    folder = Path(tempfile.mkdtemp(prefix="load-pg-"))
    somebody = _somebody()
    if somebody:
        os.chown(folder, somebody["user"], somebody["group"])
    common = {"env": {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(folder)}, "cwd": folder, **somebody}
    data = folder / "data"
    made = [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL, **common)
    started = [binaries / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses="]
    process = subprocess.Popen(started, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **common)
    try:
        url = f"postgresql://postgres@/postgres?host={folder}"
        _wait(url)
        yield url
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(START_S)
        shutil.rmtree(folder, ignore_errors=True)


def _somebody() -> dict[str, object]:
    """Return as whom the server runs: never as root, which it refuses."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    who = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


def _wait(url: str) -> None:
    engine, until = engine_of(url), time.monotonic() + START_S
    while True:
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
            return engine.dispose()
        except sa.exc.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


@contextmanager
def desk(ledger: str, key: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Yield port and process of `analyzer desk` on a ledger."""
    command = [sys.executable, "-m", "analyzer", "desk", "--ledger", ledger, "--key", str(key), "--port", "0"]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, text=True)
        try:
            yield _port(log, process), process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(START_S)
            log.seek(0)
            said = [line for line in log.read().splitlines() if line and not _OPEN.search(line)]
            print(*(f"the desk said: {line}" for line in said[:5]), sep="\n", end="\n" if said else "")


def _port(log: object, process: subprocess.Popen[str]) -> int:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        log.seek(0)
        if found := _OPEN.search(log.read()):
            return int(found[1])
        time.sleep(0.1)
    raise SystemExit(f"The desk did not open: {log.read()}")
