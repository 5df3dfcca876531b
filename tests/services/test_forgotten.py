"""What the network forgot or would not take comes to an end all the same, and so do its cases."""

from __future__ import annotations

from datetime import timedelta

from refund.core.case import CaseKind
from refund.core.form import Event, Status
from refund.core.operation import GuaranteeState, OperationState
from refund.sandbox.answers import Answer
from refund.sandbox.restore import restore_backup
from refund.services import fixes, later, pay, secure
from refund.services.asking import Outcome
from tests.services.case_steps import the_case
from tests.services.engine_steps import begun, ended, guarantees, operations
from tests.services.steps import claimed, on, status, verified
from tests.world import World


def test_a_hold_that_the_network_knows_no_more_is_over_and_its_advance_is_a_case(
    broken_world: World,
) -> None:
    world = broken_world
    form = claimed(world)
    world.clock.at = on(26)
    restore_backup(world.book, timedelta(days=30))
    assert ended(world, form, Event.REQUEST_CAPTURE).status is Status.UNCOLLECTED
    assert operations(world, form)[-1].refusal == "unknown_hold"
    assert guarantees(world, form)[0].state is GuaranteeState.ENDED
    case = the_case(world, CaseKind.UNSECURED, form.form_id)
    fixed = fixes.fix(world.ports, world.operator, case.case_id, case.proposed, "it is gone")
    assert fixed.outcome is Outcome.DONE
    assert status(world, form) is Status.WRITTEN_OFF


def test_holds_that_the_network_knows_no_more_are_noticed_by_asking_for_them(
    broken_world: World,
) -> None:
    form = claimed(broken_world)
    broken_world.clock.pass_by(hours=1)
    restore_backup(broken_world.book, timedelta(hours=2))
    secure.poll_holds(broken_world.ports, None)
    assert guarantees(broken_world, form)[0].state is GuaranteeState.ENDED
    assert the_case(broken_world, CaseKind.UNSECURED, form.form_id).is_open


def test_a_promise_kept_is_settled_although_the_network_knows_its_hold_no_more(
    broken_world: World,
) -> None:
    form = verified(broken_world)
    broken_world.clock.pass_by(hours=1)
    restore_backup(broken_world.book, timedelta(hours=2))
    assert ended(broken_world, form, Event.REQUEST_RELEASE).status is Status.RELEASED


def test_a_request_that_was_not_taken_is_no_case_any_more_once_it_has_its_answer(
    world: World,
) -> None:
    form = verified(world)
    asked = begun(world, form, Event.REQUEST_RELEASE)
    world.book.answer_once(asked.sent_key, "another request", lambda: Answer(201, "{}"))
    pay.carry_out(world.ports, asked)
    assert the_case(world, CaseKind.NOT_TAKEN, asked.reference).is_open
    world.clock.pass_by(hours=25)
    later.work_once(world.ports)
    assert operations(world, form)[-1].state is OperationState.REFUSED
    found = world.ports.storage.read(
        lambda tx: tx.last_case_of(CaseKind.NOT_TAKEN, asked.reference)
    )
    assert found is not None
    assert not found.is_open
