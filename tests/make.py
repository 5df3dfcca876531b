"""Builders of what the field deals with: each gives a good one, but for what the test changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from refund.core.agreement import Details, Signature
from refund.core.customs import Decision, Verification
from refund.core.form import TRIES, Channel, Form, Method, Status
from refund.core.goods import Goods
from refund.core.invoice import Invoice, InvoiceKind, InvoiceLine
from refund.core.matching import ExitRecord
from refund.core.money import Amounts, Vat
from refund.core.operation import (
    Guarantee,
    GuaranteeState,
    HeldState,
    HoldState,
    Kind,
    Operation,
    OperationState,
)
from refund.core.people import Actor, Role, Staff
from refund.core.policy import Purchase
from refund.core.store import Store, StoreStatus
from refund.core.traveller import DocumentKind, IdentityDocument, Traveller
from refund.services.issue import Draft

DAY = date(2025, 7, 8)
"""The first day of the instant refund in Wuhan."""

NOON = datetime(2025, 7, 8, 4, 0, tzinfo=UTC)
"""Noon of that day in Shanghai."""

PRICE_FEN = 1494_00
"""The purchase of the published example: 134.46 yuan net."""

NET_FEN = 134_46
VISA = "4111111111111111"
MASTERCARD = "5555555555554444"
JCB = "3566002020360505"
DISCOVER = "6011111111111117"
HALF = "4000000000000135"
ENDED_BY_BANK = "4000000000000143"
CHARGE_DECLINED = "4000000000000150"
PENDING_THEN_PAID = "4000000000000168"
PENDING_THEN_FAILED = "4000000000000176"
PAYOUT_RETURNED = "4000000000000184"
DECLINED = "4000000000000002"
LOST_HOLD = "4000000000000101"
LOST_ADVANCE = "4000000000000119"
PAYOUT_REFUSED = "4000000000000127"


def store(store_number: int = 1, **changes: Any) -> Store:
    """A store that may issue, with advances, since the first day."""
    good = Store(
        store_number=store_number,
        name_zh=f"试验店{store_number}",
        name_en=f"Trial store {store_number}",
        taxpayer_number=f"SIM{store_number:015d}",
        address_zh="武汉",
        address_en="Wuhan",
        phone="027-0000-0000",
        tax_credit_grade="A",
        general_taxpayer=True,
        goods_ledger_kept=True,
        sign_displayed=True,
        status=StoreStatus.ACTIVE,
        filed_on=date(2015, 7, 1),
        instant_from=date(2025, 7, 1),
        instant_to=None,
        illustrative=True,
        source="made for a test",
    )
    return replace(good, **changes)


def clerk(store_number: int = 1) -> Actor:
    """A clerk of a store."""
    return Actor(f"clerk-{store_number}", Role.CLERK, "Clerk", store_number=store_number)


def officer(port: str = "WUH") -> Actor:
    """A customs officer of a port."""
    return Actor(f"officer-{port}", Role.OFFICER, "Officer", port=port)


def operator(staff_id: str = "operator-1") -> Actor:
    """An operator of the agency."""
    return Actor(staff_id, Role.OPERATOR, "Operator")


def staff(actor: Actor, login: str = "", password_hash: str = "") -> Staff:
    """A person of the staff as the register has it."""
    return Staff(actor, login or actor.staff_id, password_hash)


def goods(vat: Vat = Vat.V13, **changes: Any) -> Goods:
    """A kind of goods of that rate; the exempt ones are out of scope."""
    code = {Vat.V13: "BAG01", Vat.V9: "BOK01", Vat.EXEMPT: "EXM01"}[vat]
    good = Goods(code, "手提包", "Leather handbag", "个", "piece", vat, "stb")
    return replace(good, **changes)


def traveller(number: str = "H12345678", **changes: Any) -> Traveller:
    """A traveller from Hong Kong who came in a week ago."""
    good = Traveller(
        latin_name="CHAN TAI MAN",
        local_name="陳大文",
        nationality="HKG",
        document=IdentityDocument(DocumentKind.HK_MACAO_PERMIT, number),
        birth=date(1980, 1, 31),
        document_expiry=date(2030, 1, 1),
        last_entry=date(2025, 7, 1),
    )
    return replace(good, **changes)


def line(price_fen: int = PRICE_FEN, vat: Vat = Vat.V13, quantity: int = 1) -> InvoiceLine:
    """A line of one kind of goods."""
    return InvoiceLine(goods(vat), quantity, price_fen)


def invoice(number: str = "25422000000000000001", **changes: Any) -> Invoice:
    """An electronic invoice of today with one line."""
    return replace(Invoice(number, DAY, InvoiceKind.E_INVOICE, (line(),)), **changes)


def purchase(**changes: Any) -> Purchase:
    """A purchase for which a form can be issued."""
    return replace(Purchase(traveller(), (invoice(),), DAY, Channel.INSTANT, "WUH"), **changes)


def draft(number: str = "25422000000000000001", **changes: Any) -> Draft:
    """What a clerk has typed for such a purchase, under an invoice number."""
    return replace(Draft(traveller(), (invoice(number),), Channel.INSTANT, "WUH"), **changes)


def details(method: Method = Method.CARD, **changes: Any) -> Details:
    """What the traveller fills in."""
    return replace(Details("a@example.org", date(2025, 7, 20), "WUH", method), **changes)


def signature() -> Signature:
    """A typed name."""
    return Signature("typed", "CHAN TAI MAN")


def form(status: Status = Status.ADVANCED, **changes: Any) -> Form:
    """A form as its row says, under the rules of 2025."""
    good = Form(
        form_id="00000000000000f1",
        form_number="250708000100011",
        store_number=1,
        staff_id="clerk-1",
        status=status,
        version=4,
        channel=Channel.INSTANT,
        issued_at=NOON,
        issue_day=DAY,
        document_index="index",
        amounts=Amounts(PRICE_FEN, 164_34, 29_88, NET_FEN),
        port="WUH",
        port_any=False,
        depart_by=date(2025, 7, 25),
        export_by=date(2025, 10, 6),
        code="CODE",
        tries_left=TRIES,
        claim_hash="hash",
    )
    return replace(good, **changes)


def guarantee(**changes: Any) -> Guarantee:
    """A hold that stands for that form."""
    good = Guarantee(
        reference="00000000000000f1-hold-1",
        form_id="00000000000000f1",
        amount_fen=NET_FEN,
        brand="Visa",
        last4="1111",
        authorisation_code="ABC123",
        held_at=NOON,
        expires_at=datetime(2025, 8, 7, 4, 0, tzinfo=UTC),
        state=GuaranteeState.HELD,
        card_token="card_1",
        payout_token="",
    )
    return replace(good, **changes)


def held_state(state: HoldState = HoldState.HELD, **changes: Any) -> HeldState:
    """What the network says of that hold now."""
    good = HeldState(
        reference="00000000000000f1-hold-1",
        amount_fen=NET_FEN,
        state=state,
        expires_at=datetime(2025, 8, 7, 4, 0, tzinfo=UTC),
        captured_fen=0,
        released_fen=0,
    )
    return replace(good, **changes)


def operation(kind: Kind, **changes: Any) -> Operation:
    """A request to the network that has not been answered."""
    good = Operation(
        reference=f"00000000000000f1-{kind.value}-1",
        key=f"key-{kind.value}-1",
        form_id="00000000000000f1",
        store_number=1,
        kind=kind,
        attempt=1,
        amount_fen=NET_FEN,
        state=OperationState.PENDING,
        created_at=NOON,
        lease_until=NOON,
        method="card" if kind is Kind.ADVANCE else "",
    )
    return replace(good, **changes)


def exit_record(exited_at: datetime, port: str = "WUH") -> ExitRecord:
    """An exit of the form's traveller."""
    return ExitRecord("exit-1", "index", port, exited_at, exited_at, "test")


def verification(at: datetime = NOON) -> Verification:
    """A confirmation by customs."""
    return Verification("00000000000000f1", "officer-WUH", "WUH", at, Decision.CONFIRMED)
