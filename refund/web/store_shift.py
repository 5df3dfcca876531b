"""The clerk's summary of a day, on the screen, on paper, as a file; and the first day's sheet."""

from collections.abc import Iterator
from datetime import date

from flask import render_template, request
from werkzeug.wrappers import Response

from refund.core.calendar import SHANGHAI, day_of
from refund.core.errors import REFUSALS, Refused
from refund.core.ids import group_form_number
from refund.core.money import format_yuan
from refund.core.tables import write_table
from refund.services.shift import Shift, shift_of
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.errors import refusal_page
from refund.web.parse import day_not_after
from refund.web.store import Page, pages

COLUMNS = (
    *("form_number", "issued_at", "clerk", "channel", "sales", "refund", "fee", "net"),
    *("advanced", "goods_returned", "state"),
)
"""The columns of the file; sums are yuan, `issued_at` is the time of Shanghai."""


@pages.get("/shift")
def shift() -> Page:
    """A day of the store in sums: today, or another one that is asked for."""
    try:
        day = _day()
    except Refused as refused:
        today = day_of(ports().clock.now())
        page = _shift_page(shift_of(ports(), actor(), today), refused, request.args["day"][:20])
        return page, REFUSALS[refused.code].status
    return _shift_page(shift_of(ports(), actor(), day), None, day.isoformat())


def _shift_page(found: Shift, told: Refused | None, typed: str) -> str:
    now = ports().clock.now()
    return render_template("store/shift.html", shift=found, told=told, typed=typed, now=now)


@pages.get("/shift.csv")
def shift_csv() -> Response | tuple[str, int, dict[str, str]]:
    """The forms of a day as a file that no spreadsheet runs."""
    try:
        day = _day()
    except Refused as refused:
        return refusal_page(refused)
    found = shift_of(ports(), actor(), day)
    response = Response(write_table(COLUMNS, _rows(found)), mimetype="text/csv")
    name = f"SIMULATION-{actor().store_number:04d}-{day.isoformat()}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _day() -> date:
    today = day_of(ports().clock.now())
    typed = request.args.get("day", "").strip()
    return day_not_after(today)(typed, "day") if typed else today


def _rows(found: Shift) -> Iterator[tuple[str, ...]]:
    for line in reversed(found.lines):
        form, sums = line.form, line.form.amounts
        fen = (sums.sales_fen, sums.gross_fen, sums.fee_fen, sums.net_fen, line.advanced_fen)
        yield (
            group_form_number(form.form_number),
            form.issued_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
            line.clerk,
            form.channel.value,
            *(format_yuan(one).replace(",", "") for one in fen),
            "yes" if line.has_returns else "no",
            form.status.value,
        )


@pages.get("/first-day")
def first_day() -> str:
    """A clerk's first day on one sheet of paper."""
    return render_template("store/first_day.html")
