"""The kinds of long jobs that the service itself has: imports, statements, match, closing."""

from datetime import date
from typing import BinaryIO

from refund.core.errors import Refused
from refund.core.job import Job, read_facts
from refund.core.settlement import read_month
from refund.ports import Ports
from refund.services import exits, match, settle, statements
from refund.services.closing import prepare_month
from refund.services.jobs import Made, register, spool_of
from refund.services.statements import Given
from refund.services.steps import Step

EXITS, STATEMENT, FETCH = "exits", "statement", "fetch"
MATCH, CLOSE = "match", "close"

LONG_LINES = 2_000
"""A file of more lines than this is taken in by a job. Source: project decision."""

LONG_DAYS = 3
"""More missing statements than this are fetched by a job."""

LONG_MATCH_LINES = 20_000
LONG_MONTH_LINES = 20_000
"""A match, or a month to be closed, of more lines than this is a job."""

_PIECE_BYTES = 256 * 1024


def lines_in(stream: BinaryIO) -> int:
    """How many lines a file has; it is at its beginning again afterwards."""
    stream.seek(0)
    count, last = 0, b"\n"
    while piece := stream.read(_PIECE_BYTES):
        count += piece.count(b"\n")
        last = piece[-1:]
    stream.seek(0)
    return count + (last != b"\n")


def _rows_of(job: Job, step: Step) -> Step:
    """Steps of a file whose lines were counted before, its first line left out."""
    total = max(0, int(job.asked.get("lines", 1)) - 1)
    return lambda done, _all: step(done, max(total, done))


def take_in_exits(ports: Ports, job: Job, step: Step) -> Made:
    """Take in a file of departures."""
    steps = _rows_of(job, step)
    steps(0, None)
    try:
        with spool_of(ports).open(job.job_id) as stream:
            done = exits.import_exits(ports, job.asked_by, stream, job.file_name, steps)
    except Refused as refused:
        if not _was_done_before(job, refused, "file_already_imported"):
            raise
        return Made({"rows": refused.facts["rows"], "known_before": True})
    return Made(
        {
            "rows": done.rows,
            "new": done.new_rows,
            "known": done.known_rows,
            "missing_days": list(done.missing_days),
            "import": done.import_id[:12],
        }
    )


def take_in_statement(ports: Ports, job: Job, step: Step) -> Made:
    """Take in a day's statement from a file, and match it."""
    steps = _rows_of(job, step)
    steps(0, None)
    given = Given("file", job.file_name, job.asked_by)
    try:
        with spool_of(ports).open(job.job_id) as stream:
            pieces = iter(lambda: stream.read(_PIECE_BYTES), b"")
            statement = statements.take_in(ports, pieces, given, steps)
        day, lines = statement.day, statement.totals.lines
    except Refused as refused:
        if not _was_done_before(job, refused, "statement_already_imported"):
            raise
        day, lines = _day(refused.facts["day"]), 0
    match.match_new(ports)
    return Made({"day": day, "lines": lines, "open": _open(ports, day, day)})


def fetch_statements(ports: Ports, job: Job, step: Step) -> Made:
    """Fetch every statement that is missing, and match it."""
    step(0, None)
    fetched = statements.fetch_missing(ports, job.asked_by, step)
    match.match_new(ports)
    stopped = fetched.stopped
    facts: dict[str, object] = {"taken": fetched.taken}
    if stopped is not None:
        facts |= {"stopped": stopped.code, "stopped_facts": dict(stopped.facts)}
    return Made(facts)


def match_period(ports: Ports, job: Job, step: Step) -> Made:
    """Match a period once more."""
    asked = read_facts(job.asked)
    first, last = _day(asked["first"]), _day(asked["last"])
    period = match.match(ports, first, last, step)
    return Made(
        {"first": first, "last": last, "days": period.matched_days, "open": period.open.count}
    )


def close_month(ports: Ports, job: Job, step: Step) -> Made:
    """Close a month, its lines read before; only the last, short part cannot be stopped."""
    month = read_month(str(job.asked["month"]))
    try:
        prepared = prepare_month(ports, month, step)
        settle.close_month(ports, job.asked_by, month, prepared)
    except Refused as refused:
        if not _was_done_before(job, refused, "month_closed"):
            raise
    closed = settle.month_page(ports, month, 0, 0)
    return Made(
        {
            "month": str(month),
            "lines": closed.total.line_count,
            "gross_fen": closed.total.gross_fen,
        }
    )


def _was_done_before(job: Job, refused: Refused, code: str) -> bool:
    """Whether a process that was killed had done the work, and not yet said so."""
    return job.tries > 1 and refused.code == code


def _open(ports: Ports, first: date, last: date) -> int:
    return match.summary(ports, first, last).open.count


def _day(value: object) -> date:
    if not isinstance(value, date):
        raise TypeError(value)
    return value


def register_own_kinds() -> None:
    """Let the service's own kinds of jobs be asked for, and done."""
    register(EXITS, take_in_exits)
    register(STATEMENT, take_in_statement)
    register(FETCH, fetch_statements)
    register(MATCH, match_period)
    register(CLOSE, close_month)
