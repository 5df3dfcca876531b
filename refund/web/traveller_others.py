"""Further forms of this phone's traveller: by their codes, or by the document on one of them."""

from flask import render_template, request

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.mrz_help import MrzHelp, help_with_mrz
from refund.services.passes import add_other_forms, may_prove
from refund.web.auth import visit
from refund.web.claim_page import status_of
from refund.web.context import ports
from refund.web.filters import errors_by_field
from refund.web.parse import typed_fields
from refund.web.traveller import Answer, pages


@pages.get("/others")
def others() -> str:
    """How a form comes onto this phone that is not on it yet."""
    return _page({}, [], None)


@pages.post("/others")
def add_others() -> Answer:
    """Add all other forms of a document; what is mistyped is said by its place."""
    typed, problems = typed_fields(request.form)
    text = typed.get("corrected_document") or typed.get("document", "")
    typed["document"] = text
    helped: MrzHelp | None = None
    if "<" in text:
        helped = help_with_mrz(text, day_of(ports().clock.now()), "document")
        typed["document"] = helped.text
        if helped.refused is not None:
            problems.append(helped.refused)
    if not text.strip():
        problems.append(Refused("field_missing", "document"))
    if problems:
        return _page(typed, problems, None, helped), 422
    try:
        added = add_other_forms(ports(), visit(), typed["document"])
    except Refused as refused:
        if not refused.field:
            raise
        return _page(typed, [refused], None), status_of(refused)
    return _page({}, [], added)


def _page(
    typed: dict[str, str],
    problems: list[Refused],
    added: int | None,
    helped: MrzHelp | None = None,
) -> str:
    return render_template(
        "traveller/others.html",
        typed=typed,
        errors=errors_by_field(problems),
        added=added,
        help=helped,
        may_prove=may_prove(ports(), visit()),
    )
