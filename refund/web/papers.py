"""Papers as they leave the house: a sheet's facts become words in up to three languages."""

from collections.abc import Mapping

from refund.core.form import GONE, Channel, Form
from refund.core.ids import group_form_number
from refund.core.money import format_yuan
from refund.core.nationalities import NATIONALITY_BY_CODE
from refund.core.signing import code_url
from refund.core.store import Store
from refund.core.traveller import Traveller
from refund.ports import Ports
from refund.services.issue import Slip
from refund.services.papers import (
    AGENCY,
    AgreementSheet,
    AuthorisationSheet,
    Paper,
    PaperLine,
    ReceiptSheet,
    SettlementSheet,
)
from refund.web.paper_agreement import agreement_text
from refund.web.paper_frame import Filled, day, head, moment, percent, port_fact
from refund.web.paper_languages import Fact, PaperLanguage, Words, language_of
from refund.web.paper_money import receipt_words, settlement_words
from refund.web.paper_words import LABELS
from refund.web.qr import svg


def application_pdf(ports: Ports, sheet: Paper, locale: str = "") -> bytes:
    """The application form, A4; without a locale in the language that the traveller likely reads.

    Raises everywhere here:
        Refused: `glyph_missing`.
    """
    language = language_of(locale, sheet.traveller)
    form, filled = sheet.form, _filled("application", language, sheet.form)
    words = Words(language)
    filled |= _of_the_store(sheet.store) | _of_the_traveller(words, sheet.traveller)
    filled |= _coded(ports, form)
    instant = form.channel is Channel.INSTANT
    filled |= {
        "channel": words.label(LABELS["application"][form.channel.value]),
        "clerk": sheet.clerk_name,
        "invoices": _by_invoice(sheet.lines),
        "sums": _sums(form),
        "promise": words.label(
            LABELS["application"]["promise_instant" if instant else "promise_ordinary"],
            {"day": form.depart_by.isoformat(), "port": port_fact(form)},
        ),
        "counts_now": "" if sheet.worth.is_whole else _counts_now(words, sheet),
    }
    return _set(ports, "application", filled)


def _counts_now(words: Words, sheet: Paper) -> list[str]:
    """What is due now, where not all goods of the form count any more."""
    due = sheet.worth.due
    sums = {
        "sales": format_yuan(due.sales_fen),
        "gross": format_yuan(due.gross_fen),
        "fee": format_yuan(due.fee_fen),
        "net": format_yuan(due.net_fen),
    }
    return words.label(LABELS["application"]["counts_now"], sums)


def slip_pdf(ports: Ports, slip: Slip, locale: str = "") -> bytes:
    """The customer's slip of 80 mm, with the claim code and without the code to scan."""
    return _set(ports, "slip", _slip(slip, locale))


def slip_strip(ports: Ports, slip: Slip, locale: str = "") -> bytes:
    """The same for the receipt printer, as a PNG picture."""
    return ports.typesetter.strip("slip", _slip(slip, locale))


def agreement_pdf(ports: Ports, sheet: AgreementSheet, locale: str = "") -> bytes:
    """The agreement as it was signed, A4."""
    language = language_of(locale, sheet.traveller)
    words = Words(language)
    filled = _filled("agreement", language, sheet.form) | _coded(ports, sheet.form)
    filled |= _of_the_store(sheet.store) | _of_the_traveller(words, sheet.traveller)
    filled |= agreement_text(words, sheet)
    return _set(ports, "agreement", filled)


def authorisation_pdf(ports: Ports, sheet: AuthorisationSheet, locale: str = "") -> bytes:
    """The letter that lets the refund go to another person's account, A4, to be filled in."""
    language = language_of(locale, sheet.traveller)
    net = {"net": format_yuan(sheet.form.amounts.net_fen)}
    filled = _filled("authorisation", language, sheet.form, net) | _coded(ports, sheet.form)
    filled |= _of_the_store(sheet.store)
    filled |= _of_the_traveller(Words(language), sheet.traveller)
    filled |= {"net": f"CNY {net['net']}", "agency": [AGENCY.name_zh, AGENCY.name_en]}
    return _set(ports, "authorisation", filled)


def receipt_pdf(ports: Ports, sheet: ReceiptSheet, language: str = "") -> bytes:
    """The refund receipt, A5; `language` is a locale of LANGUAGES, "" for Chinese and English."""
    return _set(ports, "receipt", receipt_words(ports, sheet, language))


def receipt_strip_pdf(ports: Ports, sheet: ReceiptSheet, language: str = "") -> bytes:
    """The refund receipt as a strip of 80 mm."""
    return _set(ports, "receipt_strip", receipt_words(ports, sheet, language))


def receipt_strip(ports: Ports, sheet: ReceiptSheet, language: str = "") -> bytes:
    """The same for the receipt printer, as a PNG picture."""
    return ports.typesetter.strip("receipt_strip", receipt_words(ports, sheet, language))


def settlement_pdf(ports: Ports, sheet: SettlementSheet) -> bytes:
    """The month's settlement, A4 across, in Chinese and English."""
    return _set(ports, "settlement", settlement_words(sheet))


def _set(ports: Ports, paper: str, filled: Mapping[str, object]) -> bytes:
    return ports.typesetter.pdf(paper, filled, ports.clock.now())


def _filled(
    paper: str, language: PaperLanguage, form: Form, facts: Mapping[str, Fact] | None = None
) -> Filled:
    """What each paper of a form starts from."""
    number = group_form_number(form.form_number)
    return {
        **head(paper, language, number, facts or {}),
        "is_void": form.status in GONE,
        "issued": moment(form.issued_at),
        "depart_by": form.depart_by.isoformat(),
    }


def _coded(ports: Ports, form: Form) -> Filled:
    """The form's signed code; a void form has none."""
    if form.status in GONE:
        return {}
    return {"qr": svg(code_url(ports.public_url, form.code), "")}


def _of_the_store(store: Store) -> Filled:
    return {
        "store_name": [store.name_zh, store.name_en],
        "taxpayer_number": store.taxpayer_number,
        "phone": store.phone,
        "address": [store.address_zh, store.address_en],
    }


def _of_the_traveller(words: Words, traveller: Traveller) -> Filled:
    land = NATIONALITY_BY_CODE[traveller.nationality]
    document = traveller.document
    return {
        "latin_name": traveller.latin_name,
        "local_name": traveller.local_name,
        "nationality": [land.zh, land.en],
        "document": words.label(LABELS["application"][document.kind.value]),
        "document_number": document.number,
        "last_entry": traveller.last_entry.isoformat() if traveller.last_entry else "",
    }


def _by_invoice(lines: tuple[PaperLine, ...]) -> list[dict[str, object]]:
    invoices: dict[str, dict[str, object]] = {}
    rows: dict[str, list[dict[str, object]]] = {}
    for one in lines:
        number = one.invoice.number
        rows.setdefault(number, []).append(_row(one))
        invoices[number] = {"number": number, "day": day(one.invoice.day), "lines": rows[number]}
    return list(invoices.values())


def _row(one: PaperLine) -> dict[str, object]:
    line, goods = one.line, one.line.goods
    return {
        "goods": [goods.name_zh, goods.name_en],
        "specification": line.specification,
        "unit": [goods.unit_zh, goods.unit_en],
        "quantity": str(line.quantity),
        "unit_price": format_yuan(line.unit_price_fen),
        "amount": format_yuan(line.amount_fen),
        "vat": f"{goods.vat.value} %",
        "rate": f"{percent(one.rate_bp)} %",
        "refund": format_yuan(one.refund_fen),
        "confirmed": "" if one.confirmed is None else str(one.confirmed),
    }


def _sums(form: Form) -> dict[str, str]:
    sums = form.amounts
    return {
        "sales": format_yuan(sums.sales_fen),
        "gross": format_yuan(sums.gross_fen),
        "fee": f"−{format_yuan(sums.fee_fen)}",
        "net": f"CNY {format_yuan(sums.net_fen)}",
    }


def _slip(slip: Slip, locale: str) -> Filled:
    form, language = slip.form, language_of(locale, slip.traveller)
    words = Words(language)
    number = group_form_number(form.form_number)
    instant = form.channel is Channel.INSTANT
    steps = ("step_scan", "step_code", "step_customs") if instant else ("step_customs", "step_paid")
    return _filled("slip", language, form) | {
        # The form's number, never its signed code: code and claim code are handed over apart.
        "qr": svg(form.form_number, ""),
        "qr_alt": number,
        "claim_code": f"{slip.claim_code[:3]} {slip.claim_code[3:]}",
        "store_name": [slip.store.name_zh, slip.store.name_en],
        "net": f"CNY {format_yuan(form.amounts.net_fen)}",
        "port": words.place(port_fact(form)),
        "steps": [words.label(LABELS["slip"][step]) for step in steps],
    }
