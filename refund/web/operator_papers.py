"""The agency's papers of any form: the application form, the agreement, the letter, the receipt."""

from werkzeug.wrappers import Response

from refund.core.ids import group_form_number
from refund.services import papers as sheets
from refund.web import papers
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.operator import pages
from refund.web.paper_answers import asked_locale, paper_choices, pdf_answer

pages.context_processor(paper_choices)


@pages.get("/forms/<form_id>/paper.pdf")
def paper_pdf(form_id: str) -> Response:
    """The application form of any store."""
    sheet = sheets.application(ports(), sheets.at_agency(actor()), form_id)
    content = papers.application_pdf(ports(), sheet, asked_locale())
    return pdf_answer(content, group_form_number(sheet.form.form_number))


@pages.get("/forms/<form_id>/agreement.pdf")
def agreement_pdf(form_id: str) -> Response:
    """The agreement that the traveller signed."""
    sheet = sheets.agreement(ports(), sheets.at_agency(actor()), form_id)
    content = papers.agreement_pdf(ports(), sheet, asked_locale())
    return pdf_answer(content, f"{group_form_number(sheet.form.form_number)}-agreement")


@pages.get("/forms/<form_id>/authorisation.pdf")
def authorisation_pdf(form_id: str) -> Response:
    """The letter by which the money may go to another person's account, to be filled in."""
    sheet = sheets.authorisation(ports(), sheets.at_agency(actor()), form_id)
    content = papers.authorisation_pdf(ports(), sheet, asked_locale())
    return pdf_answer(content, f"{group_form_number(sheet.form.form_number)}-authorisation")
