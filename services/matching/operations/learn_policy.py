"""Learn policy owns what scans and trainings make of learned weights: a version of the policy, with its report."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.matching.domain.default_model import DEFAULT_MODEL
from services.matching.domain.model import Model
from services.matching.domain.policy import (
    FELLEGI_SUNTER,
    SCANNED,
    TRAINED,
    Policy,
    TrainingReport,
)
from services.matching.domain.scan import TRAINING, ScanJob
from services.matching.store import policies
from services.runtime.database import Transaction


def learns(job: ScanJob, policy: Policy) -> bool:
    """Return whether the scan learns: every training does, a scan where its policy says so."""
    return job.purpose == TRAINING or policy.learns


def start(job: ScanJob, policy: Policy) -> Model:
    """Return the weights to begin with: learning begins with the shipped ones, whatever was learned before."""
    return DEFAULT_MODEL if learns(job, policy) else policy.model


def learned(job: ScanJob, begun_by: Policy, model: Model, report: Mapping[str, Any], customers: int) -> Policy:
    """Return the policy by which a scan has judged; the one that it began with where the weights are the same."""
    if job.purpose != TRAINING and _same_weights(model, begun_by.model):
        return begun_by
    said = report.get("model", {})
    return replace(
        begun_by,
        number=0,
        kind=FELLEGI_SUNTER,
        learns=job.purpose != TRAINING,
        origin=TRAINED if job.purpose == TRAINING else SCANNED,
        model=replace(model, version=""),
        created_by=job.asked_by or "matching",
        created_at=None,
        report=TrainingReport(
            rounds=int(said.get("rounds", 0)),
            customers=customers,
            pairs=int(report.get("compared_pairs", 0)),
            expected_matches=float(said.get("expected_matches", 0.0)),
            kept=dict(said.get("kept_from_shipped", {})),
        ),
    )


def keep(tx: Transaction, begun_by: Policy, judged_by: Policy) -> Policy:
    """Return the version that a scan has judged by, made where there was none. It says what survives as it is now."""
    if judged_by is begun_by:
        return begun_by
    unchanged = policies.lock_current(tx) == begun_by.number
    return policies.add(tx, _surviving_as_now(tx, judged_by), use=unchanged)


def keep_training(tx: Transaction, job: ScanJob, trained: Policy) -> Policy:
    """Return what a training has learned, as the version in use unless it was a dry run."""
    if job.dry_run:
        return trained
    policies.lock_current(tx)
    return policies.add(tx, _surviving_as_now(tx, trained))


def _surviving_as_now(tx: Transaction, policy: Policy) -> Policy:
    """Return a learned policy with the survivorship of the version in use: nothing that was set is learned away."""
    return replace(policy, survivorship=policies.rules_in_force(tx).survivorship)


def _same_weights(one: Model, other: Model) -> bool:
    return replace(one, version="") == replace(other, version="")
