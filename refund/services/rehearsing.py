"""Roles in a rehearsal: whoever trains or learns sits down at a desk and works as its person."""

from refund.core.errors import Refused
from refund.core.people import IN_REHEARSALS, Actor, Role, Staff
from refund.ports import Ports
from refund.services.life import By, note
from refund.services.sign_in import session_hash
from refund.transaction import Transaction

TRAVELLER_DESK = "traveller"
"""The desk that no person of the staff has: the phone."""


def desks(ports: Ports) -> list[Staff]:
    """Everybody who can be played, by role and login."""
    register = ports.storage.read(lambda tx: tx.staff_register())
    return [
        one for one in register if one.actor.role not in IN_REHEARSALS and one.disabled_at is None
    ]


def learners(ports: Ports) -> list[Staff]:
    """Everybody who can play: trainers and learners, by role and login."""
    register = ports.storage.read(lambda tx: tx.staff_register())
    return [one for one in register if one.actor.role in IN_REHEARSALS and one.disabled_at is None]


def sit_down(ports: Ports, person: Actor, login: str) -> tuple[str, Actor]:
    """Open a session at a desk for somebody who trains or learns.

    Returns:
        The session's secret for the cookie of that desk's pages, and who it is there.

    Raises:
        Refused: `not_found` where it is not rehearsed, `person_unknown`.
    """
    if not ports.is_rehearsal or person.role not in IN_REHEARSALS:
        raise Refused("not_found")
    found = next((one for one in desks(ports) if one.login == login), None)
    if found is None:
        raise Refused("person_unknown")
    token = ports.ids.token()

    def write(tx: Transaction) -> None:
        tx.open_session(session_hash(token), found.actor.staff_id, ports.at_the_door())
        by = By(person.label, ports.clock.now())
        note(tx, ports, "desk_taken", by, detail=found.actor.label)

    ports.storage.write(write)
    return token, found.actor


def is_learner(person: Actor) -> bool:
    """Whether somebody learns, and so decides about himself alone."""
    return person.role is Role.LEARNER
