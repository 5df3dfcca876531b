"""What must be true of every form's money at every moment, by our books and by the network's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial

from refund.core.case import CaseKind
from refund.core.entitlement import Entitlement
from refund.core.form import ENDED, REFUND_STANDS, Form, Status
from refund.core.ledger import Account, balance_fen
from refund.core.money import Amounts
from refund.core.operation import GuaranteeState, Kind, Operation, OperationState
from refund.services.intent import PAY_AGAIN, entitlement
from refund.services.life import the_form
from refund.transaction import Transaction
from tests.world import World

NOTHING = Amounts(0, 0, 0, 0)
ADVANCE_IS_OUT = {
    *(Status.ADVANCED, Status.VERIFIED, Status.VERIFIED_PARTLY, Status.CUSTOMS_REFUSED),
    *(Status.RELEASING, Status.ADJUSTING, Status.CAPTURING, Status.FORFEITING),
    *(Status.RETURNING, Status.UNCOLLECTED, Status.WAIVING),
}
"""States in which the traveller has the advance, and nothing is confirmed yet."""

HAS_HOLD = ADVANCE_IS_OUT | {Status.HELD, Status.ADVANCING, Status.WITHDRAWING}
WITHOUT_MONEY = {Status.ISSUED, Status.AGREED, Status.ORDINARY, Status.ORDINARY_VERIFIED}
"""States in which a form can stay for ever, because nothing is out."""

DONE = (OperationState.SUCCEEDED, OperationState.RETURNED)


def assert_money_fits(world: World, form: Form) -> None:
    """A form's own accounts say what its state says: what the traveller has, and what is owed."""
    world.ports.storage.read(partial(money_fits, form.form_id))


def money_fits(form_id: str, tx: Transaction) -> None:
    """The same, within a transaction."""
    form = the_form(tx, form_id)
    sums = dict.fromkeys(Account, 0)
    for entry, _, _ in tx.entries_of(form_id):
        for posting in entry.postings:
            sums[posting.account] += balance_fen((posting,))
    worth, operations = entitlement(tx, form), tx.operations_of(form_id)
    due = worth.due if form.status in REFUND_STANDS else NOTHING
    written_fen = sums[Account.WRITTEN_OFF]
    has_fen = _has_fen(operations, worth, -sums[Account.TILL])
    told = (form.form_id, form.status.value, {k.value: fen for k, fen in sums.items() if fen})
    assert -sums[Account.NETWORK] - sums[Account.TILL] - sums[Account.STORE] == has_fen, told
    assert sums[Account.ADVANCE] == has_fen - due.net_fen - written_fen, told
    assert sums[Account.TREASURY] == due.gross_fen, told
    assert sums[Account.FEE] == -due.fee_fen, told
    assert not written_fen or form.status in ENDED, told
    assert has_fen <= 0 or form.status in ADVANCE_IS_OUT | ENDED, told
    assert form.status not in ENDED or sums[Account.ADVANCE] <= 0, told
    # What came back from the bank is owed to the traveller, until it is paid again or explained.
    cases = {case.kind for case in tx.cases_of(form_id)}
    assert has_fen >= 0 or CaseKind.ADVANCE_RETURNED in cases, told
    guarantee = tx.live_guarantee(form_id)
    assert sums[Account.GUARANTEE_HELD] == (guarantee.amount_fen if guarantee else 0), told
    assert guarantee is None or form.status in HAS_HOLD, told


def _has_fen(operations: Iterable[Operation], worth: Entitlement, cash_fen: int) -> int:
    """What the traveller has by what was asked of the network, and by what passed over counters."""
    fen = cash_fen - worth.recovered_fen
    for one in operations:
        if one.state not in DONE:
            continue
        if one.kind is Kind.CAPTURE:
            fen -= one.charged_fen
        elif one.kind in (Kind.ADVANCE, Kind.REFUND) and one.state is OperationState.SUCCEEDED:
            fen += one.amount_fen
    return fen


def assert_nobody_is_paid_twice(world: World, forms: list[Form]) -> None:
    """By the network's own book: one advance and one refund a form, and never more than is due."""
    paid = Counter(
        str(row["reference"]) for row in world.book.operations_after(0) if row["state"] == "paid"
    )
    times: Counter[tuple[str, str]] = Counter()
    for form in forms:
        asked = world.ports.storage.read(partial(_asked, form.form_id))
        for kind, reference in asked:
            times[form.form_id, kind] += paid[reference]
    assert set(times.values()) <= {0, 1}, times


def _asked(form_id: str, tx: Transaction) -> set[tuple[str, str]]:
    """A form's payouts; what was paid once more takes the place of what came back."""
    return {
        ("advance" if one.purpose == PAY_AGAIN else one.kind.value, one.sent_reference)
        for one in tx.operations_of(form_id)
    }


def assert_hold_lapsed(world: World, form: Form) -> None:
    """A form whose advance was not collected had a hold that the network ended by itself."""
    guarantee = world.ports.storage.read(lambda tx: tx.guarantees_of(form.form_id))[-1]
    assert guarantee.state is GuaranteeState.ENDED, guarantee
    held = world.book.hold_state(guarantee.network_reference)
    assert held is not None
    assert held["state"] in {"expired", "ended"}, held
