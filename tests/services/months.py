"""Months in which travellers left in time: what the tests of the settlement start from."""

from __future__ import annotations

from datetime import datetime, timedelta

from refund.core.calendar import SHANGHAI
from refund.core.customs import Inspection, LinesShown
from refund.core.entitlement import ConfirmedLine
from refund.core.form import Form, Status
from refund.core.ledger import Account
from refund.core.settlement import Month, SettledLine, Settlement, Totals
from refund.services import settle, verify
from refund.services.intent import entitlement
from tests import make
from tests.services.steps import claimed, departs, issued, settled, verified
from tests.world import World


def kept(world: World, number: int = 1) -> Form:
    """A form of its own traveller whose promise was kept, and whose hold was released."""
    document = f"H{number:08d}"
    draft = make.draft(f"2542200000{number:010d}", traveller=make.traveller(document))
    form = claimed(world, issued(world, draft, f"key-{number}"))
    verified(world, form)
    departs(world, world.clock.now() + timedelta(minutes=5), number=document)
    assert settled(world, form).form.status is Status.RELEASED
    return form


def at(world: World, year: int, month: int, day: int, hour: int = 12) -> None:
    """Let it be a moment in Shanghai."""
    world.clock.at = datetime(year, month, day, hour, tzinfo=SHANGHAI)


JULY, AUGUST, SEPTEMBER = Month(2025, 7), Month(2025, 8), Month(2025, 9)
BY = "operator:operator-1"


def lines(world: World, month: Month = JULY) -> list[SettledLine]:
    """The lines of a month."""
    return list(settle.lines_of(world.ports, month))


def treasury_fen(world: World) -> int:
    """What the treasury owes by the ledger."""
    return world.ports.storage.read(lambda tx: tx.balances())[Account.TREASURY.value]


def close(world: World, month: Month = JULY) -> Settlement:
    """Close a month."""
    return settle.close_month(world.ports, BY, month)


def confirm_partly(world: World, form: Form, quantity: int) -> None:
    """Let customs confirm fewer goods of the first line."""
    shown = LinesShown((ConfirmedLine((0, 0), quantity),), inspection=Inspection.GOODS)
    verify.verify_lines(world.ports, world.officer, form.form_id, shown)


def due(world: World, form: Form) -> Totals:
    """What a form is worth, as the sums of a line."""
    due = world.ports.storage.read(lambda tx: entitlement(tx, form)).due
    return Totals(1, due.sales_fen, due.gross_fen, due.fee_fen, due.net_fen)
