"""How a ledger of an earlier layout is brought up to date: Alembic, run in code when a ledger is opened."""
