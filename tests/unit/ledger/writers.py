"""Processes that write to one ledger at the same time: `writers.py paying|pairing FILE HOW_MANY [TIMES]`.

They are forked from one process that has imported everything, so that they really meet.
"""

import multiprocessing
import os
import sys
from dataclasses import replace

from recorded import EVERYBODY, HOMES, one_group, record

from analyzer.disclosure.budget import BudgetSpentError
from analyzer.disclosure.differencing import compare
from analyzer.disclosure.limits import Limits
from analyzer.ledger.records import LedgerMovedError
from analyzer.ledger.store import open_ledger


def say(word):
    os.write(1, f"{word}\n".encode())  # in one piece, unlike print


def paying(path, start, _, times):
    ledger = open_ledger(path)
    start.wait()
    for _ in range(times):
        say(paid(ledger))


def paid(ledger):
    while True:
        try:
            ledger.record(record(ledger, amount="0.01"), ledger.seen(EVERYBODY).last)
        except LedgerMovedError:
            continue
        except BudgetSpentError:
            return "refused"
        return "paid"


def pairing(path, start, number, _):
    """Compare a group that differs from the other writers' by one household, and record what passes."""
    ledger = open_ledger(path)
    mine = replace(record(ledger), told=one_group(ledger.key, HOMES[number:]))
    seen = ledger.seen(EVERYBODY)
    passes = not compare(mine.told, seen, Limits())
    start.wait()
    while passes:
        try:
            ledger.record(mine, seen.last)
            return say("recorded")
        except LedgerMovedError:
            say("moved")
            seen = ledger.seen(EVERYBODY)
            passes = not compare(mine.told, seen, Limits())
    return say("withheld")


if __name__ == "__main__":
    what, path, how_many, *times = sys.argv[1:]
    fork = multiprocessing.get_context("fork")
    start = fork.Barrier(int(how_many))
    work = {"paying": paying, "pairing": pairing}[what]
    processes = [
        fork.Process(target=work, args=(path, start, number, int(*times or (1,)))) for number in range(int(how_many))
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    sys.exit(max(abs(process.exitcode) for process in processes))
