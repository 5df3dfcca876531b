"""Holds in tests: forms of a summer in which promises last longer than some holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from refund.core.calendar import SHANGHAI, day_of
from refund.core.case import Case, CaseKind
from refund.core.form import Form
from refund.core.operation import Guarantee, Heard, Kind, Operation, OperationState
from refund.core.people import WORKER
from refund.services.pay import record_answer
from tests import make
from tests.services.steps import agreed, claimed, issued
from tests.world import World

PROMISE_ENDS = date(2026, 8, 5)
"""The last day of a promise given on the eighth of July 2026, for 28 days."""


def summer(day: int, hour: int = 12, month: int = 7) -> datetime:
    """A moment of 2026 in Shanghai."""
    return datetime(2026, month, day, hour, tzinfo=SHANGHAI)


def issued_today(world: World, number: str = "26422000000000000001", key: str = "key-1") -> Form:
    """A form of today for a traveller who came a week ago."""
    today = day_of(world.clock.at)
    draft = make.draft(
        invoices=(make.invoice(number, day=today),),
        traveller=make.traveller(last_entry=date(today.year, today.month, 1)),
    )
    return issued(world, draft, key)


def claimed_in_2026(world: World, number: str = make.VISA) -> Form:
    """A form of the eighth of July 2026 for which a card was given."""
    world.clock.at = summer(8)
    return claimed(world, agreed(world, issued_today(world)), number)


def the_hold(world: World, form: Form) -> Guarantee:
    """The form's only hold."""
    (found,) = world.ports.storage.read(lambda tx: tx.guarantees_of(form.form_id))
    return found


def asked(world: World, form: Form) -> list[Operation]:
    """All that was asked of the network for a form."""
    return world.ports.storage.read(lambda tx: tx.operations_of(form.form_id))


def open_kinds(world: World) -> list[str]:
    """The kinds of all open cases, the oldest first."""
    return [case.kind.value for case in world.ports.storage.read(lambda tx: tx.open_cases())]


def the_case(world: World, kind: CaseKind) -> Case:
    """The only case of a kind, open or closed."""
    return next(
        case
        for case in world.ports.storage.read(lambda tx: [*tx.open_cases(), *tx.closed_cases(50)])
        if case.kind is kind
    )


def by_itself(operation: Operation) -> bool:
    """Whether nobody asked for it."""
    return operation.actor == WORKER


def still_pending(world: World, form: Form) -> list[Operation]:
    """What the network has not answered."""
    return [one for one in asked(world, form) if one.state is OperationState.PENDING]


def hours_on(world: World, hours: int, work: Callable[[], object], step: int = 6) -> None:
    """Let hours pass, and the worker work every few of them."""
    for _ in range(0, hours, step):
        world.clock.pass_by(hours=step)
        work()


def returned(world: World) -> Form:
    """A form whose advance came back from the bank, as the network told."""
    form = claimed(world, number=make.PAYOUT_RETURNED)
    world.clock.pass_by(days=2, hours=1)
    (advance,) = [one for one in asked(world, form) if one.kind is Kind.ADVANCE]
    answer = world.network.look_up(advance.reference)
    assert answer is not None
    assert answer.heard is Heard.RETURNED
    record_answer(world.ports, advance, answer)
    return form
