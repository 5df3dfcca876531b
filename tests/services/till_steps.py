"""The steps at the agency's counter, as its people take them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from refund.core.errors import Refused
from refund.core.form import Channel, Form
from refund.core.ledger import Account
from refund.core.people import Actor
from refund.core.till import Receipt, Till, Way
from refund.services import counter_desk, counter_pay, oversee, tills
from refund.services.counter_desk import Counter
from refund.services.counter_pay import Signed
from tests import make
from tests.services import steps
from tests.world import World

BACK = ("http://127.0.0.1:8000/operator/counter/back", "en")


def counter(world: World, port: str = "WUH", operator: Actor | None = None) -> Counter:
    """The counter of a port, with somebody behind it."""
    return counter_desk.counter_at(operator or world.operator, port)


def signed(page: str = "page-1", owner: str = "") -> Signed:
    """What the traveller signed on a page."""
    return Signed(make.signature(), page, owner)


def ordinary(world: World, key: str = "key-1", number: str = "25422000000000000001") -> Form:
    """A form for the refund at departure from the start, verified by customs."""
    form = steps.issued(world, make.draft(number, channel=Channel.ORDINARY), key)
    return steps.verified(world, form)


def shown(world: World, form: Form, at: Counter | None = None, number: str = "H12345678") -> Form:
    """A form whose traveller has shown the document at the counter."""
    document = make.traveller(number).document
    assert counter_desk.show_document(world.ports, at or counter(world), form.form_id, document)
    return form


def till(world: World, float_fen: int = 1_000_00, port: str = "WUH") -> Till:
    """An open till with cash in it."""
    return tills.open_till(world.ports, world.operator, port, float_fen)


def paid_in_cash(world: World, form: Form, page: str = "page-1") -> Receipt:
    """The receipt of a refund that was handed over."""
    return counter_pay.pay_cash(world.ports, counter(world), form.form_id, signed(page))


def account(world: World, form: Form, way: Way = Way.CARD, number: str = make.VISA) -> str:
    """The session of the network's page on which the traveller has given card or account."""
    url = counter_pay.open_payout_page(world.ports, counter(world), form.form_id, way, BACK)
    session_id = url.rpartition("/")[2]
    if way is Way.CARD:
        world.network.give_card(session_id, number)
    else:
        world.network.give_card(session_id, "", "6222020200012345678")
    return session_id


def paid_by_network(
    world: World, form: Form, way: Way = Way.CARD, number: str = make.VISA, page: str = "page-1"
) -> Form:
    """The form after the network was asked to pay."""
    session_id = account(world, form, way, number)
    entry = counter_pay.payout_given(world.ports, counter(world), form.form_id, session_id)
    return counter_pay.pay_through_network(
        world.ports, counter(world), form.form_id, entry, signed(page)
    )


def receipts(world: World, form: Form) -> list[Receipt]:
    """All receipts of a form, void ones too."""
    return world.ports.storage.read(lambda tx: tx.receipts_of_form(form.form_id))


def refused(code: str, act: Callable[[], object]) -> Refused:
    """What an act is refused with, which must be of this code."""
    with pytest.raises(Refused) as caught:
        act()
    assert caught.value.code == code
    return caught.value


def look(world: World, form: Form, port: str = "WUH") -> counter_desk.CounterView:
    """A form as a counter sees it."""
    return counter_desk.view(world.ports, counter(world, port), form.form_id)


def reasons(world: World, form: Form, port: str = "WUH") -> set[str]:
    """The codes of all that the review says against paying."""
    return steps.codes(look(world, form, port).reasons)


def cash_posted(world: World) -> int:
    """What stands in the books as cash, fen."""
    return oversee.balances(world.ports)[Account.TILL]
