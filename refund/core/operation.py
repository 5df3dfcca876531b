"""What we ask of the payment network, what it answers, and which of two answers counts."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from refund.core.ids import operation_key

SEND_FOR = timedelta(hours=12)
"""Till when a request may be sent again under its key; the network forgets keys after 24 hours."""


class Kind(Enum):
    """An operation of the network."""

    HOLD = "hold"
    EXTEND = "extend"
    INCREASE = "increase"
    ADVANCE = "advance"
    RELEASE = "release"
    CAPTURE = "capture"
    REFUND = "refund"


ENDS_HOLD = frozenset({Kind.RELEASE, Kind.CAPTURE})
PAYS_OUT = frozenset({Kind.ADVANCE, Kind.REFUND})


class OperationState(Enum):
    """Asked and not heard; heard, either way; or done, and the money came back later."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    RETURNED = "returned"


class Heard(Enum):
    """What the network says of an operation: an answer, a look-up or a notice say it alike."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"
    RETURNED = "returned"


class News(Enum):
    """What something heard is worth against what is known."""

    TAKE = "take"
    KEEP = "keep"
    CONTRADICTION = "contradiction"


_PENDING, _DONE = OperationState.PENDING, OperationState.SUCCEEDED
_REFUSED, _RETURNED = OperationState.REFUSED, OperationState.RETURNED

ORDER: dict[tuple[OperationState, Heard], News] = {
    (_PENDING, Heard.PENDING): News.KEEP,
    (_PENDING, Heard.DONE): News.TAKE,
    (_PENDING, Heard.REFUSED): News.TAKE,
    (_PENDING, Heard.RETURNED): News.TAKE,
    (_DONE, Heard.PENDING): News.KEEP,
    (_DONE, Heard.DONE): News.KEEP,
    (_DONE, Heard.REFUSED): News.CONTRADICTION,
    (_DONE, Heard.RETURNED): News.TAKE,
    (_REFUSED, Heard.PENDING): News.CONTRADICTION,
    (_REFUSED, Heard.DONE): News.CONTRADICTION,
    (_REFUSED, Heard.REFUSED): News.KEEP,
    (_REFUSED, Heard.RETURNED): News.CONTRADICTION,
    (_RETURNED, Heard.PENDING): News.KEEP,
    (_RETURNED, Heard.DONE): News.KEEP,
    (_RETURNED, Heard.REFUSED): News.CONTRADICTION,
    (_RETURNED, Heard.RETURNED): News.KEEP,
}
"""What counts for every pair of what is known and what is heard, whatever order they come in.

Old news is kept out without a word; what cannot follow from what is known is a case for a person.
"""


@dataclass(frozen=True, slots=True)
class Operation:
    """One request to the network, stored with its key before it is first sent.

    `reference` and `key` derive from form, kind and attempt, so that a retry repeats them.
    `hold_reference` is set for release and capture, and `part_fen` when they concern a part of a
    hold that covers several forms. `joint_reference` and `joint_fen` are set where one request to
    the network covers several forms: then those are what is sent, and this is a form's share.
    The tokens are the network's own words for the card or the account, which say nothing about
    the person. `fence` counts the leases: whoever holds an older one sends nothing any more.
    `tries` counts the sendings and look-ups without an answer, `sent_at` is the first sending,
    and `fingerprint` is `print_of_request` as it was stored before that. `charged_fen` is what a
    capture really took.
    """

    reference: str
    key: str
    form_id: str
    store_number: int
    kind: Kind
    attempt: int
    amount_fen: int
    state: OperationState
    created_at: datetime
    lease_until: datetime
    hold_reference: str = ""
    card_token: str = ""
    payout_token: str = ""
    payout_label: str = ""
    method: str = ""
    purpose: str = ""
    reason: str = ""
    actor: str = ""
    network_id: str = ""
    refusal: str = ""
    answered_at: datetime | None = None
    part_fen: int = 0
    joint_reference: str = ""
    joint_fen: int = 0
    fence: int = 0
    tries: int = 0
    sent_at: datetime | None = None
    fingerprint: str = ""
    charged_fen: int = 0

    @property
    def print_of_request(self) -> str:
        """The SHA-256 of all that is sent, by which a changed request is recognised."""
        told = (
            self.kind.value,
            self.sent_reference,
            str(self.sent_fen),
            self.hold_reference,
            self.card_token,
            self.payout_token,
            self.method,
            str(self.part_fen),
        )
        return hashlib.sha256("|".join(told).encode()).hexdigest()

    @property
    def is_awaited(self) -> bool:
        """Whether its form waits for the answer; for more time for a hold no form waits."""
        return self.state is OperationState.PENDING and self.kind is not Kind.EXTEND

    @property
    def sent_reference(self) -> str:
        """The reference under which the network knows the request."""
        return self.joint_reference or self.reference

    @property
    def sent_key(self) -> str:
        """The key under which the request is sent, again and again the same."""
        return operation_key(self.joint_reference) if self.joint_reference else self.key

    @property
    def sent_fen(self) -> int:
        """The amount that the network is asked for."""
        return self.joint_fen if self.joint_reference else self.amount_fen


@dataclass(frozen=True, slots=True)
class Answer:
    """What the network says of one reference; `refusal` is empty on success.

    Args:
        approved_fen: what was put on hold, or what the hold is after an increase; 0 when not told.
        charged_fen: what a capture really took; 0 when not told.
        extendable, increments: what a hold's card can do.
        version: how many times the network changed its mind, from 1.
        bookings: how many operations the network has under the reference.
    """

    reference: str
    kind: Kind
    amount_fen: int
    currency: str
    network_id: str
    refusal: str = ""
    authorisation_code: str = ""
    brand: str = ""
    last4: str = ""
    expires_at: datetime | None = None
    charged_fen: int = 0
    heard: Heard = Heard.DONE
    approved_fen: int = 0
    extendable: bool = False
    increments: bool = False
    version: int = 1
    bookings: int = 1

    def fits(self, operation: Operation) -> bool:
        """Whether it answers what was asked; a hold that is granted says how long it stands."""
        lasts = self.kind not in (Kind.HOLD, Kind.EXTEND) or self.expires_at is not None
        if self.heard is Heard.DONE and not lasts:
            return False
        if self.heard is Heard.DONE and self.kind is Kind.HOLD:
            lasts = 0 < self.approved_fen <= self.amount_fen
        if self.heard is Heard.DONE and self.kind is Kind.CAPTURE:
            lasts = 0 < self.charged_fen <= self.amount_fen
        # What stands of a hold is the network's to say.
        same = self.kind is Kind.EXTEND or self.amount_fen == operation.sent_fen
        asked = (operation.sent_reference, operation.kind, "CNY")
        told = (self.reference, self.kind, self.currency)
        return (lasts or self.heard is not Heard.DONE) and same and told == asked


class HoldState(Enum):
    """Where the network says that a hold stands now."""

    HELD = "held"
    RELEASED = "released"
    CAPTURED = "captured"
    EXPIRED = "expired"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class HeldState:
    """The network's present word on a hold: by its time, or by its issuer, it can end by itself."""

    reference: str
    amount_fen: int
    state: HoldState
    expires_at: datetime
    captured_fen: int
    released_fen: int
    extendable: bool = False

    @property
    def has_lapsed(self) -> bool:
        """Whether it ended without having been asked."""
        return self.state in (HoldState.EXPIRED, HoldState.ENDED)


@dataclass(frozen=True, slots=True)
class NetworkEvent:
    """Something the network told by itself, taken once; `outcome` is what came of it."""

    event_id: str
    kind: str
    reference: str
    version: int
    received_at: datetime
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class CardPage:
    """Where the network takes the traveller's card."""

    session_id: str
    url: str


@dataclass(frozen=True, slots=True)
class CardEntry:
    """What the network tells of the card that a traveller gave it; never the number.

    `method` is how this card or account can be paid: the page was opened for it.
    """

    session_id: str
    reference: str
    state: str
    card_token: str = ""
    brand: str = ""
    last4: str = ""
    payout_token: str = ""
    payout_label: str = ""
    method: str = "card"


class GuaranteeState(Enum):
    """Where a hold stands; it ends in exactly one way."""

    HELD = "held"
    RELEASED = "released"
    CAPTURED = "captured"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Guarantee:
    """A hold on the traveller's card, or a form's share of one.

    `hold_reference` is the network's; it is the own reference unless the hold is shared.
    `needed_until` is the moment until which it must stand, by the cover it was taken for.
    """

    reference: str
    form_id: str
    amount_fen: int
    brand: str
    last4: str
    authorisation_code: str
    held_at: datetime
    expires_at: datetime
    state: GuaranteeState
    card_token: str
    payout_token: str
    payout_label: str = ""
    captured_fen: int = 0
    released_fen: int = 0
    hold_reference: str = ""
    extendable: bool = False
    needed_until: datetime | None = None

    @property
    def network_reference(self) -> str:
        """The reference of the hold at the network."""
        return self.hold_reference or self.reference

    @property
    def is_shared(self) -> bool:
        """Whether the network's hold covers other forms too."""
        return self.network_reference != self.reference


@dataclass(frozen=True, slots=True)
class Advance:
    """The money that a traveller got, once per form."""

    form_id: str
    reference: str
    amount_fen: int
    method: str
    label: str
    advanced_at: datetime


@dataclass(frozen=True, slots=True)
class NetworkBook:
    """What the network's own books say of us; fen.

    `balance_fen` is what came in less what went out and less the fees that were charged.
    """

    payouts_fen: int
    captures_fen: int
    balance_fen: int
    held_open_fen: int
    operations: int
    returned_fen: int = 0
    fees_fen: int = 0
