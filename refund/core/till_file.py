"""The till's file: what a store sold, and to whom, so that no refund is forgotten."""

from dataclasses import dataclass
from datetime import date, datetime

from refund.core.calendar import parse_day
from refund.core.errors import Refused
from refund.core.invoice import read_invoice_number
from refund.core.money import parse_yuan
from refund.core.tables import Column, Problems, Row, scan_table

COLUMNS = (
    Column("invoice_number", chars_max=32),
    Column("day", chars_max=10),
    Column("amount", chars_max=20),
    Column("overseas", chars_max=10),
)
"""`day` as 2025-07-08, `amount` in yuan with the tax, `overseas` yes or no; in any order."""

LIMIT_BYTES = 900_000
LIMIT_ROWS = 10_000
OVERSEAS = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Sale:
    """One sale to an overseas traveller, as the till has it."""

    invoice_number: str
    day: date
    amount_fen: int


@dataclass(frozen=True, slots=True)
class TillFile:
    """A file as it was read: all its rows, and those that could be a refund."""

    rows: int
    overseas: tuple[Sale, ...]


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that a store handed in before."""

    file_id: str
    file_name: str
    rows: int
    overseas: int
    read_at: datetime


def read_till_file(content: bytes, today: date) -> TillFile:
    """Read a till's file, whole or not at all.

    Raises:
        Refused: what `read_table` refuses; `file_bad_rows` for what is no invoice number, day or
            amount, for a day that has not come, and for an invoice that is there twice.
    """
    problems = Problems()
    lines: dict[str, int] = {}
    overseas: list[Sale] = []
    rows = scan_table(content, COLUMNS, problems, limit_bytes=LIMIT_BYTES, limit_rows=LIMIT_ROWS)
    for row in rows:
        sale, is_overseas = _read_row(row, problems, today)
        if sale is None:
            continue
        if sale.invoice_number in lines:
            first = lines[sale.invoice_number]
            problems.add(row.line, "invoice_number", "row_doubled", first_line=first)
        lines.setdefault(sale.invoice_number, row.line)
        if is_overseas:
            overseas.append(sale)
    problems.refuse()
    return TillFile(len(lines), tuple(overseas))


def _read_row(row: Row, problems: Problems, today: date) -> tuple[Sale | None, bool]:
    before = problems.total
    number, day, amount_fen = "", today, 0
    try:
        number = read_invoice_number(row["invoice_number"], "invoice_number")
    except Refused as refused:
        problems.add(row.line, "invoice_number", refused.code, **refused.facts)
    try:
        day = parse_day(row["day"], "day")
        if day > today:
            problems.add(row.line, "day", "date_in_future")
    except Refused as refused:
        problems.add(row.line, "day", refused.code, **refused.facts)
    try:
        amount_fen = parse_yuan(row["amount"], "amount")
    except Refused as refused:
        problems.add(row.line, "amount", refused.code, **refused.facts)
    is_overseas = row["overseas"].lower()
    if is_overseas not in OVERSEAS:
        problems.add(row.line, "overseas", "choice_unknown", known=OVERSEAS)
    if problems.total > before:
        return None, False
    return Sale(number, day, amount_fen), is_overseas == "yes"
