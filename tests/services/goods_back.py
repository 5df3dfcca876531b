"""What the tests of returns share: purchases, a return, and what the books say after it."""

from __future__ import annotations

import pytest

from refund.core.entitlement import LineKey, Recovery
from refund.core.errors import Refused
from refund.core.form import Form
from refund.services import issue, returns
from refund.services.returns import BroughtBack
from tests import make
from tests.world import World

ONE: LineKey = (0, 0)
TWO: LineKey = (0, 1)


def three(number: str = "25422000000000000001", price_fen: int = 5000_00) -> issue.Draft:
    """A purchase of three pieces of one price."""
    lines = (make.line(price_fen, quantity=3),)
    return make.draft(number, invoices=(make.invoice(number, lines=lines),))


def priced(number: str, price_fen: int, **changes: object) -> issue.Draft:
    """A purchase of one piece."""
    invoices = (make.invoice(number, lines=(make.line(price_fen),)),)
    return make.draft(number, invoices=invoices, **changes)


def back(
    world: World,
    form: Form,
    quantities: dict[LineKey, int],
    recovery: Recovery = Recovery.STORE,
    key: str = "return-1",
    **more: object,
) -> Form:
    """The form after goods of it were brought back."""
    brought = BroughtBack(quantities, recovery, "did not fit", key, **more)  # type: ignore[arg-type]
    return returns.return_goods(world.ports, world.clerk, form.form_id, brought).form


def refused(world: World, form: Form, quantities: dict[LineKey, int], **more: object) -> Refused:
    """Why goods could not be brought back."""
    with pytest.raises(Refused) as caught:
        back(world, form, quantities, **more)  # type: ignore[arg-type]
    return caught.value


def advance_left_fen(world: World) -> int:
    """What travellers still owe the agency."""
    return world.ports.storage.read(lambda tx: tx.balances())["advance"]


def store_fen(world: World) -> int:
    """What stores hold for the agency."""
    return world.ports.storage.read(lambda tx: tx.balances())["store"]


def is_free(world: World, number: str = "25422000000000000001") -> bool:
    """Whether an invoice can stand on a form."""
    return world.ports.storage.read(lambda tx: tx.live_invoice(number)) is None
