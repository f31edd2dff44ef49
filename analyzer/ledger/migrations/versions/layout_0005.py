"""Layout 5: the words of notes, of release requests and of answers to them may be deleted one day; a seal stays."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

WORDS = {"notes": "text", "release_requests": "why", "release_request_answers": "reason"}
_MOVED = (
    "INSERT INTO notes (number, pattern, who, at, seal, text)"
    " SELECT number, pattern, who, at, '', text FROM notes_before",
    'INSERT INTO release_requests (number, who, "by", measure, purpose, source, "window", at, seal, why)'
    ' SELECT number, who, "by", measure, purpose, source, "window", at, \'\', why FROM release_requests_before',
    'INSERT INTO release_request_answers (number, request, status, who, "release", at, seal, reason)'
    " SELECT number, request, status, who, \"release\", at, '', reason FROM release_request_answers_before",
)


def upgrade() -> None:
    """Add the seals, which whoever opens the ledger fills in, and let the words be null."""
    if op.get_bind().dialect.name == "sqlite":
        _made_anew()
        return
    for table, words in WORDS.items():
        op.add_column(table, sa.Column("seal", sa.String(64), nullable=False, server_default=""))
        op.alter_column(table, "seal", server_default=None)
        op.alter_column(table, words, existing_type=sa.Text, nullable=True)


def _made_anew() -> None:
    """Make the tables once more: SQLite cannot let a column be null afterwards, nor drop one before its version 3.35.

    Answers go before the requests that they point to.
    """
    op.drop_index("ix_release_request_answers_request", "release_request_answers")
    op.drop_index("ix_notes_pattern", "notes")
    for table in WORDS:
        op.rename_table(table, f"{table}_before")
    _notes()
    _requests()
    for statement in _MOVED:
        op.execute(statement)
    for table in reversed(WORDS):
        op.drop_table(f"{table}_before")


def _notes() -> None:
    op.create_table(
        "notes",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("pattern", sa.String(100), nullable=False, index=True),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("text", sa.Text),
    )


def _requests() -> None:
    op.create_table(
        "release_requests",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("measure", sa.String(100), nullable=False),
        sa.Column("purpose", sa.String(100), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("window", sa.String(100), nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("why", sa.Text),
    )
    op.create_table(
        "release_request_answers",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("request", sa.Integer, sa.ForeignKey("release_requests.number"), nullable=False, index=True),
        sa.Column("status", sa.String(30), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("release", sa.Integer, sa.ForeignKey("releases.number")),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text),
    )
