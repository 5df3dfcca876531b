"""What can be read and written inside one transaction, as the services say it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from refund.core.agreement import Agreement, Details, Signature
from refund.core.form import Form, Method, Status
from refund.core.goods import Goods
from refund.core.invoice import Invoice
from refund.core.matching import BEGINNING, Place
from refund.core.people import Role, Staff
from refund.core.store import Store
from refund.core.trail import (
    AuditEvent,
    CardVisit,
    StaffSession,
    Submission,
    Throttle,
    Visit,
)
from refund.core.traveller import Traveller
from refund.transaction.audits import AuditRows
from refund.transaction.cases import CaseRows
from refund.transaction.counter import CounterRows
from refund.transaction.counter_day import CounterDayRows
from refund.transaction.customs import CustomsRows
from refund.transaction.exits import ExitRows
from refund.transaction.jobs import JobRows
from refund.transaction.joint import JointRows
from refund.transaction.match import MatchRows
from refund.transaction.money import GuaranteeRows, LedgerRows, OperationRows
from refund.transaction.office import OfficeRows
from refund.transaction.offline import OfflineRows
from refund.transaction.register import RegisterRows
from refund.transaction.reissues import ReissueRows
from refund.transaction.returns import ReturnRows
from refund.transaction.rules import RuleRows
from refund.transaction.settlement import SettlementRows
from refund.transaction.sharing import SharingRows
from refund.transaction.statements import StatementRows
from refund.transaction.whole import WholeRows


class StoreRows(Protocol):
    """Stores and goods."""

    def store(self, store_number: int) -> Store | None:
        """A store of the register."""
        ...

    def stores(self) -> list[Store]:
        """The whole register, by number."""
        ...

    def put_store(self, store: Store) -> None:
        """Add a store, or change it."""
        ...

    def goods(self, goods_code: str) -> Goods | None:
        """One kind of goods of the master."""
        ...

    def goods_master(self) -> list[Goods]:
        """The whole master, by code."""
        ...

    def put_goods(self, goods: Goods) -> None:
        """Add a kind of goods, or change it."""
        ...


class PeopleRows(Protocol):
    """Staff, their sessions, and the throttle at the door."""

    def staff(self, staff_id: str) -> Staff | None:
        """A person of the staff."""
        ...

    def staff_by_login(self, role: Role, login: str) -> Staff | None:
        """A person by role and login."""
        ...

    def staff_register(self) -> list[Staff]:
        """Everyone."""
        ...

    def put_staff(self, staff: Staff) -> None:
        """Add a person, or change one."""
        ...

    def open_session(self, session_hash: str, staff_id: str, at: datetime) -> None:
        """Begin a session."""
        ...

    def session(self, session_hash: str) -> StaffSession | None:
        """A session that has not ended, with its person."""
        ...

    def touch_session(self, session_hash: str, at: datetime) -> None:
        """Note that the session was used."""
        ...

    def end_session(self, session_hash: str, at: datetime) -> None:
        """End a session for ever."""
        ...

    def end_sessions_of(self, staff_id: str, at: datetime) -> None:
        """End every session of a person for ever."""
        ...

    def throttle(self, key: str) -> Throttle | None:
        """The failures under a key."""
        ...

    def put_throttle(self, key: str, throttle: Throttle) -> None:
        """Note failures under a key."""
        ...

    def clear_throttle(self, key: str) -> None:
        """Forget failures under a key."""
        ...


class FormRows(Protocol):
    """Forms with their invoices and travellers."""

    def next_sequence(self, store_number: int, day: date) -> int:
        """The next form's number within a store's day, from 1."""
        ...

    def add_form(self, form: Form, traveller: Traveller, submission: Submission) -> None:
        """Add a form with its sealed identity and the key under which it was submitted."""
        ...

    def add_invoices(self, form_id: str, invoices: Sequence[Invoice]) -> None:
        """Add a form's invoices; the database refuses a number that lives on another form."""
        ...

    def free_invoices(self, form_id: str) -> None:
        """Let a void form's invoices be used again."""
        ...

    def live_invoice(self, number: str) -> str | None:
        """The form on which an invoice number lives, if any."""
        ...

    def form(self, form_id: str) -> Form | None:
        """A form by its id."""
        ...

    def form_by_number(self, form_number: str) -> Form | None:
        """A form by its number."""
        ...

    def form_by_submission(self, store_number: int, key: str) -> tuple[Form, str] | None:
        """A form by its submission's key, with the fingerprint that was stored."""
        ...

    def save_status(self, form: Form, after: Status) -> Form:
        """Move a form on by one version; a form that moved meanwhile is a defect."""
        ...

    def lose_try(self, form_id: str) -> int:
        """Count one wrong claim code; how many tries are left."""
        ...

    def forms_of_store(self, store_number: int, day: date) -> list[Form]:
        """A store's forms of a day, newest first."""
        ...

    def form_replacing(self, form_id: str) -> Form | None:
        """The form that took the place of another one."""
        ...

    def forms_of_traveller(self, document_index: str) -> list[Form]:
        """A traveller's forms of all stores, newest first."""
        ...

    def forms_in(
        self, statuses: Sequence[Status], limit: int, after: Place = BEGINNING
    ) -> list[Form]:
        """Forms in some states, the earliest promise first, after a place in that order."""
        ...

    def forms_left(
        self, statuses: Sequence[Status], limit: int, after: Place = BEGINNING
    ) -> list[Form]:
        """The same, of travellers who were seen leaving after the purchase."""
        ...

    def count_forms_in(self, statuses: Sequence[Status]) -> int:
        """How many forms are in some states."""
        ...

    def purchases_of_day(
        self, store_number: int, document_index: str, day: date
    ) -> list[tuple[Form, int]]:
        """A traveller's forms that count for a day's purchases in a store, with what remains, fen.

        What was brought back counts no more, nor does a form that is void, replaced or given back.
        """
        ...

    def traveller_of(self, form_id: str) -> Traveller:
        """The identity on a form."""
        ...

    def invoices_of(self, form_id: str) -> list[Invoice]:
        """A form's invoices with their lines."""
        ...


class ClaimRows(Protocol):
    """What a traveller's phone leaves behind."""

    def put_visit(self, session_hash: str, form_id: str, at: datetime) -> None:
        """Note that a phone scanned a form; a second scan changes nothing."""
        ...

    def unlock_visit(self, session_hash: str, form_id: str, at: datetime) -> None:
        """Note that the phone gave the right claim code."""
        ...

    def visit(self, session_hash: str, form_id: str) -> Visit | None:
        """Whether a phone scanned a form, and may act for it."""
        ...

    def visits(self, session_hash: str) -> list[Visit]:
        """All forms that a phone scanned, newest first."""
        ...

    def put_details(self, form_id: str, details: Details, at: datetime) -> None:
        """Seal what the traveller filled in; until the signature it can change."""
        ...

    def details_of(self, form_id: str) -> Details | None:
        """What the traveller filled in."""
        ...

    def method_of(self, form_id: str) -> Method | None:
        """How the traveller wants to be paid; nothing that is sealed is opened for it."""
        ...

    def add_agreement(self, agreement: Agreement, signature: Signature) -> None:
        """Seal the signature."""
        ...

    def agreement_of(self, form_id: str) -> Agreement | None:
        """The agreement that was signed."""
        ...

    def signature_of(self, form_id: str) -> Signature | None:
        """The signature itself."""
        ...

    def put_card_visit(self, visit: CardVisit) -> None:
        """Note that a card page was opened for a form."""
        ...

    def card_visit(self, session_id: str) -> CardVisit | None:
        """The form for which a card page was opened."""
        ...

    def count_card_visits(self, form_id: str) -> int:
        """How many card pages were opened for a form."""
        ...


class TrailRows(Protocol):
    """The audit trail."""

    def add_event(self, event: AuditEvent) -> None:
        """Add to the audit trail."""
        ...

    def events_of(self, form_id: str) -> list[AuditEvent]:
        """A form's audit trail, oldest first."""
        ...


class Transaction(
    StoreRows,
    PeopleRows,
    FormRows,
    ClaimRows,
    OperationRows,
    GuaranteeRows,
    LedgerRows,
    ExitRows,
    TrailRows,
    RuleRows,
    CustomsRows,
    ReturnRows,
    CounterRows,
    SettlementRows,
    RegisterRows,
    JointRows,
    CaseRows,
    AuditRows,
    StatementRows,
    ReissueRows,
    MatchRows,
    OfflineRows,
    SharingRows,
    OfficeRows,
    CounterDayRows,
    JobRows,
    WholeRows,
    Protocol,
):
    """Everything within one transaction."""
