"""Runs the migrations on a connection that the ledger hands over, inside its transaction: all of them or none."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
