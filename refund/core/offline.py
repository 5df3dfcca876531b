"""A shift without the network: what a desk may take along, and which decisions count afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from hashlib import pbkdf2_hmac

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from refund.core.customs import Decision, Place, RefusalReason
from refund.core.entitlement import ConfirmedLine, LineKey

SHIFT = timedelta(hours=12)
"""How long a desk may decide offline after its shift began. Source: project decision."""

LATE = timedelta(hours=36)
"""How long after a decision it is still taken in as it stands. Source: project decision."""

AHEAD = timedelta(minutes=2)
"""How far a desk's clock may run ahead of ours. Source: project decision."""

DRIFT = timedelta(minutes=5)
"""How far a desk's clock may have moved since the shift began. Source: project decision."""

TAKEN_MAX = 500
"""Forms that a desk takes along at most, those with the earliest promise first."""

ROUNDS = 1000
"""Rounds of the derivation that makes a form's id the key of what a desk has of it."""


class Act(Enum):
    """What an officer decided offline."""

    CONFIRM = "confirm"
    LINES = "lines"
    REFUSE = "refuse"


class Outcome(Enum):
    """What became of a decision that came in late."""

    APPLIED = "applied"
    AGREED = "agreed"
    REVIEW = "review"


class Resolved(Enum):
    """How a person ended a review."""

    APPLIED = "applied"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class Shift:
    """A desk's shift on one device.

    Args:
        shift_id: ours.
        device_id: what the browser calls itself.
        staff_id: the officer; nobody else sends its decisions.
        port: where.
        began_at: by our clock.
        ended_at: None while it goes on.
        taken: how many forms were taken along.
    """

    shift_id: str
    device_id: str
    staff_id: str
    port: str
    began_at: datetime
    ended_at: datetime | None
    taken: int


@dataclass(frozen=True, slots=True)
class OfflineDecision:
    """What an officer decided without the network, as the device kept it.

    Args:
        decision_id: the idempotency key, made by the device.
        sequence: the device's own count within the shift, from 1.
        form_id: 16 hex digits.
        decided_at: the device's stamp.
        scanned_at: when the code was read.
        lines: what was shown, line by line; None for all as listed, and for a refusal.
        seen: the quantities that the device showed; None when it had none of the form's goods.
    """

    decision_id: str
    sequence: int
    form_id: str
    act: Act
    decided_at: datetime
    scanned_at: datetime
    lines: tuple[ConfirmedLine, ...] | None = None
    seen: tuple[tuple[LineKey, int], ...] | None = None
    place: Place = Place.UNSAID
    reason: RefusalReason = RefusalReason.NONE
    note: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """A decision with what became of it; `why` is empty unless it waits for a review."""

    decision: OfflineDecision
    shift_id: str
    staff_id: str
    port: str
    received_at: datetime
    outcome: Outcome
    why: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """How a review ended, by whom, and why."""

    decision_id: str
    resolved: Resolved
    reason: str
    resolved_by: str
    resolved_at: datetime


@dataclass(frozen=True, slots=True)
class DeskDecision:
    """One decision of a port as its figures count it.

    `looked_at` is when its code was read first on that day; None where nobody noted that.
    """

    verified_at: datetime
    decision: Decision
    reason: RefusalReason
    looked_at: datetime | None
    is_offline: bool


def moment_problem(
    decision: OfflineDecision, shift: Shift, issued_at: datetime, now: datetime
) -> str:
    """Why a stamp cannot be believed as it is; empty when it can.

    A decision that was stamped in time counts as in time, however late it comes within LATE.

    Source: project decision.
    """
    at = decision.decided_at
    end = shift.began_at + SHIFT if shift.ended_at is None else shift.ended_at
    known = (
        (at > now + AHEAD, "moment_future"),
        (at < issued_at, "moment_before_issue"),
        (not shift.began_at - AHEAD <= at <= end + AHEAD, "moment_outside_shift"),
        (now - at > LATE, "moment_too_old"),
    )
    return next((word for holds, word in known if holds), "")


def seen_differs(decision: OfflineDecision, remaining: Mapping[LineKey, int], listed: int) -> bool:
    """Whether the goods changed between what the officer compared and now.

    A device that had none of the goods saw the paper, which lists all that was bought.
    """
    if decision.seen is None:
        return sum(remaining.values()) != listed
    return dict(decision.seen) != dict(remaining)


def row_keys(shift_id: str, form_id: str) -> tuple[str, bytes]:
    """The name and the key of what a device has of a form: only who scans the form has them.

    Source: project decision.
    """
    derived = pbkdf2_hmac("sha256", bytes.fromhex(form_id), shift_id.encode(), ROUNDS, 48)
    return derived[:16].hex(), derived[16:]


def seal_row(shift_id: str, form_id: str, plaintext: bytes) -> tuple[str, bytes]:
    """What a device takes along of a form, with its name; each key seals one text alone."""
    name, key = row_keys(shift_id, form_id)
    return name, AESGCM(key).encrypt(bytes(12), plaintext, name.encode())
