"""Layout 6: what a draft's verdict stood on, and what two people loosened of a tightening that a refit hands on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add columns, empty in the rows that are there; digests leave them out where they are."""
    op.add_column("drafts", sa.Column("in_force", sa.String(64)))
    op.add_column("marks", sa.Column("lifted", sa.String(30)))
    op.add_column("marks", sa.Column("lifted_until", sa.String(10)))
    op.add_column("marks", sa.Column("lifted_by", sa.Integer))
