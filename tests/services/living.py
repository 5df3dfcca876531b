"""What must be true of every form's money at every moment, by our books and by the network's."""

from __future__ import annotations

from collections import Counter
from functools import partial

from refund.core.form import REFUND_STANDS, Form, Status
from refund.core.ledger import Account, balance_fen
from refund.core.money import Amounts
from refund.core.operation import GuaranteeState
from refund.services.intent import entitlement
from refund.services.life import the_form
from refund.transaction import Transaction
from tests.world import World

NOTHING = Amounts(0, 0, 0, 0)
ADVANCE_IS_OUT = {
    *(Status.ADVANCED, Status.VERIFIED, Status.VERIFIED_PARTLY, Status.CUSTOMS_REFUSED),
    *(Status.RELEASING, Status.ADJUSTING, Status.CAPTURING, Status.FORFEITING),
    *(Status.RETURNING, Status.UNCOLLECTED),
}
"""States in which the traveller has the advance, and nothing is confirmed yet."""

HAS_HOLD = ADVANCE_IS_OUT | {Status.HELD, Status.ADVANCING, Status.WITHDRAWING}
WITHOUT_MONEY = {Status.ISSUED, Status.AGREED, Status.ORDINARY, Status.ORDINARY_VERIFIED}
"""States in which a form can stay for ever, because nothing is out."""


def assert_money_fits(world: World, form: Form) -> None:
    """A form's own accounts say what its state says: what the traveller has, and what is owed."""
    world.ports.storage.read(partial(_money_fits, form.form_id))


def _money_fits(form_id: str, tx: Transaction) -> None:
    form = the_form(tx, form_id)
    sums = dict.fromkeys(Account, 0)
    for entry, _, _ in tx.entries_of(form_id):
        for posting in entry.postings:
            sums[posting.account] += balance_fen((posting,))
    worth = entitlement(tx, form)
    out_fen = form.amounts.net_fen - worth.recovered_fen if form.status in ADVANCE_IS_OUT else 0
    due = worth.due if form.status in REFUND_STANDS else NOTHING
    has_fen = -sums[Account.NETWORK] - sums[Account.TILL] - sums[Account.STORE]
    told = (form.status, sums)
    assert sums[Account.ADVANCE] == out_fen, told
    assert has_fen == out_fen + due.net_fen, told
    assert sums[Account.TREASURY] == due.gross_fen, told
    assert sums[Account.FEE] == -due.fee_fen, told
    guarantee = tx.live_guarantee(form_id)
    assert sums[Account.GUARANTEE_HELD] == (guarantee.amount_fen if guarantee else 0), told
    assert guarantee is None or form.status in HAS_HOLD, told


def assert_nobody_is_paid_twice(world: World, forms: list[Form]) -> None:
    """By the network's own book: one advance and one refund a form, and never more than is due."""
    paid = {
        str(row["reference"]) for row in world.book.operations_after(0) if row["state"] == "paid"
    }
    times: Counter[tuple[str, str]] = Counter()
    for form in forms:
        asked = world.ports.storage.read(partial(_asked, form.form_id))
        times.update((form.form_id, kind) for kind, reference in asked if reference in paid)
    assert set(times.values()) <= {1}, times


def _asked(form_id: str, tx: Transaction) -> set[tuple[str, str]]:
    return {(one.kind.value, one.sent_reference) for one in tx.operations_of(form_id)}


def assert_hold_lapsed(world: World, form: Form) -> None:
    """A form whose advance was not collected had a hold that the network ended by itself."""
    guarantee = world.ports.storage.read(lambda tx: tx.guarantees_of(form.form_id))[-1]
    assert guarantee.state is GuaranteeState.ENDED, guarantee
    held = world.book.hold_state(guarantee.network_reference)
    assert held is not None
    assert held["state"] == "expired", held
