"""Companies owns the settings that matching mirrors, the passes of the feed, and what upkeep has reached."""

from dataclasses import dataclass

from services.runtime.database import Database, Transaction

DEFAULT_REGION = "US"

_REGION = "SELECT region FROM companies WHERE company_id = (SELECT app_company())"
_ENSURE = """
    INSERT INTO companies (company_id, derivation, swept_generation)
    VALUES (app_company(), %s || '/US', (SELECT coalesce(max(generation), 0) FROM feed_passes))
    ON CONFLICT (company_id) DO NOTHING
"""
_SETTINGS = """
    UPDATE companies SET region = %s, epoch = %s, revision = %s
    WHERE company_id = (SELECT app_company()) AND (epoch <> %s OR revision < %s)
"""
_UPKEEP = """
    SELECT region, derivation, derivation_wanted, derived_to::text AS derived_to, swept_generation,
           (SELECT coalesce(max(done_generation), 0) FROM feed_passes) AS done_generation
    FROM companies WHERE company_id = (SELECT app_company()) FOR UPDATE OF companies
"""
_DERIVED_TO = """
    UPDATE companies SET derivation_wanted = %s, derived_to = %s::uuid WHERE company_id = (SELECT app_company())
"""
_DERIVED = """
    UPDATE companies SET derivation = %s, derivation_wanted = '', derived_to = NULL
    WHERE company_id = (SELECT app_company())
"""
_JUDGED_BY = """
    SELECT policy_number, coalesce(listed_scan_id::text, '') FROM companies WHERE company_id = (SELECT app_company())
"""
_SWEPT = "UPDATE companies SET swept_generation = %s WHERE company_id = (SELECT app_company())"
_GENERATION = "SELECT generation FROM feed_passes WHERE name = %s"
_BEGIN_GENERATION = """
    INSERT INTO feed_passes AS p (name, generation) VALUES (%s, 1)
    ON CONFLICT (name) DO UPDATE SET generation = p.generation + 1
"""
_END_GENERATION = "UPDATE feed_passes SET done_generation = generation WHERE name = %s"
_TO_TEND = """
    SELECT c.company_id FROM companies c
    WHERE c.derivation <> %s || '/' || c.region
       OR c.swept_generation < (SELECT coalesce(max(p.done_generation), 0) FROM feed_passes p)
       OR EXISTS (SELECT 1 FROM regrouping r WHERE r.company_id = c.company_id)
       OR EXISTS (SELECT 1 FROM scans s WHERE s.company_id = c.company_id AND s.ended_at IS NOT NULL AND NOT s.cleared)
    ORDER BY c.company_id LIMIT 1000
"""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """How far upkeep is with a company, and how far it should be."""

    region: str
    derivation: str
    derivation_wanted: str
    derived_to: str | None
    swept_generation: int
    done_generation: int


def region_of(tx: Transaction, rules: str) -> str:
    """Return the company's region; a company that is seen for the first time gets its row."""
    region = tx.value(_REGION)
    if region is None:
        tx.execute(_ENSURE, (rules,))
        region = tx.value(_REGION)
    return str(region)


def known_region(tx: Transaction) -> str:
    """Return the company's region; the default one for a company that was never seen."""
    return tx.value(_REGION) or DEFAULT_REGION


def follow_settings(tx: Transaction, region: str, epoch: str, revision: int) -> None:
    """Take over newer settings."""
    tx.execute(_SETTINGS, (region, epoch, revision, epoch, revision))


def upkeep_of(tx: Transaction) -> Upkeep | None:
    """Return how far upkeep is, the row locked."""
    row = tx.row(_UPKEEP)
    return Upkeep(**row) if row else None


def note_derived_to(tx: Transaction, wanted: str, customer_id: str | None) -> None:
    """Note how far the pass to a derivation is."""
    tx.execute(_DERIVED_TO, (wanted, customer_id))


def note_derived(tx: Transaction, derivation: str) -> None:
    """Note that all records are derived so."""
    tx.execute(_DERIVED, (derivation,))


def judged_by(tx: Transaction) -> tuple[int, str]:
    """Return the number of the policy in use and the listed scan; 0 and '' where the company has none."""
    found = tx.execute(_JUDGED_BY).fetchone()
    return (found[0], found[1]) if found else (0, "")


def note_swept(tx: Transaction, generation: int) -> None:
    """Note that what the pass has not seen is gone."""
    tx.execute(_SWEPT, (generation,))


def generation_of(tx: Transaction, follower: str) -> int:
    """Return the pass of the feed that is under way or was the last."""
    return tx.value(_GENERATION, (follower,)) or 0


def begin_pass(database: Database, follower: str) -> None:
    """Note that a pass over everything begins."""
    with database.connection() as connection:
        connection.execute(_BEGIN_GENERATION, (follower,))


def end_pass(tx: Transaction, follower: str) -> None:
    """Note that the pass over everything has ended: what it has not seen is gone."""
    tx.execute(_END_GENERATION, (follower,))


def companies_to_tend(upkeep: Database, rules: str) -> list[str]:
    """Return the companies with something to derive anew or to sweep; asked as the upkeep role."""
    with upkeep.connection() as connection:
        return [row[0] for row in connection.execute(_TO_TEND, (rules,)).fetchall()]
