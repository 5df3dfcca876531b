"""A traveller who was at this store's counter today: known again by the document."""

from dataclasses import dataclass
from datetime import date

from refund.core.calendar import day_of
from refund.core.form import GONE, Form
from refund.core.people import Actor
from refund.core.traveller import Traveller
from refund.ports import Ports
from refund.services.issue import document_index, store_number_of
from refund.services.life import By, note
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Known:
    """What this store's own forms of today say of a traveller; other stores' forms stay unseen.

    Args:
        forms: newest first.
        last_entry: as the newest of them has it.
        local_name: likewise, "" where it has none.
    """

    forms: tuple[Form, ...]
    last_entry: date | None
    local_name: str


NOBODY = Known((), None, "")


def known_here(ports: Ports, clerk: Actor, traveller: Traveller, *, fills: bool) -> Known:
    """What this store knows of a traveller by the document in hand.

    `fills` asks for what can fill fields that are still empty; that opens an identity, and is
    recorded.

    Raises:
        Refused: `store_unknown`.
    """
    now, number = ports.clock.now(), store_number_of(clerk)
    today, index = day_of(now), document_index(ports, traveller)

    def of_today(tx: Transaction) -> tuple[Form, ...]:
        forms = tx.forms_of_traveller(index)
        return tuple(f for f in forms if f.store_number == number and f.issue_day == today)

    forms = ports.storage.read(of_today)
    live = [form for form in forms if form.status not in GONE]
    if not fills or not live:
        return Known(forms, None, "")

    def read(tx: Transaction) -> Known:
        before = tx.traveller_of(live[0].form_id)
        note(tx, ports, "identity_shown", By(clerk.label, now), form_id=live[0].form_id)
        return Known(forms, before.last_entry, before.local_name)

    return ports.storage.write(read)
