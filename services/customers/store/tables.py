"""The columns of `customers` that lists are built from, for SQLAlchemy Core."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import UUID

customers = Table(
    "customers",
    MetaData(),
    Column("company_id", Text),
    Column("customer_id", UUID(as_uuid=False)),
    Column("state", Text),
    Column("name_sort", Text),
    Column("email_sort", Text),
    Column("phone_sort", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
)
