"""Layout 1: releases, budgets and what was spent of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "ledger_schema",
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("key_fingerprint", sa.String(64), nullable=False),
    )
    op.create_table(
        "populations",
        sa.Column("name", sa.String(500), primary_key=True),
        sa.Column("last", sa.Integer, nullable=False),
    )
    op.create_table(
        "releases",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("population", sa.String(500), sa.ForeignKey("populations.name"), nullable=False, index=True),
        sa.Column("purpose", sa.String(100), nullable=False),
        sa.Column("made_on", sa.String(10), nullable=False),
        sa.Column("told", sa.Text),
        sa.Column("sketches", sa.LargeBinary),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("rulebook_hash", sa.String(64), nullable=False),
        sa.Column("sources_hash", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "budgets",
        sa.Column("population", sa.String(500), sa.ForeignKey("populations.name"), primary_key=True),
        sa.Column("period", sa.String(100), primary_key=True),
        sa.Column("total", sa.Text, nullable=False),
    )
    op.create_table(
        "spendings",
        sa.Column("release", sa.Integer, sa.ForeignKey("releases.number"), primary_key=True),
        sa.Column("population", sa.String(500), sa.ForeignKey("populations.name"), nullable=False, index=True),
        sa.Column("period", sa.String(100), nullable=False),
        sa.Column("amount", sa.Text, nullable=False),
    )
