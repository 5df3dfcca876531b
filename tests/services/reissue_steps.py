"""Steps with a day that is issued anew: offered by one person, approved by another."""

from __future__ import annotations

from datetime import date

import pytest

from refund.core.case import Case, Fix
from refund.core.errors import Refused
from refund.core.ledger import Account
from refund.core.match_summary import BreakRow
from refund.core.people import Actor, Role
from refund.core.statement import Statement
from refund.services import fixes, reissue
from refund.services.asking import Fixed, Outcome
from refund.services.audit import audit
from tests import make
from tests.services.statement_steps import (
    GIVEN,
    over,
    standing,
)
from tests.statements import Booked, Sheet
from tests.world import World

SECOND = Actor("operator-2", Role.OPERATOR, "Second operator")
STRANGER = Booked("stranger-1", amount_fen=50_00, network_id="id_s")
CHARGE = Booked("f2-capture-1", "capture", "captured", 100_00, network_id="id_c")
FIRST = Sheet(lines=[STRANGER, CHARGE])
ANEW = Sheet(lines=[CHARGE])
"""The same day once the network's backup was restored: the stranger is gone."""


def offered(world: World, sheet: Sheet) -> Case:
    """Offer a statement as a file."""
    over(world, sheet.day)
    return reissue.offer(world.ports, [sheet.text()], GIVEN)


def refused(world: World, sheet: Sheet) -> str:
    """Why a statement is not offered."""
    with pytest.raises(Refused) as caught:
        offered(world, sheet)
    return caught.value.code


def ask(world: World, case: Case, fix: Fix = Fix.REPLACE_STATEMENT) -> Fixed:
    """What the first person does."""
    return fixes.fix(world.ports, world.operator, case.case_id, fix, "the backup was restored")


def approve(world: World, case: Case, who: Actor = SECOND) -> Fixed:
    """What the second person does."""
    waiting = world.ports.storage.read(lambda tx: tx.approval_of(case.case_id))
    assert waiting is not None
    return fixes.approve(world.ports, who, case.case_id, waiting.approval_id)


def replaced(world: World, sheet: Sheet) -> Case:
    """Let another statement count, by two persons."""
    case = offered(world, sheet)
    assert ask(world, case).outcome is Outcome.WAITS
    assert approve(world, case).outcome is Outcome.DONE
    return case


def statement(world: World, day: date = make.DAY) -> Statement | None:
    """The statement of a day that counts."""
    return world.ports.storage.read(lambda tx: tx.statement_of(day))


def superseded(world: World, day: date = make.DAY) -> list[Statement]:
    """Those of a day that count no more."""
    return world.ports.storage.read(lambda tx: tx.superseded_of(day))


def balance(world: World, account: Account) -> int:
    """What stands on an account, fen."""
    return world.ports.storage.read(lambda tx: tx.balances())[account.value]


def leftovers(world: World) -> int:
    """How many lines were left behind at least; they are gone after."""
    return world.ports.storage.write(lambda tx: tx.clear_broken_lines(5000))


def broken(world: World) -> list[str]:
    """What the audit finds wrong in our own books."""
    found = audit(world.ports, with_network=False)
    return [one.invariant for one in found if one.holds is False]


def fix_by_two(world: World, case: Case, fix: Fix) -> None:
    """Carry a fix out, by two persons where it must be."""
    if ask(world, case, fix).outcome is Outcome.WAITS:
        approve(world, case)


def open_rows(world: World) -> list[BreakRow]:
    """The breaks whose case is open."""
    return [one for one in standing(world) if one.is_open]
