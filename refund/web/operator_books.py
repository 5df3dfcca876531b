"""The operator's books as they stand or stood, and the audit that goes on all the time."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.calendar import parse_past
from refund.core.errors import REFUSALS, Refused
from refund.services import auditing, history
from refund.services.audit import INVARIANTS
from refund.web.context import ports
from refund.web.filters import errors_by_field
from refund.web.operator import pages
from refund.web.parse import typed_fields

RUNS = 50
"""Runs of the audit that its page lists."""

Page = str | tuple[str, int]


@pages.get("/books")
def books() -> Page:
    """The trial balance, as it stands or as it stood at a moment."""
    now, typed = ports().clock.now(), typed_fields(request.args)[0].get("at", "")
    refusals: list[Refused] = []
    at = now
    try:
        at = parse_past(typed, now, "at") if typed else now
    except Refused as refused:
        refusals.append(refused)
    page = render_template(
        "operator/books.html",
        seen=history.books_at(ports(), at),
        typed=typed,
        errors=errors_by_field(refusals),
        is_past=bool(typed) and not refusals,
    )
    return (page, REFUSALS[refusals[0].code].status) if refusals else page


@pages.get("/audit")
def check() -> str:
    """Every invariant as the last run of the audit found it, and the last runs."""
    runs = auditing.audit_runs(ports(), RUNS)
    found = {str(one["invariant"]): one for one in runs[0].findings} if runs else {}
    tables = {name: _tables(one["rows"]) for name, one in found.items()}
    return render_template(
        "operator/audit.html",
        last=auditing.last_check(ports()),
        runs=runs,
        found=found,
        tables=tables,
        promises=INVARIANTS,
    )


def _tables(rows: object) -> list[tuple[list[str], list[list[object]]]]:
    """Rows as tables: one for all rows of the same columns."""
    tables: dict[tuple[str, ...], list[list[object]]] = {}
    for row in rows if isinstance(rows, list) else []:
        tables.setdefault(tuple(row), []).append(list(row.values()))
    return [(list(names), lines) for names, lines in tables.items()]


@pages.post("/audit")
def check_now() -> Response:
    """Check every invariant now."""
    auditing.run_audit(ports())
    return redirect(url_for("operator.check"), 303)
