"""What stands on the papers: each sheet's facts, collected for whoever may see the form."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from refund.core.agreement import Agreement, Details, Signature
from refund.core.breakdown import line_refunds
from refund.core.entitlement import Entitlement
from refund.core.errors import Refused
from refund.core.form import Form
from refund.core.invoice import Invoice, InvoiceLine
from refund.core.operation import Advance, Guarantee
from refund.core.people import TRAVELLER, Actor
from refund.core.store import Store
from refund.core.traveller import Traveller
from refund.ports import Ports
from refund.services.intent import entitlement
from refund.services.issue import form_of_store
from refund.services.life import By, note, the_form
from refund.services.rules import rules_of
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Agency:
    """The refund agency as papers name it."""

    name_zh: str
    name_en: str
    phone: str


AGENCY = Agency("汉口银行（模拟）", "Hankou Bank (simulated)", "027-0000-9999")
"""Hubei's agency is Hankou Bank; this service only plays its part, and its telephone is made up."""


@dataclass(frozen=True, slots=True)
class ReceiptSheet:
    """The refund receipt, 收款回执单, as the traveller signs it.

    Args:
        receipt_number: the receipt's own number, as it is to be printed.
        issued_on: the day of the receipt in Shanghai.
        code: the form's signed code, which the QR carries.
        applied_fen: the refund that was applied for: the form's gross.
        confirmed_fen: the gross of what customs confirmed.
        fee_fen: the agency's fee; `fee_bp` is its rate of the sales, basis points.
        net_fen: what was paid.
        way: one of `cash`, `transfer`, `card`, `alipay`, `wechat_pay`, `bank_account`.
        account: where the money went, masked, as the network calls it; "" for cash.
        port: code of the counter's port; "" for none.
    """

    receipt_number: str
    issued_on: date
    traveller_name: str
    form_number: str
    code: str
    applied_fen: int
    confirmed_fen: int
    fee_fen: int
    net_fen: int
    way: str
    account: str = ""
    port: str = ""
    fee_bp: int = 200
    paid_at: datetime | None = None
    signature: Signature | None = None
    agency: Agency = AGENCY


@dataclass(frozen=True, slots=True)
class SettlementLine:
    """A form in a month's settlement; a correction of an earlier month may be negative.

    `way` is how the traveller was paid: `advance`, or as in `ReceiptSheet`.
    """

    form_number: str
    store_zh: str
    store_en: str
    issued_on: date
    verified_on: date | None
    sales_fen: int
    gross_fen: int
    fee_fen: int
    net_fen: int
    way: str
    is_correction: bool = False


@dataclass(frozen=True, slots=True)
class SettlementSum:
    """The lines of one way of payment added up."""

    way: str
    forms: int
    sales_fen: int
    gross_fen: int
    fee_fen: int
    net_fen: int


@dataclass(frozen=True, slots=True)
class SettlementSheet:
    """The month's settlement, 结算申报表.

    Args:
        number: the settlement's own number, in digits, capital letters and dashes.
        month: the first day of the month that is settled.
        totals: the sums of each way, then those of the whole as `total`; they come from the books,
            so that paper and ledger cannot differ by an addition of ours.
        digest: SHA-256 of what was closed, hexadecimal.
        closed_by: the operator's name.
    """

    number: str
    month: date
    lines: tuple[SettlementLine, ...]
    totals: tuple[SettlementSum, ...]
    total: SettlementSum
    closed_at: datetime
    closed_by: str
    digest: str
    agency: Agency = AGENCY


@dataclass(frozen=True, slots=True)
class PaperLine:
    """A line as the paper shows it; `confirmed` is what customs counted, None before that."""

    invoice: Invoice
    line: InvoiceLine
    rate_bp: int
    refund_fen: int
    confirmed: int | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """All that the application form carries on paper; the claim code is not part of it.

    Its sums are those of the day of issue; `worth` is what is due now.
    """

    form: Form
    store: Store
    clerk_name: str
    traveller: Traveller
    lines: tuple[PaperLine, ...]
    worth: Entitlement


@dataclass(frozen=True, slots=True)
class AgreementSheet:
    """The agreement as it was signed, with the card that stands behind it, if there is one yet."""

    form: Form
    store: Store
    traveller: Traveller
    details: Details
    agreement: Agreement
    signature: Signature | None
    guarantee: Guarantee | None
    advance: Advance | None


@dataclass(frozen=True, slots=True)
class AuthorisationSheet:
    """The letter by which a traveller lets the money go to another person's account."""

    form: Form
    store: Store
    traveller: Traveller


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a paper: the audit trail's label, and the forms that person may see."""

    label: str
    find: Callable[[Transaction, str], Form]


def at_counter(clerk: Actor) -> Asker:
    """A clerk, who sees the forms of the own store."""
    return Asker(clerk.label, lambda tx, form_id: form_of_store(tx, clerk, form_id))


def at_agency(operator: Actor) -> Asker:
    """An operator, who sees every form."""
    return Asker(operator.label, the_form)


def on_phone(session_hash: str) -> Asker:
    """A traveller's phone, which sees a form that it scanned and opened with the claim code."""

    def find(tx: Transaction, form_id: str) -> Form:
        visit = tx.visit(session_hash, form_id)
        if visit is None:
            raise Refused("form_unknown")
        if visit.unlocked_at is None:
            raise Refused("claim_code_missing", "claim_code")
        return the_form(tx, form_id)

    return Asker(TRAVELLER, find)


def application(ports: Ports, asker: Asker, form_id: str) -> Paper:
    """The application form; that its identity was read is recorded.

    Raises:
        Refused: `form_unknown`, for a form that is not the asker's too.
    """
    now = ports.clock.now()

    def read(tx: Transaction) -> Paper:
        form = asker.find(tx, form_id)
        issuer = tx.staff(form.staff_id)
        if issuer is None:
            raise LookupError(form_id)
        note(tx, ports, "paper_shown", By(asker.label, now), form_id=form_id)
        return Paper(
            form=form,
            store=_store_of(tx, form),
            clerk_name=issuer.actor.name,
            traveller=tx.traveller_of(form_id),
            lines=_paper_lines(tx, form),
            worth=entitlement(tx, form),
        )

    return ports.storage.write(read)


def agreement(ports: Ports, asker: Asker, form_id: str) -> AgreementSheet:
    """The agreement of a form; that it was read is recorded.

    Raises:
        Refused: as `application`; `agreement_not_signed` while nobody has signed.
    """
    now = ports.clock.now()

    def read(tx: Transaction) -> AgreementSheet:
        form = asker.find(tx, form_id)
        signed, details = tx.agreement_of(form_id), tx.details_of(form_id)
        if signed is None or details is None:
            raise Refused("agreement_not_signed")
        guarantees = tx.guarantees_of(form_id)
        note(tx, ports, "agreement_shown", By(asker.label, now), form_id=form_id)
        return AgreementSheet(
            form=form,
            store=_store_of(tx, form),
            traveller=tx.traveller_of(form_id),
            details=details,
            agreement=signed,
            signature=tx.signature_of(form_id),
            guarantee=guarantees[-1] if guarantees else None,
            advance=tx.advance_of(form_id),
        )

    return ports.storage.write(read)


def authorisation(ports: Ports, asker: Asker, form_id: str) -> AuthorisationSheet:
    """The letter of authorisation of a form; that its identity was read is recorded.

    Raises:
        Refused: as `application`.
    """
    now = ports.clock.now()

    def read(tx: Transaction) -> AuthorisationSheet:
        form = asker.find(tx, form_id)
        note(tx, ports, "authorisation_shown", By(asker.label, now), form_id=form_id)
        return AuthorisationSheet(form, _store_of(tx, form), tx.traveller_of(form_id))

    return ports.storage.write(read)


def _store_of(tx: Transaction, form: Form) -> Store:
    store = tx.store(form.store_number)
    if store is None:
        raise LookupError(form.store_number)
    return store


def _paper_lines(tx: Transaction, form: Form) -> tuple[PaperLine, ...]:
    rules = rules_of(tx, form)
    seen = tx.verification_of(form.form_id)
    counted = {one.line: one.quantity for one in seen.lines} if seen else {}
    places = [
        ((invoice_position, position), invoice, line)
        for invoice_position, invoice in enumerate(tx.invoices_of(form.form_id))
        for position, line in enumerate(invoice.lines)
    ]
    refunds = line_refunds([line for _, _, line in places], rules)
    return tuple(
        PaperLine(invoice, line, rules.rate_bp(line.goods.vat), refund_fen, counted.get(key))
        for (key, invoice, line), refund_fen in zip(places, refunds, strict=True)
    )
