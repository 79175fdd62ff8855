"""Columns told owns telling what became of the further columns of a file, and why some were left out."""

from collections import defaultdict
from collections.abc import Mapping

from rich.console import Console

from services.cli.chosen_columns import listed
from services.cli.pictures.page import cell, html_table, row, value
from services.cli.shown import table
from services.matching.engine.api import Result

Columns = Mapping[str, str]
"""What became of each further column, by its heading or the attribute that it is."""

_TITLE, _HEAD = "Further columns of the file", ("what became of them", "columns")


def columns_of(result: Result) -> Columns:
    """Return the further columns of a scan, those that were compared first."""
    columns: dict[str, str] = result.report["model"]["columns"]
    return columns


def print_columns(console: Console, columns: Columns) -> None:
    """Print them, where there are any; of many the first ones."""
    if columns:
        rows = ((what, listed(names)) for what, names in _by_outcome(columns).items())
        console.print(table(_TITLE, _HEAD, rows))


def columns_html(columns: Columns) -> str:
    """Return the same for a page, all of them."""
    rows = (row(what, [cell(", ".join(map(value, names)))]) for what, names in _by_outcome(columns).items())
    return html_table(_TITLE, _HEAD, rows) if columns else ""


def _by_outcome(columns: Columns) -> dict[str, list[str]]:
    outcomes: defaultdict[str, list[str]] = defaultdict(list)
    for name, what in columns.items():
        outcomes[what].append(name)
    return outcomes
