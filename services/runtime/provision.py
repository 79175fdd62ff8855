"""The roles and the database of a service, made by an administrator; what is there already stays."""

from __future__ import annotations

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

LOGIN_ROLES = ("owner", "runtime", "feed", "upkeep")
FINDER = "finder"
LONGEST_IDLE_IN_TRANSACTION = "60s"
"""Of whoever logs in as one of the roles and says nothing else: an open transaction that writes holds the feed back."""
_LOCK = "SELECT pg_advisory_lock(hashtextextended('patronage provision', 0))"


def provision(admin_url: str, service: str, *, role_password: str = "", database: str = "") -> str:
    """Make the roles and the database of a service; answers the name of the database.

    Owner migrates; runtime serves; feed and upkeep cross companies, each by policies of its own; finder owns
    the search functions and cannot log in. Everyone else is kept out of the database.
    """
    name = database or database_name(service)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(_LOCK)
        for role in LOGIN_ROLES:
            _make_role(admin, f"{service}_{role}", "LOGIN", role_password)
        _make_role(admin, f"{service}_{FINDER}", "NOLOGIN", "")
        _make_database(admin, name, f"{service}_owner")
        admit(admin, name, service)
    with psycopg.connect(_url(admin_url, dbname=name), autocommit=True) as inside:
        _open_schema(inside, service)
    return name


def admit(admin: psycopg.Connection, name: str, service: str) -> None:
    """Let the login roles of a service, and nobody else, into a database."""
    roles = sql.SQL(", ").join(sql.Identifier(f"{service}_{role}") for role in LOGIN_ROLES)
    database = sql.Identifier(name)
    admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    admin.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(database, roles))


def database_name(service: str) -> str:
    """The usual name of a service's database."""
    return f"patronage_{service}"


def role_url(admin_url: str, service: str, role: str, *, password: str = "", database: str = "") -> str:
    """The connection string of one of LOGIN_ROLES of the service, on the server of the administrator."""
    name = database or database_name(service)
    return _url(admin_url, dbname=name, user=f"{service}_{role}", password=password or None)


def _make_role(admin: psycopg.Connection, role: str, login: str, password: str) -> None:
    exists = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    if not exists:
        statement = "CREATE ROLE {} {} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
        admin.execute(sql.SQL(statement).format(sql.Identifier(role), sql.SQL(login)))
        limit = "ALTER ROLE {} SET idle_in_transaction_session_timeout = {}"
        admin.execute(sql.SQL(limit).format(sql.Identifier(role), sql.Literal(LONGEST_IDLE_IN_TRANSACTION)))
    if password:
        # Sent as its hash, which is all that PostgreSQL keeps: its log and its list of sessions show statements.
        hashed = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(hashed)))


def _make_database(admin: psycopg.Connection, name: str, owner: str) -> None:
    # An administrator who is no superuser must belong to the owner to give it something.
    who = sql.Identifier(owner)
    admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(who))
    if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
        admin.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name), who)
        )
    admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(name), who))


def _open_schema(inside: psycopg.Connection, service: str) -> None:
    # The owner hands functions over to the finder, which needs both: membership, and CREATE for the finder.
    owner, finder = sql.Identifier(f"{service}_owner"), sql.Identifier(f"{service}_{FINDER}")
    inside.execute(sql.SQL("GRANT {} TO {}").format(finder, owner))
    inside.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(finder))


def _url(admin_url: str, **changes: str | None) -> str:
    return make_conninfo("", **{**conninfo_to_dict(admin_url), **changes})
