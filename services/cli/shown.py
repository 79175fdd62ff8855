"""Shown owns how commands print: JSON of messages, tables for people, amounts as `2500.50 KES`."""

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.type.money_pb2 import Money
from rich.console import Console
from rich.table import Table
from rich.text import Text

_LEAST_PLACES = 2


def as_json(value: Message | dict[str, Any] | list[Any]) -> None:
    """Print a message or plain data as JSON on one line."""
    plain = MessageToDict(value, preserving_proto_field_name=True) if isinstance(value, Message) else value
    typer.echo(json.dumps(plain, ensure_ascii=False))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a table of text; values are shown as they are, never read as markup."""
    drawn = Table(title=Text(title), title_justify="left", header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(str(value)) for value in row))
    return drawn


def output() -> Console:
    """Return the console of results: stdout, wide enough for tables where it is no terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=140)


def money(amount: Money) -> str:
    """Return an amount as `2500.50 KES`, exactly."""
    exact = Decimal(amount.units) + Decimal(amount.nanos).scaleb(-9)
    text = format(exact.normalize(), "f")
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(_LEAST_PLACES, '0')} {amount.currency_code}"
