"""Many write at once, and the power fails: the chain stays whole, and nothing that was acknowledged is missing."""

import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from analyzer.ledger.events import What

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from choices import draft  # noqa: E402 - the folder is no package

sys.path.remove(str(FOLDER))

CROWD = Path(__file__).with_name("crowd.py")
SEEDS = 6


def crowd(*arguments):
    done = subprocess.run([sys.executable, CROWD, *map(str, arguments)], capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_eight_processes_that_write_five_hundred_entries_each_keep_the_chain(place):
    ledger = place.open()
    crowd("together", place.where, place.key, 8, 500)
    verdict = ledger.audit.verify()
    assert verdict.good
    assert verdict.anchor.entries == 1 + 8 * 500
    written = Counter(event.who for page in ledger.audit.pages() for event in page if event.what is What.ACCOUNT)
    assert written == {f"writer {number}": 500 for number in range(8)}
    steps = [event.details["step"] for event in ledger.audit.events(item="account 3")]
    assert steps == list(range(500))  # what one writer wrote comes in its order


def test_a_writer_that_is_killed_loses_nothing_that_it_acknowledged(place):
    ledger = place.open()
    rounds = [json.loads(line) for line in crowd("killed", place.where, place.key, SEEDS)]
    assert sum(one["signal"] == 9 for one in rounds) >= SEEDS - 1
    acknowledged = [said for one in rounds for said in one["acknowledged"]]
    assert len(acknowledged) > 200
    assert ledger.audit.verify().good
    events = ledger.audit.events(after=1)
    kept = {event.hash for event in events} | {draft.number for draft in ledger.drafts()}
    assert [said for said in acknowledged if said not in kept] == []
    assert len(acknowledged) <= len(events) <= len(acknowledged) + SEEDS  # at most one a kill was not yet told
    assert ledger.audit.append(What.ACCOUNT, "account after all", {}).number == len(events) + 2


def test_fifty_threads_that_write_and_read_lose_nothing_and_wait_for_nobody_long(place):
    ledger = place.open()

    def work(number):
        told = [ledger.submit(draft(author=f"writer {number}", text=f"Draft {number}.")).number for _ in range(4)]
        return told if len(ledger.queue()) >= len(told) else []

    with ThreadPoolExecutor(50) as threads:
        told = [number for told in threads.map(work, range(50)) for number in told]
    assert sorted(told) == list(range(1, 201))
    assert ledger.audit.verify().anchor.entries == 201
