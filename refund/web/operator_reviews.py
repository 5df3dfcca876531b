"""Decisions of customs that were taken offline and did not fit, of every port."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.errors import REFUSALS, Refused
from refund.core.offline import Resolved
from refund.services import offline_review as work
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.filters import errors_by_field
from refund.web.operator import pages
from refund.web.parse import typed_fields

Page = str | Response | tuple[str, int]


@pages.get("/reviews")
def reviews() -> str:
    """What waits for a person, of all ports, oldest first."""
    return render_template(
        "operator/reviews/list.html", found=work.waiting_reviews(ports(), actor())
    )


@pages.get("/reviews/<decision_id>")
def review(decision_id: str) -> str:
    """Both sides of one decision, and how to end it."""
    return _review(decision_id, {}, None)


@pages.post("/reviews/<decision_id>")
def end_review(decision_id: str) -> Page:
    """Let the decision count, or set it aside; with a reason."""
    typed, _ = typed_fields(request.form)
    resolved = Resolved.APPLIED if "apply" in typed else Resolved.SET_ASIDE
    try:
        work.resolve(ports(), actor(), decision_id, resolved, typed.get("reason", ""))
    except Refused as refused:
        if refused.field != "reason":
            raise
        return _review(decision_id, typed, refused), REFUSALS[refused.code].status
    return redirect(url_for("operator.review", decision_id=decision_id), 303)


def _review(decision_id: str, typed: dict[str, str], refused: Refused | None) -> str:
    return render_template(
        "operator/reviews/review.html",
        seen=work.review(ports(), actor(), decision_id),
        typed=typed,
        errors=errors_by_field([refused] if refused else []),
    )
