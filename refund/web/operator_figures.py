"""The operator's figures of a period, and the files that leave the back office."""

import io
from dataclasses import dataclass
from datetime import date, timedelta

from flask import render_template, request
from werkzeug.wrappers import Response

from refund.core.calendar import day_of
from refund.core.errors import REFUSALS, Refused
from refund.services import dashboards, exports
from refund.services.exports import Asked, What
from refund.web.context import ports
from refund.web.export_files import csv_of, name_of, xlsx_into
from refund.web.filters import errors_by_field
from refund.web.operator import pages
from refund.web.parse import Reader, read_day, typed_fields

Page = str | tuple[str, int]

SPANS = {"1": 1, "7": 7, "30": 30, "90": 90}
"""The periods that can be chosen at once, in days that end today."""

DAYS = 7
ROWS = f"/exports/<any({', '.join(one.value for one in What)}):what>"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Period:
    """The days that were asked for; `chosen` is one of SPANS where it is one of those."""

    first: date
    last: date
    chosen: str
    refusals: tuple[Refused, ...] = ()


def _period() -> Period:
    """The period of the address; the last seven days where it says nothing that can be read."""
    typed, today = typed_fields(request.args)[0], day_of(ports().clock.now())
    span = typed.get("days", "")
    if span in SPANS or not (typed.get("first") or typed.get("last")):
        days = SPANS.get(span, DAYS)
        chosen = span if span in SPANS else str(DAYS)
        return Period(today - timedelta(days=days - 1), today, chosen)
    reader = Reader()
    first = reader.read(read_day, typed.get("first", ""), "first")
    last = reader.read(read_day, typed.get("last", ""), "last")
    if first is None or last is None:
        return Period(today - timedelta(days=DAYS - 1), today, "", tuple(reader.problems))
    try:
        dashboards.read_period(first, last)
    except Refused as refused:
        return Period(today - timedelta(days=DAYS - 1), today, "", (refused,))
    return Period(first, last, "")


@pages.get("/figures")
def figures() -> Page:
    """What was issued and advanced, how fast, what was refused, and what is exposed."""
    period = _period()
    page = _shown("operator/figures/figures.html", period)
    return (page, REFUSALS[period.refusals[0].code].status) if period.refusals else page


def _shown(template: str, period: Period) -> str:
    typed = typed_fields(request.args)[0]
    dates = {"first": period.first.isoformat(), "last": period.last.isoformat()}
    return render_template(
        template,
        seen=dashboards.figures(ports(), period.first, period.last),
        period=period,
        spans=SPANS,
        typed=dates | ({n: typed[n] for n in dates if n in typed} if period.refusals else {}),
        errors=errors_by_field(period.refusals),
        files=list(What),
    )


@pages.get("/exports")
def export_files() -> Page:
    """What can be taken along as a file, of which days."""
    period = _period()
    page = _shown("operator/figures/exports.html", period)
    return (page, REFUSALS[period.refusals[0].code].status) if period.refusals else page


@pages.get(f"{ROWS}/rows.csv")
def export_csv(what: str) -> Response:
    """Rows of a period as CSV, sent as they are read."""
    asked = _asked(what)
    rows = exports.rows_of(ports(), asked)
    return _file(Response(csv_of(asked, rows), mimetype="text/csv"), name_of(asked, "csv"))


@pages.get(f"{ROWS}/rows.xlsx")
def export_xlsx(what: str) -> Response:
    """Rows of a period as a spreadsheet."""
    asked = _asked(what)
    file = io.BytesIO()
    xlsx_into(file, asked, exports.rows_of(ports(), asked))
    return _file(Response(file.getvalue(), mimetype=XLSX), name_of(asked, "xlsx"))


def _asked(what: str) -> Asked:
    period = _period()
    if period.refusals:
        raise period.refusals[0]
    return Asked(What(what), period.first, period.last)


def _file(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
