"""Rows of the back office as files: CSV piece by piece, and a spreadsheet row by row."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import IO

import xlsxwriter

from refund.core.calendar import SHANGHAI
from refund.core.ids import group_form_number
from refund.core.money import format_yuan
from refund.core.tables import guard_cell
from refund.services.exports import COLUMNS, Asked, Cell, Kind

TOTAL = "total"
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_WIDTHS = {
    Kind.TEXT: 24,
    Kind.WHOLE: 12,
    Kind.YUAN: 16,
    Kind.DAY: 12,
    Kind.MOMENT: 21,
    Kind.FORM: 20,
}
ROWS_MAX = 1_048_575
"""Rows that a sheet holds below its heads; a spreadsheet of more is no spreadsheet."""


def name_of(asked: Asked, ending: str) -> str:
    """What a file is called: that it is simulated, what it holds, and of which days."""
    return f"SIMULATION-{asked.what.value}-{asked.first}-{asked.last}.{ending}"


def csv_of(asked: Asked, rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """A file as CSV: byte order mark, CRLF, no cell that a spreadsheet runs, the sums last."""
    columns = COLUMNS[asked.what]
    yield "\ufeff".encode()
    yield _line([name for name, _ in columns])
    totals = dict.fromkeys(_sums(columns), 0)
    for row in rows:
        _add(totals, row)
        yield _line([_text(cell, kind) for cell, (_, kind) in zip(row, columns, strict=True)])
    yield _line(
        [
            TOTAL if place == 0 else _text(totals[place], Kind.YUAN) if place in totals else ""
            for place in range(len(columns))
        ]
    )


def _sums(columns: Sequence[tuple[str, Kind]]) -> list[int]:
    return [place for place, (_, kind) in enumerate(columns) if kind is Kind.YUAN]


def _add(totals: dict[int, int], row: Sequence[Cell]) -> None:
    for place in totals:
        cell = row[place]
        totals[place] += cell if isinstance(cell, int) else 0


def _line(cells: Sequence[str]) -> bytes:
    row = io.StringIO(newline="")
    csv.writer(row, lineterminator="\r\n").writerow([guard_cell(cell) for cell in cells])
    return row.getvalue().encode()


def _text(cell: Cell, kind: Kind) -> str:
    if cell == "":
        return ""
    if isinstance(cell, datetime):
        return cell.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, date):
        return cell.isoformat()
    if kind is Kind.YUAN and isinstance(cell, int):
        return format_yuan(cell).replace(",", "")
    return group_form_number(str(cell)) if kind is Kind.FORM else str(cell)


def xlsx_into(file: IO[bytes], asked: Asked, rows: Iterable[Sequence[Cell]]) -> None:
    """Write a file as XLSX, one row at a time; texts are never formulas, sums are numbers."""
    columns = COLUMNS[asked.what]
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        bold = book.add_format({"bold": True})
        money = book.add_format({"num_format": "#,##0.00"})
        bold_money = book.add_format({"num_format": "#,##0.00", "bold": True})
        sheet = book.add_worksheet("SIMULATION 模拟")
        sheet.freeze_panes(1, 0)
        for place, (name, kind) in enumerate(columns):
            sheet.set_column(place, place, _WIDTHS[kind])
            sheet.write_string(0, place, name, bold)
        totals, number = dict.fromkeys(_sums(columns), 0), 0
        for number, row in enumerate(rows, 1):
            _add(totals, row)
            for place, (cell, (_, kind)) in enumerate(zip(row, columns, strict=True)):
                if kind is Kind.YUAN and isinstance(cell, int):
                    # Exact to the fen: a double holds every sum below 90 trillion yuan.
                    sheet.write_number(number, place, cell / 100, money)
                elif kind is Kind.WHOLE and isinstance(cell, int):
                    sheet.write_number(number, place, cell)
                else:
                    sheet.write_string(number, place, _text(cell, kind))
        sheet.write_string(number + 1, 0, TOTAL, bold)
        for place, fen in totals.items():
            sheet.write_number(number + 1, place, fen / 100, bold_money)
