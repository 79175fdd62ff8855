"""The SQL of the tables and functions that every service has."""

from __future__ import annotations

from importlib import resources

NAMES = ("app_company", "idempotent_requests", "follower_cursors", "parked_changes")


def runtime_sql(name: str, service: str) -> str:
    """The DDL called `name` with the role names of the service filled in; it may hold several statements."""
    text = resources.files(__package__ or "").joinpath(f"{name}.sql").read_text(encoding="utf-8")
    return text.replace("{service}", service)
