"""The agency's morning on the days of a jump, while no person plays an operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from refund.core.people import Role
from refund.ports import Ports
from refund.services.rehearsing import desks
from refund.services.rounds import each
from refund.simulation.runs.desk_work import Desk, see_to_cases, settle_broken, settle_departed


def agency_morning(ports: Ports, taken: Mapping[str, str]) -> None:
    """Settle what is proposed and see to the cases, as two operators do; nothing if one is taken.

    Raises:
        ExceptionGroup: some of it failed, after all else was done.
    """
    operators = [one for one in desks(ports) if one.actor.role is Role.OPERATOR]
    if len(operators) < 2 or any(one.login in taken for one in operators):
        return
    desk = Desk(operators[0].actor, operators[1].actor)
    tasks: tuple[Callable[[], int], ...] = (
        lambda: len(settle_departed(ports, desk.first)),
        lambda: len(settle_broken(ports, desk.first)),
        lambda: see_to_cases(ports, desk),
    )
    each(tasks, lambda task: task())
