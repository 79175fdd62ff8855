"""The record of customers, its history, the forest of merges and the change feed."""

from pathlib import Path

from services.runtime.migration import execute_script
from services.runtime.sql import runtime_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """What every service has first: policies of the others call app_company()."""
    for name in ("app_company", "idempotent_requests"):
        execute_script(runtime_sql(name, "customers"))
    execute_script((SQL / "0001_records.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """There is nothing before it."""
    raise RuntimeError("The first migration is undone by dropping the database.")
