"""What we ask of the payment network, and what it answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from refund.core.ids import operation_key


class Kind(Enum):
    """An operation of the network."""

    HOLD = "hold"
    ADVANCE = "advance"
    RELEASE = "release"
    CAPTURE = "capture"
    REFUND = "refund"


class OperationState(Enum):
    """Asked and not heard; or heard, either way."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Operation:
    """One request to the network, stored with its key before it is first sent.

    `reference` and `key` derive from form, kind and attempt, so that a retry repeats them.
    `hold_reference` is set for release and capture, and `part_fen` when they concern a part of a
    hold that covers several forms. `joint_reference` and `joint_fen` are set where one request to
    the network covers several forms: then those are what is sent, and this is a form's share.
    The tokens are the network's own words for the card or the account, which say nothing about
    the person.
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
    """What the network says of one reference; `refusal` is empty on success."""

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
    captured_fen: int = 0

    def fits(self, operation: Operation) -> bool:
        """Whether it answers what was asked; a hold that is granted says how long it stands."""
        lasts = self.kind is not Kind.HOLD or bool(self.refusal) or self.expires_at is not None
        asked = (operation.sent_reference, operation.kind, operation.sent_fen, "CNY")
        return lasts and (self.reference, self.kind, self.amount_fen, self.currency) == asked


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
    """What the network's own books say of us; fen."""

    payouts_fen: int
    captures_fen: int
    balance_fen: int
    held_open_fen: int
    operations: int
