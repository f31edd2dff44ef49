"""Layout 2: the audit trail, and what is reviewed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BEGINNING = "0" * 64


def upgrade() -> None:
    """Make the tables, and the triggers that refuse what an append-only trail must not bear."""
    _audit()
    _models()
    _reviews()
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("what", sa.String(100), nullable=False),
        sa.Column("item", sa.Text, nullable=False, index=True),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "entries": 0, "hash": BEGINNING}])


def _models() -> None:
    op.create_table(
        "rulebooks",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
    )
    op.create_table(
        "bundles",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("rulebook_hash", sa.String(64), sa.ForeignKey("rulebooks.hash"), nullable=False),
        sa.Column("window", sa.String(100), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
    )
    op.create_table(
        "marks",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("bundle", sa.Integer, sa.ForeignKey("bundles.number"), nullable=False),
        sa.Column("pattern", sa.String(100), nullable=False, index=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("mark", sa.String(30), nullable=False),
        sa.Column("kept", sa.String(30), nullable=False),
        sa.Column("absolute", sa.Boolean, nullable=False),
        sa.Column("mildest", sa.String(30), nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.UniqueConstraint("bundle", "pattern"),
    )
    op.create_table(
        "runs",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("bundle_fingerprint", sa.String(64), nullable=False),
        sa.Column("rulebook_hash", sa.String(64), nullable=False),
        sa.Column("window", sa.String(100), nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("inputs", sa.Text),
        sa.Column("tallies", sa.Text),
    )


def _reviews() -> None:
    op.create_table(
        "decisions",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("bundle", sa.Integer, sa.ForeignKey("bundles.number"), nullable=False),
        sa.Column("pattern", sa.String(100), nullable=False, index=True),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("about", sa.Integer, sa.ForeignKey("decisions.number")),
        sa.Column("before", sa.String(30), nullable=False),
        sa.Column("after", sa.String(30), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("expires", sa.String(10)),
        sa.Column("at", sa.String(40), nullable=False),
    )
    op.create_table(
        "drafts",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("purpose", sa.String(100), nullable=False),
        sa.Column("status", sa.String(30), nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("rulebook_hash", sa.String(64), nullable=False),
        sa.Column("wording_hash", sa.String(64), nullable=False),
        sa.Column("bundle", sa.Integer, sa.ForeignKey("bundles.number")),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("verdict", sa.Text),
    )
    op.create_table(
        "draft_answers",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("draft", sa.Integer, sa.ForeignKey("drafts.number"), nullable=False, index=True),
        sa.Column("status", sa.String(30), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text),
    )


# An insert that is no next entry is refused as well: "INSERT OR REPLACE" deletes without asking the other triggers.
_SQLITE = (
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
    "CREATE TRIGGER audit_in_order BEFORE INSERT ON audit WHEN NOT EXISTS (SELECT 1 FROM audit_head"
    " WHERE entries + 1 = NEW.number AND hash = NEW.previous)"
    " BEGIN SELECT RAISE(ABORT, 'an entry follows the last one'); END",
    "CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head"
    " BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
    "CREATE TRIGGER audit_head_no_insert BEFORE INSERT ON audit_head"
    " BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
    "CREATE TRIGGER audit_head_counts BEFORE UPDATE ON audit_head WHEN NOT (NEW.id = OLD.id"
    " AND NEW.entries = OLD.entries + 1"
    " AND EXISTS (SELECT 1 FROM audit WHERE number = NEW.entries AND hash = NEW.hash))"
    " BEGIN SELECT RAISE(ABORT, 'the head counts by one'); END",
)

_POSTGRESQL = (
    "CREATE FUNCTION audit_refused() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$",
    "CREATE FUNCTION audit_in_order() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN IF NOT EXISTS (SELECT 1 FROM audit_head WHERE entries + 1 = NEW.number AND hash = NEW.previous)"
    " THEN RAISE EXCEPTION 'an entry follows the last one'; END IF; RETURN NEW; END $$",
    "CREATE FUNCTION audit_head_counts() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN IF NOT (NEW.id = OLD.id AND NEW.entries = OLD.entries + 1"
    " AND EXISTS (SELECT 1 FROM audit WHERE number = NEW.entries AND hash = NEW.hash))"
    " THEN RAISE EXCEPTION 'the head counts by one'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refused()",
    "CREATE TRIGGER audit_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refused()",
    "CREATE TRIGGER audit_in_order BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_in_order()",
    "CREATE TRIGGER head_kept BEFORE INSERT OR DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_refused()",
    "CREATE TRIGGER head_whole BEFORE TRUNCATE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION audit_refused()",
    "CREATE TRIGGER head_counts BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_head_counts()",
)
