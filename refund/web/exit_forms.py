"""Reading what the exit's desk types, ticks and uploads."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from werkzeug.datastructures import FileStorage

from refund.core.errors import Refused
from refund.core.matching import Action, Proposal, Why
from refund.core.money import ASCII_BLANKS
from refund.core.places import read_port
from refund.core.tables import Column, Problems, Row, scan_table, write_table
from refund.core.traveller import DocumentKind, IdentityDocument, read_document
from refund.services.reconcile import LIMIT, Chosen, ExitLine, read_exit_moment
from refund.web.parse import Reader

FILE_BYTES_MAX = 8 * 1024 * 1024
FILE_ROWS_MAX = 20_000
SHANGHAI_OFFSET = "+08:00"
_TICKET = re.compile(r"([0-9a-f]{16}):([a-z_]{1,40}):([a-z_]{1,40})", re.ASCII)

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


def sample_file() -> bytes:
    """A file of exits as it should look; nobody has these documents."""
    return write_table([column.name for column in COLUMNS], SAMPLE)


@dataclass(frozen=True, slots=True)
class ExitFile:
    """A file of exits, read whole; `digest` is the SHA-256 by which it is recognised."""

    name: str
    digest: str
    lines: tuple[ExitLine, ...]


def read_exit_file(upload: FileStorage | None, now: datetime) -> ExitFile:
    """Read a file of exits, or name every line and column that is wrong.

    Raises:
        Refused: `field_missing` without a file; as `read_table`.
    """
    if upload is None or not upload.filename:
        raise Refused("field_missing", "file")
    content = upload.stream.read(FILE_BYTES_MAX + 1)
    problems = Problems()
    lines: list[ExitLine] = []
    seen: dict[ExitLine, int] = {}
    rows = scan_table(
        content, COLUMNS, problems, limit_bytes=FILE_BYTES_MAX, limit_rows=FILE_ROWS_MAX
    )
    for row in rows:
        line = _read_row(row, problems, now)
        if line is None:
            continue
        if line in seen:
            problems.add(row.line, "", "row_doubled", first_line=seen[line])
        seen.setdefault(line, row.line)
        lines.append(line)
    problems.refuse()
    return ExitFile(upload.filename, hashlib.sha256(content).hexdigest(), tuple(lines))


def _read_row(row: Row, problems: Problems, now: datetime) -> ExitLine | None:
    kinds = tuple(kind.value for kind in DocumentKind)
    if row["document_kind"] not in kinds:
        problems.add(row.line, "document_kind", "choice_unknown", known=kinds)
    line, refusals = _read_line(row.cells, row["exited_at"], now)
    for refused in refusals:
        problems.add(row.line, refused.field, refused.code, **refused.facts)
    return line


def read_departure(
    typed: Mapping[str, str], now: datetime
) -> tuple[ExitLine | None, list[Refused]]:
    """Read one departure as typed; the time is Shanghai's.

    Returns:
        The departure, or None and every reason why it cannot be read.
    """
    time = typed.get("exited_at", "").strip(ASCII_BLANKS)
    return _read_line(typed, f"{time}{SHANGHAI_OFFSET}" if time else "", now)


def _read_line(
    cells: Mapping[str, str], moment: str, now: datetime
) -> tuple[ExitLine | None, list[Refused]]:
    reader = Reader()
    kind, number = cells.get("document_kind", ""), cells.get("document_number", "")
    document = reader.read(partial(_read_document, kind), number, "document_number")
    port = reader.read(read_port, cells.get("port", ""), "port")
    exited_at = reader.read(partial(_read_moment, now), moment, "exited_at")
    if document is None or port is None or exited_at is None:
        return None, reader.problems
    return ExitLine(document, port.code, exited_at), []


def _read_document(kind: str, number: str, field: str) -> IdentityDocument:
    if not kind:
        raise Refused("field_missing", "document_kind")
    return read_document(kind, number, field)


def _read_moment(now: datetime, text: str, field: str) -> datetime:
    return read_exit_moment(text, now, field)


def ticket(proposal: Proposal) -> str:
    """What a page carries of a proposal from one step to the next: `form:action:why`."""
    return f"{proposal.form.form_id}:{proposal.action.value}:{proposal.why.value}"


def read_tickets(texts: Iterable[str]) -> list[Chosen]:
    """Read what was ticked, each form once.

    Raises:
        Refused: `field_missing` when nothing was ticked; `bad_request` for what no page of ours
            sends.
    """
    chosen: dict[str, Chosen] = {}
    for text in texts:
        parts = _TICKET.fullmatch(text)
        if parts is None:
            raise Refused("bad_request")
        form_id, action, why = parts.groups()
        try:
            chosen.setdefault(form_id, Chosen(form_id, Action(action), Why(why)))
        except ValueError:
            raise Refused("bad_request") from None
    if not chosen:
        raise Refused("field_missing", "proposal")
    if len(chosen) > LIMIT:
        raise Refused("bad_request")
    return list(chosen.values())
