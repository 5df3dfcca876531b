"""The agency's counter: find the traveller's form, check it, pay it against a signature."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.calendar import day_of
from refund.core.errors import REFUSALS, Refused
from refund.core.form import Status
from refund.core.nationalities import NATIONALITY_BY_CODE
from refund.core.operation import CardEntry
from refund.core.places import PORTS
from refund.core.review import FINAL
from refund.core.till import NETWORK_WAYS, Way, pieces_for, read_network_way, read_receipt_number
from refund.core.traveller import DocumentKind
from refund.services import counter_desk, counter_pay, papers
from refund.services.counter_desk import Counter, CounterView, counter_at
from refund.services.life import REASON_LENGTH_MAX
from refund.services.tills import cash_of, till_list
from refund.services.verify import CODE_LENGTH_MIN, find_form
from refund.web import papers as paper
from refund.web.auth import actor
from refund.web.context import own_address, ports
from refund.web.counter_forms import (
    TypedReceipt,
    is_zone,
    read_shown_document,
    read_signed,
    read_typed_document,
    read_zone_document,
)
from refund.web.filters import errors_by_field
from refund.web.language import TAGS, chosen
from refund.web.operator import pages
from refund.web.paper_answers import pdf_answer, put_out
from refund.web.parse import typed_fields

Answer = str | tuple[str, int] | tuple[str, int, dict[str, str]] | Response

HOME = "/counter/<port>"
FORM = "/counter/<port>/forms/<form_id>"
RECEIPT = "/counter/<port>/receipts/<receipt_number>"

SAID_BY_THE_FORM = frozenset(
    {
        *(
            "already_refunded",
            "not_in_this_state",
            "card_session_unfinished",
            "network_unreachable",
        ),
        *("document_not_shown", "document_differs", "verification_missing", "verified_elsewhere"),
        *("refused_by_customs", "left_after_stay", "left_after_export", "entry_date_unknown"),
        *("form_void", "record_differs", "nothing_due"),
        *("cash_above_limit", "till_not_open", "till_too_low"),
    }
)
"""Refusals that the form's own page says better: it shows what can be done now."""

SAID_ON_TOP = frozenset({"card_session_unfinished", "already_refunded", "network_unreachable"})
"""What the form's page is asked to say of a step that led nowhere."""


def here(port: str) -> Counter:
    """The counter of this address, with whoever is signed in."""
    return counter_at(actor(), port)


def _status(refused: Refused) -> int:
    return REFUSALS[refused.code].status


def _to_form(port: str, form_id: str, said: str = "") -> Response:
    target = url_for("operator.counter_form", port=port, form_id=form_id, said=said or None)
    return redirect(target, 303)


def leads_on(view: Callable[..., Answer]) -> Callable[..., Answer]:
    """Lead whoever came too late, too early or twice to where the form stands now."""

    @wraps(view)
    def led(port: str, form_id: str, **more: str) -> Answer:
        counter_desk.require_form(ports(), form_id)
        try:
            return view(port, form_id, **more)
        except Refused as refused:
            if refused.code not in SAID_BY_THE_FORM:
                raise
            return _to_form(port, form_id, refused.code if refused.code in SAID_ON_TOP else "")

    return led


@pages.get("/counter")
def counters() -> Answer:
    """Which counter it is; an operator with a port has that one."""
    if actor().port:
        return redirect(url_for("operator.counter_home", port=actor().port), 303)
    open_tills = cash_of(till_list(ports()).tills)
    return render_template("operator/counter/ports.html", ports=PORTS, open_tills=open_tills)


@pages.get(HOME)
def counter_home(port: str) -> Answer:
    """The next traveller: one field for whatever is scanned, and who waits."""
    return _home(here(port), {}, [])


def _home(counter: Counter, typed: Mapping[str, str], problems: Sequence[Refused]) -> str:
    return render_template(
        "operator/counter/home.html",
        counter=counter,
        seen=counter_desk.home(ports(), counter),
        typed=typed,
        errors=errors_by_field(problems),
        kinds=tuple(DocumentKind),
    )


@pages.post(HOME)
def counter_find(port: str) -> Answer:
    """Find a form by what was scanned or typed; none of it gets into an address."""
    counter = here(port)
    typed, _ = typed_fields(request.form)
    text = request.form.get("scan", "").strip()
    try:
        if is_zone(text):
            document = read_zone_document(text, day_of(ports().clock.now()), "scan")
            form = counter_desk.find_by_document(ports(), counter, document)
        elif text or not (typed.get("document_kind") or typed.get("document_number")):
            form = find_form(ports(), "".join(text.split()))
        else:
            document = read_typed_document(typed)
            form = counter_desk.find_by_document(ports(), counter, document)
    except Refused as refused:
        own = refused.field in {"document_kind", "document_number"}
        shown = {**typed, "scan": text if len(text) < CODE_LENGTH_MIN else ""}
        page = _home(counter, shown, [refused if own else refused.at("scan")])
        return page, _status(refused)
    return _to_form(port, form.form_id)


@pages.get(FORM)
def counter_form(port: str, form_id: str) -> Answer:
    """The form at the counter: what is due, whether it can be paid, how, or why not."""
    counter = here(port)
    return _form(counter, counter_desk.view(ports(), counter, form_id), {}, [])


def _form(
    counter: Counter, seen: CounterView, typed: Mapping[str, str], problems: Sequence[Refused]
) -> str:
    nationality = NATIONALITY_BY_CODE[seen.traveller.nationality]
    codes = {reason.code for reason in seen.reasons}
    said = request.args.get("said", "")
    return render_template(
        "operator/counter/form.html",
        counter=counter,
        seen=seen,
        codes=codes,
        is_final=bool(codes & FINAL),
        ways=NETWORK_WAYS,
        kinds=tuple(DocumentKind),
        nationality=nationality.zh if chosen() == "zh_Hans" else nationality.en,
        updating=seen.form.status is Status.REFUNDING,
        typed=typed,
        errors=errors_by_field(problems),
        reason_max=REASON_LENGTH_MAX,
        said=said if said in SAID_ON_TOP else "",
    )


@pages.get(FORM + "/live")
def counter_live(port: str, form_id: str) -> Answer:
    """Nothing while the network has not answered; else the page is told to load itself anew."""
    here(port)
    if counter_desk.is_paying(ports(), form_id):
        return "", 204
    return "", 200, {"HX-Refresh": "true"}


@pages.post(FORM + "/document")
def counter_document(port: str, form_id: str) -> Answer:
    """Compare the document that is shown with the form's."""
    counter = here(port)
    typed, _ = typed_fields(request.form)
    try:
        document = read_shown_document(typed, day_of(ports().clock.now()))
    except Refused as refused:
        seen = counter_desk.view(ports(), counter, form_id)
        return _form(counter, seen, typed, [refused]), _status(refused)
    counter_desk.show_document(ports(), counter, form_id, document)
    return _to_form(port, form_id)


@pages.post(FORM + "/accept")
@leads_on
def counter_accept(port: str, form_id: str) -> Answer:
    """Take up a form that was charged back, with customs' verification that there is."""
    counter_desk.accept_verification(ports(), here(port), form_id)
    return _to_form(port, form_id)


@pages.post(FORM + "/deny")
@leads_on
def counter_deny(port: str, form_id: str) -> Answer:
    """Deny the refund for good, in the operator's own words."""
    counter = here(port)
    typed, _ = typed_fields(request.form)
    try:
        counter_desk.deny(ports(), counter, form_id, typed.get("reason", ""))
    except Refused as refused:
        if refused.field != "reason":
            raise
        seen = counter_desk.view(ports(), counter, form_id)
        return _form(counter, seen, typed, [refused]), _status(refused)
    return _to_form(port, form_id)


def _sign(
    counter: Counter,
    form_id: str,
    entry: CardEntry | None,
    typed: Mapping[str, str],
    problems: Sequence[Refused],
) -> str:
    """The receipt to be signed: for cash, or for the card or account that was given."""
    return render_template(
        "operator/counter/sign.html",
        counter=counter,
        seen=counter_desk.view(ports(), counter, form_id),
        way=Way(entry.method) if entry else Way.CASH,
        label=counter_pay.label_of(entry) if entry else "",
        submission=typed.get("submission") or ports().ids.token(),
        typed=typed,
        errors=errors_by_field(problems),
    )


def _typed_receipt() -> tuple[dict[str, str], TypedReceipt]:
    """What was typed and signed; a drawing is longer than any field."""
    drawing = request.form.get("signature", "")
    typed, problems = typed_fields({k: v for k, v in request.form.items() if k != "signature"})
    read = read_signed(typed, drawing)
    if problems:
        read = TypedReceipt(None, (*problems, *read.problems))
    return {**typed, "signature": drawing}, read


@pages.get(FORM + "/cash")
@leads_on
def counter_cash(port: str, form_id: str) -> Answer:
    """The receipt for cash, to be signed."""
    counter_pay.ready_for_cash(ports(), here(port), form_id)
    return _sign(here(port), form_id, None, {}, [])


@pages.post(FORM + "/cash")
@leads_on
def counter_pay_cash(port: str, form_id: str) -> Answer:
    """Pay in cash, once."""
    counter = here(port)
    typed, read = _typed_receipt()
    if read.signed is None:
        counter_pay.ready_for_cash(ports(), counter, form_id)
        return _sign(counter, form_id, None, typed, read.problems), 422
    receipt = counter_pay.pay_cash(ports(), counter, form_id, read.signed)
    return _to_receipt(port, receipt.receipt_number)


def _to_receipt(port: str, receipt_number: str) -> Response:
    target = url_for("operator.counter_receipt", port=port, receipt_number=receipt_number)
    return redirect(target, 303)


@pages.post(FORM + "/network")
@leads_on
def counter_network(port: str, form_id: str) -> Answer:
    """Go to the network's own page, the only place for a card's or an account's number."""
    way = read_network_way(request.form.get("way", ""))
    back = own_address(url_for("operator.counter_back", port=port, form_id=form_id))
    counter = here(port)
    url = counter_pay.open_payout_page(ports(), counter, form_id, way, (back, TAGS[chosen()]))
    return redirect(url, 303)


@pages.get(FORM + "/back")
@leads_on
def counter_back(port: str, form_id: str) -> Answer:
    """The way back from the network's page."""
    session_id = request.args.get("session", "")
    if not session_id:
        return _to_form(port, form_id, "card_session_unfinished")
    target = url_for("operator.counter_sign", port=port, form_id=form_id, session_id=session_id)
    return redirect(target, 303)


@pages.get(FORM + "/sign/<session_id>")
@leads_on
def counter_sign(port: str, form_id: str, session_id: str) -> Answer:
    """The receipt for the card or account that was given, to be signed."""
    counter = here(port)
    entry = counter_pay.payout_given(ports(), counter, form_id, session_id)
    return _sign(counter, form_id, entry, {}, [])


@pages.post(FORM + "/sign/<session_id>")
@leads_on
def counter_pay_out(port: str, form_id: str, session_id: str) -> Answer:
    """Let the network pay, once; what it does not answer is looked up by itself."""
    counter = here(port)
    typed, read = _typed_receipt()
    entry = counter_pay.payout_given(ports(), counter, form_id, session_id)
    if read.signed is None:
        return _sign(counter, form_id, entry, typed, read.problems), 422
    form = counter_pay.pay_through_network(ports(), counter, form_id, entry, read.signed)
    if form.status is not Status.REFUNDED:
        return _to_form(port, form_id)
    return _to_receipt(port, counter_pay.receipt_number_of(ports(), form_id))


@pages.get(FORM + "/authorisation.pdf")
@leads_on
def counter_authorisation(port: str, form_id: str) -> Answer:
    """The letter by which the money may go to another person's account, to be signed."""
    sheet = papers.authorisation(ports(), papers.at_agency(here(port).operator), form_id)
    name = f"authorisation-{sheet.form.form_number}"
    return pdf_answer(paper.authorisation_pdf(ports(), sheet), name)


@pages.get(RECEIPT)
def counter_receipt(port: str, receipt_number: str) -> Answer:
    """What was paid: hand it over, print the receipt, and the next traveller."""
    counter = here(port)
    seen = counter_pay.receipt_view(ports(), counter, read_receipt_number(receipt_number))
    return render_template(
        "operator/counter/receipt.html",
        counter=counter,
        seen=seen,
        pieces=pieces_for(seen.sheet.net_fen),
        has_printer=ports().printer is not None,
    )


@pages.get(RECEIPT + ".pdf")
def counter_receipt_pdf(port: str, receipt_number: str) -> Answer:
    """The receipt on paper, A5."""
    sheet = counter_pay.receipt_to_print(ports(), here(port), read_receipt_number(receipt_number))
    return pdf_answer(paper.receipt_pdf(ports(), sheet), receipt_number)


@pages.get(RECEIPT + "/strip.pdf")
def counter_receipt_strip(port: str, receipt_number: str) -> Answer:
    """The receipt as a strip of 80 mm."""
    sheet = counter_pay.receipt_to_print(ports(), here(port), read_receipt_number(receipt_number))
    return pdf_answer(paper.receipt_strip_pdf(ports(), sheet), f"{receipt_number}-80mm")


@pages.post(RECEIPT + "/print")
def counter_print(port: str, receipt_number: str) -> Answer:
    """Print the receipt on the counter's own printer."""
    sheet = counter_pay.receipt_to_print(ports(), here(port), read_receipt_number(receipt_number))
    put_out(paper.receipt_strip(ports(), sheet))
    return _to_receipt(port, receipt_number)
