"""A month's settlement as files: CSV, a spreadsheet, and what stands on its paper."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import IO

import xlsxwriter

from refund.core.calendar import SHANGHAI
from refund.core.errors import Refused
from refund.core.ids import group_form_number
from refund.core.money import format_yuan
from refund.core.settlement import NO_TOTALS, SettledLine, Totals
from refund.core.tables import guard_cell
from refund.services.papers import SettlementLine, SettlementSheet, SettlementSum
from refund.services.settle import MonthPage

COLUMNS = (
    *("position", "form_number", "store_number", "store_zh", "store_en", "issued_on"),
    *("verified_on", "way", "correction", "sales", "refund", "fee", "net", "posted_at", "entry"),
)
"""The columns of both files; sums are yuan, `posted_at` is the time of Shanghai."""

SUMS = (9, 10, 11, 12)
"""Where the columns of the sums stand."""

_TOTAL = "total"
_WIDTHS = (9, 20, 8, 28, 32, 12, 12, 14, 11, 16, 14, 14, 14, 21, 32)


def name_of(page: MonthPage, ending: str) -> str:
    """What a month's file is called: that it is simulated, and whether it is closed."""
    settlement = page.view.settlement
    number = f"{page.view.month}-draft" if settlement is None else settlement.number
    return f"SIMULATION-{number}.{ending}"


def csv_of(lines: Iterable[SettledLine]) -> Iterator[bytes]:
    """A month as CSV, piece by piece: byte order mark, CRLF, no cell that a spreadsheet runs."""
    yield "\ufeff".encode()
    yield _written(COLUMNS)
    total = NO_TOTALS
    for line in lines:
        total += line.totals
        yield _written(_cells(line))
    yield _written(["", _TOTAL, *[""] * 7, *_yuan(total), "", ""])


def _written(cells: Iterable[str]) -> bytes:
    row = io.StringIO(newline="")
    csv.writer(row, lineterminator="\r\n").writerow([guard_cell(cell) for cell in cells])
    return row.getvalue().encode()


def _cells(line: SettledLine) -> list[str]:
    return [
        str(line.position),
        group_form_number(line.form_number),
        str(line.store_number),
        line.store_zh,
        line.store_en,
        line.issue_day.isoformat(),
        "" if line.verified_on is None else line.verified_on.isoformat(),
        line.way,
        "yes" if line.is_correction else "",
        *_yuan(line.totals),
        _moment(line),
        line.entry_key,
    ]


def _moment(line: SettledLine) -> str:
    return line.posted_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def _yuan(totals: Totals) -> list[str]:
    return [format_yuan(fen).replace(",", "") for fen in _sums(totals)]


def _sums(totals: Totals) -> tuple[int, int, int, int]:
    return totals.sales_fen, totals.gross_fen, totals.fee_fen, totals.net_fen


def xlsx_into(file: IO[bytes], lines: Iterable[SettledLine]) -> None:
    """Write a month as XLSX, one row at a time; texts are never formulas, sums are numbers."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True})
        money = book.add_format({"num_format": "#,##0.00"})
        bold_money = book.add_format({"num_format": "#,##0.00", "bold": True})
        sheet = book.add_worksheet("结算申报 SIMULATION 模拟")
        sheet.freeze_panes(1, 0)
        for place, width in enumerate(_WIDTHS):
            sheet.set_column(place, place, width)
        for place, word in enumerate(COLUMNS):
            sheet.write_string(0, place, word, bold)
        row, total = 0, NO_TOTALS
        for row, line in enumerate(lines, 1):
            total += line.totals
            sums = dict(zip(SUMS, _sums(line.totals), strict=True))
            for place, cell in enumerate(_cells(line)):
                if place in sums:
                    # Exact to the fen: a double holds every sum below 90 trillion yuan.
                    sheet.write_number(row, place, sums[place] / 100, money)
                elif place in (0, 2):
                    sheet.write_number(row, place, int(cell))
                else:
                    sheet.write_string(row, place, cell)
        sheet.write_string(row + 1, 1, _TOTAL, bold)
        for place, fen in zip(SUMS, _sums(total), strict=True):
            sheet.write_number(row + 1, place, fen / 100, bold_money)


def sheet_of(page: MonthPage, lines: Iterable[SettledLine]) -> SettlementSheet:
    """What stands on the paper of a closed month.

    Raises:
        Refused: `month_not_closed`.
    """
    settlement = page.view.settlement
    if settlement is None:
        raise Refused("month_not_closed", month=str(page.view.month))
    return SettlementSheet(
        number=settlement.number,
        month=settlement.month.first_day,
        lines=tuple(_on_paper(line) for line in lines),
        totals=tuple(_sum(way, totals) for way, totals in page.by_way.items()),
        total=_sum("total", settlement.totals),
        closed_at=settlement.closed_at,
        closed_by=page.names.get(settlement.closed_by, settlement.closed_by),
        digest=settlement.digest,
    )


def _sum(way: str, totals: Totals) -> SettlementSum:
    return SettlementSum(way, totals.line_count, *_sums(totals))


def _on_paper(line: SettledLine) -> SettlementLine:
    return SettlementLine(
        form_number=line.form_number,
        store_zh=line.store_zh,
        store_en=line.store_en,
        issued_on=line.issue_day,
        verified_on=line.verified_on,
        sales_fen=line.sales_fen,
        gross_fen=line.gross_fen,
        fee_fen=line.fee_fen,
        net_fen=line.net_fen,
        way=line.way,
        is_correction=line.is_correction,
    )
