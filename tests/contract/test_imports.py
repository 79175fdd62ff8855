"""Imports go one way: each layer may use what the table says, and nothing else."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("customers", "matching", "analytics")

# Made of values alone: failures, ids, change tokens.
VALUES = {"services.runtime.failures", "services.runtime.ids", "services.runtime.freshness"}
# `{s}` is the service that the file belongs to. A name stands for itself and everything below it.
MAY_IMPORT: dict[str, set[str]] = {
    "identity": {"services.identity", "phonenumbers", "email_validator", "nicknames"},
    "money": {"services.money", "services.runtime.failures"},
    "domain": {"services.{s}.domain", "services.identity", "services.money", "services.runtime.failures"},
    "engine": {
        "services.{s}.engine",
        "services.{s}.domain",
        "services.identity",
        "numpy",
        "rapidfuzz",
        "duckdb",
    },
    "store": {
        "services.{s}.store",
        "services.{s}.domain",
        "services.identity",
        "services.runtime.database",
        "services.runtime.core_sql",
        "sqlalchemy",
        "psycopg",
        *VALUES,
    },
    "operations": {
        "services.{s}.operations",
        "services.{s}.engine",
        "services.{s}.store",
        "services.{s}.domain",
        "services.runtime.database",
        "services.runtime.paging",
        *VALUES,
    },
    "convert": {"services.{s}.convert", "services.{s}.domain", "services.money", "patronage", "google", *VALUES},
    "servicer": {
        "services.{s}.servicer",
        "services.{s}.convert",
        "services.{s}.operations",
        "services.{s}.domain",
        "services.runtime",
        "patronage",
        "grpc",
    },
    "follower": {
        "services.{s}.follower",
        "services.{s}.convert",
        "services.{s}.operations",
        "services.{s}.domain",
        "services.runtime",
        "patronage",
        "grpc",
    },
    "migrations": {"services.runtime.migration", "services.runtime.sql", "alembic", "sqlalchemy"},
    # The files beside the layers (app, settings, access, upkeep, ...) put a service together.
    "app": {
        "services.{s}",
        "services.runtime",
        "patronage",
        "pydantic",
    },
    "runtime": {
        "services.runtime",
        "patronage.errors.v1",
        "alembic",
        "cryptography",
        "google",
        "grpc",
        "grpc_channelz",
        "grpc_health",
        "grpc_reflection",
        "jwt",
        "psycopg",
        "psycopg_pool",
        "pydantic",
        "pydantic_settings",
        "services.wire",
        "sqlalchemy",
        "structlog",
    },
    "client": {"services.client", "services.wire", "patronage", "google", "grpc"},
    # What a caller and a service have in common on a channel: the client brings it along, so it needs gRPC alone.
    "wire": {"services.wire", "grpc"},
    "cli": {
        "services.cli",
        "services.client",
        "services.local",
        "services.identity",
        "services.matching.engine",
        "services.matching.convert.answers",
        "patronage",
        "google",
        "grpc",
        "matplotlib",
        "rich",
        "typer",
    },
    "local": {"services.local", "services.runtime", "psycopg"},
}
ROOT_PACKAGE = {"local": "services"}  # to find the folder that its processes run in
NEVER_OF_THE_STANDARD_LIBRARY = {"domain": {"os", "time", "subprocess", "socket"}, "identity": {"os", "time"}}
LAYERS = ("domain", "engine", "store", "operations", "convert", "servicer", "follower", "migrations")


def layer_of(file: Path) -> tuple[str, str]:
    """The service and the layer of a file under services/."""
    first, *rest = file.relative_to(ROOT / "services").with_suffix("").parts
    if first not in SERVICES:
        return "", first
    return first, rest[0] if rest[0] in LAYERS else "app"


def imported(file: Path) -> Iterator[str]:
    """Every module that a file names in an import, with what it takes from it when that is a module too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            yield from (_taken(node.module or "", alias.name) for alias in node.names)


def _taken(module: str, name: str) -> str:
    below = ROOT.joinpath(*module.split("."), name)
    return f"{module}.{name}" if below.is_dir() or below.with_suffix(".py").is_file() else module


def is_allowed(module: str, layer: str, service: str) -> bool:
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return top not in NEVER_OF_THE_STANDARD_LIBRARY.get(layer, ())
    if module == ROOT_PACKAGE.get(layer):
        return True
    allowed = {name.replace("{s}", service) for name in MAY_IMPORT[layer]}
    return any(module == name or module.startswith(name + ".") for name in allowed)


def violations(file: Path) -> list[str]:
    service, layer = layer_of(file)
    where = file.relative_to(ROOT)
    return [f"{where} imports {m}" for m in imported(file) if not is_allowed(m, layer, service)]


def test_every_import_goes_the_one_way() -> None:
    files = [file for file in (ROOT / "services").rglob("*.py") if file != ROOT / "services" / "__init__.py"]
    assert files
    assert [line for file in files for line in violations(file)] == []


@pytest.mark.parametrize(
    ("module", "layer"),
    [
        ("grpc", "operations"),
        ("patronage.customers.v1.customer_pb2", "operations"),
        ("sqlalchemy", "operations"),
        ("services.customers.store", "convert"),
        ("services.customers.store", "servicer"),
        ("services.customers.operations", "store"),
        ("services.matching.domain", "operations"),
        ("services.customers.domain", "runtime"),
        ("patronage.customers.v1.customer_pb2", "runtime"),
        ("services.customers.operations", "cli"),
        ("services.matching.convert.scans", "cli"),
        ("services.runtime.failures", "client"),
        ("grpc_status", "client"),
        ("services.runtime.settings", "wire"),
        ("services.customers.app", "local"),
        ("services.runtime.database", "domain"),
        ("os", "domain"),
        ("time", "domain"),
        ("psycopg", "engine"),
        ("services.runtime.databases", "store"),
    ],
)
def test_the_table_forbids_what_the_design_forbids(module: str, layer: str) -> None:
    assert not is_allowed(module, layer, "customers")
