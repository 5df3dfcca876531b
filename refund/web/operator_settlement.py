"""The operator's months: what each claims of the treasury, its closing, its payment, its files."""

import io
import re

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.calendar import day_of
from refund.core.errors import REFUSALS, Refused
from refund.core.money import format_yuan, parse_yuan
from refund.core.settlement import Month, read_month
from refund.services import settle
from refund.services.job_kinds import CLOSE, LONG_MONTH_LINES
from refund.services.life import REASON_LENGTH_MAX
from refund.services.settle import MonthPage, Received
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.filters import errors_by_field
from refund.web.operator import pages
from refund.web.operator_jobs import begin
from refund.web.papers import settlement_pdf
from refund.web.parse import Reader, day_not_after, typed_fields
from refund.web.settlement_files import csv_of, name_of, sheet_of, xlsx_into

Page = str | Response | tuple[str, int]

LINES = 100
"""Lines of a month that a page shows."""

NOTE_LENGTH_MAX = 200
POSITION_LENGTH_MAX = 9
_ENTRY_KEY = re.compile(r"[A-Za-z0-9-]{1,80}", re.ASCII)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pages.get("/settlements")
def settlements() -> str:
    """Every month with its state, and by when it is to be settled."""
    return render_template("operator/settlement/months.html", book=settle.months(ports()))


@pages.get("/settlements/<month>")
def settlement(month: str) -> str:
    """A month's lines and sums; before its closing, as it would be closed now."""
    return _month_page(read_month(month), {}, [])


def _month_page(month: Month, typed: dict[str, str], refusals: list[Refused]) -> str:
    after = request.args.get("after", "")
    is_number = after.isascii() and after.isdigit() and len(after) <= POSITION_LENGTH_MAX
    found = settle.month_page(ports(), month, int(after) if is_number else 0, LINES)
    claimed = format_yuan(abs(found.total.gross_fen)).replace(",", "")
    today = day_of(ports().clock.now()).isoformat()
    return render_template(
        "operator/settlement/month.html",
        page=found,
        typed={"amount": claimed, "paid_on": today, **typed},
        errors=errors_by_field(refusals),
        done=request.args.get("done", ""),
        note_max=NOTE_LENGTH_MAX,
    )


@pages.get("/settlements/<month>/close")
def preview_close(month: str) -> str:
    """What closing a month means, and what would be claimed."""
    return _preview(settle.month_page(ports(), read_month(month), 0, 0), None)


def _preview(found: MonthPage, refused: Refused | None) -> str:
    return render_template("operator/settlement/close.html", page=found, refused=refused)


@pages.post("/settlements/<month>/close")
def close_month(month: str) -> Page:
    """Close a month, once and for good; a large one by a job."""
    asked = read_month(month)
    try:
        if settle.month_page(ports(), asked, 0, 0).total.line_count > LONG_MONTH_LINES:
            return begin(actor(), CLOSE, {"month": str(asked)})
        settle.close_month(ports(), actor().label, asked)
    except Refused as refused:
        if refused.code != "settlement_differs":
            raise
        found = settle.month_page(ports(), asked, 0, 0)
        return _preview(found, refused), REFUSALS[refused.code].status
    return redirect(url_for("operator.settlement", month=str(asked), done="closed"), 303)


@pages.post("/settlements/<month>/payment")
def record_payment(month: str) -> Page:
    """Record that the treasury has paid a month, exactly what it claims."""
    asked = read_month(month)
    typed, problems = typed_fields(request.form)
    reader = Reader()
    amount_fen = reader.read(parse_yuan, typed.get("amount", "").replace(",", ""), "amount")
    today = day_of(ports().clock.now())
    paid_on = reader.read(day_not_after(today), typed.get("paid_on", ""), "paid_on")
    note = " ".join(typed.get("note", "").split())
    if len(note) > NOTE_LENGTH_MAX:
        reader.refuse("field_too_long", "note", most=NOTE_LENGTH_MAX)
    if problems or reader.problems or amount_fen is None or paid_on is None:
        return _month_page(asked, typed, [*problems, *reader.problems]), 422
    try:
        settle.record_payment(ports(), actor().label, asked, Received(amount_fen, paid_on, note))
    except Refused as refused:
        if not refused.field:
            raise
        return _month_page(asked, typed, [refused]), REFUSALS[refused.code].status
    return redirect(url_for("operator.settlement", month=str(asked), done="paid"), 303)


@pages.get("/settlements/<month>/lines.csv")
def settlement_csv(month: str) -> Response:
    """A month's lines as CSV, sent as they are read."""
    asked = read_month(month)
    found = settle.month_page(ports(), asked, 0, 0)
    lines = settle.lines_of(ports(), asked)
    return _file(Response(csv_of(lines), mimetype="text/csv"), name_of(found, "csv"))


@pages.get("/settlements/<month>/lines.xlsx")
def settlement_xlsx(month: str) -> Response:
    """A month's lines as a spreadsheet."""
    asked = read_month(month)
    found = settle.month_page(ports(), asked, 0, 0)
    file = io.BytesIO()
    xlsx_into(file, settle.lines_of(ports(), asked))
    return _file(Response(file.getvalue(), mimetype=XLSX), name_of(found, "xlsx"))


@pages.get("/settlements/<month>/paper.pdf")
def settlement_paper(month: str) -> Response:
    """The paper of a closed month."""
    asked = read_month(month)
    found = settle.month_page(ports(), asked, 0, 0)
    content = settlement_pdf(ports(), sheet_of(found, settle.lines_of(ports(), asked)))
    return _file(Response(content, mimetype="application/pdf"), name_of(found, "pdf"))


def _file(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@pages.get("/settlements/claims/<entry_key>/withdraw")
def claim(entry_key: str) -> str:
    """What taking back a claim means."""
    return _claim(_known(entry_key), "", [])


def _known(entry_key: str) -> str:
    if not _ENTRY_KEY.fullmatch(entry_key):
        raise Refused("entry_not_claimed")
    return entry_key


def _claim(entry_key: str, reason: str, refusals: list[Refused]) -> str:
    return render_template(
        "operator/settlement/withdraw.html",
        line=settle.claim_of(ports(), entry_key),
        reason=reason,
        errors=errors_by_field(refusals),
        reason_max=REASON_LENGTH_MAX,
    )


@pages.post("/settlements/claims/<entry_key>/withdraw")
def withdraw_claim(entry_key: str) -> Page:
    """Take back what was claimed for a refund that should not have been confirmed."""
    typed = typed_fields(request.form)[0].get("reason", "")
    try:
        settle.withdraw_claim(ports(), actor(), _known(entry_key), typed)
    except Refused as refused:
        if refused.field != "reason":
            raise
        return _claim(entry_key, typed, [refused]), REFUSALS[refused.code].status
    return redirect(url_for("operator.settlements"), 303)
