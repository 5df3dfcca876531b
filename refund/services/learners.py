"""Learners of a rehearsal: a trainer lets them in, with a password that is told once."""

from refund.core.errors import Refused
from refund.core.people import Actor, Role, Staff
from refund.ports import Ports
from refund.services.life import By, note
from refund.services.people import NAME_LENGTH_MAX, read_login
from refund.services.sign_in import Passwords
from refund.transaction import Transaction

PASSWORD_LENGTH = 12
"""Short enough to be copied from a board; it opens a rehearsal and nothing else."""


def add_learner(
    ports: Ports, passwords: Passwords, by: Actor, login: str, name: str
) -> tuple[Staff, str]:
    """Let somebody learn in this rehearsal.

    Returns:
        The person, and the password.

    Raises:
        Refused: `not_a_rehearsal`, `field_missing`, `field_unreadable`, `field_too_long`,
            `login_unreadable`, `login_taken`.
    """
    if not ports.is_rehearsal:
        raise Refused("not_a_rehearsal")
    known, words = read_login(login), " ".join(name.split())
    if not words or not words.isprintable():
        raise Refused("field_unreadable" if words else "field_missing", "name")
    if len(words) > NAME_LENGTH_MAX:
        raise Refused("field_too_long", "name", most=NAME_LENGTH_MAX)
    password = ports.ids.token()[:PASSWORD_LENGTH]
    person = Staff(Actor(known, Role.LEARNER, words), known, passwords.hash(password))

    def add(tx: Transaction) -> None:
        if any(one.login == known for one in tx.staff_register()):
            raise Refused("login_taken", "login", login=known)
        tx.put_staff(person)
        note(tx, ports, "staff_added", By(by.label, ports.clock.now()), detail=f"learner {known}")

    ports.storage.write(add)
    return person, password
