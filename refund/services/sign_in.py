"""The door of the staff: sign in, be recognised, sign out; slow for whoever guesses."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from refund.core.errors import Refused
from refund.core.people import Actor, Role, Staff
from refund.core.trail import Throttle
from refund.ports import Ports
from refund.services.life import By, note
from refund.transaction import Transaction

IDLE = timedelta(minutes=30)
"""A session that rests so long is over. Source: project decision."""

ABSOLUTE = timedelta(hours=12)
"""A session ends with the shift. Source: project decision."""

TOUCH_EVERY = timedelta(minutes=1)

FAILURES_MAX = 5
WINDOW = timedelta(minutes=15)
"""Five failures for one login, or fifty from one address, close the door for the window."""

FAILURES_MAX_OF_ADDRESS = 50
LOGIN_LENGTH_MAX = 60
PASSWORD_LENGTH_MAX = 200


class Passwords(Protocol):
    """How passwords are hashed."""

    def hash(self, password: str) -> str:
        """A slow, salted hash."""
        ...

    def agrees(self, password_hash: str, password: str) -> bool:
        """Whether a password belongs to a hash; as slow for an unknown person's."""
        ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is typed at the door, and where it came from."""

    role: Role
    login: str
    password: str
    address: str


def session_hash(token: str) -> str:
    """What is kept of a session's secret."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(ports: Ports, passwords: Passwords, given: Credentials) -> tuple[str, Actor]:
    """Begin a session.

    Returns:
        The session's secret for the cookie, and who it is.

    Raises:
        Refused: `sign_in_failed` for any wrong pair, `sign_in_throttled` with `minutes`.
    """
    now = ports.at_the_door()
    login = given.login.strip()[:LOGIN_LENGTH_MAX]
    login_key = f"login:{given.role.value}:{hashlib.sha256(login.encode()).hexdigest()[:32]}"
    keys = {login_key: FAILURES_MAX, f"address:{given.address}": FAILURES_MAX_OF_ADDRESS}

    def look(tx: Transaction) -> tuple[Staff | None, datetime | None]:
        # What no register can hold is not looked for.
        known = tx.staff_by_login(given.role, login) if login.isprintable() else None
        return known, _closed(tx, keys, now)

    staff, until = ports.storage.read(look)
    if until is not None:
        raise _throttled(until, now)
    known = staff.password_hash if staff is not None and staff.disabled_at is None else ""
    right = len(given.password) <= PASSWORD_LENGTH_MAX and passwords.agrees(known, given.password)
    token = ports.ids.token()

    def decide(tx: Transaction) -> Refused | None:
        # Guesses that were sent together are judged one after another: the sixth learns nothing.
        if (until := _closed(tx, keys, now)) is not None:
            return _throttled(until, now)
        if not right or staff is None:
            for key in keys:
                _count_failure(tx, key, now)
            return Refused("sign_in_failed")
        # The address keeps its failures: one's own account must not buy guesses at another's.
        tx.clear_throttle(login_key)
        tx.open_session(session_hash(token), staff.actor.staff_id, now)
        note(tx, ports, "signed_in", By(staff.actor.label, ports.clock.now()))
        return None

    refused = ports.storage.write(decide)
    if refused is not None or staff is None:
        raise refused or Refused("sign_in_failed")
    return token, staff.actor


def role_of(ports: Ports, login: str, first: Role, *others: Role) -> Role:
    """Which of some roles a name belongs to; the first where it is nobody's."""
    name = login.strip()[:LOGIN_LENGTH_MAX]
    if not name.isprintable():
        return first

    def look(tx: Transaction) -> Role:
        return next((one for one in others if tx.staff_by_login(one, name) is not None), first)

    return ports.storage.read(look)


def _closed(tx: Transaction, keys: dict[str, int], now: datetime) -> datetime | None:
    """Until when the door is closed under any of some keys."""
    closed = [_closed_until(tx.throttle(key), most, now) for key, most in keys.items()]
    return max((until for until in closed if until is not None), default=None)


def _throttled(until: datetime, now: datetime) -> Refused:
    return Refused("sign_in_throttled", minutes=int((until - now).total_seconds() // 60) + 1)


def _closed_until(throttle: Throttle | None, most: int, now: datetime) -> datetime | None:
    if throttle is None or throttle.failures < most or throttle.since + WINDOW <= now:
        return None
    return throttle.since + WINDOW


def _count_failure(tx: Transaction, key: str, now: datetime) -> None:
    before = tx.throttle(key)
    if before is None or before.since + WINDOW <= now:
        tx.put_throttle(key, Throttle(1, now))
    else:
        tx.put_throttle(key, Throttle(before.failures + 1, before.since))


def recognise(ports: Ports, role: Role, token: str, *, by_itself: bool = False) -> Actor | None:
    """Who holds a session's secret; None when it is over or its person may not enter here.

    What a page asks by itself leaves the session's rest as long as it is: nobody touched anything.
    """
    now = ports.at_the_door()
    hashed = session_hash(token)
    session = ports.storage.read(lambda tx: tx.session(hashed))
    if session is None or session.staff.disabled_at is not None:
        return None
    actor = session.staff.actor
    idle = now - session.last_seen_at
    if actor.role is not role or idle > IDLE or now - session.created_at > ABSOLUTE:
        return None
    if idle > TOUCH_EVERY and not by_itself:
        ports.storage.write(lambda tx: tx.touch_session(hashed, now))
    return actor


def sign_out(ports: Ports, token: str) -> None:
    """End a session for ever."""
    now = ports.at_the_door()
    ports.storage.write(lambda tx: tx.end_session(session_hash(token), now))
