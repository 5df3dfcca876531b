"""The counter's papers: the application form, the slip, the agreement, the letter."""

from flask import redirect, url_for
from werkzeug.wrappers import Response

from refund.core.errors import REFUSALS, Refused
from refund.core.ids import group_form_number
from refund.services import papers as sheets
from refund.services.issue import slip
from refund.web import papers
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.paper_answers import asked_locale, paper_choices, pdf_answer, put_out
from refund.web.store import form_page, pages

pages.context_processor(paper_choices)


@pages.get("/forms/<form_id>/paper.pdf")
def paper_pdf(form_id: str) -> Response:
    """The application form on A4, with the code to scan and without the claim code."""
    sheet = sheets.application(ports(), sheets.at_counter(actor()), form_id)
    content = papers.application_pdf(ports(), sheet, asked_locale())
    return pdf_answer(content, group_form_number(sheet.form.form_number))


@pages.get("/forms/<form_id>/slip.pdf")
def slip_pdf(form_id: str) -> Response:
    """The customer's slip of 80 mm: the claim code, apart from the code to scan."""
    handed = slip(ports(), actor(), form_id)
    content = papers.slip_pdf(ports(), handed, asked_locale())
    return pdf_answer(content, f"{group_form_number(handed.form.form_number)}-slip")


@pages.post("/forms/<form_id>/slip/print")
def print_slip(form_id: str) -> Response | tuple[str, int]:
    """Print the slip on the receipt printer; when that fails, the form's page says why."""
    handed = slip(ports(), actor(), form_id)
    try:
        put_out(papers.slip_strip(ports(), handed, asked_locale()))
    except Refused as refused:
        return form_page(form_id, refused), REFUSALS[refused.code].status
    return redirect(url_for("store.form", form_id=form_id, printed="slip"), 303)


@pages.get("/forms/<form_id>/agreement.pdf")
def agreement_pdf(form_id: str) -> Response:
    """The agreement that the traveller signed."""
    sheet = sheets.agreement(ports(), sheets.at_counter(actor()), form_id)
    content = papers.agreement_pdf(ports(), sheet, asked_locale())
    return pdf_answer(content, f"{group_form_number(sheet.form.form_number)}-agreement")


@pages.get("/forms/<form_id>/authorisation.pdf")
def authorisation_pdf(form_id: str) -> Response:
    """The letter by which the money may go to another person's account, to be filled in."""
    sheet = sheets.authorisation(ports(), sheets.at_counter(actor()), form_id)
    content = papers.authorisation_pdf(ports(), sheet, asked_locale())
    return pdf_answer(content, f"{group_form_number(sheet.form.form_number)}-authorisation")
