"""`refund settle`: a month's settlement, shown, closed once, and written to files."""

from pathlib import Path

import click

from refund.cli.opened import opened, settings
from refund.cli.output import json_option, print_json, print_table
from refund.cli.progress import shown
from refund.core.ids import group_form_number
from refund.core.money import format_yuan
from refund.core.settlement import SettledLine, Totals, read_month
from refund.ports import Ports
from refund.services.settle import MonthPage, close_month, lines_of, month_page
from refund.web.settlement_files import csv_of, xlsx_into

ACTOR = "command:settle"
"""How a closed month names this command."""

_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command()
@click.argument("month", metavar="MONTH")
@click.option("--close", is_flag=True, help="Close the month, once and for good.")
@click.option("--csv", "csv_file", type=_FILE, help="Write the lines to a CSV file.")
@click.option("--xlsx", "xlsx_file", type=_FILE, help="Write the lines to a spreadsheet.")
@json_option
def settle(
    *, month: str, close: bool, csv_file: Path | None, xlsx_file: Path | None, as_json: bool
) -> None:
    """Show what a month claims of the treasury, such as 2025-07; with --close, settle it.

    A month is closed when it is over and the months before it are closed, and only if its lines
    equal the ledger to the fen.
    """
    asked = read_month(month)
    with opened(settings()) as wired:
        if close:
            with shown(f"closing {asked}"):
                close_month(wired.ports, ACTOR, asked)
        found = month_page(wired.ports, asked, 0, 0)
        if csv_file is not None:
            with csv_file.open("wb") as file:
                file.writelines(csv_of(lines_of(wired.ports, asked)))
        if xlsx_file is not None:
            with xlsx_file.open("wb") as file:
                xlsx_into(file, lines_of(wired.ports, asked))
        if as_json:
            lines = [_plain_line(line) for line in lines_of(wired.ports, asked)]
            print_json({**_plain(found), "lines": lines})
        else:
            _print(wired.ports, found)


def _plain(found: MonthPage) -> dict[str, object]:
    view, settlement = found.view, found.view.settlement
    return {
        "month": str(view.month),
        "state": view.state.value,
        "due_on": view.due_on,
        "is_overdue": view.is_overdue,
        "number": None if settlement is None else settlement.number,
        "closed_at": None if settlement is None else settlement.closed_at,
        "digest": None if settlement is None else settlement.digest,
        "total": _plain_totals(found.total),
        "by_store": {str(one.store_number): _plain_totals(one.totals) for one in found.by_store},
        "by_way": {way: _plain_totals(totals) for way, totals in found.by_way.items()},
        "settled_fen": found.settled_fen,
        "ledger_fen": found.ledger_fen,
        "paid_on": None if view.payment is None else view.payment.paid_on,
    }


def _plain_totals(totals: Totals) -> dict[str, int]:
    return {
        "lines": totals.line_count,
        "sales_fen": totals.sales_fen,
        "gross_fen": totals.gross_fen,
        "fee_fen": totals.fee_fen,
        "net_fen": totals.net_fen,
    }


def _plain_line(line: SettledLine) -> dict[str, object]:
    return {
        "position": line.position,
        "entry": line.entry_key,
        "form_number": line.form_number,
        "store_number": line.store_number,
        "issue_day": line.issue_day,
        "verified_on": line.verified_on,
        "way": line.way,
        "is_correction": line.is_correction,
        "posted_at": line.posted_at,
        **{name: fen for name, fen in _plain_totals(line.totals).items() if name != "lines"},
    }


def _print(ports: Ports, found: MonthPage) -> None:
    view, settlement = found.view, found.view.settlement
    due = f"settle by {view.due_on.isoformat()}{', OVERDUE' if view.is_overdue else ''}"
    number = due if settlement is None else f"{settlement.number}, digest {settlement.digest}"
    click.echo(f"{view.month}: {view.state.value}; {number}")
    agree = "equal" if found.settled_fen == found.ledger_fen else "DIFFERENT"
    settled, ledger = format_yuan(found.settled_fen), format_yuan(found.ledger_fen)
    click.echo(f"claimed till its end: {settled}, by the ledger: {ledger}: {agree}")
    columns = ["form", "store", "issued", "verified", "way", "sales", "refund", "fee", "net"]
    rows: list[list[object]] = [
        [
            group_form_number(line.form_number),
            line.store_number,
            line.issue_day,
            line.verified_on,
            f"{line.way} (correction)" if line.is_correction else line.way,
            *_yuan(line.totals),
        ]
        for line in lines_of(ports, view.month)
    ]
    print_table(columns, [*rows, ["total", "", "", "", "", *_yuan(found.total)]])


def _yuan(totals: Totals) -> list[str]:
    sums = (totals.sales_fen, totals.gross_fen, totals.fee_fen, totals.net_fen)
    return [format_yuan(fen) for fen in sums]
