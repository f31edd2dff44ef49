"""A ledger of an earlier version is brought up to date when it is opened; one of a newer version is refused."""

import re
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from analyzer.disclosure.budget import Budget
from analyzer.errors import InputError
from analyzer.ledger.canonical import digest
from analyzer.ledger.connections import engine_of
from analyzer.ledger.events import What
from analyzer.ledger.key import KEY_VARIABLE, new_key
from analyzer.ledger.leaving import held
from analyzer.ledger.migrating import VERSIONS
from analyzer.ledger.people import Role
from analyzer.ledger.records import LedgerError, content_as_text, told_as_text
from analyzer.ledger.reviewed import Kind
from analyzer.ledger.store import open_ledger
from analyzer.ledger.tables import METADATA, SCHEMA_VERSION

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from choices import TODAY, decide, draft, fit  # noqa: E402 - the folder is no package
from earlier import ledger_of_layout  # noqa: E402 - the folder is no package
from recorded import EVERYBODY, PERIOD, record, told  # noqa: E402 - the folder is no package

sys.path.remove(str(FOLDER))


@pytest.fixture
def old(place):
    """A ledger as the first version left it: one release, one budget, one spending, and no trace of Alembic."""
    with ledger_of_layout(place, 1) as (connection, tables, key):
        connection.exec_driver_sql(f"DROP TABLE {VERSIONS}")
        put = {name: sa.insert(table) for name, table in tables.items()}
        held(connection, EVERYBODY)
        left = told(key)
        release = {
            "number": 1,
            "population": EVERYBODY,
            "purpose": "press",
            "made_on": "2026-11-01",
            "told": told_as_text(left),
            "sketches": b"".join(left.sketches.as_bytes()),
            "content": content_as_text({"releases": []}),
            **dict.fromkeys(("content_hash", "rulebook_hash", "sources_hash"), "0" * 64),
        }
        connection.execute(put["releases"].values(release))
        connection.execute(put["budgets"].values(population=EVERYBODY, period=PERIOD, total="1"))
        connection.execute(put["spendings"].values(release=1, population=EVERYBODY, period=PERIOD, amount="1/4"))
        connection.exec_driver_sql("UPDATE populations SET last = 1")
    return place


def test_a_ledger_of_the_first_layout_is_brought_up_to_date_when_it_is_opened(old):
    ledger = old.open()
    assert ledger.seen(EVERYBODY).last == 1
    assert len(ledger.releases(EVERYBODY)) == 1
    assert str(ledger.budget(EVERYBODY, PERIOD).left) == "3/4"
    assert [(event.what, event.item) for event in ledger.audit.events()] == [
        (What.UPGRADED, "ledger"),
        (What.ADOPTED, "release 1"),
        (What.ADOPTED, "spending 1"),
        (What.ADOPTED, f'budget ["{EVERYBODY}","{PERIOD}"]'),
    ]
    assert ledger.audit.verify().good
    again = old.open()
    assert again.audit.anchor() == ledger.audit.anchor()


def test_what_was_there_before_the_trail_is_vouched_for_from_then_on(old):
    ledger = old.open()
    old.execute("UPDATE releases SET purpose = 'internal research'")
    assert "release 1 was changed" in ledger.audit.verify().findings[0].sentence


BEFORE = {
    "drafts": "number author purpose status rules rulebook_hash wording_hash bundle at seal",
    "marks": "number bundle pattern name mark kept absolute mildest rules",
}
"""The columns that digests were made of in layout 4."""


def digest_of_layout_4(ledger, table):
    with ledger._database.connected() as connection:
        row = connection.exec_driver_sql(f"SELECT {', '.join(BEFORE[table].split())} FROM {table}").mappings().first()
    return digest(dict(row) | ({"absolute": bool(row["absolute"])} if table == "marks" else {}))


def vouched(ledger, item):
    return ledger.audit.events(item=item)[-1].details["digest"]


@pytest.fixture
def layout_4(place):
    """A ledger as layout 4 left it: a bundle, a decision, a draft, an account and a client."""
    ledger = place.open()
    ledger.record_bundle(fit())
    decide(ledger, "P02", Kind.CONFIRM)
    ledger.submit(draft())
    ledger.add_account("Ben", Role.REVIEWER, "a quiet evening with one film")
    ledger.add_client("tool", Role.COMMUNICATIONS)
    assert vouched(ledger, "draft 1") == digest_of_layout_4(ledger, "drafts")
    assert vouched(ledger, "mark 1") == digest_of_layout_4(ledger, "marks")
    ledger.close()
    dropped = [("drafts", "in_force"), *(("marks", name) for name in ("lifted", "lifted_until", "lifted_by"))]
    dropped += [(table, "seal") for table in ("notes", "release_requests", "release_request_answers")]  # of layout 5
    place.execute(
        *(f"ALTER TABLE {table} DROP COLUMN {name}" for table, name in dropped),
        "UPDATE ledger_schema SET version = 4",
        f"UPDATE {VERSIONS} SET version_num = '0004'",
    )
    return place


def test_a_ledger_of_layout_4_opens_and_every_record_is_still_what_was_written(layout_4):
    ledger = layout_4.open()
    assert ledger.audit.verify().findings == ()
    (kept,) = ledger.drafts(TODAY)
    assert "nothing of that was kept" in kept.stale or "not checked by the newest bundle" in kept.stale
    assert ledger.pattern("P02", TODAY).decided
    adopted = [event.item for event in ledger.audit.events() if event.what is What.ADOPTED]
    assert adopted == ["account Ben", "client 1"]


def test_a_column_that_came_later_is_vouched_for_where_it_is_filled_in_afterwards(layout_4):
    ledger = layout_4.open()
    layout_4.execute("UPDATE drafts SET in_force = 'x'", "UPDATE marks SET lifted = 'open' WHERE number = 1")
    told = [finding.sentence.split(":")[0] for finding in ledger.audit.verify().findings]
    assert told == ["The mark 1 was changed", "The draft 1 was changed"]


def test_a_ledger_that_cannot_be_used_is_not_brought_up_to_date(old):
    old.key.write_text(new_key().hex())
    with pytest.raises(LedgerError, match="not the one"):
        old.open()
    with pytest.raises(Exception, match="audit"):
        old.execute("SELECT * FROM audit")


def test_writers_that_open_an_old_ledger_together_bring_it_up_to_date_once(old):
    errors = []

    def come():
        try:
            old.open()
        except LedgerError as error:
            errors.append(error)

    threads = [threading.Thread(target=come) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert old.open().audit.anchor().entries == 4


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(old, monkeypatch):
    def fail(*_):
        raise RuntimeError("the power failed")

    with monkeypatch.context() as patch:
        patch.setattr("analyzer.ledger.beginning.appended", fail)
        with pytest.raises(RuntimeError):
            old.open()
    with pytest.raises(Exception, match="audit"):
        old.execute("SELECT * FROM audit")
    assert old.open().audit.verify().good


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION + 1, 99])
def test_a_ledger_of_a_newer_or_unknown_layout_is_refused_with_a_remedy(place, version):
    place.open().close()
    place.execute(f"UPDATE ledger_schema SET version = {version}")
    with pytest.raises(LedgerError, match=f"layout {version}; this version knows {SCHEMA_VERSION}") as refusal:
        place.open()
    assert "newer one" in refusal.value.remedy


def test_the_migrations_make_the_tables_that_the_code_knows(place):
    ledger = place.open()
    with ledger._database.connected() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


# ---------------------------------------------------------------- the key of a database's URL


def test_the_key_of_a_url_lies_in_the_file_that_is_named(postgresql, monkeypatch, tmp_path):
    url = postgresql.new_url()
    with pytest.raises(LedgerError, match="has no key") as refusal:
        open_ledger(url)
    assert KEY_VARIABLE in refusal.value.remedy
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "named.key"))
    ledger = open_ledger(url)
    assert (tmp_path / "named.key").stat().st_mode & 0o777 == 0o600
    assert ledger.key.hex() == (tmp_path / "named.key").read_text().strip()
    monkeypatch.delenv(KEY_VARIABLE)
    assert open_ledger(url, tmp_path / "named.key").key == ledger.key
    with pytest.raises(LedgerError, match="is there, but its key"):
        open_ledger(url, tmp_path / "other.key")
    (tmp_path / "other.key").write_text(new_key().hex())
    with pytest.raises(LedgerError, match="not the one"):
        open_ledger(url, tmp_path / "other.key")


def test_a_key_without_its_database_does_not_begin_a_new_ledger(place):
    place.key.write_text(new_key().hex())
    with pytest.raises(LedgerError, match="Bring back the ledger"):
        place.open()


def test_the_key_is_in_no_table_and_no_message(place):
    ledger = place.open()
    ledger.audit.append(What.ACCOUNT, "account", {})
    with ledger._database.connected() as connection:
        for table in METADATA.sorted_tables:
            held_there = str(connection.execute(sa.select(table)).all())
            assert ledger.key.hex() not in held_there
    assert digest(ledger.key.hex()) not in held_there


def test_a_ledger_that_is_not_there_is_not_made_by_a_question(place):
    with pytest.raises(LedgerError, match="no ledger"):
        open_ledger(place.where, place.key, make=False)
    assert not place.key.exists()


def test_a_database_that_cannot_be_reached_is_said_without_its_password(tmp_path):
    with pytest.raises(LedgerError, match="cannot be used") as refusal:
        open_ledger(f"postgresql://u:secret@/db?host={tmp_path}", tmp_path / "key")
    assert "secret" not in str(refusal.value)
    assert "server runs" in refusal.value.remedy


def test_a_role_with_the_rights_of_the_how_to_writes_and_cannot_change_the_trail(postgresql, tmp_path):
    url, key = postgresql.new_url(), tmp_path / "key"
    schema = url.rsplit("%3D", 1)[1]
    open_ledger(url, key).close()
    page = (FOLDER.parents[2] / "docs/how-to/share-a-ledger.md").read_text()
    grants = re.search(r"```sql\n(.*?)```", page, re.DOTALL)[1].replace("public", schema)
    role = f"daily_{schema}"
    grants = grants.replace("analyzer_daily", role)
    for table in re.findall(r"ON (\w+(?:, \w+)*) TO", grants):
        there = ", ".join(f"{schema}.{name}" for name in table.split(", "))
        grants = grants.replace(f"ON {table} TO", f"ON {there} TO")
    postgresql.execute(
        f"CREATE ROLE {role} LOGIN", f"GRANT USAGE ON SCHEMA {schema} TO {role}", *grants.split(";")[:-1]
    )
    ledger = open_ledger(url.replace("//postgres@", f"//{role}@"), key)
    for total in (1, 2):
        ledger.allow(Budget.of(EVERYBODY, PERIOD, total), "ana")
    ledger.record(record(ledger, amount="0.5"), 0, "ana")
    ledger.submit(draft())
    ledger.record_bundle(fit())
    decide(ledger, "P02", Kind.CONFIRM)
    use_the_desk(ledger)
    assert ledger.audit.verify().good
    with pytest.raises(LedgerError, match="permission denied"):
        ledger.delete_due(today=TODAY + timedelta(days=3_650))
    for statement in ("ALTER TABLE audit DISABLE TRIGGER ALL", "DELETE FROM audit", "TRUNCATE audit"):
        with (
            pytest.raises(LedgerError, match=r"must be owner|permission denied"),
            ledger._database.connected(writing=True) as connection,
        ):
            connection.exec_driver_sql(statement)
    ledger.close()


def use_the_desk(ledger):
    """Do what a desk does with accounts, sign-ins and clients."""
    password, now = "a quiet evening with one film", datetime.now(UTC)
    ledger.add_account("Ben", Role.REVIEWER, password)
    ben = ledger.known("Ben", password)
    assert ledger.signed_in(ledger.sign_in(ben, now - timedelta(minutes=5))) == ben
    ledger.disable("Ben")
    ledger.end_client(ledger.add_client("tool", Role.COMMUNICATIONS)[0].number)
    ledger.add_note("P02", "Ben", "Seen with the researchers.")


def test_a_text_that_postgresql_has_not_is_refused(postgresql, tmp_path):
    ledger = open_ledger(postgresql.new_url(), tmp_path / "key")
    with pytest.raises(InputError, match="cannot keep"):
        ledger.audit.append(What.ACCOUNT, "account a\0b", {})
    assert ledger.audit.anchor().entries == 1
    ledger.close()


def test_a_database_of_another_encoding_keeps_texts_as_they_are(postgresql, tmp_path):
    engine = engine_of(postgresql.url())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE DATABASE plain ENCODING 'SQL_ASCII' TEMPLATE template0")
    engine.dispose()
    ledger = open_ledger(postgresql.url().replace("/postgres?", "/plain?"), tmp_path / "key")
    assert ledger.submit(draft(text="Zuschauer in Zürich 日本")).text == "Zuschauer in Zürich 日本"
    assert ledger.audit.verify().good
    ledger.close()
