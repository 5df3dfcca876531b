"""The clerk's page of forgotten sales: the till's file, and what becomes of each sale."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.calendar import day_of, last_day
from refund.core.errors import REFUSALS, Refused
from refund.core.tables import write_table
from refund.core.till_file import COLUMNS
from refund.services.till_sales import (
    Compared,
    compare_till,
    forgotten_sale,
    forgotten_sales,
    leave_sale,
)
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.filters import errors_by_field
from refund.web.parse import typed_fields
from refund.web.store import Page, pages

EXAMPLE = (
    ("25422000000000000101", "2025-07-08", "1494.00", "yes"),
    ("25422000000000000102", "2025-07-08", "380.00", "no"),
)


@pages.get("/forgotten")
def forgotten() -> str:
    """Sales to overseas travellers that have no form."""
    return _page(None, None)


@pages.post("/forgotten")
def compare() -> Page:
    """Compare the till's file with the forms; a file that is wrong anywhere changes nothing."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _page(None, Refused("field_missing", "file")), 422
    try:
        compared = compare_till(ports(), actor(), file.filename, file.read())
    except Refused as refused:
        return _page(None, refused), REFUSALS[refused.code].status
    return _page(compared, None)


def _page(compared: Compared | None, told: Refused | None) -> str:
    found = forgotten_sales(ports(), actor())
    today = day_of(ports().clock.now())
    until = {sale.invoice_number: last_day(sale.day, found.export_days) for sale in found.sales}
    return render_template(
        "store/forgotten.html",
        found=found,
        until=until,
        today=today,
        compared=compared,
        told=told,
        columns=[column.name for column in COLUMNS],
    )


@pages.get("/forgotten/example.csv")
def till_example() -> Response:
    """A till's file as it is to be."""
    content = write_table([column.name for column in COLUMNS], EXAMPLE)
    response = Response(content, mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="SIMULATION-till.csv"'
    return response


@pages.get("/forgotten/<invoice_number>")
def leaving(invoice_number: str) -> str:
    """Why a sale gets no form is asked for."""
    sale = forgotten_sale(ports(), actor(), invoice_number)
    return render_template("store/leave_sale.html", sale=sale, reason="", errors={})


@pages.post("/forgotten/<invoice_number>")
def leave(invoice_number: str) -> Page:
    """Note that a sale gets no form, and why."""
    reason = typed_fields(request.form)[0].get("reason", "")
    try:
        leave_sale(ports(), actor(), invoice_number, reason)
    except Refused as refused:
        if refused.field != "reason":
            raise
        sale = forgotten_sale(ports(), actor(), invoice_number)
        shown = {"sale": sale, "reason": reason, "errors": errors_by_field([refused])}
        return render_template("store/leave_sale.html", **shown), 422
    return redirect(url_for("store.forgotten"), 303)
