"""The tables of the store. ``migrations`` brings a database to this form."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
ID = String(32)
"""Identifiers are 128 random bits in hexadecimal: nobody can guess another's."""

jobs = Table(
    "job",
    metadata,
    Column("id", ID, primary_key=True),
    Column("owner", ID, nullable=False),
    Column("kind", String(16), nullable=False),  # scan, compare
    Column("state", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),  # a file of the operator's; "" for an upload
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("options", JSON, nullable=False),
    Column("batch", ID, index=True),
    Column("idempotency", String(200)),
    Column("request", String(64), nullable=False),  # hash of what was asked
    Column("webhook", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("finished", Float),
    # The lease: who judges it, until when that is believed, and how many have tried.
    Column("worker", String(100), nullable=False),
    Column("lease_until", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("done", Float, nullable=False),
    Column("total", Float),
    Column("media", String(16), nullable=False),
    Column("label", String(32), nullable=False),
    Column("probability", Float),
    Column("error_kind", String(64), nullable=False),
    Column("error", Text, nullable=False),
    UniqueConstraint("owner", "idempotency"),
    Index("ix_job_state_created", "state", "created"),
    Index("ix_job_owner_created", "owner", "created", "id"),
)

keys = Table(
    "api_key",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float),
    Column("revoked", Float),
    Column("per_minute", Integer, nullable=False),  # requests; 0: no limit
    Column("storage", BigInteger, nullable=False),  # bytes of uploads; 0: no limit
)

sessions = Table(
    "session",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("key", ID, ForeignKey("api_key.id"), nullable=False),
    Column("expires", Float, nullable=False),
)

deliveries = Table(
    "delivery",
    metadata,
    Column("id", ID, primary_key=True),
    Column("job", ID, nullable=False, index=True),
    Column("owner", ID, nullable=False),
    Column("url", Text, nullable=False),
    Column("state", String(16), nullable=False),  # waiting, delivered, given-up
    Column("attempts", Integer, nullable=False),
    Column("next_at", Float, nullable=False),
    Column("error", Text, nullable=False),
    Index("ix_delivery_state_next_at", "state", "next_at"),
)

workers = Table(
    "worker",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("slots", Integer, nullable=False),
    Column("seen", Float, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String(40), nullable=False),
    Column("actor", ID, nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
)
