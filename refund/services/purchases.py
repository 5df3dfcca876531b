"""The day's purchases of one traveller in one store, on which several forms can rest together."""

from datetime import date

from refund.core.errors import Refused
from refund.core.form import Form
from refund.core.returning import GROUNDED, Known
from refund.services.rules import rules_of
from refund.transaction import Transaction

Standing = tuple[Form, int]
"""A form with what remains of its purchases, fen."""


def known_form(tx: Transaction, form: Form) -> Known:
    """A form with all by which its returns are judged."""
    invoices = tuple(tx.invoices_of(form.form_id))
    others = _others(tx, form, invoices[0].day)
    return Known(
        form=form,
        invoices=invoices,
        returns=tuple(tx.returns_of(form.form_id)),
        rules=rules_of(tx, form),
        owed_fen=tx.outstanding_fen(form.form_id),
        others_fen=sum(sales_fen for _, sales_fen in others),
    )


def _others(tx: Transaction, form: Form, day: date) -> list[Standing]:
    found = tx.purchases_of_day(form.store_number, form.document_index, day)
    return [(one, sales_fen) for one, sales_fen in found if one.form_id != form.form_id]


def falling_with(tx: Transaction, form: Form, left_fen: int) -> list[Form]:
    """The other forms that cannot stand once only `left_fen` of a form's purchases are left.

    A form that customs have verified is decided, and stands. What falls carries no other form.

    Source: MOF 3/2015, 84/2025 item 3 (the least sum); that others fall is a project decision.
    """
    standing = _others(tx, form, tx.invoices_of(form.form_id)[0].day)
    fallen: list[Form] = []
    while True:
        total_fen = left_fen + sum(sales_fen for _, sales_fen in standing)
        gone = {one.form_id for one, _ in standing if _falls(tx, one, total_fen)}
        if not gone:
            return fallen
        fallen += [one for one, _ in standing if one.form_id in gone]
        standing = [pair for pair in standing if pair[0].form_id not in gone]


def _falls(tx: Transaction, form: Form, total_fen: int) -> bool:
    """Whether a form rests on the day's sum, and the sum does not carry it."""
    if form.status not in GROUNDED or tx.verification_of(form.form_id) is not None:
        return False
    return total_fen < rules_of(tx, form).min_purchase_fen


def require_unleaned(tx: Transaction, form: Form) -> None:
    """Refuse to end a form by itself on which others rest.

    Raises:
        Refused: `other_forms_rely`, with their numbers.
    """
    fallen = falling_with(tx, form, 0)
    if fallen:
        raise Refused("other_forms_rely", numbers=tuple(one.form_number for one in fallen))
