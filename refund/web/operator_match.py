"""The operator's statements and their match: what agrees, what is missing, what differs."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import BinaryIO, cast

from flask import redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from refund.core.case import MATCH
from refund.core.errors import REFUSALS, Refused
from refund.core.match_summary import GROUPS, BreakRow
from refund.services import match as matching
from refund.services import reissue
from refund.services import statements as stated
from refund.services.job_kinds import (
    FETCH,
    LONG_DAYS,
    LONG_LINES,
    LONG_MATCH_LINES,
    STATEMENT,
    lines_in,
)
from refund.services.job_kinds import MATCH as MATCH_JOB
from refund.services.jobs import Given as FileGiven
from refund.services.statements import Fetched, Given
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.filters import errors_by_field
from refund.web.operator import pages
from refund.web.operator_jobs import begin
from refund.web.parse import Reader, read_day, typed_fields

Page = str | Response | tuple[str, int]

FILE_BYTES_MAX = 1024 * 1024 * 1024
"""A statement of several million lines; it is read as it comes and never stands in memory."""

PIECE_BYTES = 64 * 1024
ID_LENGTH_MAX = 80


@pages.url_value_preprocessor
def allow_a_statement(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Let a statement be larger than any form; this runs before the body is read."""
    if endpoint in ("operator.take_in_statement", "operator.offer_statement"):
        request.max_content_length = FILE_BYTES_MAX


@pages.get("/statements")
def statements() -> str:
    """Every day with its statement, those that are missing first."""
    return _statements(None, None)


@pages.post("/statements/fetch")
def fetch_missing() -> Page:
    """Fetch what is missing now, and match it; of many days it is a job."""
    if len(stated.missing_days(ports())) > LONG_DAYS:
        return begin(actor(), FETCH, {})
    fetched = matching.fetch_and_match(ports(), actor())
    return _statements(fetched, None)


@pages.post("/statements/import")
def take_in_statement() -> Page:
    """Take in a day's statement from a file, and match it; or say what is wrong with it."""
    try:
        with closing(_upload("file")) as upload:
            stream = cast("BinaryIO", upload.stream)
            lines = lines_in(stream)
            if lines > LONG_LINES:
                large = FileGiven(stream, upload.filename or "", FILE_BYTES_MAX)
                return begin(actor(), STATEMENT, {"lines": lines}, large)
            given = Given("file", upload.filename or "", actor().label)
            statement = stated.take_in(ports(), _pieces(upload), given)
    except Refused as refused:
        return _statements(None, refused), REFUSALS[refused.code].status
    matching.match_new(ports())
    day = statement.day.isoformat()
    return redirect(url_for("operator.match_of", first=day, last=day, done="in"), 303)


@pages.post("/statements/offer")
def offer_statement() -> Page:
    """Offer a file for a day that is there; two persons decide in its case which one counts."""
    try:
        with closing(_upload("offered")) as upload:
            given = Given("file", upload.filename or "", actor().label)
            case = reissue.offer(ports(), _pieces(upload), given)
    except Refused as refused:
        told = Refused(refused.code, "offered", **refused.facts)
        return _statements(None, told), REFUSALS[refused.code].status
    return redirect(url_for("operator.case", case_id=case.case_id, done="offered"), 303)


def _upload(name: str) -> FileStorage:
    upload = request.files.get(name)
    if upload is None or not upload.filename:
        raise Refused("field_missing", name)
    return upload


def _pieces(upload: FileStorage) -> Iterator[bytes]:
    return iter(partial(upload.stream.read, PIECE_BYTES), b"")


def _statements(fetched: Fetched | None, refused: Refused | None) -> str:
    return render_template(
        "operator/match/statements.html",
        days=stated.statement_days(ports()),
        names=reissue.names_by_label(ports()),
        fetched=fetched,
        refused=refused,
        errors=errors_by_field([refused] if refused else []),
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A break as its row shows it: what each side has, moments and days read."""

    found: BreakRow
    ours: Mapping[str, object]
    theirs: Mapping[str, object]
    border: Mapping[str, object]


def _shown(found: BreakRow) -> Shown:
    ours, theirs, border = (_read(found.side(name)) for name in ("ours", "theirs", "border"))
    return Shown(found, ours, theirs, border)


def _read(side: Mapping[str, object]) -> dict[str, object]:
    """A side's values; what our own match wrote as text is read again as moments and days."""
    return {name: _value(name, value) for name, value in side.items()}


def _value(name: str, value: object) -> object:
    if not isinstance(value, str) or not value:
        return value
    if name.endswith("_at"):
        return datetime.fromisoformat(value)
    if name in ("day", "depart_by", "left_on"):
        return date.fromisoformat(value)
    return value


@pages.get("/match")
def match_of() -> Page:
    """The match of a period as it was last done, and the breaks that stand."""
    typed = typed_fields(request.args)[0]
    first, last, refusals = _period(typed)
    return _match(first, last, typed, refusals)


@pages.post("/match")
def match_again() -> Page:
    """Match a period once more; one of many lines by a job."""
    typed = typed_fields(request.form)[0]
    first, last, refusals = _period(typed)
    try:
        if not refusals and matching.lines_between(ports(), first, last) > LONG_MATCH_LINES:
            return begin(actor(), MATCH_JOB, {"first": first, "last": last})
        if not refusals:
            matching.match(ports(), first, last)
    except Refused as refused:
        refusals = [refused]
    if refusals:
        return _match(*matching.latest_period(ports()), typed, refusals), 422
    return redirect(url_for("operator.match_of", first=first, last=last, done="again"), 303)


def _period(typed: Mapping[str, str]) -> tuple[date, date, list[Refused]]:
    """The period that was asked for, else the latest; and what of it cannot be read."""
    first, last = matching.latest_period(ports())
    reader = Reader()
    if typed.get("first"):
        first = reader.read(read_day, typed["first"], "first") or first
    if typed.get("last"):
        last = reader.read(read_day, typed["last"], "last") or max(first, last)
    return first, last, reader.problems


def _match(first: date, last: date, typed: dict[str, str], refusals: list[Refused]) -> str:
    group = typed.get("group", "")
    kinds = sorted(GROUPS.get(group, MATCH), key=lambda kind: kind.value)
    try:
        period = matching.summary(ports(), first, last)
    except Refused as refused:
        refusals, (first, last) = [refused], matching.latest_period(ports())
        period = matching.summary(ports(), first, last)
    after = typed.get("after", "")[:ID_LENGTH_MAX]
    page = matching.breaks(ports(), first, last, kinds, after)
    return render_template(
        "operator/match/match.html",
        period=period,
        rows=[_shown(one) for one in page.rows],
        next_after=page.next_after,
        group=group if group in GROUPS else "",
        typed={"first": first.isoformat(), "last": last.isoformat()}
        | {name: typed[name] for name in ("first", "last") if refusals and name in typed},
        errors=errors_by_field(refusals),
        done=typed.get("done", ""),
        now=ports().clock.now(),
    )
