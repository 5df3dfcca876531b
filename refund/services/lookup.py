"""Customs without the form in hand: a traveller's forms, found by the document."""

from dataclasses import dataclass

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.form import GONE, Form
from refund.core.people import Actor
from refund.core.sampling import just_below
from refund.core.store import Store
from refund.core.traveller import IdentityDocument, Traveller, document_key
from refund.ports import Ports
from refund.services.life import By, note, the_form
from refund.services.rules import rules_of
from refund.services.verify import why_not
from refund.transaction import Transaction

SHOWN_MAX = 50
"""Forms of one traveller that a desk shows at most, the newest first."""


@dataclass(frozen=True, slots=True)
class FoundForm:
    """One form of a traveller; `refusal` says why nothing can be decided on it."""

    form: Form
    store: Store | None
    refusal: Refused | None
    is_just_below: bool


@dataclass(frozen=True, slots=True)
class TravellerForms:
    """A traveller with all forms of all stores: first what can be verified, then the others."""

    traveller: Traveller
    open_forms: tuple[FoundForm, ...]
    others: tuple[FoundForm, ...]


def find_by_document(ports: Ports, officer: Actor, document: IdentityDocument) -> Form:
    """A form of the traveller with this document: one that can be verified, if there is any.

    The search is recorded, whatever it finds; no identity is opened by it.

    Raises:
        Refused: `form_unknown` when the document is on no form.

    Source: project decision (a form that was lost).
    """
    index = ports.sealer.index("document", document_key(document))

    def find(tx: Transaction) -> Form | None:
        now = ports.clock.now()
        today = day_of(now)
        forms = tx.forms_of_traveller(index)
        by = By(officer.label, now)
        note(tx, ports, "document_looked_up", by, detail=f"{officer.port}: {len(forms)}")
        live = [form for form in forms if form.status not in GONE]
        open_forms = [form for form in live if why_not(form, today) is None]
        return next(iter([*open_forms, *live, *forms]), None)

    found = ports.storage.write(find)
    if found is None:
        raise Refused("form_unknown", "document_number")
    return found


def forms_of_traveller(ports: Ports, officer: Actor, form_id: str) -> TravellerForms:
    """All forms of the traveller who is on a form; reading the identity is recorded.

    Raises:
        Refused: `form_unknown`.
    """

    def read(tx: Transaction) -> TravellerForms:
        now = ports.clock.now()
        today = day_of(now)
        form = the_form(tx, form_id)
        note(tx, ports, "identity_shown", By(officer.label, now), form_id=form_id)
        forms = tx.forms_of_traveller(form.document_index)[:SHOWN_MAX]
        found = [
            FoundForm(
                form=one,
                store=tx.store(one.store_number),
                refusal=why_not(one, today),
                is_just_below=bool(just_below(one, forms, rules_of(tx, one))),
            )
            for one in forms
        ]
        return TravellerForms(
            traveller=tx.traveller_of(form_id),
            open_forms=tuple(one for one in found if one.refusal is None),
            others=tuple(one for one in found if one.refusal is not None),
        )

    return ports.storage.write(read)
