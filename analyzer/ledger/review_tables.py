"""The tables of what is reviewed: rulebooks, bundles with their marks, runs, decisions, drafts and their answers.

Rows are only ever added. Content that may be deleted one day stands in columns that may be null, with a seal beside
them that stays.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from analyzer.ledger.tables import METADATA

RULEBOOKS: Final = Table(
    "rulebooks",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("text", Text, nullable=False),  # canonical JSON, whose SHA-256 is the hash
    Column("at", String(40), nullable=False),
)

BUNDLES: Final = Table(
    "bundles",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("fingerprint", String(64), nullable=False),
    Column("rulebook_hash", ForeignKey(RULEBOOKS.c.hash), nullable=False),
    Column("window", String(100), nullable=False),
    Column("source", Text, nullable=False),
    Column("at", String(40), nullable=False),
)

MARKS: Final = Table(
    "marks",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("bundle", ForeignKey(BUNDLES.c.number), nullable=False),
    Column("pattern", String(100), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("mark", String(30), nullable=False),
    Column("kept", String(30), nullable=False),  # strictness that people decided on an earlier bundle
    Column("absolute", Boolean, nullable=False),
    Column("mildest", String(30), nullable=False),  # that people may loosen it to
    Column("rules", Text, nullable=False),  # ids as JSON
    Column("lifted", String(30)),  # that two people loosened `kept` to, before a refit
    Column("lifted_until", String(10)),
    Column("lifted_by", Integer),  # number of the agreement
    UniqueConstraint("bundle", "pattern"),
)

DECISIONS: Final = Table(
    "decisions",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("bundle", ForeignKey(BUNDLES.c.number), nullable=False),
    Column("pattern", String(100), nullable=False, index=True),
    Column("kind", String(30), nullable=False),
    Column("about", ForeignKey("decisions.number")),  # the loosening that somebody agrees to or declines
    Column("before", String(30), nullable=False),
    Column("after", String(30), nullable=False),
    Column("who", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("expires", String(10)),
    Column("at", String(40), nullable=False),
)

DRAFTS: Final = Table(
    "drafts",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("author", String(200), nullable=False),
    Column("purpose", String(100), nullable=False),
    Column("status", String(30), nullable=False),  # of the verdict
    Column("rules", Text, nullable=False),  # ids as JSON
    Column("rulebook_hash", String(64), nullable=False),
    Column("wording_hash", String(64), nullable=False),
    Column("bundle", ForeignKey(BUNDLES.c.number)),  # that it was checked by; null where it was by none of these
    Column("at", String(40), nullable=False),
    Column("seal", String(64), nullable=False),
    Column("text", Text),
    Column("verdict", Text),  # with the words that it is about
    Column("in_force", String(64)),  # what says whether the marks in force are those that it was checked by
)

ANSWERS: Final = Table(
    "draft_answers",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("draft", ForeignKey(DRAFTS.c.number), nullable=False, index=True),
    Column("status", String(30), nullable=False),
    Column("who", String(200), nullable=False),
    Column("at", String(40), nullable=False),
    Column("seal", String(64), nullable=False),
    Column("reason", Text),  # it may quote the draft
)

RUNS: Final = Table(
    "runs",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("bundle_fingerprint", String(64), nullable=False),
    Column("rulebook_hash", String(64), nullable=False),
    Column("window", String(100), nullable=False),
    Column("at", String(40), nullable=False),
    Column("seal", String(64), nullable=False),
    Column("inputs", Text),  # SHA-256 of each input, as JSON
    Column("tallies", Text),  # as JSON
)
