"""Run contestants by turns, each in a process of its own, and print medians, peaks and ratios.

A contestant is a function of a path, named `module:function`. Its process imports what it needs, runs once on a small
file to be warm, and is then timed once on the large one; turns go round, so that a busy minute on the machine hits
everybody.
"""

from __future__ import annotations

import importlib
import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Measured:
    """Medians over the turns of one contestant."""

    seconds: float
    spread: tuple[float, float]
    cpu_seconds: float
    peak_gb: float


def measure(contestants: dict[str, str], path: Path, warm: Path, turns: int) -> dict[str, Measured]:
    """Return the medians of each contestant: name -> `module:function`."""
    times: dict[str, list[dict[str, float]]] = {name: [] for name in contestants}
    for turn in range(turns):
        for name, call in contestants.items():
            times[name].append(_timed(call, path, warm))
            print(f"  turn {turn + 1}: {name:28} {times[name][-1]['wall']:8.2f} s", file=sys.stderr)
    return {name: _median(found) for name, found in times.items()}


def _timed(call: str, path: Path, warm: Path) -> dict[str, float]:
    command = [sys.executable, str(HERE / "contest.py"), call, str(path), str(warm)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{call} failed:\n{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _median(found: list[dict[str, float]]) -> Measured:
    walls = [one["wall"] for one in found]
    return Measured(
        statistics.median(walls),
        (min(walls), max(walls)),
        statistics.median(one["cpu"] for one in found),
        statistics.median(one["peak"] for one in found),
    )


def print_versions(*libraries: str) -> None:
    """Print the versions that a figure depends on."""
    print("Python", platform.python_version(), *[f"{name} {version(name)}" for name in libraries], sep="  ")


def print_table(measured: dict[str, Measured], ours: str) -> None:
    """Print a line a contestant; the last column says how many times longer than `ours` it took."""
    print(f"{'':28} {'median s':>9} {'min..max':>15} {'cpu s':>7} {'peak GB':>8} {'x ours':>7}")
    for name, one in measured.items():
        low, high = one.spread
        ratio = one.seconds / measured[ours].seconds
        times = f"{one.seconds:9.2f} {low:7.2f}..{high:6.2f} {one.cpu_seconds:7.1f}"
        print(f"{name:28} {times} {one.peak_gb:8.2f} {ratio:7.2f}")


def _main() -> None:
    call, path, warm = sys.argv[1:]
    module, function = call.split(":")
    sys.path[:0] = [str(HERE), str(HERE / "peers")]
    run = getattr(importlib.import_module(module), function)
    run(warm)
    before = resource.getrusage(resource.RUSAGE_SELF)
    begin = time.perf_counter()
    run(path)
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": after.ru_maxrss / 2**20}))


if __name__ == "__main__":
    _main()
