"""Processes that write to one ledger, together or until they are killed: `crowd.py together|killed WHERE KEY ...`.

They are forked from one process that has imported everything, so that they really meet.
"""

import json
import multiprocessing
import os
import random
import signal
import sys
import time
from pathlib import Path

from choices import draft

from analyzer.ledger.events import What
from analyzer.ledger.store import open_ledger

WRITES = 200


def together(where, key, processes, entries):
    """Let so many processes append so many entries each."""
    fork = multiprocessing.get_context("fork")
    start = fork.Barrier(processes)

    def write(number):
        ledger = open_ledger(where, key)
        start.wait()
        for step in range(entries):
            ledger.audit.append(What.ACCOUNT, f"account {number}", {"step": step}, f"writer {number}")

    writers = [fork.Process(target=write, args=(number,)) for number in range(processes)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    sys.exit(max(abs(writer.exitcode) for writer in writers))


def killed(where, key, seeds):
    """Kill a writer at a random point of 200 writes, once a seed; print how many it had acknowledged each time."""
    for seed in range(seeds):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            _write_and_say(where, key, writer)
        os.close(writer)
        _kill(child, reader, random.Random(seed))  # noqa: S311 - nothing secret


def _write_and_say(where, key, out):
    ledger = open_ledger(where, key)
    for step in range(WRITES):
        if step % 3:
            said = ledger.audit.append(What.ACCOUNT, f"account {step}", {"step": step}, "ana").hash
        else:
            said = ledger.submit(draft(text=f"Draft of step {step}.")).number
        os.write(out, f"{json.dumps(said)}\n".encode())  # in one piece, after it is on disk
    os._exit(0)


def _kill(child, reader, chance):
    acknowledged, after = [], chance.randrange(WRITES)
    with os.fdopen(reader) as said:
        for line in said:
            acknowledged.append(json.loads(line))
            if len(acknowledged) == after:
                time.sleep(chance.random() * 0.004)  # somewhere in the next write or two
                os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    print(json.dumps({"acknowledged": acknowledged, "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}))


if __name__ == "__main__":
    what, place, key_file, *numbers = sys.argv[1:]
    {"together": together, "killed": killed}[what](place, Path(key_file), *map(int, numbers))
