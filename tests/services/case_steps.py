"""Steps of operators at cases: opened by hand, looked at, fixed by one person or by two."""

from __future__ import annotations

from refund.core.case import Case, CaseKind, Fix
from refund.core.form import Form
from refund.core.people import Actor, Role
from refund.services import cases, fixes
from refund.services.asking import Fixed
from refund.services.fixes import CaseView
from refund.services.holds import lapse
from refund.transaction import Transaction
from tests import make
from tests.services.steps import claimed, departs, issued, on, settled, verified
from tests.world import World

SECOND = Actor("operator-2", Role.OPERATOR, "Second operator")
CAPTURE_DECLINED = "4000000000000150"
PAYOUT_RETURNED = "4000000000000184"
JCB = "3566002020360505"
BIG_PRICE_FEN = 11_180_00
BIG_NET_FEN = 1_006_20


def opened(world: World, kind: CaseKind, subject: str, **about: object) -> Case:
    """A case that is open, as the worker would have opened it."""
    world.ports.storage.write(
        lambda tx: cases.open_case(tx, world.ports, kind, subject, **about)  # type: ignore[arg-type]
    )
    return the_case(world, kind, subject)


def the_case(world: World, kind: CaseKind, subject: str) -> Case:
    """The open case of a kind for a subject."""
    found = world.ports.storage.read(lambda tx: tx.open_case_of(kind, subject))
    assert found is not None
    return found


def now(world: World, case: Case) -> CaseView:
    """A case as its page has it now."""
    return fixes.view(world.ports, case.case_id)


def offered(world: World, case: Case) -> list[Fix]:
    """What can be done about a case now, the proposed fix first."""
    return [one.fix for one in now(world, case).offers]


def history(world: World, case: Case) -> list[str]:
    """What happened to a case."""
    return [event.kind for event in now(world, case).file.events]


def fixed(
    world: World, case: Case, fix: Fix, reason: str = "found out", operator: Actor | None = None
) -> Fixed:
    """What became of a fix as the page offered it."""
    offer = now(world, case).offer(fix)
    assert offer is not None, offered(world, case)
    who = operator or world.operator
    return fixes.fix(world.ports, who, case.case_id, fix, reason, offer.seen)


def request_of(world: World, case: Case) -> str:
    """The id of the request that waits."""
    found = world.ports.storage.read(lambda tx: tx.approval_of(case.case_id))
    assert found is not None
    return found.approval_id


def a_big_form(world: World, number: str = make.VISA) -> Form:
    """A form whose advance is above a thousand yuan, paid."""
    lines = (make.line(BIG_PRICE_FEN),)
    draft = make.draft(invoices=(make.invoice(lines=lines),))
    return claimed(world, issued(world, draft), number)


def without_hold(world: World, form: Form | None = None) -> Form:
    """A form that left late and whose hold had ended by itself before it was charged."""
    known = verified(world, form)
    departs(world, on(26))
    world.clock.at = on(20, month=8)
    lapsed = world.ports.storage.write(lambda tx: _lapse(tx, world, known.form_id))
    assert lapsed
    return known


def _lapse(tx: Transaction, world: World, form_id: str) -> bool:
    held = tx.live_guarantee(form_id)
    assert held is not None
    return lapse(tx, world.ports, held, "expired")


def declined(world: World, form: Form | None = None) -> Form:
    """A form that left late, and whose card would not be charged; its hold stands."""
    known = verified(world, form or claimed(world, number=CAPTURE_DECLINED))
    departs(world, on(26))
    return settled(world, known).form
