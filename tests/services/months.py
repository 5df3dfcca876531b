"""Months in which travellers left in time: what the tests of the settlement start from."""

from __future__ import annotations

from datetime import datetime, timedelta

from refund.core.calendar import SHANGHAI
from refund.core.form import Form, Status
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
