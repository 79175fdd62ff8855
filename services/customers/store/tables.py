"""The columns that lists are built from, for SQLAlchemy Core."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = MetaData()

customers = Table(
    "customers",
    metadata,
    Column("company_id", Text),
    Column("customer_id", UUID(as_uuid=False)),
    Column("view", JSONB),
    Column("etag", Text),
    Column("revision", BigInteger),
    Column("state", Text),
    Column("facets", BigInteger),
    Column("consents", BigInteger),
    Column("name_sort", Text),
    Column("family_sort", Text),
    Column("email_sort", Text),
    Column("phone_sort", Text),
    Column("phone_national", Text),
    Column("created_by", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
    Column("last_interaction_time", DateTime(timezone=True)),
    Column("total_conversations", BigInteger),
)

customer_labels = Table(
    "customer_labels",
    metadata,
    Column("company_id", Text),
    Column("kind", Text),
    Column("label", Text),
    Column("facets", BigInteger),
    Column("customer_id", UUID(as_uuid=False)),
)
