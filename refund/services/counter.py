"""What the counter sees of its own forms: how far one has come, and what is printed of it."""

from dataclasses import dataclass

from refund.core.breakdown import line_refunds
from refund.core.form import UNSECURED_BEFORE_ADVANCE, Form
from refund.core.invoice import Invoice, InvoiceLine
from refund.core.people import Actor
from refund.core.policy import RuleSet
from refund.core.store import Store
from refund.core.trail import AuditEvent
from refund.core.traveller import Traveller
from refund.ports import Ports
from refund.services.issue import form_of_store
from refund.services.life import By, note
from refund.services.rules import rules_of
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Progress:
    """A form with what has happened to it: its issue and every change of state, oldest first."""

    form: Form
    events: tuple[AuditEvent, ...]

    @property
    def may_be_voided(self) -> bool:
        """Whether no money and no hold stands in the way."""
        return self.form.status in UNSECURED_BEFORE_ADVANCE


@dataclass(frozen=True, slots=True)
class PaperLine:
    """A line as the paper shows it, with its invoice, rates in basis points and own refund."""

    invoice: Invoice
    line: InvoiceLine
    rate_bp: int
    refund_fen: int


@dataclass(frozen=True, slots=True)
class Paper:
    """All that the application form carries on paper; the claim code is not part of it."""

    form: Form
    store: Store
    clerk_name: str
    traveller: Traveller
    lines: tuple[PaperLine, ...]


def progress(ports: Ports, clerk: Actor, form_id: str) -> Progress:
    """How far a form of the clerk's own store has come.

    Raises:
        Refused: `form_unknown`, for another store's form too.
    """

    def read(tx: Transaction) -> Progress:
        form = form_of_store(tx, clerk, form_id)
        events = (e for e in tx.events_of(form_id) if e.version or e.kind == "issue")
        return Progress(form, tuple(events))

    return ports.storage.read(read)


def paper(ports: Ports, clerk: Actor, form_id: str) -> Paper:
    """The application form of the clerk's own store; that its identity was read is recorded.

    Raises:
        Refused: `form_unknown`, for another store's form too.
    """
    now = ports.clock.now()

    def read(tx: Transaction) -> Paper:
        form = form_of_store(tx, clerk, form_id)
        store = tx.store(form.store_number)
        issuer = tx.staff(form.staff_id)
        if store is None or issuer is None:
            raise LookupError(form_id)
        note(tx, ports, "paper_shown", By(clerk.label, now), form_id=form_id)
        return Paper(
            form=form,
            store=store,
            clerk_name=issuer.actor.name,
            traveller=tx.traveller_of(form_id),
            lines=_paper_lines(rules_of(tx, form), tx.invoices_of(form_id)),
        )

    return ports.storage.write(read)


def _paper_lines(rules: RuleSet, invoices: list[Invoice]) -> tuple[PaperLine, ...]:
    pairs = [(invoice, line) for invoice in invoices for line in invoice.lines]
    refunds = line_refunds([line for _, line in pairs], rules)
    return tuple(
        PaperLine(invoice, line, rules.rate_bp(line.goods.vat), refund_fen)
        for (invoice, line), refund_fen in zip(pairs, refunds, strict=True)
    )
