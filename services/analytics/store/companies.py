"""The settings of companies, as the feed told them."""

from services.analytics.domain.mirror import DEFAULT_CURRENCY, DEFAULT_TIME_ZONE, CompanyChange
from services.runtime.database import Transaction

TIME_ZONE = "SELECT time_zone FROM company_settings WHERE company_id = (SELECT app_company())"
CURRENCY = "SELECT currency FROM company_settings WHERE company_id = (SELECT app_company())"
MONTH_ZONE = "SELECT month_zone FROM company_settings WHERE company_id = (SELECT app_company())"
# A row that sales can hold, so that the zone of months does not change under them.
BEGIN = """
INSERT INTO company_settings (company_id, currency, time_zone, epoch, revision)
VALUES (app_company(), '', 'UTC', '', 0)
ON CONFLICT (company_id) DO NOTHING
"""
LOCK = "SELECT month_zone FROM company_settings WHERE company_id = (SELECT app_company()) FOR UPDATE"
WRITE = """
UPDATE company_settings s SET
    currency = %(currency)s, time_zone = %(time_zone)s, epoch = %(epoch)s, revision = %(revision)s,
    month_zone = coalesce((SELECT name FROM pg_timezone_names WHERE name = %(time_zone)s), 'UTC')
WHERE company_id = (SELECT app_company()) AND (s.epoch <> %(epoch)s OR s.revision < %(revision)s)
RETURNING month_zone
"""


def time_zone(tx: Transaction) -> str:
    """The time zone of the company of the transaction."""
    return str(tx.value(TIME_ZONE) or DEFAULT_TIME_ZONE)


def currency(tx: Transaction) -> str:
    """The currency of the company, or that which it has before it says another."""
    return str(tx.value(CURRENCY) or DEFAULT_CURRENCY)


def month_zone(tx: Transaction) -> str:
    """The time zone in which the company's days and months begin."""
    return str(tx.value(MONTH_ZONE) or DEFAULT_TIME_ZONE)


def begin(tx: Transaction) -> None:
    """Has settings of the company to hold, before it has a customer."""
    tx.execute(BEGIN)


def write_if_newer(tx: Transaction, epoch: str, change: CompanyChange) -> str | None:
    """Stores settings unless those stored are as new; the zone of months before, where it is another one now."""
    before = str(tx.value(LOCK))
    after = tx.value(
        WRITE,
        {
            "currency": change.currency,
            "time_zone": change.time_zone,
            "epoch": epoch,
            "revision": change.revision,
        },
    )
    return before if after is not None and after != before else None
