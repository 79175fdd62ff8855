"""Numbers the passes over everything, and finds the companies that have something left unseen by one."""

from services.runtime.database import Database, Transaction

CURRENT = "SELECT generation FROM follower_passes WHERE name = %s"
BEGIN = """
INSERT INTO follower_passes AS p (name, generation) VALUES (%s, 1)
ON CONFLICT (name) DO UPDATE SET generation = p.generation + 1
RETURNING generation
"""
UNSEEN = "SELECT companies_with_unseen(%s)"


def current(database: Database, name: str) -> int:
    """The number of the pass that the follower is in or has done last."""
    with database.connection() as connection:
        found = connection.execute(CURRENT, (name,)).fetchone()
    return found[0] if found else begin(database, name)


def begin(database: Database, name: str) -> int:
    """The number of a new pass."""
    with database.connection() as connection:
        found = connection.execute(BEGIN, (name,)).fetchone()
    assert found is not None
    return int(found[0])


def companies_with_unseen(tx: Transaction, generation: int) -> list[str]:
    """The companies with customers that were not seen since the pass began."""
    return [row[0] for row in tx.execute(UNSEEN, (generation,))]
