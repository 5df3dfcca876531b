"""Whatever happens, every month equals the ledger to the fen, and each line its form."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refund.core.calendar import day_of
from refund.core.form import Form, Status
from refund.core.invoice import InvoiceLine
from refund.core.money import Vat
from refund.core.settlement import NO_TOTALS, Digest, Month, Settlement, month_of
from refund.services import settle
from refund.services.settle import MonthState
from tests import make
from tests.services.months import close, confirm_partly, due, lines, treasury_fen
from tests.services.steps import claimed, departs, issued, settled
from tests.world import World, assert_audit_holds, open_world

DEEDS = st.tuples(
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(1, 9_999_99),
    st.sampled_from(Vat),
    st.booleans(),
    st.integers(0, 12),
)


@pytest.mark.rule("settle_adds_up", "settle_confirmed_only", "pays_confirmed_quantity")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deeds=st.lists(DEEDS, min_size=1, max_size=5))
def test_whatever_happens_every_month_equals_the_ledger_and_each_line_its_form(
    deeds: list[tuple[int, int, int, Vat, bool, int]],
) -> None:
    with TemporaryDirectory() as folder, open_world(Path(folder), f"sqlite://{folder}/db") as world:
        closed: list[Settlement] = []
        for number, (quantity, shown, price_fen, vat, is_withdrawn, days) in enumerate(deeds):
            form = bought(
                world, number, make.line(max(price_fen, 2500_00), in_scope(vat), quantity)
            )
            confirm_partly(world, form, min(shown, quantity))
            departs(world, world.clock.now() + timedelta(minutes=5), number=f"H{number:08d}")
            assert settled(world, form).form.status in (Status.RELEASED, Status.ADJUSTED)
            claimed_now = lines(world, month_of(world.clock.now()))
            line = next(one for one in claimed_now if one.form_id == form.form_id)
            assert line.totals == due(world, form)
            world.clock.pass_by(days=days)
            if is_withdrawn:
                settle.withdraw_claim(world.ports, world.operator, line.entry_key, "wrong")
            closed += closed_by_now(world)
        world.clock.pass_by(days=31)
        closed += closed_by_now(world)
        assert [one.month for one in closed] == sorted({one.month for one in closed})
        assert sum(one.totals.gross_fen for one in closed) == treasury_fen(world)
        for one in closed:
            written = lines(world, one.month)
            assert sum((line.totals for line in written), NO_TOTALS) == one.totals
            digest = Digest(one.number)
            digest.add(written)
            assert digest.hexdigest() == one.digest
        assert_audit_holds(world.ports)


def in_scope(vat: Vat) -> Vat:
    """A rate at which goods can stand on a form."""
    return Vat.V13 if vat is Vat.EXEMPT else vat


def bought(world: World, number: int, line: InvoiceLine) -> Form:
    """A form of today of its own traveller, with its advance paid."""
    today = day_of(world.clock.now())
    invoice = make.invoice(f"2542200000{number:010d}", day=today, lines=(line,))
    traveller = make.traveller(f"H{number:08d}", last_entry=today)
    draft = make.draft(invoices=(invoice,), traveller=traveller)
    return claimed(world, issued(world, draft, f"key-{number}"))


def closed_by_now(world: World) -> list[Settlement]:
    """Close every month that can be."""
    found = []
    while (month := next_to_close(world)) is not None:
        found.append(close(world, month))
    return found


def next_to_close(world: World) -> Month | None:
    """The month whose turn it is, if it is over."""
    ready = [one for one in settle.months(world.ports).months if one.state is MonthState.OPEN]
    return ready[0].month if ready else None
