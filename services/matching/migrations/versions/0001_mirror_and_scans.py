"""The mirror of customers, their keys, scans and the groups that they find."""

from pathlib import Path

from services.runtime.migration import execute_script
from services.runtime.sql import NAMES, runtime_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """What every service has first: policies of the others call app_company()."""
    for name in NAMES:
        execute_script(runtime_sql(name, "matching"))
    for script in sorted(_SQL.glob("0001_*.sql")):
        execute_script(script.read_text(encoding="utf-8"))


def downgrade() -> None:
    """There is nothing before it."""
    raise RuntimeError("The first migration is undone by dropping the database.")
