"""Match keys owns the keys by which customers are found: numbers, each shared by those who may be the same."""

from collections.abc import Iterable

from services.runtime.database import Transaction

_DROP_KEYS = """
    DELETE FROM match_keys k USING unnest(%s::bigint[], %s::uuid[]) AS t (key, customer_id)
    WHERE k.company_id = (SELECT app_company()) AND k.key = t.key AND k.customer_id = t.customer_id
"""
_ADD_KEYS = """
    INSERT INTO match_keys (company_id, key, customer_id)
    SELECT (SELECT app_company()), t.key, t.customer_id FROM unnest(%s::bigint[], %s::uuid[]) AS t (key, customer_id)
    ON CONFLICT DO NOTHING
"""
_HOLDERS = """
    SELECT a.key, (SELECT count(*) FROM (SELECT FROM match_keys k
        WHERE k.company_id = (SELECT app_company()) AND k.key = a.key LIMIT %s) AS held)
    FROM unnest(%s::bigint[]) AS a (key)
"""

KeyChange = tuple[str, Iterable[int]]


def drop_keys(tx: Transaction, gone: Iterable[KeyChange]) -> None:
    """Take keys from customers."""
    _change_keys(tx, _DROP_KEYS, gone)


def add_keys(tx: Transaction, new: Iterable[KeyChange]) -> None:
    """Give keys to customers."""
    _change_keys(tx, _ADD_KEYS, new)


def holders(tx: Transaction, keys: Iterable[int], most: int) -> dict[int, int]:
    """Return how many customers have each key, counted to `most`."""
    return dict(tx.execute(_HOLDERS, (most, array_text(keys))).fetchall())


def array_text(values: Iterable[int | str]) -> str:
    """Return numbers or ids as an array in PostgreSQL's own text; psycopg looks at each for something to escape."""
    return "{" + ",".join(map(str, values)) + "}"


def _change_keys(tx: Transaction, sql: str, changes: Iterable[KeyChange]) -> None:
    pairs = sorted((key, customer_id) for customer_id, keys in changes for key in keys)
    if pairs:
        tx.execute(sql, (array_text(key for key, _ in pairs), array_text(customer_id for _, customer_id in pairs)))
