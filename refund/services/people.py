"""The staff in the browser: who may sign in, with which password, and until when."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from refund.core.calendar import day_of, last_day
from refund.core.errors import Refused
from refund.core.people import Actor, Role, Staff
from refund.core.places import read_port
from refund.core.store import Store
from refund.ports import Ports
from refund.services.life import By, note
from refund.services.rules import rules_for
from refund.services.sign_in import LOGIN_LENGTH_MAX, Passwords
from refund.transaction import Transaction

NAME_LENGTH_MAX = 80
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,59}", re.ASCII)

IN_BROWSER = (Role.CLERK, Role.OFFICER)
"""Roles that an operator gives; who makes operators stands at the machine itself.

Source: project decision (nobody can make the second person of two by themselves).
"""


@dataclass(frozen=True, slots=True)
class Register:
    """Everyone of the staff, and the stores by number that clerks belong to."""

    people: tuple[Staff, ...]
    stores: dict[int, Store]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What was typed of a person who is to sign in."""

    login: str
    role: str
    name: str
    store_number: str = ""
    port: str = ""


def register(ports: Ports) -> Register:
    """The staff by role and login."""

    def read(tx: Transaction) -> Register:
        stores = {store.store_number: store for store in tx.stores()}
        return Register(tuple(tx.staff_register()), stores)

    return ports.storage.read(read)


def add_person(ports: Ports, passwords: Passwords, by: Actor, who: Newcomer) -> tuple[Staff, str]:
    """Let a clerk or an officer sign in.

    Returns:
        The person, and the password, which is told once and kept by nobody.

    Raises:
        Refused: `field_missing`, `field_unreadable`, `field_too_long`, `login_unreadable`,
            `login_taken`, `role_not_here`, `store_unknown`, `port_unknown`.
    """
    actor = _read(ports, who)
    password = ports.ids.token()
    person = Staff(actor, actor.staff_id, passwords.hash(password))

    def add(tx: Transaction) -> None:
        if any(one.login == person.login for one in tx.staff_register()):
            raise Refused("login_taken", "login", login=person.login)
        tx.put_staff(person)
        _noted(tx, ports, "staff_added", by, person)

    ports.storage.write(add)
    return person, password


def read_login(text: str) -> str:
    """Read the name by which a person signs in.

    Raises:
        Refused: `field_missing`, `login_unreadable`.
    """
    login = text.strip()
    if not _LOGIN.fullmatch(login):
        code = "login_unreadable" if login else "field_missing"
        raise Refused(code, "login", most=LOGIN_LENGTH_MAX)
    return login


def _read(ports: Ports, who: Newcomer) -> Actor:
    login, name = read_login(who.login), " ".join(who.name.split())
    if not name or not name.isprintable():
        raise Refused("field_unreadable" if name else "field_missing", "name")
    if len(name) > NAME_LENGTH_MAX:
        raise Refused("field_too_long", "name", most=NAME_LENGTH_MAX)
    role = next((one for one in IN_BROWSER if one.value == who.role), None)
    if role is None:
        raise Refused("role_not_here" if who.role else "field_missing", "role")
    if role is Role.OFFICER:
        return Actor(login, role, name, None, read_port(who.port, "port").code)
    number = who.store_number.strip()
    found = int(number) if number.isascii() and number.isdigit() and len(number) <= 4 else 0
    if ports.storage.read(lambda tx: tx.store(found)) is None:
        raise Refused("store_unknown", "store_number")
    return Actor(login, role, name, found)


def disable(ports: Ports, by: Actor, staff_id: str) -> Staff:
    """Let a person in no more, and end every session of theirs at once.

    Raises:
        Refused: `person_unknown`, `person_is_oneself`.
    """

    def change(person: Staff) -> Staff:
        return replace(person, disabled_at=person.disabled_at or ports.clock.now())

    return _changed(ports, by, staff_id, "staff_disabled", change)


def new_password(ports: Ports, passwords: Passwords, by: Actor, staff_id: str) -> tuple[Staff, str]:
    """Give a clerk or an officer another password, let them in again, and end their sessions.

    Returns:
        The person, and the password, which is told once and kept by nobody.

    Raises:
        Refused: `person_unknown`, `person_is_oneself`; `role_not_here` for an operator.
    """
    password = ports.ids.token()
    hashed = passwords.hash(password)

    def change(person: Staff) -> Staff:
        if person.actor.role not in IN_BROWSER:
            raise Refused("role_not_here")
        return replace(person, password_hash=hashed, disabled_at=None)

    return _changed(ports, by, staff_id, "staff_password", change), password


def end_sessions(ports: Ports, by: Actor, staff_id: str) -> Staff:
    """Sign a person out everywhere.

    Raises:
        Refused: `person_unknown`, `person_is_oneself`.
    """
    return _changed(ports, by, staff_id, "staff_signed_out", lambda person: person)


def _changed(
    ports: Ports, by: Actor, staff_id: str, kind: str, change: Callable[[Staff], Staff]
) -> Staff:
    def write(tx: Transaction) -> Staff:
        person = tx.staff(staff_id)
        if person is None:
            raise Refused("person_unknown")
        if person.actor.staff_id == by.staff_id:
            raise Refused("person_is_oneself")
        changed = change(person)
        tx.end_sessions_of(staff_id, ports.clock.now())
        if changed != person:
            tx.put_staff(changed)
        _noted(tx, ports, kind, by, changed)
        return changed

    return ports.storage.write(write)


def _noted(tx: Transaction, ports: Ports, kind: str, by: Actor, person: Staff) -> None:
    actor = person.actor
    belongs = str(actor.store_number) if actor.store_number is not None else actor.port
    detail = " ".join(word for word in (actor.role.value, person.login, belongs) if word)
    note(tx, ports, kind, By(by.label, ports.clock.now()), detail=detail)


def rotate_keys(ports: Ports, by: Actor, seen_kid: str) -> str:
    """Make a new signing key and retire the one that was seen to sign; the new key's id.

    The old key verifies until the last form that it signed can have left.

    Raises:
        Refused: `key_changed` when another one signs by now.
    """
    now = ports.clock.now()
    today = day_of(now)
    signing = [key.kid for key in ports.keys.ring().keys if key.issue_until is None]
    if seen_kid not in signing:
        raise Refused("key_changed")
    days = ports.storage.read(lambda tx: rules_for(tx, today).export_days)
    kid = ports.keys.rotate(now, last_day(today, days))
    detail = f"{seen_kid} {kid}"
    ports.storage.write(lambda tx: note(tx, ports, "key_rotated", By(by.label, now), detail=detail))
    return kid
