"""One phone opens its forms on another, once; and a phone forgets them all."""

import base64
import hashlib
import hmac
import re
from datetime import datetime, timedelta

from refund.core.errors import Refused
from refund.core.people import TRAVELLER
from refund.core.sharing import LIFE, Share
from refund.core.trail import Throttle
from refund.ports import Ports
from refund.services.life import By, note
from refund.services.sign_in import session_hash as hash_of
from refund.transaction import Transaction

CODE_LENGTH = 32
"""160 bits in base32: nobody guesses one within its minutes."""

REHEARSAL = "8"
"""How a rehearsal's codes begin: no other code of a link has that digit."""

_CODE = re.compile(f"[A-Z2-7{REHEARSAL}]{{{CODE_LENGTH}}}")

WINDOW = timedelta(minutes=15)
LINKS_MAX = 8
"""Links that one phone can make within WINDOW."""


def code_of(ports: Ports, share: Share) -> str:
    """The code of a link, made anew from the keys: nothing that opens it is kept."""
    key = ports.keys.secret("session")
    word = hmac.new(key, b"share|" + share.share_id.encode(), hashlib.sha256).digest()
    mark = REHEARSAL if ports.is_rehearsal else ""
    return (mark + base64.b32encode(word).decode("ascii"))[:CODE_LENGTH]


def _check_world(ports: Ports, code: str) -> None:
    """Refuse a well-formed code of the other world, of which we know nothing."""
    if _CODE.fullmatch(code) and code.startswith(REHEARSAL) != ports.is_rehearsal:
        raise Refused("not_a_rehearsal" if ports.is_rehearsal else "rehearsal_form")


def make_share(ports: Ports, phone: str) -> Share:
    """Make a link for another phone; those that still waited are over.

    Raises:
        Refused: `form_unknown` from a phone without forms, `too_many_tries` with `minutes`.
    """
    now = ports.clock.now()
    draft = Share(ports.ids.event_id(), phone, "", now, now + LIFE)
    code_hash = hash_of(code_of(ports, draft))
    share = Share(draft.share_id, phone, code_hash, now, now + LIFE)

    def make(tx: Transaction) -> None:
        visits = tx.visits(phone)
        if not visits:
            raise Refused("form_unknown")
        count_try(tx, f"share:{phone}", LINKS_MAX, now)
        for earlier in tx.links_of(phone):
            if earlier.is_waiting(now):
                tx.revoke_share(earlier.share_id, now)
        tx.add_share(share)
        for visit in visits:
            note(tx, ports, "share_made", By(TRAVELLER, now), form_id=visit.form_id)

    ports.storage.write(make)
    return share


def shares(ports: Ports, phone: str) -> list[Share]:
    """A phone's links that wait or were used and not taken back, newest first."""
    now = ports.clock.now()
    found = ports.storage.read(lambda tx: tx.links_of(phone))
    return [share for share in found if share.is_open or share.is_waiting(now)]


def waiting_share(ports: Ports, code: str) -> Share:
    """The link of a code, while it can be used.

    Raises:
        Refused: `share_over` for whatever opens nothing, whether it ever did or not;
            `rehearsal_form`, `not_a_rehearsal` for a link of the other world.
    """
    _check_world(ports, code)
    now = ports.clock.now()
    share = ports.storage.read(lambda tx: tx.share_by_code(hash_of(code)))
    if share is None or not share.is_waiting(now):
        raise Refused("share_over")
    return share


def take_share(ports: Ports, code: str, phone: str) -> int:
    """Open on this phone what the other one has, as far as it has it; the link is then used up.

    A phone that sends this twice is answered alike, and the link's own phone changes nothing.

    Returns:
        How many forms the link opens.

    Raises:
        Refused: as `waiting_share`.
    """
    _check_world(ports, code)
    now = ports.clock.now()

    def take(tx: Transaction) -> int:
        share = tx.share_by_code(hash_of(code))
        if share is None:
            raise Refused("share_over")
        visits = tx.visits(share.owner)
        if share.used_by == phone and share.is_open:
            return len(visits)
        if not share.is_waiting(now):
            raise Refused("share_over")
        if phone == share.owner:
            return len(visits)
        if not tx.use_share(share.share_id, phone, now):
            raise Refused("share_over")
        for visit in visits:
            unlocked = visit.unlocked_at is not None
            tx.open_visit_by(share.share_id, phone, visit.form_id, now, unlocked=unlocked)
            note(tx, ports, "share_used", By(TRAVELLER, now), form_id=visit.form_id)
        return len(visits)

    return ports.storage.write(take)


def end_share(ports: Ports, phone: str, share_id: str) -> None:
    """End a link; what it gave another phone is taken from it.

    Raises:
        Refused: `share_over` for a link that is not this phone's.
    """
    now = ports.clock.now()

    def end(tx: Transaction) -> None:
        share = tx.share(share_id)
        if share is None or share.owner != phone:
            raise Refused("share_over")
        tx.revoke_share(share_id, now)
        if share.used_by:
            tx.close_visits_by(share_id, share.used_by)

    ports.storage.write(end)


def forget_phone(ports: Ports, phone: str) -> int:
    """Forget what a phone opened, with the links that it made; how many forms that were."""
    now = ports.clock.now()

    def forget(tx: Transaction) -> int:
        for share in tx.links_of(phone):
            if share.is_waiting(now):
                tx.revoke_share(share.share_id, now)
        return tx.drop_visits(phone)

    return ports.storage.write(forget)


def count_try(tx: Transaction, key: str, most: int, now: datetime) -> None:
    """Count one try under a key.

    Raises:
        Refused: `too_many_tries` with `minutes` until the next one, when `most` were made.
    """
    before = tx.throttle(key)
    if before is None or before.since + WINDOW <= now:
        tx.put_throttle(key, Throttle(1, now))
        return
    if before.failures >= most:
        left = before.since + WINDOW - now
        raise Refused("too_many_tries", minutes=int(left.total_seconds() // 60) + 1)
    tx.put_throttle(key, Throttle(before.failures + 1, before.since))
