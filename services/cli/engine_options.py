"""Engine options owns what the commands that run the engine on a file take: columns, threshold, memory, sources."""

import codecs
import re
from collections.abc import Mapping
from typing import Annotated

import typer

from services.cli.failures import BadInputFailure
from services.identity.phones import is_region
from services.matching.engine.api import Options

MapOption = Annotated[list[str] | None, typer.Option("--map", metavar="THEIRS=OURS", help="A column by another name.")]
IgnoreOption = Annotated[
    list[str] | None, typer.Option("--ignore", metavar="COLUMN", help="A column that is no evidence; may be repeated.")
]
RegionOption = Annotated[str, typer.Option(metavar="CC", help="Country of phones and dates without one.")]
ThresholdOption = Annotated[int, typer.Option(min=0, max=100, help="Confidence from which records are one.")]
MemoryOption = Annotated[
    str,
    typer.Option(
        help="Memory to keep to, such as 2GiB: records stay in it, about half a KB each; pairs beyond what is left"
        " wait in temporary files."
    ),
]
ThreadsOption = Annotated[int, typer.Option(min=0, help="Threads that score; 0 takes every core.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Seed of the samples that are learned from.")]
SourceOption = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Column that names the source, and is no evidence.")
]
EncodingOption = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="How CSV is encoded, such as cp1252. Default: UTF-8. A byte order mark goes first."
    ),
]
LinkOnlyOption = Annotated[bool, typer.Option(help="Link sources; no pair inside one.")]

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SMALLEST_MEMORY = 64 << 20


def engine_options(
    threshold: int, memory: str, threads: int, seed: int, source: str | None, link_only: bool
) -> Options:
    """Return the options as the engine takes them, or raise BadInputFailure."""
    if link_only and source is None:
        raise BadInputFailure("--link-only needs --source COLUMN to tell the sources apart")
    return Options(threshold=threshold, memory=memory_bytes(memory), threads=threads, seed=seed, link_only=link_only)


def region_of(region: str) -> str:
    """Return the country in capitals, or raise BadInputFailure."""
    if not is_region(region):
        raise BadInputFailure(f"--region {region}: not a two-letter country code")
    return region.upper()


def memory_bytes(text: str) -> int:
    """Read '2GiB', '500 MB' or a number of bytes."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", text.strip().lower())
    size = int(float(match[1]) * _UNITS[match[2]]) if match else 0
    if size < _SMALLEST_MEMORY:
        raise BadInputFailure(f"--memory {text}: expected a size of at least 64MiB, such as 2GiB")
    return size


def encoding_named(name: str) -> str:
    """Return an encoding as it is looked up, '' for none, or raise BadInputFailure."""
    try:
        "".encode(name or "utf-8")
        return codecs.lookup(name).name if name else ""
    except (LookupError, UnicodeError) as failure:
        raise BadInputFailure(f"--encoding {name}: no such encoding of text; expected one like cp1252") from failure


def mapping_of(pairs: list[str]) -> dict[str, str]:
    """Read 'theirs=ours' pairs."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        theirs, equals, ours = pair.rpartition("=")
        if not (theirs and equals and ours):
            raise BadInputFailure(f"--map {pair}: expected THEIRS=OURS")
        if mapping.setdefault(theirs.strip(), ours.strip()) != ours.strip():
            raise BadInputFailure(f"--map {pair}: '{theirs.strip()}' is mapped to {mapping[theirs.strip()]} already")
    return mapping


def ignored_of(columns: list[str] | None) -> list[str]:
    """Return the columns that are no evidence, each once."""
    return list(dict.fromkeys(column.strip() for column in columns or ()))


def refuse_useless(given: Mapping[str, object], why: str) -> None:
    """Refuse those options that were given though they would do nothing; `why` says what they need."""
    useless = [option for option, value in given.items() if not any(value is none for none in (None, False, ""))]
    if useless:
        raise BadInputFailure(f"{', '.join(useless)} would do nothing: {why}")
