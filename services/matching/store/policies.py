"""Policies owns the versions of a company's policy: written once, never changed, and which one is current."""

import json
from dataclasses import asdict
from typing import Any

from services.matching.domain.ladder import Ladder
from services.matching.domain.model import Comparison, Level, Model
from services.matching.domain.policy import (
    LADDER_KIND,
    SHIPPED_POLICY,
    Policy,
    TrainingReport,
    version_of,
)
from services.matching.domain.survivorship import SHIPPED_SURVIVORSHIP, RulesInForce, Survivorship
from services.runtime.database import Transaction

_COLUMNS = "number, kind, accept, reject, learns, origin, model, report, created_by, created_at, survivorship"
_GET = f"SELECT {_COLUMNS} FROM policies WHERE company_id = (SELECT app_company()) AND number = %s"
_CURRENT = "SELECT policy_number FROM companies WHERE company_id = (SELECT app_company())"
_RULES = """
    SELECT p.number, p.survivorship FROM policies p
    WHERE p.company_id = (SELECT app_company()) AND p.number = (
        SELECT policy_number FROM companies WHERE company_id = (SELECT app_company()))
"""
_LOCK_CURRENT = f"{_CURRENT} FOR UPDATE"
_ADD = f"""
    INSERT INTO policies (company_id, number, kind, accept, reject, learns, origin, model, report, created_by,
                          survivorship)
    SELECT (SELECT app_company()), coalesce(max(p.number), 0) + 1, %s, %s, %s, %s, %s, %s, %s, %s, %s
    FROM policies p WHERE p.company_id = (SELECT app_company())
    RETURNING {_COLUMNS}
"""
# A statement ends a moment after a lock would, so that it is the lock which is said to be held.
_PATIENCE = "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true)"
_TAKE_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('policy ' || (SELECT app_company()), 0))"
_USE = "UPDATE companies SET policy_number = %s WHERE company_id = (SELECT app_company())"


def get(tx: Transaction, number: int) -> Policy | None:
    """Return a version."""
    row = tx.row(_GET, (number,))
    return _policy(row) if row else None


def current(tx: Transaction) -> Policy:
    """Return the version in use; the shipped one where the company has set none."""
    return get(tx, tx.value(_CURRENT) or 0) or SHIPPED_POLICY


def rules_in_force(tx: Transaction) -> RulesInForce:
    """Return the survivorship of the version in use; reads none of its weights."""
    row = tx.row(_RULES)
    return rules_of(row["number"], row["survivorship"]) if row else rules_of(None, None)


def rules_of(number: int | None, survivorship: str | None) -> RulesInForce:
    """Return the survivorship of a version as it is stored; the shipped one where the company has set none."""
    if number is None:
        return RulesInForce(SHIPPED_POLICY.version, SHIPPED_SURVIVORSHIP)
    return RulesInForce(version_of(number), _survivorship(survivorship or ""))


def take_turn(tx: Transaction, patience_s: float) -> None:
    """Set policies one after the other; who waits for its turn holds nothing else that others wait for.

    So many seconds this transaction waits for any lock.
    """
    wait_ms = max(int(patience_s * 1000), 1)
    tx.execute(_PATIENCE, (str(wait_ms), str(wait_ms + 1000)))
    tx.execute(_TAKE_TURN)


def lock_current(tx: Transaction) -> int:
    """Return the number of the version in use, and let no other one be made before this transaction ends."""
    return tx.value(_LOCK_CURRENT) or 0


def add(tx: Transaction, wanted: Policy, *, use: bool = True) -> Policy:
    """Write the next version, and use it from now on; the caller holds the lock."""
    values = (wanted.kind, wanted.accept, wanted.reject, wanted.learns, wanted.origin)
    report = json.dumps(asdict(wanted.report)) if wanted.report else ""
    rules = json.dumps(asdict(wanted.survivorship))
    row = tx.row(_ADD, (*values, model_text(wanted.model), report, wanted.created_by, rules))
    assert row is not None
    if use:
        tx.execute(_USE, (row["number"],))
    return _policy(row)


def policy_text(policy: Policy) -> str:
    """Return a policy that was learned and may never be a version, as text."""
    fields = ("number", "kind", "accept", "reject", "learns", "origin", "created_by")
    report = asdict(policy.report) if policy.report else None
    kept = {name: getattr(policy, name) for name in fields}
    rules = json.dumps(asdict(policy.survivorship))
    read = {**kept, "model": asdict(policy.model), "report": report, "survivorship": rules}
    return json.dumps(read, ensure_ascii=False)


def policy_of(text: str) -> Policy:
    """Return the policy that was written as text."""
    read = json.loads(text)
    report = TrainingReport(**read.pop("report")) if read["report"] else read.pop("report")
    model, rules = _model(read["kind"], read.pop("model")), _survivorship(read.pop("survivorship", ""))
    return Policy(**read, model=model, report=report, survivorship=rules)


def model_text(model: Model) -> str:
    """Return all weights as text, without the version, which is that of the row."""
    return json.dumps(asdict(model), ensure_ascii=False)


def _policy(row: dict[str, Any]) -> Policy:
    model = _model(row["kind"], {**json.loads(row.pop("model")), "version": version_of(row["number"])})
    report, rules = row.pop("report"), _survivorship(row.pop("survivorship"))
    learned = TrainingReport(**json.loads(report)) if report else None
    return Policy(**row, model=model, report=learned, survivorship=rules)


def _survivorship(text: str) -> Survivorship:
    """Return the rules of a text; the shipped ones where it is empty."""
    if not text:
        return SHIPPED_SURVIVORSHIP
    read = json.loads(text)
    return Survivorship(read["rules"], read["default_rule"], tuple(read["priority"]))


def _model(kind: str, read: dict[str, Any]) -> Model:
    read["comparisons"] = tuple(
        Comparison(**{**one, "levels": tuple(Level(**level) for level in one["levels"])}) for one in read["comparisons"]
    )
    return Ladder(**read) if kind == LADDER_KIND else Model(**read)
