"""Chosen columns owns which columns of a file are used, as which field of a customer, and which are left out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from services.cli.failures import BadInputFailure
from services.cli.further_headings import attribute_name, by_heading, further, unused
from services.cli.headings import Source, other_part, recognised
from services.matching.engine.record_files import SOURCE
from services.matching.engine.records import FIELDS

_ALIASES = {"identifier": "external_id"}
_IDENTIFYING = frozenset(FIELDS) - {"title", "suffix", "region", "country"}
_MOST_LISTED, _LONGEST_LISTED = 20, 40


@dataclass(frozen=True, slots=True)
class Chosen:
    """The columns for the id, each field of a customer and the source, and further ones by attribute."""

    used: dict[str, Source]
    left_out: Mapping[str, str]
    """Why each other column is not used, by its heading."""


def chosen_columns(
    path: Path,
    header: Sequence[str],
    mapping: Mapping[str, str],
    source: str | None,
    ignored: Collection[str],
    evidence: bool,
) -> Chosen:
    """Choose, or raise BadInputFailure. For `evidence` an age is a year of birth, and further columns are used too."""
    ignored = _headings(path, header, ignored)
    _refuse_unknown(path, header, mapping, ignored, source)
    kept = [name for name in header if name not in ignored]
    used = _fields(path, kept, mapping, source, evidence)
    if "id" not in used:
        unless = ", and leave it out of --ignore" if ignored else ""
        hint = f"name yours with --map THEIRS=id{unless}"
        raise BadInputFailure(f"{path}: line 1: no column 'id' among {listed(header)}; {hint}")
    if _IDENTIFYING.isdisjoint(used):
        raise BadInputFailure(
            f"{path}: line 1: no usable column among {listed(kept)}; expected some of {', '.join(FIELDS)}"
        )
    if source is not None:
        used[SOURCE] = Source((source,))
    taken = {*mapping, *(name for columns in used.values() for name in columns.columns)}
    others = further(header, taken, ignored) if evidence else unused(header, taken, ignored)
    return Chosen(used | others.columns, by_heading(header, others))


def listed(names: Iterable[str]) -> str:
    """Return headings as a list to read, of many the first ones, of long ones the beginning."""
    every = list(names)
    shown = (name if len(name) <= _LONGEST_LISTED else f"{name[:_LONGEST_LISTED]}..." for name in every)
    text = ", ".join(f"'{name}'" if "," in name or not name else name for name in islice(shown, _MOST_LISTED))
    return text if len(every) <= _MOST_LISTED else f"{text} and {len(every) - _MOST_LISTED:,} more"


def _refuse_unknown(
    path: Path, header: Sequence[str], mapping: Mapping[str, str], ignored: Collection[str], source: str | None
) -> None:
    """Refuse what the command line says of columns that are not there, or in two ways."""
    for theirs, wanted in mapping.items():
        if theirs not in header:
            raise BadInputFailure(f"{path}: line 1: no column '{theirs}' for --map {theirs}={wanted}")
        if wanted not in ("id", *FIELDS, *_ALIASES):
            raise BadInputFailure(f"--map {theirs}={wanted}: expected id or one of {', '.join(FIELDS)}")
        if theirs in ignored:
            raise BadInputFailure(f"--map {theirs}={wanted} and --ignore {theirs} contradict each other")
    if source is not None and source not in header:
        raise BadInputFailure(f"{path}: line 1: no column '{source}' for --source")


def _headings(path: Path, header: Sequence[str], ignored: Collection[str]) -> set[str]:
    """Return the headings of columns that are named as in the file, or else as a report names them."""
    found, missing = set[str](), list[str]()
    for asked in ignored:
        headings = {asked} & {*header} or {name for name in header if name and attribute_name(name) == asked}
        found |= headings
        missing += [] if headings else [f"'{asked}'"]
    if missing:
        columns = f"column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
        raise BadInputFailure(f"{path}: line 1: no {columns} for --ignore; the file has {listed(header)}")
    return found


def _fields(
    path: Path, header: Sequence[str], mapping: Mapping[str, str], source: str | None, ages: bool
) -> dict[str, Source]:
    named = _our_names(path, header, mapping)
    given = {field: column for field, column in named.items() if field in ("id", *FIELDS)}
    unnamed = [column for column in header if column not in mapping and column != source]
    found = recognised(unnamed, given, ages)
    ours = {**found, **{field: Source((column,)) for field, column in given.items()}}
    if given.get("name") not in mapping:
        ours = other_part(ours, found)
    used = {field: ours[field] for field in ("id", *FIELDS) if field in ours}
    if "street" not in used and not {"city", "postal_code"}.isdisjoint(used) and "address" in used:
        used["street"] = used.pop("address")  # what stands beside a column of places is no whole address
    return used


def _our_names(path: Path, header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the file's column for each of ours."""
    ours: dict[str, str] = {}
    for theirs in header:
        name = mapping.get(theirs, "" if theirs in mapping else theirs.strip().lower())
        name = _ALIASES.get(name, name)
        if name in ours and name in ("id", *FIELDS):
            mapped = theirs in mapping
            if mapped == (ours[name] in mapping):
                raise BadInputFailure(f"{path}: line 1: column '{name}' stands twice")
            if not mapped:
                continue
        ours[name] = theirs
    return ours
