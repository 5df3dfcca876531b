"""The traveller's own copy of what was signed."""

from werkzeug.wrappers import Response

from refund.core.ids import group_form_number
from refund.services import papers as sheets
from refund.web import papers
from refund.web.auth import visit
from refund.web.context import ports
from refund.web.paper_answers import asked_locale, pdf_answer
from refund.web.traveller import pages


@pages.get("/forms/<form_id>/agreement.pdf")
def agreement_pdf(form_id: str) -> Response:
    """The agreement that was signed, for a phone that opened the form with its claim code."""
    sheet = sheets.agreement(ports(), sheets.on_phone(visit()), form_id)
    content = papers.agreement_pdf(ports(), sheet, asked_locale())
    return pdf_answer(content, f"{group_form_number(sheet.form.form_number)}-agreement")
