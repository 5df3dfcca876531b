"""What a command prints: a table for people, lines for pipes, JSON for programs."""

import json
import sys
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

from refund.cli.refusals import AS_JSON

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """The option `--json`, given to the command as `as_json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON.", callback=_remember, is_eager=True
    )(command)


def print_json(value: object) -> None:
    """Print a value as JSON, with days and moments in ISO 8601."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_iso))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows: as a table to a terminal, else a line for each with tabs between."""
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for line in (columns, *cells):
            click.echo("\t".join(line))
        return
    table = Table(*columns)
    for line in cells:
        table.add_row(*line)
    Console(markup=False, highlight=False).print(table)


def _remember(context: click.Context, _option: click.Parameter, value: bool) -> bool:  # noqa: FBT001 - click's signature
    context.meta[AS_JSON] = value
    return value


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"not plain: {type(value).__name__}")
