"""Paying at the agency's counter: against a signed receipt, once, in cash or by the network."""

from collections.abc import Mapping
from dataclasses import dataclass

from refund.core import ledger
from refund.core.agreement import Signature
from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.form import Event, Form, Status
from refund.core.ids import operation_reference
from refund.core.operation import CardEntry, Kind, Operation
from refund.core.review import Presented
from refund.core.till import Receipt, Way, cash_refusal, make_receipt_number
from refund.ports import Ports
from refund.services.card_page import Wanted, entered, open_page
from refund.services.counter_desk import Counter, presented_at, refuse_unreviewed
from refund.services.intent import begin_refund
from refund.services.life import By, move, note, the_form
from refund.services.papers import ReceiptSheet
from refund.services.pay import carry_out
from refund.services.rules import rules_of
from refund.services.tills import names_of
from refund.transaction import Transaction

OWNER_LENGTH_MAX = 60


@dataclass(frozen=True, slots=True)
class Signed:
    """What the traveller signed, and on which page.

    Args:
        submission: the page's own key; the same page sent again is the same receipt.
        owner: whose the account is, where it is another person's; "" for the traveller's own.
    """

    signature: Signature
    submission: str
    owner: str = ""


def read_owner(text: str, field: str = "owner") -> str:
    """Read the name of the person whose account it is.

    Raises:
        Refused: `field_missing`, `field_too_long`, `field_unreadable`.
    """
    name = " ".join(text.split())
    if not name:
        raise Refused("field_missing", field)
    if len(name) > OWNER_LENGTH_MAX:
        raise Refused("field_too_long", field, most=OWNER_LENGTH_MAX)
    if not name.isprintable():
        raise Refused("field_unreadable", field)
    return name


def _payable(tx: Transaction, ports: Ports, counter: Counter, form: Form) -> Presented:
    """A form that passes the review at this moment.

    Raises:
        Refused: `already_refunded`, `not_in_this_state`, and what the review says against it.
    """
    match form.status:
        case Status.ORDINARY_VERIFIED:
            presented = presented_at(tx, ports, counter, form)
            refuse_unreviewed(presented)
            return presented
        case Status.REFUNDING | Status.REFUNDED:
            raise Refused("already_refunded", status=form.status.value)
        case _:
            raise Refused("not_in_this_state", status=form.status.value)


def ready_for_cash(ports: Ports, counter: Counter, form_id: str) -> None:
    """Say before anybody signs whether a refund can be paid in cash now.

    Raises:
        Refused: as `pay_cash`.
    """

    def look(tx: Transaction) -> None:
        form = the_form(tx, form_id)
        presented = _payable(tx, ports, counter, form)
        till = tx.open_till(counter.port)
        refusal = cash_refusal(presented.due.net_fen, presented.rules, till)
        if refusal is not None:
            raise refusal

    ports.storage.read(look)


def pay_cash(ports: Ports, counter: Counter, form_id: str, signed: Signed) -> Receipt:
    """Pay a refund in cash, once: receipt, books, state and till together or not at all.

    The same page sent again gives the receipt that it wrote.

    Raises:
        Refused: `form_unknown`, `already_refunded`, `not_in_this_state`; what the review says
            against it; `cash_above_limit`, `till_not_open`, `till_too_low`.

    Source: SAT 41/2015, 84/2025 (the limit of cash).
    """

    def pay(tx: Transaction) -> Receipt:
        now = ports.clock.now()
        before = _same_page(tx, form_id, signed)
        if before is not None:
            return before
        form = the_form(tx, form_id)
        presented = _payable(tx, ports, counter, form)
        due, till = presented.due, tx.open_till(counter.port)
        refusal = cash_refusal(due.net_fen, presented.rules, till)
        if refusal is not None:
            raise refusal
        if till is None or not tx.pay_from_till(till.till_id, due.net_fen):
            raise Refused("till_not_open")
        means = _Means(Way.CASH, till_id=till.till_id)
        receipt = _write_receipt(tx, ports, counter, presented, signed, means)
        tx.pay_receipt(form_id, now)
        entry = ledger.refund_entry(receipt.receipt_number, form_id, due, ledger.Account.TILL)
        tx.post(entry, form.store_number, counter.label, now)
        by = By(counter.label, now)
        move(tx, ports, form, Event.PAY_CASH, by, detail=receipt.receipt_number)
        return receipt

    return ports.storage.write(pay)


def _same_page(tx: Transaction, form_id: str, signed: Signed) -> Receipt | None:
    """The receipt that this very page wrote before."""
    before = tx.receipt_by_submission(signed.submission)
    if before is not None and before.form_id != form_id:
        raise Refused("submission_differs")
    return before


@dataclass(frozen=True, slots=True)
class _Means:
    """How it is paid, and out of which till or to where."""

    way: Way
    till_id: str = ""
    label: str = ""


def _write_receipt(
    tx: Transaction,
    ports: Ports,
    counter: Counter,
    presented: Presented,
    signed: Signed,
    means: _Means,
) -> Receipt:
    """Write the next receipt of this counter, signed and not yet paid."""
    now = ports.clock.now()
    day = day_of(now)
    sequence = tx.next_receipt_sequence(counter.port, day)
    receipt = Receipt(
        receipt_number=make_receipt_number(counter.port, day, sequence),
        form_id=presented.form.form_id,
        port=counter.port,
        staff_id=counter.operator.staff_id,
        written_at=now,
        way=means.way,
        label=means.label,
        till_id=means.till_id,
        due=presented.due,
        submission=signed.submission,
        signature_kind=signed.signature.kind,
    )
    tx.add_receipt(receipt, signed.signature, signed.owner)
    return receipt


def open_payout_page(
    ports: Ports, counter: Counter, form_id: str, way: Way, back: tuple[str, str]
) -> str:
    """The address of the network's own page, where the traveller gives the card or the account.

    `back` is where the network leads back to, and the language of its page.

    Raises:
        Refused: as `pay_cash`, but for the cash; `network_unreachable`.
    """
    return_url, language = back

    def look(tx: Transaction) -> tuple[int, int]:
        presented = _payable(tx, ports, counter, the_form(tx, form_id))
        return presented.due.net_fen, tx.count_card_visits(form_id) + 1

    amount_fen, attempt = ports.storage.read(look)
    reference = operation_reference(form_id, "payout", attempt)
    wanted = Wanted(reference, form_id, amount_fen, way.value, return_url, language)
    return open_page(ports, ports.network.open_refund_page, wanted)


def payout_given(ports: Ports, counter: Counter, form_id: str, session_id: str) -> CardEntry:
    """The card or the account that the traveller gave on the network's page.

    Raises:
        Refused: as `open_payout_page`; `form_unknown`, `card_session_unfinished`, also for what
            the network refused to pay to before.
    """

    def look(tx: Transaction) -> list[Operation]:
        visit = tx.card_visit(session_id)
        if visit is None or visit.form_id != form_id:
            raise Refused("form_unknown")
        _payable(tx, ports, counter, the_form(tx, form_id))
        return _refunds(tx, form_id)

    asked = ports.storage.read(look)
    entry = entered(ports, session_id)
    if _was_asked(asked, entry):
        raise Refused("card_session_unfinished")
    return entry


def _refunds(tx: Transaction, form_id: str) -> list[Operation]:
    return [one for one in tx.operations_of(form_id) if one.kind is Kind.REFUND]


def _was_asked(operations: list[Operation], entry: CardEntry) -> bool:
    """Whether the network was asked to pay to exactly this before."""
    tokens = (entry.card_token, entry.payout_token)
    return any((one.card_token, one.payout_token) == tokens for one in operations)


def label_of(entry: CardEntry) -> str:
    """Where the money goes, masked, as the network calls it."""
    return entry.payout_label or f"{entry.brand} ···· {entry.last4}"


def pay_through_network(
    ports: Ports, counter: Counter, form_id: str, entry: CardEntry, signed: Signed
) -> Form:
    """Pay a refund to a card or an account, once: receipt and intent first, then the network.

    An answer that is lost is looked up by the worker; what the network refuses makes the receipt
    void, and another way can be chosen.

    Returns:
        The form: refunded, still being paid, or to be paid another way.

    Raises:
        Refused: as `pay_cash`, but for the cash; `card_session_unfinished` for what the network
            refused to pay to before.

    Source: SAT 41/2015; 84/2025 (above the limit of cash).
    """

    def begin(tx: Transaction) -> Operation | Form:
        before = _same_page(tx, form_id, signed)
        form = the_form(tx, form_id)
        if before is not None:
            return form
        presented = _payable(tx, ports, counter, form)
        if _was_asked(_refunds(tx, form_id), entry):
            raise Refused("card_session_unfinished")
        means = _Means(Way(entry.method), label=label_of(entry))
        _write_receipt(tx, ports, counter, presented, signed, means)
        return begin_refund(tx, ports, form, entry, presented.due, counter.label)

    begun = ports.storage.write(begin)
    return begun if isinstance(begun, Form) else carry_out(ports, begun)


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """A receipt with what stands on its paper; `next_form` is the traveller's next to be paid."""

    receipt: Receipt
    sheet: ReceiptSheet
    form: Form
    owner: str
    next_form: Form | None
    names: Mapping[str, str]


def receipt_number_of(ports: Ports, form_id: str) -> str:
    """The number of a form's receipt that is not void.

    Raises:
        Refused: `receipt_unknown`.
    """
    receipt = ports.storage.read(lambda tx: tx.receipt_of(form_id))
    if receipt is None:
        raise Refused("receipt_unknown")
    return receipt.receipt_number


def receipt_view(ports: Ports, counter: Counter, receipt_number: str) -> ReceiptView:
    """A receipt; that its identity was read is recorded.

    Raises:
        Refused: `receipt_unknown`, for another counter's too.
    """

    def read(tx: Transaction) -> ReceiptView:
        receipt = tx.receipt(receipt_number)
        if receipt is None or receipt.port != counter.port:
            raise Refused("receipt_unknown")
        form = the_form(tx, receipt.form_id)
        by = By(counter.label, ports.clock.now())
        note(tx, ports, "receipt_shown", by, form_id=form.form_id, detail=receipt_number)
        waiting = (
            one
            for one in tx.forms_of_traveller(form.document_index)
            if one.status is Status.ORDINARY_VERIFIED
        )
        return ReceiptView(
            receipt=receipt,
            sheet=_sheet(tx, form, receipt),
            form=form,
            owner=tx.receipt_owner(receipt_number),
            next_form=next(waiting, None),
            names=names_of(tx),
        )

    return ports.storage.write(read)


def _sheet(tx: Transaction, form: Form, receipt: Receipt) -> ReceiptSheet:
    return ReceiptSheet(
        receipt_number=receipt.receipt_number,
        issued_on=day_of(receipt.written_at),
        traveller_name=tx.traveller_of(form.form_id).latin_name,
        form_number=form.form_number,
        code=form.code,
        applied_fen=form.amounts.gross_fen,
        confirmed_fen=receipt.due.gross_fen,
        fee_fen=receipt.due.fee_fen,
        net_fen=receipt.due.net_fen,
        way=receipt.way.value,
        account=receipt.label,
        port=receipt.port,
        fee_bp=rules_of(tx, form).fee_bp,
        paid_at=receipt.paid_at,
        signature=tx.receipt_signature(receipt.receipt_number),
    )


def receipt_to_print(ports: Ports, counter: Counter, receipt_number: str) -> ReceiptSheet:
    """What the paper of a receipt says, once the money is paid.

    Raises:
        Refused: `receipt_unknown`; `receipt_unpaid` before that, and for a void one.
    """
    seen = receipt_view(ports, counter, receipt_number)
    if seen.receipt.paid_at is None:
        raise Refused("receipt_unpaid")
    return seen.sheet
