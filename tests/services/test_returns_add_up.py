"""Whatever is brought back in whatever way: due, recovered and captured are the advance."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refund.core.entitlement import Recovery
from refund.core.form import Form, Status
from refund.core.money import Vat
from refund.core.operation import Kind
from refund.services import returns
from tests import make
from tests.services.goods_back import (
    advance_left_fen,
    back,
    store_fen,
)
from tests.services.steps import (
    claimed,
    departs,
    issued,
    on,
    settled,
    status,
    verified,
)
from tests.world import World, assert_audit_holds, open_world


@pytest.mark.rule("return_in_part")
@settings(max_examples=25, deadline=timedelta(seconds=20))
@given(
    prices=st.lists(st.integers(1, 400_00), min_size=1, max_size=3),
    steps=st.lists(
        st.tuples(st.integers(0, 2), st.integers(1, 2), st.sampled_from(list(Recovery)[1:])),
        max_size=5,
    ),
    leaves=st.booleans(),
)
def test_what_is_due_and_what_came_back_are_always_the_advance(
    tmp_path_factory: pytest.TempPathFactory,
    prices: list[int],
    steps: list[tuple[int, int, Recovery]],
    leaves: bool,  # noqa: FBT001 - hypothesis gives arguments by name
) -> None:
    folder: Path = tmp_path_factory.mktemp("returns")
    with open_world(folder, f"sqlite://{folder / 'refund.db'}") as world:
        rates = (Vat.V13, Vat.V9, Vat.V13)
        lines = tuple(make.line(p, rates[n], 3) for n, p in enumerate(prices))
        carrier = (make.line(200_00),)
        invoices = (make.invoice(lines=lines + carrier),)
        form = claimed(world, issued(world, make.draft(invoices=invoices)))
        _bring_back(world, form, steps)
        if status(world, form) is Status.ADVANCED:
            if leaves:
                verified(world, form)
                departs(world, on(20))
            else:
                world.clock.pass_by(days=20)
            settled(world, form)
        _assert_adds_up(world, form)
        assert_audit_holds(world.ports)


def _bring_back(world: World, form: Form, steps: list[tuple[int, int, Recovery]]) -> None:
    """Bring goods back as far as that is possible."""
    recovered_fen = 0
    for number, (place, quantity, recovery) in enumerate(steps):
        if status(world, form) is not Status.ADVANCED:
            return
        known = returns.returnable_form(world.ports, world.clerk, form.form_id)
        if quantity > known.remaining.get((0, place), 0):
            continue
        back(world, form, {(0, place): quantity}, recovery, f"return-{number}")
        assert store_fen(world) >= recovered_fen
        recovered_fen = store_fen(world)


def _assert_adds_up(world: World, form: Form) -> None:
    """Due, recovered and captured are the advance, and none of them is below zero."""
    entries = world.ports.storage.read(lambda tx: tx.entries_of(form.form_id))
    earned_fen = 0
    for entry, _, _ in entries:
        if entry.kind in ("release", "adjust"):
            signed = {p.account.value: p.amount_fen for p in entry.postings}
            earned_fen = signed.get("treasury", 0) - signed.get("fee", 0)
    operations = world.ports.storage.read(lambda tx: tx.operations_of(form.form_id))
    captured_fen = sum(o.amount_fen for o in operations if o.kind is Kind.CAPTURE)
    assert earned_fen >= 0
    assert earned_fen + store_fen(world) + captured_fen == form.amounts.net_fen
    assert advance_left_fen(world) == 0
