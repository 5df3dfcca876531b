"""Steps straight on the engine: three bags, some of them confirmed, and the end of a hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from refund.core.customs import LinesShown, RefusalReason
from refund.core.entitlement import ConfirmedLine, Recovery
from refund.core.form import Channel, Event, Form
from refund.core.ledger import Entry, balance_fen
from refund.core.operation import Guarantee, Heard, Kind, Operation
from refund.services import later, point, returns, verify
from refund.services.intent import begin_end_of_hold
from refund.services.issue import Draft
from refund.services.life import the_form
from refund.services.pay import carry_out, record_answer
from refund.services.returns import BroughtBack
from refund.transaction import Transaction
from tests import make
from tests.services.steps import RETURN_URL, issued, on
from tests.world import World

LATER = timedelta(seconds=16)
"""After this the worker may take up what is not answered."""

ADVANCE_FEN = 1350_00
"""What three bags of 5,000.00 yuan are worth; each is worth a third."""


def three_bags(
    number: str = "25422000000000000003", document: str = "H12345678", **changes: Any
) -> Draft:
    """A purchase of three bags of 5,000.00 yuan each."""
    return make.draft(
        traveller=make.traveller(document),
        invoices=(make.invoice(number, lines=(make.line(5000_00, quantity=3),)),),
        **changes,
    )


def bags(world: World, key: str = "bags", channel: Channel = Channel.INSTANT) -> Form:
    """A form of three bags, fresh from the counter."""
    number = f"{sum(key.encode()):020d}"
    return issued(world, three_bags(number, channel=channel), key)


def confirmed(world: World, form: Form, quantity: int) -> Form:
    """A form of which customs have seen so many bags."""
    shown = LinesShown((ConfirmedLine((0, 0), quantity),))
    return verify.verify_lines(world.ports, world.officer, form.form_id, shown)


def refused_at_customs(world: World, form: Form) -> Form:
    """A form that customs have refused."""
    return verify.refuse_form(
        world.ports, world.officer, form.form_id, RefusalReason.GOODS_DIFFER, ""
    )


def brought_back(
    world: World, form: Form, quantity: int, recovery: Recovery, key: str = "return"
) -> Form:
    """A form of which so many bags went back to the store."""
    brought = BroughtBack({(0, 0): quantity}, recovery, "a flaw", key)
    return returns.return_goods(world.ports, world.clerk, form.form_id, brought).form


def begun(world: World, form: Form, event: Event) -> Operation:
    """The intent to end a form's hold, stored and not yet sent; a broken promise is over first."""
    if event is Event.REQUEST_CAPTURE:
        world.clock.at = max(world.clock.at, on(26))

    def begin(tx: Transaction) -> Operation:
        known = the_form(tx, form.form_id)
        return begin_end_of_hold(tx, world.ports, known, event, world.operator.label, "for a test")

    return world.ports.storage.write(begin)


def ended(world: World, form: Form, event: Event) -> Form:
    """A form whose hold was to be ended, as the network answered."""
    return carry_out(world.ports, begun(world, form, event))


def finish(world: World) -> None:
    """Let the worker finish what was not answered."""
    world.clock.at += LATER
    while later.work_once(world.ports):
        world.clock.at += LATER


def together(world: World, forms: Sequence[Form], number: str = make.VISA) -> str:
    """A joint claim of several forms, with a card given for all."""
    ids = [form.form_id for form in forms]
    joint_id = point.open_claim(world.ports, world.operator, ids).joint_id
    details = make.details(departs_on=None)
    point.sign(world.ports, world.operator, joint_id, details, make.signature(), "en")
    url = point.open_card_page(world.ports, joint_id, RETURN_URL, "en")
    session_id = url.rpartition("/")[2]
    world.network.give_card(session_id, number, "13800000021")
    entry = point.card_given(world.ports, joint_id, session_id)
    point.claim_together(world.ports, world.operator, joint_id, entry)
    return joint_id


def balances(world: World) -> dict[str, int]:
    """Every account of the books that is not zero, fen, debits less credits."""
    found = world.ports.storage.read(lambda tx: tx.balances())
    return {account: fen for account, fen in found.items() if fen}


def own_accounts(world: World, form: Form) -> dict[str, int]:
    """What a form's own entries come to, account by account, where it is not zero."""
    sums: dict[str, int] = {}
    for entry, _, _ in world.ports.storage.read(partial(_entries, form.form_id)):
        for posting in entry.postings:
            account = posting.account.value
            sums[account] = sums.get(account, 0) + balance_fen((posting,))
    return {account: fen for account, fen in sums.items() if fen}


def _entries(form_id: str, tx: Transaction) -> list[tuple[Entry, datetime, str]]:
    return tx.entries_of(form_id)


def guarantees(world: World, form: Form) -> list[Guarantee]:
    """All holds of a form, or its shares of them."""
    return world.ports.storage.read(lambda tx: tx.guarantees_of(form.form_id))


def operations(world: World, form: Form) -> list[Operation]:
    """All that was asked of the network for a form."""
    return world.ports.storage.read(lambda tx: tx.operations_of(form.form_id))


def hold_at_network(world: World, reference: str) -> tuple[str, int, int]:
    """Where the network says a hold stands: its state, what was charged, what was given back."""
    found = world.book.hold_state(reference)
    assert found is not None
    return str(found["state"]), int(found["captured_fen"]), int(found["released_fen"])


def payout_came_back(world: World, form: Form) -> None:
    """Let the bank send a form's advance back after two days, and the network tell of it."""
    world.clock.pass_by(days=2, minutes=1)
    advance = next(one for one in operations(world, form) if one.kind is Kind.ADVANCE)
    told = world.network.look_up(advance.sent_reference)
    assert told is not None
    assert told.heard is Heard.RETURNED
    record_answer(world.ports, advance, told)
