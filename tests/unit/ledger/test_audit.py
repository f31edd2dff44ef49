"""The audit trail: everything leaves an entry, no entry changes, and whoever goes round that is found out."""

import hashlib
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.disclosure.budget import Budget, BudgetSpentError
from analyzer.errors import InputError
from analyzer.ledger.audit import appended
from analyzer.ledger.audit_tables import AUDIT
from analyzer.ledger.chain import Fault, verified
from analyzer.ledger.events import BEGINNING, Anchor, Entry, What
from analyzer.ledger.records import LedgerError
from analyzer.ledger.store import memory_ledger
from analyzer.ledger.traced import RELEASE

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from recorded import EVERYBODY, PERIOD, record  # noqa: E402 - the folder is no package

sys.path.remove(str(FOLDER))

ENTRIES = 9


@pytest.fixture
def trail(place):
    """A ledger with the entry of its beginning and eight more."""
    ledger = place.open()
    for number in range(2, ENTRIES + 1):
        ledger.audit.append(What.ACCOUNT, f"account {number}", {"role": "reviewer", "step": number}, "ana")
    return ledger


def faults(ledger, anchor=None):
    return [(finding.fault, finding.number) for finding in ledger.audit.verify(anchor).findings]


# ---------------------------------------------------------------- what is written


def test_a_ledger_begins_with_an_entry(place):
    (event,) = place.open().audit.events()
    assert (event.number, event.who, event.what, event.previous) == (1, "command line", What.BEGUN, BEGINNING)


def test_an_event_comes_back_as_it_was_told(trail):
    before = datetime.now(UTC)
    told = {"role": "reviewer", "old": None, "rights": ["read", {"write": True}], "name": 'Zoë "\ud800"'}
    event = trail.audit.append(What.ACCOUNT, "account zoë", told, "  ana ")
    assert trail.audit.events(after=ENTRIES) == (event,)
    assert (event.who, event.what, event.item, event.details) == ("ana", What.ACCOUNT, "account zoë", told)
    assert before <= datetime.fromisoformat(event.at) <= datetime.now(UTC)


def test_events_are_looked_up_by_number_and_by_item(trail):
    assert [event.number for event in trail.audit.events(after=3, limit=2)] == [4, 5]
    assert [event.number for event in trail.audit.events(item="account 7")] == [7]
    assert [event.number for page in trail.audit.pages() for event in page] == list(range(1, ENTRIES + 1))


def test_each_entry_holds_the_hash_of_the_one_before(trail):
    events = trail.audit.events()
    assert [event.previous for event in events] == [BEGINNING, *(event.hash for event in events[:-1])]
    assert trail.audit.anchor() == Anchor(ENTRIES, events[-1].hash)


@pytest.mark.parametrize("details", [{"x": 0.5}, {"x": float("nan")}, {1: "x"}, {"x": b"y"}, {"x": {"y": {2}}}])
def test_details_that_have_no_one_way_to_be_written_are_refused(details):
    ledger = memory_ledger()
    with pytest.raises(InputError, match="no one way"):
        ledger.audit.append(What.ACCOUNT, "account", details)
    assert ledger.audit.anchor().entries == 1


@pytest.mark.parametrize("who", ["", "  ", "x" * 201, "a\nb", "a\0b", None])
def test_whoever_has_no_name_writes_nothing(who):
    with pytest.raises(InputError, match="no name"):
        memory_ledger().audit.append(What.ACCOUNT, "account", {}, who)


@pytest.mark.parametrize("what", [what for what in What if what.vouches])
def test_nobody_but_the_ledger_vouches_for_records(what):
    with pytest.raises(InputError, match="by the ledger itself"):
        memory_ledger().audit.append(what, "release 1", {"digest": "0" * 64})


def test_a_budget_and_a_release_leave_entries_with_their_records(place):
    ledger = place.open()
    ledger.allow(Budget.of(EVERYBODY, PERIOD, 1), "ana")
    ledger.record(record(ledger, amount="0.5"), 0, "ben")
    told = [(event.what, event.who, event.item) for event in ledger.audit.events(after=1)]
    assert told == [
        (What.BUDGET_SET, "ana", f'budget ["{EVERYBODY}","{PERIOD}"]'),
        (What.RELEASED, "ben", "release 1"),
        (What.SPENT, "ben", "spending 1"),
    ]
    assert faults(ledger) == []


def test_what_is_refused_leaves_no_entry(place):

    ledger = place.open()
    ledger.allow(Budget.of(EVERYBODY, PERIOD, "0.1"))
    with pytest.raises(BudgetSpentError):
        ledger.record(record(ledger, amount="0.5"), 0)
    assert ledger.audit.anchor().entries == 2
    assert ledger.record(record(ledger), 0) == 1  # nor a gap in the numbers


# ---------------------------------------------------------------- the database refuses


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = 'nobody' WHERE number = 3",
        "DELETE FROM audit WHERE number = 3",
        "DELETE FROM audit",
        "INSERT INTO audit SELECT 99, at, who, what, item, details, previous, hash FROM audit WHERE number = 3",
        "UPDATE audit_head SET entries = 3",
        "UPDATE audit_head SET entries = entries + 1",
        "DELETE FROM audit_head",
        "INSERT INTO audit_head VALUES (2, 0, '')",
    ],
)
def test_the_database_itself_refuses_to_change_the_trail(trail, place, statement):
    with pytest.raises(Exception, match=r"append-only|follows the last one|counts by one"):
        place.execute(statement)
    assert faults(trail) == []


def test_each_database_refuses_its_own_ways_round(trail, place):
    other = "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE number = 3" if place.is_file else "TRUNCATE audit"
    with pytest.raises(Exception, match=r"append-only|follows the last one"):
        place.execute(other)
    assert faults(trail) == []


# ---------------------------------------------------------------- what goes round it is found


@pytest.mark.parametrize(
    "change",
    [
        "who = 'ben'",
        "at = '2020-01-01T00:00:00.000000+00:00'",
        "what = 'signed in'",
        "what = 'something else'",
        "item = 'account 999'",
        'details = \'{"role":"administrator","step":4}\'',
        'details = \'{"role": "reviewer","step":4}\'',
        "details = 'no json'",
        "previous = 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'",
        "hash = '0000000000000000000000000000000000000000000000000000000000000000'",
    ],
)
def test_a_changed_entry_is_named(trail, place, change):
    place.tamper(f"UPDATE audit SET {change} WHERE number = 4")
    assert faults(trail) == [(Fault.CHANGED, 4)]


@pytest.mark.parametrize(("first", "last"), [(1, 1), (4, 4), (3, 6)])
def test_missing_entries_are_named(trail, place, first, last):
    place.tamper(f"DELETE FROM audit WHERE number BETWEEN {first} AND {last}")
    verdict = trail.audit.verify()
    assert [(f.fault, f.number) for f in verdict.findings] == [(Fault.MISSING, first)]
    assert str(last) in verdict.findings[0].sentence


def test_entries_that_changed_places_are_named(trail, place):
    place.tamper(*(f"UPDATE audit SET number = {new} WHERE number = {old}" for old, new in ((4, 99), (6, 4), (99, 6))))
    assert faults(trail) == [(Fault.REORDERED, 4), (Fault.REORDERED, 6)]


def test_entries_that_moved_up_into_a_gap_are_named(trail, place):
    moved = [f"UPDATE audit SET number = {n - 1} WHERE number = {n}" for n in range(5, ENTRIES + 1)]
    place.tamper("DELETE FROM audit WHERE number = 4", *moved)
    assert faults(trail) == [*((Fault.REORDERED, n) for n in range(4, ENTRIES)), (Fault.CUT, ENTRIES)]


def test_an_end_that_was_cut_off_is_found_by_the_head(trail, place):
    place.tamper(f"DELETE FROM audit WHERE number > {ENTRIES - 2}")
    assert faults(trail) == [(Fault.CUT, ENTRIES - 1)]


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("DELETE FROM audit_head", None),
        ("UPDATE audit_head SET entries = 5", None),
        (f"UPDATE audit_head SET hash = '{'1' * 64}'", ENTRIES),
    ],
)
def test_a_head_that_was_changed_is_found(trail, place, statement, number):
    place.tamper(statement)
    assert [finding.number for finding in trail.audit.verify().findings] == [number]


def cut_with_its_head(place, ledger, keep):
    kept = ledger.audit.events(limit=keep)[-1]
    place.tamper(
        f"DELETE FROM audit WHERE number > {keep}", f"UPDATE audit_head SET entries = {keep}, hash = '{kept.hash}'"
    )


def test_an_end_that_was_cut_off_together_with_the_head_is_found_by_an_anchor_only(trail, place):
    anchor = trail.audit.anchor()
    cut_with_its_head(place, trail, 6)
    assert faults(trail) == []
    assert faults(trail, anchor) == [(Fault.CUT, None)]


def test_a_trail_that_was_rewritten_whole_is_found_by_an_anchor_only(trail, place):
    anchor = trail.audit.anchor()
    cut_with_its_head(place, trail, 3)
    for number in range(4, ENTRIES + 5):
        trail.audit.append(What.ACCOUNT, f"account {number}", {}, "ana") if place.is_file else None
    if not place.is_file:
        place.execute(*(f"ALTER TABLE {name} ENABLE TRIGGER ALL" for name in ("audit", "audit_head")))
        for number in range(4, ENTRIES + 5):
            trail.audit.append(What.ACCOUNT, f"account {number}", {}, "ana")
    assert faults(trail) == []
    assert faults(trail, anchor) == [(Fault.REWRITTEN, None)]


def test_an_anchor_of_an_earlier_day_holds_as_the_trail_grows(trail):
    anchor = Anchor.parse(str(trail.audit.anchor()))
    trail.audit.append(What.ACCOUNT, "account", {}, "ana")
    assert faults(trail, anchor) == []
    assert faults(trail, Anchor(0, BEGINNING)) == []
    assert faults(trail, Anchor(ENTRIES, "0" * 64)) == [(Fault.REWRITTEN, None)]


@pytest.mark.parametrize(
    "text", ["", "3", f"3:{'0' * 63}", f"-1:{'0' * 64}", f"3:{'G' * 64}", f"{'9' * 30}:{'0' * 64}"]
)
def test_an_anchor_is_read_strictly(text):
    with pytest.raises(InputError, match="no anchor"):
        Anchor.parse(text)


def test_a_damaged_entry_is_not_given_out_as_if_it_were_one(trail, place):
    place.tamper("UPDATE audit SET what = 'something else' WHERE number = 4")
    with pytest.raises(LedgerError, match="Entry 4"):
        trail.audit.events()


# ---------------------------------------------------------------- the records behind the trail


def test_a_record_that_was_changed_behind_the_trail_is_named(place):
    ledger = place.open()
    ledger.allow(Budget.of(EVERYBODY, PERIOD, 1))
    for _ in range(3):
        ledger.record(record(ledger, amount="0.1"), ledger.seen(EVERYBODY).last)
    assert ledger.audit.verify().good
    place.execute(
        "UPDATE releases SET content = '{}' WHERE number = 2",
        "DELETE FROM spendings WHERE release = 3",
        "UPDATE budgets SET total = '1000'",
    )
    told = [finding.sentence for finding in ledger.audit.verify().findings]
    assert told == [
        "The release 2 was changed: it is not what the audit trail vouches for.",
        f'The budget ["{EVERYBODY}","{PERIOD}"] was changed: it is not what the audit trail vouches for.',
        "The spending 3 is gone.",
    ]


def test_a_release_that_was_slipped_in_is_named(place):
    ledger = place.open()
    ledger.record(record(ledger), 0)
    columns = "population, purpose, made_on, told, sketches, content, content_hash, rulebook_hash, sources_hash"
    place.execute(f"INSERT INTO releases (number, {columns}) SELECT 7, {columns} FROM releases")
    assert [f.sentence for f in ledger.audit.verify().findings] == [
        "The release 7 was added without an entry in the audit trail."
    ]
    assert ledger.seen(EVERYBODY).last == 7
    with ledger._database.connected() as connection:
        row = connection.execute(RELEASE.table.select().where(RELEASE.table.c.number == 7)).mappings().one()
    with ledger._database.connected(writing=True) as connection:  # says it, and vouches for nothing
        appended(connection, "ana", What.ACCOUNT, "release 7", {"digest": RELEASE.digest(row)})
    assert not ledger.audit.verify().good


# ---------------------------------------------------------------- any change at all


def _trail():
    ledger = memory_ledger()
    for number in range(7):
        ledger.audit.append(What.ACCOUNT, f"account {number % 3}", {"step": number // 2}, "ana")
    with ledger._database.connected() as connection:
        entries = tuple(Entry(**row) for row in connection.execute(AUDIT.select()).mappings())
    return entries, ledger.audit.anchor()


WRITTEN, HEAD = _trail()
NUMBERS = st.integers(1, len(WRITTEN))


@given(order=st.permutations(WRITTEN), number=NUMBERS)
def test_no_order_but_the_one_it_was_written_in_is_verified(order, number):
    moved = [Entry(n, *(getattr(e, f) for f in Entry.__slots__[1:])) for n, e in enumerate(order, 1)]
    assert verified(moved, HEAD).good == (tuple(order) == WRITTEN)
    assert verified([e for e in WRITTEN if e.number != number], HEAD).findings


@given(number=NUMBERS, field=st.sampled_from(Entry.__slots__[1:]), letter=st.sampled_from('0f{" é'))
def test_whatever_is_changed_in_whatever_entry_that_entry_is_named(number, field, letter):
    old = WRITTEN[number - 1]
    new = replace(old, **{field: letter + getattr(old, field)[1:]})
    told = verified([*WRITTEN[: number - 1], new, *WRITTEN[number:]], HEAD).findings
    assert [(f.fault, f.number) for f in told] == ([] if new == old else [(Fault.CHANGED, number)])


@given(kept=st.sets(NUMBERS))
def test_no_part_of_it_is_verified(kept):
    part = [entry for entry in WRITTEN if entry.number in kept]
    assert verified(part, HEAD).good == (len(part) == len(WRITTEN))


def test_an_exported_entry_can_be_verified_by_anybody_who_can_hash():
    for entry in WRITTEN:
        fields = json.loads(json.dumps(entry.as_json()))
        hashed = fields.pop("hash")
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == hashed
