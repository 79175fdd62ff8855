"""The settings of companies, as the feed told them."""

from services.analytics.domain.mirror import DEFAULT_TIME_ZONE, CompanyChange
from services.runtime.database import Transaction

TIME_ZONE = "SELECT time_zone FROM company_settings WHERE company_id = app_company()"
WRITE = """
INSERT INTO company_settings AS s (company_id, currency, time_zone, epoch, revision)
VALUES (app_company(), %(currency)s, %(time_zone)s, %(epoch)s, %(revision)s)
ON CONFLICT (company_id) DO UPDATE SET
    currency = excluded.currency, time_zone = excluded.time_zone, epoch = excluded.epoch,
    revision = excluded.revision
WHERE s.epoch <> excluded.epoch OR s.revision < excluded.revision
"""


def time_zone(tx: Transaction) -> str:
    """The time zone of the company of the transaction."""
    return str(tx.value(TIME_ZONE) or DEFAULT_TIME_ZONE)


def write_if_newer(tx: Transaction, epoch: str, change: CompanyChange) -> None:
    """Stores settings unless those stored are as new."""
    tx.execute(
        WRITE,
        {
            "currency": change.currency,
            "time_zone": change.time_zone,
            "epoch": epoch,
            "revision": change.revision,
        },
    )
