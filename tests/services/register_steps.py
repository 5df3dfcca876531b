"""What is done with the register of stores in its tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from hypothesis import HealthCheck

from refund.core.errors import Refused
from refund.core.form import Channel
from refund.core.register import Act, StoreDetails
from refund.core.store import Store
from refund.services import issue, register
from refund.services.register import Application, Seen
from refund.services.store_standing import store_file
from tests import make
from tests.services.steps import codes
from tests.world import World

BY = "operator:operator-1"
SHARED = [HealthCheck.function_scoped_fixture]

APPLICATION = Application(
    details=StoreDetails("新店", "New", "武汉", "Wuhan", "027-0000-0001", "A", *[True] * 3),
    taxpayer_number="SIM000000000000003",
    illustrative=True,
    source="a test",
    note="",
    received_on=date(2025, 7, 4),
)


def the_store(world: World, number: int = 1) -> Store:
    """A store as it is now."""
    return store_file(world.ports, number).entry.store


def seen(world: World, number: int = 1) -> Seen:
    """A store as a page would show it now."""
    return Seen(number, the_store(world, number).version)


def stand(world: World, act: Act, effective_at: datetime | None = None, reason: str = "x") -> Store:
    """Suspend, resume or terminate store 1."""
    return register.change_standing(world.ports, BY, seen(world), act, reason, effective_at)


def code_of(act: Callable[[], object]) -> str:
    """Why something is refused; "" when it is done."""
    try:
        act()
    except Refused as refused:
        return refused.code
    return ""


def may_issue(world: World, channel: Channel = Channel.INSTANT) -> set[str]:
    """Why store 1 cannot issue a form at this moment; empty when it can."""
    draft = make.draft(channel=channel)
    found = issue.dry_run(world.ports, world.clerk, draft)
    return codes(found.refusals) & {"store_not_active", "store_not_instant"}
