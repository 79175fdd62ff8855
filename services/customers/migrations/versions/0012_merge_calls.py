"""What merges and undos read, each in one round trip."""

from pathlib import Path

from services.runtime.migration import execute_script

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Each script of this revision, in the order of their names."""
    for script in sorted(_SQL.glob("0012_*.sql")):
        execute_script(script.read_text(encoding="utf-8"))


def downgrade() -> None:
    """Data that only the newer shape can hold would be lost."""
    raise RuntimeError("Restore a backup instead of going back.")
