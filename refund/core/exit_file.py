"""A file of departures, read line by line: what it says of itself, its rows, and what is wrong.

The first line names the columns. Two further lines are optional: `days,2025-07-01,2025-07-20`
before it says which days the file covers, as a name such as `exits_2025-07-01_2025-07-20.csv` does;
`total,1234` after the last row says how many there are, so that a file cut short is recognised.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import BinaryIO

from refund.core.calendar import day_of, parse_day, parse_moment
from refund.core.errors import Refused
from refund.core.places import read_port
from refund.core.tables import Column, Problems, Row, lines_of, scan_lines, write_table
from refund.core.traveller import DocumentKind, IdentityDocument, read_document

FILE_BYTES_MAX = 64 * 1024 * 1024
FILE_ROWS_MAX = 1_000_000
DAYS_MAX = 366
"""More days than this no file covers."""

COLUMNS = (
    Column("document_kind", chars_max=20),
    Column("document_number", chars_max=40),
    Column("port", chars_max=3),
    Column("exited_at", chars_max=40),
)
SAMPLE = (
    ("passport", "E00000017", "WUH", "2025-07-20T09:15:00+08:00"),
    ("hk_macao_permit", "H00000017", "WUH", "2025-07-20T11:40:00+08:00"),
    ("taiwan_permit", "00000017", "YIH", "2025-07-20T18:05:00+08:00"),
)
MARKS = ("days,2025-07-01,2025-07-20", "total,1234")
"""How the two optional lines look."""

_DAYS_IN_NAME = re.compile(
    r"(?<![0-9])([0-9]{4}-[0-9]{2}-[0-9]{2})(?:_to_|_|--|\.\.)([0-9]{4}-[0-9]{2}-[0-9]{2})(?![0-9])"
)
_PIECE_BYTES = 64 * 1024
_KINDS = tuple(kind.value for kind in DocumentKind)


def sample_file() -> bytes:
    """A file of departures as it should look; nobody has these documents."""
    return write_table([column.name for column in COLUMNS], SAMPLE)


@dataclass(frozen=True, slots=True)
class ExitLine:
    """One departure, read."""

    document: IdentityDocument
    port: str
    exited_at: datetime


@dataclass(frozen=True, slots=True)
class Days:
    """The days that a file says it covers, the first and the last included."""

    first: date
    last: date

    def __iter__(self) -> Iterator[date]:
        """Each day, in order."""
        count = (self.last - self.first).days + 1
        return (self.first + timedelta(days=n) for n in range(count))

    def __contains__(self, day: date) -> bool:
        """Whether a day is one of them."""
        return self.first <= day <= self.last


class ExitFile:
    """A file of departures; `rows` can be read once, and only then is it known whether it holds.

    Args:
        stream: the file, read from where it stands; it can be read again.
        name: as the person has it.
        now: no departure lies after it.

    Raises:
        Refused: `file_too_large`, `file_days_unreadable`, `date_in_future` when the days that it
            covers are still to come.
    """

    def __init__(self, stream: BinaryIO, name: str, now: datetime) -> None:
        self.name = name
        self.problems = Problems()
        self.count = 0
        self.days = _days_in_name(name)
        self._now = now
        self._stream = stream
        self._start = stream.tell()
        self._told: int | None = None
        self._seen: set[date] = set()
        self.digest = self._print_of_all()
        self._require_past()

    def _print_of_all(self) -> str:
        """The SHA-256 of the file, by which it is recognised."""
        found, size = hashlib.sha256(), 0
        while piece := self._stream.read(_PIECE_BYTES):
            size += len(piece)
            if size > FILE_BYTES_MAX:
                raise Refused("file_too_large", "file", limit_bytes=FILE_BYTES_MAX)
            found.update(piece)
        self._stream.seek(self._start)
        return found.hexdigest()

    def _require_past(self) -> None:
        if self.days is not None and self.days.last > day_of(self._now):
            raise Refused("date_in_future", "file")

    def rows(self) -> Iterator[tuple[int, ExitLine]]:
        """Each departure with the line that it stands on; what is wrong gathers in `problems`.

        Raises:
            Refused: `file_empty`, `file_too_large`, `file_not_utf8`, `file_bad_columns`,
                `file_days_unreadable`, `date_in_future`.
        """
        lines = self._without_marks()
        for row in scan_lines(lines, COLUMNS, self.problems, limit_rows=FILE_ROWS_MAX):
            line = self._read(row)
            if line is not None:
                yield row.line, line

    def require_whole(self) -> None:
        """Refuse a file of which anything is wrong, once all of its rows have been read.

        Raises:
            Refused: `file_bad_rows` or `file_formula` with every place; `file_truncated` when it
                has other than the told number of rows; `file_changed` when it is another file now.
        """
        self.problems.told.sort(key=lambda problem: problem.line)
        self.problems.refuse()
        if self._told is not None and self._told != self.count:
            raise Refused("file_truncated", "file", told=self._told, found=self.count)
        self._stream.seek(self._start)
        if self._print_of_all() != self.digest:
            raise Refused("file_changed", "file")

    @property
    def missing_days(self) -> tuple[date, ...]:
        """Days that the file covers, and that are over, on which it has no departure."""
        today = day_of(self._now)
        return tuple(day for day in self.days or () if day < today and day not in self._seen)

    def _without_marks(self) -> Iterator[tuple[int, bytes]]:
        """The lines of the table: what the file says of itself is kept apart, and rows counted."""
        began, ended = False, False
        for number, raw in lines_of(self._stream):
            cells = [cell.strip() for cell in raw.removeprefix(b"\xef\xbb\xbf").lower().split(b",")]
            is_blank = not any(cells)
            if not began and cells[0] == b"days":
                self.days = _days_in(raw)
                self._require_past()
            elif began and not ended and _is_total(cells):
                ended, self._told = True, _count_in(cells[1])
            elif ended and not is_blank:
                self.problems.add(number, "", "row_after_total")
            else:
                self.count += began and not is_blank
                began = began or not is_blank
                yield number, raw

    def _read(self, row: Row) -> ExitLine | None:
        if row["document_kind"] not in _KINDS:
            self.problems.add(row.line, "document_kind", "choice_unknown", known=_KINDS)
        line, refusals = read_exit(row.cells, row["exited_at"], self._now)
        for refused in refusals:
            self.problems.add(row.line, refused.field, refused.code, **refused.facts)
        if line is not None and self.days is not None:
            day = day_of(line.exited_at)
            self._seen.add(day)
            if day not in self.days:
                first, last = self.days.first, self.days.last
                self.problems.add(row.line, "exited_at", "day_not_covered", first=first, last=last)
        return line


def read_exit(
    cells: Mapping[str, str], moment: str, now: datetime
) -> tuple[ExitLine | None, list[Refused]]:
    """Read one departure.

    Returns:
        The departure, or None and every reason why it cannot be read.
    """
    problems: list[Refused] = []
    document, port, exited_at = None, None, None
    try:
        document = _read_document(cells)
    except Refused as refused:
        problems.append(refused)
    try:
        port = read_port(cells.get("port", ""), "port")
    except Refused as refused:
        problems.append(refused)
    try:
        exited_at = read_exit_moment(moment, now, "exited_at")
    except Refused as refused:
        problems.append(refused)
    if document is None or port is None or exited_at is None:
        return None, problems
    return ExitLine(document, port.code, exited_at), []


def _read_document(cells: Mapping[str, str]) -> IdentityDocument:
    kind = cells.get("document_kind", "")
    if not kind:
        raise Refused("field_missing", "document_kind")
    return read_document(kind, cells.get("document_number", ""), "document_number")


def read_exit_moment(text: str, now: datetime, field: str) -> datetime:
    """Read a moment of departure, which lies in the past.

    Raises:
        Refused: `date_unreadable`, `date_impossible`, `date_in_future`.
    """
    moment = parse_moment(text, field)
    if moment > now:
        raise Refused("date_in_future", field)
    return moment


def _days_in_name(name: str) -> Days | None:
    found = _DAYS_IN_NAME.search(name)
    return None if found is None else _days(*found.groups())


def _days_in(raw: bytes) -> Days:
    cells = raw.decode("utf-8-sig", "replace").strip().split(",")
    while len(cells) > 3 and not cells[-1]:
        cells.pop()
    if len(cells) != 3:
        raise Refused("file_days_unreadable", "file")
    return _days(cells[1], cells[2])


def _days(first: str, last: str) -> Days:
    try:
        days = Days(parse_day(first), parse_day(last))
    except Refused:
        raise Refused("file_days_unreadable", "file") from None
    if not timedelta(0) <= days.last - days.first < timedelta(days=DAYS_MAX):
        raise Refused("file_days_unreadable", "file")
    return days


def _is_total(cells: list[bytes]) -> bool:
    """Whether a line tells how many rows there are; a spreadsheet fills it up with empty cells."""
    return len(cells) > 1 and cells[0] == b"total" and not any(cells[2:])


def _count_in(cell: bytes) -> int:
    """How many rows the last line tells; what is no number is none that any file has."""
    return int(cell) if cell.isdigit() and len(cell) <= 9 else -1
