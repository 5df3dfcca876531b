"""CSV files, read strictly and written so that no spreadsheet runs what a cell says.

The policy of the reading, the same for every file that a person gives us:

- UTF-8, with or without a byte order mark; comma between cells; one row is one line of the file,
  so a line break inside quotes is refused, and every line number is the one an editor shows.
- Each column of the first line is known, and there once; the order is free.
- A cell that begins with `=`, `+`, `-`, `@` (or their full-width forms), a tab or a carriage
  return is a formula to a spreadsheet and is refused. A column with `signed=True` takes plain
  signed numbers and telephone numbers (`-12.50`, `+86 27 0000 0001`) and nothing else of the kind.
- Spaces around a cell are dropped; a line whose cells are all empty is passed over.
- Every problem is counted, the first fifty are told, and nothing is returned while there is one.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from refund.core.errors import Refused

TOLD_MAX = 50
NAME_CHARS_MAX = 60
LINE_CHARS_MAX = 65_536
LINE_BYTES_MAX = 4 * LINE_CHARS_MAX + 2

_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
_SPACES = " \u00a0\u3000"
_SIGNED = re.compile(r"[+-][0-9](?:[0-9 .()-]*[0-9])?", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Column:
    """What a file promises of one column.

    Args:
        name: as it stands in the first line; compared without regard to case.
        required: the column must be there; a column that is not reads as empty.
        filled: an empty cell is a problem.
        signed: plain signed numbers and telephone numbers may begin with `+` or `-`.
    """

    name: str
    required: bool = True
    filled: bool = True
    signed: bool = False
    chars_max: int = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line of the file that it stands on, and a cell for every column asked for."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells[name]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong at one place: a code of REFUSALS; a column of "" means all the row."""

    line: int
    column: str
    code: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def plain(self) -> dict[str, object]:
        """Show the problem in the plain values that a page or a JSON answer is made of."""
        return {
            "line": self.line,
            "column": self.column,
            "code": self.code,
            "facts": dict(self.facts),
        }


@dataclass(slots=True)
class Problems:
    """Collects what is wrong with a file, so that it is said all at once; counts all, keeps 50."""

    told: list[RowProblem] = field(default_factory=list)
    total: int = 0
    formulas: int = 0
    _line: int = 0
    _columns: set[str] = field(default_factory=set)

    def add(self, line: int, column: str, code: str, **facts: object) -> None:
        """Note what is wrong at a line and a column ("" for all the row); the first word stands."""
        problem = RowProblem(line, column, Refused(code, column, **facts).code, facts)
        if line != self._line:
            self._line = line
            self._columns.clear()
        if column in self._columns:
            return
        self._columns.add(column)
        self.total += 1
        self.formulas += code == "file_formula"
        if len(self.told) < TOLD_MAX:
            self.told.append(problem)

    def refuse(self) -> None:
        """Refuse the file when anything was noted.

        Raises:
            Refused: `file_formula` when formulas are all there is, else `file_bad_rows`; facts are
                `problems` (plain), `total`, and `line` and `column` of the first.
        """
        if not self.total:
            return
        code = "file_formula" if self.formulas == self.total else "file_bad_rows"
        raise Refused(
            code,
            problems=[problem.plain() for problem in self.told],
            total=self.total,
            line=self.told[0].line,
            column=self.told[0].column,
        )


def read_table(
    content: bytes, columns: Sequence[Column], *, limit_bytes: int, limit_rows: int
) -> list[Row]:
    """Read a whole file or refuse it whole.

    Raises:
        Refused: `file_empty`, `file_too_large`, `file_not_utf8`, `file_bad_columns`,
            `file_formula`, `file_bad_rows`.
    """
    problems = Problems()
    rows = list(
        scan_table(content, columns, problems, limit_bytes=limit_bytes, limit_rows=limit_rows)
    )
    problems.refuse()
    return rows


def scan_table(
    content: bytes,
    columns: Sequence[Column],
    problems: Problems,
    *,
    limit_bytes: int,
    limit_rows: int,
) -> Iterator[Row]:
    """Yield the rows one by one and note what is wrong, for a caller with checks of its own.

    A row with a bad cell comes too, so that its other cells can be judged; one that has too few or
    too many cells does not. Nothing may be kept unless `problems.refuse()` lets it pass at the end.

    Raises:
        Refused: what concerns the file and not a row, as `read_table` says.
    """
    if len(content) > limit_bytes:
        raise Refused("file_too_large", limit_bytes=limit_bytes, size_bytes=len(content))
    yield from scan_lines(lines_of(io.BytesIO(content)), columns, problems, limit_rows=limit_rows)


def scan_lines(
    lines: Iterable[tuple[int, bytes]],
    columns: Sequence[Column],
    problems: Problems,
    *,
    limit_rows: int,
) -> Iterator[Row]:
    """The same of numbered lines as they come, so that a file of any size takes little memory.

    Raises:
        Refused: what concerns the file and not a row, as `read_table` says.
    """
    header: list[str] | None = None
    count = 0
    for line, text in _decoded(lines):
        cells = _split(text)
        if cells is not None and not any(cell.strip(_SPACES) for cell in cells):
            continue
        if header is None:
            header = _read_header(cells, columns)
            continue
        count += 1
        if count > limit_rows:
            raise Refused("file_too_large", limit_rows=limit_rows)
        row = _read_row(line, cells, header, columns, problems)
        if row is not None:
            yield row
    if not count:
        raise Refused("file_empty")


def guard_cell(text: str) -> str:
    """Make a text that a spreadsheet shows and never runs; plain numbers stay as they are."""
    if text.lstrip(_SPACES).startswith(_FORMULA_STARTS) or text.startswith(_FORMULA_STARTS):
        return text if _NUMBER.fullmatch(text) else f"'{text}"
    return text


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Write a CSV file that spreadsheets open as UTF-8: byte order mark, CRLF, guarded cells."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow([guard_cell(name) for name in columns])
    writer.writerows([guard_cell(cell) for cell in row] for row in rows)
    return sheet.getvalue().encode("utf-8-sig")


def lines_of(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Number the lines of a file from 1; of an endless one no more is read than shows that it is.

    No other character of UTF-8 holds the byte of a line feed.
    """
    line = 0
    while raw := stream.readline(LINE_BYTES_MAX):
        line += 1
        yield line, raw
        while len(raw) == LINE_BYTES_MAX and not raw.endswith(b"\n"):
            raw = stream.readline(LINE_BYTES_MAX)


def _decoded(lines: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, str]]:
    start = b""
    for line, raw in lines:
        start = start or raw[:3]
        try:
            text = raw.decode("utf-8-sig" if line == 1 else "utf-8")
        except UnicodeDecodeError:
            if len(raw) == LINE_BYTES_MAX:
                # Cut within a character; it is longer than any line may be.
                text = raw.decode("utf-8", "replace")
            else:
                guess = _guess_encoding(start, raw)
                raise Refused("file_not_utf8", line=line, looks_like=guess) from None
        yield line, text.removesuffix("\n").removesuffix("\r")


def _guess_encoding(start: bytes, raw: bytes) -> str:
    """Name the encoding that a spreadsheet here probably saved in; "" when neither fits."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return "GBK"


def _split(text: str) -> list[str] | None:
    """Split one line into cells; None when quotes stay open, it is not text, or is endless."""
    if "\x00" in text or len(text) > LINE_CHARS_MAX:
        return None
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error:
        return None
    return rows[0] if rows else []


def _read_header(cells: list[str] | None, columns: Sequence[Column]) -> list[str]:
    """Read the first line: each name known, and once; names come back as the columns spell them."""
    known = {column.name.lower(): column.name for column in columns}
    names = [cell.strip(_SPACES).lower() for cell in cells or ()]
    counts = Counter(names)
    missing = [
        column.name for column in columns if column.required and not counts[column.name.lower()]
    ]
    doubled = [known[name] for name in known if counts[name] > 1]
    unknown = [name[:NAME_CHARS_MAX] for name in counts if name not in known][:TOLD_MAX]
    if missing or doubled or unknown:
        raise Refused("file_bad_columns", missing=missing, doubled=doubled, unknown=unknown)
    return [known[name] for name in names]


def _read_row(
    line: int,
    cells: list[str] | None,
    header: Sequence[str],
    columns: Sequence[Column],
    problems: Problems,
) -> Row | None:
    if cells is None:
        problems.add(line, "", "row_unreadable")
        return None
    if len(cells) != len(header):
        problems.add(line, "", "row_width", cells=len(cells), columns=len(header))
        return None
    found = dict(zip(header, cells, strict=True))
    kept: dict[str, str] = {}
    for column in columns:
        raw = found.get(column.name, "")
        code, facts = _judge_cell(raw, column)
        if code and column.name in found:
            problems.add(line, column.name, code, **facts)
        kept[column.name] = raw.strip(_SPACES)
    return Row(line, kept)


def _judge_cell(raw: str, column: Column) -> tuple[str, dict[str, object]]:
    """Say what is wrong with one cell: a refusal code, or "", with its facts."""
    text = raw.strip(_SPACES)
    if not text:
        return ("field_missing", {}) if column.filled else ("", {})
    formula = raw.startswith(_FORMULA_STARTS) or text.startswith(_FORMULA_STARTS)
    if formula and not (column.signed and _SIGNED.fullmatch(text)):
        return "file_formula", {}
    if len(text) > column.chars_max:
        return "field_too_long", {"most": column.chars_max}
    if not text.isprintable() and not all(c.isprintable() or c in _SPACES for c in text):
        return "field_unreadable", {}
    return "", {}
