"""Shown owns how commands print: JSON of messages, tables for people, amounts as `2500.50 KES`."""

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import typer
from google.protobuf.message import Message
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli.visible import visible

if TYPE_CHECKING:
    from google.type.money_pb2 import Money

_LEAST_PLACES = 2


def as_json(value: Message | dict[str, Any] | list[Any]) -> None:
    """Print a message or plain data as JSON on one line."""
    typer.echo(json.dumps(_plain(value) if isinstance(value, Message) else value, ensure_ascii=False))


def _plain(message: Message) -> dict[str, Any]:
    from google.protobuf.json_format import (
        MessageToDict,
    )  # takes a tenth of a second, for commands that talk to services

    return MessageToDict(message, preserving_proto_field_name=True)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> RenderableType:
    """Return a table of text under its title; values are shown as they are, never read as markup or commands."""
    drawn = Table(header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(_text(value) for value in row))
    return Group(_text(title, "italic"), drawn)


def _text(value: object, style: str = "") -> Text:
    return Text(visible(str(value)), style)


def output() -> Console:
    """Return the console of results: stdout, wide enough for tables where it is no terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=140)


def money(amount: "Money") -> str:
    """Return an amount as `2500.50 KES`, exactly."""
    exact = Decimal(amount.units) + Decimal(amount.nanos).scaleb(-9)
    text = format(exact.normalize(), "f")
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(_LEAST_PLACES, '0')} {amount.currency_code}"
